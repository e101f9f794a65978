"""Reviews of films from IMDB, good and bad ones, by Andrew Maas and others."""

import numpy as np

from convlayers.datasets import words
from convlayers.datasets.downloads import FOLDER, fetch
from convlayers.datasets.pickled_arrays import read_npz

_TITLE = "The IMDB data set"
_URL = f"{FOLDER}imdb.npz"
_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_INDEX_URL = f"{FOLDER}imdb_word_index.json"
_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    **kwargs,
):
    """Returns 25,000 reviews to train with and 25,000 to test with.

    Args:
        path: the name of the file in `~/.keras/datasets`.
        num_words: words are kept up to this rank of frequency; by default all.
        skip_top: so many of the most frequent words are not kept.
        maxlen: reviews of less than this length are kept; by default all.
        seed: of the order of the samples.
        start_char: marks the start of a review, None for no mark.
        oov_char: in place of words that are not kept; None to leave them out.
        index_from: the numbers of words begin here.
        kwargs: taken for compatibility, without effect.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of ints, and of labels, 0 for bad and 1 for good.

    Raises:
        OSError: if it has to be downloaded and cannot be.
        ValueError: if `maxlen` leaves nothing.
    """
    arrays = read_npz(fetch(_TITLE, path, _URL, file_hash=_SHA256))
    # One random state for both parts, as in Keras.
    state = np.random.RandomState(seed)
    texts, labels = [], []
    for part in ("train", "test"):
        x, y = words.shuffle(arrays[f"x_{part}"], arrays[f"y_{part}"], state)
        kept, kept_labels = words.drop_long(words.shift(x, start_char, index_from), y, maxlen)
        texts.append(kept)
        labels.append(np.array(kept_labels))
    if not all(texts):
        raise ValueError(f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. Increase maxlen.")
    x = words.restrict(texts[0] + texts[1], num_words, skip_top, oov_char)
    at = len(texts[0])
    return (x[:at], labels[0]), (x[at:], labels[1])


def get_word_index(path="imdb_word_index.json"):
    """Returns the number of each word as a dict. In the reviews, `index_from` is added to it.

    Args:
        path: the name of the file in `~/.keras/datasets`.
    """
    return words.load_word_index(_TITLE, path, _INDEX_URL, _INDEX_MD5)
