"""Layers around a layer."""

from convlayers.layers.layer import Layer
from convlayers.serialization import deserialize_keras_object, serialize_keras_object


class Wrapper(Layer):
    """The base of layers that do something with another layer. It is of no use by itself.

    Args:
        layer: the other layer.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Raises:
        ValueError: if it is no layer.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Layer {layer} supplied to Wrapper isn't a supported layer type. Please ensure wrapped layer is a valid Keras "
                "layer."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self):
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns a layer made from a config of `get_config`."""
        config = dict(config)
        return cls(deserialize_keras_object(config.pop("layer"), custom_objects), **config)
