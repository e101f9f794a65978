# The register tiles of a product of a few rows (pixels) with a large matrix (weights), which is read once, from main memory; and
# of matrices that are both small (batch_matmul).
#
# Design:
# a) `multiply`: some rows by some vectors of columns of the result stay in registers while the depth runs. How many is
#    literal for each copy of the code: `rows` up to ROWS, `vectors` 1, 2 or COLUMNS. So no row is computed in vain, and few
#    columns take few vectors. What is added to the target is summed up by itself before.
# b) `multiply_rows`: both operands have the depth along their rows. SUMS sums, each a vector of partial sums over every VL-th
#    number, stay in registers, for 1, 2 or PIXELS rows on the left by as many on the right as that leaves. At the end they
#    are added up VL vectors at a time.
# c) Each step asks for some lines of the memory that will be needed next (`Ahead`), in the order in which they lie. The
#    prefetchers of a CPU join in where they see such an order; the tile itself jumps from row to row, and would wait for
#    each.
from libc.string cimport memcpy

cimport kernels.inlined
from kernels.lanes cimport load_lanes
from kernels.prefetch cimport LINE, prefetch_for_reading, store_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.transpose cimport add_rows
from kernels.windows cimport ceil_div

cdef extern from *:
    """
    #define ROWS (MR / 2)
    #define COLUMNS 4
    #define WIDTH (COLUMNS * VL)

    #if VECTOR_BYTES == 64
    #define PIXELS 4
    #define SUMS 16
    #else
    #define PIXELS 2
    #define SUMS 8
    #endif
    """
    enum:
        ROWS
        COLUMNS
        WIDTH
        PIXELS
        SUMS

cdef struct Ahead:
    const real* start    # of a row
    const real* next     # what is asked for next
    Py_ssize_t width     # numbers that are wanted of each row
    Py_ssize_t row       # from one row to the next
    Py_ssize_t requests  # lines in each step

cdef struct Product:         # of a part of two matrices
    const real* left         # number p of row i lies at left[i * left_row + p * left_step]
    Py_ssize_t left_row, left_step
    const real* right        # rows of neighbouring columns
    Py_ssize_t right_row
    Py_ssize_t depth
    real* target
    Py_ssize_t target_row
    bint accumulate          # is added to the target
    bint around              # is stored around the caches


cdef inline Ahead memory_ahead(const real* start, Py_ssize_t rows, Py_ssize_t width, Py_ssize_t row,
                               Py_ssize_t steps) noexcept nogil:
    """Some rows of memory, to be asked for in so many steps. Whole lines are asked for, so some of the last too early."""
    cdef Ahead ahead
    ahead.start = ahead.next = start
    ahead.width, ahead.row = width, row
    ahead.requests = ceil_div(rows * ceil_div(width, LINE), steps)
    return ahead


cdef inline void ask(Ahead* ahead) noexcept nogil:
    cdef Py_ssize_t _
    for _ in range(ahead.requests):
        prefetch_for_reading(ahead.next)
        ahead.next += LINE
        if ahead.next >= ahead.start + ahead.width:
            ahead.start += ahead.row
            ahead.next = ahead.start


cdef inline void multiply(const Product* product, Ahead* ahead, int rows, int vectors) noexcept nogil:
    """target[i, j] (+)= sum over p of left[i, p] * right[p, j]"""
    cdef vec total[ROWS][COLUMNS]
    cdef vec line[COLUMNS]
    cdef Product of = product[0]
    cdef Ahead asked = ahead[0]
    cdef Py_ssize_t p
    cdef int i, j
    for i in range(rows):
        for j in range(vectors):
            total[i][j] = ZERO_VECTOR
    for p in range(of.depth):
        for j in range(vectors):
            line[j] = (<const vec*>(of.right + p * of.right_row + j * VL))[0]
        ask(&asked)
        for i in range(rows):
            for j in range(vectors):
                total[i][j] += line[j] * of.left[i * of.left_row + p * of.left_step]
    if of.accumulate:
        for i in range(rows):
            for j in range(vectors):
                total[i][j] += (<vec*>(of.target + i * of.target_row + j * VL))[0]
    for i in range(rows):
        for j in range(vectors):
            if of.around:
                store_around(of.target + i * of.target_row + j * VL, total[i][j])
            else:
                (<vec*>(of.target + i * of.target_row + j * VL))[0] = total[i][j]
    ahead[0] = asked


cdef inline void multiply_vectors(const Product* product, Ahead* ahead, Py_ssize_t rows, int vectors) noexcept nogil:
    """`multiply` for any number of rows up to ROWS."""
    if rows == 1:
        multiply(product, ahead, 1, vectors)
    elif rows == 2:
        multiply(product, ahead, 2, vectors)
    elif rows == 3:
        multiply(product, ahead, 3, vectors)
    elif ROWS > 3 and rows == 4:
        multiply(product, ahead, 4, vectors)
    elif ROWS > 3 and rows == 5:
        multiply(product, ahead, 5, vectors)
    elif ROWS > 3:
        multiply(product, ahead, 6, vectors)


cdef inline void multiply_rows(const real* left, Py_ssize_t left_row, const real* right, Py_ssize_t right_row,
                               Py_ssize_t depth, real* target, Py_ssize_t target_row, Ahead* ahead, int rows) noexcept nogil:
    """target[i, j] = sum over p of left[i, p] * right[j, p], for SUMS / rows rows on the right"""
    cdef vec total[SUMS]
    cdef vec line[SUMS]
    cdef vec numbers
    cdef real sums[SUMS]
    cdef Ahead asked = ahead[0]
    cdef Py_ssize_t whole = depth // VL, rest = depth % VL, p
    cdef int i, j, columns = SUMS // rows
    for i in range(rows):
        for j in range(columns):
            total[i * columns + j] = ZERO_VECTOR
    for p in range(whole):
        for j in range(columns):
            line[j] = (<const vec*>(right + j * right_row + p * VL))[0]
        ask(&asked)
        for i in range(rows):
            numbers = (<const vec*>(left + i * left_row + p * VL))[0]
            for j in range(columns):
                total[i * columns + j] += line[j] * numbers
    if rest > 0:
        for j in range(columns):
            line[j] = load_lanes(right + j * right_row + whole * VL, rest)
        for i in range(rows):
            numbers = load_lanes(left + i * left_row + whole * VL, rest)
            for j in range(columns):
                total[i * columns + j] += line[j] * numbers
    for i in range(SUMS // VL):
        (<vec*>(sums + i * VL))[0] = add_rows(total + i * VL)
    for i in range(rows):
        memcpy(target + i * target_row, sums + i * columns, columns * sizeof(real))
    ahead[0] = asked
