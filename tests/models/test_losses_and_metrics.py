"""Losses and metrics of `compile`, matched with outputs: structures, names, weights, and what is said of mistakes."""

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, losses, metrics
from convlayers.models.compile_loss import CompileLoss
from convlayers.models.compile_metrics import CompileMetrics

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RNG = np.random.default_rng(3)
A, B, C = (RNG.random((6, 2)).astype("float32") for _ in range(3))
PREDICTED = [RNG.random((6, 2)).astype("float32") for _ in range(3)]
WEIGHTS = RNG.random(6).astype("float32")


def by_hand(kind, y_true, y_pred, weights=None):
    error = np.abs(y_true.astype("float64") - y_pred) ** (2 if kind == "mse" else 1)
    return np.mean(error.mean(axis=-1) * (1 if weights is None else weights))


# Against Keras --------------------------------------------------------------------------------------------------------

# loss, its weights, names of the outputs, labels, predictions, weights of samples
LOSSES = {
    "single": ("mse", None, ["a"], A, PREDICTED[0], WEIGHTS),
    "single_in_a_list": (["mse"], [2.0], ["a"], A, PREDICTED[0], None),
    "single_in_a_dict": ({"a": "mse"}, None, ["a"], A, PREDICTED[0], None),
    "one_for_all": ("mae", None, ["a", "b"], [A, B], PREDICTED[:2], WEIGHTS),
    "list": (["mse", "mae"], [0.5, 2.0], ["a", "b"], [A, B], PREDICTED[:2], [WEIGHTS, 2 * WEIGHTS]),
    "list_with_none": (["mse", None, "mae"], [0.5, 1.0, 2.0], ["a", "b", "c"], [A, B, C], PREDICTED, None),
    "labels_only_where_wanted": (["mse", None, "mae"], None, ["a", "b", "c"], [A, C], PREDICTED, None),
    "dict_for_a_list": ({"b": "mse", "a": "mae"}, {"b": 0.5, "a": 2.0}, ["a", "b"], [A, B], PREDICTED[:2], None),
    "dict_of_labels": ({"b": "mse", "a": "mae"}, None, ["a", "b"], {"b": B, "a": A}, PREDICTED[:2], None),
    "dict": ({"a": "mse"}, None, ["a", "b"], {"a": A, "b": B}, {"a": PREDICTED[0], "b": PREDICTED[1]}, None),
    "dict_of_weights": (
        {"a": "mse", "b": "mae"},
        {"a": 0.5, "b": 2.0},
        ["x", "y"],
        {"a": A, "b": B},
        {"a": PREDICTED[0], "b": PREDICTED[1]},
        {"a": WEIGHTS, "b": 2 * WEIGHTS},
    ),
    "deep": (
        {"a": {"c": "mse", "d": "mae"}},
        None,
        ["c", "d", "b"],
        {"a": {"c": A, "d": B}, "b": C},
        {"a": {"c": PREDICTED[0], "d": PREDICTED[1]}, "b": PREDICTED[2]},
        None,
    ),
    "list_in_a_dict": (
        {"a": ["mse", "mae"]},
        None,
        ["c", "d", "b"],
        {"a": [A, B], "b": C},
        {"a": [PREDICTED[0], PREDICTED[1]], "b": PREDICTED[2]},
        None,
    ),
}


@pytest.mark.parametrize("case", LOSSES)
def test_losses(keras, case):
    from keras.src.trainers.compile_utils import CompileLoss as KerasCompileLoss

    loss, loss_weights, names, y_true, y_pred, weights = LOSSES[case]
    ours, theirs = (cls(loss, loss_weights, output_names=names) for cls in (CompileLoss, KerasCompileLoss))
    for factor in (1, 0.5):
        value = ours(y_true, y_pred, None if weights is None else _times(weights, factor))
        wanted = theirs(y_true, y_pred, None if weights is None else _times(weights, factor))
        assert float(value) == pytest.approx(float(wanted), rel=1e-5)
    assert [metric.name for metric in ours.metrics] == [metric.name for metric in theirs.metrics]
    for metric, other in zip(ours.metrics, theirs.metrics, strict=True):
        assert metric.result() == pytest.approx(float(other.result()), rel=1e-5)


def _times(weights, factor):
    if isinstance(weights, dict):
        return {name: factor * array for name, array in weights.items()}
    return [factor * array for array in weights] if isinstance(weights, list) else factor * weights


# metrics, weighted metrics, names of the outputs, labels, predictions
METRICS = {
    "single": (["mae", "mse"], ["mse"], ["a"], A, PREDICTED[0]),
    "twice": (["mse", metrics.MeanSquaredError, "mse"], ["mse", "mse"], ["a"], A, PREDICTED[0]),
    "nested_lists": ([["mae"], ["mse"]], None, ["a"], A, PREDICTED[0]),
    "list": ([["mae", "mse"], "mae"], None, ["a", "b"], [A, B], PREDICTED[:2]),
    "list_with_none": ([None, ["mae"]], [["mae"], None], ["a", "b"], [A, B], PREDICTED[:2]),
    "dict": ({"b": "mae"}, {"a": ["mse"]}, ["a", "b"], [A, B], PREDICTED[:2]),
    "dict_of_outputs": ({"b": "mae", "a": "mse"}, None, ["b", "a"], {"a": A, "b": B}, {"a": PREDICTED[0], "b": PREDICTED[1]}),
    "deep": (
        {"a": ["mae"], "b": {"c": ["mse"], "d": ["mae"]}},
        None,
        ["x", "y", "z"],
        {"a": A, "b": {"c": B, "d": C}},
        {"a": PREDICTED[0], "b": {"c": PREDICTED[1], "d": PREDICTED[2]}},
    ),
    "words": (["accuracy", "acc"], ["accuracy"], ["a"], A, PREDICTED[0]),
}


@pytest.mark.parametrize("case", METRICS)
def test_metrics(keras, case):
    from keras.src.trainers.compile_utils import CompileMetrics as KerasCompileMetrics

    chosen, weighted, names, y_true, y_pred = METRICS[case]
    ours = CompileMetrics(chosen, weighted, output_names=names)
    if case == "twice":
        chosen = ["mse", keras.metrics.MeanSquaredError, "mse"]
    theirs = KerasCompileMetrics(chosen, weighted, output_names=names)
    with pytest.raises(ValueError, match=r"^Cannot get result\(\) since the metric has not yet been built"):
        ours.result()
    for compiled in (ours, theirs):
        compiled.update_state(y_true, y_pred, WEIGHTS)
    results, wanted = ours.result(), theirs.result()
    assert list(results) == list(wanted)
    np.testing.assert_allclose([*results.values()], [float(value) for value in wanted.values()], rtol=1e-5)
    assert len(ours.variables) == len(theirs.variables)


# By hand --------------------------------------------------------------------------------------------------------------


def test_losses_are_weighted_in_the_sum_but_not_in_the_logs():
    loss = CompileLoss({"a": "mse", "b": "mae"}, {"a": 0.25, "b": 3.0}, ["a", "b"])
    value = loss({"a": A, "b": B}, PREDICTED[:2])
    parts = by_hand("mse", A, PREDICTED[0]), by_hand("mae", B, PREDICTED[1])
    assert value == pytest.approx(0.25 * parts[0] + 3 * parts[1])
    assert {metric.name: metric.result() for metric in loss.metrics} == pytest.approx({"a_loss": parts[0], "b_loss": parts[1]})


def test_weights_of_samples_count_in_weighted_metrics_only():
    compiled = CompileMetrics(["mae"], ["mae"], ["a"])
    compiled.update_state(A, PREDICTED[0], WEIGHTS)
    wanted = by_hand("mae", A, PREDICTED[0]), 6 * by_hand("mae", A, PREDICTED[0], WEIGHTS) / np.sum(WEIGHTS)
    assert compiled.result() == pytest.approx({"mae": wanted[0], "weighted_mae": wanted[1]})
    compiled.reset_state()
    assert compiled.result() == {"mae": 0, "weighted_mae": 0}


# Mistakes -------------------------------------------------------------------------------------------------------------

X, LABELS = RNG.random((20, 6, 6, 1)).astype("float32"), RNG.integers(0, 4, 20)
ONE_HOT = np.eye(4)[LABELS]


def classifier(units=4, flatten=True, activation="softmax"):
    parts = [Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten() if flatten else layers.ReLU()]
    return Sequential([*parts, layers.Dense(units, activation=activation)])


def two_outputs():
    x = Input((6, 6, 1))
    flat = layers.Flatten()(x)
    return Model(x, [layers.Dense(4, activation="softmax", name="a")(flat), layers.Dense(1, name="b")(flat)])


SPARSE, CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"
BOTH = [SPARSE, "mse"]


@pytest.mark.parametrize(
    ("model", "y", "compilation", "error", "begins", "teaches"),
    [
        (
            classifier,
            LABELS,
            {"loss": CATEGORICAL},
            ValueError,
            "Arguments `target` and `output` must have the same shape. Received: target.shape=(10,), output.shape=(10, 4)",
            "use sparse_categorical_crossentropy, or make one-hot rows of them",
        ),
        (
            classifier,
            ONE_HOT,
            {"loss": SPARSE},
            ValueError,
            "Arguments `target` and `output` must have the same shape up until the last dimension: target.shape=(10, 4)",
            "use categorical_crossentropy",
        ),
        (
            lambda: classifier(3),
            np.array([0] * 9 + [3] + [0] * 10),
            {"loss": SPARSE},
            ValueError,
            "Received a label value of 3 which is outside the valid range of [0, 3).",
            "Give the last layer as many units",
        ),
        (classifier, LABELS - 1, {"loss": SPARSE}, ValueError, "Received a label value of -1 which is outside", "count from 0"),
        (
            lambda: classifier(1, activation="sigmoid"),
            np.ones(20),
            {"loss": SPARSE},
            ValueError,
            "Received a label value of 1 which is outside the valid range of [0, 1).",
            "use binary_crossentropy",
        ),
        (
            lambda: classifier(flatten=False),
            LABELS,
            {"loss": SPARSE},
            ValueError,
            "Arguments `target` and `output` must have the same shape up until the last dimension: target.shape=(10,)",
            "is a Flatten or GlobalAveragePooling2D layer missing?",
        ),
        (
            lambda: classifier(flatten=False),
            ONE_HOT,
            {"loss": CATEGORICAL},
            ValueError,
            "Arguments `target` and `output` must have the same shape.",
            "is a Flatten or GlobalAveragePooling2D layer missing?",
        ),
        (
            lambda: classifier(1, flatten=False, activation=None),
            LABELS,
            {"loss": "mse"},
            ValueError,
            "Labels and predictions must have the same shape. Received: y_true.shape=(10,), y_pred.shape=(10, 4, 4, 1)",
            "is a Flatten or GlobalAveragePooling2D layer missing?",
        ),
        (
            lambda: classifier(3),
            ONE_HOT,
            {"loss": "mse"},
            ValueError,
            "Labels and predictions must have the same shape. Received: y_true.shape=(10, 4), y_pred.shape=(10, 3)",
            "as many units",
        ),
        (classifier, LABELS, {"loss": SPARSE[:-1]}, ValueError, "Could not interpret loss identifier", f"mean '{SPARSE}'?"),
        (classifier, LABELS, {"metrics": ["acuracy"]}, ValueError, "Could not interpret metric identifier", "'accuracy'?"),
        (classifier, LABELS, {"metrics": [None]}, ValueError, "Expected metric, received `None`", ""),
        (classifier, LABELS, {"metrics": ["AUC"]}, ValueError, "Labels and predictions must have the same", "to_categorical"),
        (
            two_outputs,
            LABELS,
            {"loss": BOTH},
            ValueError,
            "y_true and y_pred have different structures.\ny_true: *",
            "['a', 'b']",
        ),
        (two_outputs, {"b": LABELS, "c": LABELS}, {"loss": BOTH}, ValueError, "y_true and y_pred have different", "['a', 'b']"),
        (two_outputs, [LABELS] * 3, {"loss": BOTH}, ValueError, "y_true and y_pred have different structures.", "['a', 'b']"),
        (two_outputs, [LABELS] * 2, {"loss": ["mse"]}, ValueError, "`loss` must have an entry for each of", "['a', 'b']"),
        (two_outputs, [LABELS] * 2, {"loss": ["mse"] * 3}, KeyError, "\"The path: (2,) in the `loss` argument, can't be", ""),
        (two_outputs, [LABELS] * 2, {"loss": {"a": "mse", "c": "mse"}}, ValueError, "Expected keys ['a', 'b'] in loss", "None"),
        (
            two_outputs,
            [LABELS] * 2,
            {"loss": BOTH, "loss_weights": [1.0, 2.0, 3.0]},
            ValueError,
            "`loss_weights` must match the number of losses, got 2 losses and 3 weights.",
            "Give a number for each",
        ),
        (
            two_outputs,
            [LABELS] * 2,
            {"loss": BOTH, "loss_weights": {"a": 1.0, "c": 2.0}},
            ValueError,
            "Expected keys ['a', 'b'] in loss_weights dict, but found loss_weights.keys()=['a', 'c']",
            "",
        ),
        (two_outputs, [LABELS] * 2, {"loss": BOTH, "metrics": [["mae"]]}, ValueError, "Invalid `metrics`. ", "['a', 'b']"),
    ],
)
def test_mistakes_are_said_before_the_first_step(model, y, compilation, error, begins, teaches):
    model = model()
    before = model.get_weights()
    with pytest.raises(error) as caught:
        model.compile(**{"optimizer": "sgd", "loss": SPARSE, **compilation})
        model.fit(X, y, batch_size=10, verbose=0, shuffle=False)
    assert str(caught.value).startswith(begins)
    assert teaches in str(caught.value)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_the_trial_leaves_no_trace_in_the_metrics():
    model = classifier()
    model.compile("sgd", SPARSE, metrics=["accuracy", metrics.MeanMetricWrapper(losses.sparse_categorical_crossentropy)])
    results = model.test_on_batch(X, LABELS, return_dict=True)
    hits = np.mean(model.predict(X, verbose=0).argmax(-1) == LABELS)
    assert results["accuracy"] == pytest.approx(hits)


@pytest.mark.parametrize("kind", ["tuple", "list", "dict"])
def test_losses_of_all_outputs_and_of_each(keras, kind):
    """A list of losses for a tuple of outputs is several losses for all of it; one for each output is in its structure."""
    histories = []
    for library in (convlayers, keras):
        x = library.Input((3,))
        one, two = (library.layers.Dense(1, kernel_initializer="ones", name=name)(x) for name in ("one", "two"))
        outputs = {"tuple": (one, two), "list": [one, two], "dict": {"a": one, "b": two}}[kind]
        model = library.Model(x, outputs)

        def whole(y_true, y_pred, library=library):
            leaves = [y_pred[key] for key in (("a", "b") if kind == "dict" else (0, 1))]
            return library.ops.mean(leaves[0] + leaves[1], axis=-1)

        losses = {"tuple": [whole, ("mse", "mae")], "list": (whole, ["mse", "mae"]), "dict": [whole, {"a": "mse", "b": "mae"}]}
        model.compile("sgd", loss=losses[kind])
        y = np.ones((4, 1), "float32")
        labels = {"a": y, "b": y} if kind == "dict" else type(outputs)((y, y))
        histories.append(model.fit(np.full((4, 3), 0.5, "float32"), labels, verbose=0).history)
    ours, theirs = histories
    assert sorted(ours) == sorted(theirs)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-6)


def test_labels_in_a_dict_may_leave_out_outputs_without_a_loss():
    x = Input((3,))
    model = Model(x, [layers.Dense(1, kernel_initializer="ones", name=name)(x) for name in "cab"])
    model.compile("sgd", {"c": "mse", "a": None, "b": "mse"})
    inputs = np.ones((4, 3), "float32")
    logs = model.test_on_batch(inputs, {"b": np.full((4, 1), 2.0), "c": np.full((4, 1), 1.0)}, return_dict=True)
    assert logs == pytest.approx({"loss": 5, "c_loss": 4, "b_loss": 1})


def test_losses_by_name_for_outputs_without_names():
    class TwoOutputs(Model):
        def call(self, x):
            return [x, x]

    model = TwoOutputs()
    model.compile("sgd", {"a": "mse", "b": "mse"})
    with pytest.raises(KeyError, match=r"names, \['a', 'b'\], but the outputs have none: give losses as a list"):
        model.fit(X, [X, X], verbose=0)
