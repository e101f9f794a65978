"""Masks on their way through layers, models and losses: as in Keras."""

import warnings

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, ops
from convlayers.autograd import Tape
from convlayers.masks import get_keras_mask, set_keras_mask

INTEGERS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 1, 1, 0]])
STEPS = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32") * (INTEGERS[..., None] != 0)
MASK = INTEGERS != 0


class Seeing(layers.Layer):
    """Notes the masks that it is given."""

    supports_masking = True

    def call(self, inputs, mask=None):
        self.seen = mask
        return inputs * 2


def masked(x, mask):
    x = x.copy()
    set_keras_mask(x, mask)
    return x


# From layer to layer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [layers.Embedding(4, 2, mask_zero=True), layers.Masking()],
    ids=["Embedding", "Masking"],
)
def test_layers_that_make_masks(layer):
    y = layer(INTEGERS if isinstance(layer, layers.Embedding) else STEPS)
    np.testing.assert_array_equal(get_keras_mask(y), MASK)
    with Tape():
        y = layer(INTEGERS if isinstance(layer, layers.Embedding) else STEPS)
    np.testing.assert_array_equal(get_keras_mask(y), MASK)


def test_masks_go_through_layers_that_support_them():
    seeing = Seeing()
    y = masked(STEPS, MASK)
    for layer in (layers.Dense(3), layers.ReLU(), layers.Dropout(0.5), layers.Identity(), seeing):
        layer.supports_masking = True
        y = layer(y)
    assert seeing.seen is MASK
    assert get_keras_mask(y) is MASK


def test_other_layers_lose_them_with_a_warning():
    x = masked(STEPS, MASK)
    with pytest.warns(UserWarning, match=r"^Layer 'flat' \(of type Flatten\) was passed an input with a mask attached to it. "):
        y = layers.Flatten(name="flat")(x)
    assert get_keras_mask(y) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers.Flatten()(STEPS)


def test_a_mask_that_is_passed_counts():
    seeing = Seeing()
    y = seeing(masked(STEPS, MASK), mask=~MASK)
    np.testing.assert_array_equal(seeing.seen, ~MASK)
    np.testing.assert_array_equal(get_keras_mask(y), ~MASK)
    with pytest.raises(TypeError, match="unexpected keyword argument 'mask'"):
        layers.ReLU()(STEPS, mask=MASK)


def test_masks_of_several_arguments():
    class Two(layers.Layer):
        def call(self, a, b, a_mask=None, b_mask=None):
            self.seen = a_mask, b_mask
            return a + b[0]

    two = Two()
    x, y = masked(STEPS, MASK), masked(STEPS, ~MASK)
    with pytest.warns(UserWarning, match="does not support masking"):
        two(x, [y, STEPS])
    assert two.seen[0] is MASK
    np.testing.assert_array_equal(two.seen[1][0], ~MASK)
    assert two.seen[1][1] is None


def test_what_a_layer_computes():
    class First(layers.Layer):
        def compute_mask(self, inputs, previous_mask):
            return ops.logical_not(previous_mask)

        def call(self, inputs):
            return inputs + 1

    layer = First()
    assert layer.supports_masking
    np.testing.assert_array_equal(get_keras_mask(layer(masked(STEPS, MASK))), ~MASK)


def test_conversions_keep_masks():
    seeing = Seeing()
    seeing(masked(STEPS.astype("float64"), MASK))
    assert seeing.seen is MASK


def test_the_arrays_of_the_caller_get_none():
    x = STEPS.copy()
    y = layers.Identity()(masked(x, None))
    assert get_keras_mask(y) is None
    model = Sequential([Input((4, 5)), Seeing()])
    with pytest.warns(UserWarning):
        model(x, mask=MASK)
    assert get_keras_mask(x) is None

    class Same(layers.Layer):
        supports_masking = True

        def call(self, inputs, mask=None):
            return inputs

    y = Same()(x, mask=MASK)
    assert get_keras_mask(y) is MASK
    assert get_keras_mask(x) is None


# Merging --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"])
@pytest.mark.parametrize("which", [(0, 1), (0,), (1,), ()], ids=str)
def test_merging_is_that_of_keras(name, which, keras):
    import torch

    other = np.random.default_rng(1).random((3, 4)) < 0.5
    arrays = [STEPS + 1, -STEPS]
    arguments = {"axes": 2} if name == "Dot" else {}
    ours = [masked(x, (MASK, other)[i]) if i in which else x for i, x in enumerate(arrays)]
    theirs = [torch.tensor(x) for x in arrays]
    for i in which:
        keras.src.backend.set_keras_mask(theirs[i], torch.tensor((MASK, other)[i]))
    y, expected = getattr(layers, name)(**arguments)(ours), getattr(keras.layers, name)(**arguments)(theirs)
    np.testing.assert_allclose(y, expected.numpy(), rtol=1e-6)
    mask, expected_mask = get_keras_mask(y), keras.src.backend.get_keras_mask(expected)
    assert (mask is None) == (expected_mask is None)
    if mask is not None:
        np.testing.assert_array_equal(mask, expected_mask.numpy())


# Models ---------------------------------------------------------------------------------------------------------------


def stacks(library, inner):
    make = library.layers
    embedding = make.Embedding(4, 5, mask_zero=True)
    return {
        "built": [library.Input((4,), dtype="int32"), embedding, make.Dense(3), make.ReLU()],
        "not built": [embedding, make.TimeDistributed(make.Dense(3)), make.ReLU()],
        "masking": [library.Input((4, 5)), make.Masking(), make.Dense(5), make.ReLU()],
        "nested": [library.Input((4,), dtype="int32"), embedding, inner],
    }


@pytest.mark.parametrize("kind", ["built", "not built", "masking", "nested"])
@pytest.mark.filterwarnings("ignore:.*does not support masking")
def test_losses_and_metrics_of_keras(kind, keras):
    """Trained for a step and evaluated, with masked steps, with weights and without."""
    x = STEPS if kind == "masking" else INTEGERS
    results, weights = [], None
    for library in (keras, convlayers):
        inner = library.Sequential([library.Input((4, 5)), library.layers.Dense(3), library.layers.ReLU()])
        model = library.Sequential(stacks(library, inner)[kind])
        y = model.predict(x, verbose=0)
        labels = np.random.default_rng(2).random(y.shape).astype("float32")
        weights = weights or [np.random.default_rng(3).normal(size=w.shape) for w in model.get_weights()]
        model.set_weights(weights)
        model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
        before = model.evaluate(x, labels, verbose=0)
        weighted = model.evaluate(x, labels, sample_weight=labels[..., 0], verbose=0)
        model.fit(x, labels, verbose=0)
        results.append([before, weighted, *model.get_weights()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


def test_masks_in_graphs_are_those_of_keras(keras):
    """Also as nodes, in the config."""

    def build(library):
        x = library.Input((4,), dtype="int32", name="x")
        y = library.layers.Embedding(4, 5, mask_zero=True, name="embedding")(x)
        y = library.layers.Dense(3, name="dense")(y)
        inner_input = library.Input((4, 3), name="inner_x")
        inner = library.Model(inner_input, library.layers.ReLU(name="inner_relu")(inner_input), name="inner")
        y = library.layers.TimeDistributed(library.layers.Dense(3, name="step"), name="steps")(inner(y))
        y = library.layers.TimeDistributed(library.layers.ReLU(name="relu"), name="others")(y)
        return library.Model(x, y, name="model")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = build(convlayers), build(keras)
    calls = [
        [(layer["class_name"], layer["inbound_nodes"]) for layer in model.get_config()["layers"]] for model in (ours, theirs)
    ]
    for one, other in zip(*calls, strict=True):
        assert without_numbers(one) == without_numbers(other)
    ours.set_weights(theirs.get_weights())
    expected = theirs.predict(INTEGERS, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(ours.predict(INTEGERS, verbose=0), expected, rtol=1e-5)
        copy = convlayers.models.model_from_json(theirs.to_json())
    copy.set_weights(theirs.get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(copy.predict(INTEGERS, verbose=0), expected, rtol=1e-5)


def without_numbers(entry):
    """Returns an entry with the names of ops as they are in a program that has made none before."""
    if isinstance(entry, (list, tuple)):
        return type(entry)(without_numbers(part) for part in entry)
    if isinstance(entry, dict):
        return {key: without_numbers(part) for key, part in entry.items()}
    return "not_equal" if isinstance(entry, str) and entry.startswith("not_equal") else entry


def test_masks_passed_to_models():
    seeing = Seeing()
    x = Input((4, 5))
    for model in (Model(x, seeing(x)), Sequential([Input((4, 5)), seeing]), Sequential([seeing])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = model(STEPS, mask=MASK)
        np.testing.assert_array_equal(seeing.seen, MASK)
        np.testing.assert_array_equal(get_keras_mask(y), MASK)
        model(STEPS)
        assert seeing.seen is None


def test_time_distributed_passes_masks_on_step_by_step():
    class Step(layers.Layer):
        seen = ()

        def call(self, inputs, mask=None):
            self.seen = (*self.seen, mask)
            return inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    layer = layers.TimeDistributed(Step())
    y = layer(masked(STEPS, MASK))
    np.testing.assert_array_equal(np.stack(layer.layer.seen, axis=1), MASK)
    assert get_keras_mask(y) is MASK
    with pytest.raises(ValueError, match=r"\n\nThe `mask` passed to the `TimeDistributed` layer must be at least 2D"):
        layer(STEPS, mask=MASK[:, 0])
    with pytest.raises(ValueError, match=r"\n\nThe `mask` passed to the `TimeDistributed` layer has a shape \(3, 2\)"):
        layer(STEPS, mask=MASK[:, :2])
