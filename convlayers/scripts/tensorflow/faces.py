"""The module that a script gets by `import tensorflow as tf`: `tf.keras`, and the other names that Keras scripts use."""

import functools
import importlib
import inspect
import types

from convlayers.legacy.modules import ScriptModule
from convlayers.models.tensorflow_ops.places import ScatterUpdate
from convlayers.scripts.tensorflow.eager import eager
from convlayers.scripts.tensorflow.names import ADVICE, NAMES, OF_KERAS


class _Face(ScriptModule):
    """A module of TensorFlow."""

    __path__ = ()

    def __init__(self, path):
        super().__init__(f"tensorflow.{path}" if path else "tensorflow")
        self._path = path

    def __getattr__(self, name):
        if self._path in ("", "compat.v1", "python") and name == "keras":
            return importlib.import_module(f"{self.__name__}.keras")
        if self._path == "" and name in OF_KERAS:
            return importlib.import_module(f"tensorflow.keras.{name}")
        path = f"{self._path}.{name}".lstrip(".")
        if path in NAMES:
            return importlib.import_module(f"tensorflow.{path}")
        if name not in NAMES.get(self._path, ()):
            raise AttributeError(_refusal(f"module '{self.__name__}' has no attribute '{name}'.", path))
        entry = NAMES[self._path][name]
        place, arguments = entry if isinstance(entry, tuple) else (entry, {})
        module, _, attribute = place.rpartition(".")
        module = module if module.startswith(".") else f"convlayers.{module}"
        value = getattr(importlib.import_module(module, __package__), attribute)
        is_function = isinstance(value, (types.FunctionType, ScatterUpdate))
        if arguments or (is_function and "name" not in inspect.signature(value).parameters):
            value = _with_names(value, arguments)
        value = eager(value) if is_function else value
        setattr(self, name, value)
        return value

    def __dir__(self):
        return sorted({*vars(self), *NAMES.get(self._path, ())})


def _with_names(function, arguments):
    """Returns a function that takes its arguments by TensorFlow's names too, and a name, without effect."""

    @functools.wraps(function)
    def renamed(*args, name=None, **kwargs):
        return function(*args, **{arguments.get(key, key): value for key, value in kwargs.items()})

    return renamed


def find_tensorflow(name):
    """Returns the module that a script imports as `name`.

    Raises:
        ModuleNotFoundError: if there is none, with what to do instead.
    """
    path = name.partition(".")[2]
    if path not in NAMES:
        raise ModuleNotFoundError(_refusal(f"No module named '{name}'.", path))
    if path not in _faces:
        _faces[path] = _Face(path)
    return _faces[path]


_faces = {}


def _refusal(first_line, path):
    known = (place for place in (path, path.split(".")[0]) if place in ADVICE)
    advice = ADVICE.get(next(known, None), "`keras.ops` has the functions on arrays, under the names of NumPy.")
    return f"{first_line}\nThe script runs with convlayers, which has `tf.keras` and little else of TensorFlow. {advice}"
