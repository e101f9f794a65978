# The register tile of a matrix product, the inner loop of every dense convolution.
#
# Design:
# a) MR rows by two vectors of columns of the result stay in registers while the depth runs: for each step of the depth, two
#    vectors of `b` are loaded, and each row multiplies them by one number of `a`, broadcast from memory.
# b) `a` is read at a[row * a_row + p * a_depth]. Callers pass 1 for one of the two strides, as a literal, so that each call is
#    compiled for its own direction: windows as rows (forward, gradient for the input) or as columns (gradient for the kernel).
# c) `b` is a panel: NR consecutive numbers for each step of the depth. Where columns are missing, their results mean nothing.
# d) Rows of the result lie anywhere; `c_row` says where.
# e) Where the columns of a panel end in its first vector, the second is left out: `vectors` is 1, as a literal too.
# f) Each step asks for one vector of the memory at `ahead`, which a later tile will read; NULL, as a literal, for none. Rows of
#    pixels that are read in place come from main memory as fast as they are used only if somebody asks all the time.
# g) What is added to earlier results is summed up by itself before: the larger a sum has grown, the more each step rounds off.
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport MR, VL, ZERO_VECTOR, real, vec

cdef extern from *:
    """
    #define NR (2 * VL)
    """
    enum:
        NR


cdef inline void multiply_tile(const real* a, Py_ssize_t a_row, Py_ssize_t a_depth, const real* b, Py_ssize_t depth,
                               real* c, const Py_ssize_t* c_row, bint accumulate, const real* start,
                               int vectors, const real* ahead) noexcept nogil:
    """c[c_row[i] + j] = (c or start[j] or 0) + sum over p of a[i, p] * b[p, j], for MR rows i and vectors * VL columns j."""
    cdef vec total[MR][2]
    cdef vec row[2]
    cdef Py_ssize_t p
    cdef int i, j
    for i in range(MR):
        for j in range(vectors):
            if start != NULL and not accumulate:
                total[i][j] = (<const vec*>(start + j * VL))[0]
            else:
                total[i][j] = ZERO_VECTOR
    for p in range(depth):
        for j in range(vectors):
            row[j] = (<const vec*>(b + p * NR + j * VL))[0]
        if ahead != NULL:
            prefetch_for_reading(ahead + p * VL)
        for i in range(MR):
            for j in range(vectors):
                total[i][j] += row[j] * a[i * a_row + p * a_depth]
    if accumulate:
        for i in range(MR):
            for j in range(vectors):
                total[i][j] += (<const vec*>(c + c_row[i] + j * VL))[0]
    for i in range(MR):
        for j in range(vectors):
            (<vec*>(c + c_row[i] + j * VL))[0] = total[i][j]
