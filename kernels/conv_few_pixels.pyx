# Convolution with few output pixels: a dense layer of a small batch, or the last layers for a single image.
#
# Design:
# a) With so few pixels, a weight takes part in only some products, so reading the weights once is most of the work. They are
#    read where they are, without packing. The windows of all pixels are packed into rows; windows of one pixel are rows
#    already.
# b) Forward: y[pixel, k] = sum over depth of row[pixel, depth] * kernel[depth, k], for up to ROWS pixels by COLUMNS vectors
#    of filters in registers. The weights are taken some whole rows at a time (`forward_rows`): all pixels are multiplied with
#    them, panel by panel of WIDTH filters, while they are in L2. The sums of all panels stay in caches meanwhile; rows are at
#    most SUMMED, since what they add is summed up by itself before (pieces.pxd). Panel by panel down the whole depth would go
#    through memory in steps of a row, which CPUs do not read ahead: it took twice as long.
# c) Gradient for the kernel: d_kernel[depth, k] = sum over pixels of row[pixel, depth] * d_y[pixel, k], for ROWS numbers of
#    the depth by COLUMNS vectors of filters, so that it is written a few whole rows at a time. If it is large, it is stored
#    around the caches: nobody reads it before the gradients of all other layers are computed.
# d) Gradient for the input, for windows of one pixel only: d_x[pixel, c] = sum over k of d_y[pixel, k] * kernel[c, k], for up
#    to PIXELS pixels by a few channels, whose rows of weights are multiplied with all pixels before the next.
# e) What comes next in memory is asked for while a tile runs (`few_pixels_tiles.pxd`): the next rows of weights, or of
#    results.
# f) Where columns are missing, the whole tile is moved back. With fewer filters than its WIDTH, it reads on into the next
#    row, and what that gives is not stored; the last rows are copied, with room behind.
# g) Parallel: over shares of the filters (forward), of the channels, or of the depth. So the order of all additions is the
#    same for any number of threads.
from cython.parallel cimport prange
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy, memset

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.few_pixels_tiles cimport (
    COLUMNS, PIXELS, ROWS, SUMS, WIDTH, Ahead, Product, memory_ahead, multiply_rows, multiply_vectors
)
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport describe_source, size_of
from kernels.parallel cimport threads_for
from kernels.pieces cimport SUMMED
from kernels.prefetch cimport AROUND, end_stores_around
from kernels.real cimport VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Windows, ceil_div, forward_axis

cdef enum:
    NUMBERS = 1 << 15  # weights that are multiplied with all pixels before the next: they stay in L2
    FEWEST = 32  # rows of weights at a time, at least: sums are read and written once for each time
    WIDEST = 64  # panels of filters in a share, at most: so many rows of these stay in L2
    LARGE = 1 << 23  # bytes of a gradient that has left the caches before an optimizer reads it


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
    Py_ssize_t vectors   # of filters in a panel
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


cdef void multiply_panel(const Product* product, Ahead* ahead, Py_ssize_t rows, Py_ssize_t vectors) noexcept nogil:
    """`multiply` for any number of rows and vectors."""
    if vectors == 1:
        multiply_vectors(product, ahead, rows, 1)
    elif vectors == 2:
        multiply_vectors(product, ahead, rows, 2)
    else:
        multiply_vectors(product, ahead, rows, COLUMNS)


cdef inline void multiply_all(const Problem* job, Product* product, Py_ssize_t first, Ahead* ahead,
                              Py_ssize_t rows) noexcept nogil:
    """`multiply` from row `first` of the right operand on, by the copy for its last rows."""
    cdef Py_ssize_t depth = product.depth
    cdef Py_ssize_t whole = max(min(job.whole - first, depth), <Py_ssize_t>0)
    if whole > 0:
        product.depth = whole
        multiply_panel(product, ahead, rows, job.vectors)
        product.accumulate = True
    if whole < depth:
        product.left += whole * product.left_step
        product.right = job.last + (first + whole - job.whole) * job.filters
        product.depth = depth - whole
        multiply_panel(product, ahead, rows, job.vectors)


cdef inline Py_ssize_t first_filter(const Problem* job, Py_ssize_t panel) noexcept nogil:
    """The last panel is moved back."""
    return max(min(panel * WIDTH, job.filters - WIDTH), <Py_ssize_t>0)


cdef inline void forward_share(Problem* job, Py_ssize_t first_panel, Py_ssize_t panels) noexcept nogil:
    """y of all pixels for some panels of filters."""
    cdef Py_ssize_t first = first_filter(job, first_panel)
    cdef Py_ssize_t width = min(job.filters - first, first_filter(job, first_panel + panels - 1) + WIDTH - first)
    # For all filters, not for those of the share: sums are the same for any number of threads.
    cdef Py_ssize_t widest = min(job.filters, <Py_ssize_t>(WIDEST * WIDTH))
    cdef Py_ssize_t rows = min(max(NUMBERS // widest, <Py_ssize_t>FEWEST), <Py_ssize_t>SUMMED)
    cdef Py_ssize_t start, block, panel, pixel
    cdef unsigned long long state = flush_denormals()
    cdef real* sums = <real*>scratch_take(panels * job.pixels * WIDTH * sizeof(real))
    if sums == NULL:
        job.failed = True
    else:
        for block in range(ceil_div(job.depth, rows)):
            start = block * rows
            forward_rows(job, first_panel, panels, start, min(job.depth - start, rows), width, sums)
        for pixel in range(job.pixels):
            for panel in range(panels):
                finish(job, sums + (panel * job.pixels + pixel) * WIDTH, pixel, first_filter(job, first_panel + panel))
    scratch_give(sums)
    restore_denormals(state)


cdef inline void forward_rows(const Problem* job, Py_ssize_t first_panel, Py_ssize_t panels, Py_ssize_t start, Py_ssize_t rows,
                              Py_ssize_t width, real* sums) noexcept nogil:
    """Adds the products with some rows of the weights, and asks for the rows behind."""
    cdef Py_ssize_t tiles = ceil_div(job.pixels, ROWS)
    cdef Py_ssize_t panel, tile, pixel
    cdef Product product
    cdef const real* behind = job.kernel + (start + rows) * job.filters + first_filter(job, first_panel)
    cdef Ahead ahead = memory_ahead(behind, rows, width, job.filters, panels * tiles * rows)
    for panel in range(panels):
        for tile in range(tiles):
            pixel = tile * job.pixels // tiles
            product.left, product.left_row, product.left_step = job.rows + pixel * job.depth + start, job.depth, 1
            product.right = job.kernel + start * job.filters + first_filter(job, first_panel + panel)
            product.right_row = job.filters
            product.depth = rows
            product.target, product.target_row = sums + (panel * job.pixels + pixel) * WIDTH, WIDTH
            product.accumulate, product.around = start > 0, False
            multiply_all(job, &product, start, &ahead, (tile + 1) * job.pixels // tiles - pixel)


cdef inline void finish(const Problem* job, real* sums, Py_ssize_t pixel, Py_ssize_t k) noexcept nogil:
    """Adds the bias, applies the activation, and stores the results of a pixel in a panel of filters."""
    cdef Py_ssize_t columns = min(job.filters, <Py_ssize_t>WIDTH)
    cdef Py_ssize_t j
    if job.bias != NULL:
        for j in range(columns):
            sums[j] += job.bias[k + j]
    if job.activation != LINEAR:
        apply_activation(job.activation, sums, columns)
    memcpy(job.result + pixel * job.filters + k, sums, columns * sizeof(real))


cdef void backward_input_tile(const Problem* job, Py_ssize_t c, Py_ssize_t pixel, Py_ssize_t height,
                              Ahead* ahead) noexcept nogil:
    """`multiply_rows` for 1, 2 or PIXELS pixels."""
    cdef const real* left = job.d_y + pixel * job.filters
    cdef const real* right = job.kernel + c * job.filters
    cdef real* target = job.result + pixel * job.channels + c
    if height == 1:
        multiply_rows(left, job.filters, right, job.filters, job.filters, target, job.channels, ahead, 1)
    elif height == 2:
        multiply_rows(left, job.filters, right, job.filters, job.filters, target, job.channels, ahead, 2)
    else:
        multiply_rows(left, job.filters, right, job.filters, job.filters, target, job.channels, ahead, PIXELS)


cdef inline void backward_input_block(const Problem* job, Py_ssize_t c, Py_ssize_t channels, Py_ssize_t height) noexcept nogil:
    """d_x of all pixels for some channels."""
    cdef Py_ssize_t tiles = ceil_div(job.pixels, height)
    cdef Py_ssize_t tile
    cdef unsigned long long state = flush_denormals()
    cdef Ahead ahead = memory_ahead(
        job.kernel + (c + channels) * job.filters, 1, channels * job.filters, 0, tiles * ceil_div(job.filters, VL)
    )
    for tile in range(tiles):
        backward_input_tile(job, c, min(tile * height, job.pixels - height), height, &ahead)
    restore_denormals(state)


cdef inline void backward_kernel_share(const Problem* job, Py_ssize_t first, Py_ssize_t blocks, bint around) noexcept nogil:
    """d_kernel of some blocks of ROWS numbers of the depth."""
    cdef Py_ssize_t block
    cdef unsigned long long state = flush_denormals()
    for block in range(first, min(first + blocks, ceil_div(job.depth, ROWS))):
        backward_kernel_block(job, block * ROWS, around)
    if around:
        end_stores_around()
    restore_denormals(state)


cdef inline void backward_kernel_block(const Problem* job, Py_ssize_t p, bint around) noexcept nogil:
    """d_kernel of ROWS numbers of the depth, or what is left of them."""
    cdef Py_ssize_t rows = min(job.depth - p, <Py_ssize_t>ROWS)
    cdef Py_ssize_t panels = ceil_div(job.filters, WIDTH)
    cdef Py_ssize_t panel, k, i
    cdef bint is_narrow = job.filters < WIDTH
    cdef real sums[ROWS * WIDTH]
    cdef real* result = job.result + p * job.filters
    cdef Product product
    cdef Ahead ahead = memory_ahead(result + rows * job.filters, 1, rows * job.filters, 0, panels * job.pixels)
    if around:
        ahead.requests = 0
    for panel in range(panels):
        k = first_filter(job, panel)
        product.left, product.left_row, product.left_step = job.rows + p, 1, job.depth
        product.right, product.right_row = job.d_y + k, job.filters
        product.depth = job.pixels
        product.target = &sums[0] if is_narrow else result + k
        product.target_row = WIDTH if is_narrow else job.filters
        product.accumulate, product.around = False, around
        multiply_all(job, &product, 0, &ahead, rows)
    if is_narrow:
        for i in range(rows):
            memcpy(result + i * job.filters, sums + i * WIDTH, job.filters * sizeof(real))


cdef inline bint goes_around(const Problem* job) noexcept nogil:
    """Whether the gradient for the kernel is stored around the caches: it is large, and its tiles consist of whole lines."""
    cdef Py_ssize_t row = job.filters * sizeof(real)
    return (
        AROUND and job.filters >= WIDTH and row % 64 == 0 and <uintptr_t>job.result % 64 == 0
        and job.depth * row >= LARGE
    )


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
    job.vectors = min(ceil_div(job.filters, VL), <Py_ssize_t>COLUMNS)
    job.failed = False
    return job


def conv_few_pixels_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                            real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Problem job
    cdef Py_ssize_t panels, share, i
    cdef int threads
    if size_of(y) == 0:
        return
    job = describe(x, kernel, y, strides, dilations, pads)
    threads = threads_of(&job)
    panels = ceil_div(job.filters, WIDTH)
    share = min(ceil_div(panels, threads), <Py_ssize_t>WIDEST)
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.bias = &bias[0] if bias is not None else NULL
    job.result = &y[0, 0, 0, 0, 0]
    job.activation = activation
    with nogil:
        prepare_rows(&job)
        copy_last(&job, job.kernel, job.depth)
        if not job.failed:
            for i in prange(0, panels, share, num_threads=threads, schedule="static"):
                forward_share(&job, i, min(share, panels - i))
        scratch_give(job.last)
        scratch_give(job.packed)
    if job.failed:
        raise MemoryError()


def conv_few_pixels_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                   real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = d_y @ kernel.T"""
    cdef Problem job
    cdef Py_ssize_t height, channels, i
    if size_of(d_x) == 0:
        return
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.result = &d_x[0, 0, 0, 0, 0]
    job.channels, job.filters = kernel.shape[3], kernel.shape[4]
    job.depth = job.channels
    job.pixels = size_of(d_x) // job.channels
    height = PIXELS if job.pixels >= PIXELS else min(job.pixels, <Py_ssize_t>2)
    channels = SUMS // height
    with nogil:
        for i in prange(ceil_div(job.channels, channels), num_threads=threads_of(&job), schedule="static"):
            backward_input_block(&job, min(i * channels, job.channels - channels), channels, height)


def conv_few_pixels_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                    real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Problem job
    cdef Py_ssize_t blocks, share, i
    cdef int threads
    cdef bint around
    if size_of(d_kernel) == 0:
        return
    if size_of(d_y) == 0:
        d_kernel[...] = 0
        return
    job = describe(x, d_kernel, d_y, strides, dilations, pads)
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.result = &d_kernel[0, 0, 0, 0, 0]
    around = goes_around(&job)
    threads = threads_of(&job)
    blocks = ceil_div(job.depth, ROWS)
    share = ceil_div(blocks, threads)
    with nogil:
        prepare_rows(&job)
        copy_last(&job, job.d_y, job.pixels)
        if not job.failed:
            for i in prange(0, blocks, share, num_threads=threads, schedule="static"):
                backward_kernel_share(&job, i, share, around)
        scratch_give(job.last)
        scratch_give(job.packed)
    if job.failed:
        raise MemoryError()
