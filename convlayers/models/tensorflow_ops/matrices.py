"""Functions of TensorFlow's `tf.linalg`, with its arguments."""

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import LOST_ARGUMENTS, as_ints, as_number_or_array, check_unused
from convlayers.ops.shaping import as_axes
from convlayers.symbolic import KerasTensor


def matmul(a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False, **storage):
    a, b = as_number_or_array(a), as_number_or_array(b)
    a = transpose(a) if transpose_a or adjoint_a else a
    return ops.matmul(a, transpose(b) if transpose_b or adjoint_b else b)


def matvec(a, b, transpose_a=False, adjoint_a=False, **storage):
    return ops.squeeze(matmul(a, ops.expand_dims(as_number_or_array(b), -1), transpose_a, adjoint_a=adjoint_a), -1)


def tensordot(a, b, axes):
    return ops.tensordot(as_number_or_array(a), as_number_or_array(b), axes)


def einsum(equation, *inputs, optimize=None):
    if not any(isinstance(x, KerasTensor) for x in inputs):
        raise TypeError(LOST_ARGUMENTS.format("einsum"))
    return ops.einsum(equation, *map(as_number_or_array, inputs))


def einsum_of_list(inputs, equation):
    return einsum(equation, *inputs)


def transpose(a, conjugate=False):
    return ops.swapaxes(a, -2, -1)


def diag(diagonal, k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT"):
    check_unused("linalg.diag", k=as_ints(k), num_rows=num_rows + 1, num_cols=num_cols + 1, padding_value=padding_value)
    return ops.multiply(ops.expand_dims(diagonal, -1), np.eye(diagonal.shape[-1], dtype=diagonal.dtype))


def diag_part(input, k=0, padding_value=0, align="RIGHT_LEFT"):
    return ops.diagonal(input, offset=as_ints(k), axis1=-2, axis2=-1)


def set_diag(input, diagonal, k=0, align="RIGHT_LEFT"):
    check_unused("linalg.set_diag", k=as_ints(k))
    rows, columns = input.shape[-2:]
    if rows != columns:
        raise TypeError(f"There is no translation of `tf.linalg.set_diag` for rectangles. Received: input.shape={input.shape}")
    return ops.where(np.eye(rows, dtype=bool), ops.expand_dims(diagonal, -1), input)


def band_part(input, num_lower, num_upper):
    rows, columns = input.shape[-2:]
    ahead = np.arange(columns) - np.arange(rows)[:, np.newaxis]
    lower, upper = as_ints(num_lower), as_ints(num_upper)
    inside = ((lower < 0) | (-ahead <= lower)) & ((upper < 0) | (ahead <= upper))
    return ops.where(inside, input, np.zeros((), input.dtype))


def trace(x):
    return ops.sum(diag_part(x), axis=-1)


def solve(matrix, rhs, adjoint=False):
    return ops.solve(transpose(matrix) if adjoint else matrix, rhs)


def inverse(input, adjoint=False):
    return ops.inv(transpose(input) if adjoint else input)


def svd(tensor, full_matrices=False, compute_uv=True):
    if not compute_uv:
        return ops.svd(tensor, full_matrices, False)
    u, s, v = ops.svd(tensor, full_matrices)
    return s, u, transpose(v)


def cross(a, b):
    return ops.cross(a, b)


# Lengths --------------------------------------------------------------------------------------------------------------


def norm(tensor, ord="euclidean", axis=None, keepdims=False, keep_dims=False):
    # Of matrices, TensorFlow knows this one by two names. A matrix is what has two axes given; else all numbers are a vector.
    ord = None if ord in ("euclidean", "fro") or (ord == 2 and not isinstance(axis, (list, tuple))) else ord
    if axis is None and ord is not None:
        length = ops.norm(ops.reshape(tensor, (-1,)), ord)
        return ops.reshape(length, [1] * len(tensor.shape)) if keepdims or keep_dims else length
    return ops.norm(tensor, ord, as_axes(axis), keepdims or keep_dims)


def normalize(tensor, ord="euclidean", axis=None):
    length = norm(tensor, ord, axis, keepdims=True)
    return ops.divide(tensor, length), length


def global_norm(t_list):
    squares = [ops.sum(ops.square(tensor)) for tensor in t_list]
    return ops.sqrt(ops.sum(ops.stack(squares)))


def l2_normalize(x, axis=None, epsilon=1e-12, dim=None):
    axis = dim if axis is None else axis
    squares = ops.sum(ops.square(x), axis=as_axes(axis), keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, epsilon)))


def clip_by_norm(t, clip_norm, axes=None):
    squares = ops.sum(ops.square(t), axis=as_axes(axes), keepdims=True)
    # The root of nothing has no gradient.
    some = ops.greater(squares, 0.0)
    length = ops.where(some, ops.sqrt(ops.where(some, squares, 1.0)), 0.0)
    return ops.divide(ops.multiply(t, clip_norm), ops.maximum(length, clip_norm))
