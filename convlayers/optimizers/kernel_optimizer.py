"""Optimizers whose rule is a kernel, which updates all variables in one call."""

from itertools import compress
from operator import attrgetter, methodcaller

import numpy as np

from convlayers.optimizers.compiled import compiled, number_type
from convlayers.optimizers.optimizer import Optimizer, check_gradient

_dtype_of, _overwrite = attrgetter("value.dtype"), methodcaller("overwrite")


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
        self._run_kernel([check_gradient(gradient, variable)], [variable], learning_rate)

    def _update_all(self, gradients, variables, learning_rate):
        if type(self).update_step is not KernelOptimizer.update_step:
            super()._update_all(gradients, variables, learning_rate)
            return
        dtypes = list(map(_dtype_of, variables))
        if dtypes.count(dtypes[0]) == len(dtypes):
            self._run_kernel(gradients, variables, learning_rate, self._decay_factors(variables, learning_rate))
            return
        for dtype in set(dtypes):
            fits = [dtype == other for other in dtypes]
            chosen = list(compress(variables, fits))
            decay = self._decay_factors(chosen, learning_rate)
            self._run_kernel(list(compress(gradients, fits)), chosen, learning_rate, decay)

    def _run_kernel(self, gradients, variables, learning_rate, decay=None):
        """Updates variables of one dtype, from gradients of the same."""
        dtype = variables[0].value.dtype
        places = list(map(self._trainable_variables_indices.__getitem__, variables))
        columns = [variables, *(list(map(slot.__getitem__, places)) if slot else [] for slot in self._slots())]
        settings = self._settings(learning_rate, number_type(dtype))
        values, *slots = [list(map(_overwrite, column)) or None for column in columns]
        gradients = list(map(np.asarray, gradients))  # What has no axes may have become a number on the way.
        compiled(self._kernel, dtype)(values, gradients, *slots, *settings, decay)
