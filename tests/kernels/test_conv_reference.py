"""The reference convolution, which all others are tested against, against NumPy in float64 and PyTorch."""

from itertools import product

import numpy as np
import pytest

LINEAR, RELU = 0, 1
ALL = slice(None)
# input (d, h, w), taps, strides, dilations, pads in front, output (d, h, w), groups
GEOMETRIES = {
    "1x1": ((1, 4, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 4, 3), 1),
    "3x3_valid": ((1, 5, 6), (1, 3, 3), (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 3, 4), 1),
    "3x3_same": ((1, 5, 6), (1, 3, 3), (1, 1, 1), (1, 1, 1), (0, 1, 1), (1, 5, 6), 1),
    "2x4_more_padding_behind": ((1, 5, 6), (1, 2, 4), (1, 1, 1), (1, 1, 1), (0, 0, 1), (1, 5, 6), 1),
    "3x2_strides": ((1, 8, 9), (1, 3, 2), (1, 2, 3), (1, 1, 1), (0, 1, 0), (1, 4, 3), 1),
    "inputs_that_no_output_sees": ((1, 7, 7), (1, 1, 2), (1, 3, 4), (1, 1, 1), (0, 0, 0), (1, 3, 2), 1),
    "dilation": ((1, 7, 9), (1, 3, 2), (1, 1, 1), (1, 2, 3), (0, 2, 1), (1, 7, 8), 1),
    "dilation_and_strides": ((1, 9, 9), (1, 3, 3), (1, 2, 3), (1, 2, 2), (0, 2, 1), (1, 5, 3), 1),
    "groups": ((1, 5, 4), (1, 3, 2), (1, 2, 1), (1, 1, 1), (0, 1, 0), (1, 3, 3), 3),
    "padding_beyond_the_kernel": ((1, 3, 3), (1, 2, 2), (1, 1, 1), (1, 1, 1), (0, 3, 3), (1, 8, 8), 1),
    "1d": ((1, 1, 11), (1, 1, 4), (1, 1, 2), (1, 1, 1), (0, 0, 1), (1, 1, 5), 1),
    "3d_everything": ((5, 6, 7), (3, 2, 3), (2, 1, 2), (1, 2, 1), (1, 1, 0), (3, 6, 3), 2),
}


@pytest.fixture(params=GEOMETRIES.values(), ids=GEOMETRIES.keys())
def geometry(request):
    return request.param


def arrays(native, geometry, batch=2, channels=2, filters=3):
    """x, kernel, bias and d_y, with `channels` and `filters` for each group."""
    inputs, taps, _, _, _, outputs, groups = geometry
    rng = np.random.default_rng(0)
    shapes = (
        (batch, *inputs, channels * groups),
        (*taps, channels, filters * groups),
        (filters * groups,),
        (batch, *outputs, filters * groups),
    )
    return [native.array(rng.normal(size=shape)) for shape in shapes]


def meetings(geometry):
    """Yields each tap, each output and the input that they meet at; not where that is padding."""
    inputs, taps, strides, dilations, pads, outputs, _ = geometry
    for tap, output in product(np.ndindex(taps), np.ndindex(outputs)):
        place = np.multiply(output, strides) - pads + np.multiply(tap, dilations)
        if np.all(place >= 0) and np.all(place < inputs):
            yield tap, output, tuple(place)


def channels_of(group, groups, array):
    """The channels (on the last axis) that belong to a group."""
    size = array.shape[-1] // groups
    return slice(group * size, (group + 1) * size)


def convolve(x, kernel, bias, geometry):
    """Returns y, and a function that returns the gradients for x and kernel: the same loop the other way."""
    groups = geometry[-1]
    y = np.zeros((len(x), *geometry[-2], kernel.shape[-1])) + bias
    for tap, output, place in meetings(geometry):
        for group in range(groups):
            seen, made = channels_of(group, groups, x), channels_of(group, groups, kernel)
            y[(ALL, *output, made)] += x[(ALL, *place, seen)].astype("float64") @ kernel[(*tap, ALL, made)]

    def backward(d_y):
        d_x, d_kernel = np.zeros(x.shape), np.zeros(kernel.shape)
        for tap, output, place in meetings(geometry):
            for group in range(groups):
                seen, made = channels_of(group, groups, x), channels_of(group, groups, kernel)
                d = d_y[(ALL, *output, made)].astype("float64")
                d_x[(ALL, *place, seen)] += d @ kernel[(*tap, ALL, made)].T
                d_kernel[(*tap, ALL, made)] += x[(ALL, *place, seen)].T @ d
        return d_x, d_kernel

    return y, backward


@pytest.fixture
def tolerance(native):
    """One rounding of a sum in double."""
    return {"rtol": max(native.epsilon, 1e-13), "atol": 1e-13}


def test_forward(native, geometry, tolerance):
    x, kernel, bias, d_y = arrays(native, geometry)
    expected, _ = convolve(x, kernel, bias, geometry)
    y = native.empty(d_y.shape)
    native.conv_reference.conv_reference_forward(x, kernel, bias, y, *geometry[2:5], geometry[-1], LINEAR)
    np.testing.assert_allclose(y, expected, **tolerance)
    native.conv_reference.conv_reference_forward(x, kernel, None, y, *geometry[2:5], geometry[-1], LINEAR)
    np.testing.assert_allclose(y, expected - bias, **tolerance)
    native.conv_reference.conv_reference_forward(x, kernel, bias, y, *geometry[2:5], geometry[-1], RELU)
    np.testing.assert_allclose(y, np.maximum(expected, 0), **tolerance)


def test_backward(native, geometry, tolerance):
    x, kernel, bias, d_y = arrays(native, geometry)
    expected_d_x, expected_d_kernel = convolve(x, kernel, bias, geometry)[1](d_y)
    settings = (*geometry[2:5], geometry[-1])
    d_x, d_kernel, d_bias = native.empty(x.shape), native.empty(kernel.shape), native.empty(bias.shape)
    native.conv_reference.conv_reference_backward_input(d_y, kernel, d_x, *settings)
    native.conv_reference.conv_reference_backward_kernel(x, d_y, d_kernel, *settings)
    native.conv_reference.conv_reference_backward_bias(d_y, d_bias)
    np.testing.assert_allclose(d_x, expected_d_x, **tolerance)
    np.testing.assert_allclose(d_kernel, expected_d_kernel, **tolerance)
    np.testing.assert_allclose(d_bias, d_y.astype("float64").sum(axis=(0, 1, 2, 3)), **tolerance)


@pytest.mark.parametrize("name", ["3x3_same", "dilation_and_strides", "groups", "padding_beyond_the_kernel"])
def test_same_results_as_torch(native, name):
    torch = pytest.importorskip("torch")
    geometry = GEOMETRIES[name]
    inputs, taps, strides, dilations, pads, _, groups = geometry
    spans = [i + 2 * p - d * (t - 1) - 1 for i, p, d, t in zip(inputs, pads, dilations, taps, strict=True)]
    outputs = tuple(span // s + 1 for span, s in zip(spans, strides, strict=True))  # PyTorch pads both sides alike
    x, kernel, bias, d_y = arrays(native, (*geometry[:5], outputs, groups))
    channels_first = [np.moveaxis(x, -1, 1), kernel.transpose(4, 3, 0, 1, 2), bias]
    peers = [torch.tensor(array.copy(), requires_grad=True) for array in channels_first]
    peer_y = torch.nn.functional.conv3d(*peers, strides, pads, dilations, groups)
    peer_y.backward(torch.tensor(np.moveaxis(d_y, -1, 1).copy()))
    y, d_x, d_kernel = native.empty(d_y.shape), native.empty(x.shape), native.empty(kernel.shape)
    native.conv_reference.conv_reference_forward(x, kernel, bias, y, strides, dilations, pads, groups, LINEAR)
    native.conv_reference.conv_reference_backward_input(d_y, kernel, d_x, strides, dilations, pads, groups)
    native.conv_reference.conv_reference_backward_kernel(x, d_y, d_kernel, strides, dilations, pads, groups)
    tolerance = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(y, np.moveaxis(peer_y.detach().numpy(), 1, -1), **tolerance)
    np.testing.assert_allclose(d_x, np.moveaxis(peers[0].grad.numpy(), 1, -1), **tolerance)
    np.testing.assert_allclose(d_kernel, peers[1].grad.numpy().transpose(2, 3, 4, 1, 0), **tolerance)


def test_sums_are_in_double(native):
    """A sum in float32 would lose all of the small numbers."""
    x = native.array(np.r_[2.0**25, np.ones(1024), -(2.0**25)]).reshape(1, 1, 1, 1, -1)
    kernel, y = native.array(np.ones((1, 1, 1, x.size, 1))), native.empty((1, 1, 1, 1, 1))
    ones = (1, 1, 1)
    native.conv_reference.conv_reference_forward(x, kernel, None, y, ones, ones, (0, 0, 0), 1, LINEAR)
    assert y.item() == 1024


@pytest.mark.parametrize("batch", [0, 1])
def test_empty_batch(native, batch):
    geometry = GEOMETRIES["3x3_same"]
    x, kernel, bias, d_y = arrays(native, geometry, batch)
    y, d_x, d_kernel, d_bias = (native.empty(array.shape) for array in (d_y, x, kernel, bias))
    settings = (*geometry[2:5], 1)
    native.conv_reference.conv_reference_forward(x, kernel, bias, y, *settings, LINEAR)
    native.conv_reference.conv_reference_backward_input(d_y, kernel, d_x, *settings)
    native.conv_reference.conv_reference_backward_kernel(x, d_y, d_kernel, *settings)
    native.conv_reference.conv_reference_backward_bias(d_y, d_bias)
    assert np.any(d_kernel) == np.any(d_bias) == (batch > 0)
