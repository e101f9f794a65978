"""Data sets of texts, whose words are numbers: the more frequent a word, the lower."""

import json

import numpy as np

from convlayers.datasets.downloads import fetch


def load_word_index(title, path, origin, file_hash):
    """Returns the numbers of the words as a dict."""
    with open(fetch(title, path, origin, file_hash=file_hash), encoding="utf-8") as file:
        return json.load(file)


def shuffle(texts, labels, state):
    """Returns texts and labels in another order.

    Args:
        state: a `numpy.random.RandomState`.
    """
    order = np.arange(len(texts))
    state.shuffle(order)
    return texts[order], labels[order]


def shift(texts, start_char, index_from):
    """Returns texts with `index_from` added to all words, and `start_char` in front; as they are, if both are None or 0."""
    start = [] if start_char is None else [start_char]
    offset = index_from if start or index_from else 0
    return [start + [word + offset for word in text] for text in texts]


def drop_long(texts, labels, maxlen):
    """Returns the texts of less than `maxlen` words, and their labels."""
    kept = [(text, label) for text, label in zip(texts, labels, strict=True) if not maxlen or len(text) < maxlen]
    return [text for text, _ in kept], [label for _, label in kept]


def restrict(texts, num_words, skip_top, oov_char):
    """Returns texts as an array of lists, without the words from `num_words` on and those below `skip_top`.

    They become `oov_char`; if that is None, they are left out.
    """
    num_words = num_words or max(max(text) for text in texts)
    restricted = np.empty(len(texts), object)
    for place, text in enumerate(texts):
        if oov_char is None:
            restricted[place] = [word for word in text if skip_top <= word < num_words]
        else:
            restricted[place] = [word if skip_top <= word < num_words else oov_char for word in text]
    return restricted
