import numpy as np

from convlayers import _native
from convlayers.autograd import value_of
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Adam(KernelOptimizer):
    """Moving averages of the gradient and of its square, corrected for their start at 0.

        momentum += (gradient - momentum) * (1 - beta_1)
        velocity += (gradient ** 2 - velocity) * (1 - beta_2)
        rate = learning_rate * sqrt(1 - beta_2 ** step) / (1 - beta_1 ** step)
        weight -= rate * momentum / (sqrt(velocity) + epsilon)

    The method is that of Kingma and Ba, https://arxiv.org/abs/1412.6980.

    Args:
        learning_rate: float, schedule or function.
        beta_1: float, the share of the old average of the gradient in the new one.
        beta_2: float, the same for the square of the gradient.
        epsilon: float, keeps the divisor above 0. It is "epsilon hat" in the paper.
        amsgrad: whether the largest `velocity` so far takes the place of the present one.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Adam(learning_rate=0.001), loss="mse")
    """

    _kernel = "adam_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **shared):
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def _add_slots(self, variables):
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []
        return self._momentums, self._velocities, self._velocity_hats

    def _settings(self, learning_rate, real):
        rate = bias_corrected_rate(self.iterations, learning_rate, self.beta_1, self.beta_2, real)
        return rate, self.beta_1, self.beta_2, self.epsilon

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


def bias_corrected_rate(iterations, learning_rate, beta_1, beta_2, real):
    """Returns the learning rate, with the correction for averages that began at 0."""
    kernels = _native.kernels(np.dtype(real)).optimizer
    return kernels.bias_corrected_rate(learning_rate, value_of(iterations), beta_1, beta_2)
