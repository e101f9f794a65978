"""Names that are imported when they are first asked for: a package of many parts, of which a program needs few."""

import importlib
import sys
import types

from convlayers.unsupported import missing


def lazy_names(package, parts=(), beside=None, **modules):
    """Returns `__getattr__`, `__dir__` and `__all__` for a package or module.

    Args:
        package: its name.
        parts: the modules in it that are names of the package themselves.
        beside: dict of modules of convlayers itself, and the names that they have for the package.
        modules: for each module in the package, the names that it has for it, with spaces between them.

    Example:

    >>> __getattr__, __dir__, __all__ = lazy_names(__name__, history="History", progbar_logger="ProgbarLogger")
    """
    modules = {f"{package}.{module}": names for module, names in modules.items()}
    modules.update((f"convlayers.{module}", names) for module, names in (beside or {}).items())
    places = {name: module for module, names in modules.items() for name in names.split()}

    def find(name):
        if name in parts:
            return importlib.import_module(f"{package}.{name}")
        if name not in places:
            raise missing(package, name)
        part = getattr(importlib.import_module(places[name]), name)
        setattr(sys.modules[package], name, part)  # from now on an ordinary attribute
        return part

    def names():
        # Its other modules, and this function, are there for the package itself.
        here = vars(sys.modules[package]).items()
        present = {name for name, value in here if not isinstance(value, types.ModuleType) and value is not lazy_names}
        return sorted({*present, *parts, *places})

    return find, names, [*parts, *places]
