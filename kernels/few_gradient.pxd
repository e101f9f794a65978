# The gradient for the kernel where channels are few, for conv_few.pyx.
#
# Design:
# a) d_kernel[p, k] = sum over outputs of window[output, p] * d_y[output, k]. Windows are read below a block (few_blocks.pxd),
#    and d_y where it lies: nothing is packed or transposed.
# b) Numbers that are neighbours in a window are divided into pieces. A tile is some pieces by one or two vectors of filters;
#    its sums stay in registers for all outputs of a block. Pieces are as long as wastes the least, and tiles that short pieces
#    would leave small have several.
# c) A block is so small that it stays in L1, with the source below, while all tiles go through it. Sums wait in memory for the next.
# d) The roles can be exchanged with a step of 1: windows over d_y, which has few filters, and vectors of channels of x. They give
#    the same sums, with the taps from last to first, and filters before channels.
# e) Parallel: over shares of the blocks whose number depends on the problem only, added up in their order. So the order of all
#    additions is the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.few_blocks cimport LONGEST, Block, Blocks, block_at, describe, divide, locate_numbers, source_below
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport describe_source, describe_windows, size_of
from kernels.parallel cimport threads_for
from kernels.real cimport VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport Axis, Windows, ceil_div, clear_numbers, phase_axis

cdef extern from *:
    """
    #if defined(__AVX512F__)
    #define MOST_VECTORS 2
    #else
    #define MOST_VECTORS 1
    #endif
    """
    enum:
        MOST_VECTORS  # of a tile: with two, 16 registers would hold too few numbers of a window

cdef enum:
    FACTORS = 32 << 10  # bytes of a block
    SHARES = 16         # of the blocks, at most

cdef struct Correlation:
    Blocks blocks
    const real* d_y        # or x, if the roles are exchanged
    const real* end        # behind its last number
    bint exchanged
    Py_ssize_t numbers     # of a piece: neighbours in a window
    Py_ssize_t lines       # pieces in a tile
    Py_ssize_t run         # neighbours in a window that the pieces divide
    Py_ssize_t pieces      # of each run
    Py_ssize_t tiles
    Py_ssize_t* piece      # offset of each from the first number of a window
    Py_ssize_t shares      # of the blocks
    real* totals           # [share][number of a window][filter]
    bint failed


cdef inline void correlate_windows(const real* source, const Py_ssize_t* piece, Py_ssize_t line, Py_ssize_t step,
                                   const real* d_y, Py_ssize_t filters, Py_ssize_t rows, Py_ssize_t columns, real* sums,
                                   int lines, int numbers, int vectors) noexcept nogil:
    """A tile: sums[p, q] += sum over outputs of number q of piece p of the window * d_y[output]."""
    cdef vec total[3][LONGEST][2]
    cdef vec row[2]
    cdef const real* first[3]
    cdef Py_ssize_t h, _
    cdef int p, q, v
    for p in range(lines):
        for q in range(numbers):
            for v in range(vectors):
                total[p][q][v] = (<const vec*>(sums + ((p * numbers + q) * vectors + v) * VL))[0]
    for h in range(rows):
        for p in range(lines):
            first[p] = source + piece[p] + h * line
        for _ in range(columns):
            for v in range(vectors):
                row[v] = (<const vec*>(d_y + v * VL))[0]
            for p in range(lines):
                for q in range(numbers):
                    for v in range(vectors):
                        total[p][q][v] += row[v] * first[p][q]
                first[p] += step
            d_y += filters
    for p in range(lines):
        for q in range(numbers):
            for v in range(vectors):
                (<vec*>(sums + ((p * numbers + q) * vectors + v) * VL))[0] = total[p][q][v]


cdef inline void correlate_tile(const Correlation* job, const Block* block, const real* source, Py_ssize_t tile, const real* d_y,
                                real* sums, int vectors) noexcept nogil:
    """Chooses the tile of the right size. `vectors` is a literal."""
    cdef const Blocks* blocks = &job.blocks
    cdef const Py_ssize_t* piece = job.piece + tile * job.lines
    cdef Py_ssize_t line = blocks.windows.h.step * blocks.line, step = blocks.step, filters = blocks.filters
    if job.numbers == 3:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 3, 3, vectors)
    elif job.numbers == 5:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 2 // vectors, 5, vectors)
    elif job.numbers == 7:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 7, vectors)
    elif job.numbers == 8:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 8, vectors)
    elif job.numbers == 9:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 9, vectors)
    elif job.numbers == 10:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 10, vectors)
    elif job.numbers == 11:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 11, vectors)
    else:
        correlate_windows(source, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 12, vectors)


cdef inline void correlate_block(const Correlation* job, Py_ssize_t index, real* copy, real* spare, real* sums) noexcept nogil:
    """Adds a block to the sums [panel][tile][piece][number][filter]. `spare` has room for d_y of a block."""
    cdef const Blocks* blocks = &job.blocks
    cdef Block block = block_at(blocks, index)
    cdef Py_ssize_t panel, tile
    cdef const real* d_y = job.d_y + block.start
    cdef const real* source = source_below(blocks, &block, copy)
    if d_y + block.outputs * blocks.filters + blocks.width > job.end:  # whole vectors are read, beyond the last filter too
        memcpy(spare, d_y, block.outputs * blocks.filters * sizeof(real))
        d_y = spare
    for panel in range(blocks.panels):
        for tile in range(job.tiles):
            if MOST_VECTORS == 2 and blocks.vectors == 2:
                correlate_tile(job, &block, source, tile, d_y + panel * blocks.width, sums, 2)
            else:
                correlate_tile(job, &block, source, tile, d_y + panel * blocks.width, sums, 1)
            sums += job.lines * job.numbers * blocks.width


cdef inline void correlate(Correlation* job, Py_ssize_t share) noexcept nogil:
    """The totals of one share of the blocks."""
    cdef const Blocks* blocks = &job.blocks
    cdef Py_ssize_t rows = job.tiles * job.lines * job.numbers  # sums of a panel
    cdef Py_ssize_t index, panel, i, p, q, columns
    cdef const real* source
    cdef real* copy = <real*>scratch_take(blocks.size * sizeof(real))
    cdef real* spare = <real*>scratch_take((blocks.rows * blocks.columns * blocks.filters + blocks.width) * sizeof(real))
    cdef real* sums = <real*>scratch_take(blocks.panels * rows * blocks.width * sizeof(real))
    cdef real* target = job.totals + share * blocks.depth * blocks.filters
    cdef unsigned long long state = flush_denormals()
    if copy == NULL or spare == NULL or sums == NULL:
        job.failed = True
    else:
        clear_numbers(sums, blocks.panels * rows * blocks.width)
        for index in range(blocks.count * share // job.shares, blocks.count * (share + 1) // job.shares):
            correlate_block(job, index, copy, spare, sums)
        for panel in range(blocks.panels):
            columns = min(blocks.width, blocks.filters - panel * blocks.width)
            for p in range(blocks.depth):
                i = p // job.run * job.pieces + p % job.run // job.numbers
                q = p % job.run % job.numbers
                source = sums + (panel * rows + i * job.numbers + q) * blocks.width
                memcpy(target + p * blocks.filters + panel * blocks.width, source, columns * sizeof(real))
    restore_denormals(state)
    scratch_give(sums)
    scratch_give(spare)
    scratch_give(copy)


cdef inline void try_tile(Correlation* job, Py_ssize_t numbers, Py_ssize_t lines, Py_ssize_t* least) noexcept nogil:
    """Takes this size of a tile if it needs the fewest instructions so far."""
    cdef Py_ssize_t pieces = ceil_div(job.run, numbers)
    cdef Py_ssize_t tiles = ceil_div(job.blocks.depth // job.run * pieces, lines)
    if least[0] == 0 or tiles * (lines * numbers + 1) < least[0]:
        least[0] = tiles * (lines * numbers + 1)
        job.numbers, job.lines, job.pieces, job.tiles = numbers, lines, pieces, tiles


cdef inline void choose_tile(Correlation* job) noexcept nogil:
    cdef const Windows* windows = &job.blocks.windows
    cdef Py_ssize_t least = 0
    job.run = windows.channels * (windows.w.taps if windows.w.spacing == 1 else 1)
    try_tile(job, 12, 1, &least)
    try_tile(job, 11, 1, &least)
    try_tile(job, 10, 1, &least)
    try_tile(job, 9, 1, &least)
    try_tile(job, 8, 1, &least)
    try_tile(job, 7, 1, &least)
    try_tile(job, 5, 2 // job.blocks.vectors, &least)
    try_tile(job, 3, 3, &least)


cdef inline void place_totals(const Correlation* job, real* d_kernel) noexcept nogil:
    cdef Py_ssize_t rows = job.blocks.windows.channels, columns = job.blocks.filters
    cdef Py_ssize_t taps = job.blocks.depth // rows
    cdef Py_ssize_t tap
    if not job.exchanged:
        memcpy(d_kernel, job.totals, taps * rows * columns * sizeof(real))
        return
    for tap in range(taps):
        transpose_matrix(
            job.totals + tap * rows * columns, columns, d_kernel + (taps - 1 - tap) * rows * columns, rows, rows, columns
        )


cdef inline void correlate_all(Correlation* job, real* d_kernel) noexcept nogil:
    """The whole gradient, share by share."""
    cdef Blocks* blocks = &job.blocks
    cdef int threads = threads_for(2.0 / VL * (job.end - job.d_y) * blocks.depth)
    cdef Py_ssize_t count = blocks.depth * blocks.filters, share, p, i
    cdef Py_ssize_t* tables = <Py_ssize_t*>scratch_take((2 * blocks.depth + 3) * sizeof(Py_ssize_t))
    divide(blocks, FACTORS, MOST_VECTORS)
    choose_tile(job)
    job.shares = min(<Py_ssize_t>SHARES, blocks.count)
    job.totals = <real*>scratch_take(job.shares * count * sizeof(real))
    if tables == NULL or job.totals == NULL:
        job.failed = True
    else:
        blocks.offset = tables
        job.piece = tables + blocks.depth
        locate_numbers(blocks)
        for i in range(job.tiles * job.lines):
            # Where pieces are missing in the last tile, any will do.
            p = min(i // job.pieces * job.run + i % job.pieces * job.numbers, blocks.depth - 1)
            job.piece[i] = blocks.offset[p]
        for share in prange(job.shares, num_threads=threads, schedule="dynamic"):
            correlate(job, share)
        for share in range(1, job.shares):
            for i in range(count):
                job.totals[i] += job.totals[share * count + i]
        place_totals(job, d_kernel)
    scratch_give(job.totals)
    scratch_give(tables)


# Roles ------------------------------------------------------------------------------------------------------------------


cdef inline void describe_outputs(Correlation* job, const real[:, :, :, :, ::1] outputs):
    describe(&job.blocks, outputs)
    job.d_y = &outputs[0, 0, 0, 0, 0]
    job.end = job.d_y + size_of(outputs)


cdef inline void describe_correlation(Correlation* job, const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                      const real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads):
    """Windows over x meet d_y."""
    job.exchanged = False
    describe_windows(x, d_kernel, d_y, strides, dilations, pads, 1, &job.blocks.windows)
    describe_outputs(job, d_y)


cdef inline bint should_exchange(const real[:, :, :, :, ::1] d_kernel, tuple strides):
    """Whether that takes half as many vectors, or less. It costs more where windows reach beyond x."""
    cdef Py_ssize_t channels = d_kernel.shape[3], filters = d_kernel.shape[4]
    return strides == (1, 1, 1) and 2 * filters * ceil_div(channels, VL) <= channels * ceil_div(filters, VL)


cdef inline Axis exchanged_axis(Py_ssize_t size, Py_ssize_t inputs, Py_ssize_t taps, Py_ssize_t dilation, Py_ssize_t pad):
    cdef Py_ssize_t first_tap, tap_step
    return phase_axis(size, inputs, taps, 1, dilation, pad, 0, &first_tap, &tap_step)


cdef inline void describe_exchanged(Correlation* job, const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                    const real[:, :, :, :, ::1] d_kernel, tuple dilations, tuple pads):
    """Windows over d_y meet x."""
    cdef Windows* windows = &job.blocks.windows
    job.exchanged = True
    describe_source(windows, d_y, 1)
    windows.d = exchanged_axis(d_y.shape[1], x.shape[1], d_kernel.shape[0], dilations[0], pads[0])
    windows.h = exchanged_axis(d_y.shape[2], x.shape[2], d_kernel.shape[1], dilations[1], pads[1])
    windows.w = exchanged_axis(d_y.shape[3], x.shape[3], d_kernel.shape[2], dilations[2], pads[2])
    describe_outputs(job, x)
