import math

import numpy as np

from convlayers.autograd import value_of
from convlayers.optimizers.clipping import sum_of_squares
from convlayers.optimizers.kernels import kernel, number_type
from convlayers.optimizers.optimizer import Optimizer, check_gradient
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Lamb(Optimizer):
    """The direction of Adam, with a step for each variable that is in proportion to its size.

        momentum += (gradient - momentum) * (1 - beta_1)
        velocity += (gradient ** 2 - velocity) * (1 - beta_2)
        step = momentum / (1 - beta_1 ** step) / (sqrt(velocity / (1 - beta_2 ** step)) + epsilon)
        weight -= learning_rate * norm(weight) / norm(step) * step    # without the ratio, where a norm is 0

    The method is that of You et al., https://arxiv.org/abs/1904.00962.

    Args:
        learning_rate: float, schedule or function.
        beta_1: float, the share of the old average of the gradient in the new one.
        beta_2: float, the same for the square of the gradient.
        epsilon: float, keeps the divisor above 0.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Lamb(learning_rate=0.001), loss="mse")
    """

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **shared):
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(var_list, ["momentum", "velocity"])

    def update_step(self, gradient, variable, learning_rate):
        gradient = check_gradient(gradient, variable)
        place = self._get_variable_index(variable)
        direction = self._direction(gradient, self._momentums[place], self._velocities[place])
        size, norm = (math.sqrt(sum_of_squares(array)) for array in (variable.value, direction))
        ratio = size / norm if size > 0 and norm > 0 else 1
        direction *= ratio * float(learning_rate)
        self.assign_sub(variable, direction)

    def _direction(self, gradient, momentum, velocity):
        real = number_type(gradient.dtype)
        step = real(value_of(self.iterations) + 1)
        corrections = (1 - real(beta) ** step for beta in (self.beta_1, self.beta_2))
        direction = np.empty_like(gradient)
        kernel("lamb_direction", gradient.dtype)(
            [direction],
            [gradient],
            [momentum.overwrite()],
            [velocity.overwrite()],
            self.beta_1,
            self.beta_2,
            *corrections,
            self.epsilon,
        )
        return direction

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
