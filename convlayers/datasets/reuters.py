"""Newswires of Reuters on 46 topics."""

import numpy as np

from convlayers.datasets import words
from convlayers.datasets.downloads import FOLDER, fetch
from convlayers.datasets.pickled_arrays import read_npz

_TITLE = "The Reuters data set"
_URL = f"{FOLDER}reuters.npz"
_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_INDEX_URL = f"{FOLDER}reuters_word_index.json"
_INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass
    crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi
    iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """Returns 11,228 newswires.

    Args:
        path: the name of the file in `~/.keras/datasets`.
        num_words: words are kept up to this rank of frequency; by default all.
        skip_top: so many of the most frequent words are not kept.
        maxlen: newswires of less than this length are kept; by default all.
        test_split: how much of the data is to test with.
        seed: of the order of the samples.
        start_char: marks the start of a newswire, None for no mark.
        oov_char: in place of words that are not kept; None to leave them out.
        index_from: the numbers of words begin here.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of ints, and of labels from 0 to 45.

    Raises:
        OSError: if it has to be downloaded and cannot be.
    """
    arrays = read_npz(fetch(_TITLE, path, _URL, file_hash=_SHA256))
    texts, labels = words.shuffle(arrays["x"], arrays["y"], np.random.RandomState(seed))
    texts, labels = words.drop_long(words.shift(texts, start_char, index_from), labels, maxlen)
    x, y = words.restrict(texts, num_words, skip_top, oov_char), np.array(labels)
    at = int(len(x) * (1 - test_split))
    return (x[:at], y[:at]), (x[at:], y[at:])


def get_word_index(path="reuters_word_index.json"):
    """Returns the number of each word as a dict. In the newswires, `index_from` is added to it.

    Args:
        path: the name of the file in `~/.keras/datasets`.
    """
    return words.load_word_index(_TITLE, path, _INDEX_URL, _INDEX_MD5)


def get_label_names():
    """Returns the names of the topics as a tuple, in the order of the labels."""
    return tuple(_TOPICS.split())
