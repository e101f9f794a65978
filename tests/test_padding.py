"""The argument `padding`: first lines of errors are Keras's own."""

import numpy as np
import pytest

from convlayers.padding import standardize_padding
from tests.test_validation import conv2d, messages


def test_padding_is_lower_case():
    assert standardize_padding("SAME", 2) == "same"
    assert standardize_padding("Causal", 1, allow_causal=True) == "causal"


@pytest.mark.parametrize(
    ("padding", "rank", "expected"),
    [
        (1, 2, ((1, 1), (1, 1))),
        (np.int32(0), 3, ((0, 0), (0, 0), (0, 0))),
        ((2,), 1, ((2, 2),)),
        ([1, 2], 2, ((1, 1), (2, 2))),
        (((1, 2), [3, 4]), 2, ((1, 2), (3, 4))),
        ([0, (1, 2)], 2, ((0, 0), (1, 2))),
    ],
)
def test_numbers_as_padding(padding, rank, expected):
    assert standardize_padding(padding, rank) == expected


@pytest.mark.parametrize("padding", ["smae", "causal", "", "full"])
def test_padding_typo(keras, padding):
    ours, theirs = messages(lambda: standardize_padding(padding, 2), conv2d(keras, padding=padding))
    # Keras prints a set, whose order varies from run to run.
    assert ours == theirs.replace("{'same', 'valid'}", "{'valid', 'same'}")


@pytest.mark.parametrize("padding", [(1,), (1, 1, 1), ((1, 1), (1, 1, 1)), (1.5, 1), (1, -1), (True, 1), "ab", (None, 1), ()])
def test_other_padding_is_refused(keras, padding):
    if padding == "ab":
        padding = tuple(padding)

    def build():
        conv2d(keras, padding=padding)().build((None, 8, 8, 1))

    ours, theirs = messages(lambda: standardize_padding(padding, 2), build)
    assert ours == theirs


@pytest.mark.parametrize(
    ("padding", "hint"),
    [
        ("smae", "Did you mean 'same'?"),
        ("causal", "1-D convolutions only"),
        (-1, "padding=((0, 1), (0, 1))"),
        ((1, 2, 3), "padding=(1, 1)"),
        (None, "'valid' adds nothing"),
    ],
)
def test_padding_is_explained(padding, hint):
    with pytest.raises(ValueError) as error:
        standardize_padding(padding, 2)
    assert hint in str(error.value).split("\n", 1)[1]
