"""A table of vectors that is read both ways."""

from convlayers import ops
from convlayers.layers.core.embedding import Embedding
from convlayers.masks import set_keras_mask
from convlayers.symbolic import KerasTensor


class ReversibleEmbedding(Embedding):
    """Looks up a vector for each integer, and gives each integer a score for a vector.

    Args:
        input_dim: int, the number of rows: the largest integer, plus 1.
        output_dim: int, the length of the vectors.
        tie_weights: whether the same table serves both ways.
        embeddings_initializer: initializer of the tables, by name or object.
        embeddings_regularizer: regularizer of the first table, by name or object.
        embeddings_constraint: constraint of the first table, by name or object.
        mask_zero: whether 0 stands for nothing, and is masked.
        reverse_dtype: the number type of the scores; by default that of the layer.
        logit_soft_cap: None, or what scores cannot go beyond: they become `tanh(score / cap) * cap`.
        kwargs: arguments of `Embedding` and `Layer`, as `name` and `dtype`.

    Input shape: (batch, ...), of integers; with `reverse=True` in the call, (batch, ..., output_dim).

    Output shape: (batch, ..., output_dim); with `reverse=True`, (batch, ..., input_dim).

    Weights: `embeddings` of shape (input_dim, output_dim), and, where they are not tied, `reverse_embeddings` of shape
    (output_dim, input_dim).

    Example:

    >>> layer = ReversibleEmbedding(1000, 64)
    >>> layer(layer(np.array([[4, 20, 7]])), reverse=True).shape
    (1, 3, 1000)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        tie_weights=True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        reverse_dtype=None,
        logit_soft_cap=None,
        **kwargs,
    ):
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape=None):
        if self.built:
            return
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
            )

    def call(self, inputs, reverse=False):
        if not reverse:
            vectors = super().call(inputs)
            set_keras_mask(vectors, super().compute_mask(inputs))
            return vectors
        table = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, table = ops.cast(inputs, self.reverse_dtype), ops.cast(table, self.reverse_dtype)
        scores = ops.matmul(inputs, table)
        if self.logit_soft_cap is None:
            return scores
        return ops.multiply(ops.tanh(ops.divide(scores, self.logit_soft_cap)), self.logit_soft_cap)

    def compute_mask(self, inputs, mask=None):
        # `call` knows which way it goes.
        return None

    def compute_output_shape(self, input_shape, reverse=False):
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs, reverse=False):
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "tie_weights": self.tie_weights,
            "reverse_dtype": self.reverse_dtype,
            "logit_soft_cap": self.logit_soft_cap,
        }
