"""`tf.dtypes`: types of numbers, which are their names here."""

import numpy as np

from convlayers.symbolic import KerasTensor
from convlayers.variables import Variable


class DType(str):
    """The name of a number type, with what TensorFlow's number types have."""

    __slots__ = ()

    @property
    def name(self):
        return str(self)

    @property
    def as_numpy_dtype(self):
        return np.dtype(str(self)).type

    @property
    def is_floating(self):
        return "float" in self

    @property
    def is_integer(self):
        return "int" in self

    @property
    def max(self):
        return (np.finfo if self.is_floating else np.iinfo)(str(self)).max

    @property
    def min(self):
        return (np.finfo if self.is_floating else np.iinfo)(str(self)).min


def name_number_types():
    """Lets the number types of symbolic tensors and variables be asked for `name`, as those of TensorFlow can."""
    for kind in (KerasTensor, Variable, *(kind for kind in Variable.__subclasses__() if "dtype" in vars(kind))):
        kind.dtype = _named(kind.dtype)


def _named(dtype):
    if isinstance(dtype, str):  # the one of all variables of a class
        return DType(dtype)
    return property(lambda x: DType(dtype.__get__(x)), dtype.__set__)


bfloat16 = DType("bfloat16")
bool = DType("bool")
float16 = half = DType("float16")
float32 = DType("float32")
float64 = double = DType("float64")
int8 = DType("int8")
int16 = DType("int16")
int32 = DType("int32")
int64 = DType("int64")
string = DType("string")
uint8 = DType("uint8")
uint16 = DType("uint16")
