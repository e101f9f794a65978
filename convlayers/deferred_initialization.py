"""When variables get their initial values, and where their memory is from."""

import contextlib
import threading

import numpy as np

from convlayers.narrow_types import array_dtype


class _Deferred(threading.local):
    """The variables of this thread that have no initial values yet: a list inside `initialized_later`, else None."""

    def __init__(self):
        self.waiting = None
        self.source = None  # of their memory

    def settle(self):
        """Waits until nobody else writes into the memory of variables."""
        if self.source is not None:
            self.source.finish()

    def is_waiting(self, variable):
        return any(variable is waiting for waiting, _ in self.waiting or ())

    def new_array(self, variable, initializer, shape, dtype, from_source):
        """Returns the array of a variable, which begins to wait, from the source or without it."""
        self.waiting.append((variable, initializer))
        # Whatever the memory holds: nobody reads it before something is written to it.
        if self.source is None or not from_source:
            return np.empty(shape, dtype)
        return self.source.new_array(shape, dtype, variable.path)


deferred = _Deferred()


@contextlib.contextmanager
def initialized_later():
    """Inside, variables begin as anything. Those that nothing was assigned to get their initial values at the end.

    A model that is read from a file needs none of them, and making them takes longer than reading it.
    """
    outer, deferred.waiting = deferred.waiting, []
    try:
        yield
        for variable, initializer in deferred.waiting:
            if variable.version == 0:
                variable.assign(initializer(variable.shape, dtype=array_dtype(variable.dtype)))
    finally:
        deferred.waiting = outer


@contextlib.contextmanager
def memory_from(source):
    """Inside, variables that are initialized later get their memory from a source that may read into it until the end.

    Args:
        source: None, or an object with `new_array(shape, dtype, path)`, and with `finish()`, which waits until all is read.
    """
    outer, deferred.source = deferred.source, source
    try:
        yield
        deferred.settle()
    finally:
        deferred.source = outer
