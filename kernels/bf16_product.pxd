# Convolution on a processor's tiles of bfloat16, for conv_bf16x3.pyx and conv_bf16x2.pyx.
#
# Design:
# a) Forward: y[position, k] = sum over depth of window[position, depth] * weights[depth, k], 32 positions by 32 filters at a time,
#    where each float32 is a sum of two or three bfloat16, its terms (bf16_tiles.pxd).
# b) The source below a block of positions is split once into a padded copy that stays in L2 (bf16_copy.pxd). Every window lies in
#    it at an even distance from the next, so tiles read the copy in place, for each tap at another offset; there are no packed rows.
# c) The depth is divided into runs that lie together in the copy (all columns of taps of a row, if they are neighbours), and those
#    into chunks of 32. The last chunk of a run reads on into what follows, times weights of zero.
# d) Where many products would lie in the padding, outputs are computed in parts, each with the chunks that it sees
#    (bf16_parts.pxd).
# e) Weights are packed beforehand, [k / 32][chunk][a chunk of 32 x 32], a slab of filters at a time that fits into WEIGHTS bytes.
#    A panel is used for all positions of a block in sections that stay in L2; sums of unfinished positions wait in a buffer. With
#    two terms, products are over so soon that sections of L1 are faster, where two of them are the whole depth.
#    Where all positions are in one block, each section is packed only when it is used, and never leaves L2. Where packed weights
#    may be kept (kept.pxd), up to MOST_KEPT bytes, all of them are packed at once.
# f) The gradient for the input is the same product with the roles of channels and filters exchanged, phase by phase (windows.pxd).
# g) The gradient for the kernel is a product over positions (bf16_gradient.pxd).
# h) Parallel: over blocks of positions and parts of the filters. The order of all additions is the same for any number of threads.
# i) Before each tile of results, memory is asked for where the next one belongs: to wait for it takes as long as a short product.
# j) With a number that is not finite, the functions return False, and what they wrote means nothing.
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from kernels.bf16_tiles cimport DEPTH, PACKED, PAIR, SIDE, TERMS, all_finite, begin_tiles, bf16, end_tiles, multiply_tiles, pack_pair
from kernels.bf16_copy cimport gap_of, split_source
from kernels.bf16_gradient cimport Correlation, correlate_all, divide_work
from kernels.bf16_parts cimport Part, choose_boxes, chunks_of, chunks_of_run, enter_box, most_boxes
from kernels.boxes cimport Box
from kernels.elementwise cimport LINEAR, apply_activation
from kernels.field cimport Block, block_at, is_apart
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.operands cimport (
    Target, Weights, backward_weights, describe_source, describe_windows, enter_phase, forward_weights, leave_out_padding,
    let_h_have_taps, phases_of, size_of, target_phase, weight_at
)
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_row
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport Windows, ceil_div

cdef enum:
    WEIGHTS = 4 << 20    # bytes of packed weights
    SECTION = 36         # chunks of a panel that are used at a time
    NEAR = 8             # and that stay in L1, with two terms
    FAST = 6             # multiply-adds are so many times as fast as those of vectors: for the choice of threads

cdef struct Product:
    Windows windows
    Weights weights
    Py_ssize_t columns         # filters; channels, for the gradient for the input
    const real* bias
    int activation
    Target target
    Py_ssize_t run             # taps along w that lie together in the copy
    Py_ssize_t chunks
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
    cdef Py_ssize_t width = job.run * job.windows.channels, pieces = chunks_of_run(&job.windows, job.run)
    cdef Py_ssize_t p = chunk // pieces * width + chunk % pieces * DEPTH
    cdef Py_ssize_t end = min(p + DEPTH, (chunk // pieces + 1) * width)
    cdef Py_ssize_t run, i
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


cdef inline void locate_outputs(const Part* part, const Block* block, Py_ssize_t count, Py_ssize_t* where) noexcept nogil:
    """Where in the target the results of a block's positions belong, -1 for those without an output."""
    cdef const Windows* windows = &part.copy.windows
    cdef const Target* target = &part.target
    cdef Py_ssize_t image, slice, row, w, start, position
    memset(where, -1, count * sizeof(Py_ssize_t))
    for image in range(block.images):
        slice = block.first_slice + image
        for row in range(block.rows):
            start = (
                slice // windows.d.outputs * target.stride_n + slice % windows.d.outputs * target.stride_d
                + (block.first_row + row) * target.stride_h + block.first_column * target.stride_w
            )
            position = image * part.copy.field.image + row * part.copy.field.row
            for w in range(block.columns):
                where[position + w] = start + w * target.stride_w


cdef inline bint lie_evenly(const Py_ssize_t* where, Py_ssize_t distance) noexcept nogil:
    """Whether all positions of a tile have outputs, at one distance from each other."""
    cdef Py_ssize_t i
    for i in range(1, SIDE):
        if where[i] != where[i - 1] + distance:
            return False
    return where[0] >= 0


cdef inline void store_sums(int activation, real* sums, real* values, const Py_ssize_t* where, Py_ssize_t columns) noexcept nogil:
    """Applies the activation to 32 positions by 32 columns, and stores those that are outputs."""
    cdef Py_ssize_t i
    cdef real* target
    if activation != LINEAR:
        apply_activation(activation, sums, SIDE * SIDE)
    for i in range(SIDE):
        if where[i] >= 0:
            target = values + where[i]
            if columns == SIDE:
                (<vec*>target)[0] = (<vec*>(sums + i * SIDE))[0]
                (<vec*>(target + VL))[0] = (<vec*>(sums + i * SIDE + VL))[0]
            else:
                memcpy(target, sums + i * SIDE, columns * sizeof(real))


cdef inline Py_ssize_t section_from(const Part* part, Py_ssize_t first) noexcept nogil:
    """How many chunks from this one on are used at a time: neighbours among packed weights."""
    cdef Py_ssize_t count = 1, most = SECTION
    if TERMS == 2 and part.chunks <= 2 * NEAR:
        most = ceil_div(part.chunks, ceil_div(part.chunks, NEAR))
    while count < most and first + count < part.chunks and part.chunk[first + count] == part.chunk[first] + count:
        count += 1
    return count


cdef inline void multiply_panel(Product* job, const Part* part, const bf16* copy, Py_ssize_t positions, Py_ssize_t panel,
                                const Py_ssize_t* where, const bint* evenly, real* sums, bf16* fresh) noexcept nogil:
    """Multiplies a block of positions by a panel of weights, in sections of the depth. `fresh` is memory to pack one into."""
    cdef Py_ssize_t tiles = ceil_div(positions, SIDE)
    cdef Py_ssize_t column = job.first_column + panel * SIDE
    cdef Py_ssize_t columns = min(job.columns - column, <Py_ssize_t>SIDE)
    cdef Py_ssize_t first = 0, count, t, i
    cdef real* values = part.target.value + column
    cdef real bias[SIDE]
    cdef real* sum
    cdef const bf16* packed
    cdef bint last, in_place
    memset(bias, 0, sizeof(bias))
    if job.bias != NULL:
        memcpy(bias, job.bias + column, columns * sizeof(real))
    while first < part.chunks:
        count = section_from(part, first)
        last = first + count == part.chunks
        if job.packed != NULL:
            packed = job.packed + (panel * job.chunks + part.chunk[first]) * PACKED
        else:
            packed = fresh
            for i in range(count):
                pack_chunk(job, panel, part.chunk[first + i], fresh + i * PACKED)
        for t in range(tiles):
            sum = sums + (0 if last and first == 0 else t * SIDE * SIDE)
            # Outputs that lie evenly are stored where they belong.
            in_place = last and evenly[t] and columns == SIDE and job.activation == LINEAR
            if last and t + 1 < tiles:
                for i in range((t + 1) * SIDE, (t + 2) * SIDE):
                    if where[i] >= 0:
                        prefetch_row(values + where[i], columns)
            multiply_tiles(
                copy + t * SIDE * part.copy.position, part.copy.position, part.copy.term, part.offset + first, count, packed,
                sum if first else &bias[0], SIDE if first else 0,
                values + where[t * SIDE] if in_place else sum, part.target.stride_w if in_place else SIDE,
                positions - t * SIDE, columns,
            )
            if last and not in_place:
                store_sums(job.activation, sum, values, where + t * SIDE, columns)
        first += count


cdef inline void multiply_block(Product* job, const Part* part, Py_ssize_t index, Py_ssize_t first_panel,
                                Py_ssize_t end_panel) noexcept nogil:
    """Computes some columns of a block of positions."""
    cdef Block block = block_at(&part.copy.field, &part.copy.windows, index)
    cdef Py_ssize_t tiles = ceil_div(block.positions, SIDE)
    cdef Py_ssize_t panel, t
    cdef bint single = section_from(part, 0) == part.chunks
    cdef bf16* copy = <bf16*>scratch_take(TERMS * part.copy.term * sizeof(bf16))
    cdef real* sums = <real*>scratch_take((1 if single else tiles) * SIDE * SIDE * sizeof(real))
    cdef Py_ssize_t* where = <Py_ssize_t*>scratch_take(tiles * SIDE * sizeof(Py_ssize_t))
    cdef bint* evenly = <bint*>scratch_take(tiles * sizeof(bint))
    cdef bf16* fresh = <bf16*>scratch_take(SECTION * PACKED * sizeof(bf16)) if job.packed == NULL else NULL
    cdef unsigned long long state = flush_denormals()
    if copy == NULL or sums == NULL or where == NULL or evenly == NULL or (job.packed == NULL and fresh == NULL):
        job.failed = True
    else:
        locate_outputs(part, &block, tiles * SIDE, where)
        for t in range(tiles):
            evenly[t] = lie_evenly(where + t * SIDE, part.target.stride_w)
        if not split_source(&part.copy, &block, copy):
            job.finite = False
        begin_tiles()
        for panel in range(first_panel, end_panel):
            multiply_panel(job, part, copy, block.positions, panel, where, evenly, sums, fresh)
        end_tiles()
    restore_denormals(state)
    scratch_give(fresh)
    scratch_give(evenly)
    scratch_give(where)
    scratch_give(sums)
    scratch_give(copy)


cdef inline void multiply(Product* job) noexcept nogil:
    """The whole product, slab by slab. `packed` are all weights from an earlier call, or NULL, and stays where it is."""
    cdef Windows* windows = &job.windows
    cdef bint known = job.packed != NULL
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef Py_ssize_t panels = ceil_div(job.columns, SIDE), slab = panels
    cdef int threads = threads_for(2.0 / VL / FAST * windows.pixels * taps * windows.channels * panels * SIDE)
    cdef Py_ssize_t bytes_of_panel, parts, boxes, i, b
    cdef bint single
    cdef Box* box
    cdef Part part
    # In a padded copy without gaps, neighbours along w lie together.
    job.run = windows.w.taps if windows.w.spacing == 1 and gap_of(windows) == 0 and not is_apart(windows.w) else 1
    job.chunks = chunks_of(windows, job.run)
    bytes_of_panel = job.chunks * PACKED * <Py_ssize_t>sizeof(bf16)
    box = <Box*>scratch_take(most_boxes(windows, job.run) * sizeof(Box))
    part.chunk = <Py_ssize_t*>scratch_take(2 * job.chunks * sizeof(Py_ssize_t))
    part.offset = part.chunk + job.chunks
    if box == NULL or part.chunk == NULL:
        job.failed = True
    else:
        boxes = choose_boxes(windows, job.columns, job.run, box)
        enter_box(windows, &job.target, job.columns, job.run, box, 1, &part)
        single = boxes == 1 and part.copy.field.blocks == 1 and panels >= threads
        job.keeps = job.keeps and panels * bytes_of_panel <= MOST_KEPT
        if not job.keeps and not single:
            slab = min(panels, max(<Py_ssize_t>1, WEIGHTS // bytes_of_panel))
        if not known and (job.keeps or not single):
            job.packed = <bf16*>scratch_take(slab * bytes_of_panel)
            job.failed = job.failed or job.packed == NULL
    job.first_column = 0
    while job.first_column < job.columns and job.finite and not job.failed:
        job.panels = min(slab, ceil_div(job.columns - job.first_column, SIDE))
        if job.packed != NULL and not known:
            for i in prange(job.panels * job.chunks, num_threads=threads, schedule="static"):
                pack_shared(job, i % job.panels, i // job.panels)  # panels are neighbours in memory
        for b in range(boxes):
            enter_box(windows, &job.target, job.columns, job.run, box + b, 1 if single else threads, &part)
            parts = min(job.panels, ceil_div(2 * threads, part.copy.field.blocks) if threads > 1 else 1)
            for i in prange(parts * part.copy.field.blocks, num_threads=threads, schedule="dynamic"):
                multiply_block(
                    job, &part, i % part.copy.field.blocks, job.panels * (i // part.copy.field.blocks) // parts,
                    job.panels * (i // part.copy.field.blocks + 1) // parts,
                )
        job.first_column += job.panels * SIDE
    scratch_give(part.chunk)
    scratch_give(box)


# The three directions ----------------------------------------------------------------------------------------------------


cdef inline bint convolve(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                          real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                          Kept kept) except -1:
    cdef Product job
    cdef Windows* windows = &job.windows
    if size_of(y) == 0:
        return True
    describe_windows(x, kernel, y, strides, dilations, pads, groups, windows)
    job.weights = forward_weights(kernel, groups)
    leave_out_padding(windows, &job.weights)
    job.columns = kernel.shape[4]
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.target = target_phase(y, 0, 0, 0, 1, 1, 1)
    let_h_have_taps(windows, &job.weights, &job.target)
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


cdef inline bint backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel, real[:, :, :, :, ::1] d_x,
                                tuple strides, tuple dilations, tuple pads, int groups) except -1:
    cdef Product job
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t phase
    if size_of(d_x) == 0:
        return True
    if size_of(d_y) == 0:
        d_x[...] = 0
        return True
    job.columns = kernel.shape[3]
    job.bias = NULL
    job.activation = LINEAR
    job.keeps = False
    job.failed = False
    job.finite = True
    for phase in range(phases_of(d_x, strides)):
        describe_source(windows, d_y, groups)
        job.weights = backward_weights(kernel, groups)
        if enter_phase(phase, d_y, kernel, d_x, strides, dilations, pads, windows, &job.weights, &job.target):
            let_h_have_taps(windows, &job.weights, &job.target)
            job.packed = NULL
            with nogil:
                multiply(&job)
            scratch_give(job.packed)
    if job.failed:
        raise MemoryError()
    return job.finite


cdef inline bint backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                 real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups) except -1:
    cdef Correlation job
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t count = size_of(d_kernel), outputs = size_of(d_y)
    if count == 0:
        return True
    if outputs == 0:
        d_kernel[...] = 0
        return True
    describe_windows(x, d_kernel, d_y, strides, dilations, pads, groups, windows)
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
