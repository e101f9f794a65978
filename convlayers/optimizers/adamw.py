from convlayers.optimizers.adam import Adam
from convlayers.optimizers.shared_arguments import with_shared_arguments


class AdamW(Adam):
    """Adam with weight decay, which is not part of the gradient.

        weight -= weight_decay * learning_rate * weight               # and then as `Adam`

    The method is that of Loshchilov and Hutter, https://arxiv.org/abs/1711.05101.

    Args:
        learning_rate: float, schedule or function.
        weight_decay: float.
        beta_1, beta_2, epsilon, amsgrad: as for `Adam`.
        The others are those of `Optimizer`.

    Raises:
        ValueError: if `weight_decay` is None.

    Example:

    model.compile(optimizer=AdamW(learning_rate=0.001, weight_decay=0.01), loss="mse")
    """

    @with_shared_arguments
    def __init__(
        self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **shared
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **shared)
        if self.weight_decay is None:
            raise ValueError(
                "Argument `weight_decay` must be a float. Received: weight_decay=None\nWithout weight decay, this is `Adam`."
            )
