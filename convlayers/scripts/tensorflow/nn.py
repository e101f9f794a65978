"""`tf.nn`: what networks are made of, with the names and the order of TensorFlow's arguments."""

from convlayers import ops, shapes

_FORMATS = {"NCHW": "channels_first", "NHWC": "channels_last", None: "channels_last"}


def _two(sizes, data_format):
    """Returns the sizes along height and width of what may be one number, two, or one for each axis of an array.

    Raises:
        ValueError: if another axis has a size but 1.
    """
    if not isinstance(sizes, (list, tuple)):
        return sizes, sizes
    if len(sizes) < 4:
        return tuple(sizes) * (2 // len(sizes))
    batch, *spatial, channels = sizes if data_format != "NCHW" else (sizes[0], *sizes[2:], sizes[1])
    if (batch, channels) != (1, 1):
        raise ValueError(f"Expected sizes of 1 along the batch and the channels. Received: {tuple(sizes)}")
    return tuple(spatial)


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    return _conv(ops.conv, input, filters, strides, padding, data_format, dilations)


def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None):
    return _conv(ops.depthwise_conv, input, filter, strides, padding, data_format, dilations)


def _conv(op, x, kernel, strides, padding, data_format, dilations):
    if not isinstance(padding, str):
        x, padding = ops.pad(x, padding), "valid"
    dilations = _two(1 if dilations is None else dilations, data_format)
    return op(x, kernel, _two(strides, data_format), padding.lower(), _FORMATS[data_format], dilations)


def conv2d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None, name=None):
    """Returns the transpose of a convolution. Of the shapes that it may have, `output_shape` says which."""
    strides = _two(strides, data_format)
    spatial = slice(2, 4) if data_format == "NCHW" else slice(1, 3)
    wanted, known, windows = tuple(int(n) for n in output_shape)[spatial], input.shape[spatial], filters.shape[:2]
    # What "same" and "valid" leave open by themselves.
    extra = [
        n - shapes.conv_transpose_output_length(m, window, stride, padding.lower(), output_padding=0)
        for n, m, window, stride in zip(wanted, known, windows, strides, strict=True)
    ]
    return ops.conv_transpose(input, filters, strides, padding.lower(), tuple(extra), _FORMATS[data_format])


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    return _pool(ops.max_pool, input, ksize, strides, padding, data_format)


def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    return _pool(ops.average_pool, input, ksize, strides, padding, data_format)


def _pool(op, x, sizes, strides, padding, data_format):
    if isinstance(sizes, (list, tuple)) and len(sizes) == 4 and sizes[0] == 1 and sizes[3] > 1 and data_format == "NHWC":
        # The channels are one more axis to pool over.
        pooled = op(ops.expand_dims(x, -1), tuple(sizes[1:]), tuple(strides[1:]), padding.lower(), "channels_last")
        return ops.squeeze(pooled, axis=-1)
    return op(x, _two(sizes, data_format), _two(strides, data_format), padding.lower(), _FORMATS[data_format])


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, scale)
    y = ops.multiply(ops.subtract(x, mean), factor)
    return y if offset is None else ops.add(y, offset)


def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    return ops.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None):
    """Returns the sum of the losses of single samples, divided by the number of samples of all devices."""
    losses = per_example_loss if sample_weight is None else ops.multiply(per_example_loss, sample_weight)
    return ops.divide(ops.sum(losses), global_batch_size or losses.shape[0])


def scale_regularization_loss(regularization_loss):
    """Returns the part of a loss that one device has: all of it, since there is one."""
    return ops.sum(regularization_loss)
