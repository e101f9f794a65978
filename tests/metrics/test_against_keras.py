"""Every metric beside Keras's: results over several batches, variables, signatures, configs, the meaning of words."""

import inspect

import numpy as np
import pytest

from convlayers import losses, metrics
from convlayers.naming import reset_uids
from tests.metrics.cases import CASES, IMAGE_LABELS, IMAGE_SCORES, LABELS, ONE_HOT, PROBABILITIES, RNG, SCORES, WEIGHTS

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLASSES = sorted({name for name, *_ in CASES.values()})
FUNCTIONS = [
    *(function.__name__ for function in losses.BUILT_IN_FUNCTIONS if hasattr(metrics, function.__name__)),
    "binary_accuracy",
    "categorical_accuracy",
    "concordance_correlation",
    "pearson_correlation",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]
# Metrics that have no result, nor most variables, before they know how many classes there are.
KNOWN_FROM_THE_FIRST_BATCH = ("R2Score", "F1Score", "FBetaScore")
# In Keras these do not take one weight for each image.
WITHOUT_WEIGHTS_IN_KERAS = ("tp_of_images", "iou_of_scores", "mean_iou")


def assert_same(ours, theirs):
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=3e-6, atol=3e-6)
    assert np.shape(ours) == np.shape(theirs)


def both(keras, name, arguments):
    # Names that nobody chose count from the start in both.
    reset_uids()
    keras.utils.clear_session(free_memory=False)
    return getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_results_and_state(keras, case, weighted):
    name, arguments, batches = CASES[case]
    if weighted and case in WITHOUT_WEIGHTS_IN_KERAS:
        pytest.skip("Keras fails")
    ours, theirs = both(keras, name, arguments)
    if name not in KNOWN_FROM_THE_FIRST_BATCH:
        assert_same(ours.result(), theirs.result())
    for number in range(2):
        weights = {"sample_weight": WEIGHTS[number, : len(batches[0][number])]} if weighted else {}
        for metric in (ours, theirs):
            metric.update_state(*(batch[number] for batch in batches), **weights)
    assert_same(ours.result(), theirs.result())
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        assert (one.name, one.path, one.dtype, one.shape) == (other.name, other.path, other.dtype, tuple(other.shape))
        assert_same(one.numpy(), other.numpy())
    for metric in (ours, theirs):
        metric.reset_state()
    assert_same(ours.result(), theirs.result())


@pytest.mark.parametrize("case", [case for case in CASES if "images" in case and "column" not in case and "tp" not in case])
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
@pytest.mark.parametrize("more", [{}, {"name": "mine", "dtype": "float64"}, {"dtype": "float16"}])
def test_config(keras, case, more):
    name, arguments, _ = CASES[case]
    ours, theirs = both(keras, name, {**arguments, **more})
    assert list(ours.get_config().items()) == list(theirs.get_config().items())
    assert metrics.serialize(ours) == keras.metrics.serialize(theirs)
    assert getattr(ours, "_direction", None) == getattr(theirs, "_direction", None)


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
