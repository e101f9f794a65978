"""Layers that change images at random: Keras's images for the same transformation, and random numbers in their ranges."""

import numpy as np
import pytest

from convlayers import layers
from tests.layers.boxes import as_tensors
from tests.layers.images import formats, images

RNG = np.random.default_rng(0)


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


def test_jitter_does_all_of_it():
    x = images()
    arguments = {"brightness_factor": 0.3, "contrast_factor": 0.3, "saturation_factor": (0.2, 0.4), "hue_factor": 0.3}
    for name, factor in arguments.items():
        y = layers.RandomColorJitter(**{name: factor}, seed=1)(x, training=True)
        assert abs(y - x).max() > 5
    np.testing.assert_array_equal(layers.RandomColorJitter()(x, training=True), x)


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
