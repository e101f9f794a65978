# Maximum and average over all pixels of an image.
#
# Design:
# a) x and d_x are (n, pixels, c), y and d_y are (n, c), all contiguous.
# b) A task is an image and a block of up to CHANNELS channels, with partial results in local memory. Rows of pixels are combined
#    TOGETHER at a time, in registers (combine.pxd): memory is read in long pieces, and results are read and written seldom.
# c) A few channels would not fill the vectors. So `repeats` neighbouring pixels are taken as one row of `width` numbers,
#    with a partial result for each. What remains of the pixels is the last row.
# d) The sum for a mean adds up GROUP rows in the number type, and the groups in double, so the error does not grow
#    with the size of the image.
# e) Pixels that share a maximum share its gradient evenly, as for the reduction that Keras makes of it. (In a window of
#    pool.pyx the first one gets it.)
# f) Sums flush denormals. The largest of some numbers is one of them, however small, so what looks for it does not.
# g) NaN passes. Tasks depend on the shape only: results are the same for any number of threads.
cimport numpy
from cython.parallel cimport prange
from libc.math cimport INFINITY
from libc.string cimport memcpy, memset

from kernels.arrays cimport numbers_of, results_of
from kernels.column_sums cimport GROUP
from kernels.combine cimport Combine, combine_lines, fill, larger_of_two
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.pooling cimport Line
from kernels.real cimport real
from kernels.transpose cimport sum_of_two

cdef enum:
    CHANNELS = 1024  # of a task, at most
    FEWER = 256      # where an image is read twice
    TOGETHER = 8     # rows
    WIDE = 64  # numbers that fill a few vectors

cdef struct Block:  # pointers are those of its first channel; the one of the next pixel is `stride` numbers behind
    const real* x
    const real* d_y
    real* y
    real* d_x
    Py_ssize_t pixels, channels, stride

cdef struct Rows:
    Py_ssize_t width
    Py_ssize_t whole, rest  # so many rows of `width` numbers, then one of `rest`
    Py_ssize_t stride       # from one to the next

ctypedef void (*Compute)(Block block) noexcept nogil


cdef inline Rows rows_of(const Block* block) noexcept nogil:
    cdef Py_ssize_t c = block.channels, repeats = 1
    while block.stride == c and 2 * repeats * c <= WIDE:
        repeats *= 2
    return Rows(repeats * c, block.pixels // repeats, block.pixels % repeats * c, repeats * block.stride)


cdef inline Py_ssize_t count_in(const Rows* rows, Py_ssize_t row) noexcept nogil:
    return rows.width if row < rows.whole else rows.rest


cdef inline void repeat(const Rows* rows, Py_ssize_t channels, real* values) noexcept nogil:
    """Repeats what belongs to the channels of a pixel for those of a row."""
    cdef Py_ssize_t count = channels
    while count < rows.width:
        memcpy(values + count, values, count * sizeof(real))
        count *= 2


cdef inline bint is_maximum(real x, real largest) noexcept nogil:
    return (x == largest) | (x != x)


cdef void compute_blocks(Compute compute, const Block* all, Py_ssize_t n, Py_ssize_t channels) noexcept nogil:
    """`all` describes all channels of the first of n images; a task takes so many of them."""
    cdef Py_ssize_t c = all.channels, image = all.pixels * all.channels
    cdef Py_ssize_t blocks = (c + channels - 1) // channels
    cdef Py_ssize_t task, i, channel
    for task in prange(n * blocks, schedule="static", num_threads=threads_for(2 * n * image)):
        i = task // blocks
        channel = task % blocks * channels
        compute(
            Block(
                all.x + i * image + channel,
                all.d_y + i * c + channel,
                all.y + i * c + channel,
                all.d_x + i * image + channel,
                all.pixels,
                min(c - channel, channels),
                c,
            )
        )


cdef inline void combine_some_rows(
    Combine combine, const Rows* rows, const real* x, Py_ssize_t first, Py_ssize_t end, real* results
) noexcept nogil:
    """results = what they and some rows are together; row `rows.whole` is what remains of the pixels"""
    cdef Line lines[TOGETHER]
    cdef Py_ssize_t row = first, count, i
    while row < end:
        count = max(min(min(end, rows.whole) - row, <Py_ssize_t>TOGETHER), <Py_ssize_t>1)
        for i in range(count):
            lines[i].numbers = x + (row + i) * rows.stride
        combine_lines(combine, results, lines, count, 0, count_in(rows, row), 1, results)
        row += count


# Average --------------------------------------------------------------------------------------------------------------


cdef void average_block(Block block) noexcept nogil:
    cdef real sums[CHANNELS]
    cdef double totals[CHANNELS]
    cdef Rows rows = rows_of(&block)
    cdef Py_ssize_t row = 0, j
    cdef unsigned long long state = flush_denormals()
    memset(totals, 0, rows.width * sizeof(double))
    while row <= rows.whole:
        fill(sums, 0, rows.width)
        combine_some_rows(sum_of_two, &rows, block.x, row, min(row + GROUP, rows.whole + 1), sums)
        for j in range(rows.width):
            totals[j] += sums[j]
        row += GROUP
    while rows.width > block.channels:  # the pixels of a row, by halves
        rows.width //= 2
        for j in range(rows.width):
            totals[j] += totals[rows.width + j]
    for j in range(block.channels):
        block.y[j] = <real>(totals[j] / block.pixels)
    restore_denormals(state)


cdef void average_gradient_block(Block block) noexcept nogil:
    cdef real share[CHANNELS]
    cdef Rows rows = rows_of(&block)
    cdef Py_ssize_t row, j
    cdef unsigned long long state = flush_denormals()
    for j in range(block.channels):
        share[j] = block.d_y[j] / <real>block.pixels
    restore_denormals(state)
    repeat(&rows, block.channels, share)
    for row in range(rows.whole + 1):
        memcpy(block.d_x + row * rows.stride, share, count_in(&rows, row) * sizeof(real))


def global_average_pool_forward(numpy.ndarray x not None, numpy.ndarray y not None):
    """y = the mean of the pixels"""
    cdef Block all = Block(numbers_of(x, 3), NULL, results_of(y, 2), NULL, x.shape[1], x.shape[2], x.shape[2])
    cdef Py_ssize_t n = x.shape[0]
    with nogil:
        compute_blocks(average_block, &all, n, CHANNELS)


def global_average_pool_backward(numpy.ndarray d_y not None, numpy.ndarray d_x not None):
    """d_x = the gradient for x"""
    cdef Block all = Block(NULL, numbers_of(d_y, 2), NULL, results_of(d_x, 3), d_x.shape[1], d_x.shape[2], d_x.shape[2])
    cdef Py_ssize_t n = d_x.shape[0]
    with nogil:
        compute_blocks(average_gradient_block, &all, n, CHANNELS)


# Maximum --------------------------------------------------------------------------------------------------------------


cdef void max_block(Block block) noexcept nogil:
    cdef real largest[CHANNELS]
    cdef Line half
    cdef Rows rows = rows_of(&block)
    fill(largest, -INFINITY, rows.width)
    combine_some_rows(larger_of_two, &rows, block.x, 0, rows.whole + 1, largest)
    while rows.width > block.channels:
        rows.width //= 2
        half.numbers = largest + rows.width
        combine_lines(larger_of_two, largest, &half, 1, 0, rows.width, 1, largest)
    memcpy(block.y, largest, block.channels * sizeof(real))


cdef void max_gradient_block(Block block) noexcept nogil:
    cdef real largest[FEWER]
    cdef real share[FEWER]
    cdef Rows rows = rows_of(&block)
    cdef Py_ssize_t row, j, width
    cdef const real* x = block.x
    cdef real* d_x = block.d_x
    memset(share, 0, rows.width * sizeof(real))
    memcpy(largest, block.y, block.channels * sizeof(real))
    repeat(&rows, block.channels, largest)
    for row in range(rows.whole + 1):  # share = how many pixels have the maximum
        for j in range(count_in(&rows, row)):
            share[j] += <real>1 if is_maximum(x[j], largest[j]) else <real>0
        x += rows.stride
    width = rows.width
    while width > block.channels:
        width //= 2
        for j in range(width):
            share[j] += share[width + j]
    for j in range(block.channels):
        share[j] = block.d_y[j] / share[j]
    repeat(&rows, block.channels, share)
    x = block.x
    for row in range(rows.whole + 1):
        for j in range(count_in(&rows, row)):
            d_x[j] = share[j] if is_maximum(x[j], largest[j]) else <real>0
        x += rows.stride
        d_x += rows.stride


def global_max_pool_forward(numpy.ndarray x not None, numpy.ndarray y not None):
    """y = the largest of the pixels"""
    cdef Block all = Block(numbers_of(x, 3), NULL, results_of(y, 2), NULL, x.shape[1], x.shape[2], x.shape[2])
    cdef Py_ssize_t n = x.shape[0]
    with nogil:
        compute_blocks(max_block, &all, n, CHANNELS)


def global_max_pool_backward(
    numpy.ndarray x not None, numpy.ndarray y not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None
):
    """d_x = the gradient for x"""
    cdef Block all = Block(
        numbers_of(x, 3), numbers_of(d_y, 2), <real*>numbers_of(y, 2), results_of(d_x, 3), x.shape[1], x.shape[2], x.shape[2]
    )
    cdef Py_ssize_t n = x.shape[0]
    with nogil:
        compute_blocks(max_gradient_block, &all, n, FEWER)
