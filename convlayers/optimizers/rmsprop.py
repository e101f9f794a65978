from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class RMSprop(KernelOptimizer):
    """Divides the gradient by the root of a moving average of its square.

        velocity = rho * velocity + (1 - rho) * gradient ** 2
        weight -= learning_rate * gradient / sqrt(velocity + epsilon)

    Args:
        learning_rate: float, schedule or function.
        rho: float, the share of the old average in the new one.
        momentum: float. If above 0, steps are added up, and the sum decays by this factor.
        epsilon: float, keeps the root above 0.
        centered: whether the square of the moving average of the gradient is subtracted from `velocity`, which makes it
            a variance.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=RMSprop(learning_rate=0.001), loss="mse")
    """

    _kernel = "rmsprop_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **shared):
        super().__init__(learning_rate, **shared)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def _add_slots(self, variables):
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []
        return self._velocities, self._momentums, self._average_gradients

    def _settings(self, learning_rate, real):
        return learning_rate, self.rho, self.momentum, self.epsilon

    def get_config(self):
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
