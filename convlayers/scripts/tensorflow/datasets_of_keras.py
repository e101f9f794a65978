"""What the data sets that functions of Keras return have in scripts besides: the methods of `tf.data.Dataset`."""

import functools

import numpy as np

from convlayers.data.sample_dataset import DerivableDataset
from convlayers.scripts.tensorflow.datasets import Dataset, numbered
from convlayers.scripts.tensorflow.eager import as_eager

_METHODS_OF_BATCHES = (
    *("apply", "as_numpy_iterator", "batch", "concatenate", "enumerate", "filter", "flat_map", "interleave"),
    *("get_single_element", "rebatch", "reduce", "repeat", "shard", "shuffle", "unbatch", "window", "with_options"),
)


def extend_datasets_of_keras():
    """Lets these data sets have the methods of `Dataset`, and give arrays with `numpy()`."""
    go_through = DerivableDataset.__iter__
    DerivableDataset.__iter__ = lambda dataset: map(as_eager, go_through(dataset))
    for name in _METHODS_OF_BATCHES:
        setattr(DerivableDataset, name, _of_batches(getattr(Dataset, name)))
    DerivableDataset.cardinality = lambda dataset: as_eager(np.int64(len(dataset)))


def _of_batches(method):
    @functools.wraps(method)
    def of_batches(dataset, *args, **kwargs):
        return method(numbered(dataset), *args, **kwargs)

    return of_batches
