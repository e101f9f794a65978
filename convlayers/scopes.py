"""Blocks of code of which something is said: where they compute, and what things in them are called."""

import contextlib

from convlayers import naming


@contextlib.contextmanager
def device(device_name):
    """Says where to compute. There is one device, the CPU, so that it has no effect.

    Args:
        device_name: string, as "cpu:0".

    Raises:
        ValueError: if it is no string.
    """
    if not isinstance(device_name, str):
        raise ValueError(
            "Invalid value for argument `device_name`. Expected a string like 'gpu:0' or 'cpu:0'. Received: "
            f"device_name='{device_name}'"
        )
    yield


class name_scope:
    """Puts a name in front of the paths of variables that are made in a block.

    Args:
        name: string without "/".
        caller, deduplicate, override_parent: accepted as in Keras, where its own layers use them.

    Raises:
        ValueError: if `name` is no such string.

    Example:

    >>> with name_scope("head"):
    ...     layer = layers.Dense(2)
    ...     layer.build((None, 3))
    >>> layer.kernel.path
    'head/dense/kernel'
    """

    def __init__(self, name, caller=None, deduplicate=True, override_parent=None):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}")
        self.name = name

    def __enter__(self):
        self._inside = naming.name_scope.inside(self.name)
        self._inside.__enter__()
        return self

    def __exit__(self, *exception):
        self._inside.__exit__(*exception)
