"""What pooling layers have that the table of layers does not show: arguments beyond Keras, and masks."""

import inspect
import json

import numpy as np
import pytest

from convlayers import layers, ops, serialization
from convlayers.models import Model

ARGUMENTS = [
    ("MaxPooling1D", {"pool_size": 3, "padding": 1, "dilation_rate": 2}, (2, 9, 3)),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": ((1, 0), (2, 1)), "ceil_mode": True}, (2, 8, 9, 3)),
    ("MaxPooling3D", {"pool_size": 2, "padding": "same", "dilation_rate": (1, 2, 3)}, (2, 5, 6, 7, 3)),
    ("AveragePooling1D", {"pool_size": 3, "padding": 2, "count_include_pad": True}, (2, 9, 3)),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": (1, 0), "ceil_mode": True}, (2, 8, 9, 3)),
    (
        "AveragePooling3D",
        {"pool_size": 2, "padding": [1, 0, 1], "dilation_rate": 2, "count_include_pad": True},
        (2, 5, 6, 7, 3),
    ),
]
every_layer = pytest.mark.parametrize(("name", "arguments", "shape"), ARGUMENTS)


def draw(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@every_layer
def test_arguments_beyond_keras(name, arguments, shape):
    layer = getattr(layers, name)(**arguments)
    x = draw(shape)
    y = layer(x)
    np.testing.assert_array_equal(y, (ops.max_pool if "Max" in name else ops.average_pool)(x, **arguments))
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *y.shape[1:])
    inputs = layers.Input(shape[1:])
    np.testing.assert_array_equal(Model(inputs, layer(inputs))(x), y)


@every_layer
def test_arguments_beyond_keras_with_channels_first(name, arguments, shape):
    x = draw(shape)
    expected, d_expected = getattr(layers, name)(**arguments).forward(x)
    y, backward = getattr(layers, name)(**arguments, data_format="channels_first").forward(np.moveaxis(x, -1, 1))
    np.testing.assert_array_equal(np.moveaxis(y, 1, -1), expected)
    np.testing.assert_array_equal(np.moveaxis(backward(y), 1, -1), d_expected(expected))


@every_layer
def test_arguments_beyond_keras_go_through_the_config(name, arguments, shape):
    layer = getattr(layers, name)(**arguments)
    config = json.loads(json.dumps(serialization.serialize_keras_object(layer)))
    copy = serialization.deserialize_keras_object(config)
    assert copy.get_config() == layer.get_config()
    np.testing.assert_array_equal(copy(draw(shape)), layer(draw(shape)))


@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_unused_arguments_beyond_keras_are_nowhere(kind):
    cls = getattr(layers, f"{kind}Pooling2D")
    assert list(inspect.signature(cls).parameters) == ["pool_size", "strides", "padding", "data_format", "name", "kwargs"]
    own = "return_indices" if kind == "Max" else "count_include_pad"
    layer = cls(2, name="pool", dilation_rate=(1, 1), ceil_mode=False, **{own: False})
    assert layer.get_config() == cls(2, name="pool").get_config()
    assert not {"dilation_rate", "ceil_mode", own} & set(layer.get_config())


def test_indices():
    layer = layers.MaxPooling2D(3, strides=2, padding=1, return_indices=True)
    x = draw((2, 7, 9, 5))
    largest, indices = layer(x)
    assert layer.get_config()["return_indices"] is True
    found = np.take_along_axis(x.reshape(2, 63, 5), indices.reshape(2, -1, 5), axis=1)
    np.testing.assert_array_equal(found.reshape(largest.shape), largest)
    assert layer.compute_output_shape((None, 7, 9, 5)) == ((None, 4, 5, 5), (None, 4, 5, 5))
    inputs = layers.Input((7, 9, 5))
    outputs = layer(inputs)
    assert [(y.shape, y.dtype) for y in outputs] == [((None, 4, 5, 5), "float32"), ((None, 4, 5, 5), "int64")]
    for y, expected in zip(Model(inputs, outputs)(x), (largest, indices), strict=True):
        np.testing.assert_array_equal(y, expected)


def test_gradient_beside_indices():
    x, d_y = draw((2, 6, 8, 3)), draw((2, 3, 4, 3))
    (_, indices), backward = layers.MaxPooling2D(2, return_indices=True).forward(x)
    _, expected = layers.MaxPooling2D(2).forward(x)
    np.testing.assert_array_equal(backward((d_y, np.zeros_like(indices))), expected(d_y))


# Masks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_mean_of_the_steps_that_count(keepdims, data_format, keras):
    import torch

    x = draw((3, 5, 4))
    mask = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool)
    x[~mask] = np.nan
    if data_format == "channels_first":
        x = np.moveaxis(x, -1, 1)
    arguments = {"data_format": data_format, "keepdims": keepdims}
    y = layers.GlobalAveragePooling1D(**arguments)(x, mask=mask)
    expected = keras.layers.GlobalAveragePooling1D(**arguments)(torch.tensor(x), mask=torch.tensor(mask))
    np.testing.assert_allclose(y, expected.numpy(), rtol=1e-6)


def test_masks_reach_the_mean():
    x = draw((2, 5, 3))
    x[0, 2:] = 0
    y = layers.GlobalAveragePooling1D()(layers.Masking()(x))
    np.testing.assert_allclose(y, [x[0, :2].mean(axis=0), x[1].mean(axis=0)], rtol=1e-6)
