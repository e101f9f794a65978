"""The module that a script gets by `import keras`. Those in it are the modules of this package themselves, or faces of them."""

import functools
import importlib
import types

import convlayers
from convlayers.legacy.modules import ScriptModule, extend
from convlayers.legacy.old_names import KEPT_MODULES, OLD_MODULES
from convlayers.scripts.tensorflow.eager import eager
from convlayers.unsupported import advice_for

_MODULES = {*convlayers._MODULES} - {"keras_layers", "mindspore"}
_OLD_MODULES = {path.split(".")[0] for path in (*OLD_MODULES, *KEPT_MODULES)} - _MODULES
# Their functions make tensors in Keras, and arrays here. Layers and losses use the modules behind.
_MAKE_TENSORS = {"activations", "backend", "ops", "random"}
# Of their functions, those that make NumPy's arrays there, too.
_MAKE_ARRAYS = {"batch_get_value", "convert_to_numpy", "eval", "function", "get_value"}


class _Keras(ScriptModule):
    """`keras`: what this package has at its top, and Keras's version."""

    __path__ = ()

    def __getattr__(self, name):
        if name in _MODULES or name in _OLD_MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        if name in convlayers.__all__:
            return getattr(convlayers, name)
        if name == "__version__":
            return self.version()
        raise AttributeError(f"module 'keras' has no attribute '{name}'. {_advise(name)}")

    def __dir__(self):
        return sorted({*vars(self), *_MODULES, *convlayers.__all__})

    def version(self):
        """Returns the version of Keras that is spoken here."""
        from convlayers.saving.formats import KERAS_VERSION

        return KERAS_VERSION


keras = _Keras("keras", "Keras, as convlayers has it.")


class _Face(ScriptModule):
    """A module whose functions return what `GradientTape` can watch: arrays with the method `numpy()`."""

    __path__ = ()

    def __init__(self, module):
        super().__init__(module.__name__.replace("convlayers", "keras", 1), module.__doc__)
        self._module = module

    def __getattr__(self, name):
        value = getattr(self._module, name)
        if isinstance(value, types.ModuleType):
            value = _face_of(value)
        elif isinstance(value, types.FunctionType) and name not in _MAKE_ARRAYS:
            value = eager(value)
        setattr(self, name, value)
        return value

    def __dir__(self):
        return dir(self._module)


@functools.cache
def _face_of(module):
    return _Face(module)


def find_keras_module(path):
    """Returns the module of this package that has what `keras.<path>` has.

    Raises:
        ModuleNotFoundError: if there is none, with what to do instead.
    """
    if path.split(".")[0] in _MODULES:
        try:
            module = extend(path)
            return _face_of(module) if path.split(".")[0] in _MAKE_TENSORS else module
        except ModuleNotFoundError as error:
            if not f"convlayers.{path}.".startswith(f"{error.name}."):
                raise
    raise not_found(path)


def not_found(path):
    """Returns the error to raise for a module that is not here, or a name that a script imports from one, as "layers.LSTM"."""
    # Without the name of a module, the advice is what `from keras.layers import LSTM` ends with, too.
    name = None if advice_for(path) else f"keras.{path}"
    return ModuleNotFoundError(f"No module named 'keras.{path}'. {_advise(path)}", name=name)


def _advise(path):
    return advice_for(path) or (
        "The script runs with convlayers, which has what Keras has for convolutional networks; this is not among it."
    )
