"""Arrays are read while the model that they belong to is being made."""

import numpy as np

# Of how many bytes a file must be: a thread takes as long to begin as a few small arrays to be read.
_WORTHWHILE = 1 << 20


class ReadAhead:
    """Begins to read arrays, in a thread, into new ones, which a model then gets for its variables.

    Which array belongs to which variable is known only when the model is there. But most often, they have the same name, or
    variables are made in the order of the file: so each gets the array of its name, or the first one of its shape that is left.
    Whether that was the right one, `has_read` says; if it was not, the variable is read once more.

    Args:
        file: a `Window`.
        stored: the arrays that may be wanted, in the order of their places, each with a `path`, a `start`,
            a `size` in bytes, a `shape` and a `dtype`. None lies over another.
    """

    def __init__(self, file, stored):
        self._file = file
        self._arrays = {one: np.empty(one.shape, one.dtype) for one in stored}
        self._left = {}  # {(shape, dtype): {name: array}}
        for number, (one, array) in enumerate(self._arrays.items()):
            name = _name_in(one.path)
            left = self._left.setdefault((one.shape, one.dtype), {})
            left[number if name in left else name] = array
        buffers = [array.reshape(-1).view(np.uint8) for array in self._arrays.values()]
        file.begin_pass([one.start for one in stored], buffers)

    def new_array(self, shape, dtype, path):
        """Returns a new array for the variable of a path. Something from the file may be read into it, now or later."""
        left = self._left.get((shape, np.dtype(dtype)))
        if not left:
            return np.empty(shape, dtype)
        name = _name_in(path)
        return left.pop(name if name in left else next(iter(left)))

    def finish(self):
        """Waits until all is read. Returns whether it is."""
        return self._file.finish_pass() is not None

    def has_read(self, stored, array):
        """Whether what is stored is in an array now, if that is a new one which nobody else has written into."""
        return self.finish() and self._arrays.get(stored) is array


def _name_in(path):
    """Returns the last part of a path, and that before it: "conv2d/kernel"."""
    return "/".join(path.removesuffix(":0").split("/")[-2:])


def read_ahead(file, stored):
    """Returns a `ReadAhead`; None if it is not worth it, or if the binary file can't be read in a thread."""
    worthwhile = sum(one.size for one in stored) >= _WORTHWHILE
    return ReadAhead(file, stored) if worthwhile and hasattr(file, "begin_pass") else None
