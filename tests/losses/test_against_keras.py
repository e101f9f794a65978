"""Every loss beside Keras's: values for each reduction and kind of weights, gradients, signatures, configs, errors."""

import inspect

import numpy as np
import pytest

from convlayers import losses
from convlayers.autograd import Tape
from tests.losses.cases import CASES, IMAGE_LABELS, IMAGE_LOGITS, LABELS, ONE_HOT, PROBABILITIES, RNG

WEIGHTS = RNG.random(6)
REDUCTIONS = ["sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight"]
CLASSES = sorted({name for name, *_ in CASES.values()})
FUNCTIONS = [function.__name__ for function in losses.BUILT_IN_FUNCTIONS]


def both(keras, name, arguments):
    return getattr(losses, name)(**arguments), getattr(keras.losses, name)(**arguments)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", CASES)
def test_values(keras, case, reduction):
    name, arguments, y_true, y_pred = CASES[case]
    ours, theirs = both(keras, name, {**arguments, "reduction": reduction})
    wanted = theirs(y_true, y_pred)
    loss = ours(y_true, y_pred)
    np.testing.assert_allclose(loss, wanted, rtol=5e-6, atol=1e-6)
    assert loss.shape == tuple(wanted.shape) and loss.dtype == "float32"


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [WEIGHTS, WEIGHTS[:, None], 0 * WEIGHTS, np.array(2.0)], ids=repr)
@pytest.mark.parametrize("case", [case for case in CASES if "image" not in case and case != "binary_smooth"])
def test_sample_weights(keras, case, weights, reduction):
    name, arguments, y_true, y_pred = CASES[case]
    if arguments.get("axis") == 0 and weights.ndim:
        weights = weights[:5]
    if (name == "Circle" or "ignore_class" in arguments) and not weights.ndim:
        weights = np.full(6, weights)  # Keras fails with a single weight
    ours, theirs = both(keras, name, {**arguments, "reduction": reduction})
    wanted = theirs(y_true, y_pred, sample_weight=weights)
    np.testing.assert_allclose(ours(y_true, y_pred, sample_weight=weights), wanted, rtol=5e-6, atol=1e-6)


@pytest.mark.parametrize("case", ["sparse_images", "sparse_images_ignore", "mse_of_images"])
def test_a_weight_for_each_pixel(keras, case):
    name, arguments, y_true, y_pred = CASES[case]
    ours, theirs = both(keras, name, arguments)
    weights = RNG.random((2, 3, 4))
    np.testing.assert_allclose(ours(y_true, y_pred, weights), theirs(y_true, y_pred, weights), rtol=5e-6)


@pytest.mark.parametrize("case", CASES)
def test_gradients(keras, case):
    torch = pytest.importorskip("torch")
    name, arguments, y_true, y_pred = CASES[case]
    ours, theirs = both(keras, name, arguments)
    weights = RNG.random(y_pred.shape[:1])
    if y_pred.ndim > 2 or arguments.get("axis") == 0:  # Keras takes weights for those of the last axis
        weights = None
    tensor = torch.tensor(np.ascontiguousarray(y_pred), requires_grad=True)
    theirs(y_true, tensor, weights).backward()
    with Tape() as tape:
        x = tape.watch(y_pred)
        loss = ours(y_true, x, weights)
    (gradient,) = tape.backward([loss], [np.ones((), "float32")], [x])
    np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-4, atol=2e-7)


@pytest.mark.parametrize("name", [*CLASSES, *FUNCTIONS, "Loss", "get", "serialize"])
def test_signature(keras, name):
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (losses, keras.losses))
    if name in ("get", "serialize"):
        assert len(ours.parameters) == len(theirs.parameters)
    else:
        assert str(ours) == str(theirs)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("arguments", [{}, {"name": "mine", "reduction": "sum"}])
def test_config(keras, name, arguments):
    ours, theirs = both(keras, name, arguments)
    assert list(ours.get_config().items()) == list(theirs.get_config().items())
    assert losses.serialize(ours) == keras.losses.serialize(theirs)


def test_config_of_a_function(keras):
    ours = losses.LossFunctionWrapper(losses.mean_squared_error, name="mine").get_config()
    theirs = keras.losses.deserialize(keras.losses.serialize(keras.losses.mean_squared_error))
    from keras.src.losses import LossFunctionWrapper

    assert list(ours.items()) == list(LossFunctionWrapper(theirs, name="mine").get_config().items())


@pytest.mark.parametrize(
    "call",
    [
        lambda module: module.Loss(reduction="average").reduction,
        lambda module: module.get("mse_"),
        lambda module: module.get(3),
        lambda module: module.categorical_crossentropy(ONE_HOT, PROBABILITIES, axis=True),
    ],
)
def test_errors_begin_as_keras_does(keras, call):
    with pytest.raises(ValueError) as theirs:
        call(keras.losses)
    with pytest.raises(ValueError) as ours:
        call(losses)
    # A set prints in any order.
    assert str(ours.value).startswith(str(theirs.value).partition("{")[0])


@pytest.mark.parametrize("identifier", ["crossentropy", "CE", "mse", "MeanAbsoluteError", "BCE"])
@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        (LABELS, PROBABILITIES),
        (LABELS[:, None], PROBABILITIES),
        (ONE_HOT, PROBABILITIES),
        (LABELS[:, None], PROBABILITIES[:, :1]),
        (LABELS, PROBABILITIES[:, :1]),
        (IMAGE_LABELS, IMAGE_LOGITS),
    ],
)
def test_words_mean_what_they_mean_in_keras(keras, identifier, y_true, y_pred):
    from keras.src.trainers.compile_utils import get_loss

    ours, theirs = losses.resolve(identifier, y_true, y_pred), get_loss(identifier, y_true, y_pred)
    assert ours.name == theirs.name
    assert ours.fn.__name__ == theirs.fn.__name__
    assert losses.resolve(None, y_true, y_pred) is get_loss(None, y_true, y_pred) is None
