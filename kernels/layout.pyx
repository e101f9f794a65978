# Between channels first and channels last: the transposition of each of several matrices. And windows put side by side.
#
# Design:
# a) x is (n, rows, columns) and y is (n, columns, rows), both contiguous.
# b) A task is a block of a strip: up to STRIP numbers of the shorter axis, BLOCK of the longer one. Within it, tiles. Where the
#    prefetchers of the CPU follow rows, they can't follow so many. Where they follow none, a strip is one line of the cache wide
#    and blocks are long, so that what is read goes on where it was, and short rows of x are read as a whole. Each tile asks for
#    its part of the next block, unless this is likely to be in L2; where prefetchers follow rows, for that of y as well.
# c) Where they follow none, large results go around the caches. If rows of y are no whole lines of it, these would be written
#    in pieces, each of which brings the line: a band of y is put together in memory that stays in L2, and leaves as a whole.
# d) Where the shorter axis has fewer numbers than a vector, as the colors of images, pixels are put together from planes, and
#    back (interleave.pxd).
# e) Windows come one behind the other, each with its own rows; in the image a row goes through many windows. What lies
#    together in both, a row of a window, is copied at once.
# f) Blocks are the parallel work, and rows of windows. Each number is moved once: no result depends on the division.
from cython.parallel cimport parallel, prange
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy

from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.around cimport carry_around, go_around
from kernels.interleave cimport Picks, describe_picks, interleave, separate
from kernels.parallel cimport threads_for
from kernels.prefetch cimport LINE, end_stores_around, prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_around, transpose_tile

cdef enum:
    STRIP = 256  # where prefetchers follow rows
    BLOCK = 32
    LONG_BLOCK = 128  # where they do not
    SHORT = 256  # numbers of a row that is read as a whole there
    BAND = 1 << 14  # numbers of whole rows of y
    PIXELS = 1024  # of a task, with few numbers each
    NEAR = 1 << 18  # numbers that are likely to be in L2, before and after


cdef inline Py_ssize_t parts_of(Py_ssize_t length, Py_ssize_t part) noexcept nogil:
    """Into how many parts an axis is divided. What would not fill a vector belongs to the last one."""
    return max((length + part - VL) // part, <Py_ssize_t>1)


cdef inline Py_ssize_t end_of_part(Py_ssize_t length, Py_ssize_t part, Py_ssize_t first) noexcept nogil:
    return length if first + part + VL > length else first + part


cdef inline void ask_for_tile(const real* x, Py_ssize_t x_row) noexcept nogil:
    cdef Py_ssize_t row
    for row in range(VL):
        prefetch_for_reading(x + row * x_row)


cdef inline void transpose_block(
    const real* x, Py_ssize_t x_row, real* y, Py_ssize_t y_row, Py_ssize_t rows, Py_ssize_t columns, bint along,
    Py_ssize_t x_ahead, Py_ssize_t y_ahead
) noexcept nogil:
    """Tile after tile, along the rows of x or down. The next block is so far away, in x and y; 0 if it is not asked for."""
    cdef Py_ssize_t tiles_down = (rows + VL - 1) // VL, tiles_along = (columns + VL - 1) // VL
    cdef Py_ssize_t tile, i, j, row
    for tile in range(tiles_down * tiles_along):
        i = min((tile // tiles_along if along else tile % tiles_down) * VL, rows - VL)
        j = min((tile % tiles_along if along else tile // tiles_down) * VL, columns - VL)
        transpose_tile(x + i * x_row + j, x_row, y + j * y_row + i, y_row)
        if x_ahead and j % LINE < VL:
            ask_for_tile(x + i * x_row + j + x_ahead, x_row)
        for row in range(VL if y_ahead and i % LINE < VL else 0):
            prefetch_for_writing(y + (j + row) * y_row + i + y_ahead)


cdef inline void transpose_block_around(
    const real* x, Py_ssize_t x_row, real* y, Py_ssize_t y_row, Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t x_ahead
) noexcept nogil:
    cdef Py_ssize_t row, tile, part, i, j
    for row in range(rows // LINE):
        for tile in range((columns + VL - 1) // VL):
            i, j = row * LINE, min(tile * VL, columns - VL)
            transpose_around(x + i * x_row + j, x_row, y + j * y_row + i, y_row)
            for part in range(LINE // VL if j % LINE < VL else 0):
                ask_for_tile(x + (i + part * VL) * x_row + j + x_ahead, x_row)


cdef inline void transpose_band(
    const real* x, Py_ssize_t x_row, real* y, Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t x_ahead
) noexcept nogil:
    """Makes some whole rows of y, around the caches if there is memory to put them together."""
    cdef real* band = <real*>scratch_take(rows * columns * sizeof(real))
    transpose_block(x, x_row, y if band == NULL else band, rows, rows, columns, True, x_ahead, 0)
    if band != NULL:
        carry_around(band, y, rows * columns)
    scratch_give(band)


cdef void transpose_bands(const real[:, :, ::1] x, real[:, :, ::1] y) noexcept nogil:
    cdef Py_ssize_t n = x.shape[0], rows = x.shape[1], columns = x.shape[2]
    cdef Py_ssize_t width = BAND // rows // LINE * LINE, across = parts_of(columns, width)
    cdef Py_ssize_t task, image, j
    with parallel(num_threads=threads_for(n * rows * columns)):
        for task in prange(n * across, schedule="static"):
            image, j = task // across, task % across * width
            transpose_band(&x[image, 0, j], columns, &y[image, j, 0], rows, end_of_part(columns, width, j) - j, width)
        end_stores_around()


cdef void transpose_blocks(const real[:, :, ::1] x, real[:, :, ::1] y, bint around) noexcept nogil:
    cdef Py_ssize_t n = x.shape[0], rows = x.shape[1], columns = x.shape[2]
    cdef bint follow = prefetchers_follow_rows(), asks = n * rows * columns > NEAR
    cdef bint whole = not follow and columns <= SHORT, along = rows <= columns and not whole
    cdef Py_ssize_t strip = STRIP if follow else LINE, block = BLOCK if follow else LONG_BLOCK
    cdef Py_ssize_t height = strip if along else block, width = columns if whole else block if along else strip
    cdef Py_ssize_t down = parts_of(rows, height), across = parts_of(columns, width)
    cdef Py_ssize_t below = 0 if along else height, beside = width if along else 0  # the next block
    cdef Py_ssize_t x_ahead = below * columns + beside if asks else 0, y_ahead = beside * rows + below if asks and follow else 0
    cdef Py_ssize_t task, image, i, j, i_count, j_count
    with parallel(num_threads=threads_for(n * rows * columns)):
        for task in prange(n * down * across, schedule="static"):
            image = task // (down * across)
            i = (task // across % down if along else task % down) * height
            j = (task % across if along else task // down % across) * width
            i_count, j_count = end_of_part(rows, height, i) - i, end_of_part(columns, width, j) - j
            if around:
                transpose_block_around(&x[image, i, j], columns, &y[image, j, i], rows, i_count, j_count, x_ahead)
            else:
                transpose_block(
                    &x[image, i, j], columns, &y[image, j, i], rows, i_count, j_count, along or whole, x_ahead, y_ahead
                )
        end_stores_around()


cdef void transpose_tiles(const real[:, :, ::1] x, real[:, :, ::1] y) noexcept nogil:
    """Around the caches, where whoever reads y next makes as many results of it, as a rule: these arrays are half of all."""
    cdef Py_ssize_t rows = x.shape[1]
    cdef bint around = not prefetchers_follow_rows() and go_around(4.0 * x.shape[0] * rows * x.shape[2])
    cdef bint fills_lines = rows % LINE == 0 and <uintptr_t>&y[0, 0, 0] % (LINE * sizeof(real)) == 0
    if around and not fills_lines and rows * LINE <= BAND:
        transpose_bands(x, y)
    else:
        transpose_blocks(x, y, around and fills_lines)


cdef inline void transpose_pixels(
    const Picks* picks, int count, bint together, const real* x, real* y, Py_ssize_t first, Py_ssize_t end, Py_ssize_t plane
) noexcept nogil:
    """So many of an image's pixels, which have `count` numbers each: put together from planes, or separated."""
    if together:
        interleave(picks, count, x + first, plane, y + first * count, end - first)
    else:
        separate(picks, count, x + first * count, y + first, plane, end - first)


cdef void transpose_all_pixels(const real[:, :, ::1] x, real[:, :, ::1] y) noexcept nogil:
    cdef Py_ssize_t n = x.shape[0], rows = x.shape[1], columns = x.shape[2], plane = max(rows, columns)
    cdef Py_ssize_t parts = (plane + PIXELS - 1) // PIXELS, task, image, first, end
    cdef bint together = rows <= columns
    cdef int count = <int>min(rows, columns)
    cdef Picks picks
    describe_picks(&picks, count, together)
    for task in prange(n * parts, schedule="static", num_threads=threads_for(n * rows * columns)):
        image, first = task // parts, task % parts * PIXELS
        end = min(first + PIXELS, plane)
        if count == 3:  # as a constant
            transpose_pixels(&picks, 3, together, &x[image, 0, 0], &y[image, 0, 0], first, end, plane)
        else:
            transpose_pixels(&picks, count, together, &x[image, 0, 0], &y[image, 0, 0], first, end, plane)


def transpose(const real[:, :, ::1] x, real[:, :, ::1] y):
    """y[n, j, i] = x[n, i, j]"""
    if x.shape[0] * x.shape[1] * x.shape[2] == 0:
        return
    with nogil:
        if min(x.shape[1], x.shape[2]) < VL:
            transpose_all_pixels(x, y)
        else:
            transpose_tiles(x, y)


cdef inline void place_row_of_windows(
    const real* windows, real* y, Py_ssize_t ow, Py_ssize_t kd, Py_ssize_t kh, Py_ssize_t row, Py_ssize_t plane
) noexcept nogil:
    """Puts `ow` windows of kd x kh rows side by side, `plane` numbers from one plane of `y` to the next."""
    cdef Py_ssize_t window, d, h
    for d in range(kd):
        for h in range(kh):
            for window in range(ow):
                memcpy(
                    y + d * plane + (h * ow + window) * row,
                    windows + ((window * kd + d) * kh + h) * row,
                    row * sizeof(real),
                )


def place_windows(const real[:, :, :, :, :, ::1] windows, real[:, :, :, :, :, ::1] y):
    """y[n, d, i, h, j, row] = windows[n, i, j, d, h, row]: window (i, j) of plane n has rows at (d, h)"""
    cdef Py_ssize_t n = windows.shape[0], oh = windows.shape[1], ow = windows.shape[2], task
    cdef Py_ssize_t kd = windows.shape[3], kh = windows.shape[4], row = windows.shape[5]
    cdef Py_ssize_t size = ow * kd * kh * row  # of a row of windows
    if n * oh * size == 0:
        return
    for task in prange(n * oh, nogil=True, schedule="static", num_threads=threads_for(n * oh * size)):
        place_row_of_windows(
            &windows[0, 0, 0, 0, 0, 0] + task * size,
            &y[0, 0, 0, 0, 0, 0] + task // oh * oh * size + task % oh * (kh * ow * row),
            ow, kd, kh, row, oh * kh * ow * row,
        )
