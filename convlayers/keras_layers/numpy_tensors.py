"""Computing on the tensors of Keras's numpy backend: arrays. There are no gradients."""

import numpy as np

from convlayers.ops.layout import KERNEL_DTYPES


def fits(tensors):
    """Returns whether kernels can read these tensors (or None): arrays, all of one of their number types."""
    dtype = tensors[0].dtype
    return dtype in KERNEL_DTYPES and all(x is None or (isinstance(x, np.ndarray) and x.dtype == dtype) for x in tensors)


def compute(function, tensors, keeps_output):
    """Returns `function(*tensors)`."""
    return function(*tensors)
