"""Class numbers: their encodings, and how predictions rank them."""

import numpy as np

from convlayers import config
from convlayers.autograd import differentiable
from convlayers.narrow_types import array_dtype
from convlayers.ops.dtypes import as_array


@differentiable
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Returns rows with a 1 at the place of the class number and 0 elsewhere. A number of no class has a row of zeros.

    Args:
        x: array of class numbers. Of floats, what is behind the point does not count.
        num_classes: the length of a row.
        axis: the place of the new axis in the result.
        dtype: that of the result, `floatx()` by default.

    Raises:
        ValueError: if `sparse` is true.
    """
    refuse_sparse(sparse)
    classes = as_array(x)
    classes = np.trunc(classes) if classes.dtype.kind == "f" else classes
    rows = np.expand_dims(classes, -1) == np.arange(num_classes)
    return np.moveaxis(rows, -1, axis).astype(array_dtype(dtype or config.floatx())), None


@differentiable
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False):
    """Returns rows with a 1 at the places of all class numbers of a sample and 0 elsewhere.

    Args:
        inputs: array of class numbers, of shape (batch, count) or (count,).
        num_classes: the length of a row.
        axis: the place of the new axis in the one-hot rows that are joined.
        dtype: that of the result, `floatx()` by default.

    Raises:
        ValueError: if `num_classes` is missing, or `sparse` is true.
    """
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be specified.")
    inputs = as_array(inputs)
    rows = one_hot(inputs, num_classes, axis, dtype, sparse)
    return np.max(rows, axis=1 if inputs.ndim > 1 else 0), None


@differentiable
def in_top_k(targets, predictions, k):
    """Returns for each row of predictions whether the one at the target's place is among the `k` largest.

    Args:
        targets: vector of class numbers.
        predictions: array of shape (batch, classes).
    """
    targets, predictions = as_array(targets).astype(np.intp), as_array(predictions)
    least = np.partition(predictions, -k, axis=-1)[:, -k]
    return np.take_along_axis(predictions, targets[:, np.newaxis], -1)[:, 0] >= least, None


def refuse_sparse(sparse):
    """Raises a `ValueError` if an argument `sparse` is true."""
    if sparse:
        raise ValueError(
            "Unsupported value `sparse=True` with numpy backend\nThere are no sparse tensors here: leave `sparse` out."
        )
