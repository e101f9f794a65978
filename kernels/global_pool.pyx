# Maximum and average over all pixels of an image.
#
# Design:
# a) x and d_x are (n, pixels, c), y and d_y are (n, c), all contiguous.
# b) A task is an image and a block of up to CHANNELS channels, with partial results in local memory. Loops run over the
#    channels of a pixel, plain loops that GCC makes vectors of.
# c) A few channels would not fill the vectors. So `repeats` neighbouring pixels are taken as one row of `width` numbers,
#    with a partial result for each. What remains of the pixels is the last row.
# d) The sum for a mean adds up GROUP rows in the number type, and the groups in double, so the error does not grow
#    with the size of the image.
# e) Pixels that share a maximum share its gradient evenly, as for the reduction that Keras makes of it. (In a window of
#    pool.pyx the first one gets it.)
# f) Sums flush denormals. The largest of some numbers is one of them, however small, so what looks for it does not.
# g) NaN passes. Tasks depend on the shape only: results are the same for any number of threads.
from cython.parallel cimport prange
from libc.math cimport INFINITY
from libc.string cimport memcpy, memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.reductions cimport GROUP

cdef enum:
    CHANNELS = 256
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


cdef void compute_blocks(Compute compute, const Block* all, Py_ssize_t n) noexcept nogil:
    """`all` describes all channels of the first of n images."""
    cdef Py_ssize_t c = all.channels, image = all.pixels * all.channels
    cdef Py_ssize_t blocks = (c + CHANNELS - 1) // CHANNELS
    cdef Py_ssize_t task, i, channel
    for task in prange(n * blocks, schedule="static", num_threads=threads_for(2 * n * image)):
        i = task // blocks
        channel = task % blocks * CHANNELS
        compute(
            Block(
                all.x + i * image + channel,
                all.d_y + i * c + channel,
                all.y + i * c + channel,
                all.d_x + i * image + channel,
                all.pixels,
                min(c - channel, <Py_ssize_t>CHANNELS),
                c,
            )
        )


cdef inline real* image_data(const real[:, :, ::1] x) noexcept nogil:
    return <real*>&x[0, 0, 0] if x.shape[0] * x.shape[1] * x.shape[2] > 0 else NULL


cdef inline real* pixel_data(const real[:, ::1] y) noexcept nogil:
    return <real*>&y[0, 0] if y.shape[0] * y.shape[1] > 0 else NULL


# Average --------------------------------------------------------------------------------------------------------------


cdef void average_block(Block block) noexcept nogil:
    cdef real sums[CHANNELS]
    cdef double totals[CHANNELS]
    cdef Rows rows = rows_of(&block)
    cdef Py_ssize_t row, j
    cdef const real* x = block.x
    cdef unsigned long long state = flush_denormals()
    memset(sums, 0, rows.width * sizeof(real))
    memset(totals, 0, rows.width * sizeof(double))
    for row in range(rows.whole + 1):
        for j in range(count_in(&rows, row)):
            sums[j] += x[j]
        if (row + 1) % GROUP == 0 or row == rows.whole:
            for j in range(rows.width):
                totals[j] += sums[j]
                sums[j] = 0
        x += rows.stride
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


def global_average_pool_forward(const real[:, :, ::1] x, real[:, ::1] y):
    """y = the mean of the pixels"""
    cdef Block all = Block(image_data(x), NULL, pixel_data(y), NULL, x.shape[1], x.shape[2], x.shape[2])
    with nogil:
        compute_blocks(average_block, &all, x.shape[0])


def global_average_pool_backward(const real[:, ::1] d_y, real[:, :, ::1] d_x):
    """d_x = the gradient for x"""
    cdef Block all = Block(NULL, pixel_data(d_y), NULL, image_data(d_x), d_x.shape[1], d_x.shape[2], d_x.shape[2])
    with nogil:
        compute_blocks(average_gradient_block, &all, d_x.shape[0])


# Maximum --------------------------------------------------------------------------------------------------------------


cdef void max_block(Block block) noexcept nogil:
    cdef real largest[CHANNELS]
    cdef real other
    cdef Rows rows = rows_of(&block)
    cdef Py_ssize_t row, j
    cdef const real* x = block.x
    for j in range(rows.width):
        largest[j] = -INFINITY
    for row in range(rows.whole + 1):
        for j in range(count_in(&rows, row)):
            largest[j] = x[j] if (x[j] > largest[j]) | (x[j] != x[j]) else largest[j]
        x += rows.stride
    while rows.width > block.channels:
        rows.width //= 2
        for j in range(rows.width):
            other = largest[rows.width + j]
            largest[j] = other if (other > largest[j]) | (other != other) else largest[j]
    memcpy(block.y, largest, block.channels * sizeof(real))


cdef void max_gradient_block(Block block) noexcept nogil:
    cdef real largest[CHANNELS]
    cdef real share[CHANNELS]
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


def global_max_pool_forward(const real[:, :, ::1] x, real[:, ::1] y):
    """y = the largest of the pixels"""
    cdef Block all = Block(image_data(x), NULL, pixel_data(y), NULL, x.shape[1], x.shape[2], x.shape[2])
    with nogil:
        compute_blocks(max_block, &all, x.shape[0])


def global_max_pool_backward(
    const real[:, :, ::1] x, const real[:, ::1] y, const real[:, ::1] d_y, real[:, :, ::1] d_x
):
    """d_x = the gradient for x"""
    cdef Block all = Block(
        image_data(x), pixel_data(d_y), pixel_data(y), image_data(d_x), x.shape[1], x.shape[2], x.shape[2]
    )
    with nogil:
        compute_blocks(max_gradient_block, &all, x.shape[0])
