# Convolution in groups of few channels and filters.
#
# Design:
# a) y[pixel, k] = sum over taps and the channels c of k's group of x[pixel + tap, c] * kernel[tap, c, k]. Neighbouring filters
#    fill the vectors, of several groups where groups are small (lanes.pxd).
# b) Outputs are divided into blocks of some rows and columns. For one vector of filters, the source below a block is copied, in
#    units in which its lanes meet it, with zeros outside the image. The copy stays in L1. It is [unit][plane][row][column], and
#    columns are sorted by their number modulo the step from one output to the next: so neighbouring outputs meet neighbouring
#    vectors for any stride and dilation.
# c) A segment is PIXELS neighbouring outputs in a row. The totals of two segments stay in registers while a loop runs over
#    taps, units and channels. Their source is read where it is multiplied.
# d) Weights are packed beforehand, [vector of filters][tap][channel][VL], zeros in lanes without a filter.
# e) The gradient for the input is the same with d_y as the source and the roles of channels and filters exchanged. With a
#    stride, the input pixels fall into phases, each with the taps that reach it (windows.pxd). All phases of a block of as many
#    outputs each share one copy of the source.
# f) The gradient for the kernel sums numbers of the source times vectors of d_y, from the same copies. The sums lie in L1 or L2,
#    in the layout of the packed weights.
# g) Parallel: forward over blocks and parts of the filters; gradient for the kernel over parts of the filters and shares of the
#    blocks. These depend on the problem only and are added up in their order, so results are the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.lanes cimport Lanes, Slice, copy_units, lane, lanes_of, load_lanes, slice_of, store_lanes
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, ceil_div, forward_axis, phase_axis

cdef extern from *:
    """
    #if VECTOR_BYTES == 64
    #define PIXELS 7  /* two segments fill half of 32 registers: a width of 7, 14, 28 or 56 leaves none empty */
    #else
    #define PIXELS 4  /* half of 16 registers */
    #endif
    """
    enum:
        PIXELS

cdef enum:
    COPY = 32 << 10     # bytes of the copied source, to stay in L1
    SUMS = 64 << 10     # bytes of the sums of a task
    SHARES = 16         # tasks that the gradient for the kernel is divided into at least, where there are pixels enough
    SHARE = 256         # pixels that make a share worth its sums

cdef struct Phase:                    # every stride-th output along an axis; all of them in the forward direction
    Axis axis
    Py_ssize_t first_tap, tap_step    # the taps of the kernel that reach these outputs

cdef struct Side:                     # an axis of the problem
    Phase* phase
    Py_ssize_t phases
    Py_ssize_t step                   # source pixels from one output of a phase to the next
    Py_ssize_t first, extent          # source pixels that an output of any phase needs: the first, and how many

cdef struct Job:
    Lanes lanes
    Side d, h, w
    const real* source                # (n, d, h, w, channels)
    const real* end                   # behind its last number
    Py_ssize_t source_d, source_h, source_w  # from one plane, row and pixel to the next, in numbers
    real* target                      # (n, d, h, w, filters); the gradient for the kernel reads it
    Py_ssize_t target_d, target_h, target_w
    Py_ssize_t images, planes, height, width  # of the target
    Py_ssize_t rows, segments         # of a block, in each phase
    Py_ssize_t line                   # columns of a copied row of the same number modulo the step
    const real* kernel
    Py_ssize_t tap, channel, filter, group  # from one to the next, in numbers of the kernel
    Py_ssize_t taps_h, taps_w, taps   # of the kernel; in all
    real* weights                     # packed
    const real* bias
    int activation
    bint failed                       # out of memory

cdef struct Block:
    Py_ssize_t n, od, oh, ow          # the first output, each counted in its phase
    Py_ssize_t id, ih, iw             # the first source pixel, inside the image or not
    Py_ssize_t rows, columns          # of outputs, at most: a phase may have less

cdef struct Segment:
    const vec* source                 # of the first output, from the copy's begin on for tap 0
    real* target
    Py_ssize_t row                    # of the source, for tap 0
    Py_ssize_t pixels                 # outputs inside the image


# Sizes ------------------------------------------------------------------------------------------------------------------


cdef inline Py_ssize_t copied_rows(const Job* job) noexcept nogil:
    return (job.rows - 1) * job.h.step + job.h.extent


cdef inline Py_ssize_t copied_columns(const Job* job) noexcept nogil:
    return (job.segments * PIXELS - 1) * job.w.step * job.lanes.pixels + job.w.extent


cdef inline Py_ssize_t copied_row(const Job* job) noexcept nogil:
    """In vectors."""
    return job.line * job.w.step * job.lanes.pixels


cdef inline Py_ssize_t copied_unit(const Job* job) noexcept nogil:
    """In vectors."""
    return job.d.extent * copied_rows(job) * copied_row(job)


cdef inline Py_ssize_t panel_size(const Job* job) noexcept nogil:
    """Numbers in the packed weights of a vector of filters."""
    return job.taps * job.lanes.depth * VL


cdef inline Py_ssize_t columns_of(const Job* job) noexcept nogil:
    """Blocks beside each other."""
    return ceil_div(job.w.phase.axis.outputs, job.segments * PIXELS * job.lanes.pixels)


cdef inline Py_ssize_t rows_of(const Job* job) noexcept nogil:
    """Blocks below each other."""
    return ceil_div(job.h.phase.axis.outputs, job.rows)


cdef inline Py_ssize_t blocks_of(const Job* job) noexcept nogil:
    return job.images * job.d.phase.axis.outputs * rows_of(job) * columns_of(job)


cdef inline double work_of(const Job* job) noexcept nogil:
    """In operations on vectors."""
    cdef double outputs = job.d.phase.axis.outputs * job.h.phase.axis.outputs * ceil_div(job.w.phase.axis.outputs, job.lanes.pixels)
    return 2 * job.images * outputs * job.lanes.vectors * panel_size(job) / VL


cdef void choose_blocks(Job* job) noexcept nogil:
    """The size of a block for which least is copied for each output, of those whose copy stays in L1."""
    cdef Py_ssize_t widest = ceil_div(job.w.phase.axis.outputs, PIXELS * job.lanes.pixels)
    cdef Py_ssize_t rows, segments, best_rows = 1, best_segments = 1
    cdef double cost, least = 0
    for segments in range(1, min(widest, <Py_ssize_t>4) + 1):
        for rows in range(1, min(job.h.phase.axis.outputs, <Py_ssize_t>16) + 1):
            job.rows = rows
            job.segments = segments
            job.line = ceil_div(copied_columns(job), job.w.step * job.lanes.pixels)
            if rows * segments > 1 and job.lanes.units * copied_unit(job) * VL * <Py_ssize_t>sizeof(real) > COPY:
                break
            cost = <double>copied_unit(job) / (rows * segments)
            # Two segments at a time; and no block smaller than the others.
            cost *= (rows * segments + 1) // 2 * 2.0 / (rows * segments)
            cost *= <double>ceil_div(job.h.phase.axis.outputs, rows) * rows / job.h.phase.axis.outputs
            cost *= <double>ceil_div(widest, segments) * segments / widest
            if least == 0 or cost < least:
                least = cost
                best_rows = rows
                best_segments = segments
    job.rows = best_rows
    job.segments = best_segments
    job.line = ceil_div(copied_columns(job), job.w.step * job.lanes.pixels)


# Blocks -----------------------------------------------------------------------------------------------------------------


cdef inline Block block_at(const Job* job, Py_ssize_t index) noexcept nogil:
    cdef Block block
    cdef Py_ssize_t columns = columns_of(job), rows = rows_of(job), width = job.segments * PIXELS * job.lanes.pixels
    block.ow = index % columns * width
    block.oh = index // columns % rows * job.rows
    block.od = index // columns // rows % job.d.phase.axis.outputs
    block.n = index // columns // rows // job.d.phase.axis.outputs
    block.rows = min(job.rows, job.h.phase.axis.outputs - block.oh)
    block.columns = min(width, job.w.phase.axis.outputs - block.ow)
    block.id = block.od * job.d.step + job.d.first
    block.ih = block.oh * job.h.step + job.h.first
    block.iw = block.ow * job.w.step + job.w.first
    return block


cdef inline void copy_block(const Job* job, const Block* block, const Slice* part, vec* copy) noexcept nogil:
    """Copies the source below a block, for a vector of filters."""
    cdef const Lanes* lanes = &job.lanes
    cdef Py_ssize_t modulus = job.w.step * lanes.pixels, unit = copied_unit(job)
    # Columns behind the windows count as outside: zeros in place of missing d_y would not take away a NaN.
    cdef Py_ssize_t end = min(job.w.phase.axis.size, block.iw + (block.columns - 1) * job.w.step + job.w.extent)
    cdef Py_ssize_t columns = copied_columns(job), rows = (block.rows - 1) * job.h.step + job.h.extent
    cdef Py_ssize_t d, h, j, iw
    cdef lane before, behind
    cdef bint inside
    cdef const real* source
    cdef vec* target
    for d in range(job.d.extent):
        for h in range(rows):
            inside = 0 <= block.id + d < job.d.phase.axis.size and 0 <= block.ih + h < job.h.phase.axis.size
            source = (
                job.source + (block.n * job.d.phase.axis.size + block.id + d) * job.source_d + (block.ih + h) * job.source_h
                + part.channel
            )
            target = copy + (d * copied_rows(job) + h) * copied_row(job)
            for j in range(columns):
                iw = block.iw + j
                before = 0
                behind = <lane>lanes.pixels
                while before < behind and iw + before * job.w.step < 0:
                    before += 1
                while before < behind and (iw + (behind - 1) * job.w.step >= end or not inside):
                    behind -= 1
                copy_units(
                    lanes, source + iw * job.source_w, job.end, part.count, before, behind,
                    target + j % modulus * job.line + j // modulus, unit,
                )
                prefetch_for_reading(source + iw * job.source_w + VL)  # for the next vector of filters


cdef inline Segment segment_at(const Job* job, const Block* block, const Slice* part, const vec* copy, const Phase* d,
                               const Phase* h, const Phase* w, Py_ssize_t index) noexcept nogil:
    cdef Py_ssize_t row = index // job.segments, column = index % job.segments * PIXELS
    cdef Py_ssize_t ow = block.ow + column * job.lanes.pixels
    cdef Segment segment
    segment.row = row * job.h.step
    segment.source = copy + column
    segment.target = (
        job.target
        + (block.n * job.planes + block.od * job.d.phases + d - job.d.phase) * job.target_d
        + ((block.oh + row) * job.h.phases + h - job.h.phase) * job.target_h
        + (ow * job.w.phases + w - job.w.phase) * job.target_w + part.filter
    )
    segment.pixels = 0
    if block.oh + row < h.axis.outputs:
        segment.pixels = min(max(w.axis.outputs - ow, <Py_ssize_t>0), <Py_ssize_t>(PIXELS * job.lanes.pixels))
    return segment


cdef inline void load_segment(const Job* job, const Segment* segment, const Slice* part, vec* d_y) noexcept nogil:
    """Reads d_y; zeros for outputs outside."""
    cdef Py_ssize_t pixels = job.lanes.pixels
    cdef int t
    for t in range(PIXELS):
        d_y[t] = ZERO_VECTOR
        if t * pixels < segment.pixels:
            d_y[t] = load_lanes(segment.target + t * pixels * job.target_w, min(pixels, segment.pixels - t * pixels) * part.count)


cdef inline void store_segment(const Job* job, const Segment* segment, const Slice* part, const vec* total) noexcept nogil:
    cdef Py_ssize_t pixels = job.lanes.pixels, step = job.w.phases * job.target_w
    cdef vec y[PIXELS]
    cdef Py_ssize_t t, p
    for t in range(PIXELS):
        y[t] = total[t]
    if job.activation != LINEAR:
        apply_activation(job.activation, <real*>y, PIXELS * VL)
    for t in range(ceil_div(segment.pixels, pixels)):
        if pixels == 1 or step == part.count:
            store_lanes(segment.target + t * pixels * step, y[t], min(pixels, segment.pixels - t * pixels) * part.count)
        else:
            for p in range(min(pixels, segment.pixels - t * pixels)):
                store_lanes(segment.target + (t * pixels + p) * step, load_lanes(<real*>(y + t) + p * part.count, part.count), part.count)
        prefetch_for_writing(segment.target + t * pixels * step + VL)  # by the next vector of filters


# The inner loops --------------------------------------------------------------------------------------------------------


cdef inline void multiply_segments(const Job* job, const vec* upper, const vec* lower, const vec* weights, vec* total_upper,
                                   vec* total_lower, bint alike) noexcept nogil:
    """What one tap contributes to two segments of outputs."""
    cdef Py_ssize_t unit = copied_unit(job)
    cdef Py_ssize_t u, c, channels
    cdef vec w
    cdef int t
    for u in range(job.lanes.units):
        channels = min(job.lanes.depth - u * VL, <Py_ssize_t>VL) if alike else 1
        for c in range(channels):
            w = weights[0]
            weights += 1
            for t in range(PIXELS):
                if alike:
                    total_upper[t] += w * (<const real*>(upper + t))[c]
                    total_lower[t] += w * (<const real*>(lower + t))[c]
                else:
                    total_upper[t] += w * upper[t]
                    total_lower[t] += w * lower[t]
        upper += unit
        lower += unit


cdef inline void correlate_segments(const Job* job, const vec* upper, const vec* lower, vec* sums, const vec* d_upper,
                                    const vec* d_lower, bint alike) noexcept nogil:
    """What two segments of outputs contribute to one tap."""
    cdef Py_ssize_t unit = copied_unit(job)
    cdef Py_ssize_t u, c, channels
    cdef vec sum_upper, sum_lower
    cdef int t
    for u in range(job.lanes.units):
        channels = min(job.lanes.depth - u * VL, <Py_ssize_t>VL) if alike else 1
        for c in range(channels):
            sum_upper = sums[0]
            sum_lower = ZERO_VECTOR
            for t in range(PIXELS):
                if alike:
                    sum_upper += d_upper[t] * (<const real*>(upper + t))[c]
                    sum_lower += d_lower[t] * (<const real*>(lower + t))[c]
                else:
                    sum_upper += d_upper[t] * upper[t]
                    sum_lower += d_lower[t] * lower[t]
            sums[0] = sum_upper + sum_lower
            sums += 1
        upper += unit
        lower += unit


cdef inline void do_segments(const Job* job, const Block* block, const Slice* part, const Segment* upper, const Segment* lower,
                             const Phase* d, const Phase* h, const Phase* w, real* numbers, bint alike,
                             bint correlate) noexcept nogil:
    """Two segments, for a vector of filters with its packed weights, or its sums."""
    cdef vec total_upper[PIXELS]
    cdef vec total_lower[PIXELS]
    cdef vec start
    cdef Py_ssize_t modulus = job.w.step * job.lanes.pixels
    cdef Py_ssize_t kd, kh, kw, id, ih, iw, tap, offset
    cdef Py_ssize_t row = copied_row(job)
    cdef int t
    if correlate:
        load_segment(job, upper, part, total_upper)
        load_segment(job, lower, part, total_lower)
    else:
        start = ZERO_VECTOR
        if job.bias != NULL:
            for t in range(<int>job.lanes.pixels):
                store_lanes(<real*>&start + t * part.count, load_lanes(job.bias + part.filter, part.count), part.count)
        for t in range(PIXELS):
            total_upper[t] = start
            total_lower[t] = start
    for kd in range(d.axis.taps):
        id = d.axis.offset - job.d.first + kd * d.axis.spacing
        if block.id + id < 0 or block.id + id >= d.axis.size:
            continue
        for kh in range(h.axis.taps):
            ih = h.axis.offset - job.h.first + kh * h.axis.spacing
            if block.ih + lower.row + ih < 0 or block.ih + upper.row + ih >= h.axis.size:
                continue
            for kw in range(w.axis.taps):
                iw = w.axis.offset - job.w.first + kw * w.axis.spacing
                offset = (id * copied_rows(job) + ih) * row + iw % modulus * job.line + iw // modulus
                tap = (
                    ((d.first_tap + kd * d.tap_step) * job.taps_h + h.first_tap + kh * h.tap_step) * job.taps_w
                    + w.first_tap + kw * w.tap_step
                )
                if correlate:
                    correlate_segments(
                        job, upper.source + upper.row * row + offset, lower.source + lower.row * row + offset,
                        <vec*>numbers + tap * job.lanes.depth, total_upper, total_lower, alike,
                    )
                else:
                    multiply_segments(
                        job, upper.source + upper.row * row + offset, lower.source + lower.row * row + offset,
                        <const vec*>numbers + tap * job.lanes.depth, total_upper, total_lower, alike,
                    )
    if not correlate:
        store_segment(job, upper, part, total_upper)
        store_segment(job, lower, part, total_lower)


cdef void multiply_two(const Job* job, const Block* block, const Slice* part, const Segment* upper, const Segment* lower,
                       const Phase* d, const Phase* h, const Phase* w, real* weights) noexcept nogil:
    if job.lanes.alike:
        do_segments(job, block, part, upper, lower, d, h, w, weights, True, False)
    else:
        do_segments(job, block, part, upper, lower, d, h, w, weights, False, False)


cdef void correlate_two(const Job* job, const Block* block, const Slice* part, const Segment* upper, const Segment* lower,
                        const Phase* d, const Phase* h, const Phase* w, real* sums) noexcept nogil:
    if job.lanes.alike:
        do_segments(job, block, part, upper, lower, d, h, w, sums, True, True)
    else:
        do_segments(job, block, part, upper, lower, d, h, w, sums, False, True)


cdef inline void do_block(const Job* job, const Block* block, const Slice* part, vec* copy, real* weights,
                          real* sums) noexcept nogil:
    """A block for a vector of filters: with its packed weights, or its sums, whichever is not NULL."""
    cdef Py_ssize_t phase, index
    cdef const Phase* d
    cdef const Phase* h
    cdef const Phase* w
    cdef Segment upper, lower
    copy_block(job, block, part, copy)
    for phase in range(job.d.phases * job.h.phases * job.w.phases):
        w = job.w.phase + phase % job.w.phases
        h = job.h.phase + phase // job.w.phases % job.h.phases
        d = job.d.phase + phase // job.w.phases // job.h.phases
        if block.od >= d.axis.outputs:
            continue
        for index in range(0, block.rows * job.segments, 2):
            upper = segment_at(job, block, part, copy, d, h, w, index)
            lower = upper
            lower.pixels = 0
            if index + 1 < block.rows * job.segments:
                lower = segment_at(job, block, part, copy, d, h, w, index + 1)
            if sums != NULL:
                correlate_two(job, block, part, &upper, &lower, d, h, w, sums)
            elif upper.pixels > 0 or lower.pixels > 0:
                multiply_two(job, block, part, &upper, &lower, d, h, w, weights)


# Work for all threads ---------------------------------------------------------------------------------------------------


cdef inline void do_blocks(Job* job, Py_ssize_t first_block, Py_ssize_t end_block, Py_ssize_t first, Py_ssize_t end,
                           real* sums) noexcept nogil:
    """Some blocks, for some vectors of filters. `sums` are those of the first one, or NULL for the outputs."""
    cdef unsigned long long state = flush_denormals()
    cdef vec* copy = <vec*>scratch_take(job.lanes.units * copied_unit(job) * sizeof(vec))
    cdef Py_ssize_t i, v
    cdef Block block
    cdef Slice part
    if copy == NULL:
        job.failed = True
    else:
        for i in range(first_block, end_block):
            block = block_at(job, i)
            for v in range(first, end):
                part = slice_of(&job.lanes, v)
                if sums != NULL:
                    do_block(job, &block, &part, copy, NULL, sums + (v - first) * panel_size(job))
                else:
                    do_block(job, &block, &part, copy, job.weights + v * panel_size(job), NULL)
    scratch_give(copy)
    restore_denormals(state)


cdef void convolve(Job* job) noexcept nogil:
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t vectors = job.lanes.vectors
    cdef Py_ssize_t blocks = blocks_of(job)
    cdef Py_ssize_t tasks = min(blocks, <Py_ssize_t>(8 * threads))
    cdef Py_ssize_t parts = min(vectors, ceil_div(4 * threads, blocks)) if threads > 1 else 1
    cdef Py_ssize_t i
    for i in prange(tasks * parts, num_threads=threads, schedule="dynamic"):
        do_blocks(
            job, blocks * (i // parts) // tasks, blocks * (i // parts + 1) // tasks,
            vectors * (i % parts) // parts, vectors * (i % parts + 1) // parts, NULL,
        )


cdef inline void correlate_share(Job* job, Py_ssize_t first_block, Py_ssize_t end_block, Py_ssize_t first, Py_ssize_t end,
                                 real* sums) noexcept nogil:
    memset(sums, 0, (end - first) * panel_size(job) * sizeof(real))
    do_blocks(job, first_block, end_block, first, end, sums)


cdef inline void add_shares(const Job* job, Py_ssize_t shares, const real* sums, Py_ssize_t v, real* d_kernel) noexcept nogil:
    """Adds up the sums of a vector of filters, in the order of the shares and pixels. d_kernel is (taps, channels, filters)."""
    cdef Slice part = slice_of(&job.lanes, v)
    cdef Py_ssize_t size = panel_size(job)
    cdef Py_ssize_t i, share, p
    cdef vec total, pixels
    for i in range(size // VL):
        total = ZERO_VECTOR
        for share in range(shares):
            total += (<const vec*>(sums + (share * job.lanes.vectors + v) * size))[i]
        pixels = total
        for p in range(1, job.lanes.pixels):
            total += load_lanes(<real*>&pixels + p * part.count, part.count)
        store_lanes(d_kernel + i * job.lanes.groups * job.lanes.columns + part.filter, total, part.count)


cdef void correlate(Job* job, real* d_kernel) noexcept nogil:
    cdef Py_ssize_t size = panel_size(job)
    cdef Py_ssize_t vectors = job.lanes.vectors
    cdef Py_ssize_t parts = ceil_div(vectors, max(SUMS // (size * <Py_ssize_t>sizeof(real)), <Py_ssize_t>1))
    cdef Py_ssize_t blocks = blocks_of(job)
    cdef Py_ssize_t pixels = job.images * job.planes * job.height * job.width
    cdef Py_ssize_t shares = max(min(min(ceil_div(SHARES, parts), pixels // SHARE), blocks), <Py_ssize_t>1)
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t i, first
    cdef real* sums = <real*>scratch_take(shares * vectors * size * sizeof(real))
    if sums == NULL:
        job.failed = True
        return
    for i in prange(shares * parts, num_threads=threads, schedule="dynamic"):
        first = vectors * (i % parts) // parts
        correlate_share(
            job, blocks * (i // parts) // shares, blocks * (i // parts + 1) // shares,
            first, vectors * (i % parts + 1) // parts, sums + (i // parts * vectors + first) * size,
        )
    for i in prange(vectors, num_threads=threads, schedule="static"):
        add_shares(job, shares, sums, i, d_kernel)
    scratch_give(sums)


cdef inline void pack_panel(const Job* job, Py_ssize_t v) noexcept nogil:
    """Packs the weights of a vector of filters: [tap][channel][VL]."""
    cdef Slice part = slice_of(&job.lanes, v)
    cdef Py_ssize_t columns = job.lanes.columns, depth = job.lanes.depth
    cdef real* panel = job.weights + v * panel_size(job)
    cdef Py_ssize_t place[VL]
    cdef Py_ssize_t i, l, filter
    cdef const real* source
    for l in range(part.count * job.lanes.pixels):
        filter = part.filter + l % part.count
        place[l] = filter // columns * job.group + filter % columns * job.filter
    for i in range(job.taps * depth):
        source = job.kernel + i // depth * job.tap + i % depth * job.channel
        for l in range(VL):
            panel[i * VL + l] = source[place[l]] if l < part.count * job.lanes.pixels else 0


cdef void convolve_with_weights(Job* job) noexcept nogil:
    cdef Py_ssize_t v
    job.weights = <real*>scratch_take(job.lanes.vectors * panel_size(job) * sizeof(real))
    if job.weights == NULL:
        job.failed = True
    else:
        for v in prange(job.lanes.vectors, num_threads=threads_for(job.lanes.vectors * panel_size(job)), schedule="static"):
            pack_panel(job, v)
        convolve(job)
    scratch_give(job.weights)


# For Python -------------------------------------------------------------------------------------------------------------


cdef bint is_empty(const real[:, :, :, :, ::1] x):
    return x.shape[0] * x.shape[1] * x.shape[2] * x.shape[3] * x.shape[4] == 0


cdef Side side_of(Phase* phase, Py_ssize_t phases):
    cdef Side side = Side(phase=phase, phases=phases, step=phase.axis.step, first=0, extent=0)
    cdef Py_ssize_t i, end = 0
    cdef Axis axis
    cdef bint found = False
    for i in range(phases):
        axis = phase[i].axis
        if axis.taps > 0:
            side.first = min(side.first, axis.offset) if found else axis.offset
            end = max(end, axis.offset + (axis.taps - 1) * axis.spacing + 1) if found else axis.offset + (axis.taps - 1) * axis.spacing + 1
            found = True
    side.extent = max(end - side.first, <Py_ssize_t>1)
    return side


cdef Side outputs_side(Phase* phase, Py_ssize_t size, Py_ssize_t outputs, Py_ssize_t taps, Py_ssize_t stride, Py_ssize_t dilation,
                       Py_ssize_t pad):
    """The target is y: one phase."""
    phase.axis = forward_axis(size, outputs, taps, stride, dilation, pad)
    phase.first_tap = 0
    phase.tap_step = 1
    return side_of(phase, 1)


cdef Side inputs_side(Phase* phase, Py_ssize_t size, Py_ssize_t inputs, Py_ssize_t taps, Py_ssize_t stride, Py_ssize_t dilation,
                      Py_ssize_t pad):
    """The target is d_x: as many phases as the stride."""
    cdef Py_ssize_t i
    for i in range(stride):
        phase[i].axis = phase_axis(size, inputs, taps, stride, dilation, pad, i, &phase[i].first_tap, &phase[i].tap_step)
    return side_of(phase, stride)


cdef void describe(Job* job, const real[:, :, :, :, ::1] source, const real[:, :, :, :, ::1] target,
                   const real[:, :, :, :, ::1] kernel, Py_ssize_t groups):
    """All but the kernel's order; the sides are known."""
    job.source = &source[0, 0, 0, 0, 0]
    job.source_w = source.shape[4]
    job.source_h = source.shape[3] * job.source_w
    job.source_d = source.shape[2] * job.source_h
    job.end = job.source + source.shape[0] * source.shape[1] * job.source_d
    job.target = <real*>&target[0, 0, 0, 0, 0]
    job.target_w = target.shape[4]
    job.target_h = target.shape[3] * job.target_w
    job.target_d = target.shape[2] * job.target_h
    job.images = target.shape[0]
    job.planes = target.shape[1]
    job.height = target.shape[2]
    job.width = target.shape[3]
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap = kernel.shape[3] * kernel.shape[4]
    job.group = kernel.shape[4] // groups
    job.taps_h = kernel.shape[1]
    job.taps_w = kernel.shape[2]
    job.taps = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
    job.weights = NULL
    job.bias = NULL
    job.activation = LINEAR
    job.failed = False
    job.lanes = lanes_of(groups, source.shape[4] // groups, target.shape[4] // groups, job.w.step * job.source_w)
    choose_blocks(job)


cdef void describe_outputs(Job* job, Phase* phase, const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] y,
                           const real[:, :, :, :, ::1] kernel, tuple strides, tuple dilations, tuple pads, Py_ssize_t groups):
    job.d = outputs_side(phase, x.shape[1], y.shape[1], kernel.shape[0], strides[0], dilations[0], pads[0])
    job.h = outputs_side(phase + 1, x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1])
    job.w = outputs_side(phase + 2, x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2])
    describe(job, x, y, kernel, groups)


def conv_grouped_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                         real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Phase phase[3]
    cdef Job job
    if is_empty(y):
        return
    describe_outputs(&job, phase, x, y, kernel, strides, dilations, pads, groups)
    job.channel = kernel.shape[4]
    job.filter = 1
    job.activation = activation
    if bias is not None:
        job.bias = &bias[0]
    with nogil:
        convolve_with_weights(&job)
    if job.failed:
        raise MemoryError()


def conv_grouped_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Py_ssize_t sd = strides[0], sh = strides[1], sw = strides[2]
    cdef Phase* phase
    cdef Job job
    if is_empty(d_x):
        return
    if is_empty(d_y):
        d_x[...] = 0
        return
    phase = <Phase*>scratch_take((sd + sh + sw) * sizeof(Phase))
    if phase == NULL:
        raise MemoryError()
    job.d = inputs_side(phase, d_y.shape[1], d_x.shape[1], kernel.shape[0], sd, dilations[0], pads[0])
    job.h = inputs_side(phase + sd, d_y.shape[2], d_x.shape[2], kernel.shape[1], sh, dilations[1], pads[1])
    job.w = inputs_side(phase + sd + sh, d_y.shape[3], d_x.shape[3], kernel.shape[2], sw, dilations[2], pads[2])
    describe(&job, d_y, d_x, kernel, groups)
    job.channel = 1
    job.filter = kernel.shape[4]
    with nogil:
        convolve_with_weights(&job)
    scratch_give(phase)
    if job.failed:
        raise MemoryError()


def conv_grouped_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                 real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Phase phase[3]
    cdef Job job
    if is_empty(d_kernel):
        return
    if is_empty(d_y):
        d_kernel[...] = 0
        return
    describe_outputs(&job, phase, x, d_y, d_kernel, strides, dilations, pads, groups)
    with nogil:
        correlate(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
