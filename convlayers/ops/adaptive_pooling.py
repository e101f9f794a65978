"""Pooling to a given size: each axis is divided into parts as even as can be."""

import functools

from convlayers import shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.pooling_kernels import PoolPlan, spatial_rank

_EVEN_WINDOWS = None  # in place of their description: kernels find them from the shapes


@differentiable(new_gradients=True)
def adaptive_max_pool(inputs, output_size, data_format=None):
    """Returns the largest number of each part of the inputs. Of several that are largest, the first gets the gradient.

    Output `i` of `m` along an axis of `n` pixels is that of pixels floor(i * n / m) to ceil((i + 1) * n / m): where `m` does
    not divide `n`, neighbours share a pixel.

    Args:
        inputs: array of shape (batch, *spatial, channels), with one, two or three spatial axes;
            (batch, channels, *spatial) for "channels_first".
        output_size: int or tuple of ints, one for each spatial axis: the size of the result. It may be larger than that of
            the inputs.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of shape (batch, *output_size, channels), or with the channels first as in the inputs.

    Raises:
        ValueError: if an argument is none of these, or if there are no pixels.

    Example:

    >>> adaptive_max_pool(np.arange(5.0).reshape(1, 5, 1), 3).ravel()
    [1.0, 3.0, 4.0]
    """
    inputs = as_array(inputs)
    plan = _plan(inputs.shape, inputs.dtype, shapes.hashable(output_size), standardize_data_format(data_format))
    return plan.largest(inputs)


@differentiable(new_gradients=True)
def adaptive_average_pool(inputs, output_size, data_format=None):
    """Returns the mean of each part of the inputs. Arguments as for `adaptive_max_pool`.

    Example:

    >>> adaptive_average_pool(np.arange(5.0).reshape(1, 5, 1), 3).ravel()
    [0.5, 2.0, 3.5]
    """
    inputs = as_float(inputs)
    plan = _plan(inputs.shape, inputs.dtype, shapes.hashable(output_size), standardize_data_format(data_format))
    return plan.mean(inputs)


@functools.lru_cache(maxsize=4096, typed=True)
def _plan(input_shape, dtype, output_size, data_format):
    output_size = shapes.standardize_tuple(output_size, spatial_rank(input_shape), "output_size")
    batch, spatial, channels = shapes.split_shape(input_shape, data_format)
    if 0 in spatial:
        raise ValueError(
            f"Adaptive pooling takes inputs with at least one pixel along each axis. Received: inputs.shape={input_shape}"
        )
    output_shape = shapes.join_shape(batch, output_size, channels, data_format)
    return PoolPlan(input_shape, output_shape, data_format, dtype, _EVEN_WINDOWS)
