"""The functions of kernels/optimizer.pyx, for arrays of any dtype."""

import functools

import numpy as np

from convlayers import _native


@functools.cache
def kernel(name, dtype):
    """Returns a kernel by its name, for arrays of a dtype. float16 is computed in float32."""
    if dtype == np.float16:
        return _through_float32(kernel(name, np.dtype("float32")))
    return getattr(_native.kernels(dtype).optimizer, name)


def number_type(dtype):
    """Returns the type that a kernel's numbers are computed in beforehand."""
    return np.float32 if dtype == np.float16 else dtype.type


def _through_float32(function):
    def run(*arguments):
        wide = [_widened(argument) for argument in arguments]
        result = function(*wide)
        for place, (argument, copies) in enumerate(zip(arguments, wide, strict=True)):
            # What is at the second place, a kernel only reads: gradients.
            if isinstance(argument, list) and place != 1:
                for array, copy in zip(argument, copies, strict=True):
                    if isinstance(array, np.ndarray):
                        array[...] = copy
        return result

    return run


def _widened(argument):
    if isinstance(argument, list):
        return [_widened(part) for part in argument]
    return argument.astype("float32") if isinstance(argument, np.ndarray) else argument
