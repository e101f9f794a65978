# The gradient for the kernel on tiles of bfloat16, for bf16_product.pxd.
#
# Design:
# a) d_kernel[tap, c, k] = sum over positions of d_y[position, k] * source[position + tap, c]. d_y is the left operand, transposed,
#    [term][filter][position], with zeros where a position has no output. The source is the packed right one, its depth being
#    positions: a tap reads it some pairs further on, in one of two versions, with pairs that begin at even or at odd positions.
#    In a block of one image, a tap leaves out rows of positions that see nothing through it.
# b) A task has a block of filters and one of channels, so many that its sums for all taps stay in L2. It goes through blocks of
#    positions whose operands stay there too.
# c) Where tasks are few, each is divided into shares of the positions, whose number depends on the problem only. Their totals are
#    added up in their order, and transposed into d_kernel.
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from kernels.bf16_tiles cimport (
    DEPTH, PACKED, PAIR, SIDE, TERMS, Split, all_finite, begin_tiles, bf16, end_tiles, multiply_tiles, pack_pair, split,
    store_halves
)
from kernels.field cimport Block, Field, block_at, field_of, plane_of, planes_of, shift_of, shifts_of, source_row, start_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix, transpose_rows
from kernels.windows cimport Span, Windows, ceil_div, outputs_of

cdef enum:
    SUMS = 600 << 10     # bytes of the sums for a block of channels and filters
    OPERANDS = 1200 << 10  # bytes of what they are summed up from
    AHEAD = 8            # pairs of positions: so far ahead memory is asked for
    TOTALS = 5 << 20     # bytes of the totals of all shares
    SHARES = 16          # tasks that the gradient for the kernel is divided into at least

cdef struct Correlation:
    Windows windows
    Field field
    const real* d_y            # (output pixel, filter)
    Py_ssize_t filters
    Py_ssize_t block_filters, block_channels  # whose gradients are collected at a time, multiples of SIDE
    Py_ssize_t planes          # copies of the source for each tap along d and the planes along h and w
    Py_ssize_t versions        # 2 where pairs of positions begin at even and at odd ones
    Py_ssize_t line            # positions of a block, rounded up to whole chunks
    Py_ssize_t pairs           # of positions of the copy, with what taps meet beyond the block
    Py_ssize_t parts           # blocks of the channels
    Py_ssize_t tasks           # pairs of a block of filters and one of channels
    Py_ssize_t shares          # of the positions
    Py_ssize_t block           # numbers of the totals of a task
    real* totals               # [share][task][tap][tile of filters][panel of channels][SIDE filters][SIDE channels]
    real* d_kernel             # (tap, channel, filter)
    bint failed
    bint finite


cdef inline vec load_part(const real* source, Py_ssize_t count) noexcept nogil:
    """Reads `count` numbers, at most a vector; zeros behind, and nothing but zeros from NULL."""
    cdef vec v = ZERO_VECTOR
    if source != NULL and count >= VL:
        v = (<const vec*>source)[0]
    elif source != NULL and count > 0:
        memcpy(&v, source, count * sizeof(real))
    return v


cdef inline void transpose_positions(const real** pixel, Py_ssize_t numbers, bf16* target, Py_ssize_t line, Py_ssize_t term,
                                     vec* leftover) noexcept nogil:
    """target[t * term + j * line + i] = term t of number j of pixel i, for DEPTH pixels; NULL is a pixel of zeros."""
    cdef vec first[VL]
    cdef vec second[VL]
    cdef Split a, b
    cdef Py_ssize_t part, j, i
    cdef bf16* row
    for part in range(ceil_div(numbers, VL)):
        j = part * VL
        for i in range(VL):
            first[i] = load_part(pixel[i] + j if pixel[i] != NULL else NULL, numbers - j)
            second[i] = load_part(pixel[VL + i] + j if pixel[VL + i] != NULL else NULL, numbers - j)
        transpose_rows(first)
        transpose_rows(second)
        for i in range(VL):
            a = split(first[i], leftover)
            b = split(second[i], leftover)
            row = target + (j + i) * line
            store_halves(row, a.first, b.first)
            store_halves(row + term, a.second, b.second)
            if TERMS == 3:
                store_halves(row + 2 * term, a.third, b.third)


cdef inline void split_filters(Correlation* job, const Block* block, Py_ssize_t first_filter, Py_ssize_t filters,
                               const real** pixel, bf16* copy, Py_ssize_t term) noexcept nogil:
    """Fills the transposed copy of some filters of d_y: [term][filter][position], zeros where a position has no output."""
    cdef const Windows* windows = &job.windows
    cdef Py_ssize_t image, row, column, position
    cdef const real* d_y
    cdef vec leftover = ZERO_VECTOR
    memset(pixel, 0, job.line * sizeof(real*))
    for image in range(block.images):
        for row in range(block.rows):
            d_y = job.d_y + first_filter + job.filters * (
                ((block.first_slice + image) * windows.h.outputs + block.first_row + row) * windows.w.outputs + block.first_column
            )
            position = image * job.field.image + row * job.field.row
            for column in range(block.columns):
                pixel[position + column] = d_y + column * job.filters
    for position in range(ceil_div(block.positions, DEPTH)):
        transpose_positions(pixel + position * DEPTH, filters, copy + position * DEPTH, job.line, term, &leftover)
    if not all_finite(leftover):
        job.finite = False


cdef inline void locate_source(const Correlation* job, const Block* block, Py_ssize_t plane, const real** pixel) noexcept nogil:
    """Where the source is for each position of a plane; NULL where it is outside."""
    cdef const Windows* windows = &job.windows
    cdef Py_ssize_t planes = job.field.planes_h * job.field.planes_w
    cdef Py_ssize_t offset = (
        block.first_column * windows.w.step + windows.w.offset + start_of(windows.w, plane % job.field.planes_w)
    )
    cdef Py_ssize_t row, column, w, start
    memset(pixel, 0, (2 * job.pairs + 1) * sizeof(real*))
    for row in range(block.copied):
        if source_row(
            &job.field, windows, block, plane // planes, plane // job.field.planes_w % job.field.planes_h, row, &start
        ):
            for column in range(job.field.row):
                w = column * windows.w.step + offset
                if 0 <= w < windows.w.size:
                    pixel[row * job.field.row + column] = windows.source + start + w * windows.stride_w


cdef inline void pack_source(Correlation* job, const Block* block, Py_ssize_t first_channel, Py_ssize_t channels,
                             const real** pixel, bf16* packed) noexcept nogil:
    """Packs some channels of the source below a block: [plane][version][panel][pair of positions][PAIR]."""
    cdef Py_ssize_t panels = ceil_div(channels, SIDE)
    cdef Py_ssize_t plane, version, panel, pair, c, width
    cdef const real* source[2]
    cdef const real* later
    cdef vec numbers[2][2]
    cdef vec leftover = ZERO_VECTOR
    cdef int i
    for plane in range(job.planes):
        locate_source(job, block, plane, pixel)
        for version in range(job.versions):
            for pair in range(job.pairs):
                for panel in range(panels):
                    c = first_channel + panel * SIDE
                    width = channels - panel * SIDE
                    for i in range(2):
                        source[i] = pixel[2 * pair + version + i]
                        if source[i] != NULL:
                            source[i] += c
                        later = pixel[min(2 * (pair + AHEAD) + i, 2 * job.pairs)]
                        if later != NULL:
                            prefetch_for_reading(later + c)
                            prefetch_for_reading(later + c + VL)
                        numbers[i][0] = load_part(source[i], width)
                        numbers[i][1] = load_part(source[i] + VL if source[i] != NULL else NULL, width - VL)
                    pack_pair(
                        numbers[0], numbers[1],
                        packed + (((plane * job.versions + version) * panels + panel) * job.pairs + pair) * PAIR, &leftover,
                    )
    if not all_finite(leftover):
        job.finite = False


cdef inline Span chunks_seen(const Correlation* job, const Block* block, Py_ssize_t td, Py_ssize_t th, Py_ssize_t tw) noexcept nogil:
    """The chunks of a block of positions that see anything through a tap. With several images, that is all of them or none."""
    cdef const Windows* windows = &job.windows
    cdef Span d = outputs_of(&windows.d, td), h = outputs_of(&windows.h, th), w = outputs_of(&windows.w, tw)
    cdef Py_ssize_t slice = block.first_slice % windows.d.outputs
    cdef Py_ssize_t first = 0, end = block.rows
    if block.images == 1:
        first, end = max(h.begin - block.first_row, first), min(h.end - block.first_row, end)
    if first >= end or h.begin == h.end or w.begin == w.end or (block.images == 1 and not d.begin <= slice < d.end):
        return Span(0, 0)
    end += (block.images - 1) * (job.field.image // job.field.row)
    return Span(first * job.field.row // DEPTH, ceil_div((end - 1) * job.field.row + block.columns, DEPTH))


cdef inline void add_block(const Correlation* job, const Block* block, Py_ssize_t filters, Py_ssize_t channels, const bf16* copy,
                           Py_ssize_t term, const Py_ssize_t* offset, const bf16* packed, bint first, real* sums) noexcept nogil:
    """Adds the products of a block of positions."""
    cdef const Windows* windows = &job.windows
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef Py_ssize_t tiles = ceil_div(filters, SIDE), panels = ceil_div(channels, SIDE)
    cdef Py_ssize_t tap, tile, panel, td, th, tw, plane, shift
    cdef Span chunks
    cdef const bf16* right
    cdef real zeros[SIDE]
    cdef real* sum = sums
    memset(zeros, 0, sizeof(zeros))
    begin_tiles()
    for tap in range(taps):
        tw = tap % windows.w.taps
        th = tap // windows.w.taps % windows.h.taps
        td = tap // windows.w.taps // windows.h.taps
        plane = (td * job.field.planes_h + plane_of(windows.h, th)) * job.field.planes_w + plane_of(windows.w, tw)
        chunks = chunks_seen(job, block, td, th, tw)
        shift = shift_of(windows.h, th) * job.field.row + shift_of(windows.w, tw)
        for tile in range(tiles):
            for panel in range(panels):
                right = packed + (
                    ((plane * job.versions + shift % 2) * panels + panel) * job.pairs + shift // 2
                ) * PAIR
                multiply_tiles(
                    copy + tile * SIDE * job.line, job.line, term, offset + chunks.begin, chunks.end - chunks.begin,
                    right + chunks.begin * PACKED,
                    &zeros[0] if first else sum, 0 if first else SIDE, sum, SIDE, filters - tile * SIDE,
                    channels - panel * SIDE,
                )
                sum += SIDE * SIDE
    end_tiles()


cdef inline void store_totals(const Correlation* job, Py_ssize_t task, Py_ssize_t tap, real* totals) noexcept nogil:
    """Adds up the totals of all shares for a tap, in their order, and transposes them into d_kernel."""
    cdef Py_ssize_t first_filter = task // job.parts * job.block_filters, first_channel = task % job.parts * job.block_channels
    cdef Py_ssize_t filters = min(job.block_filters, job.filters - first_filter)
    cdef Py_ssize_t channels = min(job.block_channels, job.windows.channels - first_channel)
    cdef Py_ssize_t panels = ceil_div(channels, SIDE)
    cdef Py_ssize_t size = ceil_div(filters, SIDE) * panels * SIDE * SIDE
    cdef Py_ssize_t share, i
    cdef real* total = totals + tap * size
    cdef real* other
    for share in range(1, job.shares):
        other = total + share * job.tasks * job.block
        for i in range(size // VL):
            (<vec*>(total + i * VL))[0] += (<vec*>(other + i * VL))[0]
    for i in range(ceil_div(filters, SIDE) * panels):
        transpose_matrix(
            total + i * SIDE * SIDE, SIDE,
            job.d_kernel + (tap * job.windows.channels + first_channel + i % panels * SIDE) * job.filters
            + first_filter + i // panels * SIDE,
            job.filters, min(filters - i // panels * SIDE, <Py_ssize_t>SIDE), min(channels - i % panels * SIDE, <Py_ssize_t>SIDE),
        )


cdef inline void correlate(Correlation* job, Py_ssize_t share, Py_ssize_t task) noexcept nogil:
    """The totals of one share of the positions for a block of filters and channels."""
    cdef Py_ssize_t first_filter = task // job.parts * job.block_filters, first_channel = task % job.parts * job.block_channels
    cdef Py_ssize_t filters = min(job.block_filters, job.filters - first_filter)
    cdef Py_ssize_t channels = min(job.block_channels, job.windows.channels - first_channel)
    cdef Py_ssize_t tiles = ceil_div(filters, SIDE), panels = ceil_div(channels, SIDE)
    cdef Py_ssize_t first = job.field.blocks * share // job.shares, end = job.field.blocks * (share + 1) // job.shares
    cdef Py_ssize_t term = tiles * SIDE * job.line
    cdef Py_ssize_t index, i
    cdef Block block
    cdef real* totals = job.totals + (share * job.tasks + task) * job.block
    cdef bf16* copy = <bf16*>scratch_take(TERMS * term * sizeof(bf16))
    cdef bf16* packed = <bf16*>scratch_take(job.planes * job.versions * panels * job.pairs * PAIR * sizeof(bf16))
    cdef Py_ssize_t* offset = <Py_ssize_t*>scratch_take(job.line // DEPTH * sizeof(Py_ssize_t))
    cdef const real** pixel = <const real**>scratch_take((2 * job.pairs + 1) * sizeof(real*))
    cdef unsigned long long state = flush_denormals()
    if job.shares == 1:
        totals = <real*>scratch_take(job.block * sizeof(real))
    if copy == NULL or packed == NULL or offset == NULL or pixel == NULL or totals == NULL:
        job.failed = True
    else:
        for i in range(job.line // DEPTH):
            offset[i] = i * DEPTH
        for index in range(first, end):
            block = block_at(&job.field, &job.windows, index)
            split_filters(job, &block, first_filter, filters, pixel, copy, term)
            pack_source(job, &block, first_channel, channels, pixel, packed)
            add_block(job, &block, filters, channels, copy, term, offset, packed, index == first, totals)
        if job.shares == 1:
            for i in range(job.windows.d.taps * job.windows.h.taps * job.windows.w.taps):
                store_totals(job, task, i, totals)
    if job.shares == 1:
        scratch_give(totals)
    restore_denormals(state)
    scratch_give(pixel)
    scratch_give(offset)
    scratch_give(packed)
    scratch_give(copy)


cdef inline void divide_work(Correlation* job, Py_ssize_t images) noexcept nogil:
    """Chooses blocks of filters, channels and positions that stay in L2, and shares of the positions."""
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef Py_ssize_t channels = ceil_div(windows.channels, SIDE) * SIDE, filters = ceil_div(job.filters, SIDE) * SIDE
    cdef Py_ssize_t room = SUMS // (taps * <Py_ssize_t>sizeof(real)), side = SIDE, of_position, beyond
    while side < channels and 2 * side * side <= room:
        side *= 2
    job.block_channels = min(side, channels)
    job.block_filters = min(max(room // job.block_channels // SIDE, <Py_ssize_t>1) * SIDE, filters)
    job.planes = windows.d.taps * planes_of(windows.h) * planes_of(windows.w)
    job.versions = 2 if shifts_of(windows.h) + shifts_of(windows.w) > 0 else 1
    of_position = TERMS * sizeof(bf16) * (job.planes * job.versions * job.block_channels + job.block_filters)
    job.field = field_of(windows, images, OPERANDS // of_position, 1)
    # An odd number of chunks: rows of a tile would compete for cache sets.
    job.line = (ceil_div(block_at(&job.field, windows, 0).positions, DEPTH) | 1) * DEPTH
    beyond = job.field.shifts_h * job.field.row + job.field.shifts_w
    job.pairs = ceil_div(max(job.line + beyond, block_at(&job.field, windows, 0).copied * job.field.row), 2)
    job.parts = ceil_div(windows.channels, job.block_channels)
    job.tasks = ceil_div(job.filters, job.block_filters) * job.parts
    job.block = taps * job.block_filters * job.block_channels
    job.shares = min(ceil_div(SHARES, job.tasks), job.field.blocks)
    job.shares = max(min(job.shares, TOTALS // (job.tasks * job.block * <Py_ssize_t>sizeof(real))), <Py_ssize_t>1)


cdef inline void correlate_all(Correlation* job, int threads) noexcept nogil:
    """The whole gradient, after `divide_work`."""
    cdef Py_ssize_t taps = job.windows.d.taps * job.windows.h.taps * job.windows.w.taps
    cdef Py_ssize_t i
    job.totals = NULL
    if job.shares > 1:
        job.totals = <real*>scratch_take(job.shares * job.tasks * job.block * sizeof(real))
        job.failed = job.totals == NULL
    if not job.failed:
        for i in prange(job.tasks * job.shares, num_threads=threads, schedule="dynamic"):
            correlate(job, i // job.tasks, i % job.tasks)
    if job.shares > 1 and not job.failed:
        for i in prange(job.tasks * taps, num_threads=threads, schedule="static"):
            store_totals(job, i // taps, i % taps, job.totals + i // taps * job.block)
    scratch_give(job.totals)
