"""Metrics: how good predictions are, over all batches since the last reset."""

from convlayers.losses import binary_crossentropy as binary_crossentropy
from convlayers.losses import categorical_crossentropy as categorical_crossentropy
from convlayers.losses import mean_absolute_error as mean_absolute_error
from convlayers.losses import mean_squared_error as mean_squared_error
from convlayers.losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from convlayers.losses.resolution import choose_by_labels
from convlayers.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from convlayers.metrics.accuracy import binary_accuracy as binary_accuracy
from convlayers.metrics.accuracy import categorical_accuracy as categorical_accuracy
from convlayers.metrics.accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from convlayers.metrics.accuracy import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from convlayers.metrics.accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from convlayers.metrics.cross_entropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from convlayers.metrics.metric import Metric
from convlayers.metrics.reduction import Mean, MeanMetricWrapper, Sum
from convlayers.metrics.regression import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError
from convlayers.naming import get_object_name
from convlayers.serialization import Family, table_of

_family = Family(
    "keras.metrics",
    "metric",
    table_of(
        Metric,
        Mean,
        Sum,
        MeanMetricWrapper,
        MeanSquaredError,
        RootMeanSquaredError,
        MeanAbsoluteError,
        BinaryCrossentropy,
        CategoricalCrossentropy,
        SparseCategoricalCrossentropy,
        Accuracy,
        BinaryAccuracy,
        CategoricalAccuracy,
        SparseCategoricalAccuracy,
        TopKCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        bce=BinaryCrossentropy,
        BCE=BinaryCrossentropy,
        mse=MeanSquaredError,
        MSE=MeanSquaredError,
        mae=MeanAbsoluteError,
        MAE=MeanAbsoluteError,
    ),
)
get = _family.get
serialize = _family.serialize
deserialize = _family.deserialize


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
