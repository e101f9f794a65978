from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Lion(KernelOptimizer):
    """Steps of one size, in the direction of an average of gradients.

        weight -= learning_rate * sign(beta_1 * momentum + (1 - beta_1) * gradient)
        momentum = beta_2 * momentum + (1 - beta_2) * gradient

    The method is that of Chen et al., http://arxiv.org/abs/2302.06675.

    Args:
        learning_rate: float, schedule or function. A third to a tenth of that for `AdamW` is a good start.
        beta_1: float above 0 and up to 1, the share of the momentum in a step.
        beta_2: float, the share of the old momentum in the new one.
        The others are those of `Optimizer`.

    Raises:
        ValueError: if `beta_1` is not above 0, or above 1.

    Example:

    model.compile(optimizer=Lion(learning_rate=0.0001, weight_decay=0.01), loss="mse")
    """

    _kernel = "lion_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **shared):
        super().__init__(learning_rate, **shared)
        if beta_1 <= 0 or beta_1 > 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def _add_slots(self, variables):
        self._momentums = self.add_optimizer_variables(variables, "momentum")
        return (self._momentums,)

    def _settings(self, learning_rate, real):
        return learning_rate, self.beta_1, self.beta_2

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
