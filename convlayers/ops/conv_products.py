"""How many products a convolution takes for each pair of a channel and a filter, directly and by Winograd's algorithm."""

import math

from convlayers import _native


def products_inside(problem):
    """The products of a convolution, but for those in the padding."""
    return problem.output_shape[0] * math.prod(_meetings(problem, axis) for axis in range(3))


def _meetings(problem, axis):
    """How many pairs of an output and a tap meet the input along a spatial axis."""
    outputs, size, stride = problem.output_shape[axis + 1], problem.input_shape[axis + 1], problem.strides[axis]
    offsets = (tap * problem.dilations[axis] - problem.pads[axis] for tap in range(problem.kernel_shape[axis]))
    return sum(
        max(min(outputs, math.ceil((size - offset) / stride)) - math.ceil(max(-offset, 0) / stride), 0) for offset in offsets
    )


def winograd_products(problem, direction):
    """The products of `conv_winograd`, and the numbers that their weight is transformed into."""
    products, weights = _winograd_slice(problem, direction)
    is_3x3 = problem.kernel_shape[1:3] == (3, 3) and problem.strides[1:] == problem.dilations[1:] == (1, 1)
    if direction == "backward_input" and is_3x3:  # computed from the tiles of either side
        products = min(products, _winograd_slice(problem, "forward")[0])
    return problem.output_shape[0] * _meetings(problem, 0) * products, problem.kernel_shape[0] * weights


def _winograd_slice(problem, direction):
    """Both for a slice of an image and of the kernel."""
    rows, columns = (_winograd_along(problem, direction, axis) for axis in (1, 2))
    return rows[0] * columns[0], rows[1] * columns[1]


def _winograd_along(problem, direction, axis):
    """Both for an axis. With strides, a gradient for the input is as many convolutions, each with some of the taps."""
    taps, stride, dilation = problem.kernel_shape[axis], problem.strides[axis], problem.dilations[axis]
    if direction == "backward_input":
        size, pad = problem.input_shape[axis + 1], problem.pads[axis]
        parts = [
            _divide_axis(len(range((phase + pad) % stride, taps, stride)), math.ceil((size - phase) / stride), 1, dilation)
            for phase in range(stride)
        ]
    else:
        parts = [_divide_axis(taps, problem.output_shape[axis + 1], stride, dilation)]
    return sum(tiles * products for tiles, products, _ in parts), sum(weights for *_, weights in parts)


def winograd_tiles(shape, taps=3, dilations=(1, 1, 1)):
    """The tiles that a slice of images of a shape is divided into, without strides, for kernels of taps x taps."""
    n, _, h, w, _ = shape
    return n * _divide_axis(taps, h, 1, dilations[1])[0] * _divide_axis(taps, w, 1, dilations[2])[0]


def _divide_axis(*description):
    """Asks the kernel, which is loaded now: it is nearly always the one that is chosen where this counts."""
    return _native.kernels("float32").conv_winograd.divide_axis(*description)
