"""Optimizers whose rule is a kernel, which updates all variables in one call."""

import numpy as np

from convlayers.optimizers.kernels import kernel, number_type
from convlayers.optimizers.optimizer import Optimizer, check_gradient


class KernelOptimizer(Optimizer):
    """Base class of these optimizers: a subclass defines `_kernel`, `_add_slots` and `_settings`.

    A subclass of a user's own may define `update_step`, which then is called for each variable.
    """

    _kernel = None  # the name of a function of kernels/optimizer.pyx

    def _add_slots(self, variables):
        """Makes what is remembered of the variables, and returns it in the kernel's order: lists, empty for nothing."""
        raise NotImplementedError

    def _settings(self, learning_rate, real):
        """Returns the kernel's numbers, in its order.

        Args:
            learning_rate: NumPy scalar.
            real: the number type to compute them in: that of the variables, or a wider one.
        """
        raise NotImplementedError

    def build(self, var_list):
        if not self.built:
            super().build(var_list)
            self.slots, self._groups = self._add_slots(var_list), {}

    def update_step(self, gradient, variable, learning_rate):
        self._run_kernel([check_gradient(gradient, variable)], [variable], learning_rate, None)

    def _update_all(self, gradients, variables, learning_rate):
        if type(self).update_step is not KernelOptimizer.update_step:
            super()._update_all(gradients, variables, learning_rate)
            return
        self._run_kernel(gradients, variables, learning_rate, self._decay_factors(variables, learning_rate))

    def _run_kernel(self, gradients, variables, learning_rate, decay):
        """Updates variables from gradients of their dtypes."""
        for dtype, places, columns in self._groups_of(tuple(variables)):
            settings = self._settings(learning_rate, number_type(dtype))
            values, *slots = [[variable.overwrite() for variable in column] or None for column in columns]
            # What has no axes may have become a number on the way.
            some = [np.asarray(gradients[place]) for place in places]
            factors = None if decay is None else [decay[place] for place in places]
            kernel(self._kernel, dtype)(values, some, *slots, *settings, factors)

    def _groups_of(self, variables):
        """Returns, for each dtype, the places of its variables, and lists of them and of what is remembered of them."""
        if variables not in self._groups:
            places_by_dtype, indices = {}, self._trainable_variables_indices
            for place, variable in enumerate(variables):
                places_by_dtype.setdefault(variable.value.dtype, []).append(place)
            self._groups[variables] = []
            for dtype, places in places_by_dtype.items():
                chosen = [variables[place] for place in places]
                slots = [[slot[indices[variable]] for variable in chosen] if slot else [] for slot in self.slots]
                self._groups[variables].append((dtype, places, [chosen, *slots]))
        return self._groups[variables]
