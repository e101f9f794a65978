# Convolution with few channels, whose windows are read where they lie.
#
# Design:
# a) Windows with few numbers are soon multiplied: to pack them into rows first, as conv_direct does, would take as long. Here the
#    source below a block of outputs is copied once, with zeros around it: [tap along d][row][column][channel]. Number p of a window
#    lies offset[p] behind the window's first number, the same for all windows.
# b) A block is some rows of outputs of one image, or a part of a row. Its outputs lie together and stay in L1, with the copy.
# c) Forward: y[output, k] = bias[k] + sum over p of window[output, p] * weights[p, k]. A tile of GROUPS groups of neighbours in a row
#    stays in registers: groups of 2 outputs by 2 vectors of filters, or of 4 by 1 where the filters fill an odd number of vectors.
#    The numbers of a group lie `step` apart, so a tile needs one address for each group only, and groups may lie anywhere.
# d) Tiles are stored where they belong, in the order of memory and in whole vectors: what the last vector of an output writes
#    beyond its filters, and a group beyond its row, the next output overwrites. The last panel of filters goes first, for the same
#    reason. Only tiles that would write beyond their block are stored by way of a buffer.
# e) Gradient for the kernel: d_kernel[p, k] = sum over outputs of window[output, p] * d_y[output, k]. Numbers that are neighbours in
#    a window are divided into pieces; a tile is some pieces by the vectors of c). It stays in registers for all outputs of a block,
#    while windows and d_y are read in place. Sums of all tiles wait in memory for the next block.
# f) Parallel: over blocks; for the gradient over shares of the blocks whose number depends on the problem only, added up in
#    their order. So the order of all additions is the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport describe_source, size_of
from kernels.parallel cimport threads_for
from kernels.real cimport MR, VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Windows, ceil_div, clear_numbers, forward_axis

cdef extern from *:
    """
    #if defined(__GNUC__)  /* each tile becomes a loop of its own, with the size that it is called with */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE inline __attribute__((always_inline))
    #endif
    #define GROUPS (MR / 2)
    #if defined(__AVX512F__)
    #define MOST_VECTORS 2
    #else
    #define MOST_VECTORS 1
    #endif
    """
    enum:
        GROUPS        # of a tile
        MOST_VECTORS  # of a tile of the gradient: with two, 16 registers would hold too few numbers of a window

cdef enum:
    PRODUCTS = 96 << 10  # bytes of the outputs of a block, about
    FACTORS = 32 << 10   # the same for the gradient, which reads them for each tile
    LONGEST = 12         # piece of a window
    SHARES = 16          # tasks that the gradient for the kernel is divided into at most

cdef struct Blocks:
    Windows windows
    Py_ssize_t planes            # images times outputs along the depth
    Py_ssize_t rows, columns     # outputs of a block
    Py_ssize_t parts_h, parts_w  # blocks of a plane
    Py_ssize_t count             # of blocks
    Py_ssize_t line, plane       # numbers of the copy from one row, and one tap along the depth, to the next
    Py_ssize_t size              # numbers of the copy, and some behind it that are read, and dropped
    Py_ssize_t step              # numbers from one window to the next in a row
    Py_ssize_t depth             # numbers of a window
    Py_ssize_t* offset           # of each number of a window from its first
    Py_ssize_t filters, vectors  # all filters; vectors in a panel of filters
    Py_ssize_t panels, width     # panels of filters, and the filters in one

cdef struct Block:
    Py_ssize_t plane, first_row, rows, first_column, columns
    Py_ssize_t outputs
    Py_ssize_t start             # of its first output, in numbers of y


# Blocks -----------------------------------------------------------------------------------------------------------------


cdef inline Py_ssize_t extent(Py_ssize_t outputs, Py_ssize_t step, Py_ssize_t taps, Py_ssize_t spacing) noexcept nogil:
    """Source pixels that the windows of some outputs meet."""
    return (outputs - 1) * step + (taps - 1) * spacing + 1


cdef void divide(Blocks* blocks, Py_ssize_t images, Py_ssize_t filters, Py_ssize_t bytes, Py_ssize_t most_vectors) noexcept nogil:
    """Chooses the panels, and blocks with about so many bytes of outputs."""
    cdef Windows* windows = &blocks.windows
    cdef Py_ssize_t most, rows, least, groups, tiles, fewest = -1
    cdef Py_ssize_t vectors = ceil_div(filters, VL)
    blocks.filters = filters
    blocks.vectors = 2 if most_vectors == 2 and (vectors % 2 == 0 or vectors >= 5) else 1
    blocks.width = blocks.vectors * VL
    blocks.panels = ceil_div(filters, blocks.width)
    blocks.planes = images * windows.d.outputs
    most = max(
        bytes // <Py_ssize_t>sizeof(real) // (filters + windows.channels * windows.h.step * windows.w.step),
        <Py_ssize_t>2 * GROUPS,
    )
    blocks.parts_w = ceil_div(windows.w.outputs, most) if windows.w.outputs > 2 * most else 1
    blocks.columns = ceil_div(windows.w.outputs, blocks.parts_w)
    blocks.parts_w = ceil_div(windows.w.outputs, blocks.columns)
    # As many rows as give the fewest tiles, partly filled ones included.
    most = min(max(most // windows.w.outputs, <Py_ssize_t>1), windows.h.outputs)
    groups = ceil_div(blocks.columns, 4 // blocks.vectors)
    blocks.rows = most
    for rows in range(most, most // 2, -1):
        tiles = (
            windows.h.outputs // rows * ceil_div(rows * groups, GROUPS) + ceil_div(windows.h.outputs % rows * groups, GROUPS)
        )
        if fewest < 0 or tiles < fewest:
            fewest = tiles
            blocks.rows = rows
    blocks.parts_h = ceil_div(windows.h.outputs, blocks.rows)
    blocks.count = blocks.planes * blocks.parts_h * blocks.parts_w
    blocks.line = extent(blocks.columns, windows.w.step, windows.w.taps, windows.w.spacing) * windows.channels
    blocks.plane = extent(blocks.rows, windows.h.step, windows.h.taps, windows.h.spacing) * blocks.line
    blocks.step = windows.w.step * windows.channels
    blocks.size = windows.d.taps * blocks.plane + 4 * blocks.step + LONGEST
    blocks.depth = windows.d.taps * windows.h.taps * windows.w.taps * windows.channels


cdef void locate_numbers(Blocks* blocks) noexcept nogil:
    """Where in the copy the numbers of a window are."""
    cdef Windows* windows = &blocks.windows
    cdef Py_ssize_t p, tap, td, th, tw
    for p in range(blocks.depth):
        tap = p // windows.channels
        tw = tap % windows.w.taps * windows.w.spacing
        th = tap // windows.w.taps % windows.h.taps * windows.h.spacing
        td = tap // windows.w.taps // windows.h.taps
        blocks.offset[p] = td * blocks.plane + th * blocks.line + tw * windows.channels + p % windows.channels


cdef inline Block block_at(const Blocks* blocks, Py_ssize_t index) noexcept nogil:
    cdef const Windows* windows = &blocks.windows
    cdef Block block
    block.plane = index // blocks.parts_w // blocks.parts_h
    block.first_row = index // blocks.parts_w % blocks.parts_h * blocks.rows
    block.rows = min(blocks.rows, windows.h.outputs - block.first_row)
    block.first_column = index % blocks.parts_w * blocks.columns
    block.columns = min(blocks.columns, windows.w.outputs - block.first_column)
    block.outputs = block.rows * block.columns
    block.start = blocks.filters * (
        (block.plane * windows.h.outputs + block.first_row) * windows.w.outputs + block.first_column
    )
    return block


cdef inline void copy_row(const Windows* windows, const real* row, Py_ssize_t first, Py_ssize_t columns,
                          real* target) noexcept nogil:
    """Copies columns of a row of the source, from column `first` on; zeros where that is outside."""
    cdef Py_ssize_t channels = windows.channels
    cdef Py_ssize_t before = min(max(-first, <Py_ssize_t>0), columns)
    cdef Py_ssize_t end = max(min(windows.w.size - first, columns), before)
    cdef Py_ssize_t w
    clear_numbers(target, before * channels)
    if windows.whole_pixels and end > before:
        memcpy(target + before * channels, row + (first + before) * channels, (end - before) * channels * sizeof(real))
    else:
        for w in range(before, end):
            memcpy(target + w * channels, row + (first + w) * windows.stride_w, channels * sizeof(real))
    clear_numbers(target + end * channels, (columns - end) * channels)


cdef inline void copy_source(const Blocks* blocks, const Block* block, real* copy) noexcept nogil:
    """Fills the copy below a block."""
    cdef const Windows* windows = &blocks.windows
    cdef Py_ssize_t rows = extent(block.rows, windows.h.step, windows.h.taps, windows.h.spacing)
    cdef Py_ssize_t columns = extent(block.columns, windows.w.step, windows.w.taps, windows.w.spacing)
    cdef Py_ssize_t td, row, d, h
    cdef real* target
    for td in range(windows.d.taps):
        d = block.plane % windows.d.outputs * windows.d.step + windows.d.offset + td * windows.d.spacing
        for row in range(rows):
            h = block.first_row * windows.h.step + windows.h.offset + row
            target = copy + td * blocks.plane + row * blocks.line
            if 0 <= d < windows.d.size and 0 <= h < windows.h.size:
                copy_row(
                    windows, windows.source + block.plane // windows.d.outputs * windows.stride_n + d * windows.stride_d
                    + h * windows.stride_h, block.first_column * windows.w.step + windows.w.offset, columns, target,
                )
            else:
                clear_numbers(target, columns * windows.channels)


# Forward ----------------------------------------------------------------------------------------------------------------

cdef struct Product:
    Blocks blocks
    const real* kernel
    const real* bias
    int activation
    real* y
    real* panel          # [panel][bias, then each number of a window][width]
    Py_ssize_t tiles     # of a whole block
    Py_ssize_t* window   # of each group: where in the copy its first window begins
    Py_ssize_t* where    # of each output: where in the block it is stored
    bint failed          # out of memory


cdef inline void multiply_windows(const real* copy, const Py_ssize_t* window, Py_ssize_t step, const Py_ssize_t* offset,
                                  Py_ssize_t depth, const real* panel, real* y, const Py_ssize_t* where,
                                  int vectors) noexcept nogil:
    """A tile: y[where[i]] = bias + sum over p of number p of window i * panel[p + 1]."""
    cdef vec total[GROUPS][4]  # neighbours in a row, times vectors
    cdef vec row[2]
    cdef const real* group[GROUPS]
    cdef const real* first
    cdef Py_ssize_t p
    cdef int g, j
    for g in range(GROUPS):
        group[g] = copy + window[g]
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


cdef inline void multiply_tile(const Product* job, const real* copy, Py_ssize_t tile, Py_ssize_t panel, real* y,
                               const Py_ssize_t* where) noexcept nogil:
    cdef const Blocks* blocks = &job.blocks
    cdef const real* weights = job.panel + panel * (blocks.depth + 1) * blocks.width
    cdef const Py_ssize_t* window = job.window + tile * GROUPS
    if blocks.vectors == 2:
        multiply_windows(copy, window, blocks.step, blocks.offset, blocks.depth, weights, y, where, 2)
    else:
        multiply_windows(copy, window, blocks.step, blocks.offset, blocks.depth, weights, y, where, 1)


cdef void pack_panels(const Product* job) noexcept nogil:
    cdef const Blocks* blocks = &job.blocks
    cdef Py_ssize_t panel, row, columns
    cdef real* target = job.panel
    cdef const real* source
    for panel in range(blocks.panels):
        columns = min(blocks.width, blocks.filters - panel * blocks.width)
        for row in range(blocks.depth + 1):
            source = job.kernel + (row - 1) * blocks.filters if row else job.bias
            clear_numbers(target, blocks.width)
            if source != NULL:
                memcpy(target, source + panel * blocks.width, columns * sizeof(real))
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
    copy_source(blocks, &block, copy)
    for i in range(outputs):
        spare_where[i] = i * blocks.width
    for tile in range(ceil_div(block.rows * ceil_div(block.columns, size), GROUPS)):
        where = job.where + tile * outputs
        for turn in range(blocks.panels):
            panel = turn - 1 if turn else blocks.panels - 1
            if where[outputs - 1] + blocks.panels * blocks.width <= end:
                multiply_tile(job, copy, tile, panel, y + panel * blocks.width, where)
            else:
                multiply_tile(job, copy, tile, panel, spare, spare_where)
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


cdef void multiply(Product* job, double work) noexcept nogil:
    cdef Blocks* blocks = &job.blocks
    cdef int threads = threads_for(work)
    cdef Py_ssize_t tasks = min(blocks.count, <Py_ssize_t>16 * threads)
    cdef Py_ssize_t groups = blocks.rows * ceil_div(blocks.columns, 4 // blocks.vectors)
    cdef Py_ssize_t i
    cdef Py_ssize_t* tables
    job.tiles = ceil_div(groups, GROUPS)
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


def conv_few_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                     real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Product job
    cdef Windows* windows = &job.blocks.windows
    cdef double numbers = size_of(y)
    if numbers == 0:
        return
    describe_source(windows, x, groups)
    windows.d = forward_axis(x.shape[1], y.shape[1], kernel.shape[0], strides[0], dilations[0], pads[0])
    windows.h = forward_axis(x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1])
    windows.w = forward_axis(x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2])
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.y = &y[0, 0, 0, 0, 0]
    job.failed = False
    with nogil:
        divide(&job.blocks, y.shape[0], kernel.shape[4], PRODUCTS, 2)
        multiply(&job, numbers * 2 / VL * job.blocks.depth)
    if job.failed:
        raise MemoryError()


# Gradient for the kernel ------------------------------------------------------------------------------------------------

cdef struct Correlation:
    Blocks blocks
    const real* d_y
    const real* end        # behind the last number of d_y
    Py_ssize_t numbers     # of a piece: neighbours in a window
    Py_ssize_t lines       # pieces in a tile
    Py_ssize_t run         # neighbours in a window that the pieces divide
    Py_ssize_t pieces      # of each run
    Py_ssize_t tiles
    Py_ssize_t* piece      # offset of each from the first number of a window
    Py_ssize_t shares      # of the blocks
    real* totals           # [share][number of a window][filter], the layout of d_kernel
    bint failed


cdef inline void correlate_windows(const real* copy, const Py_ssize_t* piece, Py_ssize_t line, Py_ssize_t step,
                                   const real* d_y, Py_ssize_t filters, Py_ssize_t rows, Py_ssize_t columns, real* sums,
                                   int lines, int numbers, int vectors) noexcept nogil:
    """A tile: sums[l, q] += sum over outputs of number q of piece l of the window * d_y[output]."""
    cdef vec total[3][LONGEST][2]
    cdef vec row[2]
    cdef const real* first[3]
    cdef Py_ssize_t h, w
    cdef int l, q, v
    for l in range(lines):
        for q in range(numbers):
            for v in range(vectors):
                total[l][q][v] = (<const vec*>(sums + ((l * numbers + q) * vectors + v) * VL))[0]
    for h in range(rows):
        for l in range(lines):
            first[l] = copy + piece[l] + h * line
        for w in range(columns):
            for v in range(vectors):
                row[v] = (<const vec*>(d_y + v * VL))[0]
            for l in range(lines):
                for q in range(numbers):
                    for v in range(vectors):
                        total[l][q][v] += row[v] * first[l][q]
                first[l] += step
            d_y += filters
    for l in range(lines):
        for q in range(numbers):
            for v in range(vectors):
                (<vec*>(sums + ((l * numbers + q) * vectors + v) * VL))[0] = total[l][q][v]


cdef inline void correlate_tile(const Correlation* job, const Block* block, const real* copy, Py_ssize_t tile, const real* d_y,
                                real* sums, int vectors) noexcept nogil:
    """Chooses the tile of the right size. `vectors` is a literal."""
    cdef const Blocks* blocks = &job.blocks
    cdef const Py_ssize_t* piece = job.piece + tile * job.lines
    cdef Py_ssize_t line = blocks.windows.h.step * blocks.line, step = blocks.step, filters = blocks.filters
    if job.numbers == 3:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 3, 3, vectors)
    elif job.numbers == 5 and job.lines == 2:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 2, 5, vectors)
    elif job.numbers == 5:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 5, vectors)
    elif job.numbers == 7:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 7, vectors)
    elif job.numbers == 9:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 9, vectors)
    elif job.numbers == 11:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 11, vectors)
    else:
        correlate_windows(copy, piece, line, step, d_y, filters, block.rows, block.columns, sums, 1, 12, vectors)


cdef void correlate_block(const Correlation* job, Py_ssize_t index, real* copy, real* spare, real* sums) noexcept nogil:
    """Adds a block to the sums [panel][tile][piece][number][filter]. `spare` has room for d_y of a block."""
    cdef const Blocks* blocks = &job.blocks
    cdef Block block = block_at(blocks, index)
    cdef Py_ssize_t panel, tile
    cdef const real* d_y = job.d_y + block.start
    copy_source(blocks, &block, copy)
    if d_y + block.outputs * blocks.filters + blocks.width > job.end:  # whole vectors are read, beyond the last filter too
        memcpy(spare, d_y, block.outputs * blocks.filters * sizeof(real))
        d_y = spare
    for panel in range(blocks.panels):
        for tile in range(job.tiles):
            if MOST_VECTORS == 2 and blocks.vectors == 2:
                correlate_tile(job, &block, copy, tile, d_y + panel * blocks.width, sums, 2)
            else:
                correlate_tile(job, &block, copy, tile, d_y + panel * blocks.width, sums, 1)
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


cdef void correlate_all(Correlation* job, double work, real* d_kernel) noexcept nogil:
    cdef Blocks* blocks = &job.blocks
    cdef Windows* windows = &blocks.windows
    cdef int threads = threads_for(work)
    cdef Py_ssize_t count = blocks.depth * blocks.filters, least = 0, share, i
    cdef Py_ssize_t* tables = <Py_ssize_t*>scratch_take((2 * blocks.depth + 3) * sizeof(Py_ssize_t))
    job.run = windows.channels * (windows.w.taps if windows.w.spacing == 1 else 1)
    try_tile(job, 12, 1, &least)
    try_tile(job, 11, 1, &least)
    try_tile(job, 9, 1, &least)
    try_tile(job, 7, 1, &least)
    try_tile(job, 5, 1 if blocks.vectors == 2 else 2, &least)
    try_tile(job, 3, 3, &least)
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
            share = min(i // job.pieces * job.run + i % job.pieces * job.numbers, blocks.depth - 1)
            job.piece[i] = blocks.offset[share]
        for share in prange(job.shares, num_threads=threads, schedule="dynamic"):
            correlate(job, share)
        memcpy(d_kernel, job.totals, count * sizeof(real))
        for share in range(1, job.shares):
            for i in range(count):
                d_kernel[i] += job.totals[share * count + i]
    scratch_give(job.totals)
    scratch_give(tables)


def conv_few_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                             real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output (contiguous)."""
    cdef Correlation job
    cdef Windows* windows = &job.blocks.windows
    cdef double numbers = size_of(d_y)
    if size_of(d_kernel) == 0:
        return
    if numbers == 0:
        d_kernel[...] = 0
        return
    describe_source(windows, x, groups)
    windows.d = forward_axis(x.shape[1], d_y.shape[1], d_kernel.shape[0], strides[0], dilations[0], pads[0])
    windows.h = forward_axis(x.shape[2], d_y.shape[2], d_kernel.shape[1], strides[1], dilations[1], pads[1])
    windows.w = forward_axis(x.shape[3], d_y.shape[3], d_kernel.shape[2], strides[2], dilations[2], pads[2])
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.end = job.d_y + size_of(d_y)
    job.failed = False
    with nogil:
        divide(&job.blocks, d_y.shape[0], d_kernel.shape[4], FACTORS, MOST_VECTORS)
        correlate_all(&job, numbers * 2 / VL * job.blocks.depth, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
