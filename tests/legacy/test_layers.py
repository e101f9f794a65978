"""Layers that had other names in Keras 1."""

import numpy as np
import pytest

from convlayers import Input, layers
from convlayers.legacy.layers import ADDED, merge
from convlayers.legacy.old_spelling import OldSpelling
from tests.scripts.running import run_code

X = np.random.RandomState(0).normal(size=(2, 5, 6, 3)).astype("float32")


@pytest.mark.parametrize(
    ("name", "sizes", "today", "kernel_size"),
    [
        ("Convolution1D", (3,), "Conv1D", (3,)),
        ("Convolution2D", (3, 2), "Conv2D", (3, 2)),
        ("Convolution3D", (3, 2, 1), "Conv3D", (3, 2, 1)),
        ("AtrousConvolution2D", (3, 2), "Conv2D", (3, 2)),
        ("SeparableConvolution2D", (3, 2), "SeparableConv2D", (3, 2)),
        ("Deconvolution2D", (3, 2), "Conv2DTranspose", (3, 2)),
    ],
)
def test_sizes_were_arguments(name, sizes, today, kernel_size):
    with pytest.warns(OldSpelling, match=today):
        layer = ADDED[name](4, *sizes)
    assert type(layer) is getattr(layers, today)
    assert layer.filters == 4
    assert layer.kernel_size == kernel_size


def test_arguments_of_today():
    with pytest.warns(OldSpelling, match="write `Conv2D`"):
        layer = ADDED["Convolution2D"](4, (3, 2), strides=2)
    assert layer.kernel_size == (3, 2)
    assert layer.strides == (2, 2)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("sum", X + 2 * X),
        ("mul", 2 * X * X),
        ("ave", 1.5 * X),
        ("max", np.maximum(X, 2 * X)),
        ("concat", np.concatenate([X, 2 * X], -1)),
    ],
)
def test_merge(mode, expected):
    with pytest.warns(OldSpelling, match="merge"):
        merged = merge([X, 2 * X], mode=mode)
    np.testing.assert_allclose(merged, expected, rtol=1e-6)


def test_merge_along_an_axis_and_by_products():
    x = Input((4, 3))
    with pytest.warns(OldSpelling, match=r"`Concatenate\(axis=1\)\(inputs\)`"):
        assert merge([x, x], mode="concat", concat_axis=1).shape == (None, 8, 3)
    a = np.random.RandomState(0).normal(size=(2, 5)).astype("float32")
    with pytest.warns(OldSpelling):
        np.testing.assert_allclose(merge([a, a], mode="cos"), np.ones((2, 1)), rtol=1e-5)
    with pytest.warns(OldSpelling, match="Lambda"):
        np.testing.assert_allclose(merge([a, a], mode=lambda xs: xs[0] - xs[1]), 0 * a)
    with pytest.raises(ValueError, match="Invalid merge mode. Expected one of"):
        merge([a, a], mode="plus")


def test_thresholded_relu():
    with pytest.warns(OldSpelling, match="ReLU"):
        layer = ADDED["ThresholdedReLU"](theta=0.5)
    np.testing.assert_array_equal(layer(X), np.where(X > 0.5, X, 0))


def test_layers_of_a_script_that_merge(tmp_path):
    run_code(MERGE, tmp_path)


MERGE = """
import numpy as np
from keras.layers import Input
from keras.layers.merge import _Merge
from keras.models import Model


try:
    from keras.layers.merge import Nothing
except ImportError as error:
    assert "'Nothing' from 'keras.layers.merge'" in str(error)
else:
    raise AssertionError


class Between(_Merge):
    def _merge_function(self, inputs):
        return 0.25 * inputs[0] + 0.75 * inputs[1]


a, b = Input((2, 3)), Input((2, 3))
between = Between()([a, b])
assert between._keras_shape == (None, 2, 3)
assert (Model([a, b], between).predict([np.zeros((1, 2, 3)), np.ones((1, 2, 3))]) == 0.75).all()
"""
