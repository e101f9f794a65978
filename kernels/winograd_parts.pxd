# The parts that a kernel is divided into for Winograd's algorithm (winograd.pxd), along an axis, and their tiles.
#
# Design:
# a) With a stride, a tile's outputs see every so many-th pixel through taps that are as far apart: these taps are a part of the
#    kernel, and the others are other parts. As each of them sees the image from another pixel on, they are added up like channels.
# b) A kernel that is longer than six points can take is divided into blocks of neighbours, too: seven taps are four and three.
# c) All parts have tiles of the same size. Taps that a part has less than others count as zeros: they are its last ones, so
#    its polynomial has no value at infinity, and what is multiplied there is left out.
from kernels.windows cimport Axis, ceil_div
from kernels.winograd cimport IN, LONGEST
from kernels.winograd_places cimport tiles_along

cdef struct Side:
    Axis axis
    int taps              # of a part
    int outputs           # of a tile
    int points            # of a transformed tile, and its inputs
    Py_ssize_t parts
    Py_ssize_t tap_step   # from one tap of a part to the next
    Py_ssize_t apart      # outputs, from one of a tile to the next
    Py_ssize_t distance   # source pixels, from one of a tile to the next
    Py_ssize_t tiles      # of the whole axis


cdef inline int taps_of_part(Py_ssize_t taps) noexcept nogil:
    """Of so many neighbours, or blocks of them: the number that takes the fewest multiplications."""
    if taps <= LONGEST:
        return <int>taps
    # An output takes 6 / 4 multiplications for a block of three taps, and 6 / 3 for one of four.
    return 3 if 3 * ceil_div(taps, 3) <= 4 * ceil_div(taps, 4) else 4


cdef inline Side side_of(Axis axis) noexcept nogil:
    """An axis without a dilation, or without a stride, which is no longer than the kernel."""
    cdef Side side
    side.axis = axis
    side.tap_step = axis.step
    side.apart = axis.spacing
    side.distance = axis.step * axis.spacing
    side.taps = taps_of_part(ceil_div(axis.taps, axis.step))
    side.points = IN if side.taps > 1 else 1
    side.outputs = side.points + 1 - side.taps
    side.parts = ceil_div(ceil_div(axis.taps, axis.step), side.taps) * axis.step
    side.tiles = tiles_along(axis.outputs, side.outputs, side.apart)
    return side


cdef inline Py_ssize_t tap_of_part(const Side* side, Py_ssize_t part) noexcept nogil:
    return part // side.tap_step * side.taps * side.tap_step + part % side.tap_step


cdef inline bint is_whole(const Side* side, Py_ssize_t part) noexcept nogil:
    """Whether a part has as many taps as others."""
    return tap_of_part(side, part) + (side.taps - 1) * side.tap_step < side.axis.taps


cdef inline Py_ssize_t source_of(const Side* side, Py_ssize_t output, Py_ssize_t part) noexcept nogil:
    """The first pixel that a tile with this first output sees through a part of the kernel."""
    return output * side.axis.step + side.axis.offset + tap_of_part(side, part) * side.axis.spacing
