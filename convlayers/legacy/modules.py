"""Modules as old scripts expect them: those that are gone, and more names in those that there are."""

import importlib
import importlib.machinery
import types

from convlayers.legacy.old_names import ADDITIONS, KEPT_MODULES, OLD_MODULES, RENAMED
from convlayers.legacy.old_spelling import warn_of
from convlayers.saving.legacy import keras1

_old_modules = {}
_extended = set()


class ScriptModule(types.ModuleType):
    """A module that scripts find under a name of Keras or TensorFlow, and that is pickled as that name."""

    def __init__(self, name, doc=None):
        super().__init__(name, doc)
        # Other packages ask `importlib.util.find_spec` whether there is such a module.
        self.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)

    def __reduce__(self):
        return import_for_script, (self.__name__,)


def import_for_script(name):
    """Returns what a script imports as `name`, also in a process that a script has begun."""
    from convlayers.scripts.finder import install_as_keras

    install_as_keras()
    return importlib.import_module(name)


class OldModule(ScriptModule):
    """A module that Keras does not have any more. It hands on what has its names today, and warns once.

    Args:
        path: where it was, as "layers.convolutional".
    """

    def __init__(self, path):
        super().__init__(f"keras.{path}")
        self.__path__ = []
        self._path = path

    def __getattr__(self, name):
        if name == "__all__":
            return sorted({name for module in self._today() for name in dir(module) if not name.startswith("_")})
        if name.startswith("__"):
            raise AttributeError(name)
        for path, module in zip(OLD_MODULES[self._path], self._today(), strict=True):
            if hasattr(module, name):
                warn_of(self.__name__, f"`from keras.{path} import {keras1.CLASSES.get(name, name)}`")
                return getattr(module, name)
        # There may be a module of this package at the same place.
        beside = f"convlayers.{self._path}"
        try:
            return importlib.import_module(f"{beside}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(
                f"module '{self.__name__}' has no attribute '{name}'. What it had is in "
                f"{' and '.join(f'`keras.{path}`' for path in OLD_MODULES[self._path])} today, where there is no '{name}'."
            ) from None

    def __call__(self, *args, **kwargs):
        """`keras.layers.merge` was a function before it became a module."""
        return importlib.import_module("convlayers.legacy.layers").merge(*args, **kwargs)

    def _today(self):
        return [importlib.import_module(f"keras.{path}") for path in OLD_MODULES[self._path]]


def find_old_module(path):
    """Returns a module that Keras does not have any more, None if it never had one at this path."""
    if path in KEPT_MODULES:
        return importlib.import_module(KEPT_MODULES[path])
    if path in OLD_MODULES and path not in _old_modules:
        _old_modules[path] = OldModule(path)
    return _old_modules.get(path)


def extend(path):
    """Returns the module of this package at a path, with what old scripts look for in it and in those below it."""
    module = importlib.import_module(f"convlayers.{path}")
    for place in {path, *(place for place in ADDITIONS if place.startswith(f"{path}."))}:
        if place not in _extended:
            _extended.add(place)
            _extend(place, importlib.import_module(f"convlayers.{place}"))
    return module


def _extend(path, module):
    if path in ADDITIONS:
        addition = importlib.import_module(ADDITIONS[path])
        vars(module).update(addition.ADDED)
        if "__all__" in vars(module):
            module.__all__ = [*module.__all__, *addition.ADDED]
    for old in OLD_MODULES:
        parent, _, name = old.rpartition(".")
        if parent == path:
            setattr(module, name, find_old_module(old))
            vars(module).setdefault("__path__", [])  # only a package has modules in it
    renamed, rest = RENAMED.get(path, {}), vars(module).get("__getattr__")

    def __getattr__(name):
        if name in renamed:
            home, _, today = renamed[name].rpartition(".")
            warn_of(f"keras.{path}.{name}", f"`keras.{home or path}.{today}`")
            return getattr(importlib.import_module(f"keras.{home or path}"), today)
        if rest is not None:
            return rest(name)
        raise AttributeError(f"module 'keras.{path}' has no attribute '{name}'")

    module.__getattr__ = __getattr__
