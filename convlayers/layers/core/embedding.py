"""Vectors for integers."""

import warnings

from convlayers import ops, regularizers
from convlayers.layers.core.unsupported_arguments import refuse
from convlayers.layers.layer import Layer
from convlayers.layers.weight_settings import WeightSettings
from convlayers.symbolic import KerasTensor
from convlayers.validation import is_integer


class Embedding(WeightSettings, Layer):
    """Looks up a vector for each integer: row `i` of a table for the integer `i`.

    Args:
        input_dim: int, the number of rows: the largest integer, plus 1.
        output_dim: int, the length of the vectors.
        embeddings_initializer: initializer of the table, by name or object.
        embeddings_regularizer: regularizer of the table, by name or object.
        embeddings_constraint: constraint of the table, by name or object.
        mask_zero: whether 0 stands for nothing, and is masked. Then row 0 is not used.
        weights: array of shape (input_dim, output_dim), what the table is at the start.
        lora_rank, quantization_config: taken for compatibility; None is all that they may be.
        lora_alpha: taken for compatibility, without effect.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, ...), of integers.

    Output shape: (batch, ..., output_dim).

    Weights: `embeddings` of shape (input_dim, output_dim).

    Raises:
        ValueError: if an argument is none of these.
        IndexError: when called, for an integer that has no row.
        NotImplementedError: for `lora_rank` and `quantization_config`.

    Example:

    >>> Embedding(1000, 64)(np.array([[4, 20, 7]])).shape
    (1, 3, 64)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        _check_size("input_dim", input_dim)
        _check_size("output_dim", output_dim)
        refuse("lora_rank", lora_rank)
        refuse("quantization_config", quantization_config)
        if kwargs.pop("input_length", None) is not None:
            warnings.warn("Argument `input_length` is deprecated. Just remove it.", stacklevel=2)
        super().__init__(**kwargs)
        self.input_dim = int(input_dim)
        self.output_dim = int(output_dim)
        self._keep_settings(embeddings=(embeddings_initializer, embeddings_regularizer, embeddings_constraint))
        self.mask_zero = mask_zero
        self.supports_masking = self._makes_masks = mask_zero
        self.autocast = False
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape=None):
        if self.built:
            return
        self._embeddings = self._add_weight("embeddings", (self.input_dim, self.output_dim))

    @property
    def embeddings(self):
        """The table, as a variable."""
        if not self.built:
            raise AttributeError("You must build the layer before accessing `embeddings`.")
        return self._embeddings

    def call(self, inputs):
        if inputs.dtype not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        return ops.cast(ops.take(self.embeddings, inputs, axis=0), self.compute_dtype)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **self._config_of_settings("embeddings"),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "mask_zero": self.mask_zero,
            "quantization_config": None,
        }


def _check_size(name, value):
    if not is_integer(value) or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value} (of type {type(value).__name__}).")
