"""Preprocessing layers without chance, several in a row, and the arguments that all refuse."""

import json

import numpy as np
import pytest

from convlayers import config, layers, ops
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from tests.layers.images import images

RNG = np.random.default_rng(0)


# Rescaling and normalization ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("shape", [(3, 50, 70, 3), (5,), (0, 3), (2, 3, 4)], ids=str)
def test_rescaling(dtype, shape):
    x = RNG.integers(0, 2 if dtype == "bool" else 256, shape).astype(dtype)
    y = layers.Rescaling(1 / 127.5, offset=-1)(x)
    assert y.dtype == "float32"
    np.testing.assert_allclose(y, x.astype("float64") / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(layers.Rescaling(2.0)(x.T), x.T.astype("float64") * 2, atol=1e-6)


def test_rescaling_of_channels_first(keras):
    x = images(data_format="channels_first")
    config.set_image_data_format("channels_first")
    try:
        y = layers.Rescaling([1.0, 2.0, 3.0], offset=0.5)(x)
    finally:
        config.set_image_data_format("channels_last")
    np.testing.assert_allclose(y, x * np.array([1, 2, 3]).reshape(3, 1, 1) + 0.5, rtol=1e-6)


def test_rescaling_keeps_arrays_in_its_config():
    layer = layers.Rescaling(np.array([1.0, 2.0, 3.0]), offset=1)
    copy = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(layer))))
    np.testing.assert_allclose(copy(np.ones((1, 3))), [[2, 3, 4]])


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), (2, -1), None], ids=str)
@pytest.mark.parametrize("invert", [False, True])
def test_normalization_adapts_as_keras(axis, invert, keras):
    x = (3 + 2 * RNG.normal(size=(20, 4, 5, 3))).astype("float32")
    ours, theirs = (m.Normalization(axis=axis, invert=invert) for m in (layers, keras.layers))
    theirs.adapt(x)  # which asks TensorFlow about anything but arrays
    for data in (x, [x[:7], x[7:]], ((batch, None) for batch in (x[:7], x[7:]))):
        ours.adapt(data)
        np.testing.assert_allclose(ours(x), keras.ops.convert_to_numpy(theirs(x)), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(ours.mean, keras.ops.convert_to_numpy(theirs.mean), rtol=1e-4)
    assert [weight.shape for weight in ours.weights] == [tuple(weight.shape) for weight in theirs.weights]


def test_normalization_of_many_large_numbers():
    """Mean and variance that float32 would not find."""
    x = (1e4 + RNG.normal(size=(200_000, 1))).astype("float32")
    layer = layers.Normalization()
    layer.adapt(x)
    np.testing.assert_allclose(layer(x).std(), 1, rtol=1e-3)
    np.testing.assert_allclose(layer(x).mean(), 0, atol=1e-3)


def test_normalization_takes_no_data_that_does_not_fit():
    layer = layers.Normalization()
    layer.adapt(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="but adapt\\(\\) is being called with data with an incompatible shape"):
        layer.adapt(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="adapt\\(\\) received an empty iterable"):
        layers.Normalization().adapt([])
    with pytest.raises(TypeError, match="Unsupported data type"):
        layers.Normalization().adapt(3)
    with pytest.raises(ValueError, match="All `axis` values must be in the range"):
        layers.Normalization(axis=4)(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="All `axis` values to be kept must have a known shape"):
        layers.Normalization().build((None, None))


def test_files_of_keras_with_a_normalization(keras, tmp_path):
    from convlayers import models

    theirs = keras.Sequential([keras.layers.Input((3,)), keras.layers.Normalization(), keras.layers.Rescaling(2.0)])
    x = (3 + 2 * RNG.normal(size=(20, 3))).astype("float32")
    theirs.layers[0].adapt(x)
    theirs.save(tmp_path / "model.keras")
    ours = models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(ours(x), keras.ops.convert_to_numpy(theirs(x)), rtol=1e-5, atol=1e-5)


# Classes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("shape", [(), (3,), (4, 1), (4, 3)], ids=str)
def test_category_encoding_of_keras(mode, shape, keras):
    x = RNG.integers(0, 6, shape)
    ours, theirs = (m.CategoryEncoding(6, output_mode=mode) for m in (layers, keras.layers))
    np.testing.assert_array_equal(ours(x), keras.ops.convert_to_numpy(theirs(x)))
    if mode == "count" and shape:
        weights = RNG.uniform(size=shape).astype("float32")
        expected = keras.ops.convert_to_numpy(theirs(x, count_weights=weights))
        np.testing.assert_allclose(ours(x, count_weights=weights), expected, rtol=1e-6)


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_discretization_of_keras(mode, keras):
    x = RNG.normal(size=(50, 4)).astype("float32")
    ours, theirs = (m.Discretization([-1.0, 0.0, 0.5], output_mode=mode) for m in (layers, keras.layers))
    found, expected = ours(x), keras.ops.convert_to_numpy(theirs(x))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    symbol = ours(layers.Input((4,)))
    assert (symbol.shape[1:], symbol.dtype) == (theirs.compute_output_shape((None, 4))[1:], expected.dtype)


@pytest.mark.parametrize("dtype", [None, "int64", "float16", "float64"])
def test_numbers_are_compared_in_one_type_whatever_that_of_the_layer(dtype, keras):
    """Files of Keras 3.0 to 3.11 have "int64"."""
    x = np.array([[0.7, 0.69, -0.7, 0.1]])
    ours, theirs = (m.Discretization([-0.7, 0.1, 0.7], dtype=dtype) for m in (layers, keras.layers))
    np.testing.assert_array_equal(ours(x), keras.ops.convert_to_numpy(theirs(x)))
    np.testing.assert_array_equal(ours(x), [[3, 2, 1, 2]])


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("shape", [(3,), (4, 1), (4, 3), (4, 3, 5), (4, 3, 1)], ids=str)
def test_shapes_of_encoded_classes_are_those_declared(mode, shape):
    made = [layers.Discretization([1.5, 2.5], output_mode=mode)]
    if mode != "int":
        made.append(layers.CategoryEncoding(3, output_mode=mode))
    for layer in made:
        assert layer.compute_output_shape(shape) == layer(np.ones(shape, int)).shape


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_the_shape_of_a_number_alone_is_declared_as_by_keras(mode):
    assert layers.Discretization([1.5, 2.5], output_mode=mode).compute_output_shape(()) == (3,)


def test_discretization_adapts_as_keras(keras):
    data = [RNG.normal(size=300).astype("float32") for _ in range(3)]
    ours, theirs = (m.Discretization(num_bins=5, name="layer") for m in (layers, keras.layers))
    ours.adapt(data)
    for batch in data:  # Keras's `adapt` asks TensorFlow.
        theirs.update_state(batch)
    theirs.finalize_state()
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-5)
    assert {**ours.get_config(), "bin_boundaries": None} == {**theirs.get_config(), "bin_boundaries": None}
    copy = layers.Discretization.from_config(ours.get_config())
    np.testing.assert_array_equal(copy(data[0]), ours(data[0]))
    with pytest.raises(ValueError, match="Cannot adapt a Discretization layer that has been initialized with"):
        copy.__class__([0.0]).adapt(data)


# Several layers -------------------------------------------------------------------------------------------------------


def test_discretization_finds_boundaries_in_files_of_keras_2():
    """TensorFlow 2.15 has these for the numbers from 0 to 39."""
    layer = layers.Discretization(num_bins=4)
    layer.load_own_variables({"0": np.stack([np.arange(40.0), np.ones(40)])})
    assert layer.bin_boundaries == [9.0, 19.0, 29.0]
    for damaged in (np.ones(3), np.ones((3, 2)), np.ones((2, 0))):
        with pytest.raises(ValueError, match="is damaged. Expected: shape=\\(2, any\\)"):
            layer.load_own_variables({"0": damaged})


def test_pipeline():
    pipeline = layers.Pipeline(
        [layers.Rescaling(1 / 255), layers.RandomBrightness(0.5, (0, 1), seed=1), layers.CenterCrop(3, 4)]
    )
    x = images()
    np.testing.assert_allclose(pipeline(x, training=False), x[:, 2:5, 2:6] / 255, rtol=1e-6)
    assert not np.allclose(pipeline(x, training=True), x[:, 2:5, 2:6] / 255)
    assert pipeline(layers.Input((7, 9, 3))).shape == (None, 3, 4, 3)
    copy = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(pipeline))))
    np.testing.assert_array_equal(copy(x, training=False), pipeline(x, training=False))
    with pytest.raises(ValueError, match="`Pipeline` config must contain a `layers` key"):
        layers.Pipeline.from_config({})


def test_in_a_model():
    from convlayers import models

    model = models.Sequential([layers.Rescaling(1 / 255), layers.RandomFlip(seed=1), layers.RandomRotation(0.1, seed=1)])
    x = images()
    np.testing.assert_allclose(model(x, training=False), x / 255, rtol=1e-6)
    assert not np.allclose(model(x, training=True), x / 255)
    copy = models.Sequential.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_allclose(copy(x, training=False), x / 255, rtol=1e-6)


def test_gradients_reach_what_is_in_front():
    """An image that is being differentiated through an augmentation, as in adversarial examples."""
    x = images() / 255
    outputs, backward = layers.Pipeline([layers.RandomFlip(seed=1), layers.RandomZoom(0.2, seed=1)]).forward(x)
    d_x = backward(np.ones_like(outputs))
    assert d_x.shape == x.shape
    np.testing.assert_allclose(d_x.sum(), np.ones_like(outputs).sum(), rtol=1e-4)
    np.testing.assert_allclose(ops.sum(outputs), (d_x * x).sum(), rtol=1e-3)


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomRotation", {"factor": 2}),
        ("RandomRotation", {"factor": (1, 2, 3)}),
        ("RandomRotation", {"factor": 0.1, "fill_mode": "mirror"}),
        ("RandomRotation", {"factor": 0.1, "interpolation": "bicubic"}),
        ("RandomTranslation", {"height_factor": 1.5, "width_factor": 0}),
        ("RandomTranslation", {"height_factor": "a", "width_factor": 0}),
        ("RandomTranslation", {"height_factor": 0, "width_factor": (0, 1, 2)}),
        ("RandomZoom", {"height_factor": -1}),
        ("RandomShear", {"x_factor": -0.2}),
        ("RandomBrightness", {"factor": 0.1, "value_range": 3}),
        ("RandomBrightness", {"factor": 3}),
        ("RandomContrast", {"factor": -0.5}),
        ("RandomGrayscale", {"factor": 2}),
        ("RandomGaussianBlur", {"kernel_size": 4}),
        ("RandomGaussianBlur", {"sigma": 4}),
        ("Solarization", {"addition_factor": 2}),
        ("Normalization", {"mean": 1.0}),
        ("Normalization", {"mean": [1.0], "variance": [1.0, 2.0]}),
        ("Normalization", {"mean": [[1.0]], "variance": [[1.0]]}),
        ("CategoryEncoding", {}),
        ("CategoryEncoding", {"num_tokens": 0}),
        ("CategoryEncoding", {"num_tokens": 3, "output_mode": "x"}),
        ("Discretization", {}),
        ("Discretization", {"num_bins": 2, "bin_boundaries": [1.0]}),
        ("Discretization", {"num_bins": -1}),
        ("UpSampling1D", {"size": 2.0}),
        ("UpSampling1D", {"size": 0}),
        ("UpSampling2D", {"size": (1, 2, 3)}),
    ],
    ids=str,
)
def test_mistakes(name, arguments, keras):
    with pytest.raises(Exception) as expected:
        getattr(keras.layers, name)(**arguments)
    with pytest.raises(type(expected.value)) as raised:
        getattr(layers, name)(**arguments)
    assert str(raised.value).startswith(str(expected.value).splitlines()[0])
