"""Products of many small matrices, which a kernel computes, and of all others, which NumPy does."""

import numpy as np
import pytest

from convlayers import _native, ops
from convlayers.autograd import Tape
from convlayers.ops.linear import batch_dot


def draw(*shapes):
    random = np.random.default_rng(0)
    return [random.normal(size=shape) for shape in shapes]


# Many small ones; then few, large, broadcast and narrow ones.
@pytest.mark.parametrize(
    ("a_shape", "b_shape"),
    [
        ((99, 40, 64), (99, 64, 48)),
        ((2, 8, 8), (2, 8, 8)),
        ((8, 128, 128), (8, 128, 130)),
        ((99, 32, 64), (1, 64, 32)),
        ((99, 200, 64), (99, 64, 2)),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_products(a_shape, b_shape, dtype):
    a, b = (np.round(10 * x).astype(dtype) for x in draw(a_shape, b_shape))
    expected = np.einsum("nij,njk->nik", a.astype("float64"), np.broadcast_to(b, (len(a), *b_shape[1:])).astype("float64"))
    gaps = np.repeat(a, 2, axis=2)[:, :, ::2]
    for left in (a, gaps, a.swapaxes(1, 2).copy().swapaxes(1, 2)):
        for right in (b, b.swapaxes(1, 2).copy().swapaxes(1, 2)):
            # Sums of such integers are exact.
            np.testing.assert_array_equal(ops.matmul(left, right), expected)


def test_same_results_for_any_number_of_threads(threads):
    a, b = draw((99, 40, 64), (99, 64, 48))
    results = []
    for count in (1, 2, 4):
        with threads(count):
            assert _native.runtime.threads() == count
            results.append(ops.matmul(a, b))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


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
