"""Cross-entropies: extremes, gradients through a softmax, and messages."""

import numpy as np
import pytest

from convlayers import ops
from tests.ops.gradients import check_gradients, tape_gradients

LABELS = np.array([2, 0, 1, 1])
ONE_HOT = np.eye(4)[LABELS]


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(size=(4, 4)) * 3


@pytest.mark.parametrize(
    ("loss", "target"),
    [(ops.categorical_crossentropy, ONE_HOT), (ops.sparse_categorical_crossentropy, LABELS)],
)
def test_gradients_through_a_softmax(loss, target, logits):
    probabilities = ops.softmax(logits)
    for function in (lambda x: loss(target, ops.softmax(x)), lambda x: loss(target, x, from_logits=True)):
        (y,), (gradient,) = tape_gradients(function, [logits])
        np.testing.assert_allclose(y.value, -np.log(probabilities[np.arange(4), LABELS]), rtol=1e-12)
        np.testing.assert_allclose(gradient, probabilities - ONE_HOT, rtol=1e-6, atol=1e-12)


def test_gradients_through_a_sigmoid(logits):
    expected = 1 / (1 + np.exp(-logits)) - ONE_HOT
    for function in (
        lambda x: ops.binary_crossentropy(ONE_HOT, ops.sigmoid(x)),
        lambda x: ops.binary_crossentropy(ONE_HOT, x, from_logits=True),
    ):
        _, (gradient,) = tape_gradients(function, [logits])
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("name", ["categorical", "sparse_categorical", "binary"])
def test_extremes_are_those_of_keras(name, from_logits, keras):
    output = np.array([[0, 1, 0], [1, 0, 0], [0.5, 0.5, 0], [1e-9, 1 - 1e-9, 0], [3, 1, 0]], "float32")
    if from_logits:
        output = output * 1000 - 500
    target = np.array([0, 0, 2, 0, 1]) if name == "sparse_categorical" else np.eye(3, dtype="float32")[[0, 0, 2, 0, 1]]
    if name == "binary" and not from_logits:
        output = output[:4]
        target = target[:4]
    y = getattr(ops, f"{name}_crossentropy")(target, output, from_logits=from_logits)
    expected = getattr(keras.ops, f"{name}_crossentropy")(target, output, from_logits=from_logits)
    np.testing.assert_allclose(y, keras.ops.convert_to_numpy(expected), rtol=1e-6, atol=1e-7)


def test_certain_mistakes_have_no_gradient_from_probabilities_and_a_full_one_from_logits():
    target = np.array([[1.0, 0.0]])
    with np.errstate(all="raise"):
        _, (gradient,) = tape_gradients(lambda x: ops.categorical_crossentropy(target, x), [np.array([[0.0, 1.0]])])
        np.testing.assert_array_equal(gradient, 0)
        _, (gradient,) = tape_gradients(
            lambda x: ops.categorical_crossentropy(target, x, from_logits=True), [np.array([[-1e4, 1e4]])]
        )
        np.testing.assert_array_equal(gradient, [[-1, 1]])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64", "float32", "float64", "bool"])
def test_class_numbers_of_any_type(dtype, logits):
    labels = LABELS % 2 if dtype == "bool" else LABELS
    expected = -ops.log_softmax(logits)[np.arange(4), labels]
    for target in (labels.astype(dtype), labels.astype(dtype)[:, np.newaxis]):
        np.testing.assert_allclose(ops.sparse_categorical_crossentropy(target, logits, from_logits=True), expected)
    assert ops.sparse_categorical_crossentropy(labels.tolist(), logits, from_logits=True).shape == (4,)


def test_images_of_labels(logits):
    output = np.random.default_rng(0).normal(size=(2, 3, 3, 5))
    target = np.random.default_rng(0).integers(5, size=(2, 3, 3))
    function = ops.sparse_categorical_crossentropy
    y = function(target, output, from_logits=True)
    np.testing.assert_allclose(y, ops.categorical_crossentropy(np.eye(5)[target], output, from_logits=True))
    check_gradients(lambda x: function(target, x, from_logits=True), [output])
    check_gradients(lambda x: function(target, x, from_logits=True, axis=1), [np.moveaxis(output, -1, 1).copy()])


def test_certainty_in_half_precision():
    output = np.array([[0, 1]], "float16")
    for loss in (ops.binary_crossentropy, ops.categorical_crossentropy):
        y = loss(np.array([[1, 0]]), output)
        assert y.dtype == "float16"
        np.testing.assert_allclose(y, -np.log(1e-7), rtol=0.02)


def test_labels_in_a_wider_type_do_not_widen_the_loss():
    output = np.full((4, 4), 0.25, "float32")
    assert ops.categorical_crossentropy(ONE_HOT, output).dtype == "float32"
    assert ops.binary_crossentropy(ONE_HOT, output).dtype == "float32"
    assert ops.binary_crossentropy(ONE_HOT.astype("float32"), output.astype("float64")).dtype == "float64"


@pytest.mark.parametrize(
    ("name", "target_shape", "output_shape", "first_line", "advice"),
    [
        (
            "categorical",
            (4,),
            (4, 10),
            "Arguments `target` and `output` must have the same shape. Received: target.shape=(4,), output.shape=(4, 10)",
            "use sparse_categorical_crossentropy, or make one-hot rows of them with "
            "`keras.utils.to_categorical(y, num_classes=10)`",
        ),
        (
            "categorical",
            (4, 1),
            (4, 10),
            "Arguments `target` and `output` must have the same shape. Received: target.shape=(4, 1), output.shape=(4, 10)",
            "use sparse_categorical_crossentropy",
        ),
        (
            "categorical",
            (4, 10),
            (4, 26, 26, 10),
            "Arguments `target` and `output` must have the same shape. "
            "Received: target.shape=(4, 10), output.shape=(4, 26, 26, 10)",
            "is a Flatten or GlobalAveragePooling2D layer missing?",
        ),
        (
            "binary",
            (4,),
            (4, 1),
            "Arguments `target` and `output` must have the same shape. Received: target.shape=(4,), output.shape=(4, 1)",
            "Give the targets the shape of the predictions, with `y.reshape((4, 1))`",
        ),
        (
            "sparse_categorical",
            (4, 10),
            (4, 10),
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            "target.shape=(4, 10), output.shape=(4, 10)",
            "use categorical_crossentropy, or make class numbers of them with `y.argmax(axis=-1)`",
        ),
        (
            "sparse_categorical",
            (4,),
            (4, 26, 26, 10),
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            "target.shape=(4,), output.shape=(4, 26, 26, 10)",
            "is a Flatten or GlobalAveragePooling2D layer missing?",
        ),
        (
            "sparse_categorical",
            (),
            (),
            "Argument `output` must be at least rank 1. Received: output.shape=()",
            "",
        ),
        (
            "categorical",
            (),
            (),
            "Arguments `target` and `output` must be at least rank 1. Received: target.shape=(), output.shape=()",
            "",
        ),
    ],
)
def test_messages(name, target_shape, output_shape, first_line, advice):
    with pytest.raises(ValueError) as error:
        getattr(ops, f"{name}_crossentropy")(np.zeros(target_shape, "int32"), np.ones(output_shape))
    assert str(error.value).split("\n")[0] == first_line
    assert advice in str(error.value)


@pytest.mark.parametrize("wrong", [4, -1, 255])
def test_a_label_of_no_class(wrong):
    labels = LABELS.copy()
    labels[2] = wrong
    with pytest.raises(ValueError, match=rf"^Received a label value of {wrong} which is outside the valid range of \[0, 4\)"):
        ops.sparse_categorical_crossentropy(labels, np.full((4, 4), 0.25))
