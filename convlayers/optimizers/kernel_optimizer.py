"""Optimizers whose rule is a kernel, which updates all variables in one call."""

from convlayers.optimizers.compiled import compiled, number_type
from convlayers.optimizers.optimizer import Optimizer, check_gradient


class KernelOptimizer(Optimizer):
    """Base class of these optimizers: a subclass defines `_kernel`, `_slots` and `_settings`.

    A subclass of a user's own may define `update_step`, which then is called for each variable.
    """

    _kernel = None  # the name of a function of kernels/optimizer.pyx

    def _slots(self):
        """Returns what is remembered of the variables, in the kernel's order: lists of variables, empty for nothing."""
        raise NotImplementedError

    def _settings(self, learning_rate, real):
        """Returns the kernel's numbers, in its order.

        Args:
            learning_rate: NumPy scalar.
            real: the number type to compute them in: that of the variables, or a wider one.
        """
        raise NotImplementedError

    def update_step(self, gradient, variable, learning_rate):
        self._run_kernel([check_gradient(gradient, variable)[0]], [variable], learning_rate)

    def _update_all(self, gradients, variables, learning_rate):
        if type(self).update_step is not KernelOptimizer.update_step:
            super()._update_all(gradients, variables, learning_rate)
            return
        for dtype in {variable.value.dtype for variable in variables}:
            places = [place for place, variable in enumerate(variables) if variable.value.dtype == dtype]
            chosen = [variables[place] for place in places]
            decay = self._decay_factors(chosen, learning_rate)
            self._run_kernel([gradients[place] for place in places], chosen, learning_rate, decay)

    def _run_kernel(self, gradients, variables, learning_rate, decay=None):
        """Updates variables of one dtype, from gradients of the same."""
        dtype = variables[0].value.dtype
        indices = self._trainable_variables_indices
        places = [indices[variable] for variable in variables]
        columns = [variables, *([slot[place] for place in places] if slot else [] for slot in self._slots())]
        values, *slots = [[variable.value for variable in column] or None for column in columns]
        compiled(self._kernel, dtype)(values, gradients, *slots, *self._settings(learning_rate, number_type(dtype)), decay)
        for column in columns:
            for variable in column:
                variable.version += 1
