"""Products of many small matrices, which are computed some at a time where the second ones are transposed."""

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.ops import linear
from convlayers.ops.linear import batch_dot


@pytest.fixture
def copied_at_once(monkeypatch):
    """Lists how many matrices were copied at once."""
    counts = []

    def contiguous(x):
        counts.append(len(x))
        return np.ascontiguousarray(x)

    monkeypatch.setattr(linear, "contiguous", contiguous)
    return counts


def draw(*shapes):
    random = np.random.default_rng(0)
    return [random.normal(size=shape) for shape in shapes]


def test_transposed_matrices_are_copied_some_at_a_time(copied_at_once):
    a, b = draw((99, 40, 64), (99, 48, 64))
    np.testing.assert_allclose(ops.matmul(a, b.swapaxes(1, 2)), np.einsum("nij,nkj->nik", a, b), rtol=1e-12, atol=1e-12)
    assert len(copied_at_once) > 1 and sum(copied_at_once) == 99


@pytest.mark.parametrize("shapes", [((2, 8, 8), (2, 8, 8)), ((8, 128, 128), (8, 128, 128)), ((99, 32, 32), (1, 32, 32))])
def test_few_large_and_broadcast_ones_are_not(copied_at_once, shapes):
    a, b = draw(*shapes)
    expected = np.einsum("nij,nkj->nik", a, np.broadcast_to(b, (len(a), *b.shape[1:])))
    np.testing.assert_allclose(ops.matmul(a, b.swapaxes(1, 2)), expected, rtol=1e-12, atol=1e-12)
    assert not copied_at_once


# The letters of each array's axes: the batch is n, the axis that is summed s.
@pytest.mark.parametrize(
    "letters", ["nas,nbs", "nsa,nbs", "nas,nsb", "nsa,nsb", "nacs,nbs", "nsac,nbsd", "ns,nbs", "ns,ns", "nas,ns"]
)
@pytest.mark.parametrize("batch", [3, 0, 700])
def test_batch_dot_and_its_gradients(letters, batch):
    lengths = {"n": batch, "a": 16, "b": 9, "c": 2, "d": 3, "s": 24}
    names = letters.split(",")
    xs = draw(*([lengths[letter] for letter in name] for name in names))
    kept = "n" + "".join(letter for name in names for letter in name if letter not in "ns")
    with Tape() as tape:
        watched = [tape.watch(x) for x in xs]
        y = batch_dot(*watched, *(name.index("s") for name in names))
    np.testing.assert_allclose(y.value, np.einsum(f"{letters}->{kept}", *xs), rtol=1e-12, atol=1e-12)
    (d_y,) = draw(y.shape)
    d_xs = tape.backward([y], [d_y], watched)
    for name, other, x, d_x in zip(names, reversed(names), reversed(xs), d_xs, strict=True):
        np.testing.assert_allclose(d_x, np.einsum(f"{kept},{other}->{name}", d_y, x), rtol=1e-12, atol=1e-12)
