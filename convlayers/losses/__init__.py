"""Losses: how far predictions are from labels, as numbers that training makes smaller."""

from convlayers.losses.cross_entropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from convlayers.losses.loss import Loss, LossFunctionWrapper
from convlayers.losses.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)
from convlayers.losses.resolution import choose_by_labels
from convlayers.naming import get_object_name
from convlayers.serialization import Family

_NAMED = (
    Loss,
    LossFunctionWrapper,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    MeanSquaredError,
    MeanAbsoluteError,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
    mean_squared_error,
    mean_absolute_error,
)
_ALIASES = {
    "bce": binary_crossentropy,
    "BCE": binary_crossentropy,
    "mse": mean_squared_error,
    "MSE": mean_squared_error,
    "mae": mean_absolute_error,
    "MAE": mean_absolute_error,
}
_family = Family("keras.losses", "loss", {**{named.__name__: named for named in _NAMED}, **_ALIASES})
get = _family.get
serialize = _family.serialize
deserialize = _family.deserialize


def resolve(identifier, y_true, y_pred):
    """Returns the loss that an argument of `compile` means for these labels and predictions; None for None.

    Args:
        identifier: as for `get`, and also "crossentropy" or "ce", which stand for what the shapes call for.
        y_true: labels, an array or a symbolic tensor.
        y_pred: predictions, an array or a symbolic tensor.

    Returns:
        A `Loss`. One that is made of a function has the name that was given for it.

    Raises:
        ValueError: if it means none.
    """
    if str(identifier).lower() in ("crossentropy", "ce"):
        crossentropies = binary_crossentropy, sparse_categorical_crossentropy, categorical_crossentropy
        loss = choose_by_labels(y_true, y_pred, *crossentropies)
    else:
        loss = get(identifier)
    if loss is None or isinstance(loss, Loss):
        return loss
    return LossFunctionWrapper(loss, name=identifier if isinstance(identifier, str) else get_object_name(loss))
