# Convolution with a window of one pixel and few output pixels: a dense layer of a small batch.
#
# Design:
# a) With so few pixels, a weight takes part in only some products, so reading the weights once is most of the work. They are read
#    where they are, without packing.
# b) Forward: y[pixel, k] = sum over c of x[pixel, c] * kernel[c, k], for ROWS pixels by COLUMNS vectors of filters, which stay in
#    registers while c runs.
# c) Gradient for the input: d_x[pixel, c] = sum over k of d_y[pixel, k] * kernel[c, k], for ROWS pixels by COLUMNS channels, each
#    sum a vector of partial sums over every VL-th k, added up at the end.
# d) Gradient for the kernel: d_kernel[c, k] = sum over pixels of x[pixel, c] * d_y[pixel, k], for ROWS channels by COLUMNS vectors.
# e) Where rows of a tile are missing, its last row is computed again and not stored. Where columns are missing, the whole tile is
#    moved back, so there must be WIDTH filters at least.
# f) Parallel: over blocks of filters, or of channels. So the order of all additions is the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport size_of
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport MR, VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport ceil_div

cdef extern from *:
    """
    #define ROWS (MR / 2)
    #define COLUMNS 4
    #define WIDTH (COLUMNS * VL)
    """
    enum:
        ROWS
        COLUMNS
        WIDTH

cdef enum:
    DEPTH = 512  # channels at a time: their weights for WIDTH filters stay in L2
    AHEAD = 8  # rows of weights: so far ahead memory is asked for


cdef inline void multiply(const real** left, Py_ssize_t step, const real* right, Py_ssize_t row, Py_ssize_t depth,
                          bint accumulate, real* sums) noexcept nogil:
    """sums[i * WIDTH + j] (+)= sum over p of left[i][p * step] * right[p * row + j]"""
    cdef vec total[ROWS][COLUMNS]
    cdef vec line[COLUMNS]
    cdef Py_ssize_t p
    cdef int i, j
    for i in range(ROWS):
        for j in range(COLUMNS):
            total[i][j] = (<vec*>(sums + i * WIDTH + j * VL))[0] if accumulate else ZERO_VECTOR
    for p in range(depth):
        for j in range(COLUMNS):
            line[j] = (<const vec*>(right + p * row + j * VL))[0]
            prefetch_for_reading(right + (p + AHEAD) * row + j * VL)
        for i in range(ROWS):
            for j in range(COLUMNS):
                total[i][j] += line[j] * left[i][p * step]
    for i in range(ROWS):
        for j in range(COLUMNS):
            (<vec*>(sums + i * WIDTH + j * VL))[0] = total[i][j]


cdef inline real sum_of(vec v) noexcept nogil:
    cdef real total = 0
    cdef int i
    for i in range(VL):
        total += (<real*>&v)[i]
    return total


cdef inline void multiply_rows(const real** left, const real** right, Py_ssize_t depth, real* sums) noexcept nogil:
    """sums[i * WIDTH + j] = sum over p of left[i][p] * right[j][p], for COLUMNS rows on the right"""
    cdef vec total[ROWS][COLUMNS]
    cdef vec line[COLUMNS]
    cdef Py_ssize_t whole = depth // VL, p, q
    cdef int i, j
    for i in range(ROWS):
        for j in range(COLUMNS):
            total[i][j] = ZERO_VECTOR
    for p in range(whole):
        for j in range(COLUMNS):
            line[j] = (<const vec*>(right[j] + p * VL))[0]
        for i in range(ROWS):
            for j in range(COLUMNS):
                total[i][j] += line[j] * (<const vec*>(left[i] + p * VL))[0]
    for i in range(ROWS):
        for j in range(COLUMNS):
            sums[i * WIDTH + j] = sum_of(total[i][j])
            for q in range(whole * VL, depth):
                sums[i * WIDTH + j] += left[i][q] * right[j][q]


cdef inline void store_rows(const real* sums, Py_ssize_t rows, Py_ssize_t columns, real* target, Py_ssize_t row) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        memcpy(target + i * row, sums + i * WIDTH, columns * sizeof(real))


cdef struct Problem:
    const real* x
    const real* kernel
    const real* bias
    const real* d_y
    real* result
    Py_ssize_t pixels, channels, filters
    int activation
    bint failed  # out of memory


cdef inline void forward_block(Problem* job, Py_ssize_t k) noexcept nogil:
    """y of all pixels for WIDTH filters."""
    cdef Py_ssize_t c, first, i, j
    cdef const real* left[ROWS]
    cdef unsigned long long state = flush_denormals()
    cdef real* sums = <real*>scratch_take((job.pixels + ROWS) * WIDTH * sizeof(real))
    cdef real* sum
    if sums == NULL:
        job.failed = True
    else:
        for c in range(ceil_div(job.channels, DEPTH)):
            for first in range(ceil_div(job.pixels, ROWS)):
                for i in range(ROWS):
                    left[i] = job.x + min(first * ROWS + i, job.pixels - 1) * job.channels + c * DEPTH
                multiply(
                    left, 1, job.kernel + c * DEPTH * job.filters + k, job.filters, min(job.channels - c * DEPTH, <Py_ssize_t>DEPTH),
                    c > 0, sums + first * ROWS * WIDTH,
                )
        for i in range(job.pixels):
            sum = sums + i * WIDTH
            if job.bias != NULL:
                for j in range(WIDTH):
                    sum[j] += job.bias[k + j]
            if job.activation != LINEAR:
                apply_activation(job.activation, sum, WIDTH)
        store_rows(sums, job.pixels, WIDTH, job.result + k, job.filters)
    scratch_give(sums)
    restore_denormals(state)


cdef inline void backward_input_block(Problem* job, Py_ssize_t c) noexcept nogil:
    """d_x of all pixels for COLUMNS channels, or what is left of them."""
    cdef Py_ssize_t first, i, pixel
    cdef const real* left[ROWS]
    cdef const real* right[COLUMNS]
    cdef real sums[ROWS * WIDTH]
    cdef unsigned long long state = flush_denormals()
    for i in range(COLUMNS):
        right[i] = job.kernel + min(c + i, job.channels - 1) * job.filters
    for first in range(ceil_div(job.pixels, ROWS)):
        pixel = first * ROWS
        for i in range(ROWS):
            left[i] = job.d_y + min(pixel + i, job.pixels - 1) * job.filters
        multiply_rows(left, right, job.filters, sums)
        store_rows(
            sums, min(<Py_ssize_t>ROWS, job.pixels - pixel), min(<Py_ssize_t>COLUMNS, job.channels - c),
            job.result + pixel * job.channels + c, job.channels,
        )
    restore_denormals(state)


cdef inline void backward_kernel_block(Problem* job, Py_ssize_t c) noexcept nogil:
    """d_kernel of ROWS channels, or what is left of them."""
    cdef Py_ssize_t part, i, k
    cdef const real* left[ROWS]
    cdef real sums[ROWS * WIDTH]
    cdef unsigned long long state = flush_denormals()
    for i in range(ROWS):
        left[i] = job.x + min(c + i, job.channels - 1)
    for part in range(ceil_div(job.filters, WIDTH)):
        k = min(part * WIDTH, job.filters - WIDTH)
        multiply(left, job.channels, job.d_y + k, job.filters, job.pixels, False, sums)
        store_rows(sums, min(<Py_ssize_t>ROWS, job.channels - c), WIDTH, job.result + c * job.filters + k, job.filters)
    restore_denormals(state)


# For Python -------------------------------------------------------------------------------------------------------------


cdef inline int threads_of(const Problem* job) noexcept nogil:
    return threads_for(2.0 / VL * job.pixels * job.channels * job.filters)


def conv_few_pixels_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                            real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(x @ kernel + bias). bias may be None."""
    cdef Problem job
    cdef Py_ssize_t i
    if size_of(y) == 0:
        return
    job.x = &x[0, 0, 0, 0, 0]
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.bias = &bias[0] if bias is not None else NULL
    job.result = &y[0, 0, 0, 0, 0]
    job.channels, job.filters = kernel.shape[3], kernel.shape[4]
    job.pixels = size_of(y) // job.filters
    job.activation = activation
    job.failed = False
    with nogil:
        for i in prange(ceil_div(job.filters, WIDTH), num_threads=threads_of(&job), schedule="static"):
            forward_block(&job, min(i * WIDTH, job.filters - WIDTH))
    if job.failed:
        raise MemoryError()


def conv_few_pixels_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                   real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = d_y @ kernel.T"""
    cdef Problem job
    cdef Py_ssize_t i
    if size_of(d_x) == 0:
        return
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.result = &d_x[0, 0, 0, 0, 0]
    job.channels, job.filters = kernel.shape[3], kernel.shape[4]
    job.pixels = size_of(d_x) // job.channels
    with nogil:
        for i in prange(ceil_div(job.channels, COLUMNS), num_threads=threads_of(&job), schedule="static"):
            backward_input_block(&job, i * COLUMNS)


def conv_few_pixels_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                    real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = x.T @ d_y"""
    cdef Problem job
    cdef Py_ssize_t i
    if size_of(d_kernel) == 0:
        return
    if size_of(d_y) == 0:
        d_kernel[...] = 0
        return
    job.x = &x[0, 0, 0, 0, 0]
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.result = &d_kernel[0, 0, 0, 0, 0]
    job.channels, job.filters = d_kernel.shape[3], d_kernel.shape[4]
    job.pixels = size_of(d_y) // job.filters
    with nogil:
        for i in prange(ceil_div(job.channels, ROWS), num_threads=threads_of(&job), schedule="static"):
            backward_kernel_block(&job, i * ROWS)
