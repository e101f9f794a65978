"""`tf.strings`, what scripts do with the paths of images; strings as bytes and as text."""

import re

import numpy as np


def split(input, sep=None, maxsplit=-1, name=None):
    """Returns the parts of one string.

    Raises:
        ValueError: for several strings, which may have different numbers of parts.
    """
    if np.ndim(input):
        raise ValueError(f"Only one string is split here, in `map`. Received: an array of shape {np.shape(input)}")
    return np.array(str(input).split(str(sep) if sep is not None else None, maxsplit))


def join(inputs, separator="", name=None):
    """Returns strings behind one another; of arrays of strings, those at the same place."""
    first, *others = (np.asarray(part, dtype="str") for part in inputs)
    for part in others:
        first = np.char.add(np.char.add(first, separator), part)
    return np.asarray(first)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Returns strings in which what a regular expression finds is replaced."""
    strings = np.asarray(input, dtype="str")
    replaced = [re.sub(pattern, rewrite, text, count=0 if replace_global else 1) for text in strings.ravel().tolist()]
    return np.array(replaced).reshape(strings.shape)


def as_bytes(bytes_or_text, encoding="utf-8"):
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes(bytes_or_text)


def as_text(bytes_or_text, encoding="utf-8"):
    return bytes_or_text if isinstance(bytes_or_text, str) else bytes(bytes_or_text).decode(encoding)


as_str = as_text
