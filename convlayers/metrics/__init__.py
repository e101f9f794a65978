"""Metrics: how good predictions are, over all batches since the last reset."""

from convlayers.families import Family
from convlayers.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from convlayers.losses.resolution import choose_by_labels
from convlayers.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from convlayers.metrics.auc import AUC
from convlayers.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from convlayers.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from convlayers.metrics.cross_entropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from convlayers.metrics.divergence import KLDivergence, Poisson
from convlayers.metrics.f_score import F1Score, FBetaScore
from convlayers.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from convlayers.metrics.margin import CategoricalHinge, Hinge, SquaredHinge
from convlayers.metrics.metric import Metric
from convlayers.metrics.r2_score import R2Score
from convlayers.metrics.reduction import Mean, MeanMetricWrapper, Sum
from convlayers.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
)
from convlayers.metrics.trade_off import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from convlayers.naming import get_object_name
from convlayers.registry import register_functions, subclasses_in, table_of
from convlayers.serialization import serialize_keras_object

_family = Family(
    "keras.metrics",
    "metric",
    table_of(
        *subclasses_in(globals(), Metric).values(),
        bce=BinaryCrossentropy,
        BCE=BinaryCrossentropy,
        mse=MeanSquaredError,
        MSE=MeanSquaredError,
        mae=MeanAbsoluteError,
        MAE=MeanAbsoluteError,
        mape=MeanAbsolutePercentageError,
        MAPE=MeanAbsolutePercentageError,
        msle=MeanSquaredLogarithmicError,
        MSLE=MeanSquaredLogarithmicError,
    ),
)
register_functions(
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    top_k_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    pearson_correlation,
    concordance_correlation,
)
get = _family.get
deserialize = _family.deserialize


def serialize(metric):
    """Returns the encoding of a metric."""
    return serialize_keras_object(metric)


def resolve(identifier, y_true, y_pred):
    """Returns the metric that an argument of `compile` means for these labels and predictions.

    Args:
        identifier: as for `get`, and also "accuracy" or "acc", which stand for what the shapes call for.
        y_true: labels, an array or a symbolic tensor.
        y_pred: predictions, an array or a symbolic tensor.

    Returns:
        A `Metric`, which has the name that was given for it.

    Raises:
        ValueError: if it means none.
    """
    if identifier is None:
        raise ValueError("Expected metric, received `None`")
    if str(identifier).lower() in ("accuracy", "acc"):
        metric = choose_by_labels(y_true, y_pred, BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy)()
    else:
        metric = get(identifier)
    name = identifier if isinstance(identifier, str) else get_object_name(metric)
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric)
    metric.name = name
    return metric
