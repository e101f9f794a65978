from convlayers.autograd import value_of
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Adamax(KernelOptimizer):
    """Adam with the largest gradient in the place of the mean square.

        momentum += (gradient - momentum) * (1 - beta_1)
        norm = max(beta_2 * norm, abs(gradient))
        weight -= learning_rate / (1 - beta_1 ** step) * momentum / (norm + epsilon)

    The method is that of Kingma and Ba, https://arxiv.org/abs/1412.6980, section 7.1.

    Args:
        learning_rate: float, schedule or function.
        beta_1: float, the share of the old average of the gradient in the new one.
        beta_2: float, what is left of the largest gradient after a step.
        epsilon: float, keeps the divisor above 0.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Adamax(learning_rate=0.001), loss="mse")
    """

    _kernel = "adamax_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **shared):
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def _add_slots(self, variables):
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])
        return self._m, self._u

    def _settings(self, learning_rate, real):
        step = real(value_of(self.iterations) + 1)
        rate = real(learning_rate) / (1 - real(self.beta_1) ** step)
        return rate, self.beta_1, self.beta_2, self.epsilon

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
