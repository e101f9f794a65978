# Products of many small matrices, pair by pair.
#
# Design:
# a) y[n] = a[n] b[n], with a[n] of (rows, depth), b[n] of (depth, columns), all contiguous. Either may be stored transposed.
# b) Tiles of ROWS rows by up to COLUMNS vectors of columns (few_pixels_tiles.pxd) read both where they are: nothing is packed,
#    which would take as long as a small product. A transposed b is the exception, and one of less columns than a vector.
# c) Where columns are missing, the last tiles are moved back: what both write is the same.
# d) While a pair is multiplied, the next ones are asked for.
# e) Pairs are the parallel work, each computed by one thread, in one order: results are the same for any number of threads.
from cython.parallel cimport prange

from kernels.copy cimport copy
from kernels.few_pixels_tiles cimport COLUMNS, ROWS, Ahead, Product, memory_ahead, multiply_vectors
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport ceil_div

cdef struct Batch:
    const real* a
    const real* b
    real* y
    Py_ssize_t rows, depth, columns
    Py_ssize_t a_row, a_step
    bint b_transposed
    bint failed  # out of memory


cdef inline Py_ssize_t width_of_tile(Py_ssize_t columns, Py_ssize_t rest) noexcept nogil:
    """For so many columns that are left: COLUMNS, 2 or 1 vectors, which there is room for in all columns."""
    if rest > 2 * VL and columns >= COLUMNS * VL:
        return COLUMNS * VL
    return 2 * VL if rest > VL and columns >= 2 * VL else VL


cdef inline void multiply_tile(Product* product, Ahead* ahead, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    if width == COLUMNS * VL:
        multiply_vectors(product, ahead, rows, COLUMNS)
    elif width == 2 * VL:
        multiply_vectors(product, ahead, rows, 2)
    else:
        multiply_vectors(product, ahead, rows, 1)


cdef inline void multiply_few_columns(const Batch* job, Product* product, Ahead* ahead, real* y) noexcept nogil:
    """Less than a vector, by way of a tile."""
    cdef real tile[ROWS * VL]
    cdef Py_ssize_t i, j, rows
    product.target, product.target_row = tile, VL
    for i in range(ceil_div(job.rows, ROWS)):
        rows = min(job.rows - i * ROWS, <Py_ssize_t>ROWS)
        multiply_vectors(product, ahead, rows, 1)
        for j in range(rows):
            copy(tile + j * VL, y + (i * ROWS + j) * job.columns, job.columns)
        product.left += ROWS * job.a_row


cdef inline void multiply_columns(const Batch* job, Product product, Ahead* ahead, real* y) noexcept nogil:
    cdef const real* a = product.left
    cdef const real* b = product.right
    cdef Py_ssize_t column = 0, first, width, i
    product.target_row = job.columns
    while column < job.columns:
        width = width_of_tile(job.columns, job.columns - column)
        first = min(column, job.columns - width)
        product.right = b + first
        for i in range(ceil_div(job.rows, ROWS)):
            product.left, product.target = a + i * ROWS * job.a_row, y + i * ROWS * job.columns + first
            multiply_tile(&product, ahead, min(job.rows - i * ROWS, <Py_ssize_t>ROWS), width)
        column += width


cdef inline void multiply_pair(Batch* job, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t size = job.depth * job.columns, row = max(job.columns, <Py_ssize_t>VL), p
    cdef Product product
    cdef Ahead ahead
    cdef const real* b = job.b + n * size
    cdef real* packed = NULL
    cdef unsigned long long state
    if job.b_transposed or job.columns < VL:
        packed = <real*>scratch_take(job.depth * row * sizeof(real))
        if packed == NULL:
            job.failed = True
            return
        if job.b_transposed:
            transpose_matrix(b, job.depth, packed, row, job.columns, job.depth)
        else:
            for p in range(job.depth):
                copy(b + p * job.columns, packed + p * row, job.columns)
    state = flush_denormals()
    product.left, product.left_row, product.left_step = job.a + n * job.rows * job.depth, job.a_row, job.a_step
    product.right, product.right_row = packed if packed != NULL else b, row
    product.depth, product.accumulate, product.around = job.depth, False, False
    ahead = memory_ahead(b + size, 1, size, 0, ceil_div(job.rows, ROWS) * job.depth)
    if job.columns < VL:
        multiply_few_columns(job, &product, &ahead, job.y + n * job.rows * job.columns)
    else:
        multiply_columns(job, product, &ahead, job.y + n * job.rows * job.columns)
    restore_denormals(state)
    scratch_give(packed)


def batch_matmul(const real[:, :, ::1] a, bint a_transposed, const real[:, :, ::1] b, bint b_transposed, real[:, :, ::1] y):
    """y[n] = a[n] b[n], each of the two transposed first where said so"""
    cdef Py_ssize_t count = y.shape[0], rows = y.shape[1], columns = y.shape[2], n
    if count * rows * columns == 0:
        return
    cdef Py_ssize_t depth = a.shape[1] if a_transposed else a.shape[2]
    if depth == 0:
        y[...] = 0
        return
    cdef Batch job = Batch(
        a=&a[0, 0, 0], b=&b[0, 0, 0], y=&y[0, 0, 0], rows=rows, depth=depth, columns=columns,
        a_row=1 if a_transposed else depth, a_step=rows if a_transposed else 1, b_transposed=b_transposed, failed=False,
    )
    cdef double work = 2.0 / VL * count * rows * depth * columns
    for n in prange(count, nogil=True, schedule="static", num_threads=threads_for(work)):
        multiply_pair(&job, n)
    if job.failed:
        raise MemoryError("No memory for some columns of a matrix.")
