"""Losses: how far predictions are from labels, as numbers that training makes smaller."""

from convlayers.families import Family
from convlayers.losses.cross_entropy import (
    LABEL_CHECKS,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
)
from convlayers.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from convlayers.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from convlayers.losses.loss import Loss, LossFunctionWrapper
from convlayers.losses.margin import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from convlayers.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from convlayers.losses.resolution import choose_by_labels
from convlayers.losses.segmentation import Dice, Tversky, dice, tversky
from convlayers.losses.sequence import CTC, ctc
from convlayers.losses.similarity import Circle, circle
from convlayers.naming import get_object_name
from convlayers.registry import register_family, register_functions, subclasses_in
from convlayers.serialization import serialize_keras_object

BUILT_IN_FUNCTIONS = (
    kl_divergence,
    poisson,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
    mean_squared_error,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
    cosine_similarity,
    log_cosh,
    huber,
    hinge,
    squared_hinge,
    categorical_hinge,
    dice,
    tversky,
    circle,
    ctc,
)
_ALIASES = {
    "bce": binary_crossentropy,
    "BCE": binary_crossentropy,
    "kld": kl_divergence,
    "KLD": kl_divergence,
    "mae": mean_absolute_error,
    "MAE": mean_absolute_error,
    "mse": mean_squared_error,
    "MSE": mean_squared_error,
    "mape": mean_absolute_percentage_error,
    "MAPE": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
    "MSLE": mean_squared_logarithmic_error,
    # Of Keras 1 and 2.
    "kullback_leibler_divergence": kl_divergence,
    "logcosh": log_cosh,
    "huber_loss": huber,
    "cosine_proximity": cosine_similarity,
}
# Files have the place in Keras's source, since the class is not public there. The first name is the one that is written.
register_family("keras.src.losses.losses", {"LossFunctionWrapper": LossFunctionWrapper})
_functions = {function.__name__: function for function in BUILT_IN_FUNCTIONS}
_family = Family("keras.losses", "loss", {**subclasses_in(globals(), Loss), **_functions, **_ALIASES})
register_functions(*BUILT_IN_FUNCTIONS)
get = _family.get


def serialize(loss):
    """Returns the encoding of a loss."""
    return serialize_keras_object(loss)


def deserialize(name, custom_objects=None):
    """Returns the loss that an encoding, or a name, describes."""
    return _family.deserialize(name, custom_objects)


def long_name(name):
    """Returns the name of the function that a short or older name of a loss stands for, and any other name as it is.

    Readers of HDF5 files do not know the others: Keras 3 among them, which writes them itself.
    """
    return _ALIASES[name].__name__ if name in _ALIASES else name


def check_labels(loss, y_true, shape):
    """Raises `ValueError`, or warns, if labels are none that a loss takes, for predictions of a shape."""
    check = LABEL_CHECKS.get(getattr(loss, "fn", None))
    if check is not None:
        check(y_true, shape, **loss._fn_kwargs)


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
