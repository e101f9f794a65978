# Planes, as those of "channels_first", put together to pixels while a depthwise convolution reads them. For conv_depthwise.pyx.
#
# Design:
# a) To transpose all images first writes a copy and reads it again, and an array more may find no room in the last-level cache. So
#    the rows below a band are put together just before they are read, and stay in L2: those of a block of channels, a few lines
#    of the cache for each pixel. Results are written where they belong.
# b) Rows stay while bands further down read them. Where there is no room behind them, those that are still read move to the
#    beginning: no number is transposed twice.
# c) Rows come some at a time, and no short rest of an image is left: tiles of a transposition should be full (transpose.pxd).
# d) Where prefetchers do not follow rows, what comes next is asked for, VL planes at a time: further rows of the image, or the first
#    ones of the next image. Small planes come whole, and lie one behind the other.
from libc.string cimport memmove

from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.prefetch cimport LINE, ask_for_lines
from kernels.real cimport VL, real
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport ceil_div

cdef enum:
    SOME = 64             # pixels that come at a time, at least
    ROOM = 1 << 17        # bytes of the pixels of a block, which stay in L2
    WIDEST = 4            # lines of the cache for the channels of a block: narrower ones are written to in pieces

cdef struct Planes:
    const real* numbers              # of the first image and the first channel of the block
    Py_ssize_t image, plane          # from one to the next
    Py_ssize_t h, w, channels        # of the block
    bint asks                        # for what comes next
    real* pixels                     # (room, w, channels)
    Py_ssize_t room                  # rows
    Py_ssize_t more                  # rows that come at a time, at least
    Py_ssize_t n                     # the image whose rows are there
    Py_ssize_t first, end            # and which; the first is where pixels begin


cdef inline Planes describe_planes(const real[:, :, :, :, :] x) except *:
    """The planes of which x, (n, 1, h, w, channels), is a view."""
    cdef Py_ssize_t h = x.shape[2], w = x.shape[3], channels = x.shape[4], size = sizeof(real)
    if (
        x.shape[1] != 1 or x.strides[4] != h * w * size or (w > 1 and x.strides[3] != size) or (h > 1 and x.strides[2] != w * size)
        or (x.shape[0] > 1 and x.strides[0] != channels * h * w * size)
    ):
        raise ValueError("Expected images with channels last in memory, or without depth and with channels first.")
    return Planes(
        numbers=&x[0, 0, 0, 0, 0], image=channels * h * w, plane=h * w, h=h, w=w, channels=channels,
        asks=not prefetchers_follow_rows(), pixels=NULL, room=0, more=rows_at_once(w), n=-1, first=0, end=0,
    )


cdef inline Planes block_of(
    const Planes* planes, Py_ssize_t first, Py_ssize_t channels, Py_ssize_t rows, real* pixels
) noexcept nogil:
    """Some channels from one on, for bands that read so many rows. `pixels`: memory for them."""
    cdef Planes block = planes[0]
    block.numbers += first * block.plane
    block.channels = channels
    block.pixels = pixels
    block.room = room_for_rows(rows, block.w, channels)
    return block


cdef inline Py_ssize_t rows_at_once(Py_ssize_t w) noexcept nogil:
    return ceil_div(SOME, w)


cdef inline Py_ssize_t vectors_of_block(Py_ssize_t rows, Py_ssize_t w) noexcept nogil:
    """How wide a block is whose bands read so many rows. Two vectors at least: only the last of several may overlap another."""
    cdef Py_ssize_t bytes = (rows + 2 * rows_at_once(w)) * w * VL * sizeof(real)
    return max(min(ROOM // bytes, <Py_ssize_t>(WIDEST * LINE // VL)), <Py_ssize_t>2)


cdef inline Py_ssize_t room_for_rows(Py_ssize_t rows, Py_ssize_t w, Py_ssize_t channels) noexcept nogil:
    """How many rows there is room for, where bands read so many."""
    return max(rows + 2 * rows_at_once(w), ROOM // (w * channels * <Py_ssize_t>sizeof(real)))


cdef inline size_t bytes_of_rows(Py_ssize_t rows, Py_ssize_t w, Py_ssize_t channels) noexcept nogil:
    """How many bytes these rows take at most, of so many channels or fewer: of fewer, more rows may fill more of the room."""
    return max((rows + 2 * rows_at_once(w)) * w * channels * <Py_ssize_t>sizeof(real), <Py_ssize_t>ROOM)


cdef inline void ask_for_rows(const Planes* planes, const real* rows, Py_ssize_t count) noexcept nogil:
    """Asks for so many rows of VL planes, of which the first one is given."""
    cdef Py_ssize_t plane, lines = ceil_div(count * planes.w, LINE)
    if count == planes.h:
        ask_for_lines(rows, 0, lines * VL)
        return
    for plane in range(VL):
        ask_for_lines(rows + plane * planes.plane, 0, lines)


cdef inline void put_together(Planes* planes, Py_ssize_t end) noexcept nogil:
    """The rows up to there, behind those that are."""
    cdef Py_ssize_t row = planes.w * planes.channels, count = end - planes.end, v, first
    cdef const real* image = planes.numbers + planes.n * planes.image
    cdef real* pixels = planes.pixels + (planes.end - planes.first) * row
    cdef const real* following = image + (end * planes.w if end < planes.h else planes.image)
    cdef Py_ssize_t following_count = min(count, planes.h - end if end < planes.h else planes.h)
    for v in range(ceil_div(planes.channels, VL)):
        first = min(v * VL, planes.channels - VL)
        transpose_matrix(
            image + first * planes.plane + planes.end * planes.w, planes.plane, pixels + first, planes.channels, VL, count * planes.w
        )
        if planes.asks:
            ask_for_rows(planes, following + first * planes.plane, following_count)
    planes.end = end


cdef inline const real* bring_rows(Planes* planes, Py_ssize_t n, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Has these rows of an image at hand, and maybe more. Returns where its row 0 would be."""
    cdef Py_ssize_t row = planes.w * planes.channels, last = end + planes.more
    if n != planes.n or begin > planes.end:
        planes.n, planes.first, planes.end = n, begin, begin
    if end > planes.end:
        if planes.h - last < planes.more:
            last = planes.h
        if last - planes.first > planes.room:
            memmove(planes.pixels, planes.pixels + (begin - planes.first) * row, (planes.end - begin) * row * sizeof(real))
            planes.first = begin
        put_together(planes, last)
    return planes.pixels - planes.first * row
