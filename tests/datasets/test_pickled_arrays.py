"""Arrays come out of pickles whole, and nothing else does, nor any memory that the pickle does not fill."""

import io
import pickle
import pickletools

import numpy as np
import pytest

from convlayers.datasets.pickled_arrays import ArrayUnpickler

ARRAYS = {
    "numbers": np.arange(6.0).reshape(2, 3),
    "columns first": np.asfortranarray(np.ones((3, 2), "float32")),
    "the highest byte first": np.arange(3, dtype=">i2"),
    "no axes": np.array(5),
    "texts": np.array(["a", "bc"]),
    "lists": np.array([[1, 2], [3]], dtype=object),
    "arrays": np.array([np.ones(2), np.ones(3)], dtype=object),
}


def unpickle(content):
    return ArrayUnpickler(io.BytesIO(content)).load()


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_arrays(array, protocol):
    found = unpickle(pickle.dumps(array, protocol))
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.shape == array.shape
    assert all(np.array_equal(a, b) for a, b in zip(found.ravel(), array.ravel(), strict=True))


def test_lists_and_dicts_of_arrays():
    found = unpickle(pickle.dumps([{"a": np.ones(2)}, 3, "b"], 4))
    assert found[0]["a"].tolist() == [1, 1]
    assert found[1:] == [3, "b"]


# As many elements as no machine has memory for, and no more than a few bytes of them.
MANY = 0x70000000
HUGE = {
    "bytes that can be changed": pickle.BYTEARRAY8 + (MANY << 8).to_bytes(8, "little") + b"abc.",
    "an array": b"cnumpy\nndarray\n(J" + MANY.to_bytes(4, "little") + b"tR.",
    "an array of objects": pickle.dumps(np.array([[1], [2, 3]], dtype=object), 3).replace(
        b"K\x02\x85", b"J" + MANY.to_bytes(4, "little") + b"\x85"
    ),
}


@pytest.mark.parametrize("content", HUGE.values(), ids=HUGE)
def test_what_says_that_it_is_huge_is_refused(content):
    with pytest.raises((pickle.UnpicklingError, KeyError, TypeError)):
        unpickle(content)


def test_an_array_begins_empty():
    content = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(J" + MANY.to_bytes(4, "little") + b"tS'O'\ntR."
    assert [opcode.name for opcode, _, _ in pickletools.genops(content)].count("GLOBAL") == 2
    assert unpickle(content).shape == (0,)


def test_parts_with_names_are_refused():
    content = pickle.dumps(np.zeros(2, [("a", "f4")]), 4)
    with pytest.raises(pickle.UnpicklingError, match="Expected an array of numbers"):
        unpickle(content)
