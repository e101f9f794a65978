"""How long convolution kernels take where channels or filters are few, for the choice between them.

In microseconds for 8192 outputs on one core with AVX-512 and tiles of bfloat16, as measured; only which is less counts. The
terms are: to begin with; for each number of the source that is read or split; for each output; for the arithmetic.
"""

import math
from typing import NamedTuple


def vectors_cost(problem, direction):
    """The time of the best kernel that multiplies each number of a window by vectors of filters."""
    taps, depth, columns = problem.taps, problem.depth(direction), problem.results(direction)
    vectors = math.ceil(columns / 16)
    if taps == 1 and direction != "backward_kernel":
        return 17 + 0.66 * depth + 1.2 * columns + 1.75 * depth * vectors
    # A single vector has to be loaded for half as many multiplications.
    one, several = (2.1, 1.85) if direction == "backward_kernel" else (1.9, 1.6)
    cost = 10 + 1.3 * depth + taps * depth * (one if vectors == 1 else several * vectors)
    if direction == "backward_input" and (depth > 32 or max(problem.strides) > 1):  # not by `conv_few`, which packs no windows
        cost += 0.5 * taps * depth + 2.5 * columns
    return cost


def pixels_cost(problem, direction):
    """The time of `conv_to_few`, whose vectors are pixels. As measured without tiles, on a CPU with half as fast vectors."""
    taps, depth, columns = problem.taps, problem.depth(direction), problem.results(direction)
    return 10 + 1.3 * depth + 1.2 * columns + taps * depth * (0.08 + 0.12 * columns)


def tiles_cost(problem, direction):
    """The time of `conv_bf16x3`, which reads windows in a split copy of the source (kernels/field.pxd)."""
    taps, depth, columns = problem.taps, problem.depth(direction), problem.results(direction)
    # Where only d has taps it takes the place of h, but not in the gradient for the kernel.
    exchanged = direction != "backward_kernel" and problem.kernel_shape[0] > problem.kernel_shape[1] == 1
    rows, neighbours = _along(problem, direction, 0 if exchanged else 1), _along(problem, direction, 2)
    places = rows.places * neighbours.places
    # Numbers of the copy for one of an output: a stride reads between the outputs too, but no more than the taps meet.
    copied = min(math.prod(problem.strides), taps) * rows.copies * neighbours.copies * depth
    if direction == "backward_kernel":
        # Pairs of pixels that are no whole vectors of channels take longer to put together.
        begin = 150 if depth % 16 == 0 else 250
        return begin + 2.2 * copied + 2 * columns + places * taps * 57 * _tiles(depth, 0.68) * _tiles(columns, 0.46)
    if taps == 1:
        # The tiles have no more than a pixel's numbers to do until they wait for the next ones, and for their results.
        return 3.2 * copied + 1.1 * columns + 2.4 * math.ceil(depth / 32) * 32 * _tiles(columns, 0.6)
    # Taps that are neighbours make one run of numbers, if nothing is between them.
    run = problem.kernel_shape[2] if problem.dilations[2] == neighbours.copies == 1 and depth % 64 else 1
    multiplied = places * taps // run * math.ceil(run * depth / 32) * 32
    # Rows of tiles that begin at odd places cross lines of the cache.
    crossing = 1 if depth % 8 == 0 else 1.15
    return 60 + 2 * copied + columns + crossing * multiplied * 1.6 * _tiles(columns, 0.6)


def _tiles(numbers, half):
    """How many tiles of 32 numbers, where up to 16 take the part `half` of the time."""
    whole, rest = divmod(numbers, 32)
    return whole + (half if 0 < rest <= 16 else rest > 16)


def has_copies_for_taps(problem, direction):
    """Whether tiles read a copy for each tap, as places between few outputs would be many."""
    return max(_along(problem, direction, axis).copies for axis in (1, 2)) > 1


class _Axis(NamedTuple):
    """What the copy has along an axis: places for each output, and copies, one for each tap where places would be many."""

    places: float
    copies: int


def _along(problem, direction, axis):
    taps, stride = problem.kernel_shape[axis], problem.strides[axis]
    outputs, size, front = problem.output_shape[axis + 1], problem.input_shape[axis + 1], problem.pads[axis]
    reach = (taps - 1) * problem.dilations[axis]
    if direction == "backward_input":
        if stride > 1:
            return _Axis(1, 1)
        outputs, size, front = size, outputs, reach - front
    met = outputs + reach // stride
    period = met if stride > 1 else max(outputs, min(front + size, met), met - front)
    apart = taps > 1 and 4 * outputs < 3 * period
    return _Axis(1, taps) if apart else _Axis(period / max(outputs, 1), 1)
