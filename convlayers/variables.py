"""Variables: the arrays that layers and optimizers own."""

import operator

import numpy as np

from convlayers import config
from convlayers._native import memory
from convlayers.autograd import Operand, value_of
from convlayers.deferred_initialization import deferred
from convlayers.naming import auto_name, name_scope
from convlayers.narrow_types import array_dtype, autocast, round_to_bfloat16, to_dtype
from convlayers.rollback import trial
from convlayers.validation import standardize_dtype, standardize_shape


def _function(name, base):
    """Returns a property that holds a function or None."""
    place = f"_{name}"

    def set_function(variable, value):
        if value is not None and not callable(value):
            raise ValueError(
                f"Invalid value for attribute `{name}`. Expected a callable (such as a `{base}` instance) or `None`. "
                f"Received: {name}={value}"
            )
        setattr(variable, place, value)

    return property(operator.attrgetter(place), set_function)


class Variable(Operand):
    """An array with a name, a gradient and a place in a model.

    Args:
        initializer: an array, a number, a function `initializer(shape, dtype=...)`, or the name of an initializer.
        shape: the shape, where `initializer` is a function.
        dtype: the number type; by default that of the array, else that of `keras.config.floatx()`.
        trainable: whether gradients are computed for it.
        autocast: whether a layer that it belongs to sees it in the type that the layer computes in, when it is called.
        aggregation, synchronization, layout: taken for compatibility: there is one device.
        name: its own name; `path` is the name with that of the layers around it, as "conv2d/kernel".
        regularizer, constraint: functions of the variable, or None.

    Attributes:
        value: the NumPy array, to be read. It stays the same object for the variable's whole life; `assign` writes into it.
        grad: None, or the sum of the gradients of all backward passes since it was last set to None.
        version: counts assignments, so that whatever is computed from the value can be kept until the value changes.
        kept: what ops keep so (`ops/kept_weights.py`), or None.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> v = Variable(np.ones((2, 3)), dtype="float32", name="scale")
    >>> v.assign_add(v * 2).numpy()[0]
    [3.0, 3.0, 3.0]
    """

    __slots__ = (
        "__weakref__",
        "_constraint",
        "_name",
        "_regularizer",
        "_storage",
        "aggregation",
        "autocast",
        "grad",
        "kept",
        "path",
        "trainable",
        "value",
        "version",
    )

    synchronization = "auto"

    def __new__(cls, initializer=None, shape=None, dtype=None, *args, **kwargs):
        return super().__new__(_Bfloat16Variable if cls is Variable and dtype == "bfloat16" else cls)

    @memory.lasting
    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable=True,
        autocast=True,
        aggregation="none",
        synchronization="auto",
        name=None,
        layout=None,
        *,
        regularizer=None,
        constraint=None,
    ):
        self._name = _checked_name(name)
        self.path = name_scope.path_to(self._name)
        self.aggregation = _checked_aggregation(aggregation)
        dtype = array_dtype(dtype)
        if isinstance(initializer, str):
            from convlayers import initializers

            initializer = initializers.get(initializer)
        if callable(initializer):
            value = self._initial_value(initializer, _checked_shape(shape, initializer, self.path), dtype or config.floatx())
        else:
            value = _own_copy(initializer, dtype)
        self._store(value)
        if shape is not None and self.value.shape != tuple(shape):
            raise ValueError(
                f"The initializer of variable '{name}' returned an array of the wrong shape. "
                f"Expected {tuple(shape)}. Received: {self.value.shape}."
            )
        self.trainable = bool(trainable)
        self.autocast = bool(autocast)
        self.regularizer = regularizer
        self.constraint = constraint
        self.grad = None
        self.version = 0

    def _initial_value(self, initializer, shape, dtype):
        if deferred.waiting is None:
            return _own_copy(initializer(shape, dtype=dtype), dtype)
        # A subclass may look at its array, or round it, before all is read.
        return deferred.new_array(self, initializer, shape, dtype, from_source=type(self) is Variable)

    def _store(self, value):
        self._storage = value
        # What is written behind our back would not be counted.
        self.value = value.view()
        self.value.flags.writeable = False
        self.kept = None

    @classmethod
    def owning(cls, array, name):
        """Returns a variable that is never trained, with an array itself as its storage: nobody else may refer to that."""
        variable = cls(array[:0], trainable=False, name=name)
        variable._store(array)
        return variable

    requires_gradient = property(operator.attrgetter("trainable"))

    @property
    def name(self):
        return self._name

    regularizer = _function("regularizer", "keras.regularizers.Regularizer")
    constraint = _function("constraint", "keras.constraints.Constraint")

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
        storage, kind = self._storage, type(value)
        if kind is not np.ndarray and kind is not storage.dtype.type:
            value = np.asarray(value_of(value))
        if value.shape != storage.shape:
            raise ValueError(
                "The shape of the target variable and the shape of the target value in `variable.assign(value)` must match. "
                f"variable.shape={self.shape}, Received: value.shape={value.shape}. Target variable: {self.path}"
            )
        # Seldom so, but asked each time: as calls, the questions took half as long as all of this.
        if deferred.source is not None:
            deferred.settle()
        if trial.before is not None:
            trial.note(self)
        self.overwrite()[...] = value
        return self

    def overwrite(self):
        """Returns the array of the value, for someone who writes into it now. It counts as an assignment."""
        self.version += 1
        self.kept = None
        return self._storage

    def assign_add(self, value):
        # A number, where there are no axes: NumPy adds numbers in a tenth of the time.
        return self.assign(self.value[()] + value_of(value))

    def assign_sub(self, value):
        return self.assign(self.value - value_of(value))

    def __len__(self):
        return len(self.value)

    def __bool__(self):
        raise TypeError("A Keras Variable cannot be used as a boolean.")

    def __int__(self):
        return int(self._number())

    def __float__(self):
        return float(self._number())

    def _number(self):
        if self.ndim:
            raise TypeError(f"Only scalar arrays can be converted to Python scalars. Got: shape={self.shape}")
        return self.value

    def __getstate__(self):
        """For copies, in memory and by `pickle`."""
        return {name: getattr(self, name) for name in Variable.__slots__ if name not in ("__weakref__", "kept", "value")}

    def __setstate__(self, state):
        for name, value in state.items():
            setattr(self, name, value)
        self._store(self._storage)

    def __repr__(self):
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self.value}>"


class _CastVariable(Variable):
    """A variable of a layer that computes in another type than it keeps its weights in.

    When such a layer is called, the value is in that type. Otherwise, and for gradients, it is as it is kept.
    """

    __slots__ = ()

    @property
    def value(self):
        kept = super().value
        return kept if autocast.dtype is None else to_dtype(kept, autocast.dtype)

    @value.setter
    def value(self, value):
        Variable.value.__set__(self, value)

    @property
    def dtype(self):
        return autocast.dtype or super().dtype

    # Known without casting.
    shape = property(operator.attrgetter("_storage.shape"))
    ndim = property(operator.attrgetter("_storage.ndim"))


def cast_in_calls(variable):
    """Lets a variable of floats be cast in the calls of layers that compute in another type than it is kept in."""
    if type(variable) is Variable and variable.value.dtype.kind == "f":
        variable.__class__ = _CastVariable  # A class of its own, so that all others are quick to read.


class _Bfloat16Variable(Variable):
    """A variable of bfloat16: a float32 array that is rounded before it is looked at, whatever was written to it."""

    __slots__ = ("_is_rounded",)

    dtype = "bfloat16"

    def _store(self, value):
        self._is_rounded = False
        super()._store(value)

    @property
    def value(self):
        if not self._is_rounded:
            self._storage[...] = round_to_bfloat16(self._storage)
            self._is_rounded = True
        return super().value

    @value.setter
    def value(self, value):
        Variable.value.__set__(self, value)

    def overwrite(self):
        _ = self.value  # What was written before is rounded before it is added to.
        self._is_rounded = False
        return super().overwrite()


def _checked_aggregation(aggregation):
    known = (None, "none", "mean", "sum", "only_first_replica")
    if aggregation not in known:
        raise ValueError(
            f"Invalid value for argument `aggregation`. Expected one of {', '.join(f'`{name!r}`' for name in known)}. "
            f"Received: aggregation={aggregation}"
        )
    return aggregation or "none"


def _checked_name(name):
    if name is None:
        return auto_name("variable")
    if not isinstance(name, str) or "/" in name:
        raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}")
    return name


def _checked_shape(shape, initializer, path):
    if shape is None:
        raise ValueError(
            "When creating a Variable from an initializer, the `shape` argument should be specified. "
            f"Received: initializer={initializer} and shape={shape}"
        )
    return standardize_shape(shape, path)


def _own_copy(array, dtype):
    """Returns an array that one variable alone owns, in the order and byte order that kernels read."""
    array = value_of(array)
    if dtype is None and not hasattr(array, "dtype"):
        # Python's own numbers, however nested, are as wide as Keras has them.
        dtype = {"f": config.floatx(), "i": "int32"}.get(np.asarray(array).dtype.kind)
    copy = np.array(array, dtype=None if dtype is None else standardize_dtype(dtype), order="C")
    if copy.dtype.kind not in "biufc":
        raise ValueError(f"Invalid dtype: {copy.dtype.name}\nA variable holds numbers. Received: initializer={array!r}")
    return copy
