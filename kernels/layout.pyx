# Between channels first and channels last: the transposition of each of several matrices.
#
# Design:
# a) x is (n, rows, columns) and y is (n, columns, rows), both contiguous.
# b) A task is a block of up to BLOCK x BLOCK numbers: its rows, in both matrices, stay in the first-level cache and their
#    pages in that of addresses, although they lie far apart. Within it, tiles.
# c) Blocks are the parallel work. Each number is moved once: no result depends on the division.
from cython.parallel cimport prange

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
