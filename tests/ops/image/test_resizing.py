"""Resizing of images against dense matrices of weights, Keras, and differences."""

import numpy as np
import pytest

from convlayers.ops import image
from convlayers.ops.image.resizing import upsample
from tests.ops.gradients import check_gradients

RNG = np.random.default_rng(0)
SIZES = [((7, 9), (14, 5)), ((8, 8), (16, 16)), ((20, 30), (5, 4)), ((6, 6), (3, 12)), ((1, 1), (4, 3)), ((5, 4), (5, 4))]


def cubic(x):
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0


def lanczos(radius):
    return lambda x: np.sinc(x) * np.sinc(x / radius) if x < radius else 0


WEIGHTS = {"bilinear": lambda x: max(0, 1 - x), "bicubic": cubic, "lanczos3": lanczos(3), "lanczos5": lanczos(5)}


def weights(inputs, outputs, interpolation, antialias):
    """The matrix of what each output gets from each input."""
    if inputs == outputs:
        return np.eye(inputs)
    scale = inputs / outputs
    dense = np.zeros((outputs, inputs))
    for o, i in np.ndindex(dense.shape):
        center = (o + 0.5) * scale - 0.5
        if interpolation == "nearest":
            dense[o, i] = i == int((o + 0.5) * scale)
        else:
            dense[o, i] = WEIGHTS[interpolation](abs(center - i) / (max(scale, 1) if antialias else 1))
    return dense / dense.sum(axis=1, keepdims=True)


def expected(x, size, interpolation, antialias=False):
    rows, columns = (weights(n, m, interpolation, antialias) for n, m in zip(x.shape[1:3], size, strict=True))
    return np.einsum("nhwc,Hh,Ww->nHWc", x.astype("float64"), rows, columns)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", *WEIGHTS])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_formula(sizes, interpolation, antialias):
    for channels in (3, 16):
        x = RNG.normal(size=(2, *sizes[0], channels))
        y = image.resize(x, sizes[1], interpolation, antialias)
        # The weights of Lanczos vanish at whole distances, but for rounding.
        np.testing.assert_allclose(y, expected(x, sizes[1], interpolation, antialias), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(image.resize(x.astype("float32"), sizes[1], interpolation, antialias), y, atol=1e-5)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", *WEIGHTS])
def test_gradients(interpolation, antialias):
    for size in ((6, 7), (2, 3)):
        check_gradients(lambda x: image.resize(x, size, interpolation, antialias), [RNG.normal(size=(1, 3, 5, 2))])  # noqa: B023
    check_gradients(lambda x: image.resize(x, (4, 4), crop_to_aspect_ratio=True), [RNG.normal(size=(3, 5, 2))])
    check_gradients(lambda x: image.resize(x, (4, 4), pad_to_aspect_ratio=True), [RNG.normal(size=(3, 5, 2))])


@pytest.mark.parametrize("arguments", [{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 2.0}])
@pytest.mark.parametrize("size", [(5, 9), (10, 3), (7, 7), (1, 9)])
def test_proportions_of_keras(arguments, size, keras):
    x = RNG.normal(size=(2, 7, 9, 3)).astype("float32")
    for interpolation in ("bilinear", "nearest"):
        expected = keras.ops.convert_to_numpy(keras.ops.image.resize(x, size, interpolation, **arguments))
        np.testing.assert_allclose(image.resize(x, size, interpolation, **arguments), expected, atol=1e-5)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_channels_first_and_single_images(interpolation):
    x = RNG.normal(size=(2, 7, 9, 3))
    y = image.resize(x, (5, 12), interpolation)
    first = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    for given in (first, np.moveaxis(x, -1, 1)):
        found = image.resize(given, (5, 12), interpolation, data_format="channels_first")
        np.testing.assert_allclose(np.moveaxis(found, 1, -1), y, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(image.resize(x[0], (5, 12), interpolation), y[0])
    check_gradients(lambda x: image.resize(x, (3, 4), interpolation, data_format="channels_first"), [first[:1, :2, :4, :3]])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "bool", "float16"])
def test_dtypes(dtype):
    x = RNG.integers(0, 2 if dtype == "bool" else 200, size=(1, 4, 5, 3)).astype(dtype)
    assert image.resize(x, (8, 5)).dtype == dtype
    np.testing.assert_array_equal(image.resize(x, (8, 10), "nearest"), x.repeat(2, axis=1).repeat(2, axis=2))


def test_integers_are_rounded_and_stay_in_their_range():
    x = np.array([[0, 255], [255, 0]], "uint8").reshape(1, 2, 2, 1)
    exact = image.resize(x.astype("float64"), (5, 5), "bicubic")
    assert exact.min() < -1
    assert exact.max() > 256
    np.testing.assert_array_equal(image.resize(x, (5, 5), "bicubic"), np.clip(np.rint(exact), 0, 255))
    large = np.full((1, 2, 2, 1), np.iinfo("int32").max)
    assert (image.resize(large.astype("int32"), (3, 3)) > 2**31 - 200).all()


def test_upsample_three_dimensions():
    x = RNG.normal(size=(2, 2, 3, 4, 2))
    expected = x.repeat(3, axis=1).repeat(1, axis=2).repeat(2, axis=3)
    np.testing.assert_array_equal(upsample(x, (3, 1, 2)), expected)
    np.testing.assert_array_equal(upsample(x.astype("int64"), (3, 1, 2)), expected.astype("int64"))
    check_gradients(lambda x: upsample(x, (2, 1, 3)), [x[:1, :, :2, :2]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (1, 2, 3)}, "Expected `size` to be a tuple of 2 integers. Received: size=(1, 2, 3)"),
        ({"size": (0, 2)}, "`size` must have positive height and width. Received: size=(0, 2)"),
        ({"size": (2, 2), "interpolation": "linear"}, "Invalid value for argument `interpolation`."),
        ({"size": (2, 2), "fill_mode": "edge"}, "Invalid value for argument `fill_mode`. Only `'constant'` is supported."),
        (
            {"size": (2, 2), "pad_to_aspect_ratio": True, "crop_to_aspect_ratio": True},
            "Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.",
        ),
    ],
    ids=str,
)
def test_mistakes(arguments, message, keras):
    x = np.zeros((4, 4, 3), "float32")
    for library in (image, keras.ops.image):
        with pytest.raises(ValueError) as raised:
            library.resize(x, **arguments)
        assert str(raised.value).startswith(message)


def test_images_without_pixels():
    with pytest.raises(ValueError, match="Images without pixels cannot be resized. Received: images.shape=\\(1, 0, 4, 3\\)"):
        image.resize(np.zeros((1, 0, 4, 3)), (2, 2))
    assert image.resize(np.zeros((0, 3, 4, 3)), (2, 2)).shape == (0, 2, 2, 3)
