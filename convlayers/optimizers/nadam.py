import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments
from convlayers.variables import Variable


class Nadam(KernelOptimizer):
    """Adam with Nesterov's form of momentum.

        momentum += (gradient - momentum) * (1 - beta_1)
        velocity += (gradient ** 2 - velocity) * (1 - beta_2)
        ahead = u[step + 1] * momentum / (1 - u[1] * ... * u[step + 1]) + (1 - u[step]) * gradient / (1 - u[1] * ... * u[step])
        weight -= learning_rate * ahead / (sqrt(velocity / (1 - beta_2 ** step)) + epsilon)

    with `u[step] = beta_1 * (1 - 0.5 * 0.96 ** (schedule_decay * step))`. The method is that of Dozat,
    http://cs229.stanford.edu/proj2015/054_report.pdf.

    Args:
        learning_rate: float, schedule or function.
        beta_1: float, the share of the old average of the gradient in the new one.
        beta_2: float, the same for the square of the gradient.
        epsilon: float, keeps the divisor above 0.
        The others are those of `Optimizer`.

    Beyond Keras:
        schedule_decay: float, how fast u grows. In Keras 3 it is 1; in Keras 1, and in Keras 2 until 2.10, it was 0.004.

    Example:

    model.compile(optimizer=Nadam(learning_rate=0.001), loss="mse")
    """

    _kernel = "nadam_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **shared):
        self.schedule_decay = shared.pop("schedule_decay", 1.0)
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def _add_slots(self, variables):
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        dtype = variables[0].dtype if variables else config.floatx()
        self._u_product = Variable(1.0, dtype=dtype, trainable=False)
        self._variables.append(self._u_product)
        return self._momentums, self._velocities

    def _update_all(self, gradients, variables, learning_rate):
        u, _ = self._shares(self._u_product.value.dtype.type)
        self._u_product.assign(self._u_product.value * u)
        super()._update_all(gradients, variables, learning_rate)

    def _shares(self, real):
        """Returns the share of momentum in this step and in the next."""
        step = value_of(self.iterations) + 1
        return [real(self._share(number, real)) for number in (step, step + 1)]

    def _share(self, step, real):
        decay = real(0.96) ** (real(self.schedule_decay) * np.asarray(step, real))
        return real(self.beta_1) * (1 - real(0.5) * decay)

    def find_product(self):
        """Finds the product of all shares again, from the number of steps."""
        # Nothing is left of it after a million.
        steps = np.arange(1, min(value_of(self.iterations), 10**6) + 1)
        self._u_product.assign(self._share(steps, np.float64).prod())

    def _settings(self, learning_rate, real):
        u, next_u = self._shares(real)
        product = real(self._u_product.value)
        momentum_rate = real(learning_rate) * (next_u / (1 - product * next_u))
        gradient_rate = real(learning_rate) * ((1 - u) / (1 - product))
        correction = 1 - real(self.beta_2) ** real(value_of(self.iterations) + 1)
        return momentum_rate, gradient_rate, self.beta_1, self.beta_2, correction, self.epsilon

    def get_config(self):
        config = {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return config if self.schedule_decay == 1 else {**config, "schedule_decay": self.schedule_decay}
