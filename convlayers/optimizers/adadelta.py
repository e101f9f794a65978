from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Adadelta(KernelOptimizer):
    """Steps as large as those before, in the measure of the gradients before.

        accumulated_grad = rho * accumulated_grad + (1 - rho) * gradient ** 2
        delta = -sqrt(accumulated_delta + epsilon) / sqrt(accumulated_grad + epsilon) * gradient
        accumulated_delta = rho * accumulated_delta + (1 - rho) * delta ** 2
        weight += learning_rate * delta

    The method is that of Zeiler, http://arxiv.org/abs/1212.5701.

    Args:
        learning_rate: float, schedule or function. This rule likes higher ones than others do: the paper has 1.0.
        rho: float, the share of the old averages in the new ones.
        epsilon: float, keeps the roots above 0.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Adadelta(learning_rate=1.0), loss="mse")
    """

    _kernel = "adadelta_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **shared):
        super().__init__(learning_rate, **shared)
        self.rho = rho
        self.epsilon = epsilon

    def _add_slots(self, variables):
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"]
        )
        return self._accumulated_grads, self._accumulated_delta_vars

    def _settings(self, learning_rate, real):
        return learning_rate, self.rho, self.epsilon

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
