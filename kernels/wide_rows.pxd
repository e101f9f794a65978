# A matrix of few columns, neighbouring rows of which are taken as one, so that they fill the vectors: the last of a row, too.
#
# Design: a power of two of them is taken together. The matrix need not have a multiple of that: its last row may be shorter.
from kernels.copy cimport copy
from kernels.real cimport VL, real

cdef enum:
    WIDE = 64  # numbers that fill a few vectors
    WIDEST = 512  # and so many that a part of one does not matter
    FEWEST = 16  # wide rows that are worth as many sums and coefficients

cdef struct WideRows:
    Py_ssize_t rows, width
    Py_ssize_t last  # numbers in the last row: at most `width`


cdef inline WideRows wide_rows(Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    """The shape of a matrix (rows, c) whose rows are taken together."""
    cdef Py_ssize_t repeats = 1, together
    while repeats < rows and (
        2 * repeats * c <= WIDE or (repeats * c % VL > 0 and repeats * c < WIDEST and repeats * FEWEST < rows)
    ):
        repeats *= 2
    together = (rows + repeats - 1) // repeats
    return WideRows(together, repeats * c, (rows - (together - 1) * repeats) * c)


cdef inline void repeat(real* numbers, Py_ssize_t c, Py_ssize_t width) noexcept nogil:
    """The first c numbers become those of all columns."""
    while c < width:
        copy(numbers, numbers + c, c)
        c *= 2
