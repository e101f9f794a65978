"""Names that are imported when they are first asked for: a package of many parts, of which a program needs few."""

import importlib
import sys
import types

from convlayers.left_out import missing


def late_names(package, parts=(), within=None, **modules):
    """Returns `__getattr__`, `__dir__` and `__all__` for a package or module.

    Args:
        package: its name.
        parts: the modules in it that are names of the package themselves.
        within: the package that `modules` are in, if it is another one.
        modules: for each module, the names that it has for the package, with spaces between them.

    Example:

    >>> __getattr__, __dir__, __all__ = late_names(__name__, history="History", progbar_logger="ProgbarLogger")
    """
    places = {name: module for module, names in modules.items() for name in names.split()}

    def find(name):
        if name in parts:
            return importlib.import_module(f"{package}.{name}")
        if name not in places:
            raise missing(package, name)
        part = getattr(importlib.import_module(f"{within or package}.{places[name]}"), name)
        setattr(sys.modules[package], name, part)  # from now on an ordinary attribute
        return part

    def names():
        # Its other modules are there for the package itself.
        present = {name for name, value in vars(sys.modules[package]).items() if not isinstance(value, types.ModuleType)}
        return sorted({*present, *parts, *places})

    return find, names, [*parts, *places]
