"""Metrics by hand: results, weights, metrics of users and inside others, names, errors."""

import numpy as np
import pytest

from convlayers import losses, metrics, ops
from convlayers.autograd import Tape

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
        metrics.MeanMetricWrapper(losses.mean_squared_error, "mine"),
    ],
)
def test_round_trip(metric):
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
