"""Sequences of different lengths as one array, and windows of a long one."""

import numpy as np

from convlayers.data.sample_dataset import SampleDataset


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0):
    """Returns sequences as one array, in which the short ones are padded and the long ones cut.

    Args:
        sequences: list of sequences of numbers, or of arrays of one shape.
        maxlen: length of all, by default that of the longest.
        dtype: of the array.
        padding: "pre" or "post", where what is missing is added.
        truncating: "pre" or "post", where what is too much is cut off.
        value: what is added.

    Output shape: (number of sequences, maxlen, ...)

    Raises:
        ValueError: if these are no sequences of things of one shape, or an argument is none of these.

    Example:

    >>> pad_sequences([[1], [2, 3]])
    array([[0, 1],
           [2, 3]], dtype=int32)
    """
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    for sequence in sequences:
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"`sequences` must be a list of iterables. Found non-iterable: {sequence}")
    for name, argument in (("Padding", padding), ("Truncating", truncating)):
        if argument not in ("pre", "post"):
            raise ValueError(f'{name} type "{argument}" not understood')
    if isinstance(value, str) and dtype is not object and np.dtype(dtype).kind not in "US":
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\n"
            "You should set `dtype=object` for variable length strings."
        )
    if maxlen is None:
        maxlen = max(map(len, sequences))
    sample_shape = next((np.asarray(sequence).shape[1:] for sequence in sequences if len(sequence)), ())
    padded = np.full((len(sequences), maxlen, *sample_shape), value, dtype=dtype)
    for index, sequence in enumerate(sequences):
        if not len(sequence):
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype=dtype)
        if kept.shape[1:] != sample_shape:
            raise ValueError(
                f"Shape of sample {kept.shape[1:]} of sequence at position {index} is different from expected shape "
                f"{sample_shape}"
            )
        start = 0 if padding == "post" else maxlen - len(kept)
        padded[index, start : start + len(kept)] = kept
    return padded


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",
):
    """Returns the windows of a long sequence as batches.

    Args:
        data: array of the sequence, one entry for each point in time.
        targets: array: what belongs to the window that begins at each point; None for windows alone.
        sequence_length: number of points in a window.
        sequence_stride: from the start of a window to that of the next.
        sampling_rate: from a point in a window to the next.
        batch_size: number of windows in a batch; None for single windows.
        shuffle: whether the windows come in a new order in each epoch.
        seed: of that order.
        start_index, end_index: the part of the data that is used, by default all.
        format: taken for compatibility: "tf" or "grain".

    Returns:
        A `PyDataset` of arrays of shape (batch, sequence_length, ...), or of tuples of these and targets.

    Raises:
        ValueError: if an argument does not go with the data.
    """
    _check_windows(len(data), sequence_stride, sampling_rate, start_index, end_index, format)
    start, end = start_index or 0, len(data) if end_index is None else end_index
    count = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets))
        targets = np.asarray(targets)[start:end]
    data = np.asarray(data)[start:end]

    def make_window(number):
        first = number * sequence_stride
        window = data[first : first + sequence_length * sampling_rate : sampling_rate]
        return window if targets is None else (window, targets[first])

    return SampleDataset(make_window, len(range(0, count, sequence_stride)), batch_size, shuffle, seed)


def _check_windows(length, sequence_stride, sampling_rate, start_index, end_index, format):
    if start_index:
        if start_index < 0:
            raise ValueError(f"`start_index` must be 0 or greater. Received: start_index={start_index}")
        if start_index >= length:
            raise ValueError(
                "`start_index` must be lower than the length of the data. "
                f"Received: start_index={start_index}, for data of length {length}"
            )
    if end_index:
        if start_index and end_index <= start_index:
            raise ValueError(
                "`end_index` must be higher than `start_index`. "
                f"Received: start_index={start_index}, and end_index={end_index} "
            )
        if end_index >= length:
            raise ValueError(
                "`end_index` must be lower than the length of the data. "
                f"Received: end_index={end_index}, for data of length {length}"
            )
        if end_index <= 0:
            raise ValueError(f"`end_index` must be higher than 0. Received: end_index={end_index}")
    for name, value in (("sampling_rate", sampling_rate), ("sequence_stride", sequence_stride)):
        if value <= 0:
            raise ValueError(f"`{name}` must be higher than 0. Received: {name}={value}")
        if value >= length:
            raise ValueError(
                f"`{name}` must be lower than the length of the data. Received: {name}={value}, for data of length {length}"
            )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
