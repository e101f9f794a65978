"""Mistakes of beginners with data: found before the first step, in Keras's words, and with the way out."""

import numpy as np
import pytest

from convlayers import Input, Model, Sequential, layers, losses
from convlayers.callbacks import EarlyStopping

IMAGES = np.zeros((100, 8, 8, 3), "float32")
LABELS = np.arange(100) % 10


def classifier(loss="sparse_categorical_crossentropy", units=10, activation="softmax"):
    model = Sequential([Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


def with_label(wrong, place=90):
    labels = LABELS.copy()
    labels[place] = wrong
    return labels


def refusal(model, *data, **arguments):
    """Returns what `fit` says, having changed nothing."""
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(Exception) as error:
        model.fit(*data, verbose=0, **arguments)
    assert int(model.optimizer.iterations) == 0
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    return str(error.value)


# Labels ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [10, -1])
def test_a_label_of_a_later_batch_is_found_before_the_first_step(wrong):
    text = refusal(classifier(), IMAGES, with_label(wrong))
    assert text.startswith(
        f"Received a label value of {wrong} which is outside the valid range of [0, 10).\nThe predictions are"
    )


def test_a_label_to_validate_with_is_found_before_the_first_step():
    assert "label value of 10" in refusal(classifier(), IMAGES, LABELS, validation_data=(IMAGES, with_label(10)))


def test_labels_of_one_output_of_several():
    x = Input((8, 8, 3))
    flat = layers.Flatten()(x)
    model = Model(x, [layers.Dense(1, name="size")(flat), layers.Dense(10, name="kind")(flat)])
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", {"size": "mse", "kind": sparse})
    assert "label value of 12" in refusal(model, IMAGES, {"size": LABELS, "kind": with_label(12)})


def test_a_class_to_ignore_may_have_any_number():
    ignoring = classifier(losses.SparseCategoricalCrossentropy(ignore_class=255))
    assert np.isfinite(ignoring.fit(IMAGES, with_label(255), verbose=0).history["loss"][0])
    assert "label value of 11" in refusal(
        classifier(losses.SparseCategoricalCrossentropy(ignore_class=255)), IMAGES, np.where(LABELS == 3, 255, with_label(11))
    )


def test_labels_that_are_no_probabilities_are_warned_of():
    model = classifier("binary_crossentropy", 1, "sigmoid")
    with pytest.warns(UserWarning, match="Labels of binary_crossentropy are from 0 to 1. Received labels from 0 to 9.\nFor"):
        model.fit(IMAGES, LABELS, verbose=0)


@pytest.mark.filterwarnings("error")
def test_labels_that_are_probabilities_are_not():
    classifier("binary_crossentropy", 1, "sigmoid").fit(IMAGES, LABELS / 9, verbose=0)


def test_names_of_classes():
    text = refusal(classifier(), IMAGES, LABELS.astype(str))
    assert text.startswith("Invalid dtype: <U") and "np.unique(y, return_inverse=True)" in text


def test_weights_of_classes_in_a_list():
    text = refusal(classifier(), IMAGES, LABELS, class_weight=[1.0] * 10)
    assert text.startswith("'list' object has no attribute 'get'\n`class_weight` is a dict of classes and weights")


# Inputs ---------------------------------------------------------------------------------------------------------------


def test_a_list_of_images():
    text = refusal(classifier(), list(IMAGES), LABELS)
    assert text == (
        "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' sizes: 8, 8, 8, ... 100 in "
        "all\n'y' sizes: 100\n`x` is a list of 100 arrays, which stands for as many inputs or outputs. An array of samples is "
        "made of it with `np.stack(x)`."
    )


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((8, 8, 3), "A single sample becomes a batch of one with `x[None]`."),
        ((5, 8, 8), "An axis of size 3 is missing at the end: the channels, where they come last."),
        ((5, 192), "As many numbers are in `x.reshape((-1, 8, 8, 3))`, where the channels of a pixel lie together."),
    ],
)
def test_an_axis_is_missing(shape, hint):
    with pytest.raises(ValueError, match="\n\nInvalid input shape for input Tensor") as error:
        classifier()(np.zeros(shape, "float32"))
    assert hint in str(error.value)


def test_the_shapes_in_an_error_are_those_that_were_given():
    text = refusal(classifier(), IMAGES[:, :6], LABELS, batch_size=25)
    assert "but received input with shape (25, 96)" in text and "inputs=array of shape (25, 6, 8, 3)" in text


def test_images_in_place_of_the_batch_size():
    with pytest.raises(ValueError, match=r"^batch_size should be a positive integer value, but got batch_size=array of shape"):
        classifier().predict(IMAGES, IMAGES)


# A `return` that is missing -------------------------------------------------------------------------------------------


def nothing(y_true, y_pred):
    losses.mean_squared_error(y_true, y_pred)


class Nothing(losses.Loss):
    def call(self, y_true, y_pred):
        losses.mean_squared_error(y_true, y_pred)


@pytest.mark.parametrize(
    ("compiled", "name"),
    [({"loss": nothing}, "nothing"), ({"loss": Nothing()}, "Nothing.call"), ({"loss": "mse", "metrics": [nothing]}, "nothing")],
    ids=["loss", "class", "metric"],
)
def test_of_a_loss_or_a_metric(compiled, name):
    model = classifier(units=1)
    model.compile("sgd", **compiled)
    assert refusal(model, IMAGES, LABELS) == f"Invalid dtype: object\n`{name}` returned None. Is a `return` missing at its end?"


def test_of_a_layer():
    class Double(layers.Layer):
        def call(self, x):
            x * 2

    with pytest.raises(ValueError, match="\n\nInvalid dtype: object\n`Double.call` returned None. Is a `return` missing"):
        Double()(Input((3,)))


def test_of_a_step():
    class Mine(Model):
        def train_step(self, data):
            super().train_step(data)

    x = Input((4,))
    model = Mine(x, layers.Dense(1)(x))
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="^'NoneType' object is not iterable\n`train_step` and `test_step` return a dict"):
        model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)


# What is a class, and should be an object -----------------------------------------------------------------------------


def test_a_callback_that_nobody_made():
    text = refusal(classifier(), IMAGES, LABELS, callbacks=[EarlyStopping])
    assert text == (
        "Callback.set_model() missing 1 required positional argument: 'model'\nThat is a class. A callback is made by calling "
        "it: `EarlyStopping(...)`."
    )


def test_a_layer_that_nobody_made():
    with pytest.raises(ValueError, match="That is a class. A layer is made by calling it: `Dense"):
        Sequential([layers.Dense])


def test_a_metric_without_a_list():
    with pytest.raises(ValueError, match=r"Write `metrics=\['accuracy'\]`."):
        classifier().compile("sgd", "mse", metrics="accuracy")


def test_nothing_to_predict():
    with pytest.raises(ValueError, match="There is no data"):
        classifier().predict(iter([]), verbose=0)
