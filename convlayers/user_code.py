"""What is code of the user: where warnings should point at, and what may do anything."""

import os
import sys

_PACKAGE = os.path.dirname(__file__) + os.sep
_MODULES = f"{__package__}."


def user_stacklevel():
    """Returns the `stacklevel` for a `warnings.warn` of the caller that points at the user's code.

    That is the first frame which is neither of this package nor of an import.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_inside(frame.f_code.co_filename):
        # Python leaves out the frames of an import by itself.
        level += "importlib._bootstrap" not in frame.f_code.co_filename
        frame = frame.f_back
    return level


def is_ours(thing):
    """Whether a class or function is of this package."""
    return (getattr(thing, "__module__", None) or "").startswith(_MODULES)


def _is_inside(path):
    return path.startswith(_PACKAGE) or "importlib" in path
