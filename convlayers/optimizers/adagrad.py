from convlayers import initializers
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.optimizers.shared_arguments import with_shared_arguments


class Adagrad(KernelOptimizer):
    """Divides the gradient by the root of the sum of all its squares so far.

        accumulator += gradient ** 2
        weight -= learning_rate * gradient / sqrt(accumulator + epsilon)

    The method is that of Duchi et al., http://www.jmlr.org/papers/volume12/duchi11a/duchi11a.pdf.

    Args:
        learning_rate: float, schedule or function. This rule likes higher ones than others do: the paper has 1.0.
        initial_accumulator_value: float, what the sums begin with.
        epsilon: float, keeps the root above 0.
        The others are those of `Optimizer`.

    Example:

    model.compile(optimizer=Adagrad(learning_rate=0.1), loss="mse")
    """

    _kernel = "adagrad_update"

    @with_shared_arguments
    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **shared):
        super().__init__(learning_rate, **shared)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _add_slots(self, variables):
        start = initializers.Constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", initializer=start)
        return (self._accumulators,)

    def _settings(self, learning_rate, real):
        return learning_rate, self.epsilon

    def get_config(self):
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
