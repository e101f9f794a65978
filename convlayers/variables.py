"""Variables: the arrays that layers and optimizers own."""

import contextlib
import operator
import threading

import numpy as np

from convlayers import config
from convlayers._native import memory
from convlayers.autograd import Operand, value_of


class Variable(Operand):
    """An array with a name, a gradient and a place in a model.

    Args:
        initializer: an array, or a function `initializer(shape, dtype=...)`.
        shape: the shape, where `initializer` is a function.
        dtype: "float32" by default, or that of `keras.config.floatx()`.
        trainable: whether gradients are computed for it.
        name: its own name; `path` is the name with that of the layers around it, as "conv2d/kernel".

    Attributes:
        value: the NumPy array. It stays the same object for the variable's whole life; `assign` writes into it.
        grad: None, or the sum of the gradients of all backward passes since it was last set to None.
        version: counts assignments, so that whatever is computed from the value can be kept until the value changes.
    """

    __slots__ = ("__weakref__", "_name", "constraint", "grad", "path", "regularizer", "trainable", "value", "version")

    @memory.lasting
    def __init__(self, initializer, shape=None, dtype=None, trainable=True, name=None, regularizer=None, constraint=None):
        if callable(initializer):
            dtype = dtype or config.floatx()
            self.value = _later.make_value(self, initializer, shape, dtype)
        else:
            self.value = _own_copy(initializer, dtype)
        if shape is not None and self.value.shape != tuple(shape):
            raise ValueError(
                f"The initializer of variable '{name}' returned an array of the wrong shape. "
                f"Expected {tuple(shape)}. Received: {self.value.shape}."
            )
        self._name = self.path = name or "variable"
        self.trainable = trainable
        self.regularizer = regularizer
        self.constraint = constraint
        self.grad = None
        self.version = 0

    requires_gradient = property(operator.attrgetter("trainable"))

    @property
    def name(self):
        return self._name

    @property
    def shape(self):
        return self.value.shape

    @property
    def ndim(self):
        return self.value.ndim

    @property
    def dtype(self):
        return self.value.dtype.name

    def numpy(self):
        """Returns a copy of the value."""
        return self.value.copy()

    def assign(self, value):
        """Writes `value` into the variable. The shape must be the same; the dtype is converted."""
        value = np.asarray(value_of(value))
        if value.shape != self.shape:
            raise ValueError(
                "The shape of the target variable and the shape of the target value in `variable.assign(value)` must match. "
                f"variable.shape={self.shape}, Received: value.shape={value.shape}. Target variable: {self!r}"
            )
        self.value[...] = value
        self.version += 1
        return self

    def assign_add(self, value):
        return self.assign(self.value + value_of(value))

    def assign_sub(self, value):
        return self.assign(self.value - value_of(value))

    def add_gradient(self, gradient):
        """Adds to `grad`; called by the tape."""
        self.grad = gradient if self.grad is None else self.grad + gradient

    def __len__(self):
        return len(self.value)

    def __repr__(self):
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


def _own_copy(array, dtype):
    """Returns an array that one variable alone owns, in the order and byte order that kernels read."""
    return np.array(value_of(array), dtype=dtype, order="C")


class _Later(threading.local):
    """The variables of this thread that have no initial values yet: a list inside `initialized_later`, else None."""

    def __init__(self):
        self.waiting = None

    def make_value(self, variable, initializer, shape, dtype):
        if self.waiting is None:
            return _own_copy(initializer(shape, dtype=dtype), dtype)
        self.waiting.append((variable, initializer))
        # Zeros take neither time nor memory until something is written to them.
        return np.zeros(shape, dtype)


_later = _Later()


@contextlib.contextmanager
def initialized_later():
    """Inside, variables begin as zeros. Those that nothing was assigned to get their initial values at the end.

    A model that is read from a file needs none of them, and making them takes longer than reading it.
    """
    outer, _later.waiting = _later.waiting, []
    try:
        yield
        for variable, initializer in _later.waiting:
            if variable.version == 0:
                variable.assign(initializer(variable.shape, dtype=variable.dtype))
    finally:
        _later.waiting = outer
