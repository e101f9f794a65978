"""`tf.summary`: numbers and images for TensorBoard, where a package that writes its files is installed."""

import contextlib

import numpy as np

from convlayers.autograd import value_of
from convlayers.callbacks.event_writer import EventWriter
from convlayers.legacy.old_spelling import warn_once

# The writers that are the default, the innermost last, each with the step that it began with.
_defaults = []


class SummaryWriter:
    """Writes into a folder; nothing, where no package does.

    Args:
        logdir: path of the folder; None for a writer that writes nothing.
    """

    def __init__(self, logdir=None):
        self._events = None
        if logdir is not None:
            try:
                self._events = EventWriter(str(logdir))
            except ImportError:
                warn_once(
                    "tf.summary",
                    "`tf.summary` writes nothing, because neither `tensorboard` nor `tensorboardX` is installed.",
                )

    @contextlib.contextmanager
    def as_default(self, step=None):
        """Is the writer of what is told inside of `with`, whose steps are `step` where none is given."""
        _defaults.append((self, step))
        try:
            yield self
        finally:
            _defaults.pop()
            self.flush()

    def set_as_default(self, step=None):
        _defaults.append((self, step))

    def init(self):
        pass

    def _write(self, kind, name, data, step):
        if self._events and kind == "text":
            self._events.text(name, "text", data, step)
        elif self._events:
            getattr(self._events, kind)(name, data, step)

    def flush(self):
        if self._events:
            self._events.flush()

    def close(self):
        if self._events:
            self._events.close()


def create_file_writer(logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None):
    return SummaryWriter(logdir)


def create_noop_writer():
    return SummaryWriter()


def scalar(name, data, step=None, description=None):
    return _write("scalar", name, data, step)


def histogram(name, data, step=None, buckets=None, description=None):
    return _write("histogram", name, data, step)


def image(name, data, step=None, max_outputs=3, description=None):
    """Tells of images with numbers from 0 to 1, or integers up to 255."""
    images = np.asarray(value_of(data))
    images = images / 255 if images.dtype.kind in "iu" else images
    return _write("images", name, images[:max_outputs], step)


def text(name, data, step=None, description=None):
    return _write("text", name, str(value_of(data)), step)


def _write(kind, name, data, step):
    if not _defaults:
        return False
    writer, first = _defaults[-1]
    step = first if step is None else step
    if step is None:
        raise ValueError("No step set. Please specify one either through the `step` argument or through `as_default(step)`.")
    writer._write(kind, name, value_of(data), int(value_of(step)))
    return True
