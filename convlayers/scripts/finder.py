"""`import keras` and `import tensorflow`, answered by convlayers."""

import importlib.abc
import importlib.util
import sys

from convlayers.legacy import accept_old_spellings
from convlayers.legacy.modules import find_old_module
from convlayers.scripts.keras import find_keras_module, keras, not_found
from convlayers.scripts.tensorflow.datasets_of_keras import extend_datasets_of_keras
from convlayers.scripts.tensorflow.dtypes import name_number_types
from convlayers.scripts.tensorflow.eager import return_eager_arrays
from convlayers.scripts.tensorflow.faces import find_tensorflow
from convlayers.scripts.tensorflow.variables import extend_variables
from convlayers.scripts.unsupported_packages import NeedsTensorFlow, needs_tensorflow
from convlayers.unsupported import advice_for

# Under which names scripts import Keras, or editors make them do it.
_KERAS = (
    "keras",
    "keras._tf_keras.keras",
    "keras.api",
    "keras.api._v2.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.contrib.keras",
    "tensorflow.keras",
    "tensorflow.python.keras",
    "tf_keras",
)
_PACKAGES = ("keras", "tensorflow", "tf_keras")


def install_as_keras():
    """Lets `import keras`, `tensorflow.keras` and `tf_keras` find convlayers, from here on, in this process.

    An installed Keras or TensorFlow is not imported. `keras.layers` is `convlayers.layers`, and so on; names and arguments of
    Keras 1 and 2 work too, each with a warning that says what to write today. For a script, `python -m convlayers script.py`
    does the same without a change to it.

    Raises:
        RuntimeError: if Keras or TensorFlow is imported already.

    Example:

    >>> import convlayers
    >>> convlayers.install_as_keras()
    >>> from tensorflow.keras.layers import Conv2D
    >>> Conv2D is convlayers.layers.Conv2D
    True
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    imported = [name for name in _PACKAGES if name in sys.modules]
    if imported:
        raise RuntimeError(
            f"`install_as_keras()` comes too late: {' and '.join(imported)} is imported already.\n"
            "Call it before, at the top of the script or in the first cell of a notebook that was restarted."
        )
    accept_old_spellings()
    return_eager_arrays()
    extend_datasets_of_keras()
    extend_variables()
    name_number_types()
    sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules of Keras and TensorFlow here, and nowhere else."""

    def find_spec(self, name, path=None, target=None):
        package, _, inside = name.partition(".")
        if package == "convlayers" and advice_for(inside):  # `from keras.layers import LSTM` looks for a module in ours
            raise not_found(inside)
        if needs_tensorflow(name):
            return importlib.util.spec_from_loader(name, NeedsTensorFlow())
        if package not in _PACKAGES:
            return None
        module = _find(name)
        return importlib.util.spec_from_loader(name, _Loader(module), is_package=True)


class _Loader(importlib.abc.Loader):
    def __init__(self, module):
        self._module = module

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        # A module may put another in its place. That one keeps its own name and spec.
        sys.modules[module.__spec__.name] = self._module


def _find(name):
    """Returns the module that a script imports as `name`.

    Raises:
        ModuleNotFoundError: if there is none, with what to do instead.
    """
    root = max((root for root in _KERAS if f"{name}.".startswith(f"{root}.")), key=len, default=None)
    if root is None:
        return find_tensorflow(name)
    path = name[len(root) + 1 :]
    if not path or any(known.startswith(f"{name}.") for known in _KERAS):
        return keras
    return find_old_module(path) or find_keras_module(path)
