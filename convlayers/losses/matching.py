"""Labels, predictions and weights that fit each other: number types and ranks."""

import numpy as np

from convlayers import nested, ops
from convlayers.autograd import Operand
from convlayers.launching import empty, launch
from convlayers.narrow_types import to_dtype


def convert(x, dtype=None):
    """Returns anything array-like as an array of a dtype. A tensor stays a tensor."""
    if isinstance(x, (np.ndarray, Operand)) and (dtype is None or x.dtype == dtype):
        return x
    if type(x) is not np.ndarray:
        return ops.convert_to_tensor(x, dtype)
    if dtype == "bfloat16":
        return to_dtype(x, dtype)
    converted = empty(x.shape, dtype)
    launch(np.copyto, converted, x, "unsafe")
    return converted


def convert_structure(structure, dtype):
    """Returns an array of a dtype, or a structure of such. Lists of numbers become arrays, lists of arrays do not."""
    if isinstance(structure, (np.ndarray, Operand)):
        return convert(structure, dtype)
    if isinstance(structure, dict) or any(getattr(leaf, "ndim", 0) for leaf in nested.flatten(structure)):
        return nested.map_structure(lambda leaf: convert(leaf, dtype), structure)
    return convert(structure, dtype)


def squeeze_or_expand_to_same_rank(x1, x2, expand_rank_1=True):
    """Returns two arrays of one rank, if one of them has a last axis of length 1 more than the other.

    That axis is removed; but to an array of one axis it is added, unless `expand_rank_1` is false.
    """
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        if x2.ndim == 1 and expand_rank_1:
            return x1, ops.expand_dims(x2, -1)
        return ops.squeeze(x1, -1), x2
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        if x1.ndim == 1 and expand_rank_1:
            return ops.expand_dims(x1, -1), x2
        return x1, ops.squeeze(x2, -1)
    return x1, x2


def convert_pair(y_true, y_pred):
    """Returns labels and predictions as arrays (or tensors) of the predictions' dtype."""
    y_pred = convert(y_pred)
    return convert(y_true, y_pred.dtype), y_pred


def convert_fitting(y_true, y_pred):
    """Returns labels and predictions as arrays (or tensors) of the predictions' dtype.

    Raises:
        ValueError: if their shapes do not fit.
    """
    y_true, y_pred = convert_pair(y_true, y_pred)
    check_fit(y_true, y_pred)
    return y_true, y_pred


def match(y_true, y_pred):
    """Returns labels and predictions as arrays (or tensors) of the predictions' dtype and of one rank.

    Raises:
        ValueError: if their shapes do not fit.
    """
    y_true, y_pred = squeeze_or_expand_to_same_rank(*convert_pair(y_true, y_pred))
    check_fit(y_true, y_pred)
    return y_true, y_pred


def check_fit(y_true, y_pred):
    """Checks that the shapes of labels and predictions are the same, or broadcast, as they may in Keras.

    Labels of samples may not meet predictions of pixels, though, to which they would broadcast by mere chance.

    Raises:
        ValueError: if they do not.
    """
    labels, predictions = y_true.shape, y_pred.shape
    if labels == predictions or None in (*labels, *predictions):
        return
    try:
        np.broadcast_shapes(labels, predictions)
    except ValueError:
        raise shapes_differ(y_true, y_pred) from None
    if len(labels) in (1, 2) and len(predictions) > 3:
        raise shapes_differ(y_true, y_pred)


def shapes_differ(y_true, y_pred):
    """Returns the error to raise if labels and predictions should have the same shape and do not."""
    return ValueError(
        f"Labels and predictions must have the same shape. Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        + explain_shapes(y_true.shape, y_pred.shape)
    )


def explain_shapes(labels, predictions):
    """Returns a line to end a message about two shapes with: what may have gone wrong. Empty, if it could be anything."""
    if len(predictions) > 3 and len(labels) < 3:
        return "\nThe predictions have axes of space: is a Flatten or GlobalAveragePooling2D layer missing?"
    classes = predictions[-1] if predictions else 0
    if len(labels) <= len(predictions) and classes > 1 and (len(labels) < len(predictions) or labels[-1] == 1):
        return (
            "\nThe labels look like class numbers, one for each prediction. What wants a number for each class takes "
            f"`keras.utils.to_categorical(y, num_classes={classes})`."
        )
    if len(labels) == len(predictions) and labels[:-1] == predictions[:-1]:
        return (
            f"\nThe labels have {labels[-1]} numbers for each sample, the predictions {classes}: give the last layer as many "
            "units as the labels have numbers."
        )
    return ""
