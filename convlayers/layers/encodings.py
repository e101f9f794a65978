"""Layers as configs of their class and arguments, and back."""

from convlayers.layers.layer import Layer
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import brief


def serialize(layer):
    """Returns the config of a layer together with its class: a dict for `deserialize`.

    Args:
        layer: a layer.
    """
    return serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """Returns the layer that a config describes.

    Args:
        config: dict, as returned by `serialize`.
        custom_objects: dict of names and the classes and functions that they mean.

    Raises:
        ValueError: if it describes something else.
    """
    layer = deserialize_keras_object(config, custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(
            "`keras.layers.deserialize` was passed a `config` object that is not a `keras.layers.Layer`. Received: "
            f"{brief(config)}"
        )
    return layer
