"""Files that are written whole or not at all, and parts of files that are read as files."""

import contextlib
import io
import os
import stat
import threading

from convlayers._native import reading


def as_path(filepath):
    """Returns a path as a string.

    Raises:
        ValueError: if it is none, but the content of a file, for instance.
    """
    if isinstance(filepath, (str, os.PathLike)):
        return os.fspath(filepath)
    raise ValueError(
        "File format not supported: the `filepath` argument is no path. Expected: a path, as 'model.keras'; for `load_model` "
        "and `save_model` also a binary file that is open, as `io.BytesIO(content)`. Received: an object of "
        f"{type(filepath)}"
    )


@contextlib.contextmanager
def replacing(filepath):
    """A binary file to write. It takes its place at `filepath` when the block ends, and leaves no trace if that fails.

    A crash or a full disk leaves the old file whole.

    Args:
        filepath: path. A link is followed; the file that it leads to is replaced.
    """
    target = os.path.realpath(filepath)
    if not os.path.isdir(os.path.dirname(target)):
        raise FileNotFoundError(f"There is no folder '{os.path.dirname(target)}' to write {os.path.basename(target)} to.")
    partial = f"{target}.{os.urandom(4).hex()}.part"
    try:
        with open(partial, "wb") as file:
            yield file
            # A crash of the machine must not leave the new name without what was written.
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(partial, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def may_write(filepath, overwrite):
    """Whether a file may be written: the user is asked if there is one already and `overwrite` is False."""
    return overwrite or not os.path.exists(filepath) or ask_to_overwrite(filepath)


def ask_to_overwrite(filepath):
    """Asks whether a file may be replaced, and returns the answer."""
    answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    while answer not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip().lower()
    if answer == "y":
        print("[TIP] Next time specify overwrite=True!")
    return answer == "y"


class Window(io.RawIOBase):
    """A file, or a part of one, as a binary file to read.

    Args:
        filepath: path.
        start: where in the file the part begins.
        size: how many bytes it has; by default all to the end.
    """

    def __init__(self, filepath, start=0, size=None):
        self._pass = None
        self._filepath = filepath
        self._file = open(filepath, "rb", buffering=0)  # noqa: SIM115 - `close` closes it
        self._start = start
        self._size = os.fstat(self._file.fileno()).st_size - start if size is None else size
        self._position = 0

    def close(self):
        if self._pass is not None:
            self._pass.stop()
        self._file.close()
        super().close()

    def begin_pass(self, places=(), buffers=(), checks=False):
        """Begins to read all of it in a thread, in one pass. One that is under way ends.

        Args:
            places: where there is what belongs into each buffer; they go up.
            buffers: arrays of bytes.
            checks: whether the checksum is wanted.
        """
        if self._pass is not None:
            self._pass.stop()
        self._pass = _Pass(self._filepath, self._start, self._size, list(places), list(buffers), checks)

    def finish_pass(self):
        """Waits for the pass. Returns the CRC-32 of all of it, None if it can't be read."""
        return self._pass.finish()

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._position

    def seek(self, offset, whence=os.SEEK_SET):
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        return self._position

    def readinto(self, buffer):
        """Fills the buffer, for which the operating system may need several calls.

        Raises:
            OSError: if there are not as many bytes.
        """
        view = memoryview(buffer).cast("B")
        if not 0 <= self._position <= self._size - len(view):
            raise OSError(f"Tried to read {len(view)} bytes at {self._position}, but there are only {self._size}.")
        self._file.seek(self._start + self._position)
        while view:
            count = self._file.readinto(view)
            if not count:
                raise OSError("The file ended while it was read.")
            self._position += count
            view = view[count:]
        return len(memoryview(buffer).cast("B"))


class _Pass:
    """A part of a file that a thread reads in one pass, with a file handle of its own. Arguments are those of `Window`."""

    def __init__(self, filepath, start, size, places, buffers, checks):
        self._arguments = start, size, places, buffers
        self._filepath = filepath
        self._checks = checks
        self._checksum = None
        self._stop = reading.Stop()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with contextlib.suppress(OSError), open(self._filepath, "rb", buffering=0) as file:
            self._checksum = reading.read_parts(file.fileno(), *self._arguments, self._stop, self._checks)

    def finish(self):
        self._thread.join()
        return self._checksum

    def stop(self):
        self._stop()
        self._thread.join()
