from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class SGD(KernelOptimizer):
    """Stochastic gradient descent, with momentum if wanted.

    Without momentum, `weight -= learning_rate * gradient`. With momentum:

        velocity = momentum * velocity - learning_rate * gradient
        weight += velocity                                                # or, with nesterov:
        weight += momentum * velocity - learning_rate * gradient

    Args:
        learning_rate: float, schedule or function.
        momentum: float from 0 to 1.
        nesterov: whether to use Nesterov's form of momentum.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=SGD(learning_rate=0.01, momentum=0.9), loss="mse")
    """

    _kernel = "sgd_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **shared):
        if not isinstance(momentum, float) or momentum < 0 or momentum > 1:
            raise ValueError(f"`momentum` must be a float between [0, 1].\nReceived: momentum={momentum}")
        super().__init__(learning_rate, **shared)
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables):  # as Keras calls the argument in this class alone
        super().build(variables)

    def _add_slots(self, variables):
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []
        return (self.momentums,)

    def _settings(self, learning_rate, real):
        return learning_rate, self.momentum, self.nesterov

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
