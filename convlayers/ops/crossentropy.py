"""Cross-entropies: how far predicted probabilities are from labels.

They compute in the number type of the predictions. Probabilities are kept within epsilon of 0 and 1, as in Keras. From
logits (`from_logits=True`), what comes before a softmax or sigmoid, results are exact for numbers of any size.
"""

import numpy as np

from convlayers import _native, config
from convlayers.autograd import differentiable
from convlayers.launching import empty, launch
from convlayers.ops.dtypes import as_array, as_float, widen
from convlayers.ops.rows import row_layout
from convlayers.ops.softmax import softmax_by_kernel


@differentiable
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Returns the cross-entropy of predictions with distributions over classes.

    Args:
        target: array of probabilities, for instance one-hot rows.
        output: array of the same shape: predicted probabilities, which are divided by their sum, or logits.
        axis: the axis of the classes. The result does not have it.

    Raises:
        ValueError: if the shapes differ.
    """
    target, output = as_array(target), as_float(output)
    _check_same_shape(target, output)
    if output.ndim < 1:
        raise ValueError(
            "Arguments `target` and `output` must be at least rank 1. "
            f"Received: target.shape={target.shape}, output.shape={output.shape}"
        )
    layout = row_layout(output.shape, axis, output.dtype)
    rows, probabilities = layout.to_kernel(output), layout.to_kernel(target.astype(output.dtype, copy=False))
    logarithms, through_logarithms = _logarithms(rows, from_logits)
    y = -np.einsum("ij,ij->i", probabilities, logarithms)

    def backward(d_y):
        d_y = d_y.reshape(-1, 1).astype(rows.dtype, copy=False)
        return (
            lambda: layout.from_kernel(-d_y * logarithms),
            lambda: layout.from_kernel(through_logarithms(-d_y * probabilities)),
        )

    return y.reshape(_replaced(output.shape, axis)).astype(output.dtype, copy=False), backward


@differentiable
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Returns the cross-entropy of predictions with class numbers.

    Args:
        target: array of class numbers, ints or floats, in the shape of `output` without the axis of the classes, or
            with length 1 there.
        output: array of predicted probabilities, which are divided by their sum, or of logits.
        axis: the axis of the classes. The result does not have it.

    Raises:
        ValueError: if the shapes do not fit, or a number is not that of a class.
    """
    target, output = as_array(target), as_float(output)
    if output.ndim < 1:
        raise ValueError(f"Argument `output` must be at least rank 1. Received: output.shape={output.shape}")
    classes = output.shape[axis]
    shape = _replaced(output.shape, axis)
    if target.shape != shape and target.shape != _replaced(output.shape, axis, 1):
        raise ValueError(
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            f"target.shape={target.shape}, output.shape={output.shape}{_explain_labels(target, output, axis)}"
        )
    layout = row_layout(output.shape, axis, output.dtype)
    rows, labels = layout.to_kernel(output), check_labels(target, classes)
    y, through_rows = (_from_logits_of if from_logits else _from_probabilities_of)(labels, rows)

    def backward(d_y):
        return None, lambda: layout.from_kernel(through_rows(np.ascontiguousarray(d_y, rows.dtype).reshape(-1)))

    return y.reshape(shape).astype(output.dtype, copy=False), backward


def _from_logits_of(labels, rows):
    places = np.arange(len(rows)), labels
    logarithms, through_softmax = softmax_by_kernel("log_softmax", rows, -1)

    def backward(d_y):
        d_logarithms = np.zeros_like(logarithms)
        d_logarithms[places] = -d_y
        return through_softmax(d_logarithms)

    return -logarithms[places], backward


def _from_probabilities_of(labels, rows):
    kernels = _native.kernels(rows.dtype).crossentropy
    y = empty(len(rows), rows.dtype)
    launch(kernels.crossentropy_forward, rows, labels, config.epsilon(), y)

    def backward(d_y):
        d_rows = empty(rows.shape, rows.dtype)
        launch(kernels.crossentropy_backward, rows, labels, config.epsilon(), d_y, d_rows)
        return d_rows

    return y, backward


@differentiable
def binary_crossentropy(target, output, from_logits=False):
    """Returns the cross-entropy of predictions with yes or no, element by element.

    Args:
        target: array of labels between 0 and 1.
        output: array of the same shape: predicted probabilities or logits.

    Raises:
        ValueError: if the shapes differ.
    """
    target, output = as_array(target), as_float(output)
    _check_same_shape(target, output)
    x = widen(output)
    y, backward = (_from_odds if from_logits else _from_probabilities)(target.astype(x.dtype, copy=False), x)
    return y.astype(output.dtype, copy=False), backward


def _from_odds(target, x):
    odds = np.exp(-np.absolute(x))

    def backward(d_y):
        p = np.where(x >= 0, 1, odds) / (1 + odds)
        return lambda: -d_y * x, lambda: d_y * (p - target)

    return np.maximum(x, 0) - x * target + np.log1p(odds), backward


def _from_probabilities(target, x):
    p = _clip_probabilities(x)
    log_yes, log_no = np.log(p), np.log(1 - p)

    def backward(d_y):
        return lambda: d_y * (log_no - log_yes), lambda: d_y * (p == x) * (p - target) / (p * (1 - p))

    return -(target * log_yes + (1 - target) * log_no), backward


# Parts of several -----------------------------------------------------------------------------------------------------


def _logarithms(rows, from_logits):
    """Returns the logarithms of the probabilities that each row predicts, and their backward pass."""
    if from_logits:
        return softmax_by_kernel("log_softmax", rows, -1)
    total = np.add.reduce(rows, axis=1, keepdims=True)
    share = rows / total
    p = _clip_probabilities(share)

    def backward(d_y):
        d_share = d_y * (p == share) / p
        return (d_share - np.add.reduce(d_share * share, axis=1, keepdims=True)) / total

    return np.log(p), backward


def _replaced(shape, axis, *sizes):
    """Returns a shape with other sizes, or none, in the place of one."""
    axis %= len(shape)
    return (*shape[:axis], *sizes, *shape[axis + 1 :])


def _clip_probabilities(p):
    """Returns probabilities kept within epsilon of 0 and 1. Those that were there already are equal to what they were."""
    real, epsilon = p.dtype.type, config.epsilon()
    return np.minimum(np.maximum(p, real(epsilon)), real(1 - epsilon))


def check_labels(labels, classes):
    """Returns labels as a vector of integers.

    Raises:
        ValueError: if one of them is none of the numbers of so many classes.
    """
    numbers = empty(labels.size, np.intp)
    launch(_write_labels, labels.reshape(-1), classes, numbers)
    return numbers


def _write_labels(labels, classes, numbers):
    np.copyto(numbers, labels, "unsafe")
    if not _native.kernels("float32").crossentropy.are_classes(numbers, classes):
        wrong = numbers[(numbers < 0) | (numbers >= classes)][0]
        raise ValueError(
            f"Received a label value of {wrong} which is outside the valid range of [0, {classes}).\n" + _explain_range(classes)
        )


def _explain_range(classes):
    if classes == 1:
        return "A single prediction is for yes or no: use binary_crossentropy, or give the last layer a unit for each class."
    return (
        f"The predictions are for {classes} classes, which count from 0 to {classes - 1}. Give the last layer as many units "
        "as there are classes, or make the labels count from 0."
    )


def _check_same_shape(target, output):
    if target.shape == output.shape:
        return
    raise ValueError(
        "Arguments `target` and `output` must have the same shape. "
        f"Received: target.shape={target.shape}, output.shape={output.shape}{_explain_target(target, output)}"
    )


def _explain_target(target, output):
    classes = output.shape[-1] if output.ndim else 0
    if classes > 1 and target.shape in (output.shape[:-1], (*output.shape[:-1], 1)):
        return (
            "\nThe targets look like class numbers, one for each prediction: use sparse_categorical_crossentropy, or "
            f"make one-hot rows of them with `keras.utils.to_categorical(y, num_classes={classes})`."
        )
    if target.size == output.size:
        return f"\nGive the targets the shape of the predictions, with `y.reshape({output.shape})`."
    return _explain_output(output)


def _explain_labels(target, output, axis):
    if target.shape == output.shape:
        return (
            "\nThe targets look like one-hot rows: use categorical_crossentropy, or make class numbers of them with "
            f"`y.argmax(axis={axis})`."
        )
    return _explain_output(output)


def _explain_output(output):
    if output.ndim > 2:
        return "\nThe predictions have axes of space: is a Flatten or GlobalAveragePooling2D layer missing?"
    return ""
