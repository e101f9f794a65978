"""Names that nobody chose: `Conv2D` is called "conv2d", the next one "conv2d_1"."""

import collections
import contextlib
import functools
import re
import threading


class _Counters(threading.local):
    """How often each name was given out in this thread."""

    def __init__(self):
        self.uses = collections.defaultdict(int)


_counters = _Counters()


@functools.lru_cache(1024)
def to_snake_case(name):
    """Returns the name of a class as that of an object, as "max_pooling2d" for "MaxPooling2D"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name):
    """Returns `name` the first time it is asked for, then `name_1`, `name_2` ..."""
    uses = _counters.uses[name]
    _counters.uses[name] += 1
    return f"{name}_{uses}" if uses else name


def auto_name(prefix):
    """Returns a name that no object has, made from the name of a class."""
    return uniquify(to_snake_case(prefix))


def get_uid(prefix=""):
    """Returns 1 for the first object with a name, 2 for the second ..."""
    _counters.uses[prefix] += 1
    return _counters.uses[prefix]


def reset_uids():
    """Starts all names anew."""
    _counters.uses.clear()


class _NameScope(threading.local):
    """The names of the layers that are being built around this point, outermost first."""

    def __init__(self):
        self.parts = ()

    @property
    def path(self):
        return "/".join(self.parts)

    def path_to(self, name):
        """Returns the path of what is made here under a name."""
        return "/".join((*self.parts, name))

    @contextlib.contextmanager
    def inside(self, name):
        """Adds a name while a layer is built. `build` that calls the `build` of its base class adds it once."""
        outer = self.parts
        self.parts = outer if outer[-1:] == (name,) else (*outer, name)
        try:
            yield
        finally:
            self.parts = outer


name_scope = _NameScope()


def get_object_name(obj):
    """Returns the name that an object has, or a function's or class's name as that of an object."""
    if hasattr(obj, "name"):
        return obj.name
    return to_snake_case(getattr(obj, "__name__", type(obj).__name__))
