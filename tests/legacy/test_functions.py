"""`K.function` and `K.gradients`: what differences of outputs, and a model's own passes, say of the same."""

import numpy as np
import pytest

from convlayers import Input, Model, layers, optimizers
from convlayers.legacy.arguments import translate
from convlayers.legacy.backend import ADDED
from convlayers.legacy.functions import function, gradients, placeholder, updates_of

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(2, 6, 6, 2).astype("float32")
pytestmark = pytest.mark.filterwarnings("ignore::convlayers.legacy.old_spelling.OldSpelling")


@pytest.fixture
def model():
    x = Input((6, 6, 2))
    y = layers.Conv2D(3, 3, activation="tanh", name="conv")(x)
    y = layers.Dropout(0.5, name="dropout")(y)
    y = layers.Flatten()(y)
    return Model(x, layers.Dense(4, name="dense")(y))


def test_outputs_in_the_middle(model):
    middle = Model(model.input, model.get_layer("conv").output)
    (received,) = function([model.input], [model.layers[1].output])([X])
    np.testing.assert_allclose(received, middle(X), rtol=1e-6)
    assert function(model.input, model.output)(X).shape == (2, 4)


def test_the_learning_phase_is_an_input(model):
    f = function([model.input, ADDED["learning_phase"]()], [model.get_layer("dropout").output])
    outside, inside = f([X, 0])[0], f([X, 1])[0]
    assert (outside != 0).all()
    assert 0.2 < (inside == 0).mean() < 0.8


def test_variables_and_arrays_among_the_outputs(model):
    kernel = model.get_layer("conv").kernel
    outputs = function([model.input], [model.output, kernel, np.ones(2)])([X])
    assert [output.shape for output in outputs] == [(2, 4), (3, 3, 2, 3), (2,)]


def test_gradients_for_the_input(model):
    loss = ADDED["mean"](model.output[:, 1])
    value, gradient = function([model.input], [loss, *gradients(loss, model.input)])([X])
    np.testing.assert_allclose(value, model(X)[:, 1].mean(), rtol=1e-6)
    y, backward = model.forward(X, training=False)
    d_y = np.zeros_like(y)
    d_y[:, 1] = 1 / len(X)
    np.testing.assert_allclose(gradient, backward(d_y), rtol=1e-4, atol=1e-7)
    # And as a difference of outputs says.
    step = np.zeros_like(X)
    step[0, 2, 3, 1] = 1e-2
    difference = (model(X + step)[:, 1].mean() - model(X - step)[:, 1].mean()) / 2e-2
    np.testing.assert_allclose(gradient[0, 2, 3, 1], difference, rtol=1e-2)


def test_gradients_for_the_middle_and_for_weights(model):
    conv, dense = model.get_layer("conv").output, model.get_layer("dense")
    loss = model.output[:, 2]
    f = function([model.input], gradients(loss, [conv, dense.kernel]))
    d_conv, d_kernel = f([X])
    expected = dense.kernel.numpy()[:, 2].reshape(4, 4, 3)
    np.testing.assert_allclose(d_conv, np.stack([expected] * 2), rtol=1e-5)
    features = function([model.input], [conv])([X])[0].reshape(2, -1)
    np.testing.assert_allclose(d_kernel[:, 2], features.sum(axis=0), rtol=1e-4)
    assert (d_kernel[:, 0] == 0).all()
    assert dense.kernel.grad is None


def test_gradients_that_are_used_further(model):
    (gradient,) = gradients(ADDED["sum"](model.output), model.input)
    scaled = gradient / ADDED["sqrt"](ADDED["mean"](ADDED["square"](gradient)))
    np.testing.assert_allclose((function([model.input], [scaled])([X])[0] ** 2).mean(), 1, rtol=1e-4)


def test_placeholders_beside_constants(model):
    image = placeholder((1, 6, 6, 2))
    both = ADDED["concatenate"]([ADDED["variable"](X[:1]), image], axis=0)
    loss = ADDED["sum"](ADDED["square"](model(both)[0] - model(both)[1]))
    f = function([image], [loss, *gradients(loss, image)])
    value, gradient = f([X[:1]])
    assert value == 0 and gradient.shape == (1, 6, 6, 2) and (gradient == 0).all()
    assert f([X[1:]])[0] > 0 and (f([X[1:]])[1] != 0).any()
    assert placeholder(ndim=3).shape == (None, None, None)


def test_updates_train(model):
    target, dense = placeholder((None, 4)), model.get_layer("dense")
    loss = ADDED["mean"](ADDED["square"](model.output - target))
    (d_kernel,) = gradients(loss, [dense.kernel])
    count = ADDED["variable"](0.0)
    updates = [(dense.kernel, dense.kernel - 0.1 * d_kernel), ADDED["update_add"](count, 0 * loss + 1)]
    step = function([model.input, target], [loss], updates=updates)
    y, kernel = np.ones((2, 4), "float32"), dense.kernel.numpy()
    features = function([model.input], [dense.input])([X])[0]
    error = features @ kernel + dense.bias.numpy() - y
    assert len(step([X, y])) == 1
    np.testing.assert_allclose(dense.kernel.numpy(), kernel - 0.1 * features.T @ error * 2 / error.size, rtol=1e-4, atol=1e-6)
    losses = [float(step([X, y])[0]) for _ in range(5)]
    assert losses == sorted(losses, reverse=True) and count.numpy() == 6


def test_optimizers_have_updates(model):
    loss = ADDED["mean"](ADDED["square"](model.output))
    weights, kernel = model.trainable_weights, model.get_layer("dense").kernel
    before, d_kernel = kernel.numpy(), function([model.input], gradients(loss, kernel))([X])[0]
    function([model.input], [loss], updates_of(optimizers.SGD(0.1), loss, weights))([X])
    np.testing.assert_allclose(kernel.numpy(), before - 0.1 * d_kernel, rtol=1e-6)
    before, d_kernel = kernel.numpy(), function([model.input], gradients(loss, kernel))([X])[0]
    function([model.input], [loss], updates_of(optimizers.Adam(0.01), weights, [], loss))([X])
    first_step = 0.01 * d_kernel / (np.abs(d_kernel) + 1e-7 / np.sqrt(1 - 0.999))
    np.testing.assert_allclose(kernel.numpy(), before - first_step, rtol=1e-4, atol=1e-6)


def test_inputs_may_hold_an_array(model):
    x = placeholder((1, 6, 6, 2))
    _, kwargs, later = translate("InputLayer", (), {"input_tensor": X[:1]})
    held = Input(batch_shape=kwargs["batch_shape"])
    vars(held.node.operation)["held_array"] = later["array"]
    difference = ADDED["sum"](ADDED["square"](model(x) - model(held)))
    f = function([x], [difference, *gradients(difference, x)])
    assert f([X[:1]])[0] == 0 and (f([X[:1]])[1] == 0).all()
    np.testing.assert_allclose(f([X[1:]])[0], np.square(model(X[1:]) - model(X[:1])).sum(), rtol=1e-5)


def test_what_is_refused(model):
    with pytest.raises(TypeError, match=r"takes a symbolic tensor.*\n.*GradientTape"):
        gradients(X, X)
    with pytest.raises(ValueError, match="takes a `shape`, or the number of axes"):
        placeholder()
