"""TensorBoard's files of events, through the package `tensorboard` or `tensorboardX`, whichever is installed."""

import importlib
import struct
import time
import zlib

import numpy as np

_PACKAGES = (  # messages, and the class that writes them
    ("tensorboard.compat.proto", "tensorboard.summary.writer.event_file_writer"),
    ("tensorboardX.proto", "tensorboardX.event_file_writer"),
)
_FLOAT, _DOUBLE, _STRING = 1, 2, 7  # number types of the messages
_BUCKETS = 30


class EventWriter:
    """Writes events into a new file of a folder.

    Args:
        folder: path, made where there is none.

    Raises:
        ImportError: if neither package is installed.
    """

    def __init__(self, folder):
        self._messages, writer = _import_package()
        self._writer = writer(folder)

    def scalar(self, name, value, step):
        self._add(name, "scalars", step, dtype=_FLOAT, float_val=[float(value)])

    def histogram(self, name, values, step):
        values = np.asarray(values, "float64").ravel()
        counts, edges = np.histogram(values, _BUCKETS)
        rows = np.stack([edges[:-1], edges[1:], counts], axis=1)
        self._add(name, "histograms", step, rows.shape, dtype=_DOUBLE, double_val=rows.ravel())

    def images(self, name, images, step):
        """Writes up to three images of 1, 3 or 4 channels, of shape `(n, h, w, c)`, with numbers from 0 to 1."""
        _, height, width, _ = images.shape
        parts = [str(width).encode(), str(height).encode(), *map(_to_png, images[:3])]
        self._add(name, "images", step, (len(parts),), dtype=_STRING, string_val=parts)

    def text(self, name, plugin, text, step):
        """Writes a string for a plugin of TensorBoard."""
        self._add(name, plugin, step, content=b"1", dtype=_STRING, string_val=[text.encode()])

    def _add(self, name, plugin, step, shape=(), content=b"", **tensor):
        summary = self._messages("summary")
        sizes = [{"size": size} for size in shape]
        metadata = summary.SummaryMetadata(plugin_data={"plugin_name": plugin, "content": content})
        tensor = self._messages("tensor").TensorProto(tensor_shape={"dim": sizes}, **tensor)
        value = summary.Summary.Value(tag=name, metadata=metadata, tensor=tensor)
        event = self._messages("event").Event(wall_time=time.time(), step=int(step), summary=summary.Summary(value=[value]))
        self._writer.add_event(event)

    def flush(self):
        self._writer.flush()

    def close(self):
        self._writer.close()


def _import_package():
    """Returns a function from the name of a message file to its module, and the class that writes messages."""
    for messages, writer in _PACKAGES:
        try:
            found = importlib.import_module(writer).EventFileWriter
        except ImportError:
            continue
        return lambda name, messages=messages: importlib.import_module(f"{messages}.{name}_pb2"), found
    raise ImportError(
        "TensorBoard callback requires a package that writes its files.\n"
        "Neither `tensorboard` nor `tensorboardX` could be imported. Install one of them: pip install tensorboard"
    )


def _to_png(image):
    height, width, channels = image.shape
    rows = np.zeros((height, 1 + width * channels), "uint8")  # each row begins with the number of its filter, 0 for none
    rows[:, 1:] = (np.clip(image, 0, 1) * 255 + 0.5).astype("uint8").reshape(height, -1)
    colors = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colors, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
