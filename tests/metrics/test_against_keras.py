"""Every metric beside Keras's: results over several batches, variables, signatures, configs, the meaning of words."""

import inspect

import numpy as np
import pytest

from convlayers import metrics

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RNG = np.random.default_rng(0)
SCORES = RNG.random((2, 6, 5)).astype("float32")
PROBABILITIES = SCORES / SCORES.sum(-1, keepdims=True)
LABELS = RNG.integers(0, 5, (2, 6))
ONE_HOT = np.eye(5)[LABELS]
IMAGE_SCORES = RNG.random((2, 3, 4, 4, 5)).astype("float32")
IMAGE_LABELS = RNG.integers(0, 5, (2, 3, 4, 4))
WEIGHTS = RNG.random((2, 6))
NUMBERS = RNG.standard_normal((2, 6)).astype("float32")

# name, arguments, batches of what `update_state` takes
CASES = {
    "mean": ("Mean", {}, [NUMBERS]),
    "mean_of_images": ("Mean", {}, [IMAGE_SCORES]),
    "sum": ("Sum", {}, [NUMBERS]),
    "sum_of_images": ("Sum", {}, [IMAGE_SCORES]),
    "accuracy": ("Accuracy", {}, [LABELS, LABELS[:, ::-1]]),
    "accuracy_column": ("Accuracy", {}, [LABELS, LABELS[:, ::-1, None]]),
    "binary": ("BinaryAccuracy", {}, [LABELS[..., None] > 2, SCORES[..., :1]]),
    "binary_flat": ("BinaryAccuracy", {"threshold": 0.3}, [LABELS > 2, SCORES[..., :1]]),
    "binary_many": ("BinaryAccuracy", {}, [ONE_HOT, SCORES]),
    "categorical": ("CategoricalAccuracy", {}, [ONE_HOT, SCORES]),
    "categorical_images": ("CategoricalAccuracy", {}, [np.eye(5)[IMAGE_LABELS], IMAGE_SCORES]),
    "sparse": ("SparseCategoricalAccuracy", {}, [LABELS, SCORES]),
    "sparse_column": ("SparseCategoricalAccuracy", {}, [LABELS[..., None], SCORES]),
    "sparse_images": ("SparseCategoricalAccuracy", {}, [IMAGE_LABELS, IMAGE_SCORES]),
    "sparse_images_column": ("SparseCategoricalAccuracy", {}, [IMAGE_LABELS[..., None], IMAGE_SCORES]),
    "top_k": ("TopKCategoricalAccuracy", {"k": 2}, [ONE_HOT, SCORES]),
    "top_k_images": ("TopKCategoricalAccuracy", {"k": 3}, [np.eye(5)[IMAGE_LABELS], IMAGE_SCORES]),
    "sparse_top_k": ("SparseTopKCategoricalAccuracy", {"k": 2}, [LABELS, SCORES]),
    "sparse_top_k_images": ("SparseTopKCategoricalAccuracy", {"k": 2}, [IMAGE_LABELS, IMAGE_SCORES]),
    "sparse_top_k_ties": ("SparseTopKCategoricalAccuracy", {"k": 2}, [LABELS, np.round(2 * SCORES)]),
    "sorted_ids": (
        "SparseTopKCategoricalAccuracy",
        {"k": 2, "from_sorted_ids": True},
        [LABELS, np.argsort(-SCORES).astype("int32")],
    ),
    "mse": ("MeanSquaredError", {}, [ONE_HOT, SCORES]),
    "mae": ("MeanAbsoluteError", {}, [ONE_HOT, SCORES]),
    "rmse": ("RootMeanSquaredError", {}, [ONE_HOT, SCORES]),
    "binary_ce": ("BinaryCrossentropy", {"label_smoothing": 0.1}, [ONE_HOT, SCORES]),
    "binary_ce_logits": ("BinaryCrossentropy", {"from_logits": True}, [ONE_HOT, SCORES]),
    "categorical_ce": ("CategoricalCrossentropy", {"label_smoothing": 0.1}, [ONE_HOT, PROBABILITIES]),
    "categorical_ce_logits": ("CategoricalCrossentropy", {"from_logits": True}, [ONE_HOT, SCORES]),
    "sparse_ce": ("SparseCategoricalCrossentropy", {}, [LABELS, PROBABILITIES]),
    "sparse_ce_ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 1}, [LABELS, PROBABILITIES]),
}
CLASSES = sorted({name for name, *_ in CASES.values()})
FUNCTIONS = [name for name in dir(metrics) if name.endswith(("_accuracy", "_crossentropy", "_error"))]


def both(keras, name, arguments):
    return getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_results_and_state(keras, case, weighted):
    name, arguments, batches = CASES[case]
    ours, theirs = both(keras, name, arguments)
    assert ours.result() == float(theirs.result()) == 0
    for number in range(2):
        weights = {"sample_weight": WEIGHTS[number, : len(batches[0][number])]} if weighted else {}
        for metric in (ours, theirs):
            metric.update_state(*(batch[number] for batch in batches), **weights)
    np.testing.assert_allclose(ours.result(), float(theirs.result()), rtol=2e-6)
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        assert (one.name, one.path, one.dtype, one.shape) == (other.name, other.path, other.dtype, tuple(other.shape))
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-6)
    ours.reset_state()
    assert ours.result() == 0


@pytest.mark.parametrize("case", [case for case in CASES if "images" in case and "column" not in case])
def test_a_weight_for_each_row(keras, case):
    name, arguments, batches = CASES[case]
    ours, theirs = both(keras, name, arguments)
    weights = RNG.random((3, 4))
    for metric in (ours, theirs):
        metric.update_state(*(batch[0] for batch in batches), sample_weight=weights)
    np.testing.assert_allclose(ours.result(), float(theirs.result()), rtol=2e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(keras, name):
    labels = LABELS[0] if "sparse" in name else ONE_HOT[0]
    ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)
    np.testing.assert_allclose(ours(labels, PROBABILITIES[0]), theirs(labels, PROBABILITIES[0]), rtol=2e-6)
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))


@pytest.mark.parametrize("name", [*CLASSES, "Metric", "MeanMetricWrapper"])
def test_signature(keras, name):
    ours, theirs = (getattr(module, name) for module in (metrics, keras.metrics))
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    for method in ("add_variable", "add_weight"):
        assert str(inspect.signature(getattr(ours, method))) == str(inspect.signature(getattr(theirs, method)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("more", [{}, {"name": "mine", "dtype": "float64"}])
def test_config(keras, case, more):
    name, arguments, _ = CASES[case]
    ours, theirs = both(keras, name, {**arguments, **more})
    assert list(ours.get_config().items()) == list(theirs.get_config().items())
    assert metrics.serialize(ours) == keras.metrics.serialize(theirs)


@pytest.mark.parametrize(
    "identifier",
    ["accuracy", "acc", "Accuracy", "mse", "MeanAbsoluteError", "binary_accuracy", "sparse_categorical_crossentropy"],
)
@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        (LABELS[0], SCORES[0]),
        (LABELS[0, :, None], SCORES[0]),
        (ONE_HOT[0], SCORES[0]),
        (LABELS[0, :, None], SCORES[0, :, :1]),
        (LABELS[0], SCORES[0, :, :1]),
        (IMAGE_LABELS[0], IMAGE_SCORES[0]),
    ],
)
def test_words_mean_what_they_mean_in_keras(keras, identifier, y_true, y_pred):
    from keras.src.trainers.compile_utils import get_metric

    ours, theirs = metrics.resolve(identifier, y_true, y_pred), get_metric(identifier, y_true, y_pred)
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


@pytest.mark.parametrize("call", [lambda module: module.get("acuracy"), lambda module: module.get(3)])
def test_errors_begin_as_keras_does(keras, call):
    with pytest.raises(ValueError) as theirs:
        call(keras.metrics)
    with pytest.raises(ValueError) as ours:
        call(metrics)
    assert str(ours.value).startswith(str(theirs.value))
