"""Names that are imported when they are first asked for: a package of many parts, of which a program needs few."""

import importlib
import sys

from convlayers.left_out import missing


def late_names(package, parts=(), **modules):
    """Returns `__getattr__`, `__dir__` and `__all__` for a package.

    Args:
        package: its name.
        parts: the modules in it that are names of the package themselves.
        modules: for each module in it, the names that it has for the package, with spaces between them.

    Example:

    >>> __getattr__, __dir__, __all__ = late_names(__name__, history="History", progbar_logger="ProgbarLogger")
    """
    places = {name: module for module, names in modules.items() for name in names.split()}

    def find(name):
        if name in parts:
            return importlib.import_module(f"{package}.{name}")
        if name not in places:
            raise missing(package, name)
        part = getattr(importlib.import_module(f"{package}.{places[name]}"), name)
        setattr(sys.modules[package], name, part)  # from now on an ordinary attribute
        return part

    def names():
        return sorted({*vars(sys.modules[package]), *parts, *places})

    return find, names, [*parts, *places]
