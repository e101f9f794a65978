"""Layers made from their entries in the config of a model. An error says which one it was."""

import contextlib
import threading

from convlayers.layers.layer import Layer
from convlayers.serialization import deserialize_keras_object


class _Place(threading.local):
    """The entries that this thread is making layers from, outermost first."""

    def __init__(self):
        self.parts = ()

    @property
    def text(self):
        return " of nested model ".join(reversed(self.parts))

    @contextlib.contextmanager
    def inside(self, part):
        outer, self.parts = self.parts, (*self.parts, part)
        try:
            yield
        finally:
            self.parts = outer


_place = _Place()


@contextlib.contextmanager
def place_of(entry, index):
    """An error in this block says of which layer of its model it is.

    Args:
        entry: the encoding of a layer.
        index: the place of the entry among the layers of its model.
    """
    name = entry.get("config", {}).get("name") if isinstance(entry, dict) and isinstance(entry.get("config"), dict) else None
    with _place.inside(f"'{name}' (layers[{index}])"):
        try:
            yield
        except (TypeError, ValueError) as error:
            if "\nThis is layer " in str(error):  # Layers in it know better.
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{error}\nThis is layer {_place.text}.") from error


def make_layer(entry, index, custom_objects=None):
    """Returns the layer that an entry describes.

    Args:
        entry: the encoding of a layer.
        index: the place of the entry among the layers of its model.
        custom_objects: dict of names and classes or functions that it may name.

    Raises:
        TypeError, ValueError: if it describes none, with the layer's name and place in the last line.
    """
    with place_of(entry, index):
        if not isinstance(entry, dict) or "config" not in entry:
            raise ValueError(
                "The provided configuration is not a valid Keras configuration. Expected a dictionary containing a 'config' "
                f"key. Received: config={entry}"
            )
        layer = deserialize_keras_object(entry, custom_objects)
        if not isinstance(layer, Layer):
            raise ValueError(f"Unexpected object from deserialization, expected a layer or operation, got a {type(layer)}")
    return layer
