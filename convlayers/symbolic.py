"""Symbolic tensors and the nodes between them: a model's graph as plain data."""

import numpy as np

from convlayers import config, nested
from convlayers.autograd import Operand
from convlayers.naming import auto_name


class KerasTensor(Operand):
    """A placeholder for an array: a shape, in which None stands for any size, and a dtype.

    Attributes:
        node: the `Node` that produces it, None for a placeholder that nothing produces.
        index: which of the node's outputs it is.
    """

    __slots__ = ("dtype", "index", "name", "node", "shape")

    symbolic = True
    requires_gradient = False

    def __init__(self, shape, dtype="float32", name=None, node=None, index=0):
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype).name if dtype is not None else config.floatx()
        self.name = name or auto_name("keras_tensor")
        self.node = node
        self.index = index

    @property
    def ndim(self):
        return len(self.shape)

    @staticmethod
    def apply(op, args, kwargs):
        """Adds a call of an op to the graph, and returns what stands for its result."""
        operation = FunctionCall(op)
        return Node(operation, args, kwargs, infer_outputs(op, args, kwargs)).outputs

    def __len__(self):
        raise TypeError(f"A symbolic tensor has no length: {self!r}. Use `x.shape[0]`.")

    def __bool__(self):
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")

    def __iter__(self):
        raise TypeError("Iterating over a symbolic KerasTensor is not supported.")

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, ragged=False, name={self.name}>"


class Node:
    """One call of an operation (a layer or an op) on symbolic tensors.

    Attributes:
        operation: what was called.
        args, kwargs: its arguments, with symbolic tensors in them.
        inputs: the symbolic tensors among them, in order.
        outputs: symbolic tensors in the structure that the operation returned.
    """

    def __init__(self, operation, args, kwargs, outputs):
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
        self.name = auto_name(function.__name__)
        self.nodes = []

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def compute_output_spec(self, *args, **kwargs):
        """Returns what a call on symbolic tensors would return. The graph stays as it is."""
        return infer_outputs(self.function, args, kwargs)


def infer_outputs(function, args, kwargs):
    """Returns what `function` would return for symbolic arguments, as symbolic tensors.

    The function is run on zeros, twice where a size is unknown: sizes that follow the unknown one differ and become None.
    """
    first = _run_on_zeros(function, args, kwargs, size=2)
    leaves = [leaf for leaf in nested.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)]
    if all(None not in leaf.shape for leaf in leaves):
        return nested.map_structure(lambda array: KerasTensor(array.shape, array.dtype), first)
    second = _run_on_zeros(function, args, kwargs, size=3)

    def merge(one, other):
        return KerasTensor([a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)], one.dtype)

    return nested.map_structure(merge, first, second)


def _run_on_zeros(function, args, kwargs, size):
    def zeros(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        return np.zeros([size if n is None else n for n in leaf.shape], leaf.dtype)

    args, kwargs = nested.map_structure(zeros, (args, kwargs))
    with np.errstate(all="ignore"):  # Only the shapes count, not that log(0) is infinite.
        return nested.map_structure(np.asarray, function(*args, **kwargs))
