# Maximum and average over all pixels of an image.
#
# Design:
# a) x and d_x are (n, pixels, c), y and d_y are (n, c), all contiguous.
# b) A task is an image and a block of up to CHANNELS channels, with partial results in local memory. Loops run over the
#    channels of a pixel, plain loops that GCC makes vectors of.
# c) The sum for a mean adds up GROUP pixels in the number type, and the groups in double, so the error does not grow
#    with the size of the image.
# d) Pixels that share a maximum share its gradient evenly, as for the reduction that Keras makes of it. (In a window of
#    pool.pyx the first one gets it.)
# e) NaN passes. Tasks depend on the shape only: results are the same for any number of threads.
from cython.parallel cimport prange
from libc.math cimport INFINITY
from libc.string cimport memcpy, memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.reductions cimport GROUP

cdef enum:
    CHANNELS = 256

cdef struct Block:  # pointers are those of its first channel; the one of the next pixel is `stride` numbers behind
    const real* x
    const real* d_y
    real* y
    real* d_x
    Py_ssize_t pixels, channels, stride

ctypedef void (*Compute)(const Block* block) noexcept nogil


cdef inline void compute_block(Compute compute, Block block) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    compute(&block)
    restore_denormals(state)


cdef void compute_blocks(Compute compute, const Block* all, Py_ssize_t n) noexcept nogil:
    """`all` describes all channels of the first of n images."""
    cdef Py_ssize_t c = all.channels, image = all.pixels * all.channels
    cdef Py_ssize_t blocks = (c + CHANNELS - 1) // CHANNELS
    cdef Py_ssize_t task, i, channel
    for task in prange(n * blocks, schedule="static", num_threads=threads_for(2 * n * image)):
        i = task // blocks
        channel = task % blocks * CHANNELS
        compute_block(
            compute,
            Block(
                all.x + i * image + channel,
                all.d_y + i * c + channel,
                all.y + i * c + channel,
                all.d_x + i * image + channel,
                all.pixels,
                min(c - channel, <Py_ssize_t>CHANNELS),
                c,
            ),
        )


cdef inline real* image_data(const real[:, :, ::1] x) noexcept nogil:
    return <real*>&x[0, 0, 0] if x.shape[0] * x.shape[1] * x.shape[2] > 0 else NULL


cdef inline real* pixel_data(const real[:, ::1] y) noexcept nogil:
    return <real*>&y[0, 0] if y.shape[0] * y.shape[1] > 0 else NULL


# Average --------------------------------------------------------------------------------------------------------------


cdef void average_block(const Block* block) noexcept nogil:
    cdef real sums[CHANNELS]
    cdef double totals[CHANNELS]
    cdef Py_ssize_t pixel, j
    cdef const real* x = block.x
    memset(sums, 0, sizeof(sums))
    memset(totals, 0, sizeof(totals))
    for pixel in range(block.pixels):
        for j in range(block.channels):
            sums[j] += x[j]
        if (pixel + 1) % GROUP == 0 or pixel + 1 == block.pixels:
            for j in range(block.channels):
                totals[j] += sums[j]
                sums[j] = 0
        x += block.stride
    for j in range(block.channels):
        block.y[j] = <real>(totals[j] / block.pixels)


cdef void average_gradient_block(const Block* block) noexcept nogil:
    cdef real share[CHANNELS]
    cdef Py_ssize_t pixel, j
    for j in range(block.channels):
        share[j] = block.d_y[j] / <real>block.pixels
    for pixel in range(block.pixels):
        memcpy(block.d_x + pixel * block.stride, share, block.channels * sizeof(real))


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


cdef void max_block(const Block* block) noexcept nogil:
    cdef real largest[CHANNELS]
    cdef Py_ssize_t _pixel, j
    cdef const real* x = block.x
    for j in range(block.channels):
        largest[j] = -INFINITY
    for _pixel in range(block.pixels):
        for j in range(block.channels):
            largest[j] = x[j] if (x[j] > largest[j]) | (x[j] != x[j]) else largest[j]
        x += block.stride
    memcpy(block.y, largest, block.channels * sizeof(real))


cdef void max_gradient_block(const Block* block) noexcept nogil:
    cdef real share[CHANNELS]
    cdef Py_ssize_t pixel, _pixel, j
    cdef const real* x = block.x
    memset(share, 0, sizeof(share))
    for _pixel in range(block.pixels):  # share = how many pixels have the maximum
        for j in range(block.channels):
            share[j] += <real>1 if (x[j] == block.y[j]) | (x[j] != x[j]) else <real>0
        x += block.stride
    for j in range(block.channels):
        share[j] = block.d_y[j] / share[j]
    x = block.x
    for pixel in range(block.pixels):
        for j in range(block.channels):
            block.d_x[pixel * block.stride + j] = share[j] if (x[j] == block.y[j]) | (x[j] != x[j]) else <real>0
        x += block.stride


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
