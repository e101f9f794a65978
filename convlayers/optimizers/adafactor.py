import numpy as np

from convlayers.autograd import value_of
from convlayers.optimizers.clipping import sum_of_squares
from convlayers.optimizers.optimizer import Optimizer, check_gradient
from convlayers.optimizers.shared_arguments import with_shared_arguments
from convlayers.variables import Variable


class Adafactor(Optimizer):
    """Mean squares of gradients as the product of means over rows and means over columns.

        r = beta_2 * r + (1 - beta_2) * mean(gradient ** 2 + epsilon_1, axis=-1)
        c = beta_2 * c + (1 - beta_2) * mean(gradient ** 2 + epsilon_1, axis=-2)
        step = gradient / sqrt(r / mean(r) * c)
        weight -= max(epsilon_2, rms(weight)) * rate * step / max(1, rms(step) / clip_threshold)

    with `beta_2 = 1 - step ** beta_2_decay`, and a `rate` of at most `1 / sqrt(step)`. Variables with fewer than two axes have
    a mean square of their own for each weight. The method is that of Shazeer and Stern, https://arxiv.org/abs/1804.04235.

    Args:
        learning_rate: float, schedule or function.
        beta_2_decay: float, below 0.
        epsilon_1: float, keeps the root above 0.
        epsilon_2: float, the least size of a variable that steps are measured by.
        clip_threshold: float, the size that steps are cut down to.
        relative_step: whether a `learning_rate` that is a float gets smaller with the number of steps.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Adafactor(learning_rate=0.01), loss="mse")
    """

    @with_shared_arguments
    def __init__(
        self,
        learning_rate=0.001,
        beta_2_decay=-0.8,
        epsilon_1=1e-30,
        epsilon_2=1e-3,
        clip_threshold=1.0,
        relative_step=True,
        **shared,
    ):
        super().__init__(learning_rate, **shared)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._r, self._c, self._v = [], [], []
        for variable in var_list:
            self._r.append(self._add_means(variable, variable.shape[:-1]))
            self._c.append(self._add_means(variable, (*variable.shape[:-2], *variable.shape[-1:])))
            self._v.append(self.add_variable_from_reference(variable, "velocity"))

    def _add_means(self, variable, shape):
        if len(variable.shape) >= 2:
            return self.add_variable(shape, dtype=variable.dtype, name=variable.name)
        # It has no means, but in Keras's files it has a place for them.
        self._variables.append(Variable(0, dtype="int32", trainable=False, name=variable.name))
        return self._variables[-1]

    def update_step(self, gradient, variable, learning_rate):
        gradient = check_gradient(gradient, variable)
        real = gradient.dtype.type
        step = real(value_of(self.iterations) + 1)
        # Keras limits it, whatever `relative_step` says.
        rate = min(real(learning_rate), 1 / np.sqrt(step))
        size = np.maximum(real(self.epsilon_2), _rms(variable.value)) * rate
        direction = gradient / np.sqrt(self._mean_square(gradient, variable, step))
        direction *= size / np.maximum(real(1), _rms(direction) / real(self.clip_threshold))
        self.assign_sub(variable, direction)

    def _mean_square(self, gradient, variable, step):
        place = self._get_variable_index(variable)
        r, c, v = self._r[place], self._c[place], self._v[place]
        beta = 1 - step**self.beta_2_decay
        square = gradient * gradient + gradient.dtype.type(self.epsilon_1)
        if gradient.ndim < 2:
            v.assign(beta * v.value + (1 - beta) * square)
        else:
            for means, axis in ((r, -1), (c, -2)):
                means.assign(beta * means.value + (1 - beta) * square.mean(axis))
            share = r.value / r.value.mean(-1, keepdims=True)
            v.assign(np.multiply(share[..., np.newaxis], c.value[..., np.newaxis, :], out=square))
        return v.value

    def get_config(self):
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _rms(array):
    return array.dtype.type(np.sqrt(sum_of_squares(array) / max(array.size, 1)))
