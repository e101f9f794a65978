# Between channels first and channels last: the transposition of each of several matrices. And windows put side by side.
#
# Design:
# a) x is (n, rows, columns) and y is (n, columns, rows), both contiguous.
# b) A task is a block of up to BLOCK x BLOCK numbers: its rows, in both matrices, stay in the first-level cache and their
#    pages in that of addresses, although they lie far apart. Within it, tiles.
# c) Windows come one behind the other, each with its own rows; in the image a row goes through many windows. What lies
#    together in both, a row of a window, is copied at once.
# d) Blocks are the parallel work, and rows of windows. Each number is moved once: no result depends on the division.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.transpose cimport transpose_matrix

cdef enum:
    BLOCK = 64


def transpose(const real[:, :, ::1] x, real[:, :, ::1] y):
    """y[n, j, i] = x[n, i, j]"""
    cdef Py_ssize_t n = x.shape[0], rows = x.shape[1], columns = x.shape[2]
    cdef Py_ssize_t down = (rows + BLOCK - 1) // BLOCK, along = (columns + BLOCK - 1) // BLOCK
    cdef Py_ssize_t task, image, i, j
    for task in prange(n * along * down, nogil=True, schedule="static", num_threads=threads_for(n * rows * columns)):
        image = task // (along * down)
        j = task // down % along * BLOCK
        i = task % down * BLOCK
        transpose_matrix(
            &x[image, i, j],
            columns,
            &y[image, j, i],
            rows,
            min(<Py_ssize_t>BLOCK, rows - i),
            min(<Py_ssize_t>BLOCK, columns - j),
        )


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
