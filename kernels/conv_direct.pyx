# Convolution as a matrix product over windows that are packed block by block.
#
# Design:
# a) Forward: y[pixel, k] = sum over depth of window[pixel, depth] * weights[depth, k]. The windows of PIXELS output pixels are
#    packed into rows (packing.pxd), one chunk of the depth at a time; register tiles (matmul_tile.pxd) of MR pixels by NR
#    filters multiply them by panels of weights. y is added to, chunk after chunk, while its block lies in the L2 cache. It
#    starts from the bias; the activation is applied to each block as it is finished. Pixels come in an order in which tiles
#    can leave out what lies in the padding (boxes.pxd).
# b) Panels of weights are packed beforehand, [k / NR][depth][NR], a slab at a time that fits into WEIGHTS bytes: no layer needs
#    more memory than that, whatever its size. Where they may be kept (kept.pxd), all of them are one slab, up to MOST_KEPT bytes.
# c) The gradient for the input is the same product with the roles of channels and filters exchanged. With a stride, the input
#    pixels fall into phases, each with the taps that reach it (windows.pxd). A phase without taps is filled with zeros.
# d) The gradient for the kernel is a product over pixels (direct_gradient.pxd).
# e) Parallel: over blocks of pixels and of filters. The order of all additions is the same for any number of threads.
# f) Loop order within a block of pixels: chunk, panel, piece of the chunk, tile. Packed rows and a panel of weights (CHUNK x NR
#    numbers) stream from L2, a few bytes for each multiplication. A flatter chunk would read and write results more often.
# g) Each tile asks for the memory of the next one: rows that are read in place, and results. Where there are few columns or
#    little depth, memory is what the product waits for.
from cython.parallel cimport prange

from kernels.boxes cimport (
    HARDLY_ROWS, MOST_PIECES, Box, Piece, Stretch, box_of, divide_pixels, is_hardly_padded, locate_pixels, pieces_of_chunk,
    pixel_at, stretches_of_block
)
from kernels.direct_gradient cimport Correlation, correlate_all
from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.matmul_tile cimport NR, multiply_tile
from kernels.operands cimport (
    Target, Weights, backward_weights, describe_source, describe_windows, enter_phase, forward_weights, leave_out_padding,
    phases_of, size_of, target_phase, weight_at
)
from kernels.packing cimport pack_windows
from kernels.panels cimport copy_columns
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_row
from kernels.real cimport MR, VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport CHUNK, ROW, Chunk, Windows, ceil_div, divide_depth, windows_bytes

cdef enum:
    PIXELS = 144         # windows packed at a time; a multiple of every MR
    TILES = PIXELS // 6  # in them, with the least MR
    WEIGHTS = 4 << 20    # bytes of packed weights
    NEAR = 1 << 18       # numbers of them that stay in L2, beside a block of windows

cdef struct Slab:
    Py_ssize_t first_group, groups
    Py_ssize_t first_column, columns   # of each group
    Py_ssize_t first_chunk, end_chunk
    Py_ssize_t start, depth            # of these chunks

cdef struct Product:
    Windows windows
    Box* box                           # all pixels of the target, in the order in which they are computed
    Py_ssize_t boxes
    Weights weights
    Py_ssize_t groups
    Py_ssize_t columns                 # of a group
    const real* bias
    int activation
    Target target
    Slab slab
    real* panels                       # of the slab: [group][column / NR][depth][NR]
    bint keeps                         # whether they are kept for other calls
    bint packed                        # whether they are ready
    bint failed                        # out of memory


# Packed weights ---------------------------------------------------------------------------------------------------------


cdef inline real* panel_of(const Product* job, Py_ssize_t group, Py_ssize_t column) noexcept nogil:
    cdef Py_ssize_t panels = ceil_div(job.slab.columns, NR)
    cdef Py_ssize_t panel = (group - job.slab.first_group) * panels + (column - job.slab.first_column) // NR
    return job.panels + panel * job.slab.depth * NR


cdef inline void pack_panel(const Product* job, Py_ssize_t index) noexcept nogil:
    """Packs a panel of the slab: panel[p * NR + j] = weight of depth start + p and column j."""
    cdef const Weights* weights = &job.weights
    cdef const Windows* windows = &job.windows
    cdef Py_ssize_t panels = ceil_div(job.slab.columns, NR)
    cdef Py_ssize_t group = job.slab.first_group + index // panels
    cdef Py_ssize_t column = job.slab.first_column + index % panels * NR
    cdef Py_ssize_t columns = min(job.slab.first_column + job.slab.columns - column, <Py_ssize_t>NR)
    cdef Py_ssize_t p = job.slab.start, end = job.slab.start + job.slab.depth
    cdef Py_ssize_t run
    cdef real* row = panel_of(job, group, column)
    while p < end:
        run = min(windows.channels - p % windows.channels, end - p)
        copy_columns(
            weight_at(weights, windows, group, p, column), weights.depth_stride, weights.column_stride, run, columns,
            weights.end, row,
        )
        row += run * NR
        p += run


# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef inline void multiply_partial_tile(const real* rows, Py_ssize_t row, const real* panel, Py_ssize_t depth, real* target,
                                       const Py_ssize_t* where, Py_ssize_t pixels, Py_ssize_t columns, bint accumulate,
                                       const real* start, const real* ahead) noexcept nogil:
    """`multiply_tile` by way of a whole tile, where pixels or columns are missing."""
    cdef real tile[MR * NR]
    cdef Py_ssize_t tile_row[MR]
    cdef Py_ssize_t i, j
    for i in range(MR):
        tile_row[i] = i * NR
        if accumulate:
            for j in range(NR):
                tile[i * NR + j] = target[where[i] + j] if i < pixels and j < columns else 0
    if columns <= VL:
        multiply_tile(rows, row, 1, panel, depth, tile, tile_row, accumulate, start, 1, ahead)
    else:
        multiply_tile(rows, row, 1, panel, depth, tile, tile_row, accumulate, start, 2, ahead)
    for i in range(pixels):
        for j in range(columns):
            target[where[i] + j] = tile[i * NR + j]


cdef inline void multiply_block(Product* job, Py_ssize_t group, Py_ssize_t first_pixel, Py_ssize_t pixels,
                                Py_ssize_t first_column, Py_ssize_t end_column) noexcept nogil:
    """Adds the slab's part of the depth to the results of a block of pixels and columns."""
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t where[PIXELS + MR]
    cdef const Box* box = box_of(job.box, job.boxes, first_pixel)
    cdef Stretch stretch[TILES]
    cdef Piece piece[TILES * MOST_PIECES]  # of a chunk
    cdef Py_ssize_t stretches = stretches_of_block(box, first_pixel, pixels, stretch), pieces
    cdef const Piece* part
    cdef real start[NR]
    cdef bint from_bias = job.bias != NULL
    # Whole tiles are read in place where they can be. A tile reads MR rows, also where pixels are missing: those are packed.
    cdef Py_ssize_t in_place = pixels - pixels % MR if windows.in_place else 0
    # A tile asks for VL numbers in each step: those that groups ask for lie one behind the other, too.
    cdef Py_ssize_t others = (group - job.slab.first_group) * windows.channels * (VL - 1)
    cdef Py_ssize_t c, p, q, t, i, j, column, width, height, row
    cdef const Chunk* chunk
    cdef const real* panel
    cdef const real* rows
    cdef const real* ahead
    cdef real* target
    cdef real* packed = <real*>scratch_take((PIXELS + MR) * ROW * sizeof(real))
    cdef unsigned long long state
    if packed == NULL:
        job.failed = True
        return
    state = flush_denormals()
    locate_pixels(&job.target, pixel_at(box, first_pixel), pixels, where)
    for c in range(job.slab.first_chunk, job.slab.end_chunk):
        chunk = windows.chunk + c
        pieces = 0
        for q in range(stretches):
            pieces += pieces_of_chunk(windows, chunk, stretch + q, piece + pieces)
        if pieces > 0 and pixels > in_place:
            box = box_of(job.box, job.boxes, first_pixel + in_place)
            pack_windows(
                windows, chunk, group * windows.channels, pixel_at(box, first_pixel + in_place), pixels - in_place, packed
            )
        for p in range(ceil_div(end_column - first_column, NR)):
            column = first_column + p * NR
            width = min(end_column - column, <Py_ssize_t>NR)
            target = job.target.value + group * job.columns + column
            for j in range(NR):
                start[j] = job.bias[group * job.columns + column + j] if from_bias and j < width else 0
            for q in range(pieces):
                part = piece + q
                panel = panel_of(job, group, column) + (chunk.start + part.start - job.slab.start) * NR
                for t in range(part.tiles.begin, part.tiles.end):
                    i = t * MR
                    height = min(pixels - i, <Py_ssize_t>MR)
                    # The first panel brings rows that are read in place to the cache for all, the first piece the next results.
                    ahead = NULL
                    if i < in_place:
                        rows = windows.source + (first_pixel + i) * windows.stride_w + group * windows.channels + chunk.start
                        row = windows.stride_w
                        if p == 0:
                            ahead = rows + MR * row + others
                    else:
                        rows = packed + (i - in_place) * ROW + part.start
                        row = ROW
                    if part.first:
                        for j in range(i + MR, min(i + 2 * MR, pixels)):
                            prefetch_row(target + where[j], width)
                    # Where a distance of rows or the lack of a request is known to the compiler, the inner loop is better.
                    if height < MR or width < NR:
                        multiply_partial_tile(
                            rows, row, panel, part.depth, target, where + i, height, width, not part.first, start, ahead
                        )
                    elif ahead != NULL:
                        multiply_tile(rows, row, 1, panel, part.depth, target, where + i, not part.first, start, 2, ahead)
                    elif i < in_place:
                        multiply_tile(rows, row, 1, panel, part.depth, target, where + i, not part.first, start, 2, NULL)
                    else:
                        multiply_tile(rows, ROW, 1, panel, part.depth, target, where + i, not part.first, start, 2, NULL)
    if job.activation != LINEAR and job.slab.end_chunk == windows.chunks:
        target = job.target.value + group * job.columns + first_column
        for i in range(pixels):
            apply_activation(job.activation, target + where[i], end_column - first_column)
    restore_denormals(state)
    scratch_give(packed)


cdef void multiply_slab(Product* job, double work) noexcept nogil:
    """Packs the weights of a slab and adds its part of the product."""
    cdef Slab* slab = &job.slab
    cdef int threads = threads_for(work)
    cdef Py_ssize_t panels = ceil_div(slab.columns, NR)
    # Blocks of equal size, for each thread at least one, of pixels first, then of columns.
    cdef Py_ssize_t blocks = max(ceil_div(job.windows.pixels, PIXELS), min(<Py_ssize_t>threads, job.windows.pixels // MR))
    cdef Py_ssize_t pixels = ceil_div(ceil_div(job.windows.pixels, blocks), MR) * MR
    cdef Py_ssize_t parts = min(panels, ceil_div(2 * threads, blocks * slab.groups) if threads > 1 else 1)
    cdef Py_ssize_t columns = ceil_div(panels, parts) * NR
    # Groups side by side share lines of the cache: one follows the other, where the weights of all stay in L2.
    cdef bint near = slab.groups * panels * slab.depth * NR <= NEAR and blocks >= 4 * threads
    cdef Py_ssize_t together = slab.groups if near else 1
    cdef Py_ssize_t i, group, first_group, first_pixel, first_column
    blocks = ceil_div(job.windows.pixels, pixels)
    parts = ceil_div(slab.columns, columns)
    if not job.packed:
        for i in prange(slab.groups * panels, num_threads=threads, schedule="static"):
            pack_panel(job, i)
    for i in prange(slab.groups // together * parts * blocks, num_threads=threads, schedule="dynamic"):
        first_group = slab.first_group + i // blocks // parts
        first_column = slab.first_column + i // blocks % parts * columns
        first_pixel = i % blocks * pixels
        for group in range(first_group, first_group + together):
            multiply_block(
                job, group, first_pixel, min(pixels, job.windows.pixels - first_pixel),
                first_column, min(first_column + columns, slab.first_column + slab.columns),
            )


cdef void multiply_slabs(Product* job, Py_ssize_t room) noexcept nogil:
    """The whole product, in slabs whose depth times panels is at most `room`, or whose depth is that of one chunk."""
    cdef Windows* windows = &job.windows
    cdef Slab* slab = &job.slab
    cdef Py_ssize_t panels = max(<Py_ssize_t>1, min(ceil_div(job.columns, NR), room // windows.depth))
    cdef Py_ssize_t slab_columns = panels * NR
    cdef Py_ssize_t slab_groups = max(<Py_ssize_t>1, room // (windows.depth * panels)) if slab_columns >= job.columns else 1
    cdef Chunk* last
    slab.first_group = 0
    while slab.first_group < job.groups:
        slab.groups = min(slab_groups, job.groups - slab.first_group)
        slab.first_column = 0
        while slab.first_column < job.columns:
            slab.columns = min(slab_columns, job.columns - slab.first_column)
            slab.first_chunk = 0
            while slab.first_chunk < windows.chunks:
                slab.start = windows.chunk[slab.first_chunk].start
                slab.end_chunk = slab.first_chunk
                slab.depth = 0
                while slab.end_chunk < windows.chunks and (slab.depth == 0 or slab.depth * panels * slab.groups < room):
                    last = windows.chunk + slab.end_chunk
                    slab.depth = last.start + last.depth - slab.start
                    slab.end_chunk += 1
                multiply_slab(job, 2.0 / VL * windows.pixels * slab.depth * slab.columns * slab.groups)
                slab.first_chunk = slab.end_chunk
            slab.first_column += slab.columns
        slab.first_group += slab.groups


cdef void multiply(Product* job) noexcept nogil:
    """The whole product. `panels` are all weights from an earlier call, or NULL, and stay where they are."""
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t room = WEIGHTS // (NR * sizeof(real))
    cdef Py_ssize_t whole
    cdef void* chunks = scratch_take(windows_bytes(windows))
    cdef bint whole_d = is_hardly_padded(&windows.d, HARDLY_ROWS), whole_h = is_hardly_padded(&windows.h, HARDLY_ROWS)
    cdef bint whole_w = is_hardly_padded(&windows.w)
    job.boxes = divide_pixels(windows, whole_d, whole_h, whole_w, NULL)
    job.box = <Box*>scratch_take(job.boxes * sizeof(Box))
    job.packed = job.panels != NULL
    if chunks != NULL and job.box != NULL:
        divide_pixels(windows, whole_d, whole_h, whole_w, job.box)
        divide_depth(windows, chunks)
        whole = job.groups * ceil_div(job.columns, NR) * windows.depth
        job.keeps = job.keeps and whole * NR * <Py_ssize_t>sizeof(real) <= MOST_KEPT
        if job.keeps:
            room = whole
        if not job.packed:
            job.panels = <real*>scratch_take((room + CHUNK) * NR * sizeof(real))
    if chunks == NULL or job.box == NULL or job.panels == NULL:
        job.failed = True
    else:
        multiply_slabs(job, room)
    scratch_give(job.box)
    scratch_give(chunks)


# For Python -------------------------------------------------------------------------------------------------------------


def conv_direct_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                        real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                        Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, packed weights are taken from there, or left there.
    """
    cdef Product job
    cdef Windows* windows = &job.windows
    if size_of(y) == 0:
        return
    describe_windows(x, kernel, y, strides, dilations, pads, groups, windows)
    job.weights = forward_weights(kernel, groups)
    leave_out_padding(windows, &job.weights)
    job.groups = groups
    job.columns = kernel.shape[4] // groups
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.target = target_phase(y, 0, 0, 0, 1, 1, 1)
    job.keeps = kept is not None
    job.panels = <real*>kept_before(kept)
    job.failed = False
    with nogil:
        multiply(&job)
    keep(kept if job.keeps else None, job.panels, not job.failed)
    if job.failed:
        raise MemoryError()


def conv_direct_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                               real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Product job
    cdef Windows* windows = &job.windows
    cdef Py_ssize_t phase
    if size_of(d_x) == 0:
        return
    if size_of(d_y) == 0:
        d_x[...] = 0
        return
    describe_source(windows, d_y, groups)
    job.weights = backward_weights(kernel, groups)
    job.groups = groups
    job.columns = kernel.shape[3]
    job.bias = NULL
    job.activation = LINEAR
    job.keeps = False
    job.failed = False
    for phase in range(phases_of(d_x, strides)):
        if enter_phase(phase, d_y, kernel, d_x, strides, dilations, pads, windows, &job.weights, &job.target):
            job.panels = NULL
            with nogil:
                multiply(&job)
            scratch_give(job.panels)
    if job.failed:
        raise MemoryError()


def conv_direct_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output (contiguous)."""
    cdef Correlation job
    cdef Windows* windows = &job.windows
    if size_of(d_kernel) == 0:
        return
    if size_of(d_y) == 0:
        d_kernel[...] = 0
        return
    describe_windows(x, d_kernel, d_y, strides, dilations, pads, groups, windows)
    job.d_y = &d_y[0, 0, 0, 0, 0]
    job.groups = groups
    job.columns = d_kernel.shape[4] // groups
    job.d_kernel = &d_kernel[0, 0, 0, 0, 0]
    job.failed = False
    with nogil:
        correlate_all(&job)
    if job.failed:
        raise MemoryError()
