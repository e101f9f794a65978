# Convolution with few channels, whose windows are read where they lie.
#
# Design:
# a) Windows with few numbers are soon multiplied: to pack them into rows first, as conv_direct does, would take as long. Here
#    the source below a block of outputs is copied once, with its padding (few_blocks.pxd), and windows are read in the copy;
#    without padding, in the source.
# b) Forward: y[output, k] = bias[k] + sum over p of window[output, p] * weights[p, k]. A tile of GROUPS groups of neighbours in
#    a row stays in registers: groups of 2 outputs by 2 vectors of filters, or of 4 by 1. The windows of a group lie `step`
#    numbers apart, so a tile has one address for each group only, and groups may lie anywhere.
# c) Tiles are stored where they belong, in the order of memory and in whole vectors: what the last vector of an output writes
#    beyond its filters, and a group beyond its row, the next output overwrites. The last panel of filters goes first, for the
#    same reason. Only tiles that would write beyond their block are stored by way of a buffer.
# d) A tile goes through all panels of weights, and then the activation through the tile: both while it is in L1.
# e) With a step of 1, the gradient for the input is the same, of d_y: for few filters. The gradient for the kernel is a product
#    over outputs (few_gradient.pxd).
# f) Parallel: over blocks. The order of all additions is the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.few_blocks cimport GROUPS, Block, Blocks, block_at, describe, divide, locate_numbers, source_below
from kernels.few_gradient cimport Correlation, correlate_all, describe_correlation, describe_exchanged, should_exchange
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport (
    Target, Weights, backward_weights, describe_source, describe_windows, enter_phase, forward_weights, size_of, weight_at
)
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport ceil_div, clear_numbers

cdef enum:
    PRODUCTS = 96 << 10  # bytes of a block
    LARGE = 1 << 19      # numbers of y that do not stay in L2: memory is asked for before it is stored to,
    AHEAD = 4096         # by so many numbers

cdef struct Product:
    Blocks blocks
    Weights weights
    const real* bias
    int activation
    real* y
    bint ahead           # memory is asked for before it is stored to
    real* panel          # [panel][bias, then each number of a window][width]
    Py_ssize_t tiles     # of a whole block
    Py_ssize_t* window   # of each group: where in the source below a block its first window begins
    Py_ssize_t* where    # of each output: where in the block it is stored
    bint failed          # out of memory


cdef inline void multiply_windows(const real* source, const Py_ssize_t* window, Py_ssize_t step, const Py_ssize_t* offset,
                                  Py_ssize_t depth, const real* panel, real* y, const Py_ssize_t* where, bint ahead,
                                  int vectors) noexcept nogil:
    """A tile: y[where[i]] = bias + sum over p of number p of window i * panel[p + 1]."""
    cdef vec total[GROUPS][4]  # neighbours in a row, times vectors
    cdef vec row[2]
    cdef const real* group[GROUPS]
    cdef const real* first
    cdef Py_ssize_t p
    cdef int g, j
    if ahead:
        for g in range(GROUPS):
            for j in range(4):
                prefetch_for_reading(y + where[(g * 4 + j) // vectors] + j % vectors * VL + AHEAD)
    for g in range(GROUPS):
        group[g] = source + window[g]
        for j in range(4):
            total[g][j] = (<const vec*>(panel + j % vectors * VL))[0]
    for p in range(depth):
        panel += vectors * VL
        for j in range(vectors):
            row[j] = (<const vec*>(panel + j * VL))[0]
        for g in range(GROUPS):
            first = group[g] + offset[p]
            for j in range(4):
                total[g][j] += row[j % vectors] * first[j // vectors * step]
    for g in range(GROUPS):
        for j in range(4):
            (<vec*>(y + where[(g * 4 + j) // vectors] + j % vectors * VL))[0] = total[g][j]


cdef inline void multiply_tile(const Product* job, const real* source, Py_ssize_t tile, Py_ssize_t panel, real* y,
                               const Py_ssize_t* where) noexcept nogil:
    cdef const Blocks* blocks = &job.blocks
    cdef const real* weights = job.panel + panel * (blocks.depth + 1) * blocks.width
    cdef const Py_ssize_t* window = job.window + tile * GROUPS
    if blocks.vectors == 2:
        multiply_windows(source, window, blocks.step, blocks.offset, blocks.depth, weights, y, where, job.ahead, 2)
    else:
        multiply_windows(source, window, blocks.step, blocks.offset, blocks.depth, weights, y, where, job.ahead, 1)


cdef void pack_panels(const Product* job) noexcept nogil:
    cdef const Blocks* blocks = &job.blocks
    cdef Py_ssize_t panel, row, columns, i, step
    cdef real* target = job.panel
    cdef const real* source
    for panel in range(blocks.panels):
        columns = min(blocks.width, blocks.filters - panel * blocks.width)
        for row in range(blocks.depth + 1):
            if row > 0:
                source = weight_at(&job.weights, &blocks.windows, 0, row - 1, panel * blocks.width)
                step = job.weights.column_stride
            else:
                source = job.bias + panel * blocks.width
                step = 1
            clear_numbers(target, blocks.width)
            if row > 0 or job.bias != NULL:
                for i in range(columns):
                    target[i] = source[i * step]
            target += blocks.width


cdef void locate_groups(const Product* job) noexcept nogil:
    """Where the groups of a block are read and stored. Those of a smaller block come first."""
    cdef const Blocks* blocks = &job.blocks
    cdef Py_ssize_t size = 4 // blocks.vectors
    cdef Py_ssize_t groups = ceil_div(blocks.columns, size)
    cdef Py_ssize_t g, i, row, column
    for g in range(job.tiles * GROUPS + 1):
        row = g // groups
        column = g % groups * size
        job.window[g] = row * blocks.windows.h.step * blocks.line + column * blocks.step if row < blocks.rows else 0
        for i in range(size):
            job.where[g * size + i] = (row * blocks.columns + column + i) * blocks.filters


cdef void multiply_block(const Product* job, Py_ssize_t index, real* copy, real* spare) noexcept nogil:
    """Computes a block. `spare` has room for one panel of a tile."""
    cdef const Blocks* blocks = &job.blocks
    cdef Block block = block_at(blocks, index)
    cdef Py_ssize_t size = 4 // blocks.vectors
    cdef Py_ssize_t outputs = size * GROUPS
    cdef Py_ssize_t end = block.outputs * blocks.filters
    cdef Py_ssize_t spare_where[4 * GROUPS]
    cdef Py_ssize_t tile, turn, panel, i
    cdef const Py_ssize_t* where
    cdef real* y = job.y + block.start
    cdef const real* source = source_below(blocks, &block, copy)
    for i in range(outputs):
        spare_where[i] = i * blocks.width
    for tile in range(ceil_div(block.rows * ceil_div(block.columns, size), GROUPS)):
        where = job.where + tile * outputs
        for turn in range(blocks.panels):
            panel = turn - 1 if turn else blocks.panels - 1
            if where[outputs - 1] + blocks.panels * blocks.width <= end:
                multiply_tile(job, source, tile, panel, y + panel * blocks.width, where)
            else:
                multiply_tile(job, source, tile, panel, spare, spare_where)
                for i in range(outputs):
                    if where[i] < end:
                        memcpy(
                            y + where[i] + panel * blocks.width, spare + i * blocks.width,
                            min(blocks.width, blocks.filters - panel * blocks.width) * sizeof(real),
                        )
        if job.activation != LINEAR:  # nothing that comes later writes before the next tile
            apply_activation(job.activation, y + where[0], min(where[outputs], end) - where[0])


cdef inline void multiply_blocks(Product* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef real* copy = <real*>scratch_take(job.blocks.size * sizeof(real))
    cdef real* spare = <real*>scratch_take(4 * GROUPS * VL * sizeof(real))
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t index
    if copy == NULL or spare == NULL:
        job.failed = True
    else:
        for index in range(first, end):
            multiply_block(job, index, copy, spare)
    restore_denormals(state)
    scratch_give(spare)
    scratch_give(copy)


cdef void multiply(Product* job, Py_ssize_t numbers) noexcept nogil:
    """Computes y, which has so many numbers."""
    cdef Blocks* blocks = &job.blocks
    cdef int threads = threads_for(2.0 / VL * numbers * blocks.depth)
    cdef Py_ssize_t bytes = PRODUCTS, tasks, i
    cdef Py_ssize_t* tables
    if threads > 1:  # some blocks for each
        bytes = min(bytes, numbers * <Py_ssize_t>sizeof(real) // (4 * threads))
    divide(blocks, bytes, 2)
    job.ahead = numbers > LARGE
    tasks = min(blocks.count, <Py_ssize_t>16 * threads)
    job.tiles = ceil_div(blocks.rows * ceil_div(blocks.columns, 4 // blocks.vectors), GROUPS)
    tables = <Py_ssize_t*>scratch_take((blocks.depth + 5 * (job.tiles * GROUPS + 1)) * sizeof(Py_ssize_t))
    job.panel = <real*>scratch_take(blocks.panels * (blocks.depth + 1) * blocks.width * sizeof(real))
    if tables == NULL or job.panel == NULL:
        job.failed = True
    else:
        blocks.offset = tables
        job.window = blocks.offset + blocks.depth
        job.where = job.window + job.tiles * GROUPS + 1
        locate_numbers(blocks)
        locate_groups(job)
        pack_panels(job)
        for i in prange(tasks, num_threads=threads, schedule="dynamic"):
            multiply_blocks(job, blocks.count * i // tasks, blocks.count * (i + 1) // tasks)
    scratch_give(job.panel)
    scratch_give(tables)


# For Python -------------------------------------------------------------------------------------------------------------


def conv_few_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                     real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Product job
    cdef Py_ssize_t numbers = size_of(y)
    if numbers == 0:
        return
    describe_windows(x, kernel, y, strides, dilations, pads, groups, &job.blocks.windows)
    describe(&job.blocks, y)
    job.weights = forward_weights(kernel, groups)
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.y = &y[0, 0, 0, 0, 0]
    job.failed = False
    with nogil:
        multiply(&job, numbers)
    if job.failed:
        raise MemoryError()


def conv_few_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                            real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output. All strides are 1."""
    cdef Product job
    cdef Target target
    cdef Py_ssize_t numbers = size_of(d_x)
    if numbers == 0:
        return
    if size_of(d_y) == 0:
        d_x[...] = 0
        return
    describe_source(&job.blocks.windows, d_y, groups)
    job.weights = backward_weights(kernel, groups)
    if not enter_phase(0, d_y, kernel, d_x, strides, dilations, pads, &job.blocks.windows, &job.weights, &target):
        return
    describe(&job.blocks, d_x)
    job.bias = NULL
    job.activation = LINEAR
    job.y = &d_x[0, 0, 0, 0, 0]
    job.failed = False
    with nogil:
        multiply(&job, numbers)
    if job.failed:
        raise MemoryError()


def conv_few_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                             real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output (contiguous)."""
    cdef Correlation job
    cdef Py_ssize_t numbers = size_of(d_y)
    if size_of(d_kernel) == 0:
        return
    if numbers == 0:
        d_kernel[...] = 0
        return
    if should_exchange(d_kernel, strides):
        describe_exchanged(&job, x, d_y, d_kernel, dilations, pads)
    else:
        describe_correlation(&job, x, d_y, d_kernel, strides, dilations, pads)
    job.failed = False
    with nogil:
        correlate_all(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
