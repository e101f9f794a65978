"""Layers as plain loops in float64: what the benchmarks' arithmetic and adapters are measured against."""

import itertools

import numpy as np


def windows(case):
    """Yields (output position, kernel position, input position or None on padding) for every tap of a layer."""
    for out in itertools.product(*map(range, case.output_size)):
        for tap in itertools.product(*map(range, case.window)):
            axes = zip(out, case.strides, tap, case.dilation, case.pads, case.size, strict=True)
            place = [o * stride + t * step - front for o, stride, t, step, (front, _), _ in axes]
            inside = all(0 <= position < length for position, length in zip(place, case.size, strict=True))
            yield out, tap, tuple(place) if inside else None


def parts(case):
    """Yields (output position, input position) for every pixel of the parts of an adaptive pooling."""
    for out in itertools.product(*map(range, case.output_size)):
        axes = zip(out, case.size, case.output_size, strict=True)
        ranges = [range(o * length // count, -(-(o + 1) * length // count)) for o, length, count in axes]
        for place in itertools.product(*ranges):
            yield out, place


def convolution(case):
    """Returns {what: array} of a convolution and its gradients, of all that the case's own arrays lead to."""
    x, kernel, bias, d_y = (array.astype("float64") for array in case.arrays("float32"))
    y = np.zeros(case.output_shape) + bias
    d_x, d_kernel = np.zeros_like(x), np.zeros_like(kernel)
    per_group, filters_per_group = case.channels // case.groups, case.filters // case.groups
    for out, tap, place in windows(case):
        if place is None:
            continue
        pixel, target = (slice(None), *place), (slice(None), *out)
        for group in range(case.groups):
            c = slice(group * per_group, (group + 1) * per_group)
            k = slice(group * filters_per_group, (group + 1) * filters_per_group)
            weights = kernel[(*tap, c)] if case.layer == "depthwise" else kernel[(*tap, slice(None), k)]
            y[(*target, k)] += x[(*pixel, c)] @ weights
            d_x[(*pixel, c)] += d_y[(*target, k)] @ weights.T
            d_weights = x[(*pixel, c)].T @ d_y[(*target, k)]
            if case.layer == "depthwise":
                d_kernel[(*tap, c)] += d_weights
            else:
                d_kernel[(*tap, slice(None), k)] += d_weights
    return {
        "output": y,
        "input gradient": d_x,
        "kernel gradient": d_kernel,
        "bias gradient": d_y.sum(axis=tuple(range(d_y.ndim - 1))),
    }


def transposed_convolution(case):
    """Returns {what: array} of a transposed convolution and its gradients."""
    x, kernel, bias, d_y = (array.astype("float64") for array in case.arrays("float32"))
    y = np.zeros(case.output_shape) + bias
    d_x, d_kernel = np.zeros_like(x), np.zeros_like(kernel)
    for pixel, tap, place in windows(case.back):
        if place is None:
            continue
        pixel, target = (slice(None), *pixel), (slice(None), *place)
        y[target] += x[pixel] @ kernel[tap].T
        d_x[pixel] += d_y[target] @ kernel[tap]
        d_kernel[tap] += d_y[target].T @ x[pixel]
    return {
        "output": y,
        "input gradient": d_x,
        "kernel gradient": d_kernel,
        "bias gradient": d_y.sum(axis=tuple(range(d_y.ndim - 1))),
    }


def pooling(case):
    """Returns {what: array} of a pooling and its gradient. Padding counts for nothing."""
    x, d_y = (case.arrays("float32")[part].astype("float64") for part in (0, 3))
    y, d_x = np.zeros(case.output_shape), np.zeros_like(x)
    places = {}
    for out, place in parts(case) if case.adaptive else ((out, place) for out, _, place in windows(case)):
        if place is not None:
            places.setdefault(out, []).append(place)
    for out, found in places.items():
        taps = np.stack([x[(slice(None), *place)] for place in found])
        d_out = d_y[(slice(None), *out)]
        if case.layer.endswith("max_pool"):
            y[(slice(None), *out)] = taps.max(axis=0)
            shares = taps.argmax(axis=0) == np.arange(len(found))[:, None, None]
        else:
            y[(slice(None), *out)] = taps.mean(axis=0)
            shares = np.full(taps.shape, 1 / len(found))
        for place, share in zip(found, shares, strict=True):
            d_x[(slice(None), *place)] += share * d_out
    return {"output": y, "input gradient": d_x}
