"""Names of TensorFlow that Keras scripts use."""

import numpy as np
import pytest

from convlayers import Variable
from convlayers.scripts.tensorflow.faces import find_tensorflow
from convlayers.scripts.tensorflow.names import NAMES
from convlayers.scripts.tensorflow.tape import GradientTape
from tests.scripts.running import run_code

tf, math = find_tensorflow("tensorflow"), find_tensorflow("tensorflow.math")
M = np.random.RandomState(0).rand(3, 5).astype("float32")


@pytest.mark.parametrize("path", NAMES)
def test_every_name_stands_for_something(path):
    module = find_tensorflow(f"tensorflow.{path}" if path else "tensorflow")
    for name in NAMES[path]:
        getattr(module, name)


# Calls by TensorFlow's names, and what NumPy says.
CALLS = [
    (lambda: tf.reduce_mean(input_tensor=M, axis=1), M.mean(axis=1)),
    (lambda: tf.reduce_sum(M, axis=0, keepdims=True), M.sum(axis=0, keepdims=True)),
    (lambda: tf.argmax(M), M.argmax(axis=0)),
    (lambda: tf.argmax(M, axis=1), M.argmax(axis=1)),
    (lambda: tf.concat(values=[M, M], axis=1), np.concatenate([M, M], 1)),
    (lambda: tf.one_hot([1, 2], depth=3), np.eye(3)[1:]),
    (lambda: tf.reshape(tensor=M, shape=[5, 3]), M.reshape(5, 3)),
    (lambda: tf.transpose(M, perm=[1, 0]), M.T),
    (lambda: tf.clip_by_value(M, clip_value_min=0.2, clip_value_max=0.5), M.clip(0.2, 0.5)),
    (lambda: tf.gather(M, [0, 2]), M[[0, 2]]),
    (
        lambda: tf.gather(M, [[0, 2], [1, 1], [3, 4]], batch_dims=1),
        np.take_along_axis(M, np.array([[0, 2], [1, 1], [3, 4]]), 1),
    ),
    (lambda: tf.gather_nd(M, [[0], [2], [1]], batch_dims=1), M[[0, 1, 2], [0, 2, 1]]),
    (lambda: tf.norm(M, ord=1), np.abs(M).sum()),
    (lambda: tf.norm(M, ord=2, keepdims=True), np.sqrt(np.square(M).sum(keepdims=True))),
    (lambda: tf.pad(M, [[1, 1], [0, 2]], mode="REFLECT"), np.pad(M, [[1, 1], [0, 2]], mode="reflect")),
    (lambda: tf.fill([2, 2], 7), np.full((2, 2), 7, "int32")),
    (lambda: tf.constant(3.0, shape=(2, 2)), np.full((2, 2), 3.0)),
    (lambda: tf.cast(M * 3, tf.int32), (M * 3).astype("int32")),
    (lambda: tf.expand_dims(M, -1), M[..., None]),
    (lambda: find_tensorflow("tensorflow.math").reduce_std(M), M.std()),
    (lambda: find_tensorflow("tensorflow.image").flip_left_right(M[..., None]), M[:, ::-1, None]),
    (lambda: tf.convert_to_tensor(value=[1, 2]), np.array([1, 2], "int32")),
    (lambda: tf.where(M > 0.5, x=M, y=0.0), np.where(M > 0.5, M, 0)),
    (lambda: tf.split(M, 3)[2], M[2:]),
    (lambda: tf.split(M, tf.shape(M)[0])[2], M[2:]),
    (lambda: tf.shape(M).numpy(), np.array([3, 5], "int32")),
    (lambda: tf.shape(M)[1:] * 2 + 1, np.array([11], "int32")),
    (lambda: tf.reshape(M, (tf.shape(M)[1], -1)), M.reshape(5, 3)),
    (lambda: tf.zeros(tf.shape(M)), np.zeros((3, 5))),
    (lambda: tf.split(M, [1, -1, 2], axis=1)[1], M[:, 1:3]),
    (lambda: tf.slice(M, [1, 0], [-1, 2]), M[1:, :2]),
    (lambda: tf.gather_nd(M, [[0, 1], [2, 4]]), M[[0, 2], [1, 4]]),
    (lambda: tf.matmul(M, M, transpose_b=True), M @ M.T),
    (lambda: tf.matmul(M, M, transpose_a=True), M.T @ M),
    (lambda: math.squared_difference(M, 0.5), (M - 0.5) ** 2),
    (lambda: tf.clip_by_norm(M, 0.1), M * 0.1 / np.sqrt((M**2).sum())),
    (lambda: tf.clip_by_global_norm([M, None, M], 2.0)[0][2], M * 2 / np.sqrt(2 * (M**2).sum())),
    (lambda: tf.clip_by_global_norm([M, None, M], 99.0)[1], np.sqrt(2 * (M**2).sum())),
    (lambda: math.atan2(y=M, x=0.5), np.arctan2(M, 0.5)),
    (lambda: math.reduce_logsumexp(M, axis=1), np.log(np.exp(M).sum(axis=1))),
    (lambda: tf.tensor_scatter_nd_update(M, [[1]], [M[0]]), M[[0, 0, 2]]),
    (lambda: tf.tensor_scatter_nd_add(M, [[1]], [M[0]]), np.stack([M[0], M[0] + M[1], M[2]])),
    (lambda: tf.tensor_scatter_nd_sub(M, [[1]], [M[0]]), np.stack([M[0], M[1] - M[0], M[2]])),
    (lambda: tf.tensor_scatter_nd_max(M, [[1]], [M[0]]), np.stack([M[0], np.maximum(M[0], M[1]), M[2]])),
    (
        lambda: tf.tensor_scatter_nd_min(tensor=M, indices=[[1]], updates=[M[0]], name="low"),
        np.stack([M[0], np.minimum(M[0], M[1]), M[2]]),
    ),
    (lambda: tf.where(M > 0.5), np.argwhere(M > 0.5)),
    (lambda: tf.sort(M, axis=0, direction="DESCENDING"), np.sort(M, axis=0)[::-1]),
    (lambda: tf.argsort([3, 1, 3, 2], direction="DESCENDING"), np.array([0, 2, 3, 1])),
    (lambda: tf.argsort(np.array([0, 255, 7], "uint8"), direction="DESCENDING"), np.array([1, 2, 0])),
    (lambda: tf.argsort(M), M.argsort()),
    (lambda: tf.add_n([M, M * 2, M]), M * 4),
    (lambda: math.confusion_matrix([0, 1, 2, 2], [0, 2, 2, 2]), np.array([[1, 0, 0], [0, 0, 1], [0, 0, 2]])),
    (lambda: math.confusion_matrix([1], [0], num_classes=2, weights=[0.5], dtype=tf.float32), np.array([[0, 0], [0.5, 0]])),
    (lambda: tf.numpy_function(np.sort, [M], tf.float32), np.sort(M)),
    (lambda: tf.py_function(lambda x, y: x.numpy() * y, [M, 2], tf.float32), M * 2),
    (lambda: np.zeros(find_tensorflow("tensorflow.random").gamma([2, 3], [0.5, 1.0]).shape), np.zeros((2, 3, 2))),
    (lambda: np.mean(find_tensorflow("tensorflow.random").gamma([20000], 2.0, beta=4.0)).round(1), np.float64(0.5)),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_calls(number):
    call, expected = CALLS[number]
    received = call()
    np.testing.assert_allclose(received, expected, rtol=1e-5)
    assert np.asarray(received).dtype.kind == expected.dtype.kind


def test_gradients():
    a, b, unused = Variable([1.0, 2.0]), Variable(3.0), Variable(1.0)
    with GradientTape(persistent=True) as tape:
        y = tf.reduce_sum(tf.square(a)) * b
    d_a, (d_b, nothing) = tape.gradient(y, [a, [b, unused]])
    np.testing.assert_allclose(d_a, [6, 12])
    assert d_b == 5 and nothing is None
    assert tape.gradient(y, b) == 5
    assert a.grad is None
    with pytest.raises(TypeError, match="not tf.Tensor or tf.Variable"):
        tape.watch(np.ones(3))


def test_the_machine():
    config = find_tensorflow("tensorflow.config")
    assert config.list_physical_devices("GPU") == []
    assert len(config.list_physical_devices()) == 1
    find_tensorflow("tensorflow.config.experimental").set_memory_growth("GPU:0", True)
    with tf.device("/GPU:0"):
        pass
    assert not find_tensorflow("tensorflow.test").is_gpu_available()
    tf.get_logger().setLevel("ERROR")


def test_functions_are_themselves():
    def double(x):
        return x * 2

    assert tf.function(double) is double
    assert tf.function(jit_compile=True)(double) is double


def test_random_integers():
    numbers = find_tensorflow("tensorflow.random").uniform(shape=(100,), minval=2, maxval=5, dtype=tf.int32)
    assert numbers.dtype == "int32" and set(numbers.tolist()) == {2, 3, 4}


def test_seed():
    random = find_tensorflow("tensorflow.random")
    random.set_seed(3)
    first = random.normal((4,))
    random.set_seed(3)
    np.testing.assert_array_equal(first, random.normal((4,)))


def test_tapes_that_record_together():
    a, b = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    with GradientTape() as first, GradientTape() as second:
        product = a * b
        one, other = tf.reduce_sum(product), tf.reduce_sum(tf.square(product))
    np.testing.assert_allclose(first.gradient(one, a), [3, 4])
    np.testing.assert_allclose(second.gradient(other, [b])[0], 2 * a.value**2 * b.value)
    with GradientTape() as alone:
        y = a * 2.0
    np.testing.assert_allclose(alone.gradient(y, a), [2, 2])
    assert alone._tape is not first._tape


EAGER = """
import numpy as np
import tensorflow as tf

x = np.ones((2, 4, 3), "float32")
x[:, 2:] = 0
model = tf.keras.Sequential([tf.keras.Input((4, 3)), tf.keras.layers.Masking(), tf.keras.layers.Dense(1)])
y = model(x)
assert type(y.numpy()) is np.ndarray and (y.numpy() == model.predict(x)).all()
assert tf.reduce_sum(y, axis=-1).numpy().shape == (2, 4)
assert tf.reduce_any(y > y).numpy() == False and not tf.reduce_any(y > y)
metric = tf.keras.metrics.Mean()
metric.update_state([1.0, 2.0])
assert metric.result().numpy() == 1.5 and f"{metric.result():.2f}" == "1.50"
for metric in (tf.keras.metrics.Precision(), tf.keras.metrics.PrecisionAtRecall(0.5), tf.keras.metrics.AUC()):
    metric.update_state([0.0, 1.0], [0.2, 0.7])
    assert metric.result().numpy() == 1
loss = tf.keras.losses.MeanSquaredError()
assert loss(np.zeros(3), np.full(3, 2.0)).numpy() == 4
with tf.GradientTape() as tape:
    error = tf.reduce_mean(tf.square(model(x)))
assert float(error) == error.numpy() and abs(error.numpy() - np.mean(y**2)) < 1e-6
# What is masked does not count, in evaluation as in training.
model.compile("sgd", "mse")
expected = np.mean((y.numpy()[:, :2] - 1) ** 2)
assert abs(model.evaluate(x, np.ones((2, 4, 1)), verbose=0) - expected) < 1e-6
history = model.fit(x, np.ones((2, 4, 1)), verbose=0).history
assert type(history["loss"][0]) is float
"""


def test_results_can_be_asked_for_arrays(tmp_path):
    run_code(EAGER, tmp_path)


def test_diagonals():
    matrix = np.arange(12.0).reshape(1, 3, 4)
    linalg = find_tensorflow("tensorflow.linalg")
    changed = linalg.set_diag(matrix, np.array([[-1.0, -2.0, -3.0]]))
    assert changed.tolist() == [[[-1, 1, 2, 3], [4, -2, 6, 7], [8, 9, -3, 11]]]
    turned = linalg.set_diag(linalg.matrix_transpose(matrix), np.array([[-1.0, -2.0, -3.0]]))
    np.testing.assert_array_equal(turned, np.swapaxes(changed, 1, 2))
    assert linalg.diag_part(matrix).tolist() == [[0, 5, 10]]


def test_numbers_put_in_places():
    assert tf.scatter_nd([[1], [3], [1]], np.float32([1, 2, 3]), [5]).tolist() == [0, 4, 0, 2, 0]
    assert tf.saturate_cast(np.float32([300, -4]), tf.uint8).tolist() == [255, 0]
    np.testing.assert_allclose(tf.acos(0.5), np.pi / 3)


def test_bytes_and_text():
    compat = find_tensorflow("tensorflow.compat")
    assert compat.as_bytes("JFIF") == compat.as_bytes(b"JFIF") == b"JFIF"
    assert compat.as_str(b"JFIF") == compat.as_text("JFIF") == "JFIF"


def test_structures():
    nest = find_tensorflow("tensorflow.nest")
    structure = {"b": [1, 2], "a": 3}
    assert nest.flatten(structure) == [3, 1, 2]
    assert nest.map_structure(lambda x: x + 1, structure) == {"b": [2, 3], "a": 4}
    assert nest.pack_sequence_as(structure, [7, 8, 9]) == {"b": [8, 9], "a": 7}


def test_generators_of_random_numbers():
    random = find_tensorflow("tensorflow.random")
    first, second = (random.Generator.from_seed(3) for _ in range(2))
    start = first.normal((3,)).tolist()
    first.reset_from_seed(3)
    assert first.normal((3,)).tolist() == start == second.normal((3,)).tolist()
    one, other = first.split(2)
    assert one.normal((3,)).tolist() != other.normal((3,)).tolist()
    assert random.get_global_generator() is random.get_global_generator()
    first, second = (random.Generator.from_seed(3) for _ in range(2))
    np.testing.assert_array_equal(first.normal([2, 3]), second.normal([2, 3]))
    seeds = first.make_seeds(4)
    assert seeds.shape == (2, 4) and len(set(seeds.ravel().tolist())) == 8
    assert first.uniform([2], 0, 5, tf.int32).dtype == "int32"
    numbers = [random.stateless_uniform([50], seed=seed, maxval=5, dtype=tf.int32) for seed in ([1, 2], [1, 2], [1, 3])]
    assert (numbers[0] == numbers[1]).all() and not (numbers[0] == numbers[2]).all() and set(numbers[0].tolist()) == {*range(5)}
    np.testing.assert_allclose(np.std(random.stateless_normal([10000], seed=[1, 2], stddev=2.0)), 2, rtol=0.05)
    assert random.split(seeds[:, 0], num=3).shape == (3, 2)


@pytest.mark.parametrize(
    "path, advice",
    [
        ("data.TFRecordDataset", "`tf.data.Dataset.from_tensor_slices`"),
        ("train.Example", "`numpy.savez`"),
        ("train.ExponentialMovingAverage", "`model.save_weights"),
        ("ragged.constant", "`padded_batch`"),
        ("summary.trace_on", "`TensorBoard`"),
        ("no_such_function", "`keras.ops`"),
    ],
)
def test_what_is_not_there_says_what_to_use(path, advice):
    place = tf
    with pytest.raises(AttributeError, match=f"has no attribute '.*'.\n.*{advice}"):
        for name in path.split("."):
            place = find_tensorflow(f"tensorflow.{name}") if name in NAMES and place is tf else getattr(place, name)


CUSTOM_GRADIENT = """
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

# As for guided backpropagation, and for layers that reverse gradients.
@tf.custom_gradient
def guided_relu(x):
    def grad(dy):
        return tf.cast(dy > 0, "float32") * tf.cast(x > 0, "float32") * dy
    return tf.nn.relu(x), grad

model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation=guided_relu, input_shape=(3,), kernel_initializer="identity")])
x = tf.constant([[1.0, -2.0, 3.0]])
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.reduce_sum(model(x) * tf.constant([[-1.0, 1.0, 2.0]]))
np.testing.assert_array_equal(tape.gradient(y, x), [[0, 0, 2]])
assert type(guided_relu(x)) is EagerTensor and guided_relu(x).numpy().tolist() == [[1, 0, 3]]
model.compile("sgd", "mse")
model.fit(np.ones((8, 3)), np.ones((8, 3)), verbose=0)
i, total = tf.while_loop(lambda i, total: i < 4, lambda i, total: (i + 1, total + i), (tf.constant(0), tf.constant(0)))
assert int(i) == 4 and int(total) == 6

# By the whole path, and of TensorFlow 1.
assert isinstance(guided_relu(x), tf.python.framework.ops.EagerTensor)
for old in (tf.python.keras, tf.compat.v1.keras):
    assert old.losses.BinaryCrossentropy is tf.keras.losses.BinaryCrossentropy
tf.reset_default_graph()
"""


def test_functions_with_gradients_of_their_own(tmp_path):
    run_code(CUSTOM_GRADIENT, tmp_path)
