"""What `keras.backend` has: settings and questions about number types, under their older names."""

from convlayers.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from convlayers.naming import get_uid
from convlayers.ops.dtypes import result_type
from convlayers.utils import clear_session, is_keras_tensor, standardize_dtype

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def is_float_dtype(dtype):
    """Returns whether a dtype is one of floats."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype):
    """Returns whether a dtype is one of integers."""
    return standardize_dtype(dtype).startswith(("int", "uint"))
