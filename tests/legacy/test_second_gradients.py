"""Gradients of gradients, against differences of gradients, in float64."""

import numpy as np
import pytest

from convlayers import layers, models, ops
from convlayers.ops.conv import conv_bias_activation
from convlayers.ops.dense import dense
from convlayers.ops.normalization import batch_normalization_training
from convlayers.scripts.tensorflow.eager import as_eager
from convlayers.scripts.tensorflow.tape import GradientTape
from convlayers.variables import Variable
from tests.scripts.running import run_code

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(2, 6, 6, 3)
WEIGHTS = RANDOM.rand(*X.shape)
STEP = 1e-6


def _variable(*shape):
    return Variable(np.random.RandomState(sum(shape)).randn(*shape), dtype="float64")


S = _variable(*X.shape)
KERNEL, BIAS, MATRIX, OFFSET = _variable(3, 3, 3, 4), _variable(4), _variable(64, 3), _variable(3)
UP = _variable(2, 2, 5, 3)


def _penalty(function):
    """Returns a number made of the gradient of a function for X, and the tape that saw it."""
    with GradientTape() as outer:
        x = as_eager(X.copy())
        with GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        penalty = ops.sum(ops.square(tape.gradient(y, x)) * WEIGHTS)
    return penalty, outer


def _check(function, variables):
    penalty, tape = _penalty(function)
    for variable, gradient in zip(variables, tape.gradient(penalty, variables), strict=True):
        value = np.array(variable.value)
        direction = np.random.RandomState(1).randn(*value.shape)
        ends = []
        for sign in (1, -1):
            variable.assign(value + sign * STEP * direction)
            ends.append(float(_penalty(function)[0].value))
        variable.assign(value)
        known = 0.0 if gradient is None else np.sum(np.asarray(gradient) * direction)
        scale = max(abs(known), 1e-3 * float(penalty.value))
        assert abs(known - (ends[0] - ends[1]) / (2 * STEP)) < 1e-5 * scale + 1e-9


OPS = {
    "powers": lambda x: ops.sum(x**3.0 * S / (2 + x * x)),
    "softmax": lambda x: ops.sum(ops.softmax(x * S) * S),
    "moments": lambda x: ops.sum(ops.sqrt(ops.var(x * S, axis=1) + 1) + ops.std(x * S, axis=1)),
    "concatenate": lambda x: ops.mean(ops.concatenate([x * S, x * x], -1) ** 2.0),
    "stack": lambda x: ops.sum(ops.stack([x * S, S]) ** 2.0),
    "exp_and_pad": lambda x: ops.sum(ops.pad(ops.exp(x) * S, [[0, 0], [1, 1], [1, 1], [0, 0]]) ** 2.0),
    "unstack": lambda x: sum(ops.sum(part**2.0 * S[:, place]) for place, part in enumerate(ops.unstack(x, axis=1))),
    "split": lambda x: ops.sum(ops.split(x * S, 3, axis=-1)[1] ** 2.0),
    "slice": lambda x: ops.sum((x * S)[:, 1:3] ** 2.0),
    "average_pool": lambda x: ops.sum(ops.average_pool(x * S, 2) ** 2.0),
    "matmul": lambda x: ops.sum(ops.matmul(x, ops.swapaxes(S, -1, -2)) ** 2.0),
    "where": lambda x: ops.sum(ops.where(X > 0, x * S, S) ** 2.0),
    "norm": lambda x: ops.sum(ops.norm(x * S, axis=-1)),
    "log": lambda x: ops.sum(ops.log(1 + ops.square(x) * ops.square(S))),
    "broadcast": lambda x: ops.sum((x - ops.mean(S, axis=0)) * ops.sin(x) * S[0]),
}


@pytest.mark.parametrize("name", OPS)
def test_ops(name):
    _check(OPS[name], [S])


@pytest.mark.parametrize("name", [None, "relu", "relu6", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "silu"])
def test_layers_with_activations(name):
    activation = name and getattr(ops, name)

    def function(x):
        y = conv_bias_activation(x, KERNEL, BIAS, 1, "valid", activation=activation)
        return ops.sum(ops.tanh(dense(ops.reshape(y, (2, -1)) / 8, MATRIX, OFFSET, activation)) ** 2.0)

    _check(function, [KERNEL, BIAS, MATRIX, OFFSET])


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("activation", [None, ops.relu])
def test_normalization_by_the_batch(axis, activation):
    size = X.shape[axis]
    scale, offset = _variable(size), _variable(size)

    def function(x):
        y, _, _ = batch_normalization_training(x * S, offset, scale, axis, activation=activation)
        return ops.sum(ops.tanh(y) ** 2.0)

    _check(function, [S, scale, offset])


def test_normalization_by_given_statistics():
    scale, mean, variance = _variable(3), _variable(3), np.full(3, 2.0)

    def function(x):
        return ops.sum(ops.tanh(ops.batch_normalization(x * S, mean, variance, -1, scale=scale)) ** 2.0)

    _check(function, [S, scale, mean])


def test_transposed_convolution():
    _check(lambda x: ops.sum(ops.tanh(ops.conv_transpose(x, UP, 2, "same")) ** 2.0), [UP])


def test_dropout_keeps_what_it_dropped():
    drop = layers.Dropout(0.5, seed=0, dtype="float64")
    x = as_eager(X.copy())
    with GradientTape() as outer:
        with GradientTape() as tape:
            tape.watch(x)
            y = drop(x, training=True)
            total = ops.sum(y * y * S)
        gradient = tape.gradient(total, x)
        penalty = ops.sum(gradient)
    dropped = np.asarray(y.value) == 0
    np.testing.assert_allclose(gradient.value, np.where(dropped, 0, 8 * X * S.value))
    np.testing.assert_allclose(outer.gradient(penalty, S), np.where(dropped, 0, 8 * X))


def test_variables_have_gradients_of_gradients():
    with GradientTape() as outer:
        with GradientTape() as tape:
            y = ops.sum(S**3.0)
        gradient = tape.gradient(y, S)
    np.testing.assert_allclose(gradient.value, 3 * S.value**2)
    np.testing.assert_allclose(outer.gradient(gradient, S), 6 * S.value)


def test_several_calls_of_a_model():
    # What is done for the second call is not the first one, done again.
    model = models.Sequential(
        [layers.Input((6, 6, 3)), layers.Conv2D(4, 3, activation="tanh"), layers.Flatten(), layers.Dense(1)]
    )
    results = []
    for _ in range(3):
        x = as_eager(X.astype("float32"))
        with GradientTape() as outer:
            with GradientTape() as tape:
                tape.watch(x)
                y = model(x, training=True)
            penalty = ops.mean(ops.square(tape.gradient(y, x)))
        results.append(outer.gradient(penalty, model.trainable_variables))
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert (one is None) == (two is None)
            np.testing.assert_array_equal(one, two) if one is not None else None
    assert np.abs(results[0][0]).max() > 0


def test_pools_choose_the_same_places_nearby():
    with GradientTape() as outer:
        with GradientTape() as tape:
            y = ops.sum(ops.max_pool(S * S, 2))
        gradient = tape.gradient(y, S)
        penalty = ops.sum(ops.square(gradient))
    chosen = gradient.value != 0
    assert np.count_nonzero(chosen) == S.shape[0] * 9 * 3
    np.testing.assert_allclose(outer.gradient(penalty, S), 8 * S.numpy() * chosen, rtol=1e-6)


def test_what_has_none_says_so():
    with GradientTape() as outer:
        with GradientTape() as tape:
            y = ops.sum(ops.square(ops.max_pool(S, 2)))
        penalty = ops.sum(ops.square(tape.gradient(y, S)))
    with pytest.raises(NotImplementedError, match="gradient of a gradient of `max_pool`"):
        outer.gradient(penalty, S)


PENALTY = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def block(x, filters):
    x = layers.Conv2D(filters, 5, strides=2, padding="same")(x)
    return layers.Dropout(0.3)(layers.LeakyReLU(0.2)(x))

image = layers.Input((28, 28, 1))
x = block(block(layers.ZeroPadding2D((2, 2))(image), 8), 16)
critic = keras.Model(image, layers.Dense(1)(layers.Flatten()(x)))
optimizer = keras.optimizers.Adam(1e-3)
real = tf.random.normal((4, 28, 28, 1))
fake = tf.random.normal((4, 28, 28, 1))
norms = []
for step in range(40):
    alpha = tf.random.uniform([4, 1, 1, 1], 0.0, 1.0)
    with tf.GradientTape() as tape:
        interpolated = real + alpha * (fake - real)
        with tf.GradientTape() as gp_tape:
            gp_tape.watch(interpolated)
            pred = critic(interpolated, training=True)
        grads = gp_tape.gradient(pred, [interpolated])[0]
        norm = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=[1, 2, 3]))
        loss = tf.reduce_mean((norm - 1.0) ** 2)
    gradients = tape.gradient(loss, critic.trainable_variables)
    assert [g is None for g in gradients] == [False, True, False, True, False, True]
    kept = [(g, v) for g, v in zip(gradients, critic.trainable_variables) if g is not None]
    optimizer.apply_gradients(kept)
    norms.append(loss.numpy())
print("penalty falls", norms[-1] < 0.5 * norms[0])
"""


def test_the_penalty_of_wasserstein_gans(tmp_path):
    assert "penalty falls True" in run_code(PENALTY, tmp_path).stdout
