"""Number types of the arrays of a layer: those in which kernels of convolutions compute, and the way back."""

import numpy as np

from convlayers.ops.layout import KERNEL_DTYPES


def kernel_arrays(inputs, kernel, bias):
    """Returns the arrays of a layer (bias may be None) in one type for which kernels are compiled, float32 or float64.

    Integers become what the kernel is; numbers of 16 bits are computed with as float32.
    """
    if type(inputs) is np.ndarray and inputs.dtype is kernel.dtype in KERNEL_DTYPES:
        # What a layer is mostly called with. Its bias is of the kernel's type.
        return inputs, kernel, bias
    inputs, kernel = np.asarray(inputs), np.asarray(kernel)
    dtype = np.result_type(inputs, kernel) if inputs.dtype.kind == "f" else kernel.dtype
    if dtype != "float64":
        dtype = np.dtype("float32")
    bias = None if bias is None else np.ascontiguousarray(bias, dtype)
    return np.asarray(inputs, dtype), np.asarray(kernel, dtype), bias


def in_type_of_which(inputs, kernel):
    """Returns the array in whose type the outputs are: the inputs, or the kernel where these are integers."""
    return inputs if getattr(inputs, "dtype", kernel.dtype).kind == "f" else kernel


def in_type_of(array, given):
    """Returns what kernels computed in float32 for arrays of float16 in that type, and all else as it is."""
    dtype = getattr(given, "dtype", None)
    return array if dtype is array.dtype or dtype != "float16" else array.astype("float16")
