# Convolution on a processor's tiles of bfloat16, as exact as in float32.
#
# Design:
# a) Forward: y[position, k] = sum over depth of window[position, depth] * weights[depth, k], 32 positions by 32 filters at a time,
#    where each float32 is a sum of three bfloat16 (bf16x3.pxd).
# b) The source below a block of positions is split once into a padded copy that stays in L2 (field.pxd). Every window lies in it
#    at an even distance from the next, so tiles read the copy in place, for each tap at another offset; there are no packed rows.
# c) The depth is divided into runs that lie together in the copy (all columns of taps of a row, if they are neighbours), and those
#    into chunks of 32. The last chunk of a run reads on into what follows, times weights of zero.
# d) Weights are packed beforehand, [k / 32][chunk][a chunk of 32 x 32], a slab of filters at a time that fits into WEIGHTS bytes.
#    A panel is used for all positions of a block in sections that stay in L2; sums of unfinished positions wait in a buffer.
#    Where all positions are in one block, each section is packed only when it is used, and never leaves L2. Where packed weights
#    may be kept (kept.pxd), up to MOST_KEPT bytes, all of them are packed at once.
# e) The gradient for the input is the same product with the roles of channels and filters exchanged, phase by phase (windows.pxd).
# f) The gradient for the kernel is a product over positions (bf16x3_gradient.pxd).
# g) Parallel: over blocks of positions and parts of the filters. The order of all additions is the same for any number of threads.
# h) Before each tile of results, memory is asked for where the next one belongs: to wait for it takes as long as a short product.
# i) With a number that is not finite, the functions return False, and what they wrote means nothing.
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from kernels.bf16x3 cimport (
    DEPTH, PACKED, PAIR, SIDE, TERMS, all_finite, begin_tiles, bf16, end_tiles, multiply_tiles, pack_pair, split_row
)
from kernels.bf16x3_gradient cimport Correlation, correlate_all, divide_work
from kernels.elementwise cimport LINEAR, apply_activation
from kernels.field cimport Block, Field, block_at, field_of, is_apart, plane_of, planes_of, shift_of, source_row
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.operands cimport (
    Target, Weights, backward_weights, describe_source, enter_phase, forward_weights, phases_of, size_of, target_phase, weight_at
)
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_row
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport Windows, ceil_div, forward_axis

cdef enum:
    BLOCK = 1536 << 10   # bytes of a block: the copy of the source and the results
    POSITIONS = 2048     # in a block, about
    WEIGHTS = 4 << 20    # bytes of packed weights
    SECTION = 36         # chunks of a panel that are used at a time
    FAST = 6             # multiply-adds are so many times as fast as those of vectors: for the choice of threads

cdef struct Product:
    Windows windows
    Field field
    Weights weights
    Py_ssize_t images
    Py_ssize_t columns         # filters; channels, for the gradient for the input
    const real* bias
    int activation
    Target target
    Py_ssize_t planes_w        # 1 where columns lie in order
    Py_ssize_t gather          # columns of the source from one column of the copy to the next
    Py_ssize_t pixel           # numbers of the copy from one column to the next
    Py_ssize_t position        # from one position to the next
    Py_ssize_t line            # and from one row to the next
    Py_ssize_t run             # taps along w that lie together
    Py_ssize_t chunks
    Py_ssize_t* offset         # of each chunk from the first number of a window
    Py_ssize_t* start          # where in the depth each begins
    Py_ssize_t* depth          # numbers of each
    Py_ssize_t first_column    # of the slab
    Py_ssize_t panels          # of the slab
    bf16* packed               # [panel][chunk][PACKED]; NULL where each section is packed when it is used
    bint keeps                 # whether it is kept for other calls
    bint failed                # out of memory
    bint finite


# Packed weights ---------------------------------------------------------------------------------------------------------


cdef inline void pack_chunk(Product* job, Py_ssize_t panel, Py_ssize_t chunk, bf16* packed) noexcept nogil:
    """Packs the weights of one chunk of the depth for SIDE columns; those that are missing are zeros."""
    cdef Weights* weights = &job.weights
    cdef Py_ssize_t column = job.first_column + panel * SIDE
    cdef Py_ssize_t columns = min(job.columns - column, <Py_ssize_t>SIDE)
    cdef Py_ssize_t p = job.start[chunk], end = p + job.depth[chunk], run, i
    cdef real block[DEPTH * SIDE]
    cdef const real* rows[DEPTH]
    cdef const real* value
    cdef vec leftover = ZERO_VECTOR
    cdef Py_ssize_t row = 0
    cdef unsigned long long state = flush_denormals()
    if end - p < DEPTH or columns < SIDE:
        memset(block, 0, sizeof(block))
    for i in range(DEPTH):
        rows[i] = block + i * SIDE
    while p < end:
        run = min(job.windows.channels - p % job.windows.channels, end - p)
        value = weight_at(weights, &job.windows, 0, p, column)
        if weights.depth_stride == 1:
            transpose_matrix(value, weights.column_stride, block + row * SIDE, SIDE, columns, run)
        else:
            for i in range(run):
                if columns == SIDE:
                    rows[row + i] = value + i * weights.depth_stride
                else:
                    memcpy(block + (row + i) * SIDE, value + i * weights.depth_stride, columns * sizeof(real))
        row += run
        p += run
    for i in range(DEPTH // 2):
        pack_pair(<const vec*>rows[2 * i], <const vec*>rows[2 * i + 1], packed + i * PAIR, &leftover)
    if not all_finite(leftover):
        job.finite = False
    restore_denormals(state)


cdef inline void pack_shared(Product* job, Py_ssize_t panel, Py_ssize_t chunk) noexcept nogil:
    pack_chunk(job, panel, chunk, job.packed + (panel * job.chunks + chunk) * PACKED)


# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef void divide_depth(Product* job) noexcept nogil:
    """Divides the depth into runs and chunks."""
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t plane = job.line * (block_at(&job.field, windows, 0).copied)
    cdef Py_ssize_t width = job.run * windows.channels
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef Py_ssize_t run, tap, td, th, tw, i
    job.chunks = 0
    for run in range(taps // job.run):
        tap = run * job.run
        tw = tap % windows.w.taps
        th = tap // windows.w.taps % windows.h.taps
        td = tap // windows.w.taps // windows.h.taps
        for i in range(ceil_div(width, DEPTH)):
            job.offset[job.chunks] = (
                ((td * job.field.planes_h + plane_of(windows.h, th)) * job.planes_w + (tw if job.planes_w > 1 else 0)) * plane
                + shift_of(windows.h, th) * job.line + (0 if job.planes_w > 1 else tw * windows.w.spacing * job.pixel) + i * DEPTH
            )
            job.start[job.chunks] = tap * windows.channels + i * DEPTH
            job.depth[job.chunks] = min(<Py_ssize_t>DEPTH, width - i * DEPTH)
            job.chunks += 1


cdef inline void split_line(const Product* job, const real* source, Py_ssize_t offset, bf16* line, Py_ssize_t term,
                            vec* leftover) noexcept nogil:
    """Fills a row of the copy from a row of the source, from column `offset` on; NULL stands for zeros."""
    cdef const Windows* windows = &job.windows
    cdef Py_ssize_t channels = windows.channels
    cdef Py_ssize_t columns = job.line // job.pixel
    # Columns that are inside the source.
    cdef Py_ssize_t first = min(ceil_div(max(-offset, <Py_ssize_t>0), job.gather), columns)
    cdef Py_ssize_t end = max(min(ceil_div(max(windows.w.size - offset, <Py_ssize_t>0), job.gather), columns), first)
    cdef Py_ssize_t t, w
    if source == NULL:
        first = end = columns
    for t in range(TERMS):
        memset(line + t * term, 0, first * job.pixel * sizeof(bf16))
    if end > first:
        source += (first * job.gather + offset) * windows.stride_w
        if job.gather == 1 and job.pixel == channels:
            split_row(source, (end - first) * channels, line + first * channels, term, leftover)
        else:
            for w in range(first, end):
                split_row(source, channels, line + w * job.pixel, term, leftover)
                source += job.gather * windows.stride_w
    for t in range(TERMS):
        memset(line + t * term + end * job.pixel, 0, (columns - end) * job.pixel * sizeof(bf16))


cdef inline void split_source(Product* job, const Block* block, bf16* copy, Py_ssize_t plane, Py_ssize_t term) noexcept nogil:
    """Fills the copy below a block: [term][tap along d][plane along h][plane along w][row][column][channel]."""
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t planes = windows.d.taps * job.field.planes_h * job.planes_w
    cdef Py_ssize_t behind = max(-windows.w.offset, <Py_ssize_t>0) * job.pixel + 2 * DEPTH
    cdef Py_ssize_t p, row, t, start, offset
    cdef vec leftover = ZERO_VECTOR
    cdef bint inside
    for p in range(planes):
        offset = block.first_column * windows.w.step + windows.w.offset + p % job.planes_w * windows.w.spacing
        for row in range(block.copied):
            inside = source_row(
                &job.field, windows, block, p // job.planes_w // job.field.planes_h, p // job.planes_w % job.field.planes_h,
                row, &start,
            )
            split_line(
                job, windows.source + start if inside else NULL, offset, copy + p * plane + row * job.line, term, &leftover
            )
        # The zeros in front of the next row, which the last one reads as its own.
        for t in range(TERMS):
            memset(copy + t * term + p * plane + block.copied * job.line, 0, behind * sizeof(bf16))
    if not all_finite(leftover):
        job.finite = False


cdef inline void locate_outputs(const Product* job, const Block* block, Py_ssize_t count, Py_ssize_t* where) noexcept nogil:
    """Where in the target the results of a block's positions belong, -1 for those without an output."""
    cdef const Windows* windows = &job.windows
    cdef const Target* target = &job.target
    cdef Py_ssize_t image, slice, row, w, start, position
    memset(where, -1, count * sizeof(Py_ssize_t))
    for image in range(block.images):
        slice = block.first_slice + image
        for row in range(block.rows):
            start = (
                slice // windows.d.outputs * target.stride_n + slice % windows.d.outputs * target.stride_d
                + (block.first_row + row) * target.stride_h + block.first_column * target.stride_w
            )
            position = image * job.field.image + row * job.field.row
            for w in range(block.columns):
                where[position + w] = start + w * target.stride_w


cdef inline bint lie_evenly(const Py_ssize_t* where, Py_ssize_t distance) noexcept nogil:
    """Whether all positions of a tile have outputs, at one distance from each other."""
    cdef Py_ssize_t i
    for i in range(1, SIDE):
        if where[i] != where[i - 1] + distance:
            return False
    return where[0] >= 0


cdef inline void store_sums(const Product* job, real* sums, const Py_ssize_t* where, Py_ssize_t column,
                            Py_ssize_t columns) noexcept nogil:
    """Applies the activation to 32 positions by 32 columns, and stores those that are outputs."""
    cdef Py_ssize_t i
    cdef real* target
    if job.activation != LINEAR:
        apply_activation(job.activation, sums, SIDE * SIDE)
    for i in range(SIDE):
        if where[i] >= 0:
            target = job.target.value + where[i] + column
            if columns == SIDE:
                (<vec*>target)[0] = (<vec*>(sums + i * SIDE))[0]
                (<vec*>(target + VL))[0] = (<vec*>(sums + i * SIDE + VL))[0]
            else:
                memcpy(target, sums + i * SIDE, columns * sizeof(real))


cdef inline void multiply_panel(Product* job, const bf16* copy, Py_ssize_t term, Py_ssize_t positions, Py_ssize_t panel,
                                const Py_ssize_t* where, const bint* evenly, real* sums, bf16* fresh) noexcept nogil:
    """Multiplies a block of positions by a panel of weights, in sections of the depth. `fresh` is memory to pack one into."""
    cdef Py_ssize_t sections = ceil_div(job.chunks, SECTION)
    cdef Py_ssize_t tiles = ceil_div(positions, SIDE)
    cdef Py_ssize_t column = job.first_column + panel * SIDE
    cdef Py_ssize_t columns = min(job.columns - column, <Py_ssize_t>SIDE)
    cdef Py_ssize_t section, first, count, t, i
    cdef real bias[SIDE]
    cdef real* sum
    cdef const bf16* packed
    cdef bint last, in_place
    memset(bias, 0, sizeof(bias))
    if job.bias != NULL:
        memcpy(bias, job.bias + column, columns * sizeof(real))
    for section in range(sections):
        first = section * SECTION
        count = min(job.chunks - first, <Py_ssize_t>SECTION)
        last = section == sections - 1
        if job.packed != NULL:
            packed = job.packed + (panel * job.chunks + first) * PACKED
        else:
            packed = fresh
            for i in range(count):
                pack_chunk(job, panel, first + i, fresh + i * PACKED)
        for t in range(tiles):
            sum = sums + (t * SIDE * SIDE if sections > 1 else 0)
            # Outputs that lie evenly are stored where they belong.
            in_place = last and evenly[t] and columns == SIDE and job.activation == LINEAR
            if last and t + 1 < tiles:
                for i in range((t + 1) * SIDE, (t + 2) * SIDE):
                    if where[i] >= 0:
                        prefetch_row(job.target.value + column + where[i], columns)
            multiply_tiles(
                copy + t * SIDE * job.position, job.position, term, job.offset + first, count, packed,
                sum if section else &bias[0], SIDE if section else 0,
                job.target.value + where[t * SIDE] + column if in_place else sum, job.target.stride_w if in_place else SIDE,
                positions - t * SIDE, columns,
            )
            if last and not in_place:
                store_sums(job, sum, where + t * SIDE, column, columns)


cdef inline void multiply_block(Product* job, Py_ssize_t index, Py_ssize_t first_panel, Py_ssize_t end_panel) noexcept nogil:
    """Computes some columns of a block of positions."""
    cdef Windows* windows = &job.windows
    cdef Block block = block_at(&job.field, windows, index)
    cdef Py_ssize_t tiles = ceil_div(block.positions, SIDE)
    cdef Py_ssize_t plane = job.line * block_at(&job.field, windows, 0).copied
    cdef Py_ssize_t term = (
        windows.d.taps * job.field.planes_h * job.planes_w * plane
        + max(-windows.w.offset, <Py_ssize_t>0) * job.pixel + SIDE * job.position + 2 * DEPTH
    )
    cdef Py_ssize_t panel, t
    cdef bf16* copy = <bf16*>scratch_take(TERMS * term * sizeof(bf16))
    cdef real* sums = <real*>scratch_take((tiles if job.chunks > SECTION else 1) * SIDE * SIDE * sizeof(real))
    cdef Py_ssize_t* where = <Py_ssize_t*>scratch_take(tiles * SIDE * sizeof(Py_ssize_t))
    cdef bint* evenly = <bint*>scratch_take(tiles * sizeof(bint))
    cdef bf16* fresh = <bf16*>scratch_take(SECTION * PACKED * sizeof(bf16)) if job.packed == NULL else NULL
    cdef unsigned long long state = flush_denormals()
    if copy == NULL or sums == NULL or where == NULL or evenly == NULL or (job.packed == NULL and fresh == NULL):
        job.failed = True
    else:
        locate_outputs(job, &block, tiles * SIDE, where)
        for t in range(tiles):
            evenly[t] = lie_evenly(where + t * SIDE, job.target.stride_w)
        split_source(job, &block, copy, plane, term)
        begin_tiles()
        for panel in range(first_panel, end_panel):
            multiply_panel(job, copy, term, block.positions, panel, where, evenly, sums, fresh)
        end_tiles()
    restore_denormals(state)
    scratch_give(fresh)
    scratch_give(evenly)
    scratch_give(where)
    scratch_give(sums)
    scratch_give(copy)


cdef void multiply(Product* job) noexcept nogil:
    """The whole product, slab by slab. `packed` are all weights from an earlier call, or NULL, and stays where it is."""
    cdef Windows* windows = &job.windows
    cdef bint known = job.packed != NULL
    cdef Py_ssize_t outputs = job.images * windows.d.outputs * windows.h.outputs * windows.w.outputs
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef int threads = threads_for(2.0 / VL / FAST * outputs * taps * windows.channels * job.columns)
    cdef Py_ssize_t panels = ceil_div(job.columns, SIDE)
    cdef Py_ssize_t most = taps * ceil_div(windows.channels, DEPTH)  # chunks
    cdef Py_ssize_t of_position, positions, bytes_of_panel, parts, slab, i
    cdef bint single
    cdef void* chunks = scratch_take(3 * most * sizeof(Py_ssize_t))
    job.offset = <Py_ssize_t*>chunks
    job.start = job.offset + most
    job.depth = job.start + most
    # Columns lie in order, those between two positions too, unless taps are apart.
    job.planes_w = windows.w.taps if is_apart(windows.w) else 1
    job.gather = windows.w.step if job.planes_w == windows.w.taps else 1
    # Whole chunks of channels, an even number of them, get a gap behind: rows of a tile would compete for cache sets.
    job.pixel = windows.channels + (DEPTH if windows.channels % (2 * DEPTH) == 0 else 0)
    job.position = windows.w.step // job.gather * job.pixel
    job.run = windows.w.taps if windows.w.spacing == 1 and job.pixel == windows.channels and job.planes_w == 1 else 1
    # Bytes of a position in the copy and in the target, but for rows that taps meet beyond the block.
    of_position = (
        TERMS * windows.d.taps * planes_of(windows.h) * job.planes_w * windows.w.step // job.gather * windows.channels * sizeof(bf16)
        + job.columns * sizeof(real)
    )
    positions = min(<Py_ssize_t>POSITIONS, BLOCK // of_position)
    job.field = field_of(windows, job.images, positions, 1)
    single = job.field.blocks == 1 and panels >= threads
    if not single:
        job.field = field_of(windows, job.images, positions, threads)
    job.line = job.field.row * job.position
    slab = panels
    if chunks == NULL:
        job.failed = True
    else:
        divide_depth(job)
        bytes_of_panel = job.chunks * PACKED * <Py_ssize_t>sizeof(bf16)
        job.keeps = job.keeps and panels * bytes_of_panel <= MOST_KEPT
        if not job.keeps and not single:
            slab = min(panels, max(<Py_ssize_t>1, WEIGHTS // bytes_of_panel))
        if not known and (job.keeps or not single):
            job.packed = <bf16*>scratch_take(slab * bytes_of_panel)
            job.failed = job.packed == NULL
    job.first_column = 0
    while job.first_column < job.columns and job.finite and not job.failed:
        job.panels = min(slab, ceil_div(job.columns - job.first_column, SIDE))
        parts = min(job.panels, ceil_div(2 * threads, job.field.blocks) if threads > 1 else 1)
        if job.packed != NULL and not known:
            for i in prange(job.panels * job.chunks, num_threads=threads, schedule="static"):
                pack_shared(job, i % job.panels, i // job.panels)  # panels are neighbours in memory
        for i in prange(parts * job.field.blocks, num_threads=threads, schedule="dynamic"):
            multiply_block(
                job, i % job.field.blocks, job.panels * (i // job.field.blocks) // parts,
                job.panels * (i // job.field.blocks + 1) // parts,
            )
        job.first_column += job.panels * SIDE
    scratch_give(chunks)


# For Python -------------------------------------------------------------------------------------------------------------


def conv_bf16x3_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                        real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                        Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, packed weights are taken from there, or left there.

    Returns:
        False if a number was not finite: y means nothing then.
    """
    cdef Product job
    cdef Windows* windows = &job.windows
    if size_of(y) == 0:
        return True
    describe_source(windows, x, groups)
    windows.d = forward_axis(x.shape[1], y.shape[1], kernel.shape[0], strides[0], dilations[0], pads[0])
    windows.h = forward_axis(x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1])
    windows.w = forward_axis(x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2])
    job.images = y.shape[0]
    job.weights = forward_weights(kernel, groups)
    job.columns = kernel.shape[4]
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.target = target_phase(y, 0, 0, 0, 1, 1, 1)
    job.keeps = kept is not None
    job.packed = <bf16*>kept_before(kept)
    job.failed = False
    job.finite = True
    with nogil:
        multiply(&job)
    keep(kept if job.keeps else None, job.packed, job.finite and not job.failed)
    if job.failed:
        raise MemoryError()
    return job.finite


def conv_bf16x3_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                               real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output.

    Returns:
        False if a number was not finite: d_x means nothing then.
    """
    cdef Product job
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t phase
    if size_of(d_x) == 0:
        return True
    if size_of(d_y) == 0:
        d_x[...] = 0
        return True
    describe_source(windows, d_y, groups)
    job.images = d_x.shape[0]
    job.weights = backward_weights(kernel, groups)
    job.columns = kernel.shape[3]
    job.bias = NULL
    job.activation = LINEAR
    job.keeps = False
    job.failed = False
    job.finite = True
    for phase in range(phases_of(d_x, strides)):
        if enter_phase(phase, d_y, kernel, d_x, strides, dilations, pads, windows, &job.weights, &job.target):
            job.packed = NULL
            with nogil:
                multiply(&job)
            scratch_give(job.packed)
    if job.failed:
        raise MemoryError()
    return job.finite


def conv_bf16x3_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output (contiguous).

    Returns:
        False if a number was not finite: d_kernel means nothing then.
    """
    cdef Correlation job
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t count = size_of(d_kernel), outputs = size_of(d_y)
    if count == 0:
        return True
    if outputs == 0:
        d_kernel[...] = 0
        return True
    describe_source(windows, x, groups)
    windows.d = forward_axis(x.shape[1], d_y.shape[1], d_kernel.shape[0], strides[0], dilations[0], pads[0])
    windows.h = forward_axis(x.shape[2], d_y.shape[2], d_kernel.shape[1], strides[1], dilations[1], pads[1])
    windows.w = forward_axis(x.shape[3], d_y.shape[3], d_kernel.shape[2], strides[2], dilations[2], pads[2])
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.filters = d_kernel.shape[4]
    job.failed = False
    job.finite = True
    job.d_kernel = &d_kernel[0, 0, 0, 0, 0]
    with nogil:
        divide_work(&job, x.shape[0])
        correlate_all(&job, threads_for(2.0 / VL / FAST * outputs * count / job.filters))
    if job.failed:
        raise MemoryError()
    return job.finite
