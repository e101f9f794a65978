"""Number types of 16 bits: which arrays hold such numbers, and when weights are seen in another type than they are kept in.

NumPy has float16. It has no bfloat16, the upper half of a float32: these numbers are kept in float32 arrays, rounded to the
nearest ones that have zeros in their lower half.
"""

import contextlib
import threading

import numpy as np

from convlayers.validation import standardize_dtype


def array_dtype(dtype):
    """Returns the dtype of the arrays that hold numbers of a type, by its name: "float32" for "bfloat16". None is None."""
    name = None if dtype is None else standardize_dtype(dtype)
    return "float32" if name == "bfloat16" else name


def numpy_dtype(dtype):
    """Returns NumPy's own object of a dtype, to compare that of an array with; "bfloat16" itself, which no array has."""
    return dtype if dtype == "bfloat16" else np.dtype(dtype)


def size_of(dtype):
    """Returns of how many bytes a number of a type is: of two for "bfloat16"."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def to_dtype(array, dtype):
    """Returns an array with its numbers in a type given by name, itself where it is an array of that type."""
    return round_to_bfloat16(array) if dtype == "bfloat16" else array.astype(dtype, copy=False)


def without_bfloat16(array):
    """Returns an array of bfloat16, a type that other packages add to NumPy, as one of float32; any other as it is."""
    return array.astype(np.float32) if array.dtype.kind == "V" and array.dtype.name == "bfloat16" else array


def round_to_bfloat16(array):
    """Returns a float32 array with the nearest numbers of bfloat16; between two, the one that ends with a zero bit."""
    rounded = np.array(array, np.float32)
    bits = rounded.view(np.uint32)
    bits += 0x7FFF + (bits >> 16 & 1)
    bits &= 0xFFFF0000
    rounded[np.isnan(array)] = np.nan  # which may have been carried into infinity
    return rounded


def bfloat16_to_bits(array):
    """Returns rounded numbers as Keras writes them to files: the two bytes of each, as bytes without a meaning."""
    return (np.asarray(array, np.float32, order="C").view(np.uint32) >> 16).astype(np.uint16).view("V2")


class _Autocast(threading.local):
    """The type that the layer which this thread is calling sees its weights in; None for the one that they are kept in."""

    dtype = None


autocast = _Autocast()


@contextlib.contextmanager
def autocast_to(dtype):
    """Inside, the weights of layers that compute in another type than they keep them in are seen as `dtype`."""
    outer, autocast.dtype = autocast.dtype, dtype
    try:
        yield
    finally:
        autocast.dtype = outer
