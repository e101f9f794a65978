"""Shapes that are numbers in a graph: `tf.reshape(x, [tf.shape(x)[0], -1])`.

What is known of them is computed while the file is read. A size that is unknown until the model runs, as that of the batch, is
tried with some values: what comes out different depends on it.
"""

import contextlib
import itertools
import math
import weakref

import numpy as np

from convlayers import nested, ops
from convlayers.layers.reshaping.reshape import Reshape
from convlayers.models.layer_entries import DAMAGE
from convlayers.models.op_config import can_be_written
from convlayers.models.tensorflow_ops.arguments import NotKnownError, as_ints
from convlayers.models.tensorflow_ops.size_sources import source_of
from convlayers.narrow_types import array_dtype
from convlayers.rollback import without_effect
from convlayers.symbolic import FunctionCall, KerasTensor, Node, nodes_between

# What unknown sizes are tried with: of the first axis few, since there samples may be large, and others that can be halved some
# times. Numbers alone are tried with 1, too, and with a number that each unknown size has for itself: so it is found among what
# is computed, and what is rounded, or has a limit, is no constant.
_FEW = (2, 4)
_SAMPLES = (16, 32)
_numbers = itertools.count(1_000_003, 2)
_marks = weakref.WeakKeyDictionary()


class Sizes:
    """Numbers that follow from unknown sizes.

    Attributes:
        samples: what they are for each of the values that the unknown sizes are given.
        axes: dict: which tensor's size along which axis each mark is, that there may be among the last sample.
        tensor: the symbolic tensor that they are when the model runs.
    """

    def __init__(self, samples, axes, tensor):
        self.samples = samples
        self.axes = axes
        self.tensor = tensor

    @property
    def parts(self):
        """The numbers of a vector, or the only one: ints, pairs of a tensor and the axis that it is the size of, or None."""
        columns = np.stack([np.ravel(sample) for sample in self.samples], -1).tolist()
        return [column[0] if len(set(column)) == 1 else self.axes.get(column[-1]) for column in columns]


class _CallWithSizes(FunctionCall):
    """A function in a graph that has sizes among its arguments. Their values can't be seen, so its results are remembered."""

    _why_not_in_files = (
        "It depends on sizes that are known only when the model runs, and files of Keras 3 have no such op. Save the weights "
        "alone with `model.save_weights(path)` and keep the file that the model came from, pickle the model, or make it anew "
        "with `Input` shapes that say all sizes but that of the batch."
    )

    def __init__(self, function, outputs):
        super().__init__(function)
        self.why_not_in_files = getattr(function, "why_not_in_files", self._why_not_in_files)
        self._specs = [(tensor.shape, tensor.dtype) for tensor in nested.flatten(outputs)]
        self._outputs = outputs

    def __getstate__(self):
        return {**super().__getstate__(), "_outputs": nested.map_structure(lambda _: None, self._outputs)}

    def compute_output_spec(self, *args, **kwargs):
        return nested.pack_like(self._outputs, [KerasTensor(shape, dtype) for shape, dtype in self._specs])

    symbolic_call = compute_output_spec


def takes_sizes(function):
    """Tells of a function that it finds out by itself what to do with `Sizes`."""
    function.takes_sizes = True
    return function


# From tensors to numbers ----------------------------------------------------------------------------------------------


@takes_sizes
def shape_of(input, out_type="int32"):
    """Returns the shape of a tensor as an array of whole numbers."""
    if isinstance(input, Sizes):
        input = input.samples[0]
    if not isinstance(input, KerasTensor):
        return np.array(np.shape(input), out_type)
    if None not in input.shape:
        return np.array(input.shape, out_type)
    axes = {}
    for axis, size in enumerate(input.shape):
        if size is None:
            source = source_of(input, axis)
            axes[_marks.setdefault(source.node, {}).setdefault((source.index, axis), next(_numbers))] = (source, axis)
    marks = iter(axes)
    ones = [1 if size is None else size for size in input.shape]
    marked = [next(marks) if size is None else size for size in input.shape]
    samples = [np.array(sample, out_type) for sample in (*with_samples(input.shape), ones, marked)]
    known = np.array([size or 0 for size in input.shape], out_type)
    tensor = known
    for source, axis in axes.values():
        place = (np.arange(len(input.shape)) == axis).astype(out_type)
        tensor = ops.add(ops.multiply(ops.sum(ones_along(source, axis, out_type)), place), tensor)
    return Sizes(samples, axes, tensor)


def is_size_of(part, tensor, axis):
    """Whether a part of a shape is the size of an axis that is not known."""
    return not isinstance(tensor, Sizes) and part == (source_of(tensor, axis), axis)


def sources_of(leaf):
    """Returns the tensors that an argument comes from: itself, and those that it has its unknown sizes from."""
    if isinstance(leaf, Sizes):
        return [leaf.tensor, *(tensor for tensor, _ in leaf.axes.values())]
    if isinstance(leaf, KerasTensor):
        return [leaf, *(source_of(leaf, axis) for axis, size in enumerate(leaf.shape) if size is None)]
    return []


def ones_along(x, axis, dtype="float32"):
    """Returns a vector of ones, as many as the size of an axis."""
    return ops.ones_like(ops.get_item(x, tuple(slice(None) if n == axis else 0 for n in range(len(x.shape)))), dtype)


@takes_sizes
def rank_of(input):
    """Returns how many axes a tensor has."""
    return len(
        input.samples[0].shape if isinstance(input, Sizes) else np.shape(input) if isinstance(input, list) else input.shape
    )


@takes_sizes
def size_of(input, out_type="int32"):
    """Returns how many numbers a tensor has."""
    return call(ops.prod, (shape_of(input, out_type),), {})


def check_size(shape, most=1 << 18):
    """Arrays of any size could be had from a file otherwise."""
    if math.prod(shape) > most:
        raise ValueError(f"Not allowed: a file makes an array of shape {tuple(shape)}. Expected: at most {most} numbers.")


def with_samples(shape):
    """Returns two shapes, with the values that unknown sizes are tried with."""
    if isinstance(shape, Sizes):
        return [sample.tolist() for sample in shape.samples[: len(_SAMPLES)]]
    return [[_sample(size, axis, number) for axis, size in enumerate(shape)] for number in range(len(_SAMPLES))]


def _sample(size, axis, number):
    if size is None:
        return (_SAMPLES if axis else _FEW)[number]
    return size.samples[number] if isinstance(size, Sizes) else size


def parts_of(shape):
    """Returns the numbers of a shape in a file, each as in `Sizes.parts`."""
    if isinstance(shape, (list, tuple)):
        return [part for number in shape for part in parts_of(number)]
    return shape.parts if isinstance(shape, Sizes) else np.ravel(as_ints(shape)).tolist()


def multiples_of(tensor, shape, axes):
    """Returns how many times the sizes of some axes, not the first, the parts of a shape are. None if they are not."""
    if not isinstance(tensor, KerasTensor):
        return None
    parts = np.stack(shape.samples, -1).tolist() if isinstance(shape, Sizes) else nested.flatten(shape)
    known = {place: mark for part in [shape, *parts] if isinstance(part, Sizes) for mark, place in part.axes.items()}
    factors = []
    for part, axis in zip(parts, axes, strict=True):
        mark = known.get((source_of(tensor, axis), axis))
        samples = [int(sample) for sample in part.samples] if isinstance(part, Sizes) else part
        # For a size of 1, they are the factor.
        if mark is None or samples != [samples[2] * size for size in (*_SAMPLES, 1, mark)]:
            return None
        factors.append(samples[2])
    return factors


# Calls ----------------------------------------------------------------------------------------------------------------


def call(function, args, kwargs):
    """Calls a function on symbolic tensors, numbers and `Sizes`. Returns its results: `Sizes` if they follow from such."""
    unknown = [leaf for leaf in nested.flatten((args, kwargs)) if isinstance(leaf, Sizes)]
    if not unknown or hasattr(function, "takes_sizes"):
        return _call_or_wait(function, args, kwargs)
    if any(isinstance(leaf, KerasTensor) for leaf in nested.flatten((args, kwargs))):
        return call_when_run(function, args, kwargs, infer(function, args, kwargs))
    samples = [_try(function, args, kwargs, number) for number in range(len(unknown[0].samples))]
    tensors = call_when_run(function, args, kwargs, nested.map_structure(_merge, *samples[:2]))
    axes = {mark: axis for leaf in unknown for mark, axis in leaf.axes.items()}

    def known_or_sizes(tensor, *values):
        return values[0] if all(np.array_equal(values[0], value) for value in values) else Sizes(values, axes, tensor)

    return nested.map_structure(known_or_sizes, tensors, *samples)


def _call_or_wait(function, args, kwargs):
    """Calls a function. One that computes with sizes of its tensors that are not known is left until the model runs."""
    try:
        return function(*args, **kwargs)
    except NotKnownError:
        raise
    except (TypeError, ValueError):
        leaves = nested.flatten((args, kwargs))
        if not any(isinstance(leaf, KerasTensor) and None in leaf.shape[1:] for leaf in leaves):
            raise
        return call_when_run(function, args, kwargs, infer(function, args, kwargs))


def infer(function, args, kwargs):
    """Returns symbolic tensors of the shapes of results."""
    results = [_try(function, args, kwargs, number) for number in range(len(_SAMPLES))]
    return nested.map_structure(_merge, *results)


def call_when_run(function, args, kwargs, outputs):
    """Returns the results of a call as symbolic tensors: `outputs` are such of the same shapes.

    If what the function does with them can be written to files, it is that. Else the call is a node by itself.
    """
    args, kwargs = nested.map_structure(as_tensor, (args, kwargs))
    try:
        tensors = function(*args, **kwargs)
        new = nodes_between(tensors, nested.flatten((args, kwargs)))
        if _specs_of(tensors) == _specs_of(outputs) and all(map(can_be_written, new)):
            return tensors
    except (TypeError, ValueError, *DAMAGE):
        pass  # It takes no tensors for numbers.
    return when_run(function, args, outputs, kwargs)


def when_run(function, args, outputs, kwargs=None):
    """Returns the results of a call that is a node by itself."""
    args, kwargs = nested.map_structure(as_tensor, (args, kwargs or {}))
    return Node(_CallWithSizes(function, outputs), args, kwargs, outputs).outputs


def as_tensor(leaf):
    """Returns numbers that follow from unknown sizes as the tensor that they are when the model runs."""
    return leaf.tensor if isinstance(leaf, Sizes) else leaf


def _specs_of(structure):
    return [(tensor.shape, tensor.dtype) for tensor in nested.flatten(structure)]


def _try(function, args, kwargs, number):
    """Returns the results for one of the samples, with zeros in the place of tensors."""

    def plain(leaf):
        if isinstance(leaf, Sizes):
            return leaf.samples[number]
        if isinstance(leaf, KerasTensor):
            return np.zeros(with_samples(leaf.shape)[number], array_dtype(leaf.dtype))
        return leaf

    args, kwargs = nested.map_structure(plain, (args, kwargs))
    with np.errstate(all="ignore"), without_effect():
        return nested.map_structure(np.asarray, function(*args, **kwargs))


def _merge(one, other):
    return KerasTensor([a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)], one.dtype)


# Shapes as arguments --------------------------------------------------------------------------------------------------


@takes_sizes
def reshape(tensor, shape):
    """Returns `tf.reshape(tensor, shape)`. One unknown size of the new shape finds itself, and that of the batch."""
    if isinstance(tensor, Sizes) or not any(isinstance(leaf, Sizes) for leaf in nested.flatten(shape)):
        return call(_reshape, (tensor, shape), {})
    parts = parts_of(shape)
    sizes = [part if isinstance(part, int) and part != -1 else None for part in parts]
    if -1 in parts:
        own = {(source_of(tensor, axis), axis) for axis, size in enumerate(tensor.shape) if size is None}
        given = {place for leaf in nested.flatten(shape) if isinstance(leaf, Sizes) for place in leaf.axes.values()}
        if given <= own:
            with contextlib.suppress(ValueError):  # The sizes that there will be may fit better.
                sizes = infer(_reshape, (tensor, shape), {}).shape
    if sizes.count(None) < 2:
        return ops.reshape(tensor, [-1 if n is None else n for n in sizes])
    if is_size_of(parts[0], tensor, 0) and list(sizes[1:]).count(None) < 2:
        return Reshape([-1 if n is None else n for n in sizes[1:]])(tensor)
    return call_when_run(_reshape, (tensor, shape), {}, KerasTensor(sizes, tensor.dtype))


def _reshape(tensor, shape):
    return ops.reshape(tensor, as_ints(shape))
