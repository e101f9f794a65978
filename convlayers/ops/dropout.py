"""Numbers set to zero at random."""

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.launching import empty, launch
from convlayers.ops.arithmetic import product
from convlayers.ops.dtypes import as_float, widen
from convlayers.ops.layout import in_order_of
from convlayers.random import draw_seed


@differentiable(new_gradients=True, overwrites=True)
def dropout(inputs, rate, noise_shape=None, seed=None):
    """Sets numbers to 0 at random, and multiplies the others by `1 / (1 - rate)`.

    What is drawn depends on the seed only, and the place in the array.

    Args:
        rate: number from 0 to 1, the part that is set to 0.
        noise_shape: the shape of what is drawn at random, which is broadcast to that of the inputs; None in it stands for the
            size of the inputs. By default each number is drawn on its own.
        seed: an int or a `SeedGenerator`.

    Raises:
        ValueError: if `noise_shape` does not broadcast to the shape of the inputs.
    """
    inputs = as_float(inputs)
    shape = inputs.shape if noise_shape is None else _drawn_shape(noise_shape, inputs.shape)
    key = draw_key(seed)
    if shape == inputs.shape and inputs.flags.c_contiguous:

        def drop(values, owned=False):
            # Nothing is kept for the backward pass, which draws the same again.
            return _drop(values, key, rate, in_place=owned)

    else:
        # As many axes as the inputs: those in front are 1.
        shape = (1,) * (inputs.ndim - len(shape)) + shape
        noise = _drop(np.ones(shape, inputs.dtype), key, rate, in_place=True)
        if shape == inputs.shape:
            noise = in_order_of(noise, inputs)

        def drop(values, owned=False):
            return product(values, noise, values if owned else np.empty_like(values))

    return drop(inputs), drop


def draw_key(seed):
    """Returns a list of the two words that random numbers follow from. A recording fills it with the next ones."""
    key = []
    launch(_draw_key, seed, key)
    return key


def _draw_key(seed, key):
    key[:] = draw_seed(seed).tolist()


def _drop(values, key, rate, in_place):
    numbers = np.ascontiguousarray(widen(values))
    dropped = numbers if in_place else empty(numbers.shape, numbers.dtype)
    launch(_drop_by_key, numbers, key, rate, dropped)
    return dropped.astype(values.dtype, copy=False)


def _drop_by_key(numbers, key, rate, dropped):
    _native.kernels(numbers.dtype).dropout.dropout(numbers, *key, rate, dropped)


def _drawn_shape(noise_shape, shape):
    if len(noise_shape) <= len(shape):
        # As in Keras, the sizes that None stands for are counted from the front.
        drawn = tuple(shape[axis] if size is None else size for axis, size in enumerate(noise_shape))
        if all(size in (1, n) for size, n in zip(reversed(drawn), reversed(shape), strict=False)):
            return drawn
    raise ValueError(
        "`noise_shape` must broadcast to the shape of the inputs: each size must be 1, None, or that of the inputs. "
        f"Received: noise_shape={noise_shape}, inputs.shape={shape}"
    )
