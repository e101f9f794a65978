# Panels: the right operand of `multiply_tile`, NR numbers for each step of the depth.
from kernels.matmul_tile cimport NR
from kernels.real cimport VL, real, vec
from kernels.transpose cimport transpose_matrix


cdef inline void copy_columns(const real* source, Py_ssize_t depth_stride, Py_ssize_t column_stride, Py_ssize_t depth,
                              Py_ssize_t columns, const real* end, real* panel) noexcept nogil:
    """panel[p * NR + j] = source[p * depth_stride + j * column_stride], anything from j = columns on. One stride is 1.

    Columns that are missing are multiplied too, and dropped. So whole vectors are read, up to `end` of the array.
    """
    cdef Py_ssize_t p, j
    cdef const real* row
    if column_stride == 1:
        for p in range(depth):
            row = source + p * depth_stride
            if row + NR <= end:
                (<vec*>(panel + p * NR))[0] = (<const vec*>row)[0]
                (<vec*>(panel + p * NR + VL))[0] = (<const vec*>(row + VL))[0]
            else:
                for j in range(columns):
                    panel[p * NR + j] = row[j]
        return
    transpose_matrix(source, column_stride, panel, NR, columns, depth)
