"""The way to the kernels: variables of any shape as the flat arrays that kernels update."""

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
    run = getattr(_native.kernels(variable.value.dtype).optimizer, kernel)
    # Views, except of a gradient in another order.
    flat_slots = [None if slot is None else slot.value.ravel() for slot in slots]
    run(variable.value.ravel(), gradient.ravel(), *flat_slots, *settings)
    for changed in (variable, *slots):
        if changed is not None:
            changed.version += 1


def sum_of_squares(array):
    """Returns the sum of the squares of an array of float32 or float64. It does not depend on the number of threads."""
    return _native.kernels(array.dtype).optimizer.sum_of_squares(array.ravel())
