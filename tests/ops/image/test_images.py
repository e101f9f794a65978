"""The functions on images against Keras, with gradients, in both data formats."""

import inspect

import numpy as np
import pytest

from convlayers.ops import image
from convlayers.symbolic import KerasTensor
from tests.ops.gradients import check_gradients, tape_gradients

RNG = np.random.default_rng(0)
TRANSFORM = np.array([1.1, 0.1, 0.5, -0.2, 0.9, 0.3, 0, 0], "float32")
NAMES = sorted(name for name, function in vars(image).items() if inspect.isfunction(function))
# What is done to images, with either library.
CALLS = {
    "rgb_to_grayscale": lambda m, x, **how: m.rgb_to_grayscale(x, **how),
    "rgb_to_hsv": lambda m, x, **how: m.rgb_to_hsv(x, **how),
    "hsv_to_rgb": lambda m, x, **how: m.hsv_to_rgb(x, **how),
    "crop": lambda m, x, **how: m.crop_images(x, 1, 2, 1, target_width=3, **how),
    "pad": lambda m, x, **how: m.pad_images(x, 1, 2, target_height=12, right_padding=3, **how),
    "patches": lambda m, x, **how: m.extract_patches(x, 2, **how),
    "patches, same": lambda m, x, **how: m.extract_patches(x, (3, 2), strides=(1, 2), padding="same", **how),
    "patches, dilated": lambda m, x, **how: m.extract_patches(x, (2, 3), strides=1, dilation_rate=2, **how),
    "affine": lambda m, x, **how: m.affine_transform(x, repeated(TRANSFORM, x), **how),
    "affine, reflect": lambda m, x, **how: m.affine_transform(x, repeated(TRANSFORM, x), fill_mode="reflect", **how),
    "affine, filled": lambda m, x, **how: m.affine_transform(x, repeated(TRANSFORM, x), fill_value=2.0, **how),
}
every_call = pytest.mark.parametrize("name", CALLS)
formats = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
ranks = pytest.mark.parametrize("shape", [(2, 6, 7, 3), (6, 7, 3)], ids=str)


def repeated(transform, images):
    """Keras takes one transform for several images only on some backends."""
    return np.tile(transform, (images.shape[0], 1)) if len(images.shape) == 4 else transform


def draw(shape, data_format="channels_last"):
    x = RNG.uniform(0.05, 0.95, size=shape).astype("float32")
    return x if data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(x, -1, -3))


@pytest.mark.parametrize("name", NAMES)
def test_signature_of_keras(name, keras):
    assert inspect.signature(getattr(image, name)) == inspect.signature(getattr(keras.ops.image, name))


@every_call
@formats
@ranks
def test_results_and_gradients_of_keras(name, data_format, shape, keras):
    import torch

    x = draw(shape, data_format)
    outputs, gradients = tape_gradients(lambda x: CALLS[name](image, x, data_format=data_format), [x])
    tensor = torch.tensor(x, requires_grad=True)
    y = CALLS[name](keras.ops.image, tensor, data_format=data_format)
    y.sum().backward()
    np.testing.assert_allclose(outputs[0].value, y.detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gradients[0], tensor.grad.numpy(), rtol=1e-4, atol=1e-5)


@every_call
def test_gradients(name):
    check_gradients(lambda x: CALLS[name](image, x), [RNG.uniform(0.05, 0.95, size=(5, 6, 3))], tolerance=1e-6)


@every_call
@ranks
def test_symbolic_results_have_the_same_shapes(name, shape):
    result = CALLS[name](image, KerasTensor(shape))
    assert (result.shape, result.dtype) == (CALLS[name](image, draw(shape)).shape, "float32")


# Colors ---------------------------------------------------------------------------------------------------------------


def test_colors_there_and_back():
    x = RNG.uniform(size=(2, 5, 4, 3))
    np.testing.assert_allclose(image.hsv_to_rgb(image.rgb_to_hsv(x)), x, atol=1e-12)


def test_grayscale_of_one_channel_is_a_copy():
    x = np.ones((2, 2, 1))
    y = image.rgb_to_grayscale(x)
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(x, y)


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("rgb_to_grayscale", np.zeros((4, 4, 2)), "Invalid channel size: expected 3 (RGB) or 1 (Grayscale)."),
        ("rgb_to_grayscale", np.zeros((4, 3)), "Invalid images rank: expected rank 3 (single image) or rank 4"),
        ("rgb_to_hsv", np.zeros((4, 4, 3), "uint8"), "Invalid images dtype: expected float dtype."),
        ("hsv_to_rgb", np.zeros((4, 4, 3), "int32"), "Invalid images dtype: expected float dtype."),
    ],
)
def test_mistakes_with_colors(name, x, message, keras):
    for library in (image, keras.ops.image):
        with pytest.raises(ValueError) as raised:
            getattr(library, name)(x)
        assert str(raised.value).startswith(message)


# Borders --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crop_images", "pad_images"])
@pytest.mark.parametrize("numbers", [(1, 2), (1, 2, 3, 4, 5, 6), (-1, 2, 1, 2), (9, 2, None, 1, 8), (1, 1, 1, 1)], ids=str)
def test_two_of_three_numbers(name, numbers, keras):
    x = RNG.normal(size=(2, 9, 9, 3)).astype("float32")
    try:
        expected = keras.ops.convert_to_numpy(getattr(keras.ops.image, name)(x, *numbers))
    except ValueError as error:
        with pytest.raises(ValueError) as raised:
            getattr(image, name)(x, *numbers)
        assert str(raised.value) == str(error)
    else:
        np.testing.assert_array_equal(getattr(image, name)(x, *numbers), expected)


def test_borders_of_images_of_unknown_size():
    unknown = KerasTensor((None, None, None, 3))
    assert image.crop_images(unknown, 1, 2, target_height=10, target_width=20).shape == (None, 10, 20, 3)
    assert image.pad_images(unknown, 1, 2, 3, 4).shape == (None, None, None, 3)
    with pytest.raises(ValueError, match="When the height of the images is unknown, `target_height` must be specified"):
        image.crop_images(unknown, 1, 2, 3, 4)


def test_a_graph_crops_images_of_any_size():
    from convlayers import layers, models

    inputs = layers.Input((None, None, 3))
    model = models.Model(inputs, image.crop_images(inputs, 1, 2, target_height=3, target_width=4))
    x = RNG.normal(size=(2, 9, 8, 3)).astype("float32")
    np.testing.assert_array_equal(model(x), x[:, 1:4, 2:6])


# Patches --------------------------------------------------------------------------------------------------------------


def test_patches_of_volumes(keras):
    x = RNG.normal(size=(2, 4, 5, 6, 2)).astype("float32")
    for arguments in ({"size": 2}, {"size": (1, 2, 3), "strides": 1}, {"size": (2, 2, 2), "padding": "same"}):
        expected = keras.ops.convert_to_numpy(keras.ops.image.extract_patches_3d(x, **arguments))
        np.testing.assert_allclose(image.extract_patches_3d(x, **arguments), expected, atol=1e-6)


def test_patches_of_integers_stay_integers():
    x = np.arange(16).reshape(4, 4, 1)
    patches = image.extract_patches(x, 2)
    assert patches.dtype == x.dtype
    np.testing.assert_array_equal(patches[0, 1], [2, 3, 6, 7])


# Other places ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates_of_keras(mode, order, keras):
    import torch

    x = RNG.normal(size=(5, 6, 3)).astype("float32")
    places = RNG.uniform(-12, 12, size=(3, 7)).astype("float32")
    tensor, coordinates = torch.tensor(x, requires_grad=True), torch.tensor(places, requires_grad=True)
    y = keras.ops.image.map_coordinates(tensor, coordinates, order, mode, 1.5)
    y.sum().backward()
    outputs, gradients = tape_gradients(lambda x, c: image.map_coordinates(x, c, order, mode, 1.5), [x, places])
    np.testing.assert_allclose(outputs[0].value, y.detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gradients[0], tensor.grad.numpy(), rtol=1e-4, atol=1e-5)
    if order:
        np.testing.assert_allclose(gradients[1], coordinates.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_perspective_moves_the_points():
    x = RNG.normal(size=(2, 8, 9, 1))
    start = np.array([[1, 1], [6, 1], [1, 5], [6, 5]])
    end = np.array([[2, 1], [7, 2], [0, 6], [6, 7]])
    y = image.perspective_transform(x, start, end)
    for (column, row), (new_column, new_row) in zip(start, end, strict=True):
        np.testing.assert_allclose(y[:, new_row, new_column], x[:, row, column], atol=1e-9)
    check_gradients(lambda x: image.perspective_transform(x, start, end), [x], tolerance=1e-6)


def test_perspective_of_keras(keras):
    x = RNG.normal(size=(2, 8, 9, 3)).astype("float32")
    start = np.tile(np.array([[0, 0], [8, 0], [0, 7], [8, 7]], "float32"), (2, 1, 1))
    end = start + RNG.normal(size=start.shape).astype("float32")
    for interpolation in ("nearest", "bilinear"):
        expected = keras.ops.convert_to_numpy(keras.ops.image.perspective_transform(x, start, end, interpolation))
        np.testing.assert_allclose(image.perspective_transform(x, start, end, interpolation), expected, atol=1e-3)


@pytest.mark.parametrize(("size", "sigma"), [((3, 3), (1.0, 1.0)), ((5, 3), (0.7, 2.0)), ((1, 7), (1.0, 1.0))])
@formats
def test_blur(size, sigma, data_format):
    """Against a loop over the pixels of a window."""
    x = RNG.normal(size=(2, 6, 7, 3))
    along, down = (np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / s) ** 2) for n, s in zip(size, sigma, strict=True))
    kernel = np.outer(down / down.sum(), along / along.sum())
    padded = np.pad(x, [(0, 0), (size[1] // 2,) * 2, (size[0] // 2,) * 2, (0, 0)])
    expected = sum(weight * padded[:, i : i + 6, j : j + 7] for (i, j), weight in np.ndenumerate(kernel))
    given = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    found = image.gaussian_blur(given, size, sigma, data_format)
    np.testing.assert_allclose(found if data_format == "channels_last" else np.moveaxis(found, 1, -1), expected, atol=1e-12)
    check_gradients(lambda x: image.gaussian_blur(x, size, sigma, data_format), [given[:1, :3, :4]])


@pytest.mark.parametrize("method", ["linear", "cubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("antialias", [False, True])
def test_scale_and_translate_of_keras(method, antialias, keras):
    x = RNG.normal(size=(2, 7, 9, 3)).astype("float32")
    for scale, translation in (([1.5, 0.6], [0.7, -1.3]), ([0.4, 2.0], [3.0, 0.0])):
        arguments = ((2, 8, 10, 3), np.array(scale, "float32"), np.array(translation, "float32"), (1, 2), method, antialias)
        expected = keras.ops.convert_to_numpy(keras.ops.image.scale_and_translate(x, *arguments))
        np.testing.assert_allclose(image.scale_and_translate(x, *arguments), expected, atol=1e-4)
    check_gradients(
        lambda x: image.scale_and_translate(x, (2, 4, 5), [1.5, 0.7], [0.3, 0.6], (1, -1), method, antialias),
        [RNG.normal(size=(2, 3, 6))],
    )


@formats
def test_edges_of_tensorflow(data_format):
    """Against slices of images with a mirrored border, as in `tf.image.sobel_edges`."""
    x = RNG.normal(size=(2, 5, 6, 3))
    p = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    smooth_columns = p[:, :, :-2] + 2 * p[:, :, 1:-1] + p[:, :, 2:]
    smooth_rows = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    expected = [smooth_columns[:, 2:] - smooth_columns[:, :-2], smooth_rows[:, :, 2:] - smooth_rows[:, :, :-2]]
    given = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    found = np.moveaxis(image.sobel_edges(given, data_format), -1, 0)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one if data_format == "channels_last" else np.moveaxis(one, 1, -1), other, atol=1e-12)
    check_gradients(lambda x: image.sobel_edges(x, data_format), [given[:1, :3, :4]])


@formats
def test_ssim_of_keras(data_format, keras):
    for shape in ((2, 16, 17, 3), (16, 17, 3)):
        x, other = draw(shape, data_format), draw(shape, data_format)
        arguments = {"max_val": 1.0, "filter_size": 7, "data_format": data_format}
        if len(shape) == 4 or data_format == "channels_last":
            expected = keras.ops.convert_to_numpy(keras.ops.image.ssim(x, other, **arguments))
            np.testing.assert_allclose(image.ssim(x, other, **arguments), expected, atol=1e-4)
        np.testing.assert_allclose(image.ssim(x, x, **arguments), np.ones(shape[:-3]), atol=1e-5)
    check_gradients(lambda x: image.ssim(x, x[::-1] * 0.5, filter_size=3), [RNG.uniform(size=(4, 5, 1))])


def test_elastic_transform():
    x = RNG.normal(size=(2, 20, 30, 3)).astype("float32")
    y = image.elastic_transform(x, alpha=3.0, sigma=2.0, seed=1)
    np.testing.assert_array_equal(y, image.elastic_transform(x, alpha=3.0, sigma=2.0, seed=1))
    assert (y != x).mean() > 0.9
    assert (image.elastic_transform(x, alpha=0.0, seed=1) == x).all()
    np.testing.assert_allclose(image.elastic_transform(np.ones((20, 30, 3)), seed=1), 1)
    first = image.elastic_transform(np.moveaxis(x, -1, 1), alpha=3.0, sigma=2.0, seed=1, data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.affine_transform(np.zeros((4, 4, 3)), TRANSFORM, "cubic"), "Invalid value for argument `interpolation`."),
        (
            lambda m: m.affine_transform(np.zeros((4, 4, 3)), TRANSFORM, fill_mode="x"),
            "Invalid value for argument `fill_mode`.",
        ),
        (lambda m: m.affine_transform(np.zeros((4, 3)), TRANSFORM), "Invalid images rank: expected rank 3 (single image)"),
        (lambda m: m.affine_transform(np.zeros((4, 4, 3)), np.zeros((1, 1, 8))), "Invalid transform rank: expected rank 1"),
        (lambda m: m.map_coordinates(np.zeros((4, 4)), np.zeros((3, 2)), 1), "First dim of `coordinates` must be the same as"),
        (lambda m: m.map_coordinates(np.zeros((4, 4)), np.zeros(2), 1), "Invalid coordinates rank: expected at least rank 2."),
        (
            lambda m: m.perspective_transform(np.zeros((4, 4, 3)), np.zeros((3, 2)), np.zeros((4, 2))),
            "Invalid start_points shape: expected (4,2) for a single image or (N,4,2) for a batch.",
        ),
    ],
)
def test_mistakes_with_places(call, message, keras):
    for library in (image, keras.ops.image):
        with pytest.raises(ValueError) as raised:
            call(library)
        assert str(raised.value).startswith(message)
