from convlayers import initializers
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Ftrl(KernelOptimizer):
    """Follows the regularized leader: weights are what a sum of all gradients so far says, with L1 and L2 penalties.

        gradient_to_use = gradient + 2 * l2_shrinkage * weight
        new_accumulator = accumulator + gradient ** 2
        change = (new_accumulator ** -power - accumulator ** -power) / learning_rate
        linear += gradient_to_use - change * weight
        weight = (clip(linear, -l1, l1) - linear) / (new_accumulator ** -power / learning_rate + 2 * l2)

    with `power` for `learning_rate_power`. The method is that of McMahan et al.,
    https://research.google.com/pubs/archive/41159.pdf.

    Args:
        learning_rate: float, schedule or function.
        learning_rate_power: float, at most 0. How steps get smaller as gradients add up; 0 for not at all.
        initial_accumulator_value: float, at least 0, what the sums of squares begin with.
        l1_regularization_strength: float, at least 0. Weights that gradients do not keep up become exactly 0.
        l2_regularization_strength: float, at least 0.
        l2_shrinkage_regularization_strength: float, at least 0. A penalty in the gradient, in place of the step.
        beta: float. `beta / (2 * learning_rate)` is added to `l2_regularization_strength`.
        The others are those of `Optimizer`.

    Raises:
        ValueError: if one of these limits is passed.

    Example:

    model.compile(optimizer=Ftrl(learning_rate=0.1, l1_regularization_strength=0.01), loss="mse")
    """

    _kernel = "ftrl_update"

    @with_shared_arguments
    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0,
        beta=0.0,
        **shared,
    ):
        super().__init__(learning_rate, **shared)
        if learning_rate_power > 0.0:
            raise ValueError(
                f"`learning_rate_power` needs to be negative or zero. Received: learning_rate_power={learning_rate_power}."
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = _check_not_negative("initial_accumulator_value", initial_accumulator_value)
        self.l1_regularization_strength = _check_not_negative("l1_regularization_strength", l1_regularization_strength)
        self.l2_regularization_strength = _check_not_negative("l2_regularization_strength", l2_regularization_strength)
        self.l2_shrinkage_regularization_strength = _check_not_negative(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = beta

    def _add_slots(self, variables):
        start = initializers.Constant(self.initial_accumulator_value)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], initializer=[start, "zeros"]
        )
        return self._accumulators, self._linears

    def _settings(self, learning_rate, real):
        l2 = self.l2_regularization_strength + self.beta / (2 * learning_rate)
        l1, shrinkage = self.l1_regularization_strength, self.l2_shrinkage_regularization_strength
        return learning_rate, -self.learning_rate_power, l1, l2, shrinkage

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }


def _check_not_negative(name, value):
    if value < 0.0:
        raise ValueError(f"`{name}` needs to be positive or zero. Received: {name}={value}.")
    return value
