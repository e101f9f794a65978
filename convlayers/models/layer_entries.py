"""Layers made from their entries in the config of a model. An error says which one it was."""

import contextlib
import threading

from convlayers.layers.layer import Layer
from convlayers.serialization import deserialize_keras_object

# What a damaged config may lead to, besides errors of values and types.
DAMAGE = (ArithmeticError, AttributeError, LookupError, MemoryError, NotImplementedError, RecursionError)


@contextlib.contextmanager
def damage_as_value_error(what):
    """Inside, what a damaged config leads to becomes a `ValueError`.

    Args:
        what: what is being made of the config, for the message.
    """
    try:
        yield
    except DAMAGE as error:
        raise ValueError(
            f"{what} could not be made: its config is damaged, or a class in it reads it in a wrong way. "
            f"{type(error).__name__}: {error}"
        ) from error


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
            with damage_as_value_error("A layer"):
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
        # HDF5 files name no modules, and there is an initializer with the name of a layer: `Identity`.
        layer = deserialize_keras_object({"module": "keras.layers", **entry}, custom_objects)
        if not isinstance(layer, Layer):
            raise ValueError(f"Unexpected object from deserialization, expected a layer or operation, got a {type(layer)}")
    return layer
