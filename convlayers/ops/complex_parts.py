"""Parts of complex numbers. Arrays are of real ones, which have them too."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array, as_float


@differentiable
def real(x):
    """Returns the real parts."""
    return np.real(as_array(x)), lambda d_y: d_y


@differentiable
def imag(x):
    """Returns the imaginary parts: zeros."""
    return np.imag(as_array(x)), None


@differentiable
def conjugate(x):
    """Returns the complex conjugates: `x` itself."""
    return np.conjugate(as_array(x)), lambda d_y: d_y


conj = conjugate


@differentiable
def angle(x):
    """Returns the angles in the complex plane: 0, and pi for negative numbers. Their gradient is zero."""
    x = as_float(x)
    return np.angle(x).astype(x.dtype, copy=False), None
