"""What layers of activations have in common."""

from convlayers.layers.layer import Layer


class Elementwise(Layer):
    """A layer whose outputs have the shape of its inputs."""

    supports_masking = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._build_at_init()

    def compute_output_shape(self, input_shape):
        return input_shape
