import re

import numpy as np

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.optimizers.adam import bias_corrected_rate
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.optimizer import check_gradient


class Muon(KernelOptimizer):
    """Momentum whose matrix is made orthogonal before it is a step. Variables that are no matrices are trained by AdamW.

        momentum = momentum_rate * momentum + gradient
        step = orthogonal(gradient + momentum_rate * momentum)        # or of momentum alone, without nesterov
        weight -= learning_rate * rms_rate * sqrt(max(rows, columns)) * step

    The method is that of Jordan, https://github.com/KellerJordan/Muon, with the step size of Liu et al.,
    https://arxiv.org/abs/2502.16982.

    It is meant for matrices inside of a network. Name the last layer in `exclude_layers`, to have it trained by AdamW.

    Args:
        learning_rate: float, schedule or function.
        adam_beta_1, adam_beta_2, epsilon: `beta_1`, `beta_2` and `epsilon` of AdamW.
        adam_weight_decay: float or None, the weight decay of variables that AdamW trains.
        weight_decay: float or None, that of the others.
        exclude_layers: list of regular expressions. Variables in whose path one is found are trained by AdamW.
        exclude_embeddings: whether variables with "embedding" in their path are.
        muon_a, muon_b, muon_c: floats, coefficients of the polynomial that makes matrices orthogonal.
        adam_lr_ratio: float, the learning rate of AdamW as a multiple of `learning_rate`.
        momentum: float from 0 to 1.
        ns_steps: int, how often the polynomial is applied.
        nesterov: whether to use Nesterov's form of momentum.
        rms_rate: float, the size of a step in the measure of AdamW's; None for steps as they are.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Muon(learning_rate=0.001, exclude_layers=["output"]), loss="mse")
    """

    _kernel = "adam_update"

    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1=0.9,
        adam_beta_2=0.999,
        adam_weight_decay=0.004,
        epsilon=1e-7,
        weight_decay=0.004,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        exclude_layers=None,
        exclude_embeddings=True,
        muon_a=3.4445,
        muon_b=-4.7750,
        muon_c=2.0315,
        adam_lr_ratio=1,
        momentum=0.95,
        ns_steps=5,
        nesterov=True,
        rms_rate=0.2,
        **kwargs,
    ):
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.epsilon = epsilon
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.exclude_embeddings = exclude_embeddings
        self.exclude_layers = exclude_layers or []
        self.adam_weight_decay = adam_weight_decay
        self.rms_rate = rms_rate

    def _add_slots(self, variables):
        self.momentums, self.adam_velocities = [], []
        for variable in variables:
            self.momentums.append(self.add_variable_from_reference(variable, "momentum"))
            use_adamw = self._should_use_adamw(variable)
            self.adam_velocities.append(self.add_variable_from_reference(variable, "velocity") if use_adamw else None)
        return self.momentums, self.adam_velocities, []

    def _should_use_adamw(self, variable):
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(keyword, variable.path) for keyword in self.exclude_layers)

    def _decay_factors(self, variables, learning_rate):
        rates = (self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay for variable in variables)
        return [
            1 - (rate or 0) * learning_rate if self._use_weight_decay(variable) else 1
            for rate, variable in zip(rates, variables, strict=True)
        ]

    def update_step(self, gradient, variable, learning_rate):
        if self.adam_velocities[self._get_variable_index(variable)] is not None:
            super().update_step(gradient, variable, learning_rate * self.adam_lr_ratio)
        else:
            self._muon_update_step(check_gradient(gradient, variable), variable, learning_rate)

    def _settings(self, learning_rate, real):
        rate = bias_corrected_rate(self.iterations, learning_rate, self.adam_beta_1, self.adam_beta_2, real)
        return rate, self.adam_beta_1, self.adam_beta_2, self.epsilon

    def _muon_update_step(self, gradient, variable, learning_rate):
        momentum = self.momentums[self._get_variable_index(variable)]
        momentum.assign(self.momentum * momentum.value + gradient)
        ahead = gradient + self.momentum * momentum.value if self.nesterov else momentum.value
        step = self.zeropower_via_newtonschulz5(ahead, self.ns_steps)
        self.assign_sub(variable, self.lr_adjust(learning_rate * step))

    def transpose_last_axis(self, X):
        """Returns matrices with rows and columns exchanged."""
        return ops.swapaxes(X, -1, -2)

    def lr_adjust(self, x):
        """Returns a step in the measure of AdamW's: its numbers have a mean square of `rms_rate ** 2`."""
        return x if self.rms_rate is None else x * (max(x.shape[0], x.shape[1]) ** 0.5 * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x, steps: int):
        """Returns matrices that are nearly orthogonal, by an iteration of Newton and Schulz.

        Each step applies the polynomial `a * s + b * s ** 3 + c * s ** 5` to all singular values, which brings them near 1.

        Args:
            x: array of two axes or more, the last two are the matrices.
            steps: int, how often.

        Raises:
            ValueError: if there are fewer than two axes.
        """
        x = np.asarray(value_of(x))
        if x.ndim < 2:
            raise ValueError(f"Expected gradient or momentum to have at least 2 dimensions. Received: shape={x.shape}")
        is_tall = x.shape[-2] > x.shape[-1]
        if is_tall:
            x = x.swapaxes(-1, -2)
        x = x / (np.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
        for _ in range(steps):
            square = x @ x.swapaxes(-1, -2)
            x = self.muon_a * x + (self.muon_b * square + self.muon_c * square @ square) @ x
        return x.swapaxes(-1, -2) if is_tall else x

    def get_config(self):
        names = (
            "adam_beta_1",
            "adam_beta_2",
            "epsilon",
            "exclude_layers",
            "muon_a",
            "muon_b",
            "muon_c",
            "adam_lr_ratio",
            "momentum",
            "ns_steps",
            "nesterov",
            "exclude_embeddings",
            "adam_weight_decay",
            "rms_rate",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
