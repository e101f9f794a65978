"""Shapes that are numbers in a graph: `tf.reshape(x, [tf.shape(x)[0], -1])`.

What is known of them is computed while the file is read. A size that is unknown until the model runs, as that of the batch, is
tried with two values, as everywhere where shapes are inferred: what comes out different depends on it.
"""

import numpy as np

from convlayers import nested, ops
from convlayers.models.tensorflow_ops.arguments import as_ints
from convlayers.symbolic import FunctionCall, KerasTensor, Node
from convlayers.variables import without_effect

# What an unknown size is tried with.
_SAMPLES = (2, 3)


class Sizes:
    """Numbers that follow from unknown sizes.

    Attributes:
        samples: what they are for each of two values that the unknown sizes are given.
        tensor: the symbolic tensor that they are when the model runs.
    """

    def __init__(self, samples, tensor):
        self.samples = samples
        self.tensor = tensor


class _CallWithSizes(FunctionCall):
    """A function in a graph that has sizes among its arguments. Their values can't be seen, so its results are remembered."""

    def __init__(self, function, outputs):
        super().__init__(function)
        self._specs = [(tensor.shape, tensor.dtype) for tensor in nested.flatten(outputs)]
        self._outputs = outputs

    def __getstate__(self):
        return {**super().__getstate__(), "_outputs": nested.map_structure(lambda _: None, self._outputs)}

    def compute_output_spec(self, *args, **kwargs):
        return nested.pack_like(self._outputs, [KerasTensor(shape, dtype) for shape, dtype in self._specs])

    symbolic_call = compute_output_spec


def shape_of(input, out_type="int32"):
    """Returns the shape of a tensor as an array of whole numbers."""
    if not isinstance(input, KerasTensor):
        return np.array(np.shape(input), out_type)
    if None not in input.shape:
        return np.array(input.shape, out_type)
    samples = [np.array([size if n is None else n for n in input.shape], out_type) for size in _SAMPLES]
    return Sizes(samples, _new_node(shape_of, (input,), {}, KerasTensor((len(input.shape),), out_type)))


def rank_of(input):
    """Returns how many axes a tensor has."""
    return len(input.shape)


def size_of(input, out_type="int32"):
    """Returns how many numbers a tensor has."""
    return call(ops.prod, (shape_of(input, out_type),), {})


def reshape(tensor, shape):
    """Returns `tf.reshape(tensor, shape)`. One unknown size of the new shape finds itself."""
    if isinstance(tensor, Sizes) or not _unknown(shape):
        return call(_reshape, (tensor, shape), {})
    one, other = (as_ints(_with_sample(shape, number)) for number in range(len(_SAMPLES)))
    shape_to_be = [a if a == b else None for a, b in zip(one, other, strict=True)]
    if -1 in one:
        shape_to_be = _merge(*_try(_reshape, tensor, shape)).shape
    if shape_to_be.count(None) > 1:
        return call(_reshape, (tensor, shape), {})
    return ops.reshape(tensor, [-1 if n is None else n for n in shape_to_be])


def _reshape(tensor, shape):
    return ops.reshape(tensor, as_ints(shape))


def call(function, args, kwargs):
    """Calls a function on symbolic tensors, numbers and `Sizes`. Returns its results: `Sizes` if they follow from such."""
    if not _unknown((args, kwargs)) or function is reshape:
        return function(*args, **kwargs)
    first, second = _try(function, *args, **kwargs)
    outputs = nested.map_structure(_merge, first, second)
    at_run_time = nested.map_structure(lambda leaf: leaf.tensor if isinstance(leaf, Sizes) else leaf, (args, kwargs))
    outputs = _new_node(function, *at_run_time, outputs)
    if any(isinstance(leaf, KerasTensor) for leaf in nested.flatten((args, kwargs))):
        return outputs
    return nested.map_structure(_known_or_sizes, outputs, first, second)


def _unknown(structure):
    return [leaf for leaf in nested.flatten(structure) if isinstance(leaf, Sizes)]


def _known_or_sizes(tensor, one, other):
    return one if np.array_equal(one, other) else Sizes([one, other], tensor)


def _with_sample(structure, number):
    """Returns a structure with one of their samples in the place of `Sizes`, and zeros in the place of tensors."""

    def plain(leaf):
        if isinstance(leaf, Sizes):
            return leaf.samples[number]
        if isinstance(leaf, KerasTensor):
            return np.zeros([_SAMPLES[number] if n is None else n for n in leaf.shape], leaf.dtype)
        return leaf

    return nested.map_structure(plain, structure)


def _try(function, *args, **kwargs):
    """Returns the results for each of the samples."""
    results = []
    for number in range(len(_SAMPLES)):
        plain_args, plain_kwargs = _with_sample((args, kwargs), number)
        with np.errstate(all="ignore"), without_effect():
            results.append(nested.map_structure(np.asarray, function(*plain_args, **plain_kwargs)))
    return results


def _merge(one, other):
    return KerasTensor([a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)], one.dtype)


def _new_node(function, args, kwargs, outputs):
    return Node(_CallWithSizes(function, outputs), args, kwargs, outputs).outputs
