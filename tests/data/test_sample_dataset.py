"""Data sets of samples, and what can be made of them."""

import numpy as np
import pytest

from convlayers.data.sample_dataset import SampleDataset


def squares(batch_size=3, **kwargs):
    return SampleDataset(lambda number: (np.full(2, number), {"square": number**2}), 7, batch_size, **kwargs)


def numbers_of(dataset):
    return [number for x, _ in dataset for number in x[:, 0].tolist()]


def test_samples_become_batches():
    data = squares()
    assert len(data) == 3
    x, y = data[1]
    np.testing.assert_array_equal(x, [[3, 3], [4, 4], [5, 5]])
    np.testing.assert_array_equal(y["square"], [9, 16, 25])
    assert len(data[2][0]) == 1
    with pytest.raises(IndexError, match="There are 3 batches"):
        data[3]


def test_single_samples_can_be_batched_later():
    data = squares(batch_size=None)
    assert (len(data), data[5][1]["square"]) == (7, 25)
    assert numbers_of(data.batch(4)) == list(range(7))
    with pytest.raises(ValueError, match="has batches of 3 samples already"):
        squares().batch(2)


def test_shuffling_is_anew_in_each_epoch_and_repeatable():
    orders = []
    for _ in range(2):
        data = squares().shuffle(1000, seed=3)
        orders.append(numbers_of(data))
        orders.append(numbers_of(data))
    assert sorted(orders[0]) == list(range(7))
    assert orders[0] == orders[2] != orders[1] == orders[3]


def test_parts_and_functions():
    data = squares()
    assert numbers_of(data.take(2)) == list(range(6))
    assert numbers_of(data.skip(2)) == [6]
    assert numbers_of(data.take(100).skip(1)) == [3, 4, 5, 6]
    halves = data.map(lambda x, y: (x / 2, y), num_parallel_calls=-1)
    assert numbers_of(halves)[:3] == [0, 0.5, 1]
    assert [x.shape for x in data.map(lambda x, y: x)] == [(3, 2), (3, 2), (1, 2)]
    assert data.prefetch(buffer_size=-1).workers == 2


def test_what_is_cached_is_made_once():
    made = []
    data = SampleDataset(lambda number: made.append(number) or np.array(number), 4, 2).cache()
    for _ in range(3):
        assert np.concatenate(list(data)).tolist() == [0, 1, 2, 3]
        data.on_epoch_end()
    assert made == [0, 1, 2, 3]


def test_derived_data_sets_pass_on_the_end_of_an_epoch():
    data = squares(shuffle=True, seed=0)
    derived = data.take(3).map(lambda x, y: (x, y))
    before = numbers_of(derived)
    derived.on_epoch_end()
    assert numbers_of(derived) != before
