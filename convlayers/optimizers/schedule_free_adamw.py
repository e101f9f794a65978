from convlayers.autograd import value_of
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class ScheduleFreeAdamW(KernelOptimizer):
    """Adam without a schedule: gradients are taken between the weights that steps are added to and their average.

        velocity += (gradient ** 2 - velocity) * (1 - beta_2)
        average = (weight - (1 - beta_1) * momentum) / beta_1
        momentum -= learning_rate * gradient / (sqrt(velocity / (1 - beta_2 ** step)) + epsilon)
        average += (momentum - average) / step
        weight = (1 - beta_1) * momentum + beta_1 * average

    The method is that of Defazio et al., https://arxiv.org/abs/2405.15682. As in Keras, `momentum` is the name of the weights
    that steps are added to, and weight decay is 0 unless it is set.

    Args:
        learning_rate: float, schedule or function.
        beta_1: float above 0 and up to 1, the share of the average in the weights.
        beta_2: float, the share of the old average of squares in the new one.
        epsilon: float, keeps the divisor above 0.
        warmup_steps: int. The learning rate rises from 0 in so many steps.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=ScheduleFreeAdamW(learning_rate=0.0025), loss="mse")
    """

    _kernel = "schedule_free_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.0025, beta_1=0.9, beta_2=0.999, epsilon=1e-8, warmup_steps=0, **shared):
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def _add_slots(self, variables):
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        for momentum, variable in zip(self._momentums, variables, strict=True):
            momentum.assign(variable)
        return self._momentums, self._velocities

    def _settings(self, learning_rate, real):
        step = real(value_of(self.iterations) + 1)
        rate = real(learning_rate)
        if self.warmup_steps > 0:
            rate = rate * min(step / real(self.warmup_steps), real(1))
        return rate, self.beta_1, self.beta_2, 1 - real(self.beta_2) ** step, self.epsilon, 1 / step

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
