"""Data sets that give a batch for its number, and their workers."""

import itertools
import os
import random
import threading

import numpy as np
import pytest

from convlayers import Input, Sequential, layers
from convlayers.data.epochs import Epochs
from convlayers.data.sources import make_batches
from convlayers.data.workers import make_ahead
from convlayers.utils import PyDataset, Sequence

X = np.arange(24, dtype="float32").reshape(12, 2)
MAIN = os.getpid(), threading.get_ident()


class Numbers(PyDataset):
    """Batches of two samples, labelled with 1 if a worker made them, a thread or process other than the main one."""

    def __init__(self, count=6, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.events = []

    def __len__(self):
        return self.count

    def __getitem__(self, number):
        is_worker = (os.getpid(), threading.get_ident()) != MAIN
        return X[2 * number : 2 * number + 2], np.full((2, 1), is_worker, "float32")

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")


def regression():
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_it_is_gone_through_batch_by_batch():
    assert Sequence is PyDataset
    np.testing.assert_array_equal(np.concatenate([x for x, _ in Numbers()]), X)
    assert Numbers().num_batches == 6
    with pytest.raises(NotImplementedError, match="You need to implement the `num_batches` property"):
        _ = PyDataset().num_batches
    with pytest.raises(NotImplementedError):
        PyDataset()[0]


@pytest.mark.parametrize(
    "settings", [{"workers": 2}, {"workers": 3, "max_queue_size": 1}, {"workers": 2, "use_multiprocessing": True}]
)
def test_workers_give_the_batches_in_order(settings):
    data = Numbers(**settings)
    batches = list(make_batches(data))
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), X)
    assert all(y[0, 0] == 1 for _, y in batches)


def test_workers_shuffle():
    np.random.seed(1)
    firsts = [[int(x[0, 0]) for x, _ in make_batches(Numbers(workers=workers), shuffle=True)] for workers in (0, 1, 2)]
    for order in firsts:
        assert sorted(order) == [0, 4, 8, 12, 16, 20] != order


def test_only_so_many_batches_are_made_ahead():
    asked = []

    class Counted(Numbers):
        def __getitem__(self, number):
            asked.append(number)
            return super().__getitem__(number)

    batches = make_ahead(Counted(workers=2, max_queue_size=3), range(6))
    next(batches)
    assert max(asked) <= 2
    batches.close()


def test_an_error_of_a_worker_is_that_of_the_data_set():
    class Broken(Numbers):
        def __getitem__(self, number):
            raise OSError(f"no file {number}")

    with pytest.raises(OSError, match="no file 0"):
        regression().fit(Broken(workers=2), shuffle=False, verbose=0)


@pytest.mark.parametrize("workers", [1, 2])
def test_data_without_an_end(workers):
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, number):
            return np.full((1, 2), number, "float32")

    epochs = Epochs(make_batches(Endless(workers=workers)), steps=3)
    assert [[int(x[0, 0]) for x in epochs] for _ in range(2)] == [[0, 1, 2], [3, 4, 5]]


def test_the_number_of_batches_may_be_an_attribute():
    """As of classes from before it was a property."""

    class Older(Numbers):
        def __init__(self):
            super().__init__()
            self.num_batches = 4

        def __len__(self):
            return self.num_batches

    assert [len(list(data)) for data in (Older(), Numbers(5))] == [4, 5]
    assert len(Older()) == 4


def test_it_is_told_of_each_epoch_as_by_keras():
    data, model = Numbers(), regression()
    model.fit(data, epochs=2, verbose=0)
    # Once more, when the model sees what its data is like.
    assert data.events == ["begin", "end"] * 3
    data.events.clear()
    model.fit(data, epochs=2, verbose=0)
    assert data.events == ["end"] + ["begin", "end"] * 2


def test_it_is_shuffled_as_by_keras():
    seen = []

    class Seen(Numbers):
        def __getitem__(self, number):
            seen.append(number)
            return super().__getitem__(number)

    model = regression()
    random.seed(3)
    model.fit(Seen(), epochs=2, verbose=0)
    random.seed(3)
    order = list(range(6))
    random.shuffle(order)
    expected = order[:1]
    for _ in range(2):
        order = list(range(6))
        random.shuffle(order)
        expected += order
    assert seen == expected == [0, 1, 3, 2, 0, 4, 5, 4, 5, 0, 1, 2, 3]


def test_without_a_length_it_has_no_end():
    class Endless(PyDataset):
        def __getitem__(self, number):
            return number

    assert list(itertools.islice(Endless(), 4)) == [0, 1, 2, 3]


def test_its_length_may_change_between_epochs():
    class Growing(Numbers):
        def on_epoch_end(self):
            self.count += 1

    seen = []

    class Spy(Sequential):
        def train_step(self, data):
            seen.append(data[0][0, 0])
            return super().train_step(data)

    model = Spy([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(Growing(count=2), epochs=3, shuffle=False, verbose=0)
    # It is told of an end before the first step, too: the model has to see what its data is like.
    assert seen == [0, 4, 8, 0, 4, 8, 12, 0, 4, 8, 12, 16]


def test_a_class_without_super_is_told_so():
    class Forgetful(Numbers):
        def __init__(self):
            self.count, self.events = 6, []

    with pytest.warns(UserWarning, match=r"Your `PyDataset` class should call `super\(\).__init__"):
        regression().fit(Forgetful(), verbose=0)


def test_class_weights_and_mistakes():
    class Labelled(Numbers):
        def __getitem__(self, number):
            return X[:2], np.array([0, 1])

    (_, _, weights), *_ = make_batches(Labelled(), class_weight={0: 2.0, 1: 0.5})
    np.testing.assert_array_equal(weights, [2, 0.5])

    class Weighted(Labelled):
        def __getitem__(self, number):
            return X[:2], np.array([0, 1]), np.ones(2)

    with pytest.raises(ValueError, match="^You cannot specify `class_weight` and `sample_weight` at the same time."):
        list(make_batches(Weighted(), class_weight={0: 1.0}))
    with pytest.raises(ValueError, match="^When providing `x` as a PyDataset, `y` should not be passed. Instead, the targets"):
        make_batches(Labelled(), np.ones(2))

    class Wrong(Numbers):
        def __getitem__(self, number):
            return X, X, X, X

    with pytest.raises(
        ValueError, match=r"__getitem__\(\) must return a tuple or a dict. If a tuple, it must be ordered either"
    ):
        list(make_batches(Wrong()))
