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
        raise ValueError(_damage(what, error)) from error


def _damage(what, error):
    return (
        f"{what} could not be made: its config is damaged, or a class in it reads it in a wrong way. "
        f"{type(error).__name__}: {error}"
    )


class _Place(threading.local):
    """The entries that this thread is making layers from, outermost first."""

    def __init__(self):
        self.parts = ()

    @property
    def text(self):
        return " of nested model ".join(reversed(self.parts))


_place = _Place()


@contextlib.contextmanager
def place_of(entry, index):
    """An error in this block says of which layer of its model it is. Damage becomes a `ValueError`.

    Args:
        entry: the encoding of a layer.
        index: the place of the entry among the layers of its model.
    """
    config = entry.get("config") if isinstance(entry, dict) else None
    name = config.get("name") if isinstance(config, dict) else None
    outer, _place.parts = _place.parts, (*_place.parts, f"'{name}' (layers[{index}])")
    try:
        yield
    except (TypeError, ValueError, *DAMAGE) as error:
        if "\nThis is layer " in str(error):  # Layers in it know better.
            raise
        message = _damage("A layer", error) if isinstance(error, DAMAGE) else error
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{message}\nThis is layer {_place.text}.") from error
    finally:
        _place.parts = outer


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
