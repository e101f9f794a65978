"""Images in files and as arrays."""

import builtins
import io

import numpy as np
import pytest

from convlayers import config, preprocessing, utils

pytest.importorskip("PIL")
# Keras's own tensors are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
rng = np.random.default_rng(0)
PHOTO = rng.integers(0, 256, (7, 9, 3)).astype("float32")


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_become_images_and_back_as_in_keras(keras, channels, data_format, scale):
    x = rng.uniform(-3, 250, (5, 6, channels)).astype("float32").clip(0)
    x = x.transpose(2, 0, 1) if data_format == "channels_first" else x
    images = [library.utils.array_to_img(x, data_format, scale) for library in (keras, _convlayers())]
    assert images[0].mode == images[1].mode
    arrays = [np.asarray(image) for image in images]
    np.testing.assert_array_equal(*arrays)
    back = [library.utils.img_to_array(images[0], data_format, "float64") for library in (keras, _convlayers())]
    np.testing.assert_array_equal(*back)
    assert back[1].shape == x.shape


def _convlayers():
    import convlayers

    return convlayers


def test_defaults_follow_the_settings(monkeypatch):
    monkeypatch.setattr(config, "_settings", {**config._settings, "floatx": "float64", "image_data_format": "channels_first"})
    x = utils.img_to_array(utils.array_to_img(PHOTO.transpose(2, 0, 1), scale=False))
    assert x.dtype == "float64"
    np.testing.assert_array_equal(x, PHOTO.transpose(2, 0, 1))


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"color_mode": "grayscale"},
        {"color_mode": "rgba"},
        {"target_size": (4, 5)},
        {"target_size": (7, 9), "interpolation": "bicubic"},
        {"target_size": (14, 3), "interpolation": "bilinear", "keep_aspect_ratio": True},
        {"target_size": (3, 14), "interpolation": "lanczos", "keep_aspect_ratio": True},
    ],
)
def test_files_are_read_as_in_keras(keras, tmp_path, arguments):
    path = tmp_path / "photo.png"
    utils.save_img(path, PHOTO, scale=False)
    ours, theirs = (np.asarray(library.utils.load_img(path, **arguments)) for library in (_convlayers(), keras))
    np.testing.assert_array_equal(ours, theirs)
    if not arguments:
        np.testing.assert_array_equal(ours, PHOTO)
    np.testing.assert_array_equal(ours, utils.load_img(io.BytesIO(path.read_bytes()), **arguments))
    np.testing.assert_array_equal(ours, utils.load_img(str(path), **arguments))


@pytest.mark.parametrize("size", [(3, 4), (10, 4), (7, 9)])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_images_are_resized_without_distortion_as_in_keras(keras, size, interpolation):
    for x in (PHOTO, np.stack([PHOTO, PHOTO[::-1]])):
        ours = preprocessing.image.smart_resize(x, size, interpolation)
        np.testing.assert_allclose(ours, keras.preprocessing.image.smart_resize(x, size, interpolation), atol=1e-3)
    with pytest.raises(ValueError, match="^Expected `size` to be a tuple of 2 integers, but got"):
        preprocessing.image.smart_resize(PHOTO, (1, 2, 3))
    with pytest.raises(ValueError, match="^Expected an image array with shape"):
        preprocessing.image.smart_resize(PHOTO[0], (1, 2))


def test_kinds_of_files(tmp_path):
    for name, kind in (("a.jpg", "JPEG"), ("a.bmp", "BMP")):
        utils.save_img(str(tmp_path / name), PHOTO)
        from PIL import Image

        assert Image.open(tmp_path / name).format == kind
    with pytest.warns(UserWarning, match="The JPEG format does not support RGBA images, converting to RGB"):
        utils.save_img(tmp_path / "b.jpg", rng.uniform(0, 1, (4, 4, 4)))
    buffer = io.BytesIO()
    utils.save_img(buffer, PHOTO, file_format="png")
    assert buffer.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda: utils.array_to_img(PHOTO[0]), ValueError, "^Expected image array to have rank 3 .single image"),
        (lambda: utils.array_to_img(np.ones((3, 3, 2))), ValueError, "^Unsupported channel number: 2"),
        (lambda: utils.img_to_array(np.ones(3)), ValueError, "^Unsupported image shape"),
        (lambda: utils.load_img(3), TypeError, "^path should be path-like or io.BytesIO, not <class 'int'>"),
    ],
)
def test_mistakes(function, error, message):
    with pytest.raises(error, match=message):
        function()


def test_mistakes_in_reading(tmp_path):
    path = tmp_path / "photo.png"
    utils.save_img(path, PHOTO)
    with pytest.raises(ValueError, match='^color_mode must be "grayscale", "rgb", or "rgba"'):
        utils.load_img(path, color_mode="cmyk")
    with pytest.raises(
        ValueError, match="^Invalid interpolation method area specified. Supported methods are nearest, bilinear"
    ):
        utils.load_img(path, target_size=(3, 3), interpolation="area")


def test_without_pillow_an_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("PIL"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        ImportError, match=r"^Could not import PIL.Image. The use of `array_to_img` requires PIL.\n.*pip install"
    ):
        utils.array_to_img(PHOTO)
