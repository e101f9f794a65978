"""Symbolic tensors and the nodes between them: a model's graph as plain data."""

import functools
import itertools
import math
import threading

import numpy as np

from convlayers import nested
from convlayers.autograd import Operand
from convlayers.naming import auto_name
from convlayers.narrow_types import array_dtype
from convlayers.rollback import without_effect
from convlayers.validation import check_result, standardize_dtype


class KerasTensor(Operand):
    """A placeholder for an array: a shape, in which None stands for any size, and a dtype.

    Args:
        shape: tuple of ints and None.
        dtype: the number type, by name or as NumPy has it.
        sparse, ragged: taken for compatibility; must not be true.
        record_history: taken for compatibility: the graph is always kept.
        name: its name; made up by default.
        node, index: as the attributes.

    Attributes:
        node: the `Node` that produces it, None for a placeholder that nothing produces.
        index: which of the node's outputs it is.
        mask: None, or the symbolic tensor of the truth values that say what of it counts (`masks.py`).
    """

    __slots__ = ("__weakref__", "dtype", "index", "mask", "name", "node", "shape")

    symbolic = True
    requires_gradient = False

    sparse = ragged = False
    # A symbolic tensor has no numbers: it equals itself, as in Keras, and lists are searched for it.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __init__(
        self, shape, dtype="float32", sparse=False, ragged=False, record_history=True, name=None, *, node=None, index=0
    ):
        if sparse or ragged:
            raise ValueError(f"Arrays are dense here. Expected: sparse=False, ragged=False. Received: {sparse=}, {ragged=}")
        self.shape = tuple(shape)
        self.dtype = standardize_dtype(dtype)
        self.name = name or auto_name("keras_tensor")
        self.node = node
        self.index = index
        self.mask = None

    @property
    def ndim(self):
        return len(self.shape)

    @staticmethod
    def apply(op, args, kwargs):
        """Adds a call of an op to the graph, and returns what stands for its result."""
        operation = FunctionCall(op)
        return Node(operation, args, kwargs, operation.compute_output_spec(*args, **kwargs)).outputs

    def __len__(self):
        raise TypeError(f"A symbolic tensor has no length: {self!r}. Use `x.shape[0]`.")

    def __bool__(self):
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")

    def __iter__(self):
        raise NotImplementedError("Iterating over a symbolic KerasTensor is not supported.")

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, ragged=False, name={self.name}>"


class Node:
    """One call of an operation (a layer or an op) on symbolic tensors.

    Attributes:
        operation: what was called.
        args, kwargs: its arguments, with symbolic tensors in them.
        inputs: the symbolic tensors among them, in order.
        outputs: symbolic tensors in the structure that the operation returned.
        number: by which it is known what was there first.
    """

    numbers = itertools.count()

    def __init__(self, operation, args, kwargs, outputs):
        self.number = next(self.numbers)
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.inputs = [leaf for leaf in nested.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)]
        self.outputs = outputs
        for index, output in enumerate(nested.flatten(outputs)):
            output.node = self
            output.index = index
        operation.nodes.append(self)

    def __repr__(self):
        return f"<Node of {self.operation.name}>"


class FunctionCall:
    """An op in a graph: a function with a name and nodes, as a layer has."""

    def __init__(self, function):
        self.function = function
        self.name = auto_name(function.__name__.removeprefix("_"))
        self.nodes = []

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def __getstate__(self):
        # As of a layer: the graphs that it is in belong to their models.
        return {**self.__dict__, "nodes": []}

    def compute_output_spec(self, *args, **kwargs):
        """Returns what a call on symbolic tensors would return. The graph stays as it is."""
        try:
            outputs = infer_outputs(self.function, args, kwargs, patient=True)
        except IndexError as error:  # NumPy's, for what Keras refuses as a value
            raise ValueError(str(error)) from error
        mend = getattr(self.function, "mend_shapes", None)
        if mend is not None:
            mend(outputs, *args, **kwargs)
        return outputs

    symbolic_call = compute_output_spec


def nodes_between(outputs, given):
    """Returns the nodes that make some tensors of given ones, the last first."""
    seen = {id(tensor) for tensor in given}
    nodes, tensors = [], nested.flatten(outputs)
    while tensors:
        tensor = tensors.pop(0)
        if isinstance(tensor, KerasTensor) and id(tensor) not in seen and tensor.node is not None:
            seen.add(id(tensor))
            if tensor.node not in nodes:
                nodes.append(tensor.node)
                tensors += tensor.node.inputs
    return nodes


def one_node(function):
    """Makes a function of ops one node of a graph: as such it needs no sizes or numbers that symbolic tensors don't have."""

    @functools.wraps(function)
    def op(*args, **kwargs):
        leaves = nested.flatten((args, kwargs))
        symbol = next((leaf for leaf in leaves if isinstance(leaf, KerasTensor)), None)
        return function(*args, **kwargs) if symbol is None else symbol.apply(op, args, kwargs)

    return op


def with_shapes(mend):
    """Tells of an op what zeros don't show: which sizes of its results depend on the numbers.

    Args:
        mend: function of the results for zeros, as symbolic tensors, and the op's arguments. It changes their shapes or dtypes.
    """

    def attach(op):
        op.mend_shapes = mend
        return op

    return attach


def infer_outputs(function, args, kwargs, patient=False):
    """Returns what `function` would return for symbolic arguments, as symbolic tensors.

    The function is run on zeros, twice where a size is unknown: sizes that follow the unknown one differ and become None.

    Args:
        patient: whether to look for sizes that the function takes: the work of a single op is nothing.
    """
    leaves = [leaf for leaf in nested.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)]
    if all(None not in leaf.shape for leaf in leaves):
        first = second = _run_on_zeros(function, args, kwargs, lambda leaf, axis: None)
    else:
        first, second = _run_twice(function, args, kwargs, leaves, patient)
    # The zeros of bfloat16 were in arrays of float32.
    floats = {leaf.dtype for leaf in leaves if "float" in leaf.dtype}
    names = {"float32": "bfloat16"} if floats == {"bfloat16"} else {}

    def merge(one, other):
        shape = [a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)]
        return KerasTensor(shape, names.get(one.dtype.name, one.dtype))

    return nested.map_structure(merge, first, second)


_MOST_TRIED = 1 << 22  # numbers of an array


def _run_twice(function, args, kwargs, leaves, patient):
    """Returns the results for two different values of the sizes that are unknown; of an op, also twice those for one."""
    # An unknown size may be any that goes: a multiple of 4 for a cut in four, or that of an array beside it.
    choices = [_any_size(2), _any_size(3), _size_beside(leaves, 2), _size_beside(leaves, 3)]
    if patient:
        # Or what the function is to make of it.
        wanted = math.prod(leaf for leaf in nested.flatten((args, kwargs)) if isinstance(leaf, int) and leaf > 1)
        choices += [_any_size(n) for n in (4, 6, 8, 12, wanted, 2 * wanted) if 1 < n < 1e6]
        # What is equal may be all axes but the first, all arrays but the first, or places counted from the front.
        choices += [lambda leaf, axis: 3 if axis else 2, lambda leaf, axis: 2 if leaf is leaves[0] else 3]
        choices += [_size_beside(leaves, n, from_end=False) for n in (2, 3)]
    else:
        # Or large enough for the windows of layers, and even as often as they halve it.
        choices += [_any_size(n, batch) for batch, n in enumerate((8, 16, 32, 64, 128, 256), start=4)]
    # To try is no reason to fill the memory.
    most = max(_MOST_TRIED, _largest(leaves, choices[1]))
    found, tried, error = [], [], None
    for choice in choices:
        sizes = [choice(leaf, axis) for leaf in leaves for axis, n in enumerate(leaf.shape) if n is None]
        if sizes in tried or _largest(leaves, choice) > most:
            continue
        tried.append(sizes)
        try:
            found.append(_run_on_zeros(function, args, kwargs, choice))
        except (ValueError, IndexError) as refusal:
            error = error or refusal
        if len(found) == 2:
            return found
    if not found:
        raise error
    if not patient:
        # It may have made weights for the one value that went.
        raise ValueError(
            "Could not automatically infer the output shape / dtype. A size of the inputs that is None can't be any: one that "
            f"was tried went, and others did not. Received inputs of shapes {[leaf.shape for leaf in leaves]}.\nGive `Input` "
            f"the sizes that weights depend on. Error encountered: {error}"
        ) from error
    return found * 2


def _largest(leaves, choice):
    """Returns how many numbers the largest array has, for a choice of unknown sizes."""
    return max(math.prod(choice(leaf, axis) if n is None else n for axis, n in enumerate(leaf.shape)) for leaf in leaves)


def _any_size(n, batch=None):
    return lambda leaf, axis: batch if batch and not axis else n


def _size_beside(leaves, default, from_end=True):
    """Returns a function that gives an unknown size the value of one at the same place, counted from one end, in others."""

    def size(leaf, axis):
        place = axis - len(leaf.shape) if from_end else axis
        known = (other.shape[place] for other in leaves if -len(other.shape) <= place < len(other.shape))
        return next((n for n in known if n not in (None, 1)), default)

    return size


def _run_on_zeros(function, args, kwargs, unknown_size):
    def zeros(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        sizes = [unknown_size(leaf, axis) if n is None else n for axis, n in enumerate(leaf.shape)]
        return np.zeros(sizes, array_dtype(leaf.dtype))

    shapes = [leaf.shape for leaf in nested.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)]
    args, kwargs = nested.map_structure(zeros, (args, kwargs))
    # Only the shapes count, not that log(0) is infinite, or what is assigned to variables.
    before, _trial.running = _trial.running, True
    try:
        with np.errstate(all="ignore"), without_effect():
            return nested.map_structure(np.asarray, check_result(function(*args, **kwargs), function))
    except MemoryError as error:
        raise ValueError(f"There is no memory to find the shapes of what is computed from {shapes}: {error}") from error
    finally:
        _trial.running = before


class _Trial(threading.local):
    running = False


_trial = _Trial()


def runs_for_shapes():
    """Returns whether a function is being run in this thread only to find the shapes of its results.

    It is for ops that cannot do with zeros, as there is no inverse of them.
    """
    return _trial.running
