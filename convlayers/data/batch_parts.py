"""The parts of a batch: inputs, labels and weights, as arrays that fit each other."""

import math

import numpy as np

from convlayers import config, nested
from convlayers.autograd import value_of
from convlayers.data.packing import describe
from convlayers.layers.call_arguments import lists_to_arrays
from convlayers.narrow_types import without_bfloat16


def count_samples(data):
    """Returns how many samples arrays have.

    Args:
        data: tuple `(x, y, sample_weight)`.

    Raises:
        ValueError: if they do not have as many.
    """
    lengths = {len(leaf) for leaf in nested.flatten(data) if leaf is not None}
    if len(lengths) == 1:
        return lengths.pop()
    if not lengths:
        raise ValueError("There are no arrays in the data. Pass at least `x`.")
    message = "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples."
    for name, part in zip(("x", "y", "sample_weight"), data, strict=False):
        if part is not None:
            message += f"'{name}' sizes: {_list_sizes(part)}\n"
    for name, part in zip(("x", "y"), data, strict=False):
        if isinstance(part, (list, tuple)) and len(part) in lengths:
            message += (
                f"`{name}` is a list of {len(part)} arrays, which stands for as many inputs or outputs. An array of samples is "
                f"made of it with `np.stack({name})`."
            )
    raise ValueError(message)


def _list_sizes(part):
    sizes = [str(len(leaf)) for leaf in nested.flatten(part) if leaf is not None]
    return ", ".join(sizes if len(sizes) <= 20 else [*sizes[:3], f"... {len(sizes)} in all"])


def batch_size_of(x):
    """Returns how many samples the inputs of a batch have, None if all inputs are None."""
    if type(x) is np.ndarray:
        return len(x)
    return next((len(leaf) for leaf in nested.flatten(x) if leaf is not None), None)


def standardize_weights(y, sample_weight, class_weight):
    """Returns the weights of the samples in the structure of `y`: those given, or those of their classes.

    Args:
        y, sample_weight: arrays, or structures of arrays, or None.
        class_weight: dict of classes and weights; for several outputs, a dict or list of such dicts; or None.

    Raises:
        ValueError: if they contradict one another.
    """
    several = isinstance(y, (list, tuple, dict))
    if class_weight is None:
        if several and isinstance(sample_weight, np.ndarray):
            return _repeat_weights(y, sample_weight)
        if several and sample_weight is not None:
            _check_same_structure(y, sample_weight)
        return sample_weight
    if sample_weight is not None:
        raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
    if several:
        return _weights_of_outputs(y, class_weight)
    if not hasattr(class_weight, "get"):
        raise AttributeError(
            f"'{type(class_weight).__name__}' object has no attribute 'get'\n"
            f"`class_weight` is a dict of classes and weights, as {{0: 1.0, 1: 2.5}}. Received: class_weight={class_weight}"
        )
    if y is None:
        raise ValueError("`class_weight` needs the classes of the samples. Received: y=None.")
    return class_weight_to_sample_weights(y, class_weight)


def _weights_of_outputs(y, class_weight):
    """Returns weights for each of several outputs, by dicts in the structure of `y`. None or no dict means that all weigh 1."""
    if isinstance(y, dict):
        if isinstance(class_weight, dict) and class_weight and set(class_weight) <= set(y):
            return {name: class_weight_to_sample_weights(y[name], class_weight.get(name) or {}) for name in y}
    elif isinstance(class_weight, (list, tuple)) and len(class_weight) == len(y):
        given = [weights or {} for weights in class_weight]
        return [class_weight_to_sample_weights(*pair) for pair in zip(y, given, strict=True)]
    raise ValueError(
        "`class_weight` is only supported for Models with a single output.\nFor several, it is a dict of dicts by the names of "
        "the outputs, or a list of dicts, as `y` is. A dict has classes and weights, as {0: 1.0, 1: 2.5}. "
        f"Received: class_weight={class_weight}"
    )


def class_weight_to_sample_weights(y, class_weight):
    """Returns the weight of each sample as an array.

    Args:
        y: array of classes, or of one-hot vectors.
        class_weight: dict of classes and weights. A class that is not in it weighs 1.
    """
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(axis=-1)
    classes, places = np.unique(np.round(labels).astype("int64"), return_inverse=True)
    weights = np.array([class_weight.get(int(label), 1.0) for label in classes], config.floatx())
    return weights[places].reshape(labels.shape)


def _check_same_structure(y, sample_weight):
    structures = [nested.map_structure(lambda _: None, part) for part in (y, sample_weight)]
    if structures[0] != structures[1]:
        raise ValueError(
            "You should provide one `sample_weight` array per output in `y`. The two structures did not match:\n"
            f"- y: {nested.map_structure(describe, y)}\n- sample_weight: {nested.map_structure(describe, sample_weight)}\n"
        )


def _repeat_weights(y, sample_weight):
    """Returns one array of weights for all outputs as one for each."""
    if sample_weight.ndim > 2 or (sample_weight.ndim == 2 and sample_weight.shape[1] != 1):
        raise ValueError(
            "For a model with multiple outputs, when providing a single `sample_weight` array, it should only have one scalar "
            "score per sample (i.e. shape `(num_samples,)`). If you want to use non-scalar sample weights, pass a "
            "`sample_weight` argument with one array per model output."
        )
    return nested.map_structure(lambda _: sample_weight, y)


# Arrays ---------------------------------------------------------------------------------------------------------------


def to_array(x):
    """Returns anything array-like as an array of numbers that a model takes.

    Floats become `floatx()`. Integers stay as they are: images of bytes become floats batch by batch.

    Raises:
        ValueError: if it is an array of something else than numbers, or a single number.
    """
    if hasattr(x, "iloc"):  # of pandas; a single column, as a column
        x = x.to_numpy() if x.ndim > 1 else x.to_numpy()[:, None]
    array = without_bfloat16(np.asarray(value_of(x)))
    if array.dtype.kind in "US":
        raise ValueError(
            f"Invalid dtype: {array.dtype}\nData consists of numbers. Names of classes become numbers with "
            "`names, y = np.unique(y, return_inverse=True)`."
        )
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"Invalid dtype: {array.dtype}\nData consists of numbers. Ragged lists and objects become arrays of "
            "numbers with `np.array(x, dtype='float32')` once all parts have the same shape."
        )
    if array.ndim == 0:
        raise ValueError(
            f"When passing a dataset to a Keras model, the arrays must be at least rank 1. Received: {array} of rank 0."
        )
    dtype = config.floatx() if array.dtype.kind == "f" else array.dtype.newbyteorder("=")
    return array.astype(dtype, copy=False)


def to_arrays(structure):
    """Returns a structure with everything array-like in it, lists of numbers too, as arrays; the rest as it is."""
    return nested.map_structure(_to_array_if_any, lists_to_arrays(structure))


def _to_array_if_any(leaf):
    return to_array(leaf) if hasattr(leaf, "__array__") or hasattr(leaf, "iloc") else leaf


def batch_to_arrays(batch):
    """Returns a batch that somebody made with its parts as arrays."""
    batch = tuple(batch) if isinstance(batch, list) else batch
    return tuple(to_arrays(part) for part in batch) if isinstance(batch, tuple) else to_arrays(batch)


def split(data, fraction):
    """Divides arrays into those to train on and, from the end, those to validate with.

    Args:
        data: tuple `(x, y, sample_weight)` of arrays, structures of arrays, or None.
        fraction: float from 0 to 1, how much the last part is of all.

    Returns:
        Two such tuples.

    Raises:
        ValueError: if they are no arrays, or one of the parts would be empty.
    """
    arrays = batch_to_arrays(data)
    unfit = [type(leaf) for leaf in nested.flatten(arrays) if leaf is not None and not isinstance(leaf, np.ndarray)]
    if unfit:
        raise ValueError(
            "Argument `validation_split` is only supported for tensors or NumPy arrays."
            f"Found incompatible type in the input: {unfit}"
        )
    if not 0 < fraction < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, received: {fraction}")
    samples = count_samples(arrays)
    at = math.floor(samples * (1.0 - fraction))
    if at in (0, samples):
        raise ValueError(
            f"Training data contains {samples} samples, which is not sufficient to split it into a validation and training "
            f"set as specified by `validation_split={fraction}`. Either provide more data, or a different value for the "
            "`validation_split` argument."
        )
    return _cut(arrays, slice(None, at)), _cut(arrays, slice(at, None))


def _cut(arrays, part):
    return nested.map_structure(lambda leaf: None if leaf is None else leaf[part], arrays)
