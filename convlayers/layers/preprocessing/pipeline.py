"""Several layers, one after the other."""

from convlayers.layers.layer import Layer
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.symbolic import KerasTensor


class Pipeline(Layer):
    """Calls layers one after the other: several changes of images as one layer.

    Args:
        layers: list of layers.
        name: the layer's name.

    Input shape: that of the first layer.

    Output shape: that of the last layer.

    Example:

    >>> augment = Pipeline([RandomFlip("horizontal"), RandomRotation(0.1)])
    >>> augment(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(self, layers, name=None):
        super().__init__(name=name)
        self._pipeline_layers = layers

    @property
    def layers(self):
        return self._pipeline_layers

    def build(self, input_shape):
        for layer in self._pipeline_layers:
            if not layer.built:
                layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs, training=True, mask=None):
        for layer in self._pipeline_layers:
            takes_mask = mask is not None and layer._call_signature.takes_mask
            inputs = layer(inputs, training=training, **({"mask": mask} if takes_mask else {}))
            mask = layer.compute_mask(inputs, mask) if takes_mask else None
        return inputs

    def compute_output_shape(self, input_shape):
        for layer in self._pipeline_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def compute_output_spec(self, inputs, training=None, mask=None):
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)

    def get_config(self):
        return {"layers": serialize_keras_object(self._pipeline_layers), "name": self.name}

    @classmethod
    def from_config(cls, config):
        layers = config.get("layers")
        if not isinstance(layers, (list, tuple)):
            raise ValueError(
                "`Pipeline` config must contain a `layers` key mapping to a list of serialized layers. "
                f"Received config with layers={layers}."
            )
        return cls(**{**config, "layers": [deserialize_keras_object(layer) for layer in layers]})
