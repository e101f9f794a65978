"""What tensors are: conversions, properties, control of gradients and of the flow of a program."""

import functools

import numpy as np

from convlayers import nested
from convlayers.autograd import Operand, differentiable, value_of
from convlayers.narrow_types import to_dtype
from convlayers.ops.arithmetic import clip
from convlayers.ops.creation import zeros_like
from convlayers.ops.cutting import unstack
from convlayers.ops.dtypes import as_array
from convlayers.ops.shaping import stack
from convlayers.symbolic import one_node, runs_for_shapes, with_shapes
from convlayers.validation import standardize_dtype


def _mend_cast(outputs, x, dtype):
    outputs.dtype = x.dtype if dtype is None else standardize_dtype(dtype)


@with_shapes(_mend_cast)
@differentiable
def cast(x, dtype):
    """Returns `x` in another dtype, given by name or as NumPy's; None is the one that it has.

    NumPy has no "bfloat16": the result is a float32 array of the nearest such numbers, and so is its gradient.
    """
    x = as_array(x)

    if dtype is None:
        return x, lambda d_y: d_y
    dtype = standardize_dtype(dtype)

    def backward(d_y):
        return to_dtype(d_y, dtype)  # the tape turns it into the old one

    return to_dtype(x, dtype), backward


def saturate_cast(x, dtype):
    """Returns `x` in another dtype; what is beyond its range becomes the nearest number within."""
    dtype = standardize_dtype(dtype)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return cast(clip(x, 0, 1), dtype)
    limits = np.iinfo(dtype) if kind in "iu" else np.finfo(dtype)
    source = np.dtype(x.dtype if hasattr(x, "dtype") else as_array(x).dtype)
    low, high = limits.min, limits.max
    if source.kind in "iu":
        own = np.iinfo(source)
        low, high = max(int(low), own.min), min(int(high), own.max)
    elif source.kind == "f" and kind in "iu":
        # The largest float that is not above the largest integer.
        high = np.nextafter(source.type(high), source.type(0)) if source.type(high) > high else high
    return cast(clip(x, low, high), dtype)


def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """Returns anything array-like as an array. Python floats become `floatx()`, Python integers int32.

    Args:
        dtype: the dtype of the result, by default that of `x`.

    Raises:
        ValueError: if `sparse` or `ragged` is true.
    """
    if sparse:
        raise ValueError("`sparse=True` is not supported with numpy backend")
    if ragged:
        raise ValueError("`ragged=True` is not supported with numpy backend")
    return cast(x, dtype)


def array(x, dtype=None):
    """Returns anything array-like as an array: `convert_to_tensor`."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x):
    """Returns a copy of a tensor, variable or anything array-like as a NumPy array, without its gradient."""
    return np.array(value_of(x))


def is_tensor(x):
    """Returns whether `x` is an array, a tensor or a symbolic tensor."""
    return isinstance(x, (np.ndarray, np.generic, Operand))


@differentiable
def copy(x):
    """Returns a copy."""
    return as_array(x).copy(), lambda d_y: d_y


def shape(x):
    """Returns the shape as a tuple; unknown sizes of a symbolic tensor are None."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype(x):
    """Returns the dtype as a string."""
    return standardize_dtype(x.dtype if hasattr(x, "dtype") else as_array(x).dtype)


def ndim(x):
    """Returns the number of axes."""
    return len(shape(x))


def size(x):
    """Returns how many numbers there are: an int, or in a graph a tensor."""
    return x.apply(size, (x,), {}) if isinstance(x, Operand) and x.symbolic else int(np.prod(shape(x)))


# Gradients ------------------------------------------------------------------------------------------------------------


@differentiable
def stop_gradient(variable):
    """Returns the values alone: no gradient passes."""
    return as_array(variable), None


def custom_gradient(f):
    """Makes an op of a function that brings its own gradient.

    Args:
        f: a function that returns its result and another function, `grad`. That is called with the gradient of the
            result, and returns the gradient of the argument, or a tuple for several arguments.

    Example:

    >>> @keras.ops.custom_gradient
    ... def log1pexp(x):
    ...     e = keras.ops.exp(x)
    ...     def grad(upstream):
    ...         return upstream * (1.0 - 1.0 / (1.0 + e))
    ...     return keras.ops.log(1.0 + e), grad
    """

    @functools.wraps(f)
    def forward(*args, **kwargs):
        y, grad = f(*args, **kwargs)
        return y, lambda d_y: grad(*d_y) if isinstance(d_y, tuple) else grad(d_y)

    return differentiable(forward)


# The flow of a program ------------------------------------------------------------------------------------------------


@one_node
def cond(pred, true_fn, false_fn):
    """Returns `true_fn()` if `pred` is true, else `false_fn()`.

    Raises:
        ValueError: in a graph, if their results have different shapes.
    """
    if runs_for_shapes() and not isinstance(pred, bool):
        specs = [nested.map_structure(lambda y: (shape(y), dtype(y)), function()) for function in (true_fn, false_fn)]
        if specs[0] != specs[1]:
            raise ValueError(
                "`true_fn` and `false_fn` should return outputs of the same kind (struct, dtype and shape). "
                f"Got {specs[0]} and {specs[1]} instead."
            )
    return true_fn() if value_of(pred) else false_fn()


@one_node
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Calls `body` again and again, with what it returned the last time, for as long as `cond` returns true for that.

    Args:
        cond, body: functions of as many arguments as `loop_vars` has.
        loop_vars: the first arguments: a tuple or list, or a single one.
        maximum_iterations: how often at most.
    """
    several = isinstance(loop_vars, (tuple, list))
    state = tuple(loop_vars) if several else (loop_vars,)
    done = 0
    if runs_for_shapes():  # Shapes stay, and for zeros there may be no end.
        return loop_vars
    while (maximum_iterations is None or done < maximum_iterations) and value_of(cond(*state)):
        result = body(*state)
        state = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        done += 1
    return state if several else state[0]


@one_node
def fori_loop(lower, upper, body_fun, init_val):
    """Returns the result of `value = body_fun(i, value)` for all `i` from `lower` up to `upper`, which is left out."""
    value = init_val
    for i in range(int(value_of(lower)), int(value_of(upper))):
        value = body_fun(i, value)
    return value


@one_node
def switch(index, branches, *operands):
    """Returns `branches[index](*operands)`, the first branch for smaller indices and the last for larger ones."""
    return branches[int(np.clip(value_of(index), 0, len(branches) - 1))](*operands)


@one_node
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Returns the results of `carry, y = f(carry, x)` for all entries of `xs` along the first axis.

    Args:
        f: function of what the last call returned, and of an entry of `xs`, which returns both for the next.
        init: the first `carry`: an array, or a structure of arrays.
        xs: array, or a structure of arrays; None for `length` calls without.
        length: the number of calls, by default that of the entries.
        reverse: whether to begin with the last entry.
        unroll: taken for compatibility.

    Returns:
        carry: what the last call returned.
        ys: the other results, stacked.

    Raises:
        TypeError: if `f` is no function.
        ValueError: if `xs` and `length` are both missing.
    """
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"`unroll` must be an positive integer or boolean. Received: unroll={unroll}")
    if xs is None and length is None:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    leaves = [] if xs is None else nested.flatten(xs)
    carry, results = nested.map_structure(convert_to_tensor, init), []
    indices = range(leaves[0].shape[0] if length is None else int(length))
    for index in reversed(indices) if reverse else indices:
        carry, y = f(carry, None if xs is None else nested.map_structure(lambda x, index=index: x[index], xs))
        results.append(nested.map_structure(zeros_like, carry) if y is None else y)
    results = results[::-1] if reverse else results
    return carry, nested.map_structure(lambda *ys: stack(list(ys)), *results)


def vectorize(pyfunc, *, excluded=None, signature=None):
    """Returns a function that applies `pyfunc` to each number, as `numpy.vectorize` does. It has no gradient.

    Raises:
        ValueError: if `pyfunc` is no function.
    """
    if not callable(pyfunc):
        raise ValueError(f"Expected argument `pyfunc` to be a callable. Received: pyfunc={pyfunc}")
    return np.vectorize(pyfunc, excluded=excluded, signature=signature)


@one_node
def vectorized_map(function, elements):
    """Returns the results of a function for each entry along the first axis, stacked.

    Args:
        function: function of one entry: an array, or a structure of arrays as `elements` is. It returns such too.
        elements: array, or a structure (list, tuple or dict) of arrays.
    """
    entries = zip(*(unstack(array) for array in nested.flatten(elements)), strict=True)
    results = [function(nested.pack_like(elements, list(entry))) for entry in entries]
    return nested.map_structure(lambda *ys: stack(list(ys)), *results)


def map(f, xs):
    """Returns the results of a function for each entry along the first axis, stacked: `vectorized_map`."""
    return vectorized_map(f, xs)
