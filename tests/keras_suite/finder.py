"""Lets Keras's tests import convlayers under the names that Keras has for its parts.

What a test imports is one of three things: a public part (`keras.layers`), which is convlayers's own module; a helper for
tests (`keras.src.testing`, `..._test`, `keras.src.tree`), which is Keras's own source, run again with these imports; and any
other module of `keras.src`, which becomes an empty one that finds its names in convlayers.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
import unittest
from pathlib import Path

from tests.keras_suite.left_out import reason_for
from tests.keras_suite.stand_ins import STAND_INS

# Where names of `keras.src` are looked for, after the module of the same place.
_EVERYWHERE = [
    "layers",
    "models",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "random",
    "dtype_policies",
    "saving",
    "utils",
    "utils.bounding_boxes",
    "ops",
    "config",
    "symbolic",
    "variables",
    "registry",
    "serialization",
    "naming",
    "validation",
]
# Libraries that some tests need. Where TensorFlow is installed it is not imported: it would be compared with nothing.
ABSENT = {
    "tensorflow",
    *(name for name in ("jax",) if importlib.util.find_spec(name) is None),
    "grain",
    *(name for name in ("scipy", "pandas", "PIL", "torch") if importlib.util.find_spec(name) is None),
}
# What Python and pytest ask any module for.
_NOT_OF_KERAS = ("__", "pytest", "setUp", "setup", "tearDown", "teardown")
# Names that both a module of Keras and what is in it have.
_RATHER_MODULES = ("keras.src.dtype_policies.dtype_policy",)
_KERAS_OWN = (
    "keras.src.testing",
    "keras.src.tree",
    "keras.src.api_export",
    "keras.src.backend.common.backend_utils",
    "keras.src.backend.common.dtypes",
    "keras.src.utils.module_utils",
)


def keras_folder():
    """Returns the folder of the installed Keras, without importing it."""
    return Path(importlib.util.find_spec("keras").origin).parent


class Shim(types.ModuleType):
    """A module of Keras whose names are those of convlayers."""

    def __init__(self, name, places, folder):
        super().__init__(name)
        self.__path__ = []
        self._places = places
        self._folder = folder

    def __getattr__(self, name):
        if name.startswith(_NOT_OF_KERAS):
            raise AttributeError(name)
        own, *others = self._places
        found = getattr(importlib.import_module(own), name, None)
        if found is not None and not isinstance(found, types.ModuleType) and f"{self.__name__}.{name}" not in _RATHER_MODULES:
            return found
        if (self._folder / name).is_dir() or (self._folder / f"{name}.py").exists():
            return importlib.import_module(f"{self.__name__}.{name}")
        for place in others:
            module = importlib.import_module(place)
            if hasattr(module, name):
                return getattr(module, name)
        return Missing(f"{self.__name__}.{name}")


class Missing:
    """A name that convlayers does not have: only the tests that use it fail, not all that are in a file that imports it."""

    def __init__(self, name):
        self._name = name

    def __call__(self, *args, **kwargs):
        reason = reason_for(self._name)
        if reason is not None:
            raise unittest.SkipTest(f"{self._name.split('.')[-1]}: {reason}")
        if self._name.startswith("keras.src.ops.") and self._name.split(".")[-1][0].isupper():
            return OpClass(self._name.split(".")[-1], args, kwargs)
        raise AttributeError(f"convlayers has nothing for '{self._name}'")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self._name}.{name}")

    def __mro_entries__(self, bases):
        return (object,)


# Ops that take what is no array in front of the arrays.
_ARGUMENTS_FIRST = ("Einsum", "ForiLoop", "Full", "WhileLoop")
_SHORTENED = {"LayerNorm": "LayerNormalization", "RMSNorm": "RMSNormalization"}


def _op_of(class_name):
    """Returns the op that is behind a class of Keras, None if there is none."""
    ops = importlib.import_module("convlayers.ops")
    wanted = _SHORTENED.get(class_name, class_name).lower()
    for module in (ops, ops.image):
        for name in dir(module):
            if name.replace("_", "") == wanted:
                return getattr(module, name)
    return None


class OpClass:
    """A class that Keras has behind an op: it is made with what is no array, and called with arrays."""

    def __init__(self, name, args, kwargs):
        self._op = _op_of(name)
        if self._op is None:
            raise unittest.SkipTest(f"{name}: the classes behind ops are inside of Keras")
        self._args, self._kwargs, self._args_first = args, kwargs, name in _ARGUMENTS_FIRST

    def __getattr__(self, name):
        raise unittest.SkipTest(f"{name}: the classes behind ops are inside of Keras")

    def __call__(self, *arrays, **kwargs):
        parts = (self._args, arrays) if self._args_first else (arrays, self._args)
        return self._op(*parts[0], *parts[1], **self._kwargs, **kwargs)

    call = __call__

    def symbolic_call(self, *arrays, **kwargs):
        symbolic, nested = (importlib.import_module(f"convlayers.{name}") for name in ("symbolic", "nested"))

        def as_symbolic(x):
            return symbolic.KerasTensor(x.shape, x.dtype) if hasattr(x, "shape") else x

        return self(*nested.map_structure(as_symbolic, arrays), **nested.map_structure(as_symbolic, kwargs))

    compute_output_spec = symbolic_call


class Absent(types.ModuleType):
    """A library that some of Keras's tests need beside Keras. These tests are skipped."""

    def __init__(self, name):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name):
        if name.startswith(_NOT_OF_KERAS):
            raise AttributeError(name)
        # Others ask whether something is an instance of a class.
        kind = AbsentClass if name[0].isupper() else Absent
        return kind(f"{self.__name__}.{name}")

    def __call__(self, *args, **kwargs):
        raise unittest.SkipTest(f"{self.__name__} is not there")

    def __mro_entries__(self, bases):
        return (object,)


class AbsentClass(type):
    """A class of such a library. It has no instances."""

    def __new__(mcs, name, bases=(), namespace=None):
        return super().__new__(mcs, name, bases, namespace or {})

    def __init__(cls, name, bases=(), namespace=None):
        super().__init__(name, bases, namespace or {})

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{cls.__name__}.{name}")

    def __call__(cls, *args, **kwargs):
        raise unittest.SkipTest(f"{cls.__name__} is not there")


class KerasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `keras` and what is below it."""

    def __init__(self, folder):
        self._folder = folder

    def find_spec(self, fullname, path=None, target=None):
        if fullname.split(".")[0] in ABSENT:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        if fullname not in STAND_INS and fullname != "keras" and not fullname.startswith("keras."):
            return None
        source = self._own_source(fullname)
        if source is not None:
            return importlib.util.spec_from_file_location(
                fullname, source, submodule_search_locations=[] if source.name == "__init__.py" else None
            )
        if not self._exists(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def _own_source(self, fullname):
        if not fullname.endswith("_test") and not fullname.startswith(_KERAS_OWN):
            return None
        path = self._path(fullname)
        return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"

    def _exists(self, fullname):
        path = self._path(fullname)
        return (
            path.is_dir() or path.with_suffix(".py").exists() or fullname in STAND_INS or not fullname.startswith("keras.src")
        )

    def _path(self, fullname):
        return self._folder.joinpath(*fullname.split(".")[1:])

    def create_module(self, spec):
        if spec.name.split(".")[0] in ABSENT:
            return Absent(spec.name)
        if spec.name in STAND_INS:
            return STAND_INS[spec.name]()
        return Shim(spec.name, list(self._places(spec.name)), self._path(spec.name))

    def exec_module(self, module):
        """There is nothing to run."""

    def _places(self, fullname):
        parts = fullname.split(".")
        public = parts[1] != "src" if len(parts) > 1 else True
        parts = parts[1:] if public else parts[2:]
        if parts[:1] == ["ops"]:
            # Here all ops are in one place, but for those of images.
            parts = parts[:2] if parts[1:2] == ["image"] else ["ops"]
        for length in range(len(parts), -1, -1):
            place = ".".join(["convlayers", *parts[:length]])
            if _is_module(place):
                yield place
                break
        if parts == ["ops"]:
            yield "convlayers"  # for `ops.random`
        elif not public and parts[:1] != ["ops"]:
            yield from (f"convlayers.{part}" for part in _EVERYWHERE if _is_module(f"convlayers.{part}"))


def _is_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def install():
    """Puts the finder in front of all others, and returns the folder of the installed Keras."""
    folder = keras_folder()
    assert not any(name.split(".")[0] == "keras" for name in sys.modules), "Keras is imported already"
    sys.meta_path.insert(0, KerasFinder(folder))
    return folder
