"""Exponential moving averages of the weights, for `use_ema`."""

from convlayers.autograd import value_of
from convlayers.optimizers.kernels import kernel


class WeightAverages:
    """The part of `Optimizer` that keeps averages of the weights. Its `build` makes them."""

    def _update_average(self):
        updates = int(value_of(self.iterations))
        # The first average is the variable itself.
        _move(self._model_variables_moving_average, self._trainable_variables, self.ema_momentum if updates else 0)
        if self.ema_overwrite_frequency and (updates + 1) % self.ema_overwrite_frequency == 0:
            self._overwrite_with_average(self._trainable_variables)

    def _overwrite_with_average(self, variables):
        averages = self._model_variables_moving_average
        if len(variables) != len(averages):
            raise ValueError(
                f"The length of model variables ({len(variables)}) to override does not match the length of model "
                f"variables stored in the optimizer ({len(averages)}). Please check if the optimizer was called on "
                "your model."
            )
        for variable, average in zip(variables, averages, strict=True):
            variable.assign(average)

    def finalize_variable_values(self, var_list):
        """Replaces variables by their averages at the end of training, if `use_ema` is set and there was a step."""
        if self.use_ema and self.built and int(value_of(self.iterations)):
            self._overwrite_with_average(var_list)


def _move(averages, variables, momentum):
    """Moves averages towards variables, in one pass over memory."""
    for dtype in {variable.value.dtype for variable in variables}:
        pairs = [pair for pair in zip(averages, variables, strict=True) if pair[1].value.dtype == dtype]
        kernel("average_update", dtype)(
            [average.overwrite() for average, _ in pairs], [variable.value for _, variable in pairs], momentum
        )


def check_ema(momentum, overwrite_frequency):
    if momentum > 1 or momentum < 0:
        raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={momentum}")
    if overwrite_frequency and (not isinstance(overwrite_frequency, int) or overwrite_frequency < 1):
        raise ValueError(
            "`ema_overwrite_frequency` must be an integer >= 1 or None. Received: "
            f"ema_overwrite_frequency={overwrite_frequency}"
        )
