"""The way to the kernels: variables of any shape as the flat arrays that kernels update."""

import functools

from convlayers import _native


def update(kernel, variable, gradient, slots, *settings):
    """Runs an update kernel on a variable and on what the optimizer remembers of it.

    Args:
        kernel: the name of a function of kernels/optimizer.pyx, as "adam_update".
        variable: the `Variable` to update.
        gradient: an array of its shape and dtype.
        slots: list of variables of its shape and dtype, in the kernel's order, None where the optimizer keeps none.
        settings: the kernel's numbers, in its order.
    """
    # Views, except of a gradient in another order.
    flat_slots = [None if slot is None else slot.value.ravel() for slot in slots]
    _compiled(kernel, variable.value.dtype)(variable.value.ravel(), gradient.ravel(), *flat_slots, *settings)
    variable.version += 1
    for slot in slots:
        if slot is not None:
            slot.version += 1


@functools.cache
def _compiled(kernel, dtype):
    return getattr(_native.kernels(dtype).optimizer, kernel)


def sum_of_squares(array):
    """Returns the sum of the squares of an array of float32 or float64. It does not depend on the number of threads."""
    return _native.kernels(array.dtype).optimizer.sum_of_squares(array.ravel())
