# Convolution with few output pixels: a dense layer of a small batch, or the last layers for a single image.
#
# Design:
# a) With so few pixels, a weight takes part in only some products, so reading the weights once is most of the work. They are read
#    where they are, without packing. The windows of all pixels are packed into rows; windows of one pixel are rows already.
# b) Forward: y[pixel, k] = sum over depth of row[pixel, depth] * kernel[depth, k], for ROWS pixels by COLUMNS vectors of filters,
#    which stay in registers while the depth runs.
# c) Gradient for the kernel: d_kernel[depth, k] = sum over pixels of row[pixel, depth] * d_y[pixel, k], for ROWS numbers of the
#    depth by COLUMNS vectors of filters.
# d) Gradient for the input, for windows of one pixel only: d_x[pixel, c] = sum over k of d_y[pixel, k] * kernel[c, k], for ROWS
#    pixels by COLUMNS channels, each sum a vector of partial sums over every VL-th k, added up at the end.
# e) Where rows of a tile are missing, its last row is computed again and not stored. Where columns are missing, the whole tile is
#    moved back. With fewer filters than its WIDTH, it reads on into the next row, and what that gives is not stored; the last
#    rows are copied, with room behind.
# f) Parallel: over blocks of filters, or of channels. So the order of all additions is the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport describe_source, size_of
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Windows, ceil_div, forward_axis

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
    DEPTH = 512  # numbers of the depth at a time: their weights for WIDTH filters stay in L2
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
    Windows windows
    const real* rows     # [pixel][depth]
    real* packed         # the same memory, or NULL where they are the source itself
    Py_ssize_t depth
    const real* kernel   # (depth, filter)
    const real* bias
    const real* d_y
    real* result
    Py_ssize_t pixels, channels, filters
    real* last           # copy of the last rows of the kernel or of d_y, where a tile would read beyond them; or NULL
    Py_ssize_t whole     # rows before these
    int activation
    bint failed          # out of memory


cdef inline void pack_row(Problem* job, Py_ssize_t index) noexcept nogil:
    """Copies the window of an output pixel, zeros for what is outside."""
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t ow = index % windows.w.outputs
    cdef Py_ssize_t oh = index // windows.w.outputs % windows.h.outputs
    cdef Py_ssize_t od = index // windows.w.outputs // windows.h.outputs % windows.d.outputs
    cdef Py_ssize_t n = index // windows.w.outputs // windows.h.outputs // windows.d.outputs
    cdef Py_ssize_t td, th, tw, d, h, w
    cdef real* row = job.packed + index * job.depth
    for td in range(windows.d.taps):
        d = od * windows.d.step + windows.d.offset + td * windows.d.spacing
        for th in range(windows.h.taps):
            h = oh * windows.h.step + windows.h.offset + th * windows.h.spacing
            for tw in range(windows.w.taps):
                w = ow * windows.w.step + windows.w.offset + tw * windows.w.spacing
                if 0 <= d < windows.d.size and 0 <= h < windows.h.size and 0 <= w < windows.w.size:
                    memcpy(
                        row, windows.source + n * windows.stride_n + d * windows.stride_d + h * windows.stride_h
                        + w * windows.stride_w, windows.channels * sizeof(real),
                    )
                else:
                    memset(row, 0, windows.channels * sizeof(real))
                row += windows.channels


cdef void prepare_rows(Problem* job) noexcept nogil:
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t i
    job.packed = NULL
    job.rows = windows.source
    if windows.d.taps * windows.h.taps * windows.w.taps > 1 or windows.d.step * windows.h.step * windows.w.step > 1:
        job.rows = job.packed = <real*>scratch_take(job.pixels * job.depth * sizeof(real))
        job.failed = job.packed == NULL
        if not job.failed:
            for i in range(job.pixels):
                pack_row(job, i)


cdef void copy_last(Problem* job, const real* right, Py_ssize_t rows) noexcept nogil:
    """Copies the rows of the right operand from which a tile would read beyond its end."""
    cdef Py_ssize_t count = min(ceil_div(WIDTH, job.filters), rows) if job.filters < WIDTH else 0
    job.whole = rows - count
    job.last = NULL
    if count > 0:
        job.last = <real*>scratch_take((count * job.filters + WIDTH) * sizeof(real))
        job.failed = job.failed or job.last == NULL
        if job.last != NULL:
            memcpy(job.last, right + job.whole * job.filters, count * job.filters * sizeof(real))


cdef inline void multiply_all(const Problem* job, const real** left, Py_ssize_t step, const real* right, Py_ssize_t first,
                              Py_ssize_t count, real* sums) noexcept nogil:
    """`multiply` by some rows of the right operand, from the copy for the last ones; left is where row `first` meets it."""
    cdef Py_ssize_t whole = max(min(job.whole - first, count), <Py_ssize_t>0)
    cdef Py_ssize_t i
    cdef const real* rest[ROWS]
    if whole > 0:
        multiply(left, step, right + first * job.filters, job.filters, whole, first > 0, sums)
    if whole < count:
        for i in range(ROWS):
            rest[i] = left[i] + whole * step
        multiply(
            rest, step, job.last + (first + whole - job.whole) * job.filters, job.filters, count - whole, first + whole > 0, sums
        )


cdef inline void forward_block(Problem* job, Py_ssize_t k) noexcept nogil:
    """y of all pixels for WIDTH filters."""
    cdef Py_ssize_t part, first, i, j
    cdef Py_ssize_t columns = min(job.filters, <Py_ssize_t>WIDTH)
    cdef const real* left[ROWS]
    cdef unsigned long long state = flush_denormals()
    cdef real* sums = <real*>scratch_take((job.pixels + ROWS) * WIDTH * sizeof(real))
    cdef real* sum
    if sums == NULL:
        job.failed = True
    else:
        for part in range(ceil_div(job.depth, DEPTH)):
            for first in range(ceil_div(job.pixels, ROWS)):
                for i in range(ROWS):
                    left[i] = job.rows + min(first * ROWS + i, job.pixels - 1) * job.depth + part * DEPTH
                multiply_all(
                    job, left, 1, job.kernel + k, part * DEPTH, min(job.depth - part * DEPTH, <Py_ssize_t>DEPTH),
                    sums + first * ROWS * WIDTH,
                )
        for i in range(job.pixels):
            sum = sums + i * WIDTH
            if job.bias != NULL:
                for j in range(columns):
                    sum[j] += job.bias[k + j]
            if job.activation != LINEAR:
                apply_activation(job.activation, sum, columns)
        store_rows(sums, job.pixels, columns, job.result + k, job.filters)
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


cdef inline void backward_kernel_block(Problem* job, Py_ssize_t p) noexcept nogil:
    """d_kernel of ROWS numbers of the depth, or what is left of them."""
    cdef Py_ssize_t part, i, k
    cdef const real* left[ROWS]
    cdef real sums[ROWS * WIDTH]
    cdef unsigned long long state = flush_denormals()
    for i in range(ROWS):
        left[i] = job.rows + min(p + i, job.depth - 1)
    for part in range(ceil_div(job.filters, WIDTH)):
        k = max(min(part * WIDTH, job.filters - WIDTH), <Py_ssize_t>0)
        multiply_all(job, left, job.depth, job.d_y + k, 0, job.pixels, sums)
        store_rows(
            sums, min(<Py_ssize_t>ROWS, job.depth - p), min(job.filters, <Py_ssize_t>WIDTH),
            job.result + p * job.filters + k, job.filters,
        )
    restore_denormals(state)


# For Python -------------------------------------------------------------------------------------------------------------


cdef inline int threads_of(const Problem* job) noexcept nogil:
    return threads_for(2.0 / VL * job.pixels * job.depth * job.filters)


cdef Problem describe(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[:, :, :, :, ::1] y,
                      tuple strides, tuple dilations, tuple pads):
    cdef Problem job
    describe_source(&job.windows, x, 1)
    job.windows.d = forward_axis(x.shape[1], y.shape[1], kernel.shape[0], strides[0], dilations[0], pads[0])
    job.windows.h = forward_axis(x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1])
    job.windows.w = forward_axis(x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2])
    job.channels, job.filters = kernel.shape[3], kernel.shape[4]
    job.depth = kernel.shape[0] * kernel.shape[1] * kernel.shape[2] * job.channels
    job.pixels = size_of(y) // job.filters
    job.failed = False
    return job


def conv_few_pixels_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                            real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Problem job
    cdef Py_ssize_t i
    if size_of(y) == 0:
        return
    job = describe(x, kernel, y, strides, dilations, pads)
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.bias = &bias[0] if bias is not None else NULL
    job.result = &y[0, 0, 0, 0, 0]
    job.activation = activation
    with nogil:
        prepare_rows(&job)
        copy_last(&job, job.kernel, job.depth)
        if not job.failed:
            for i in prange(ceil_div(job.filters, WIDTH), num_threads=threads_of(&job), schedule="static"):
                forward_block(&job, max(min(i * WIDTH, job.filters - WIDTH), <Py_ssize_t>0))
        scratch_give(job.last)
        scratch_give(job.packed)
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
    job.depth = job.channels
    job.pixels = size_of(d_x) // job.channels
    with nogil:
        for i in prange(ceil_div(job.channels, COLUMNS), num_threads=threads_of(&job), schedule="static"):
            backward_input_block(&job, i * COLUMNS)


def conv_few_pixels_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                    real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Problem job
    cdef Py_ssize_t i
    if size_of(d_kernel) == 0:
        return
    if size_of(d_y) == 0:
        d_kernel[...] = 0
        return
    job = describe(x, d_kernel, d_y, strides, dilations, pads)
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.result = &d_kernel[0, 0, 0, 0, 0]
    with nogil:
        prepare_rows(&job)
        copy_last(&job, job.d_y, job.pixels)
        if not job.failed:
            for i in prange(ceil_div(job.depth, ROWS), num_threads=threads_of(&job), schedule="static"):
                backward_kernel_block(&job, i * ROWS)
        scratch_give(job.last)
        scratch_give(job.packed)
    if job.failed:
        raise MemoryError()
