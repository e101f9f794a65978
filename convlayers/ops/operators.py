"""Python's operators for tensors, variables and symbolic tensors: `x + 1`, `x[0]`, `x > y`; and NumPy's: `np.exp(x)`."""

import numpy as np

from convlayers import ops
from convlayers.autograd import Operand
from convlayers.ops import arithmetic, comparison, cutting, indexing, linear, pointwise, shaping
from convlayers.symbolic import KerasTensor

BINARY = {
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    "mul": arithmetic.multiply,
    "truediv": arithmetic.true_divide,
    "floordiv": arithmetic.floor_divide,
    "mod": arithmetic.mod,
    "pow": arithmetic.power,
    "matmul": linear.matmul,
    "and": comparison.logical_and,
    "or": comparison.logical_or,
    "xor": comparison.logical_xor,
}
COMPARISONS = {
    "eq": comparison.equal,
    "ne": comparison.not_equal,
    "lt": comparison.less,
    "le": comparison.less_equal,
    "gt": comparison.greater,
    "ge": comparison.greater_equal,
}
UNARY = {
    "neg": pointwise.negative,
    "abs": pointwise.absolute,
    "invert": comparison.logical_not,
}
# NumPy's names of functions that have other names here. `&` is one of them.
NUMPY_NAMES = {
    "remainder": "mod",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
    "invert": "logical_not",
}
# Conversions of a value without axes, as of a loss. Symbolic tensors have none.
CONVERSIONS = {"bool": bool, "float": float, "int": int}


def attach():
    """Gives all kinds of operands their operators."""
    for name, op in BINARY.items():
        setattr(Operand, f"__{name}__", lambda self, other, op=op: op(self, other))
        setattr(Operand, f"__r{name}__", lambda self, other, op=op: op(other, self))
    for name, op in COMPARISONS.items():
        setattr(Operand, f"__{name}__", lambda self, other, op=op: NotImplemented if other is None else op(self, other))
    for name, op in UNARY.items():
        setattr(Operand, f"__{name}__", lambda self, op=op: op(self))
    for name, convert in CONVERSIONS.items():
        setattr(Operand, f"__{name}__", lambda self, convert=convert: convert(_number(self)))
    Operand.__pos__ = lambda self: self
    Operand.__round__ = lambda self, ndigits=None: pointwise.round(self, ndigits or 0)
    Operand.__getitem__ = lambda self, key: indexing.get_item(self, key)
    Operand.__iter__ = lambda self: iter(cutting.unstack(self))
    Operand.__format__ = lambda self, form: format(_number(self), form) if form else str(self)
    Operand.__array_ufunc__ = _apply_numpy_function
    KerasTensor.reshape, KerasTensor.squeeze = shaping.reshape, shaping.squeeze


def _number(operand):
    # What an array makes of a symbolic tensor is an error that says why.
    return np.asarray(operand) if operand.symbolic else operand.value


def _apply_numpy_function(self, function, method, *inputs, **kwargs):
    """Computes `function(*inputs)`, as in `array + tensor` and `np.exp(tensor)`, by the op of the same name."""
    op = getattr(ops, NUMPY_NAMES.get(function.__name__, function.__name__), None)
    if op and method == "__call__" and not kwargs:
        return op(*inputs)
    # An array of a tensor would lose its gradient, and is refused.
    values = [np.asarray(x) if isinstance(x, Operand) else x for x in inputs]
    return getattr(function, method)(*values, **kwargs)


attach()
