# The products of transformed tiles with transformed kernels, for conv_winograd.pyx.
#
# Design:
# a) The register tile is that of matmul_tile.pxd, MR tiles by NR filters. Layers with many channels and filters often have few
#    tiles, 4, 9 or 16, so what remains of them takes one or two thirds or three quarters of MR rows: `rows` is literal in each
#    copy of the code.
# b) Each step asks for a vector of the tiles behind, which come from where the prefetchers of a CPU do not look, as a tile's
#    rows are short and many.
# c) Sums of SUMMED products are added to those before: rounding errors are half of those of one long sum, and less.
cimport kernels.inlined
from kernels.matmul_tile cimport NR
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport MR, VL, ZERO_VECTOR, real, vec

cdef enum:
    THIRD = MR // 3
    GROUP = MR // 4  # rows that are read from one address: there are too few registers for twelve
    SUMMED = 64    # products that are added up one by one


cdef inline void multiply_rows(const real* v, Py_ssize_t row, const real* u, Py_ssize_t depth, real* m, Py_ssize_t m_row,
                               bint accumulate, int rows) noexcept nogil:
    """m[i * m_row + j] = (m or 0) + sum over c of v[i * row + c] * u[c * NR + j], for so many rows i and NR columns j."""
    cdef vec total[MR][2]
    cdef vec line[2]
    cdef const real* group[MR]  # the addresses of every GROUP-th row
    cdef Py_ssize_t c
    cdef int i, j
    for i in range(MR // GROUP):
        group[i] = v + GROUP * i * row
    for i in range(rows):
        for j in range(2):
            total[i][j] = ZERO_VECTOR
    for c in range(depth):
        for j in range(2):
            line[j] = (<const vec*>(u + c * NR + j * VL))[0]
        prefetch_for_reading(v + rows * row + c * VL)
        for i in range(rows):
            for j in range(2):
                total[i][j] += line[j] * group[i // GROUP][i % GROUP * row]
        for i in range(MR // GROUP):
            group[i] += 1
    for i in range(rows):
        for j in range(2):
            if accumulate:
                total[i][j] += (<const vec*>(m + i * m_row + j * VL))[0]
            (<vec*>(m + i * m_row + j * VL))[0] = total[i][j]


cdef inline void multiply_tiles(Py_ssize_t tiles, const real* v, Py_ssize_t row, const real* u, Py_ssize_t depth, real* m,
                                Py_ssize_t m_row, bint accumulate) noexcept nogil:
    """m = v * u, or m += v * u, for a panel of NR filters. Tiles are counted up to a part of MR; those behind mean nothing."""
    cdef Py_ssize_t t = 0, c, part
    while t < tiles:
        c = 0
        while c < depth:
            part = min(depth - c, <Py_ssize_t>SUMMED)
            if tiles - t <= THIRD:
                multiply_rows(v + t * row + c, row, u + c * NR, part, m + t * m_row, m_row, accumulate or c > 0, THIRD)
            elif tiles - t <= 2 * THIRD:
                multiply_rows(v + t * row + c, row, u + c * NR, part, m + t * m_row, m_row, accumulate or c > 0, 2 * THIRD)
            elif tiles - t <= 3 * MR // 4:
                multiply_rows(v + t * row + c, row, u + c * NR, part, m + t * m_row, m_row, accumulate or c > 0, 3 * MR // 4)
            else:
                multiply_rows(v + t * row + c, row, u + c * NR, part, m + t * m_row, m_row, accumulate or c > 0, MR)
            c += part
        t += MR
