"""`keras.backend` as scripts of Keras 1 and 2 use it: `K.mean`, `K.batch_flatten`, `K.int_shape`..."""

import functools
import math

import numpy as np

from convlayers import activations, config, layers, ops, random
from convlayers.autograd import value_of
from convlayers.legacy.functions import function, gradients, placeholder, update
from convlayers.legacy.old_spelling import warn_of
from convlayers.models.tensorflow_ops.matrices import l2_normalize
from convlayers.saving.legacy.keras1 import VALUES
from convlayers.variables import Variable

# What has the same name in `keras.ops` today.
_SAME = (
    "abs all any cos cumprod cumsum elu equal exp greater greater_equal less less_equal log max maximum mean min minimum "
    "ndim not_equal ones_like prod round shape sigmoid sign sin softmax softplus softsign sqrt square squeeze stack std sum "
    "tanh transpose var zeros_like"
)
# What has another name there, or arguments that were called otherwise.
_RENAMED = {
    "clip": ("clip", {"min_value": "x_min", "max_value": "x_max"}),
    "constant": ("convert_to_tensor", {"value": "x"}),
    "one_hot": ("one_hot", {"indices": "x"}),
    "permute_dimensions": ("transpose", {"pattern": "axes"}),
    "pow": ("power", {"x": "x1", "a": "x2"}),
    "repeat_elements": ("repeat", {"rep": "repeats"}),
    "reshape": ("reshape", {"shape": "newshape"}),
    "reverse": ("flip", {"axes": "axis"}),
    "stop_gradient": ("stop_gradient", {"variables": "variable"}),
    "tile": ("tile", {"n": "repeats"}),
}


def _renamed(old, today, arguments):
    function = getattr(ops, today)

    @functools.wraps(function)
    def renamed(*args, **kwargs):
        warn_of(f"keras.backend.{old}", f"`keras.ops.{today}`")
        return function(*args, **{arguments.get(key, key): value for key, value in kwargs.items()})

    return renamed


# Functions that no function of `keras.ops` does alone -----------------------------------------------------------------


def arange(start, stop=None, step=1, dtype="int32"):
    return ops.arange(start, stop, step, dtype)


def argmax(x, axis=-1):
    return ops.argmax(x, axis)


def argmin(x, axis=-1):
    return ops.argmin(x, axis)


def batch_dot(x, y, axes=None):
    """Returns the product of each sample of one with that of the other, along an axis of each: by default, that of matrices.

    Of arrays with more than three axes, all but the last two belong to the batch, as in Keras up to 2.2; one with an axis less
    is taken for a batch of vectors.
    """
    ranks = len(x.shape), len(y.shape)
    if axes is None:
        axes = ranks[0] - 1, ranks[1] - (1 if ranks[1] == 2 else 2)
    if max(ranks) < 4:
        return layers.dot([x, y], axes=axes)
    axes = (axes, axes) if isinstance(axes, int) else axes
    vectors = [place for place, rank in enumerate(ranks) if rank < max(ranks)]
    # The axis that is summed over goes to the end of one, and to the end but one of the other.
    x = ops.expand_dims(x, -2) if 0 in vectors else _with_last(x, axes[0], -1)
    y = ops.expand_dims(y, -1) if 1 in vectors else _with_last(y, axes[1], -2)
    product = ops.matmul(x, y)
    return ops.squeeze(product, -2 if 0 in vectors else -1) if vectors else product


def _with_last(x, axis, place):
    """Returns an array in which one of its last two axes is the last, or the last but one."""
    return x if (axis - place) % len(x.shape) == 0 else ops.swapaxes(x, -1, -2)


def batch_flatten(x):
    """Returns an array with all axes but the first as one."""
    return ops.reshape(x, (-1, math.prod(x.shape[1:])))


def bias_add(x, bias, data_format=None):
    return ops.add(x, ops.reshape(bias, (-1, *[1] * (len(x.shape) - 2))) if _channels_first(data_format) else bias)


def binary_crossentropy(target, output, from_logits=False):
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def cast(x, dtype):
    return ops.cast(x, dtype)


def cast_to_floatx(x):
    return np.asarray(value_of(x), config.floatx())


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def concatenate(tensors, axis=-1):
    return ops.concatenate(tensors, axis=axis)


def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    if padding == "causal":
        reach = dilation_rate * (kernel.shape[0] - 1)
        steps = ((0, 0), (0, 0), (reach, 0)) if _channels_first(data_format) else ((0, 0), (reach, 0), (0, 0))
        x, padding = ops.pad(x, steps), "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)):
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def count_params(x):
    return math.prod(x.shape)


def dot(x, y):
    """Returns the product along the last axis of one and the second last of the other."""
    return ops.dot(x, y)


def dropout(x, level, noise_shape=None, seed=None):
    return random.dropout(x, level, noise_shape, seed)


def dtype(x):
    return ops.dtype(x)


def eval(x):
    """Returns the value of a variable or tensor as an array."""
    return get_value(x)


def expand_dims(x, axis=-1):
    return ops.expand_dims(x, axis)


def eye(size, dtype=None, name=None):
    return ops.eye(size, dtype=dtype)


def flatten(x):
    """Returns all numbers of an array along one axis."""
    return ops.reshape(x, (-1,))


def gather(reference, indices):
    return ops.take(reference, indices, axis=0)


def get_value(x):
    """Returns the value of a variable or tensor as an array."""
    return np.array(value_of(x)) if hasattr(x, "shape") else x


def batch_get_value(tensors):
    return [get_value(tensor) for tensor in tensors]


def in_train_phase(x, alt, training=None):
    """Returns `x` for training, else `alt`; what such a function of no arguments returns, if it is one."""
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x, alt, training=None):
    """Returns `alt` for training, else `x`."""
    return in_train_phase(alt, x, training)


def in_top_k(predictions, targets, k):
    return ops.in_top_k(targets, predictions, k)


def int_shape(x):
    """Returns the shape as a tuple, with None for what is not known."""
    return tuple(x.shape)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    pool = {"max": ops.max_pool, "avg": ops.average_pool}.get(pool_mode)
    if pool is None:
        raise ValueError(f"Invalid pooling mode: {pool_mode}")
    return pool(x, pool_size, strides, padding, data_format)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None, std=None):
    return random.normal(shape, mean, stddev if std is None else std, dtype, seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None, low=None, high=None):
    return random.uniform(shape, minval if low is None else low, maxval if high is None else high, dtype, seed)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """Returns ones with probability `p`, else zeros."""
    return ops.cast(ops.less(random.uniform(shape, seed=seed), p), dtype or config.floatx())


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return random.truncated_normal(shape, mean, stddev, dtype, seed)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """Returns x where it is above the threshold, and alpha * (x - threshold) below it; at most `max_value`."""
    above = ops.multiply(x, ops.cast(ops.greater(x, threshold), config.floatx()))
    above = above if max_value is None else ops.minimum(above, max_value)
    return ops.subtract(above, ops.multiply(ops.relu(ops.subtract(threshold, x)), alpha)) if alpha else above


def repeat(x, n):
    """Returns each row of a matrix `n` times, along a new axis in the middle."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    first = 2 if data_format == "channels_first" else 1
    height, width = x.shape[first : first + 2]
    return ops.image.resize(
        x, (height * height_factor, width * width_factor), interpolation=interpolation, data_format=data_format
    )


def set_value(x, value):
    x.assign(value)


def batch_set_value(tuples):
    for x, value in tuples:
        x.assign(value)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    rows, columns = map(tuple, padding)
    return ops.pad(x, ((0, 0), (0, 0), rows, columns) if _channels_first(data_format) else ((0, 0), rows, columns, (0, 0)))


def _channels_first(data_format):
    return config.standardize_data_format(data_format) == "channels_first"


def switch(condition, then_expression, else_expression):
    """Returns one of two arrays, or the result of one of two functions; number by number if the condition is an array."""
    if len(getattr(condition, "shape", ())) == 0:
        chosen = then_expression if value_of(condition) else else_expression
        return chosen() if callable(chosen) else chosen
    values = [choice() if callable(choice) else choice for choice in (then_expression, else_expression)]
    rank = len(values[0].shape) - len(condition.shape)
    condition = ops.reshape(condition, (*condition.shape, *[1] * rank))
    return ops.where(ops.cast(condition, "bool"), *values)


def update_add(x, increment):
    return update(x, ops.add(x, increment))


def update_sub(x, decrement):
    return update(x, ops.subtract(x, decrement))


def variable(value, dtype=None, name=None, constraint=None):
    return Variable(value, dtype=dtype or config.floatx(), name=name, constraint=constraint)


def ones(shape, dtype=None, name=None):
    return variable(ops.ones(shape, dtype), dtype, name)


def zeros(shape, dtype=None, name=None):
    return variable(ops.zeros(shape, dtype), dtype, name)


# Settings -------------------------------------------------------------------------------------------------------------


def image_dim_ordering():
    """Returns "tf" for channels last, "th" for channels first."""
    warn_of("keras.backend.image_dim_ordering", "`keras.config.image_data_format()`")
    names = {today: old for old, today in VALUES["data_format"].items()}
    return names[config.image_data_format()]


def set_image_dim_ordering(dim_ordering):
    """Sets where the channels are: "tf" for last, "th" for first."""
    warn_of("keras.backend.set_image_dim_ordering", "`keras.config.set_image_data_format('channels_last')`, or first")
    formats = VALUES["data_format"]
    if formats.get(dim_ordering) is None:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering}. Expected 'tf' or 'th'.")
    config.set_image_data_format(formats[dim_ordering])


def learning_phase():
    """Returns 0: layers are told by `training=True` when they train."""
    warn_of("keras.backend.learning_phase", "the argument `training` of `call`")
    return 0


def set_learning_phase(value):
    """Does nothing: layers are told by `training=True` when they train."""
    warn_of("keras.backend.set_learning_phase", "`model(x, training=False)`, which is the default")


def set_session(session):
    """Does nothing: there is one device, and nothing to set."""
    warn_of("keras.backend.set_session", "nothing in its place: it has no effect")


# What there is no graph for -------------------------------------------------------------------------------------------


def _refuse(name, advice):
    def refuse(*args, **kwargs):
        raise NotImplementedError(f"`keras.backend.{name}` is for graphs of TensorFlow 1, which are not there. {advice}")

    return refuse


_REFUSED = {
    name: _refuse(name, advice)
    for name, advice in {
        "get_session": "There are no sessions: leave it out.",
        "rnn": "Recurrent layers are not part of convlayers.",
        "tf": "Import TensorFlow's names by `import tensorflow as tf`.",
    }.items()
}

_OWN = {
    name: value
    for name, value in globals().items()
    if getattr(value, "__module__", None) == __name__ and not name.startswith("_")
}

# What old scripts find in `keras.backend`.
ADDED = {
    **{name: _renamed(name, name, {}) for name in _SAME.split()},
    **{old: _renamed(old, *entry) for old, entry in _RENAMED.items()},
    **_OWN,
    **_REFUSED,
    "backend": lambda: "tensorflow",  # Where scripts have other lines for each backend, `tf` is there.
    "function": function,
    "gradients": gradients,
    "hard_sigmoid": activations.hard_sigmoid_of_keras2,
    "l2_normalize": l2_normalize,
    "placeholder": placeholder,
    "update": update,
}
