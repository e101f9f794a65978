"""`tf.GradientTape`, for arrays and for tensors in the middle of a computation; the rest is in test_tensorflow.py."""

import numpy as np

from convlayers import Variable, ops
from convlayers.scripts.tensorflow.eager import AnyTensor, EagerArray, as_eager
from convlayers.scripts.tensorflow.tape import GradientTape
from tests.scripts.running import run_code

X = np.array([1.0, 2.0, 3.0], "float32")


def test_watched_arrays():
    x = as_eager(X.copy())
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(x**2 * x[0]) + np.exp(x[1])
    gradient = tape.gradient(y, x)
    np.testing.assert_allclose(gradient, [14 + 2, 4 + np.exp(2), 6], rtol=1e-6)
    assert type(gradient) is EagerArray and type(x) is EagerArray
    # Afterwards it is an array as before.
    assert type(x * 2) is EagerArray and (x.numpy() == X).all()


def test_which_variables_were_used():
    used, other = Variable(X), Variable(X)
    with GradientTape() as tape:
        ops.sum(used * 2 + used)
    (watched,) = tape.watched_variables()
    assert watched is used and watched is not other


def test_a_loop_that_climbs():
    x = first = as_eager(X.copy())
    for _ in range(3):
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(ops.square(x))
        x += 0.5 * tape.gradient(y, x)
    np.testing.assert_allclose(x, X * 8)
    np.testing.assert_array_equal(first, X)


def test_tensors_in_the_middle():
    a = Variable(X)
    with GradientTape(persistent=True) as tape:
        middle = ops.square(a)
        y = ops.sum(middle * a)
    np.testing.assert_allclose(tape.gradient(y, middle), X)
    d_middle, d_a = tape.gradient(y, [middle, a])
    np.testing.assert_allclose(d_middle, X)
    np.testing.assert_allclose(d_a, 3 * X**2)
    np.testing.assert_allclose(tape.gradient(y, y), 1)
    np.testing.assert_allclose(tape.gradient(middle, a, output_gradients=X), 2 * X**2)
    assert a.grad is None


def test_what_had_no_part():
    a, unused = Variable(X), Variable(X)
    with GradientTape(persistent=True) as tape:
        y = ops.sum(a)
    assert tape.gradient(y, unused) is None
    np.testing.assert_array_equal(tape.gradient(y, [a, unused], unconnected_gradients="zero"), [np.ones(3), np.zeros(3)])


def test_gradients_may_count_as_constants():
    a = Variable(X)
    with GradientTape() as outer:
        with GradientTape() as tape:
            y = ops.sum(a**3)
        constant = ops.sum(ops.stop_gradient(tape.gradient(y, a)) * a)
    np.testing.assert_allclose(outer.gradient(constant, a), 3 * X**2)


def test_kinds():
    assert isinstance(as_eager(X), AnyTensor)
    assert not isinstance(X, AnyTensor) and not isinstance(Variable(X), AnyTensor)
    assert as_eager(X)[0].numpy() == 1
    assert as_eager(X).device.endswith("CPU:0")
    # Numbers are found in sets, as scikit-learn looks for labels.
    assert set(as_eager(np.array([True, False, True]))) == {True, False}


AS_ARRAYS = """
import numpy as np
import tensorflow as tf

x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
with tf.GradientTape() as tape:
    y = x**2
    by_numpy = np.mean(y, axis=0)
    loss = tf.reduce_mean(y)
assert type(by_numpy) is np.ndarray and by_numpy.tolist() == [5, 10]
assert np.array(y).tolist() == [[1, 4], [9, 16]] and np.asarray(y, "int32").dtype == "int32"
assert str(loss) == f"{loss}" == "7.5"
assert tape.gradient(loss, x).numpy().tolist() == [[0.5, 1], [1.5, 2]]
"""


def test_numpy_takes_what_a_tape_has_seen(tmp_path):
    run_code(AS_ARRAYS, tmp_path)


LAYERS = """
import numpy as np
import tensorflow as tf

layers = tf.keras.layers
model = tf.keras.Sequential([tf.keras.Input((5, 5, 2)), layers.Conv2D(3, 2, activation="tanh"), layers.Flatten()])
image = tf.constant(np.random.RandomState(0).rand(1, 5, 5, 2), dtype=tf.float32)
with tf.GradientTape() as tape:
    tape.watch(image)
    loss = tf.reduce_sum(model(image))
gradient = tape.gradient(loss, image)
y, backward = model.forward(image.numpy())
np.testing.assert_allclose(gradient.numpy(), backward(np.ones_like(y)), rtol=1e-5)
"""


def test_watched_arrays_go_through_layers(tmp_path):
    run_code(LAYERS, tmp_path)


MADE_BY_KERAS = """
import numpy as np
import keras, keras.ops.image
import tensorflow as tf
from keras import ops, random
from keras.ops import square

for made in random.uniform((2, 3), seed=1), ops.image.resize(np.ones((4, 4, 1)), (2, 2)):
    assert isinstance(made, tf.Tensor)
assert keras.ops.image is ops.image and ops.square is square and "square" in dir(ops)
assert type(ops.convert_to_numpy(ops.ones(3))) is np.ndarray
x = first = random.uniform((2, 3), seed=1)
for _ in range(2):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(square(x))
    x -= 0.25 * tape.gradient(y, x)
np.testing.assert_allclose(x.numpy(), first.numpy() / 4, rtol=1e-6)

model = keras.Sequential([keras.layers.Dense(3, activation=ops.relu)])
y = model.predict(np.ones((2, 3), "float32"), verbose=0)
model.save("model.keras")
again = keras.models.load_model("model.keras")
np.testing.assert_array_equal(again.predict(np.ones((2, 3), "float32"), verbose=0), y)
"""


def test_what_keras_has_made(tmp_path):
    run_code(MADE_BY_KERAS, tmp_path)
