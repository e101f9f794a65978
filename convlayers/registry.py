"""The names that files and arguments have for classes and functions.

A name is looked up in tables and nowhere else: the families of this package, which announce themselves with
`register_family`, and what the user registered or passed as `custom_objects`. No module is imported by the name that it
has in a file, so a file can build only what is in the tables.
"""

import functools
import importlib
import threading

from convlayers.naming import to_snake_case

# What `keras.saving` and `keras.utils` both have, by the module of this package that has it.
OF_SAVING_AND_UTILS = {
    "registry": "CustomObjectScope custom_object_scope get_custom_objects get_registered_name get_registered_object "
    "register_keras_serializable",
    "serialization": "deserialize_keras_object serialize_keras_object",
}

# Packages whose modules hold the same classes under the same names: Keras 3, Keras 2, tf.keras 1 and 2. Python's own
# stands for functions, and no package for files that name none.
_KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow", "builtins", "")

_families = {}  # {"keras.layers": {"Conv2D": Conv2D, ...}, ...}
_public_names = {}  # {Conv2D: ("keras.layers", "Conv2D"), ...}
_lazy_families = {}  # {"applications": "convlayers.applications"}: by a word of their names, what to import for them
_custom_objects = {}  # {"package>name": object, ...}
_custom_names = {}  # {object: "package>name", ...}


class _Scope(threading.local):
    """What the `CustomObjectScope`s that this thread is in make known."""

    def __init__(self):
        self.objects = {}


_scope = _Scope()


# Names of custom objects ----------------------------------------------------------------------------------------------


class CustomObjectScope:
    """Makes classes and functions known by name to everything that is loaded inside `with CustomObjectScope(objects):`.

    Args:
        custom_objects: dict of names and classes or functions.
    """

    def __init__(self, custom_objects):
        self.custom_objects = custom_objects or {}

    def __enter__(self):
        self._outside = _scope.objects
        _scope.objects = {**self._outside, **self.custom_objects}
        return self

    def __exit__(self, *exception):
        _scope.objects = self._outside


custom_object_scope = CustomObjectScope


def get_custom_objects():
    """Returns the dict of registered objects itself, to be read and changed."""
    return _custom_objects


def register_keras_serializable(package="Custom", name=None):
    """Returns a decorator that registers a class or function, so that files which name it can be loaded.

    Args:
        package: the first part of the name in files, `package>name`.
        name: the second part, by default the name of the class or function.

    Raises:
        ValueError: for a class without a `get_config()` method.
    """

    def register(target):
        if isinstance(target, type) and not hasattr(target, "get_config"):
            raise ValueError("Cannot register a class that does not have a get_config() method.")
        registered_name = f"{package}>{name or target.__name__}"
        _custom_objects[registered_name] = target
        _custom_names[target] = registered_name
        return target

    return register


def get_registered_name(obj):
    """Returns the name that a class or function was registered under, else its own name."""
    return _custom_names.get(obj, obj.__name__)


def get_registered_object(name, custom_objects=None, module_objects=None):
    """Returns the class or function that is known by a name, or None."""
    for table in (_scope.objects, _custom_objects, custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


# Names of built-in objects --------------------------------------------------------------------------------------------


def register_family(module, table):
    """Announces built-in classes and functions by the names that files have for them.

    Args:
        module: Keras's public module, as "keras.layers".
        table: dict of names and classes or functions. Of several names for one, the first is written to files.
    """
    _families.setdefault(module, {}).update(table)
    _find_built_in.cache_clear()
    for name, target in table.items():
        _public_names.setdefault(target, (module, name))


def register_lazy_families(word, package):
    """Announces families that few files need: their package is imported when a file names one, and registers them.

    Args:
        word: a part of the names of Keras's modules that have them.
        package: the package of ours.
    """
    _lazy_families[word] = package


def register_functions(*functions):
    """Announces built-in functions by their names, which files have with "builtins" as the module.

    For those whose names mean something else in the table of their family, as a metric's does the class.
    """
    register_family("builtins", {function.__name__: function for function in functions})


def public_name(target):
    """Returns the module and name that files have for a built-in class or function, None for any other."""
    return None if target in _custom_names else _public_names.get(target)


def known_names():
    """Returns all names that a file may use."""
    return [*_custom_objects, *_scope.objects, *(name for table in _families.values() for name in table)]


def find(name, module, registered_name=None, family=None):
    """Returns the class or function that a file means, or None.

    Args:
        name: the name in the file.
        module: the module in the file; "" if the file has none; None for a class of the script that wrote it.
        registered_name: the name of a custom object, if the file has one.
        family: the module of the family that is wanted, where the file's module does not decide.
    """
    custom = get_registered_object(registered_name or name)
    if custom is None and isinstance(module, str) and module.split(".")[0] in _KERAS_PACKAGES:
        # Keras 2 took its own optimizers for custom ones.
        name_in_keras = name.removeprefix("Custom>")
        custom = _find_built_in(name_in_keras, module, family) or _find_lazy(name_in_keras, module, family)
    return _find_by_last_name(name) if custom is None else custom


@functools.lru_cache(1024)  # A model names the same few classes in each of its layers.
def _find_built_in(name, module, family):
    # Modules were moved and renamed over the years, but the word of the family always stayed among their parts:
    # "keras.src.initializers.random_initializers", "keras.initializers.initializers_v2".
    words = module.split(".")[1:]
    places = [module, *(known for known in _families if known.split(".")[-1] in words)]
    if family is not None:
        places.append(family)
    if module or family is None:
        places += _families
    for place in places:
        if name in _families.get(place, ()):
            return _families[place][name]
    return None


def _find_lazy(name, module, family):
    # All that are not lazy are there with the models. A program may have imported less: `keras.utils` alone, for instance.
    importlib.import_module("convlayers.models")
    found = _find_built_in(name, module, family)
    if found is not None:
        return found
    for word, package in _lazy_families.items():
        if module and word not in module.split("."):
            continue
        importlib.import_module(package)
        for known, table in _families.items():
            if word in known.split(".") and name in table:
                return table[name]
    return None


def _find_by_last_name(name):
    # Some versions of Keras wrote "name" for what is registered as "package>name".
    for known, custom in {**_custom_objects, **_scope.objects}.items():
        if known.split(">")[-1] == name.split(">")[-1]:
            return custom
    return None


def table_of(*classes, **aliases):
    """Returns the table of a family: each class by its name and its name in snake case, and then by its other names."""
    table = {cls.__name__: cls for cls in classes}
    return {**table, **{to_snake_case(name): cls for name, cls in table.items()}, **aliases}


def subclasses_in(namespace, base):
    """Returns the classes in the namespace of a module that derive from one, by their names there."""
    return {name: value for name, value in namespace.items() if isinstance(value, type) and issubclass(value, base)}
