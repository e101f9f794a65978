"""Rectifiers with a slope for each channel against NumPy in long double."""

import numpy as np
import pytest

from tests.kernels.channel_arrays import SHAPES, numbers, vectors


class Rectifier:
    """The rectifier of a matrix, by the kernel. x has some zeros."""

    def __init__(self, native, shape):
        self.native = native
        x, self.d_y = numbers(native, shape, mean=0.0)
        self.x = native.array(np.where(np.arange(x.size).reshape(shape) % 5 == 3, 0, x))
        self.slopes, _ = vectors(native, shape[1])

    def forward(self, y):
        self.native.channels.prelu_forward(self.x, self.slopes, y)
        return y

    def backward(self, d_y, d_x):
        d_slopes = self.native.empty(len(self.slopes))
        self.native.channels.prelu_backward(self.x, self.slopes, d_y, d_x, d_slopes)
        return d_x, d_slopes


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_and_backward(native, shape):
    case = Rectifier(native, shape)
    x, d_y, slopes = (array.astype(np.longdouble) for array in (case.x, case.d_y, case.slopes))
    y = case.forward(native.empty(shape))
    d_x, d_slopes = case.backward(case.d_y, native.empty(shape))
    np.testing.assert_allclose(y, np.where(x > 0, x, x * slopes), rtol=2 * native.epsilon)
    np.testing.assert_allclose(d_x, d_y * np.where(x > 0, 1, np.where(x < 0, slopes, 0)), rtol=2 * native.epsilon)
    terms = d_y * np.minimum(x, 0)
    error = np.abs(d_slopes - terms.sum(axis=0))
    assert (error <= 100 * native.epsilon * np.maximum(np.abs(terms).sum(axis=0), 1e-30)).all()


def test_in_place(native):
    case = Rectifier(native, (130, 33))
    d_x, d_slopes = case.backward(case.d_y, native.empty((130, 33)))
    gradients = case.d_y.copy()
    in_place = case.backward(gradients, gradients)
    np.testing.assert_array_equal(in_place[0], d_x)
    np.testing.assert_array_equal(in_place[1], d_slopes)


def test_same_results_for_any_number_of_threads(native, threads):
    case = Rectifier(native, (20_000, 40))
    results = []
    for count in (1, 3):
        with threads(count):
            results.append([case.forward(native.empty(case.x.shape)), *case.backward(case.d_y, native.empty(case.x.shape))])
    for one, several in zip(*results, strict=True):
        np.testing.assert_array_equal(one, several)
