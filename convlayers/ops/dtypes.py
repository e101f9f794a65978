"""Number types: in which one an op computes, by Keras's rules.

* A Python number adapts to the array beside it: float32 array + 1.5 is float32. So does an array without axes.
* A float beside an integer wins with the size it has: int64 array * float16 array is float16. NumPy would widen it.
* Where integers must become floats, as in a division, they become `keras.config.floatx()`.
* 64-bit arrays stay so, as in Keras with PyTorch; float64 is a first-class type here. But narrower ones never become 64-bit:
  uint32 and int32 together are int32.
"""

import functools

import numpy as np

from convlayers import config
from convlayers.validation import standardize_dtype

_PYTHON_NUMBERS = (bool, int, float)
# What an array without axes counts as beside arrays with axes.
_WEAK = {"b": bool, "i": int, "u": int, "f": float}


def result_type(*dtypes):
    """Returns the dtype that numbers of these dtypes have together, as a string.

    Args:
        dtypes: names, NumPy dtypes, or the types `int` and `float` for Python numbers. None stands for `floatx()`.

    Example:

    >>> keras.backend.result_type("int32", "float16")
    'float16'
    >>> keras.backend.result_type("int32", float)
    'float32'
    """
    floatx = config.floatx()
    names = [dtype if dtype is int or dtype is float else standardize_dtype(dtype or floatx) for dtype in dtypes or (None,)]
    # NumPy has no bfloat16. It is as wide as float16; of both, only float32 has all numbers.
    stand_in = "float32" if "float16" in names else "float16"
    named = (stand_in if name == "bfloat16" else name for name in names)
    together = _promote(floatx, *((np.dtype(name), True) if isinstance(name, str) else name for name in named)).name
    return "bfloat16" if together == "float16" and "bfloat16" in names else together


def as_array(x):
    """Returns anything array-like as an array. Python floats become `floatx()`, Python integers int32.

    Raises:
        ValueError: if it is not made of numbers, as None.
    """
    if type(x) is np.ndarray and x.dtype.isnative:
        return x
    array = np.asarray(x)
    if array.dtype.kind == "O":
        raise ValueError(f"Invalid dtype: {type(x).__name__}")
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    leaf = x
    while isinstance(leaf, (list, tuple)) and leaf:
        leaf = leaf[0]
    if isinstance(leaf, (bool, int, float, list, tuple)) and not isinstance(leaf, np.generic):
        return array.astype(_promote(config.floatx(), _WEAK[array.dtype.kind]))
    return array


def as_float(x):
    """Returns anything array-like as an array of floats: integers become `floatx()`."""
    array = as_array(x)
    return array if array.dtype.kind in "fc" else array.astype(config.floatx())


def as_number(x):
    """Returns anything array-like as an array that can be counted and added up: truth values become int32."""
    array = as_array(x)
    return array.astype(np.int32) if array.dtype.kind == "b" else array


def widen(x):
    """Returns float16 as float32: it has neither the digits nor the range for sums, and kernels do not have it."""
    return x.astype(np.float32) if x.dtype.char == "e" else x


def promote(*operands):
    """Returns several operands as arrays of one dtype."""
    if len(operands) == 2:
        x1, x2 = operands
        if type(x1) is np.ndarray and type(x2) is np.ndarray and x1.dtype is x2.dtype:
            return operands
    dtype = common_dtype(*operands)
    return [np.asarray(operand, dtype) for operand in operands]


def promote_floats(*operands):
    """Returns several operands as arrays of one float dtype."""
    arrays = promote(*operands)
    return arrays if arrays[0].dtype.kind in "fc" else [array.astype(config.floatx()) for array in arrays]


def common_dtype(*operands):
    """Returns the NumPy dtype that several operands have together."""
    return _promote(config.floatx(), *map(_number_type, operands))


def _number_type(x):
    """Returns the type of a Python number; of an array the dtype, and whether there are axes."""
    if type(x) in _PYTHON_NUMBERS:
        return type(x)
    array = as_array(x)
    return array.dtype, array.ndim > 0


@functools.cache
def _promote(floatx, *number_types):
    beside_axes = any(isinstance(kind, tuple) and kind[1] for kind in number_types)
    arrays, weak = [], []
    for kind in number_types:
        if not isinstance(kind, tuple):
            weak.append(kind)
        elif beside_axes and not kind[1] and kind[0].kind in _WEAK:
            weak.append(_WEAK[kind[0].kind])
        else:
            arrays.append(kind[0])
    floats = [dtype for dtype in arrays if dtype.kind not in "biu"]
    if floats:
        return np.result_type(*floats)
    if float in weak:
        return np.dtype(floatx)
    integers = [dtype for dtype in arrays if dtype.kind in "iu"]
    if integers:
        together = np.result_type(*integers)
        if together.itemsize == 8 and all(dtype.itemsize < 8 for dtype in integers):
            return np.dtype(np.int32)
        return together if together.kind in "iu" else np.dtype(floatx)
    return np.dtype(np.int32 if int in weak else np.bool_)
