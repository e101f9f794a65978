"""Sequences as arrays, and windows."""

import numpy as np
import pytest

from convlayers import utils

RAGGED = [[1], [2, 3], [], [4, 5, 6]]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 2, 5])
def test_padding_is_that_of_keras(keras, padding, truncating, maxlen):
    arguments = dict(maxlen=maxlen, padding=padding, truncating=truncating, value=9)
    ours, theirs = utils.pad_sequences(RAGGED, **arguments), keras.utils.pad_sequences(RAGGED, **arguments)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_sequences_of_arrays_and_strings(keras):
    sequences = [np.ones((2, 3)), np.zeros((1, 3))]
    np.testing.assert_array_equal(
        utils.pad_sequences(sequences, dtype="float32"), keras.utils.pad_sequences(sequences, dtype="float32")
    )
    words = utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("sequences", "arguments", "message"),
    [
        (3, {}, "^`sequences` must be iterable"),
        ([1, 2], {}, "^`sequences` must be a list of iterables. Found non-iterable: 1"),
        (RAGGED, {"padding": "mid"}, '^Padding type "mid" not understood'),
        (RAGGED, {"truncating": "mid"}, '^Truncating type "mid" not understood'),
        (RAGGED, {"value": "a"}, "^`dtype` int32 is not compatible with `value`'s type: <class 'str'>"),
        ([np.ones((1, 2)), np.ones((1, 3))], {}, r"^Shape of sample \(3,\) of sequence at position 1 is different from"),
    ],
)
def test_mistakes_in_padding(sequences, arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.pad_sequences(sequences, **arguments)


DATA = np.arange(20.0)


def windows_of(dataset):
    return [window.tolist() for batch in dataset for window in (batch[0] if isinstance(batch, tuple) else batch)]


def test_windows():
    data = utils.timeseries_dataset_from_array(DATA, None, sequence_length=3, batch_size=4)
    assert windows_of(data) == [[start, start + 1, start + 2] for start in range(18)]
    assert [len(batch) for batch in data] == [4, 4, 4, 4, 2]
    data = utils.timeseries_dataset_from_array(DATA, None, 3, sequence_stride=4, sampling_rate=2, start_index=2, end_index=14)
    assert windows_of(data) == [[2, 4, 6], [6, 8, 10]]


def test_windows_with_targets():
    data = utils.timeseries_dataset_from_array(DATA, DATA[5:] * 10, sequence_length=5, sequence_stride=2)
    for windows, targets in data:
        np.testing.assert_array_equal(targets, (windows[:, -1] + 1) * 10)
    assert len(windows_of(data)) == 8
    shuffled = utils.timeseries_dataset_from_array(DATA, None, 3, shuffle=True, seed=1)
    assert (
        sorted(windows_of(shuffled)) == windows_of(utils.timeseries_dataset_from_array(DATA, None, 3)) != windows_of(shuffled)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(start_index=-1), "^`start_index` must be 0 or greater"),
        (dict(start_index=20), "^`start_index` must be lower than the length of the data"),
        (dict(start_index=5, end_index=4), "^`end_index` must be higher than `start_index`"),
        (dict(end_index=20), "^`end_index` must be lower than the length of the data"),
        (dict(end_index=-3), "^`end_index` must be higher than 0"),
        (dict(sampling_rate=0), "^`sampling_rate` must be higher than 0"),
        (dict(sequence_stride=20), "^`sequence_stride` must be lower than the length of the data"),
        (dict(format="np"), '^`format` should be either "tf" or "grain"'),
    ],
)
def test_mistakes_in_windows(arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.timeseries_dataset_from_array(DATA, None, 3, **arguments)
