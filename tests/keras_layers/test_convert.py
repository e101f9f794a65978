"""Models that exist already."""

import numpy as np
import pytest


def a_network(keras):
    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    block = keras.Sequential(
        [layers.Conv2D(8, 3, padding="same", activation="relu"), layers.DepthwiseConv2D(3, padding="same")]
    )
    x = block(inputs)
    x = layers.add([block(inputs), layers.Conv2D(8, 1)(x)])
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalMaxPooling2D()(layers.MaxPooling2D()(x))))


def fast_layers(fast, model):
    return [layer.name for layer in model._flatten_layers() if type(layer) in fast.FASTER.values()]


def test_a_functional_model_and_those_inside(keras, fast, computed):
    model, x = a_network(keras), np.random.default_rng(0).normal(size=(4, 12, 12, 3)).astype("float32")
    model.compile("adam", "mse")
    model.fit(x, np.zeros((4, 3)), verbose=0)
    names, weights = [layer.name for layer in model.layers], list(model.weights)
    optimizer, steps, expected = model.optimizer, int(model.optimizer.iterations.numpy()), model.predict(x, verbose=0)
    assert not computed
    assert fast.convert(model) is model
    assert len(fast_layers(fast, model)) == 5
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert len(computed) == 7  # the block is called twice
    assert [layer.name for layer in model.layers] == names
    assert all(now is before for now, before in zip(model.weights, weights, strict=True))
    assert model.optimizer is optimizer
    model.fit(x, np.zeros((4, 3)), verbose=0)
    assert int(model.optimizer.iterations.numpy()) == steps + 1


def test_mobilenet(keras, fast, computed):
    model = keras.applications.MobileNetV2((64, 64, 3), alpha=0.35, weights=None, classes=10, classifier_activation=None)
    draw = np.random.default_rng(0)
    for weight in model.weights:  # with those it begins with, all predictions are next to nothing
        if "moving" not in weight.path:
            weight.assign(draw.normal(weight, 0.1))
    x = draw.normal(size=(2, 64, 64, 3)).astype("float32")
    expected = model.predict(x, verbose=0)
    predictions = fast.convert(model).predict(x, verbose=0)
    assert len(computed) == len(fast_layers(fast, model)) == 53
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(predictions, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_a_subclassed_model(keras, fast, computed):
    class Own(keras.layers.Conv2D):
        pass

    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = keras.layers.Conv2D(4, 3)
            self.rest = [
                keras.layers.MaxPooling2D(),
                keras.layers.TimeDistributed(keras.layers.GlobalMaxPooling1D()),
                Own(2, 1),
            ]

        def call(self, inputs):
            return self.rest[1](self.rest[0](self.first(inputs)))

    network, x = Network(), np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    expected = keras.ops.convert_to_numpy(network(x))
    fast.convert(network)
    assert type(network.first) is fast.Conv2D
    assert type(network.rest[2]) is Own  # it may compute something else
    np.testing.assert_allclose(keras.ops.convert_to_numpy(network(x)), expected, rtol=1e-5, atol=1e-6)
    assert len(computed) >= 3


def test_what_is_no_model_is_refused(fast):
    with pytest.raises(ValueError, match="`model` must be a model or a layer of Keras"):
        fast.convert([1])
