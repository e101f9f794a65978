# Pooling by its definition: what pool.pyx and global_pool.pyx are tested against. Arguments and buffers are theirs.
#
# Design:
# a) `taps` says which inputs each output covers. Everything else is a loop over them.
# b) Sums are in double. There is one thread; gradients are added in the order of the outputs.
from itertools import product

import numpy as np

from libc.math cimport INFINITY

from kernels.real cimport real


def taps(x, y, windows):
    """Yields, for each output pixel, its place (d, h, w), the places of the inputs that it covers, and how many count."""
    axes = windows_of(x, y, windows)
    for place in product(*map(range, y.shape[1:4])):
        (d, d_size), (h, h_size), (w, w_size) = (axis[o] for axis, o in zip(axes, place))
        yield *place, list(product(d, h, w)), d_size * h_size * w_size


def windows_of(x, y, windows):
    """Returns, for each axis, what `covered` yields."""
    axes = zip(x.shape[1:4], y.shape[1:4], *(windows[:4] if windows else ()), (windows and windows[4]) or (None, None, None))
    return [list(covered(*axis)) for axis in axes]


def covered(inputs, outputs, *window):
    """Yields, for each output of an axis, the inputs that it covers, and how many places count for an average."""
    for o in range(outputs):
        if len(window) == 1:  # none of its own: parts as even as can be
            places = range(o * inputs // outputs, -(-(o + 1) * inputs // outputs))
            yield places, len(places)
        else:
            size, stride, pad, dilation, behind = window
            places = [o * stride - pad + tap * dilation for tap in range(size)]
            inside = [i for i in places if 0 <= i < inputs]
            counted = inside if behind is None else [i for i in places if i < inputs + behind]
            yield inside, max(len(counted), 1)


cdef bint is_maximum(real x, real y) noexcept nogil:
    return x == y or x != x


# Windows --------------------------------------------------------------------------------------------------------------


def max_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple windows):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    y[...] = -INFINITY
    for od, oh, ow, inputs, _ in taps(x, y, windows):
        for id, ih, iw in inputs:
            for n in range(y.shape[0]):
                for c in range(y.shape[4]):
                    if x[n, id, ih, iw, c] > y[n, od, oh, ow, c] or x[n, id, ih, iw, c] != x[n, id, ih, iw, c]:
                        y[n, od, oh, ow, c] = x[n, id, ih, iw, c]


def max_pool_with_places(
    const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, unsigned char[::1] places, int place_size, tuple windows
):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    noted = noted_places(places, place_size, y)
    max_pool_forward(x, y, windows)
    for (od, oh, ow), inputs in numbered_taps(x, y, windows):
        for n in range(y.shape[0]):
            for c in range(y.shape[4]):
                for place, (id, ih, iw) in inputs:
                    if is_maximum(x[n, id, ih, iw, c], y[n, od, oh, ow, c]):
                        noted[n, od, oh, ow, c] = place
                        break


def max_pool_backward(
    unsigned char[::1] places, int place_size, const real[:, :, :, :, ::1] d_y, real[:, :, :, :, ::1] d_x, tuple windows
):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    noted = noted_places(places, place_size, d_y)
    d_x[...] = 0
    for (od, oh, ow), inputs in numbered_taps(d_x, d_y, windows):
        for n in range(d_y.shape[0]):
            for c in range(d_y.shape[4]):
                for place, (id, ih, iw) in inputs:
                    if noted[n, od, oh, ow, c] == place:
                        d_x[n, id, ih, iw, c] += d_y[n, od, oh, ow, c]


def max_pool_indices(
    unsigned char[::1] places, int place_size, const real[:, :, :, :, ::1] x, long long[:, :, :, :, ::1] indices, tuple windows
):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    noted = noted_places(places, place_size, indices)
    indices[...] = -1
    for (od, oh, ow), inputs in numbered_taps(x, indices, windows):
        for n in range(x.shape[0]):
            for c in range(x.shape[4]):
                for place, (id, ih, iw) in inputs:
                    if noted[n, od, oh, ow, c] == place:
                        indices[n, od, oh, ow, c] = (id * x.shape[2] + ih) * x.shape[3] + iw


def noted_places(places, place_size, y):
    """Returns the places as an array of the shape of y: the same memory."""
    places = np.asarray(places).view(f"i{place_size}" if place_size > 1 else "u1")
    return places[: y.size].reshape(y.shape[:5])


def numbered_taps(x, y, windows):
    """Yields, for each output pixel, its place (d, h, w), and for each input that it covers the place in the box, and its own."""
    axes = windows_of(x, y, windows)
    reach = [max(max(inside) - min(inside) + 1 for inside, _ in axis if len(inside)) for axis in axes]
    for *place, inputs, _ in taps(x, y, windows):
        first = inputs[0] if inputs else None
        yield place, [(number_in_box([i - f for i, f in zip(tap, first)], reach), tap) for tap in inputs]


def number_in_box(place, reach):
    return (place[0] * reach[1] + place[1]) * reach[2] + place[2]


def average_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple windows):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    cdef double total, size
    for od, oh, ow, inputs, size in taps(x, y, windows):
        for n in range(y.shape[0]):
            for c in range(y.shape[4]):
                total = 0
                for id, ih, iw in inputs:
                    total += x[n, id, ih, iw, c]
                y[n, od, oh, ow, c] = <real>(total / size)


def average_pool_backward(const real[:, :, :, :, ::1] d_y, real[:, :, :, :, ::1] d_x, tuple windows):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    cdef double size
    d_x[...] = 0
    for od, oh, ow, inputs, size in taps(d_x, d_y, windows):
        for n in range(d_y.shape[0]):
            for c in range(d_y.shape[4]):
                for id, ih, iw in inputs:
                    d_x[n, id, ih, iw, c] += <real>(d_y[n, od, oh, ow, c] / size)


# All pixels -----------------------------------------------------------------------------------------------------------


def global_max_pool_forward(const real[:, :, ::1] x, real[:, ::1] y):
    cdef Py_ssize_t n, pixel, c
    y[...] = -INFINITY
    for n in range(x.shape[0]):
        for pixel in range(x.shape[1]):
            for c in range(x.shape[2]):
                if x[n, pixel, c] > y[n, c] or x[n, pixel, c] != x[n, pixel, c]:
                    y[n, c] = x[n, pixel, c]


def global_max_pool_backward(
    const real[:, :, ::1] x, const real[:, ::1] y, const real[:, ::1] d_y, real[:, :, ::1] d_x
):
    cdef Py_ssize_t n, pixel, c, maxima
    for n in range(x.shape[0]):
        for c in range(x.shape[2]):
            maxima = 0
            for pixel in range(x.shape[1]):
                maxima += is_maximum(x[n, pixel, c], y[n, c])
            for pixel in range(x.shape[1]):
                d_x[n, pixel, c] = d_y[n, c] / maxima if is_maximum(x[n, pixel, c], y[n, c]) else 0


def global_average_pool_forward(const real[:, :, ::1] x, real[:, ::1] y):
    cdef Py_ssize_t n, pixel, c
    cdef double total
    for n in range(x.shape[0]):
        for c in range(x.shape[2]):
            total = 0
            for pixel in range(x.shape[1]):
                total += x[n, pixel, c]
            y[n, c] = <real>(total / x.shape[1])


def global_average_pool_backward(const real[:, ::1] d_y, real[:, :, ::1] d_x):
    cdef Py_ssize_t n, pixel, c
    for n in range(d_x.shape[0]):
        for pixel in range(d_x.shape[1]):
            for c in range(d_x.shape[2]):
                d_x[n, pixel, c] = d_y[n, c] / d_x.shape[1]
