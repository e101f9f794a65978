"""`tf.image`: what the standard library and NumPy say of the same. All were compared with TensorFlow 2.15 besides."""

import colorsys

import numpy as np
import pytest

from convlayers.scripts.tensorflow.faces import find_tensorflow

images = find_tensorflow("tensorflow.image")
U = np.random.RandomState(0).randint(0, 256, (2, 7, 6, 3)).astype("uint8")
F = (U / 255).astype("float32")


def _by_colour(change):
    """Returns what a change of hue, saturation and value makes of the images, pixel by pixel."""
    pixels = [colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*pixel))) for pixel in F.reshape(-1, 3).tolist()]
    return np.array(pixels).reshape(F.shape)


MEAN = F.mean(axis=(1, 2), keepdims=True)
CALLS = {
    "brightness": (lambda: images.adjust_brightness(F, 0.2), F + 0.2),
    "contrast": (lambda: images.adjust_contrast(F, 0.5), (F - MEAN) * 0.5 + MEAN),
    "gamma": (lambda: images.adjust_gamma(F, 2, gain=3), 3 * F**2),
    "hue": (lambda: images.adjust_hue(F, -0.3), _by_colour(lambda h, s, v: ((h - 0.3) % 1, s, v))),
    "saturation": (lambda: images.adjust_saturation(F, 1.5), _by_colour(lambda h, s, v: (h, min(1, s * 1.5), v))),
    "saturation of bytes": (
        lambda: images.adjust_saturation(U, 0.5) / 255,
        np.floor(_by_colour(lambda h, s, v: (h, s / 2, v)) * 255.5) / 255,
    ),
    "to floats": (lambda: images.convert_image_dtype(U, "float32"), U / 255),
    "to bytes": (lambda: images.convert_image_dtype(F, "uint8"), U),
    "to more bytes": (lambda: images.convert_image_dtype(U, "uint16"), U.astype(int) * 256),
    "to less bytes": (lambda: images.convert_image_dtype(U.astype("uint16") * 256 + 7, "uint8"), U),
    "standardized": (
        lambda: images.per_image_standardization(F),
        (F - F.mean(axis=(1, 2, 3), keepdims=True)) / F.std(axis=(1, 2, 3), keepdims=True),
    ),
    "of one colour": (lambda: images.per_image_standardization(np.ones((4, 4, 1))), np.zeros((4, 4, 1))),
    "variation": (
        lambda: images.total_variation(F),
        np.abs(np.diff(F, axis=1)).sum(axis=(1, 2, 3)) + np.abs(np.diff(F, axis=2)).sum(axis=(1, 2, 3)),
    ),
    "brightness and colours": (
        lambda: images.rgb_to_yuv(F),
        np.stack(
            [
                F @ [0.299, 0.587, 0.114],
                0.492111 * (F[..., 2] - F @ [0.299, 0.587, 0.114]),
                0.877283 * (F[..., 0] - F @ [0.299, 0.587, 0.114]),
            ],
            axis=-1,
        ),
    ),
    "there and back": (lambda: images.yuv_to_rgb(images.rgb_to_yuv(F)), F),
    "changes": (
        lambda: np.stack(images.image_gradients(F)),
        [np.diff(F, axis=1, append=F[:, -1:]), np.diff(F, axis=2, append=F[:, :, -1:])],
    ),
    "signal and noise": (
        lambda: images.psnr(U, U // 2, 255),
        10 * np.log10(255**2 / ((U.astype(float) - U // 2) ** 2).mean(axis=(1, 2, 3))),
    ),
    "by area": (
        lambda: images.resize(F[:, :6], (3, 2), "area"),
        F[:, :6].reshape(2, 3, 2, 2, 3, 3).mean(axis=(2, 4)),
    ),
    "parts of pixels, by area": (lambda: images.resize(F[0, :3, :1], (2, 1), "area"), (2 * F[0, :3:2, :1] + F[0, 1:2, :1]) / 3),
    "flipped": (lambda: images.flip_up_down(U), U[:, ::-1]),
    "turned": (lambda: images.rot90(U, name="turned"), np.rot90(U, axes=(1, 2))),
    "turned back": (lambda: images.rot90(U[0], 3), np.rot90(U[0], 3)),
    "transposed": (lambda: images.transpose(U), U.swapaxes(1, 2)),
    "middle": (lambda: images.central_crop(U, 0.5), U[:, 1:6, 1:5]),
    "cut": (lambda: images.crop_to_bounding_box(U[0], 1, 2, 3, 4), U[0, 1:4, 2:6]),
    "parts": (
        lambda: images.extract_patches(F[:, :6], [1, 3, 2, 1], [1, 3, 2, 1], [1, 1, 1, 1], "VALID"),
        F[:, :6].reshape(2, 2, 3, 3, 2, 3).swapaxes(2, 3).reshape(2, 2, 3, 18),
    ),
    "padded": (lambda: images.pad_to_bounding_box(U[0], 1, 2, 10, 9), np.pad(U[0], ((1, 2), (2, 1), (0, 0)))),
    "cut and padded": (
        lambda: images.resize_with_crop_or_pad(U, 10, 3),
        np.pad(U[:, :, 1:4], ((0, 0), (1, 2), (0, 0), (0, 0))),
    ),
    "resized": (lambda: images.resize(U, (14, 12), method=images.ResizeMethod.NEAREST_NEIGHBOR), U.repeat(2, 1).repeat(2, 2)),
    "resized with its sides": (lambda: images.resize(U, (14, 99), "nearest", True), U.repeat(2, 1).repeat(2, 2)),
    "resized and padded": (
        lambda: images.resize_with_pad(U, 14, 15, "nearest"),
        np.pad(U.repeat(2, 1).repeat(2, 2), ((0, 0), (0, 0), (1, 2), (0, 0))),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    call, expected = CALLS[name]
    np.testing.assert_allclose(call(), expected, rtol=1e-4, atol=1e-5)


def test_number_types():
    assert images.adjust_brightness(U, 0.2).dtype == "uint8"
    assert (images.adjust_brightness(U, 0.5)[U > 200] == 255).all()
    assert images.resize(U, (3, 3)).dtype == "float32"


RANDOM = {
    "random_brightness": (0.3,),
    "random_contrast": (0.5, 1.5),
    "random_crop": ((2, 3, 3, 3),),
    "random_flip_left_right": (),
    "random_flip_up_down": (),
    "random_hue": (0.3,),
    "random_saturation": (0.5, 1.5),
}


@pytest.mark.parametrize("name", RANDOM)
def test_random(name):
    stateless = getattr(images, f"stateless_{name}")
    once = stateless(F, *RANDOM[name], seed=(1, 2))
    np.testing.assert_array_equal(once, stateless(F, *RANDOM[name], seed=(1, 2)))
    others = [stateless(F, *RANDOM[name], seed=(1, number)) for number in range(8)]
    assert any((other != once).any() for other in others)
    assert getattr(images, name)(F, *RANDOM[name]).shape == once.shape


def test_files(tmp_path):
    pytest.importorskip("PIL.Image").fromarray(U[0]).save(tmp_path / "image.png")
    contents = find_tensorflow("tensorflow.io").read_file(str(tmp_path / "image.png"))
    np.testing.assert_array_equal(images.decode_image(contents), U[0])
    assert images.decode_image(contents, channels=1).shape == (7, 6, 1)
    np.testing.assert_allclose(images.decode_image(contents, dtype="float32"), F[0], rtol=1e-6)


def test_crop_and_resize():
    image = np.arange(40, dtype="float32").reshape(2, 4, 5, 1)
    boxes = [[0, 0, 1, 1], [0.2, 0.1, 0.7, 0.9], [-0.5, 0.2, 0.5, 1.2], [0.9, 0.8, 0.1, 0.2]]
    crops = images.crop_and_resize(image, boxes, [0, 1, 1, 0], (3, 4), extrapolation_value=-1.0)[..., 0]
    np.testing.assert_allclose(
        crops[0], [[0, 4 / 3, 8 / 3, 4], [7.5, 53 / 6, 61 / 6, 11.5], [15, 49 / 3, 53 / 3, 19]], rtol=1e-6
    )
    np.testing.assert_allclose(crops[1][:, 0], [23.4, 27.15, 30.9], rtol=1e-6)
    np.testing.assert_allclose(crops[2][:2], [[-1, -1, -1, -1], [20.8, 22.13333, 23.46667, -1]], rtol=1e-6)
    np.testing.assert_allclose(crops[3][-1], [4.7, 3.9, 3.1, 2.3], rtol=1e-6)
    nearest = images.crop_and_resize(image, [[0.2, 0.1, 0.7, 0.9]], [1], (1, 2), method="nearest")
    np.testing.assert_array_equal(nearest[0, :, :, 0], [[25, 29]])


def test_what_is_no_image():
    pytest.importorskip("PIL")
    with pytest.raises(ValueError, match="Unknown image file format"):
        images.decode_image(b"zz")


def test_boxes_to_keep():
    # The second overlaps the first by 0.82, the third by 0.25; the fourth, with its corners in the other order, is the first.
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [6, 0, 16, 10], [10, 10, 0, 0], [20, 20, 30, 30]]
    scores = [0.9, 0.8, 0.7, 0.6, 0.1]
    for arguments, kept in {
        (9,): [0, 2, 4],
        (2,): [0, 2],
        (9, 0.2): [0, 4],
        (9, 0.9, 0.6): [0, 1, 2],
        (9, 1.0): [0, 1, 2, 3, 4],
    }.items():
        np.testing.assert_array_equal(images.non_max_suppression(boxes, scores, *arguments), kept)
    assert images.non_max_suppression(np.zeros((0, 4)), [], 3).shape == (0,)
