"""What a script gets from a model, a loss or a metric: arrays with TensorFlow's method `numpy()`."""

import functools
import inspect
import operator
import types

import numpy as np

from convlayers import activations, metrics, nested
from convlayers.autograd import Operand, Tensor
from convlayers.layers import Layer
from convlayers.legacy.attributes import as_list
from convlayers.legacy.second_gradients import read
from convlayers.losses import Loss
from convlayers.masks import get_keras_mask, set_keras_mask
from convlayers.user_code import is_ours
from convlayers.variables import Variable


class EagerArray(np.ndarray):
    """An array that can be asked for itself, as the tensors of TensorFlow can. `x += y` makes a new one, as it does there."""

    # The gradient that a tape has for it.
    grad = None
    device = "/job:localhost/replica:0/task:0/device:CPU:0"
    shape = as_list(np.ndarray.shape)

    def __hash__(self):
        """A number is found in sets as such; an array by its identity, whatever `==` is for arrays."""
        return object.__hash__(self) if self.ndim else hash(self.item())

    def get_shape(self):
        """Returns the shape, under its older name."""
        return self.shape

    def set_shape(self, shape):
        """Says what the shape is, where None may be any size. An array has its shape already: another one is an error."""
        if len(shape) != self.ndim or any(size not in (None, known) for size, known in zip(shape, self.shape, strict=False)):
            raise ValueError(f"Tensor's shape {tuple(self.shape)} is not compatible with supplied shape {tuple(shape)}.")

    @property
    def value(self):
        """The array as NumPy's own, as variables and tensors have it."""
        return np.asarray(self)

    def numpy(self):
        """Returns the array, as NumPy's own; a number if it has no axes."""
        return np.asarray(self)[()]

    def __getitem__(self, key):
        return _as_eager(super().__getitem__(key))


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    _operator = getattr(operator, _name)
    setattr(EagerArray, f"__i{_name}__", lambda self, other, _operator=_operator: _operator(self, other))


class EagerString(np.str_):
    """A string of a data set, as the path of an image, which can be asked for itself as bytes."""

    def numpy(self):
        return self.encode()


class _KindsOfTensors(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, (EagerArray, Operand)) and not isinstance(instance, Variable)


class AnyTensor(metaclass=_KindsOfTensors):
    """What an array that TensorFlow would have made is an instance of: `isinstance(x, tf.Tensor)`."""


class WatchedArray(Operand, EagerArray):
    """An array while a `GradientTape` watches it: ops take it for a variable."""

    requires_gradient = True
    __hash__ = object.__hash__


class NumpyIterator:
    """An iterator with a method `next` besides, as in Python 2."""

    def __init__(self, elements):
        self._elements = elements

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._elements)

    next = __next__


def as_eager(value):
    """Returns arrays, numbers and truth values of NumPy, in any structure, with the method `numpy()`."""
    return nested.map_structure(_as_eager, value)


def _as_eager(value):
    if isinstance(value, np.str_):
        return EagerString(value)
    if type(value) is not np.ndarray and not isinstance(value, (np.number, np.bool_)):
        return value
    array = np.asarray(value).view(EagerArray)
    mask = get_keras_mask(value)
    if mask is not None:
        set_keras_mask(array, mask)
    return array


def eager(function):
    """Returns a function whose results have the method `numpy()`."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        args, kwargs = nested.map_structure(lambda x: read(x) if type(x) is WatchedArray else x, (args, kwargs))
        return as_eager(function(*args, **kwargs))

    return wrapper


def _known_activation(get):
    """Lets a function of `tf.nn` or `keras.activations` as an activation be the one behind it, which has its name in files."""

    def get_known(identifier):
        behind = inspect.unwrap(identifier) if isinstance(identifier, types.FunctionType) else identifier
        known = activations._family.table.get(getattr(behind, "__name__", None))
        return known if known and behind is not identifier and is_ours(behind) else get(identifier)

    return get_known


def return_eager_arrays():
    """Lets calls of layers, models, losses and metrics in this process return arrays with the method `numpy()`."""
    activations.get = _known_activation(activations.get)
    # Layers inside others are called as ever: only what is returned to the script is changed.
    Layer._call_outermost = eager(Layer._call_outermost)
    Loss.__call__ = eager(Loss.__call__)
    kinds = {kind for name in dir(metrics) if isinstance(metric := getattr(metrics, name), type) for kind in metric.__mro__}
    for metric in kinds:
        if issubclass(metric, metrics.Metric) and "result" in vars(metric):
            metric.result = eager(metric.result)
    # As in TensorFlow, whoever makes an array of what a tape has seen gets one, and no gradient for it.
    Tensor.numpy = lambda tensor: tensor.value
    Tensor.__array__ = lambda tensor, dtype=None, copy=None: np.array(tensor.value, dtype=dtype, copy=copy)
    Tensor.__str__ = lambda tensor: str(tensor.value)
