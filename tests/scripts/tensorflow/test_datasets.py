"""`tf.data.Dataset`: what TensorFlow 2.15 gives for the same calls."""

import numpy as np
import pytest

from convlayers import Input, Sequential, layers
from convlayers.scripts.tensorflow.datasets import INFINITE_CARDINALITY, Dataset, cardinality, count_up
from convlayers.scripts.tensorflow.devices import ANY_POLICY, Options
from tests.scripts.running import run_code

X = np.arange(7)


def listed(dataset, most=20):
    elements = []
    for element, _ in zip(dataset, range(most), strict=False):
        elements.append([part.tolist() for part in element] if isinstance(element, tuple) else np.asarray(element).tolist())
    return elements


@pytest.fixture
def numbers():
    return Dataset.from_tensor_slices(X)


def test_batches(numbers):
    assert listed(numbers.batch(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert listed(numbers.batch(3, drop_remainder=True)) == [[0, 1, 2], [3, 4, 5]]
    assert len(numbers.batch(3)) == 3
    assert listed(numbers.take(4).batch(2).batch(2)) == [[[0, 1], [2, 3]]]


def test_the_only_element(numbers):
    assert numbers.batch(7).get_single_element().tolist() == X.tolist()
    with pytest.raises(ValueError, match="Dataset had more than one element"):
        numbers.repeat().get_single_element()
    with pytest.raises(ValueError, match="Dataset had no elements"):
        numbers.take(0).get_single_element()


def test_repeats(numbers):
    assert listed(numbers.batch(3).repeat(2)) == [[0, 1, 2], [3, 4, 5], [6]] * 2
    assert listed(numbers.repeat(2).batch(3)) == [[0, 1, 2], [3, 4, 5], [6, 0, 1], [2, 3, 4], [5, 6]]
    assert listed(numbers.repeat().batch(3), 3) == [[0, 1, 2], [3, 4, 5], [6, 0, 1]]
    assert listed(numbers.repeat().take(9)) == [*range(7), 0, 1]
    assert listed(numbers.take(2).repeat(2)) == [0, 1, 0, 1]
    assert listed(numbers.skip(5).repeat(2)) == [5, 6, 5, 6]
    assert listed(numbers.batch(3).unbatch()) == list(range(7))
    assert listed(numbers.batch(3).map(lambda x: (x, -x)).unbatch().repeat(2), 9)[6:] == [[6, -6], [0, 0], [1, -1]]
    assert numbers.repeat().cardinality().numpy() == -1
    with pytest.raises(TypeError, match="The dataset is infinite."):
        len(numbers.repeat())


def test_structures():
    dataset = Dataset.from_tensor_slices((X, X * 10))
    assert listed(dataset.map(lambda x, y: x + y).batch(7)) == [(X * 11).tolist()]
    assert listed(dataset.batch(4).map(lambda x, y: (x, y + 1)))[1] == [[4, 5, 6], [41, 51, 61]]
    assert listed(Dataset.from_tensor_slices({"a": X, "b": X}).map(lambda parts: parts["a"] + parts["b"])) == (X * 2).tolist()
    assert listed(Dataset.zip((Dataset.range(2), Dataset.range(5)))) == [[0, 0], [1, 1]]
    one = Dataset.range(2)
    (first, (second, third)), _ = Dataset.zip((one, (one, one.map(lambda x: x + 5))))
    assert (first, second, third) == (0, 0, 5)
    assert list(next(iter(Dataset.zip({"a": one, "b": one})))) == ["a", "b"]
    assert listed(Dataset.from_generator(lambda: iter([1, 2]), output_types="int32")) == [1, 2]
    with pytest.raises(ValueError, match="same number of elements"):
        Dataset.from_tensor_slices((X, X[:3]))


def test_shuffle(numbers):
    shuffled = numbers.shuffle(100)
    orders = [listed(shuffled) for _ in range(4)]
    assert all(sorted(order) == X.tolist() for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    assert listed(numbers.shuffle(7, seed=1)) == listed(numbers.shuffle(7, seed=1))
    kept = numbers.shuffle(7, reshuffle_each_iteration=False)
    assert listed(kept) == listed(kept)
    # Every time through the data has an order of its own.
    rounds = listed(numbers.shuffle(7, seed=3).repeat(2).batch(7))
    assert [sorted(order) for order in rounds] == [X.tolist()] * 2
    assert rounds[0] != rounds[1]
    # What has no end is shuffled in pieces.
    in_order, endless = (listed(data, most=70) for data in (numbers.repeat(), numbers.repeat().shuffle(35, seed=3)))
    assert endless != in_order and endless[:35] != endless[35:]
    assert sorted(endless[:35]) == sorted(endless[35:]) == sorted(in_order[:35])


def test_cache(numbers):
    calls = []
    dataset = numbers.map(lambda x: calls.append(x) or x).cache()
    assert listed(dataset) == listed(dataset) == X.tolist()
    assert len(calls) == 7


def test_trains_a_model():
    x = np.random.RandomState(0).normal(size=(40, 4)).astype("float32")
    dataset = Dataset.from_tensor_slices((x, x.sum(axis=1, keepdims=True))).shuffle(40).batch(8).prefetch(-1)
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(dataset, epochs=3, verbose=0, validation_data=dataset)
    assert len(history.history["val_loss"]) == 3
    assert model.predict(dataset, verbose=0).shape == (40, 1)
    endless = Dataset.from_tensor_slices((x, x[:, :1])).repeat().batch(16)
    assert len(model.fit(endless, epochs=2, steps_per_epoch=3, verbose=0).epoch) == 2


def test_choosing_numbering_and_joining():
    numbers = Dataset.range(6)
    even = numbers.filter(lambda number: number % 2 == 0)
    assert list(even.as_numpy_iterator()) == [0, 2, 4] and len(even) == 3
    assert list(even.repeat(2).as_numpy_iterator()) == [0, 2, 4] * 2
    assert [(int(place), int(number)) for place, number in even.enumerate(start=5)] == [(5, 0), (6, 2), (7, 4)]
    joined = even.concatenate(Dataset.range(2))
    assert list(joined.repeat(2).as_numpy_iterator()) == [0, 2, 4, 0, 1] * 2
    assert joined.reduce(0, lambda total, number: total + number) == 7
    assert joined.apply(len) == 5
    assert cardinality(joined) == 5 and cardinality(joined.repeat()) == INFINITE_CARDINALITY


def test_lists_are_arrays_and_tuples_have_parts():
    assert [element.numpy() for element in Dataset.from_tensor_slices([3, 4])] == [3, 4]
    assert [element.shape for element in Dataset.from_tensor_slices([np.ones(2), np.ones(2)])] == [(2,), (2,)]
    assert [len(element) for element in Dataset.from_tensor_slices(([1, 2, 3], {"a": [1, 2, 3]}))] == [2, 2, 2]


def test_paths(tmp_path):
    for name in ("b.png", "a.png", "c.txt"):
        (tmp_path / name).write_text("")
    found = Dataset.list_files(str(tmp_path / "*.png"), shuffle=False)
    assert [str(path) for path in found] == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert sorted(map(str, Dataset.list_files([str(tmp_path / "c*"), str(tmp_path / "a*")]))) == [
        str(tmp_path / "a.png"),
        str(tmp_path / "c.txt"),
    ]


OF_KERAS = """
import os

import numpy as np
import tensorflow as tf
from PIL import Image

for folder in ("one", "two"):
    os.makedirs(f"images/{folder}")
    for number in range(6):
        Image.new("L", (4, 4), 10 * number).save(f"images/{folder}/{number}.png")
data = tf.keras.utils.image_dataset_from_directory("images", image_size=(4, 4), color_mode="grayscale", batch_size=3)
for x, y in data:
    assert x.numpy().shape == (3, 4, 4, 1) and y.numpy().shape == (3,)
count = tf.data.experimental.cardinality(data)
assert count.numpy() == 4 and len(data.take(count // 2)) == len(data.skip(count // 2)) == 2
shuffled = data.cache().shuffle(100).prefetch(buffer_size=tf.data.AUTOTUNE)
assert sorted(np.concatenate([y for x, y in shuffled])) == [0] * 6 + [1] * 6
assert len(list(data.unbatch().batch(12))) == 1
x, y = data.as_numpy_iterator().next()
assert type(x) is type(y) is np.ndarray and x.shape == (3, 4, 4, 1)
assert len(data.repeat(2)) == 8 and len(data.filter(lambda x, y: y[0] > 3)) == 0
x, y = data.take(1).get_single_element()
assert x.numpy().shape == (3, 4, 4, 1)
(_, first), second = next(iter(tf.data.Dataset.zip((data, data.map(lambda x, y: y)))))
assert first.shape == second.shape == (3,)
open("lines.txt", "w").write("one\\ntwo\\n")
assert [line.numpy() for line in tf.data.TextLineDataset("lines.txt")] == [b"one", b"two"]
for path in tf.data.Dataset.list_files("images/one/*.png"):
    assert path.numpy() == str(path).encode() and Image.open(path).size == (4, 4)
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(shuffled, validation_data=data, epochs=2, verbose=0)
"""


def test_data_sets_of_keras_have_the_methods(tmp_path):
    pytest.importorskip("PIL")
    run_code(OF_KERAS, tmp_path)


def _numbers(*args):
    return Dataset.range(*args)


def test_data_sets_of_data_sets():
    def times(x):
        return Dataset.from_tensors(x).repeat(int(x))

    assert listed(_numbers(1, 6).interleave(times, cycle_length=2, block_length=2)) == [
        *[1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 4, 4, 5, 5, 5],
    ]
    assert listed(_numbers(4).interleave(lambda x: _numbers(x, x + 3), cycle_length=3)) == [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5]
    assert listed(_numbers(3).flat_map(lambda x: _numbers(x, x + 2))) == [0, 1, 1, 2, 2, 3]
    with pytest.raises(ValueError, match="`flat_map` of a data set without end"):
        _numbers(3).repeat().flat_map(_numbers)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({"size": 3}, [[0, 1, 2], [3, 4, 5], [6]]),
        ({"size": 3, "shift": 1}, [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6], [6]]),
        ({"size": 3, "shift": 2, "drop_remainder": True}, [[0, 1, 2], [2, 3, 4], [4, 5, 6]]),
        ({"size": 3, "shift": 1, "stride": 2, "drop_remainder": True}, [[0, 2, 4], [1, 3, 5], [2, 4, 6]]),
        ({"size": 3, "shift": 2, "stride": 2}, [[0, 2, 4], [2, 4, 6], [4, 6], [6]]),
    ],
)
def test_windows(numbers, arguments, expected):
    assert [listed(window) for window in numbers.window(**arguments)] == expected


def test_windows_of_several_parts():
    pairs = Dataset.from_tensor_slices((np.arange(6), np.arange(6) * 10)).window(3, drop_remainder=True)
    batches = pairs.flat_map(lambda a, b: Dataset.zip((a.batch(3), b.batch(3))))
    assert listed(batches) == [[[0, 1, 2], [0, 10, 20]], [[3, 4, 5], [30, 40, 50]]]


def test_batches_are_filled_up():
    rows = _numbers(1, 5).map(lambda x: np.full(int(x), x))
    assert listed(rows.padded_batch(2)) == [[[1, 0], [2, 2]], [[3, 3, 3, 0], [4, 4, 4, 4]]]
    assert listed(rows.padded_batch(2, padded_shapes=[5], padding_values=-1)) == [
        [[1, -1, -1, -1, -1], [2, 2, -1, -1, -1]],
        [[3, 3, 3, -1, -1], [4, 4, 4, 4, -1]],
    ]
    pairs = Dataset.zip((rows, _numbers(4))).padded_batch(3, padded_shapes=([None], []), drop_remainder=True)
    assert listed(pairs) == [[[[1, 0, 0], [2, 2, 0], [3, 3, 3]], [0, 1, 2]]]


def test_parts_and_other_batches(numbers):
    assert listed(numbers.shard(3, 1)) == [1, 4]
    assert listed(numbers.batch(2).rebatch(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert listed(count_up(5, 2), most=3) == [5, 7, 9]
    assert listed(numbers.with_options(Options())) == X.tolist()
    spec = Dataset.from_tensor_slices((np.zeros((4, 2, 3)), X[:4])).element_spec
    assert [part.shape for part in spec] == [(2, 3), ()]


def test_settings_of_data_sets_have_no_effect():
    options = Options()
    options.threading.private_threadpool_size = 1
    assert options.threading.private_threadpool_size == 1
    options.experimental_distribute.auto_shard_policy = ANY_POLICY.OFF
