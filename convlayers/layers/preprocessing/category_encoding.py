"""Class numbers as rows."""

from convlayers import ops
from convlayers.layers.layer import Layer
from convlayers.layers.preprocessing.encoding import encode, encoded_shape, refuse_sparse
from convlayers.narrow_types import array_dtype
from convlayers.symbolic import KerasTensor


class CategoryEncoding(Layer):
    """Makes rows of class numbers: a number for each class.

    Args:
        num_tokens: how many classes there are.
        output_mode: "one_hot": a row for each number, with a 1 for its class; "multi_hot": a row for each sample, with a 1 for
            each class in it; "count": the same, with how often it is there.
        sparse: only False: there are no sparse arrays.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: array of ints from 0 to `num_tokens - 1`.
        count_weights: array of the same shape: how much each one counts, for "count".

    Input shape: (batch, numbers), or (batch,).

    Output shape: (batch, num_tokens).

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> CategoryEncoding(4, output_mode="count")(np.array([[0, 1], [0, 0]]))
    [[1.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]
    """

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode  # its old name
        if output_mode not in ("count", "one_hot", "multi_hot"):
            raise ValueError(f"Unknown arg for output_mode: {output_mode}")
        if num_tokens is None:
            raise ValueError(
                "num_tokens must be set to use this layer. If the number of tokens is not known beforehand, use the "
                "IntegerLookup layer instead."
            )
        if num_tokens < 1:
            raise ValueError(f"`num_tokens` must be >= 1. Received: num_tokens={num_tokens}.")
        refuse_sparse(sparse)
        self.num_tokens = num_tokens
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs, count_weights=None):
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    "`count_weights` is not used when `output_mode` is not `'count'`. "
                    f"Received `count_weights={count_weights}`."
                )
            count_weights = ops.cast(count_weights, self.compute_dtype)
        return encode(inputs, self.output_mode, self.num_tokens, array_dtype(self.dtype), count_weights)

    def compute_output_shape(self, input_shape):
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs, count_weights=None):
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}
