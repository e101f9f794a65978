"""Functions of TensorFlow that make arrays, with its arguments: of sizes that may be known only when the model runs.

Then they are made of ops that files have, where that is possible: ones are those of `ops.ones_like`, and numbers in order are
sums of them.
"""

import math

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_ints
from convlayers.models.tensorflow_ops.sizes import (
    Sizes,
    call,
    call_when_run,
    check_size,
    infer,
    ones_along,
    parts_of,
    takes_sizes,
    when_run,
)
from convlayers.symbolic import KerasTensor


def full(shape, value, dtype):
    """Returns an array that is filled with a number."""
    parts = parts_of(shape)
    if None in parts:
        sizes = [part if isinstance(part, int) else None for part in parts]
        return when_run(_full, (shape, value, dtype), KerasTensor(sizes, dtype))
    return _fill(parts, value, dtype)


def _full(shape, value, dtype):
    return np.full(as_ints(shape), value, dtype)


def _fill(parts, value, dtype):
    """Returns such an array for the parts of a shape, all of which are known or sizes of tensors."""
    check_size(_with_ones(parts))
    if all(isinstance(part, int) for part in parts):
        return np.full(parts, value, dtype)
    y = np.full([1] * len(parts), value, dtype)
    for place, part in enumerate(parts):
        if not isinstance(part, int):
            line = ones_along(*part, dtype)
            y = ops.multiply(ops.reshape(line, [-1 if n == place else 1 for n in range(len(parts))]), y)
    return _tile(y, _with_ones(parts))


def _with_ones(parts):
    """Returns the parts of a shape that are known, and 1 in the place of the others."""
    return [part if isinstance(part, int) else 1 for part in parts]


def _when_run(function, *args):
    """Leaves a call until the model runs."""
    return call_when_run(function, args, {}, infer(function, args, {}))


@takes_sizes
def fill(dims, value, dtype=None):
    return full(dims, value, dtype or ("float32" if isinstance(value, float) else "int32"))


@takes_sizes
def zeros(shape, dtype="float32"):
    return full(shape, 0, dtype)


@takes_sizes
def ones(shape, dtype="float32"):
    return full(shape, 1, dtype)


# What is there already, many times ------------------------------------------------------------------------------------


@takes_sizes
def tile(input, multiples):
    x, parts = _as_array(input), parts_of(multiples)
    if isinstance(x, np.ndarray):
        check_size([math.prod(x.shape), *_with_ones(parts)])
    if all(isinstance(part, int) for part in parts):
        return call(_tile, (x, parts), {})
    sizes = zip(_shape(x), parts, strict=True)
    if None in parts or any(size != 1 and not isinstance(part, int) for size, part in sizes):
        return _when_run(_tile, x, multiples)
    single = [1 if isinstance(part, int) else part for part in parts]
    return ops.multiply(_fill(single, 1, x.dtype), _tile(x, _with_ones(parts)))


def _tile(x, multiples):
    multiples = as_ints(multiples)
    return x if set(multiples) <= {1} else ops.tile(x, multiples)


@takes_sizes
def broadcast_to(input, shape):
    x, parts = _as_array(input), parts_of(shape)
    if isinstance(x, np.ndarray):
        check_size(_with_ones(parts))
    if None in parts or isinstance(x, Sizes):
        return call(_broadcast_to, (x, shape), {}) if isinstance(x, Sizes) else _when_run(_broadcast_to, x, shape)
    if all(isinstance(part, int) for part in parts):
        return ops.broadcast_to(x, parts)
    return ops.multiply(_fill(parts, 1, x.dtype), x)


def _broadcast_to(x, shape):
    return ops.broadcast_to(x, as_ints(shape))


@takes_sizes
def repeat(input, repeats, axis=None):
    x = _as_array(input)
    if not isinstance(repeats, Sizes):
        if isinstance(x, np.ndarray):
            check_size([math.prod(x.shape), max(np.ravel(repeats).tolist(), default=0)])
        return call(_repeat, (x, repeats, axis), {})
    if axis is not None and _shape(x)[axis] == 1:
        multiples = [1] * len(_shape(x))
        multiples[axis] = repeats
        return tile(x, multiples)
    return _when_run(_repeat, x, repeats, axis)


def _repeat(x, repeats, axis):
    return ops.repeat(x, as_ints(repeats), axis)


def _as_array(x):
    """Returns an array in a file as such."""
    if isinstance(x, (KerasTensor, Sizes, np.ndarray)):
        return x
    x = np.asarray(x)
    return x.astype("float32") if x.dtype == "float64" else x.astype("int32") if x.dtype == "int64" else x


def _shape(x):
    return x.samples[0].shape if isinstance(x, Sizes) else x.shape


# Numbers in order -----------------------------------------------------------------------------------------------------


@takes_sizes
def range_(start, limit=None, delta=1, dtype=None):
    if limit is None:
        start, limit = 0, start
    given = [number for number in (start, limit, delta) if not isinstance(number, Sizes)]
    dtype = dtype or ("float32" if any(isinstance(number, float) for number in given) else "int32")
    if isinstance(limit, Sizes) and limit.parts[0] is not None and delta == 1 and isinstance(start, int) and start >= 0:
        counted = ops.subtract(ops.cumsum(_fill(limit.parts, 1, dtype)), np.ones((), dtype))
        return ops.get_item(counted, slice(start, None)) if start else counted
    if len(given) < 3:
        return _when_run(_range, start, limit, delta, dtype)
    check_size([max(0, math.ceil((limit - start) / delta))])
    return _range(start, limit, delta, dtype)


def _range(start, limit, delta, dtype):
    return np.arange(*(as_ints(number) if np.ndim(number) == 0 else number for number in (start, limit, delta)), dtype=dtype)


@takes_sizes
def linspace(start, stop, num, axis=0):
    if not isinstance(num, Sizes):
        check_size([int(num)])
    if not isinstance(num, Sizes) or num.parts[0] is None or any(isinstance(end, KerasTensor) for end in (start, stop)):
        return _when_run(_linspace, start, stop, num, axis) if isinstance(num, Sizes) else _linspace(start, stop, num, axis)
    steps = ops.maximum(ops.subtract(ops.cast(num.tensor, "float32"), 1.0), 1.0)
    return ops.add(ops.multiply(range_(num, dtype="float32"), ops.divide(stop - start, steps)), start)


def _linspace(start, stop, num, axis):
    return ops.cast(ops.linspace(start, stop, as_ints(num), axis=axis), "float32")


@takes_sizes
def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32"):
    if isinstance(num_rows, Sizes) or isinstance(num_columns, Sizes):
        return _when_run(_eye, num_rows, num_columns, dtype)
    check_size([num_rows, num_columns or num_rows])
    return _eye(num_rows, num_columns, dtype)


def _eye(rows, columns, dtype):
    return np.eye(as_ints(rows), as_ints(columns), dtype=dtype)
