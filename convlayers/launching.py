"""Calls that ops make of kernels, and how they are noted, to be made again with the same arrays.

A step of training does what the step before did, with other numbers in arrays of the same shapes. Where the arrays are small,
it takes longer to find out what is to be computed than to compute it. So ops make their calls by `launch`, and the arrays for
results by `empty`. While a `Recording` listens, it notes the calls and keeps the arrays.

Rules for what can be recorded:

* Whatever depends on numbers happens in calls that are launched, of a kernel or of a function in Python.
* These write to arrays that they are given. What they return counts for nothing.
* What they read is from `empty`, or one of the arrays that the recording was made with, as weights, or that it was told of.
* Nobody else writes to what is from `empty`.

An op that knows nothing of this is found out: a later call reads an array of another origin, and the recording says that it is
not `complete`.
"""

import threading

import numpy as np

from convlayers._native import memory

_LINE = 64  # bytes


class _Listening(threading.local):
    """The recording that listens to this thread, or None."""

    recording = None


_listening = _Listening()


def launch(function, *arguments):
    """Calls a function that reads and writes arrays, one of its arguments each, or in lists of them."""
    recording = _listening.recording
    if recording is None:
        function(*arguments)
    else:
        recording.make(function, arguments)


def compute(function, *arguments):
    """Returns what a function of NumPy makes of arrays, one that also takes the array for its result, as its last argument."""
    if _listening.recording is None:
        return function(*arguments)
    result = _lasting(function, *arguments)
    if type(result) is np.ndarray:
        _listening.recording.add(result)
        launch(function, *arguments, result)
    return result


def empty(shape, dtype):
    """Returns an array for results of calls that are launched."""
    recording = _listening.recording
    if recording is None:
        return np.empty(shape, dtype)
    array = _lasting(_empty_on_lines, shape, np.dtype(dtype))
    recording.add(array)
    return array


def empty_like(x):
    """Returns such an array of the shape and dtype of another, with its numbers in memory in the same order."""
    recording = _listening.recording
    if recording is None:
        return np.empty_like(x)
    array = _lasting(np.empty_like, x)
    recording.add(array)
    return array


def add_source(array):
    """Says that an array which calls read is not from `empty`, but stays what it is as long as the weights do."""
    if _listening.recording is not None:
        _listening.recording.add_source(array)


def is_recorded_for_other_weights():
    """Whether calls of this thread are being noted, to be made again when weights have other numbers."""
    return _listening.recording is not None and _listening.recording.for_other_weights


class Recording:
    """The calls that are launched inside of `with recording:`, which may be entered several times.

    Args:
        sources: list of arrays that calls may read, which must stay where they are.
        most_bytes: of the results. A recording that would keep more is given up.
        for_other_weights: whether the calls will be made with other numbers in the weights.

    Attributes:
        calls: list of pairs of a function and its arguments.
        complete: whether making the calls again does all that was done, as far as is known.
    """

    def __init__(self, sources, most_bytes, for_other_weights=True):
        self.calls = []
        self.complete = True
        self.for_other_weights = for_other_weights
        self._left = most_bytes
        # The arrays themselves, so that no other can get the same identity.
        self._known = {}
        for source in sources:
            self.add_source(source)

    def __enter__(self):
        _listening.recording = self if self.complete else None
        return self

    def __exit__(self, *exception):
        _listening.recording = None

    def add_source(self, array):
        """Notes an array that calls may read."""
        owner = _owner_of(array)
        self._known[id(owner)] = owner

    def add(self, array):
        """Notes a new array for results."""
        self._left -= array.nbytes
        if self._left < 0:
            self.give_up()
        self.add_source(array)

    def make(self, function, arguments):
        """Calls a function, and notes that."""
        if all(map(self.knows, _arrays_in(arguments))):
            self.calls.append((function, arguments))
        else:
            self.give_up()
        _listening.recording = None  # What it launches itself is a part of it.
        try:
            function(*arguments)
        finally:
            self.__enter__()

    def take_calls(self):
        """Returns the calls so far, and begins anew."""
        calls, self.calls = self.calls, []
        return calls

    def knows(self, array):
        """Whether an array is a source or a result, or a view of one."""
        return id(_owner_of(array)) in self._known

    def give_up(self):
        """Notes nothing any more."""
        self.complete = False
        self.calls, self._known = [], {}
        _listening.recording = None


@memory.lasting
def _lasting(function, *arguments):
    """Returns what a function does, with arrays that are not from the pool: they will stay."""
    return function(*arguments)


def _empty_on_lines(shape, dtype):
    """Returns an array that begins with a line of the cache, as large ones of the pool do."""
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.empty(size + _LINE, np.uint8)
    start = -room.ctypes.data % _LINE
    return room[start : start + size].view(dtype).reshape(shape)


def _owner_of(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _arrays_in(arguments):
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            yield argument
        elif isinstance(argument, (list, tuple)):
            yield from _arrays_in(argument)
