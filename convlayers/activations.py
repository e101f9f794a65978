"""Activation functions. Names and arguments are those of `keras.activations`.

An argument such as `activation="relu"` is a name from this file, or any function of an array.
"""

from convlayers import ops
from convlayers.families import Family
from convlayers.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from convlayers.ops.bias_activation import fuse
from convlayers.registry import CustomObjectScope
from convlayers.serialization import serialize_keras_object


@fuse
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Returns `max(x, 0)`, or with arguments a function of three straight parts.

    Args:
        x: array.
        negative_slope: slope below the threshold.
        max_value: the largest result, None for no limit.
        threshold: below it, the result is `negative_slope * (x - threshold)`.

    Example:

    >>> relu(np.array([-10.0, -5.0, 0.0, 5.0, 10.0]), max_value=6)
    [0.0, 0.0, 0.0, 5.0, 6.0]
    """
    if threshold == 0 and max_value is None:
        return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    if threshold == 0 and max_value == 6:
        y = ops.relu6(x)
    else:
        y = ops.threshold(x, threshold, 0.0)
        if max_value is not None:
            y = ops.clip(y, 0.0, max_value)
    if negative_slope:
        y = ops.subtract(y, ops.multiply(negative_slope, ops.relu(ops.subtract(threshold, x))))
    return y


@fuse
def gelu(x, approximate=False):
    """Returns `x` times the probability that a normally distributed number is below it.

    Args:
        x: array.
        approximate: use a hyperbolic tangent in the place of the exact function.
    """
    return ops.gelu(x, approximate)


@fuse
def exponential(x):
    """Returns e to the power `x`."""
    return ops.exp(x)


@fuse
def linear(x):
    """Returns `x` itself."""
    return x


def hard_sigmoid_of_keras2(x):
    """Returns `clip(0.2 * x + 0.5, 0, 1)`, which was `hard_sigmoid` in Keras 1 and 2. That of Keras 3 has a slope of 1 / 6.

    Beyond Keras: layers from files of Keras 1 and 2 have it. In files for Keras 3, other layers do the same.
    """
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


# Other names of the same.
swish, hard_swish = silu, hard_silu

_BUILT_IN = (
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_sigmoid_of_keras2,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)

_family = Family(
    "keras.activations",
    "activation function",
    {**{function.__name__: function for function in _BUILT_IN}, "swish": swish, "hard_swish": hard_swish},
)


def get(identifier):
    """Returns the activation function that an argument means: a name, a function, an encoding, or None for `linear`.

    Raises:
        ValueError: if it is none of these.
    """
    return linear if identifier is None else _family.get(identifier)


def serialize(activation):
    """Returns the name of a function of this file, and the encoding of any other activation."""
    return activation.__name__ if activation in _BUILT_IN else serialize_keras_object(activation)


def deserialize(config, custom_objects=None):
    """Returns the activation function that a name or an encoding means."""
    with CustomObjectScope(custom_objects):
        return get(config)
