"""Layers that are computed at once for inference give what they give one by one, and notice every change."""

import numpy as np
import pytest

import convlayers as keras
from convlayers import layers


def one_by_one(model, x):
    for layer in model.layers:
        x = layer(x)
    return x


def steps_of(model):
    return len(model._network._program._inference_steps)


def randomize(model, seed=0):
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(
            generator.uniform(0.5, 1.5, weight.shape) * (1 if "variance" in weight.path else generator.choice([-1, 1]))
        )


def chain(*parts, shape=(9, 8, 4), dtype="float32"):
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *parts])
    randomize(model)
    return model


def forbid_calls(monkeypatch, model):
    """Makes layers fail that are called one by one."""
    for layer in model.layers:
        monkeypatch.setattr(type(layer), "__call__", None)


def conv(**options):
    return layers.Conv2D(6, 3, **options)


FIRST = {"data_format": "channels_first"}
CHAINS = {
    "normalized": lambda: [conv(), layers.BatchNormalization()],
    "without a bias": lambda: [conv(use_bias=False), layers.BatchNormalization(), layers.ReLU()],
    "without gamma": lambda: [conv(), layers.BatchNormalization(scale=False), layers.ReLU(6)],
    "without beta": lambda: [conv(), layers.BatchNormalization(center=False), layers.Activation("silu")],
    "activated": lambda: [conv(), layers.Activation("gelu")],
    "by a user's function": lambda: [conv(), layers.Activation(lambda x: x * x)],
    "padded": lambda: [layers.ZeroPadding2D(((0, 1), (2, 0))), conv(strides=2, activation="relu")],
    "all four": lambda: [layers.ZeroPadding2D(1), conv(), layers.BatchNormalization(), layers.ReLU()],
    "groups": lambda: [conv(groups=2), layers.BatchNormalization()],
    "depthwise": lambda: [layers.DepthwiseConv2D(3, depth_multiplier=3), layers.BatchNormalization(), layers.ReLU()],
    "separable": lambda: [layers.SeparableConv2D(6, 3), layers.BatchNormalization(), layers.ReLU()],
    "transposed": lambda: [layers.Conv2DTranspose(6, 3, 2), layers.BatchNormalization(), layers.ReLU()],
    "transposed groups": lambda: [layers.Conv2DTranspose(6, 3, groups=2), layers.BatchNormalization()],
    "pooled": lambda: [conv(), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D()],
    "padded and pooled": lambda: [layers.ZeroPadding2D(1), conv(), layers.MaxPooling2D(3, 2, "same")],
    "pooled behind a user's function": lambda: [conv(), layers.Activation(lambda x: x * x), layers.MaxPooling2D()],
    "pooled, channels first": lambda: [conv(**FIRST), layers.MaxPooling2D((3, 1), **FIRST)],
    "nothing but normalized": lambda: [layers.BatchNormalization(), layers.ReLU()],
    "dense": lambda: [layers.Dense(5), layers.Activation("gelu")],
    "planes": lambda: [layers.BatchNormalization(axis=1), layers.Activation("hard_silu")],
    "by a user's function behind statistics": lambda: [layers.BatchNormalization(), layers.Activation(lambda x: x * x)],
    "channels first": lambda: [layers.ZeroPadding2D(1, **FIRST), conv(**FIRST), layers.BatchNormalization(axis=1)],
}


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx("float32")


@pytest.mark.parametrize("kind", CHAINS)
def test_same_results(kind, dtype, monkeypatch):
    model = chain(*CHAINS[kind](), dtype=dtype)
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype(dtype)
    expected = one_by_one(model, x)
    assert steps_of(model) == 1
    forbid_calls(monkeypatch, model)
    error = np.abs(model(x) - expected).max() / np.abs(expected).max()
    assert error < (1e-5 if dtype == "float32" else 1e-13)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model(x))


APART = {
    "another axis": lambda: [conv(), layers.BatchNormalization(axis=1)],
    "activation before normalization": lambda: [conv(activation="relu"), layers.BatchNormalization()],
    "zeros between pads of its own": lambda: [layers.ZeroPadding2D(1), conv(padding="same")],
    "channels elsewhere": lambda: [layers.ZeroPadding2D(1, **FIRST), conv()],
    "two activations": lambda: [layers.Dense(5, activation="tanh"), layers.Activation("gelu")],
    "another number type": lambda: [conv(), layers.Activation("relu", dtype="float64")],
    "another border": lambda: [conv(padding="same", padding_mode="replicate"), layers.BatchNormalization()],
    "three straight parts": lambda: [conv(), layers.ReLU(negative_slope=0.5)],
    "pooled in another data format": lambda: [conv(), layers.MaxPooling2D(**FIRST)],
    "pooled with a last window": lambda: [conv(), layers.MaxPooling2D(2, ceil_mode=True)],
    "pooled with pads": lambda: [conv(), layers.MaxPooling2D(3, padding=1)],
    "means": lambda: [conv(), layers.AveragePooling2D(2)],
    "a loss of its own": lambda: [conv(), layers.BatchNormalization(activity_regularizer="l2")],
}


@pytest.mark.parametrize("kind", APART)
def test_what_stays_apart(kind):
    model = chain(*APART[kind]())
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype("float32")
    assert steps_of(model) == 2
    np.testing.assert_array_equal(model(x), one_by_one(model, x))


@pytest.mark.parametrize("size", [3, 40])  # kernels take large arrays only
@pytest.mark.parametrize("function", ["relu", "gelu", "softmax"])
def test_sums(function, size):
    inputs = [keras.Input((size, size, 4)) for _ in range(3)]
    model = keras.Model(inputs, layers.Activation(function)(layers.Add()(inputs)))
    arrays = list(np.random.default_rng(1).normal(size=(3, 2, size, size, 4)).astype("float32"))
    assert steps_of(model) == 1
    expected = layers.Activation(function)(layers.Add()(arrays))
    np.testing.assert_allclose(model(arrays), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [3, 40])
def test_gradients_of_sums(size):
    first, second = keras.Input((size, size, 4)), keras.Input((size, size, 4))
    model = keras.Model([first, second], layers.ReLU(6)(layers.Add()([first, second])))
    *arrays, d_y = np.random.default_rng(1).normal(0, 4, (3, 16, size, size, 4)).astype("float32")
    y, backward = model.forward(arrays)
    assert len(model._network._program._training_steps) == 1
    for d_x in backward(d_y):
        np.testing.assert_array_equal(d_x, d_y * ((y > 0) & (y < 6)))


def test_sums_of_several_shapes():
    inputs = [keras.Input((3, 4)), keras.Input((1, 4)), keras.Input((4,))]
    model = keras.Model(inputs, layers.ReLU()(layers.Add()(inputs)))
    arrays = [np.random.default_rng(1).normal(size=(2, *x.shape[1:])).astype("float32") for x in inputs]
    np.testing.assert_array_equal(model(arrays), layers.ReLU()(layers.Add()(arrays)))


def test_subclasses_do_as_they_say():
    class Twice(layers.Conv2D):
        def call(self, inputs):
            return super().call(inputs) * 2

    model = chain(Twice(6, 3), layers.BatchNormalization())
    x = np.ones((1, 9, 8, 4), "float32")
    np.testing.assert_array_equal(model(x), one_by_one(model, x))


def test_outputs_that_others_read():
    inputs = keras.Input((9, 8, 4))
    convolved = layers.Conv2D(6, 3)(inputs)
    normalized = layers.BatchNormalization()(convolved)
    model = keras.Model(inputs, [convolved, layers.ReLU()(normalized), layers.Activation("tanh")(normalized)])
    randomize(model)
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype("float32")
    first = model.layers[1](x)
    second = model.layers[2](first)
    for y, expected in zip(model(x), [first, np.maximum(second, 0), np.tanh(second)], strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_every_change_is_seen():
    model = chain(conv(), layers.BatchNormalization(), layers.Activation("relu"))
    convolution, normalization, activation = model.layers
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype("float32")
    seen = [model(x)]

    def check():
        seen.append(model(x))
        np.testing.assert_allclose(seen[-1], one_by_one(model, x), atol=1e-5 * np.abs(seen[-1]).max())
        assert not np.array_equal(seen[-1], seen[-2])

    for weight in model.weights:
        weight.assign(weight.value * 1.25)
        check()
    normalization.epsilon = 0.5
    check()
    activation.activation = keras.activations.tanh
    check()
    convolution.activation = keras.activations.sigmoid
    check()
    model.compile("sgd", "mse")
    model.fit(x, np.zeros_like(seen[-1]), verbose=0)
    check()


@pytest.mark.parametrize("first", [conv, layers.BatchNormalization])
def test_an_activation_becomes_another_one(first):
    model = chain(first(), layers.ReLU())
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype("float32")
    assert steps_of(model) == 1
    for setting, value in (("max_value", 6), ("max_value", 0.5), ("negative_slope", 0.25)):
        setattr(model.layers[-1], setting, value)
        np.testing.assert_allclose(model(x), one_by_one(model, x), rtol=1e-5, atol=1e-6)


def test_pooling_becomes_another_one():
    model = chain(conv(), layers.MaxPooling2D(2))
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype("float32")
    pooling = model.layers[-1]
    for pool_size, strides, padding in (((2, 2), (2, 2), "valid"), ((3, 2), (1, 1), "valid"), ((3, 2), (2, 1), "same")):
        pooling.pool_size, pooling.strides, pooling.padding = pool_size, strides, padding
        np.testing.assert_allclose(model(x), one_by_one(model, x), rtol=1e-5, atol=1e-6)


def test_training_takes_the_statistics_of_the_batch():
    model = chain(conv(), layers.BatchNormalization())
    x = np.random.default_rng(1).normal(size=(8, 9, 8, 4)).astype("float32")
    normalization = model.layers[-1]
    y = (model(x, training=True) - normalization.beta.value) / normalization.gamma.value
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-5)


def test_errors_name_the_layer_that_finds_them():
    inputs = keras.Input((None, None, 4))
    model = keras.Model(inputs, layers.ReLU()(layers.Conv2D(6, 5, name="too_large")(inputs)))
    assert steps_of(model) == 1
    for training in (False, True):
        with pytest.raises(ValueError, match=r"Conv2D.call\(\) of 'too_large'"):
            model(np.ones((1, 3, 3, 4), "float32"), training=training)


TRAINED = {
    "padded": lambda: [layers.ZeroPadding2D(1), layers.Conv2D(6, 3), layers.Activation("relu")],
    "gradient from the input": lambda: [layers.Conv2D(6, 3, padding="same"), layers.Activation("silu")],
    "normalized": lambda: [layers.BatchNormalization(), layers.ReLU()],
    "normalized, gradient from the input": lambda: [layers.BatchNormalization(), layers.Activation("gelu")],
    "normalized planes": lambda: [layers.BatchNormalization(axis=1), layers.ReLU(6)],
    "normalized by a user's function": lambda: [layers.BatchNormalization(), layers.Activation(lambda x: x * x)],
    "renormalized": lambda: [layers.BatchNormalization(renorm=True), layers.ReLU()],
    "frozen": lambda: [layers.BatchNormalization(trainable=False), layers.ReLU()],
    "pooled": lambda: [layers.Conv2D(6, 3, padding="same", activation="tanh"), layers.MaxPooling2D(3, 2)],
    "pooled, linear": lambda: [layers.ZeroPadding2D(1), layers.Conv2D(6, 3), layers.MaxPooling2D(2, padding="same")],
    "pooled, channels first": lambda: [conv(activation="relu", **FIRST), layers.MaxPooling2D((3, 1), **FIRST)],
    "pooled, gradient from the input": lambda: [layers.Conv2D(6, 3), layers.Activation("silu"), layers.MaxPooling2D()],
    "dense": lambda: [layers.Dense(6), layers.Activation("tanh")],
}


LEFT_TO_LAYERS = {"normalized by a user's function", "renormalized", "frozen"}


@pytest.mark.parametrize("kind", TRAINED)
def test_gradients(kind, monkeypatch):
    model = chain(*TRAINED[kind]())
    generator = np.random.default_rng(1)
    x = generator.normal(size=(4, 9, 8, 4)).astype("float32")
    state = model.get_weights()
    with monkeypatch.context() as patches:
        if kind not in LEFT_TO_LAYERS:
            forbid_calls(patches, model)
        y, backward = model.forward(x, training=True)
    averages = [weight.numpy() for weight in model.non_trainable_variables]
    assert len(model._network._program._training_steps) == 1
    d_y = generator.normal(size=y.shape).astype("float32")
    gradients = [backward(d_y), *[variable.grad for variable in model.trainable_variables]]
    model.set_weights(state)
    outputs, backwards = x, []
    for layer in model.layers:
        outputs, backward = layer.forward(outputs, training=True)
        backwards.append(backward)
        for variable in layer.trainable_variables:
            variable.grad = None
    np.testing.assert_allclose(y, outputs, rtol=1e-5, atol=1e-6)
    for ours, expected in zip(averages, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(ours, expected)
    d_x = d_y
    for backward in reversed(backwards):
        d_x = backward(d_x)
    for ours, expected in zip(gradients, [d_x, *[variable.grad for variable in model.trainable_variables]], strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)
