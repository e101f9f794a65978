"""What layers have in common that change their inputs at random."""

from convlayers import random
from convlayers.layers.layer import Layer


class RandomLayer(Layer):
    """A layer that does something random in training, and nothing otherwise. A subclass defines `_disturb(inputs)`.

    Args:
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, and one more: the strength, a number from 0 to 1, under the name that the subclass gives
            it in `_strength_name`. With 0, nothing ever happens.

    Raises:
        ValueError: if the strength is no such number.
    """

    supports_masking = True
    _strength_name = "rate"

    def __init__(self, seed=None, **kwargs):
        name = self._strength_name
        strength = kwargs.pop(name)
        super().__init__(**kwargs)
        if not 0 <= strength <= 1:
            raise ValueError(
                f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1. "
                f"Received: {name}={strength}\nIt is a part of the whole, as 0.5 for half."
            )
        setattr(self, name, strength)
        self.seed = seed
        if strength > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self._build_at_init()

    def call(self, inputs, training=False):
        return self._disturb(inputs) if training and getattr(self, self._strength_name) > 0 else inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        name = self._strength_name
        return {**super().get_config(), name: getattr(self, name), "seed": self.seed}
