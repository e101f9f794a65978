"""What is thought through once for a convolution is thought through anew where the outcome would be another."""

import numpy as np
import pytest

from convlayers import config, layers, ops
from convlayers.autograd import Tape


@pytest.fixture
def winograd():
    before = config.winograd()
    yield config.set_winograd
    config.set_winograd(before)


def test_settings_count_from_the_next_call_on(winograd):
    random = np.random.default_rng(0)
    x, kernel = (random.normal(size=shape).astype("float32") for shape in ((1, 32, 32, 64), (3, 3, 64, 64)))
    exact = ops.conv(x.astype("float64"), kernel.astype("float64"))
    winograd(False)
    direct = ops.conv(x, kernel)
    winograd(True)
    quick = ops.conv(x, kernel)
    winograd(False)
    assert not np.array_equal(quick, direct)
    np.testing.assert_array_equal(ops.conv(x, kernel), direct)
    for y in (quick, direct):
        np.testing.assert_allclose(y, exact, atol=1e-4 * np.abs(exact).max())


def test_number_types_of_one_shape_do_not_mix():
    x, kernel = np.ones((1, 5, 5, 3)), np.ones((2, 2, 3, 4))
    for dtype in ("float32", "float64", "float32"):
        assert ops.conv(x.astype(dtype), kernel.astype(dtype)).dtype == dtype
    assert ops.dense(np.ones((2, 3)), np.ones((3, 4))).dtype == "float64"
    assert ops.dense(np.ones((2, 3), "float32"), np.ones((3, 4), "float32")).dtype == "float32"


def test_sizes_may_be_lists():
    x, kernel = np.ones((1, 9, 9, 3)), np.ones((2, 2, 3, 4))
    np.testing.assert_array_equal(ops.conv(x, kernel, strides=[2, 3]), ops.conv(x, kernel, strides=(2, 3)))


def test_slices_that_are_not_added_up_are_computed_as_images():
    volumes = np.random.default_rng(0).normal(size=(2, 5, 9, 8, 33)).astype("float32")
    images = volumes.reshape(10, 9, 8, 33)
    of_volumes = layers.Conv3D(34, (1, 3, 3), padding="same", activation="relu", dilation_rate=(2, 1, 1))
    of_images = layers.Conv2D(34, 3, padding="same", activation="relu")
    of_volumes.build(volumes.shape)
    of_images.build(images.shape)
    of_images.set_weights([weight.reshape(weight.shape[-4:]) for weight in of_volumes.get_weights()])
    results = []
    for layer, inputs in ((of_volumes, volumes), (of_images, images)):
        for _ in range(3):  # from the second time on, weights are kept
            predicted = layer(inputs)
        y, backward = layer.forward(inputs, training=True)
        results.append([predicted, y, backward(y), *(variable.grad for variable in layer.trainable_variables)])
    for volume, image in zip(*results, strict=True):
        np.testing.assert_array_equal(np.reshape(volume, image.shape), image)
    assert results[0][1].shape == (2, 5, 9, 8, 34)


@pytest.mark.parametrize("strides", [1, 2])
def test_slices_that_meet_no_pixels_but_their_own_are_computed_as_rows(strides):
    """Which is for Winograd's algorithm, where there are no tiles of bfloat16. Float64 never uses it."""
    x = np.random.default_rng(0).normal(size=(2, 12, 20, 20, 40))
    exact, quick = (
        layers.Conv3D(48, (5, 1, 1), (strides, 1, 1), padding="same", activation="relu", dtype=dtype)
        for dtype in ("float64", "float32")
    )
    results = []
    for layer in (exact, quick):
        layer.build(x.shape)
        layer.set_weights(exact.get_weights())
        for _ in range(3):  # from the second time on, weights are kept
            predicted = layer(x)
        y, backward = layer.forward(x.astype(layer.dtype), training=True)
        results.append([predicted, y, backward(y), *(variable.grad for variable in layer.trainable_variables)])
    for right, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=5e-5 * np.abs(right).max())


OPS = {
    "to few filters": (ops.conv, (3, 3, 24, 3)),
    "to few filters, transposed": (ops.conv_transpose, (3, 3, 3, 24)),
    "depthwise": (ops.conv, (3, 3, 1, 24)),
}


@pytest.mark.parametrize("name", OPS)
def test_planes_give_what_pixels_give(name):
    """Some kernels read planes as they are. Gradients may need pixels."""
    random = np.random.default_rng(0)
    op, shape = OPS[name]
    x, kernel = (random.normal(size=size).astype("float32") for size in ((2, 19, 18, 24), shape))
    d_y = random.normal(size=op(x, kernel, padding="same").shape).astype("float32")
    results = []
    for data_format, order in (("channels_last", (0, 1, 2, 3)), ("channels_first", (0, 3, 1, 2))):
        inputs, gradient = (np.ascontiguousarray(array.transpose(order)) for array in (x, d_y))
        with Tape() as tape:
            sources = tape.watch(inputs), tape.watch(kernel)
            y = op(*sources, padding="same", data_format=data_format)
        results.append([y.value, *tape.backward([y], [gradient], sources)])
    (y, d_x, d_kernel), (y_of_planes, d_x_of_planes, d_kernel_of_planes) = results
    np.testing.assert_array_equal(np.moveaxis(y_of_planes, 1, -1), y)
    np.testing.assert_array_equal(np.moveaxis(d_x_of_planes, 1, -1), d_x)
    np.testing.assert_allclose(d_kernel_of_planes, d_kernel, atol=1e-5 * np.abs(d_kernel).max())
