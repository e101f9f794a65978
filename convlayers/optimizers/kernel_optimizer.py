"""Optimizers whose rule is a kernel, which updates all variables in one call."""

import functools

from convlayers import _native
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
            real: the number type of the variables.
        """
        raise NotImplementedError

    def update_step(self, gradient, variable, learning_rate):
        self._run_kernel([check_gradient(gradient, variable)[0]], [variable], learning_rate)

    def _update_all(self, gradients, variables, learning_rate):
        if type(self).update_step is not KernelOptimizer.update_step:
            super()._update_all(gradients, variables, learning_rate)
            return
        for dtype in {variable.value.dtype for variable in variables}:
            pairs = [pair for pair in zip(gradients, variables, strict=True) if pair[1].value.dtype == dtype]
            self._run_kernel(*map(list, zip(*pairs, strict=True)), learning_rate)

    def _run_kernel(self, gradients, variables, learning_rate):
        """Updates variables of one dtype, from gradients of the same."""
        dtype = variables[0].value.dtype
        places = [self._get_variable_index(variable) for variable in variables]
        columns = [variables, *([slot[place] for place in places if slot] for slot in self._slots())]
        values, *slots = [[variable.value for variable in column] or None for column in columns]
        _compiled(self._kernel, dtype)(values, gradients, *slots, *self._settings(learning_rate, dtype.type))
        for column in columns:
            for variable in column:
                variable.version += 1


@functools.cache
def _compiled(kernel, dtype):
    return getattr(_native.kernels(dtype).optimizer, kernel)
