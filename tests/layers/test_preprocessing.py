"""Preprocessing layers: the same images as Keras for the same transformation, random numbers in their ranges, adapting."""

import json

import numpy as np
import pytest

from convlayers import config, layers, ops
from convlayers.serialization import deserialize_keras_object, serialize_keras_object

RNG = np.random.default_rng(0)


def images(*shape, data_format="channels_last"):
    x = RNG.uniform(0, 255, shape or (4, 7, 9, 3)).astype("float32")
    return x if data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(x, -1, -3))


# The same as in Keras -------------------------------------------------------------------------------------------------

RANDOM = {
    "CutMix": {"factor": (0.9, 1.0)},
    "MixUp": {"alpha": 0.7},
    "RandomBrightness": {"factor": 0.4},
    "RandomColorDegeneration": {"factor": (0.2, 0.9)},
    "RandomContrast": {"factor": 0.5},
    "RandomCrop": {"height": 4, "width": 5},
    "RandomErasing": {"fill_value": 3.0},
    "RandomFlip": {},
    "RandomGaussianBlur": {"factor": (0.5, 0.5), "kernel_size": 5},
    "RandomGrayscale": {},
    "RandomHue": {"factor": 0.5},
    "RandomInvert": {"factor": (0.5, 0.5)},
    "RandomPerspective": {"factor": (0.5, 0.5), "scale": 0.4},
    "RandomPosterization": {"factor": (2, 6)},
    "RandomRotation": {"factor": 0.3},
    "RandomSaturation": {"factor": (0.2, 0.8), "value_range": (0, 1)},
    "RandomSharpness": {"factor": (0.1, 0.9)},
    "RandomShear": {"x_factor": 0.4, "y_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.4, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.4, "width_factor": 0.2},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.8},
}
# Keras divides by a sum of squares or reads at places in float32.
ROUGH = {
    "RandomHue",
    "RandomPerspective",
    "RandomSaturation",
    "RandomRotation",
    "RandomShear",
    "RandomZoom",
    "RandomTranslation",
}
every_random_layer = pytest.mark.parametrize("name", RANDOM)
formats = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


def as_tensors(transformation, keras):
    def convert(part):
        return keras.ops.convert_to_tensor(part) if isinstance(part, (np.ndarray, np.generic)) else part

    if isinstance(transformation, dict):
        return {key: convert(part) for key, part in transformation.items()}
    return convert(transformation)


@every_random_layer
@formats
def test_same_transformation_same_images(name, data_format, keras):
    x = images(data_format=data_format)
    if name == "RandomSaturation":
        x = x / 255
    arguments = {**RANDOM[name], "seed": 3, "data_format": data_format}
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    for _ in range(3):
        transformation = ours.get_random_transformation(x)
        found = ours.transform_images(x, transformation)
        expected = theirs.transform_images(keras.ops.convert_to_tensor(x), as_tensors(transformation, keras))
        tolerance = 2e-2 if name in ROUGH else 1e-3
        np.testing.assert_allclose(found, keras.ops.convert_to_numpy(expected), atol=tolerance, rtol=1e-4)


@every_random_layer
def test_transformations_have_the_parts_of_keras(name, keras):
    x = images()
    ours = getattr(layers, name)(**RANDOM[name]).get_random_transformation(x)
    theirs = getattr(keras.layers, name)(**RANDOM[name]).get_random_transformation(keras.ops.convert_to_tensor(x))
    assert isinstance(ours, type(theirs) if isinstance(theirs, (dict, tuple)) else np.ndarray)
    if isinstance(ours, tuple):
        assert [type(number) for number in ours] == [int] * len(theirs)
    if isinstance(ours, dict):
        assert {key: np.shape(part) for key, part in ours.items() if key not in ("batch_masks", "fill_value")} == {
            key: np.shape(part) for key, part in theirs.items() if key not in ("batch_masks", "fill_value")
        }


@pytest.mark.parametrize("fill_mode", ["reflect", "wrap", "constant", "nearest"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_fill_modes_of_keras(fill_mode, interpolation, keras):
    x = images()
    arguments = {"height_factor": 0.7, "width_factor": 0.6, "fill_mode": fill_mode, "interpolation": interpolation}
    for library_values in ({}, {"fill_value": 7.0}):
        ours, theirs = (m.RandomTranslation(**arguments, **library_values) for m in (layers, keras.layers))
        transformation = ours.get_random_transformation(x)
        expected = theirs.transform_images(keras.ops.convert_to_tensor(x), as_tensors(transformation, keras))
        found = ours.transform_images(x, transformation)
        np.testing.assert_allclose(found, keras.ops.convert_to_numpy(expected), atol=2e-2)


@pytest.mark.parametrize("name", ["AutoContrast", "Equalization"])
def test_layers_without_chance(name, keras):
    x = images()
    x[..., 1] = 7
    found = getattr(layers, name)()(x, training=True)
    expected = getattr(keras.layers, name)()(keras.ops.convert_to_tensor(x), training=True)
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(expected), atol=1e-3)


# How they are called --------------------------------------------------------------------------------------------------


@every_random_layer
def test_nothing_is_changed_outside_of_training(name):
    x = images()
    layer = getattr(layers, name)(**RANDOM[name])
    np.testing.assert_array_equal(layer(x, training=False), x)
    assert layer(x.astype("uint8"), training=True).dtype == "float32"


@every_random_layer
def test_single_images(name):
    x = images()
    batch, single = (getattr(layers, name)(**RANDOM[name], seed=5) for _ in range(2))
    expected, found = batch(x[:1], training=True), single(x[0], training=True)
    assert found.shape == expected.shape[1:]
    np.testing.assert_allclose(found, expected[0], atol=1e-4)


@every_random_layer
def test_images_of_a_batch_differ(name):
    x = np.repeat(images(1, 7, 9, 3), 32, axis=0)
    if name in ("CutMix", "MixUp"):
        x += np.arange(32).reshape(32, 1, 1, 1)
    y = getattr(layers, name)(**RANDOM[name], seed=1)(x, training=True)
    different = len({image.tobytes() for image in y})
    assert different == 1 if name == "RandomCrop" else different >= 2


@every_random_layer
def test_seeds(name):
    x = images()
    first, second = (getattr(layers, name)(**RANDOM[name], seed=7) for _ in range(2))
    drawn = [first(x, training=True) for _ in range(4)]
    for y in drawn:
        np.testing.assert_array_equal(second(x, training=True), y)
    assert any(not np.array_equal(y, drawn[0]) for y in drawn[1:])


def test_a_dict():
    x, labels, masks = images(), np.arange(4), RNG.integers(0, 5, (4, 7, 9, 1))
    layer = layers.RandomFlip("horizontal", seed=1)
    data = {"images": x, "labels": labels, "segmentation_masks": masks}
    outputs = layer(data, training=True)
    flips = layers.RandomFlip("horizontal", seed=1).get_random_transformation(x)["flips"]
    assert 0 < flips.sum() < 4
    np.testing.assert_array_equal(outputs["images"], np.where(flips, x[:, :, ::-1], x))
    np.testing.assert_array_equal(outputs["segmentation_masks"], np.where(flips, masks[:, :, ::-1], masks))
    np.testing.assert_array_equal(outputs["labels"], labels)
    np.testing.assert_array_equal(data["images"], x)
    unmoved = layers.RandomBrightness(0.5)(data, training=True)
    np.testing.assert_array_equal(unmoved["segmentation_masks"], masks)


def test_masks_are_not_interpolated():
    masks = RNG.integers(0, 5, (4, 7, 9, 1)).astype("float32")
    outputs = layers.RandomRotation(0.2, seed=1)({"images": images(), "segmentation_masks": masks}, training=True)
    assert set(np.unique(outputs["segmentation_masks"])) <= set(range(5))


@pytest.mark.parametrize("name", ["CutMix", "MixUp"])
def test_labels_are_mixed_as_the_images(name):
    """Each image is its class number everywhere, so its mean is that of its label."""
    labels = np.eye(6, dtype="float32")
    x = np.broadcast_to(np.arange(6, dtype="float32").reshape(6, 1, 1, 1), (6, 40, 40, 1)).copy()
    layer = getattr(layers, name)(**RANDOM[name], seed=2)
    outputs = layer({"images": x, "labels": labels}, training=True)
    np.testing.assert_allclose(outputs["labels"].sum(axis=1), 1, rtol=1e-6)
    assert ((outputs["labels"] > 0.05).sum(axis=1) > 1).any()
    # The edges of a rectangle lie between pixels.
    np.testing.assert_allclose(outputs["images"].mean(axis=(1, 2, 3)), outputs["labels"] @ np.arange(6), atol=0.25)


def test_elastic_transform():
    x = images(4, 24, 30, 3)
    masks = (x[..., :1] > 128).astype("float32")
    layer = layers.RandomElasticTransform(scale=(0.5, 0.5), interpolation="nearest", seed=1)
    outputs = layer({"images": np.repeat(masks, 3, axis=-1), "segmentation_masks": masks}, training=True)
    assert (outputs["images"][..., :1] != masks).mean() > 0.1
    np.testing.assert_array_equal(outputs["images"][..., :1], outputs["segmentation_masks"])
    assert layers.RandomElasticTransform(factor=0.0).get_random_transformation(x) is None


def test_in_a_model():
    from convlayers import models

    model = models.Sequential([layers.Rescaling(1 / 255), layers.RandomFlip(seed=1), layers.RandomRotation(0.1, seed=1)])
    x = images()
    np.testing.assert_allclose(model(x, training=False), x / 255, rtol=1e-6)
    assert not np.allclose(model(x, training=True), x / 255)
    copy = models.Sequential.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_allclose(copy(x, training=False), x / 255, rtol=1e-6)


# Ranges ---------------------------------------------------------------------------------------------------------------

MANY = np.zeros((4000, 4, 5, 3), "float32")


def drawn(layer, key):
    return np.ravel(layer.get_random_transformation(MANY)[key])


@pytest.mark.parametrize(
    ("layer", "key", "low", "high"),
    [
        (layers.RandomRotation((-0.1, 0.3)), "angle", -36, 108),
        (layers.RandomZoom(0.2), "height_zoom", 0.8, 1.2),
        (layers.RandomBrightness(0.2, value_range=(0, 10)), "rgb_delta", -2, 2),
        (layers.RandomContrast((0.1, 0.4)), "contrast_factor", 0.9, 1.4),
        (layers.RandomHue(0.5), "factor", -0.25, 0.25),
        (layers.RandomSharpness(0.5), "factor", 0, 0.5),
        (layers.Solarization(threshold_factor=0.5), "thresholds", 0, 127.5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else str(value),
)
def test_ranges(layer, key, low, high):
    numbers = drawn(layer, key)
    assert len(numbers) == len(MANY)
    assert low <= numbers.min() < low + 0.01 * (high - low)
    assert high >= numbers.max() > high - 0.01 * (high - low)
    np.testing.assert_allclose(numbers.mean(), (low + high) / 2, atol=0.03 * (high - low))


def test_translations_are_in_pixels():
    translations = layers.RandomTranslation((0.1, 0.5), (-0.2, 0.2)).get_random_transformation(MANY)["translations"]
    np.testing.assert_allclose(translations.min(axis=0), [-1, 0.4], atol=0.02)
    np.testing.assert_allclose(translations.max(axis=0), [1, 2], atol=0.02)


def test_half_of_the_images_are_mirrored():
    assert 0.47 < drawn(layers.RandomFlip(), "flips").mean() < 0.53
    assert 0.17 < drawn(layers.RandomInvert((0.2, 0.2)), "apply_inversion").mean() < 0.23


def test_zoom_keeps_proportions_with_one_factor():
    transformation = layers.RandomZoom(0.3).get_random_transformation(MANY)
    np.testing.assert_array_equal(transformation["height_zoom"], transformation["width_zoom"])


def test_erased_parts_have_their_size():
    masks = layers.RandomErasing(scale=(0.25, 0.25)).get_random_transformation(np.zeros((500, 20, 30, 3)))["batch_masks"]
    assert masks.sum(axis=(1, 2, 3)).min() >= 9 * 14
    assert masks.sum(axis=(1, 2, 3)).max() <= 11 * 16
    assert masks.any(axis=0).mean() > 0.9


def test_jitter_does_all_of_it():
    x = images()
    arguments = {"brightness_factor": 0.3, "contrast_factor": 0.3, "saturation_factor": (0.2, 0.4), "hue_factor": 0.3}
    for name, factor in arguments.items():
        y = layers.RandomColorJitter(**{name: factor}, seed=1)(x, training=True)
        assert abs(y - x).max() > 5
    np.testing.assert_array_equal(layers.RandomColorJitter()(x, training=True), x)


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


def test_gradients_reach_what_is_in_front():
    """An image that is being differentiated through an augmentation, as in adversarial examples."""
    x = images() / 255
    outputs, backward = layers.Pipeline([layers.RandomFlip(seed=1), layers.RandomZoom(0.2, seed=1)]).forward(x)
    d_x = backward(np.ones_like(outputs))
    assert d_x.shape == x.shape
    np.testing.assert_allclose(d_x.sum(), np.ones_like(outputs).sum(), rtol=1e-4)
    np.testing.assert_allclose(ops.sum(outputs), (d_x * x).sum(), rtol=1e-3)
