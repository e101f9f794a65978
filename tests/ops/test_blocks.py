"""Blocks of pixels in models for images of any size; their numbers are compared in test_every_op.py."""

import numpy as np
import pytest

from convlayers import Input, Model, layers, ops
from convlayers.saving import load_model


@pytest.mark.parametrize("op, channels", [(ops.depth_to_space, 9), (ops.space_to_depth, 2)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_images_of_any_size(op, channels, data_format, tmp_path):
    shape, sizes = ((None, None, channels), (6, 9, channels)), ((channels, None, None), (channels, 6, 9))
    shape, size = shape if data_format == "channels_last" else sizes
    images = Input(shape)
    model = Model(images, layers.Rescaling(2.0)(op(images, 3, data_format=data_format)))
    x = np.random.RandomState(0).rand(2, *size).astype("float32")
    y = model(x)
    np.testing.assert_array_equal(y, 2 * op(x, 3, data_format=data_format))
    assert [known in (None, n) for known, n in zip(model.output.shape, y.shape, strict=True)] == [True] * 4
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(x), y)
