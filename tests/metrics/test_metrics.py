"""Metrics by hand: results, weights, metrics of users and inside others, names, errors."""

import numpy as np
import pytest

from convlayers import losses, metrics, ops
from convlayers.autograd import Tape
from convlayers.masks import set_keras_mask

RNG = np.random.default_rng(2)
SCORES = [[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.2, 0.6]]


@pytest.mark.parametrize(
    ("metric", "labels", "predictions", "wanted"),
    [
        (metrics.Accuracy(), [1, 2, 3, 4], [0, 2, 3, 4], 3 / 4),
        (metrics.BinaryAccuracy(), [[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]], 3 / 4),
        (metrics.BinaryAccuracy(threshold=0.7), [1, 1, 0, 0], [0.98, 1, 0, 0.6], 1),
        (metrics.CategoricalAccuracy(), [[0, 1, 0], [0, 1, 0], [0, 0, 1]], SCORES, 2 / 3),
        (metrics.SparseCategoricalAccuracy(), [1, 1, 2], SCORES, 2 / 3),
        (metrics.TopKCategoricalAccuracy(k=2), [[1, 0, 0], [0, 0, 1], [0, 0, 1]], SCORES, 2 / 3),
        (metrics.SparseTopKCategoricalAccuracy(k=2), [0, 2, 2], SCORES, 2 / 3),
        (metrics.MeanSquaredError(), [[1, 2]], [[1, 4]], 2),
        (metrics.MeanAbsoluteError(), [[1, 2]], [[1, 4]], 1),
        (metrics.RootMeanSquaredError(), [[1, 2]], [[1, 4]], np.sqrt(2)),
        (metrics.SparseCategoricalCrossentropy(), [1, 0], SCORES[:2], -(np.log(0.6) + np.log(0.5)) / 2),
        (metrics.CategoricalCrossentropy(), [[0, 1, 0]], SCORES[:1], -np.log(0.6)),
        (metrics.BinaryCrossentropy(), [[0, 1]], [[0.2, 0.9]], -(np.log(0.8) + np.log(0.9)) / 2),
    ],
)
def test_results(metric, labels, predictions, wanted):
    result = metric(labels, predictions)
    assert result == pytest.approx(wanted, rel=1e-6)
    assert result.dtype == "float32"
    metric.update_state(labels, predictions)
    assert metric.result() == pytest.approx(wanted, rel=1e-6), "a second batch of the same changes nothing"


def test_batches_of_different_size_count_by_their_samples():
    mean = metrics.Mean()
    mean.update_state([1, 2, 3])
    mean.update_state(10)
    assert mean.result() == 4
    mean.update_state([0.0], sample_weight=[4])
    assert mean.result() == 2


def test_no_batch_no_weight_no_sample():
    mean = metrics.Mean()
    assert mean.result() == 0
    mean.update_state([5, 6], sample_weight=[0, 0])
    mean.update_state([])
    assert mean.result() == 0


def test_nan_is_not_hidden():
    assert np.isnan(metrics.Mean()([1.0, np.nan]))


def test_tensors_on_a_tape_give_numbers():
    with Tape() as tape:
        predictions = tape.watch(np.array(SCORES, "float32"))
        loss = losses.SparseCategoricalCrossentropy()([1, 1, 2], predictions)
        mean, accuracy = metrics.Mean()(loss), metrics.SparseCategoricalAccuracy()([1, 1, 2], predictions)
    assert mean == loss.value and accuracy == pytest.approx(2 / 3)


def test_an_ignored_class_counts_as_zero_unless_there_are_weights():
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=0)
    assert metric([1, 0], SCORES[:2]) == pytest.approx(-np.log(0.6) / 2)
    metric.reset_state()
    assert metric([1, 0], SCORES[:2], sample_weight=[3, 1]) == pytest.approx(-np.log(0.6))


# Yes and no -----------------------------------------------------------------------------------------------------------


def area_by_pairs(labels, scores, weights):
    """Returns how often a positive has a larger score than a negative; ties count half."""
    pairs = [(i, j) for i in np.flatnonzero(labels) for j in np.flatnonzero(1 - labels)]
    wins = [weights[i] * weights[j] * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j])) for i, j in pairs]
    return sum(wins) / sum(weights[i] * weights[j] for i, j in pairs)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("thresholds", [None, list(np.arange(20) / 20 + 0.001)])
def test_the_area_under_the_curve_is_how_often_yes_is_above_no(thresholds, weighted):
    labels, scores = RNG.integers(0, 2, 60), RNG.integers(0, 21, 60) / 20
    weights = RNG.random(60) if weighted else np.ones(60)
    metric = metrics.AUC(num_thresholds=1001, thresholds=thresholds)
    for part in (slice(0, 25), slice(25, 60)):
        metric.update_state(labels[part], scores[part], weights[part] if weighted else None)
    assert metric.result() == pytest.approx(area_by_pairs(labels, scores, weights), rel=1e-5)


@pytest.mark.parametrize("thresholds", [[0.3], [0.25, 0.5, 0.75], [0.1, 0.2]])
def test_counts_are_those_of_a_loop(thresholds):
    labels, scores, weights = RNG.integers(0, 2, (20, 3)), RNG.random((20, 3)), RNG.random((20, 3))
    scores[3, 1] = np.nan  # is above no threshold
    for name, label, is_above in (
        ("TruePositives", 1, True),
        ("FalsePositives", 0, True),
        ("TrueNegatives", 0, False),
        ("FalseNegatives", 1, False),
    ):
        wanted = [
            sum(w for y, p, w in zip(labels.flat, scores.flat, weights.flat, strict=True) if y == label and (p > t) == is_above)
            for t in thresholds
        ]
        metric = getattr(metrics, name)(thresholds=thresholds)
        np.testing.assert_allclose(np.atleast_1d(metric(labels, scores, weights)), wanted, rtol=1e-6)


def test_one_weight_counts_for_a_whole_image():
    labels, scores = RNG.integers(0, 2, (2, 3, 4)), RNG.random((2, 3, 4))
    wanted = np.sum((labels == 1) & (scores > 0.5), axis=(1, 2)) @ [1, 5]
    assert metrics.TruePositives()(labels, scores, [1, 5]) == wanted
    iou = metrics.MeanIoU(2, dtype="float32")
    iou.update_state(labels, labels, [1, 5])
    assert iou.total_cm.numpy().sum() == 12 * 6


# Without state --------------------------------------------------------------------------------------------------------


def test_a_metric_without_state():
    metric = metrics.Mean()
    metric.update_state([1, 2, 3])
    variables = metric.stateless_update_state([np.float32(10), np.float32(1)], [4, 5])
    assert [float(variable) for variable in variables] == [19, 3]
    assert metric.stateless_result(variables) == pytest.approx(19 / 3)
    assert [float(variable) for variable in metric.stateless_reset_state()] == [0, 0]
    assert metric.result() == 2, "its own variables stay as they are"
    with pytest.raises(ValueError, match=r"^Argument `metric_variables` must be a list of tensors corresponding 1:1 to Mean"):
        metric.stateless_result(variables[:1])


def test_a_failed_call_without_state_leaves_the_variables():
    metric = metrics.TruePositives()
    metric.update_state([1], [1])
    with pytest.raises(ValueError, match=r"^Labels and predictions must have the same shape"):
        metric.stateless_update_state([np.zeros(1)], [1, 1], [1, 1, 1])
    assert metric.result() == 1


def test_masked_predictions_do_not_count():
    predictions = np.array([[1.0], [2.0], [4.0]], "float32")
    set_keras_mask(predictions, np.array([True, False, True]))
    assert metrics.MeanSquaredError()(np.zeros((3, 1)), predictions) == (1 + 16) / 2
    assert metrics.MeanSquaredError()(np.zeros((3, 1)), predictions, sample_weight=[1, 9, 3]) == (1 + 3 * 16) / 4


# Metrics of users -----------------------------------------------------------------------------------------------------


class TruePositives(metrics.Metric):
    def __init__(self, name="true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.count = self.add_weight(name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        both = ops.logical_and(ops.equal(y_true, 1), ops.greater(y_pred, 0.5))
        self.count.assign_add(ops.sum(ops.cast(both, self.dtype)))

    def result(self):
        return self.count


def test_a_metric_of_the_user():
    metric = TruePositives(dtype="float64")
    metric.update_state([1, 1, 0, 1], [0.9, 0.1, 0.9, 0.7])
    assert metric.result().numpy() == 2
    assert metric.variables == [metric.count] and metric.count.path == "true_positives/count"
    metric.reset_state()
    assert metric.result().numpy() == 0
    assert TruePositives.from_config(metric.get_config()).dtype == "float64"


def test_a_function_of_the_user():
    metric = metrics.MeanMetricWrapper(lambda y_true, y_pred, power: abs(y_true - y_pred) ** power, "distance", power=2)
    assert metric(np.array([1.0, 2]), np.array([2.0, 4])) == 2.5


def test_metrics_inside_a_metric():
    class Range(metrics.Metric):
        def __init__(self):
            super().__init__(name="range")
            self.calls = self.add_variable((), "zeros", name="calls")
            self.parts = [metrics.Mean("low"), metrics.Mean("high")]

    metric = Range()
    assert [v.path for v in metric.variables] == ["range/calls", "low/total", "low/count", "high/total", "high/count"]
    metric.parts[1].update_state(3)
    metric.reset_state()
    assert metric.parts[1].result() == 0


def test_a_forgotten_super_is_named():
    class Forgetful(metrics.Metric):
        def __init__(self):
            pass

    with pytest.raises(RuntimeError, match=r"You forgot to call `super\(\).__init__\(\)`"):
        Forgetful()(1, 2)
    with pytest.raises(RuntimeError, match=r"You forgot to call `super\(\).__init__\(\)`"):
        Forgetful().add_variable((), "zeros")


@pytest.mark.parametrize("method", ["update_state", "result"])
def test_the_base_class_has_no_rule(method):
    with pytest.raises(NotImplementedError):
        getattr(metrics.Metric(), method)()


# Names and errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("mse", metrics.MeanSquaredError),
        ("MeanSquaredError", metrics.MeanSquaredError),
        ("mean_squared_error", metrics.MeanSquaredError),
        ("accuracy", metrics.Accuracy),
        ({"class_name": "Mean", "config": {"name": "mine"}}, metrics.Mean),
    ],
)
def test_get(identifier, kind):
    assert type(metrics.get(identifier)) is kind


def test_get_returns_objects_and_functions_as_they_are():
    metric = metrics.Mean()
    assert metrics.get(metric) is metric
    assert metrics.get(abs) is abs
    assert metrics.get(None) is None


def test_names_of_resolved_metrics():
    y_true, y_pred = np.zeros(3), np.zeros((3, 2))

    def distance_between(y_true, y_pred):
        return y_true - y_pred

    assert metrics.resolve("acc", y_true, y_pred).name == "acc"
    assert metrics.resolve(distance_between, y_true, y_pred).name == "distance_between"
    assert metrics.resolve(metrics.Mean("mine"), y_true, y_pred).name == "mine"
    with pytest.raises(ValueError, match="Expected metric, received `None`"):
        metrics.resolve(None, y_true, y_pred)


@pytest.mark.parametrize(
    "metric",
    [
        metrics.BinaryAccuracy("mine", threshold=0.25),
        metrics.SparseTopKCategoricalAccuracy(3, from_sorted_ids=True),
        metrics.CategoricalCrossentropy(axis=1),
        metrics.CosineSimilarity(),
        metrics.Precision([0.2, 0.4], top_k=2, class_id=1),
        metrics.AUC(thresholds=[0.1, 0.5], curve="PR", summation_method="majoring"),
        metrics.AUC(multi_label=True, num_labels=2, label_weights=[0.25, 0.75]),
        metrics.SensitivityAtSpecificity(0.3, num_thresholds=7),
        metrics.FBetaScore("macro", 2.0, 0.5),
        metrics.R2Score(None, 2),
        metrics.OneHotIoU(3, [0, 1], sparse_y_pred=True),
        metrics.BinaryIoU([0], 0.3),
    ],
)
def test_round_trip(metric):
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric)
    np.testing.assert_equal(again.get_config(), metric.get_config())


# Their names mean the class, where a metric is wanted, and the function in a file.
@pytest.mark.parametrize(
    "function",
    [
        losses.mean_squared_error,
        losses.poisson,
        metrics.binary_accuracy,
        metrics.sparse_top_k_categorical_accuracy,
        metrics.pearson_correlation,
    ],
)
def test_functions_come_back_as_functions(function):
    again = metrics.deserialize(metrics.serialize(metrics.MeanMetricWrapper(function, "mine")))
    assert again._fn is function
    assert isinstance(metrics.get(function.__name__), metrics.MeanMetricWrapper)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.Precision([0.5, 2]), r"^Threshold values must be in \[0, 1\]. Received: \[2\]"),
        (lambda: metrics.AUC(curve="R"), '^Invalid AUC curve value: "R". Expected values are \\["PR", "ROC", "PRGAIN"\\]'),
        (lambda: metrics.AUC(summation_method="sum"), '^Invalid AUC summation method value: "sum"'),
        (lambda: metrics.AUC(num_thresholds=1), "^Argument `num_thresholds` must be an integer > 1"),
        (lambda: metrics.AUC(num_labels=3), "^`num_labels` is needed only when `multi_label` is True"),
        (lambda: metrics.RecallAtPrecision(2), r"^Argument `precision` must be in the range \[0, 1\]. Received: precision=2"),
        (lambda: metrics.PrecisionAtRecall(0.5, 0), "^Argument `num_thresholds` must be an integer > 0"),
        (lambda: metrics.F1Score("mean"), "^Invalid `average` argument value"),
        (lambda: metrics.FBetaScore(beta=1), r"^Invalid `beta` argument value. It should be a Python float"),
        (lambda: metrics.F1Score(threshold=1.5), "^Invalid `threshold` argument value. It should verify 0 < threshold <= 1"),
        (lambda: metrics.R2Score("mean"), "^Invalid value for argument `class_aggregation`"),
        (lambda: metrics.IoU(2, [2]), r"^Target class id 2 is out of range, which is \[0, 2\)"),
        (lambda: metrics.AUC()([1, 0], SCORES[:2]), "^Labels and predictions must have the same shape(?s:.*)to_categorical"),
        (lambda: metrics.F1Score()([1, 0], SCORES[:2]), "^FBetaScore expects 2D inputs(?s:.*)to_categorical"),
        (lambda: metrics.CategoricalAccuracy()([1, 0], SCORES[:2]), "^Labels must have a number for each class(?s:.*)'sparse'"),
        (
            lambda: metrics.SparseCategoricalAccuracy()(SCORES, SCORES),
            "^Labels must be the numbers of classes(?s:.*)without 'sp",
        ),
        (lambda: metrics.MeanIoU(3)([1, 0], SCORES[:2]), "^Labels and predictions must be as many(?s:.*)sparse_y_pred=False"),
    ],
)
def test_mistakes(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_fractions_of_weights_are_lost_in_integers():
    with pytest.warns(UserWarning, match="You are passing weight as `float`, but dtype is `int`"):
        metrics.MeanIoU(2)([0, 1], [0, 1], sample_weight=np.array([0.5, 1.5]))


@pytest.mark.parametrize("shape", [(4, 3), (5,), (4, 1, 1)])
def test_weights_that_do_not_fit(shape):
    message = (
        r"^Sample weights must fit the values of the metric. Expected shape \(4,\), or the first axes of it. Received: sample"
    )
    with pytest.raises(ValueError, match=message):
        metrics.MeanSquaredError().update_state(np.zeros((4, 3)), np.zeros((4, 3)), sample_weight=np.ones(shape))
