"""Numbers set to zero at random."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_float
from convlayers.ops.layout import in_order_of
from convlayers.random import dropout_mask


@differentiable(new_gradients=True)
def dropout(inputs, rate, noise_shape=None, seed=None):
    """Sets numbers to 0 at random, and multiplies the others by `1 / (1 - rate)`.

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
    # One byte for each number, and nothing else, is kept for the backward pass.
    kept = dropout_mask(shape, rate, seed)
    if shape == inputs.shape:
        kept = in_order_of(kept, inputs)
    scale = np.array(1 / (1 - rate) if rate < 1 else 0, inputs.dtype)

    def drop(values):
        dropped = values * scale
        dropped *= kept
        return dropped

    return drop(inputs), drop


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
