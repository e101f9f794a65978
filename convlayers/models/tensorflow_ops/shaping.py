"""Functions of TensorFlow that move numbers, with its arguments."""

import math

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_ints, as_number_or_array, check_unused
from convlayers.models.tensorflow_ops.sizes import call, is_size_of, parts_of, takes_sizes


def batch_flatten(x):
    return ops.reshape(x, (-1, math.prod(x.shape[1:])))


def transpose(a, perm=None, conjugate=False):
    return ops.transpose(a, as_ints(perm))


def expand_dims(input, axis):
    return ops.expand_dims(input, axis)


def squeeze(input, axis=None, squeeze_dims=None):
    axis = squeeze_dims if axis is None else axis
    return ops.squeeze(input, tuple(axis) or None if isinstance(axis, (list, tuple)) else axis)


def concat(values, axis):
    return ops.concatenate(_as_arrays(values), int(axis))


def stack(values, axis=0):
    return ops.stack(_as_arrays(values), axis)


def unstack(value, num=None, axis=0):
    return ops.unstack(value, num, axis)


def split(value, num_or_size_splits, axis=0, num=None):
    sizes = as_ints(num_or_size_splits)
    if isinstance(sizes, int):
        return ops.split(value, sizes, axis)
    if -1 in sizes:  # what the others leave
        rest = value.shape[axis] - sum(sizes) - 1
        sizes = [rest if size == -1 else size for size in sizes]
    return ops.split(value, [int(end) for end in np.cumsum(sizes)[:-1]], axis)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0):
    paddings = [as_ints(pair) for pair in paddings]
    if mode.lower() == "constant":
        return ops.pad(tensor, paddings, constant_values=constant_values)
    return ops.pad(tensor, paddings, mode.lower())


def reverse(tensor, axis):
    return ops.flip(tensor, as_ints(axis))


def roll(input, shift, axis):
    return ops.roll(input, as_ints(shift), as_ints(axis))


@takes_sizes
def slice_(input_, begin, size):
    starts, parts = parts_of(begin), parts_of(size)
    # As many as there are is all.
    pairs = enumerate(zip(starts, parts, strict=True))
    parts = [-1 if start == 0 and is_size_of(part, input_, axis) else part for axis, (start, part) in pairs]
    is_known = all(isinstance(part, int) for part in parts)
    return call(_slice, (input_, begin, parts if is_known else size), {})


def _slice(input_, begin, size):
    parts = zip(as_ints(begin), as_ints(size), strict=True)
    return ops.get_item(input_, tuple(slice(start, None if n == -1 else start + n) for start, n in parts))


def strided_slice(
    input_, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0
):
    """Each mask has a bit for each part of the index."""
    begin, end = as_ints(begin), as_ints(end)
    index = []
    for place, (start, stop, step) in enumerate(zip(begin, end, as_ints(strides) or [1] * len(begin), strict=True)):
        bit = 1 << place
        if ellipsis_mask & bit:
            index.append(...)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(start)
        else:
            index.append(slice(None if begin_mask & bit else start, None if end_mask & bit else stop, step))
    return ops.get_item(input_, tuple(index))


def getitem(tensor, slice_spec=None):
    """`tensor[slice_spec]`; JSON has slices as dicts."""
    parts = slice_spec if isinstance(slice_spec, (list, tuple)) else [slice_spec]
    return ops.get_item(tensor, tuple(_as_index(part) for part in parts))


def _as_index(part):
    if getattr(part, "dtype", None) == "bool":
        raise TypeError("There is no translation of `x[mask]`: how much it chooses is known only when the model runs.")
    if not isinstance(part, dict):
        return part if part is None else as_ints(part)
    if part.get("class_name") == "__ellipsis__":
        return ...
    return slice(*(None if part[key] is None else int(part[key]) for key in ("start", "stop", "step")))


def embedding_lookup(params, ids, **options):
    check_unused("embedding_lookup", max_norm=options.get("max_norm"))
    return ops.take(as_number_or_array(params, "float32"), ids, 0)


def select(condition, x, y):
    """The function of TensorFlow 1: a vector of conditions chooses rows."""
    x, y = as_number_or_array(x), as_number_or_array(y)
    condition = as_number_or_array(condition, "bool")
    if len(condition.shape) == 1:
        condition = ops.reshape(condition, (-1, *[1] * (len(x.shape) - 1)))
    return ops.where(condition, x, y)


def switch(condition, then_expression, else_expression):
    if isinstance(condition, (bool, list)):
        condition = np.array(condition)
    more = (1,) * (len(then_expression.shape) - len(condition.shape))
    return ops.where(
        ops.reshape(condition, (*(-1 if n is None else n for n in condition.shape), *more)), then_expression, else_expression
    )


def sort(values, axis=-1, direction="ASCENDING"):
    ascending = ops.sort(values, axis)
    return ascending if direction == "ASCENDING" else ops.flip(ascending, axis)


def argsort(values, axis=-1, direction="ASCENDING", stable=False):
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis)


def top_k(input, k=1, sorted=True, index_type="int32"):
    return ops.top_k(input, k, sorted)


def one_hot(indices, depth, on_value=1, off_value=0, axis=-1, dtype="float32"):
    if (on_value, off_value) == (1, 0):
        return ops.one_hot(indices, as_ints(depth), axis, dtype)
    chosen = ops.cast(ops.one_hot(indices, as_ints(depth), axis, "int32"), "bool")
    return ops.where(chosen, np.array(on_value, dtype), np.array(off_value, dtype))


def _as_arrays(values):
    """Numbers beside arrays, as in `tf.concat([tf.shape(x)[:-1], [2]], 0)`: they are of the dtype of these."""
    dtype = next((value.dtype for value in values if hasattr(value, "dtype")), "int32")
    return [value if hasattr(value, "shape") else np.array(value, dtype) for value in values]
