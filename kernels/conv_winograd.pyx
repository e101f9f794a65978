# Convolution of images with 3x3 kernels, stride 1, by Winograd's F(4x4, 3x3) (winograd.pxd).
#
# Design:
# a) Outputs are divided into tiles of 4x4. For each of the 36 points of the transformed tiles there is one matrix product:
#    M[point](tile, k) = sum over c of V[point](tile, c) * U[point](c, k), with V the transformed inputs and U the transformed
#    kernels. It is computed with the register tiles of matmul_tile.pxd: MR tiles by NR filters.
# b) A block of tiles goes all the way: V is computed and stays in the L2 cache; for SLAB filters at a time, M is computed from
#    V and U, and outputs are computed from M while it is still there, with bias and activation.
# c) Transforms work on vectors of channels. Pixels outside the image are read from a line of zeros, so that tiles at the
#    border take the same way as all others.
# d) U is computed once for all, where it fits into SHARED bytes, and kept where it may be (kept.pxd). Otherwise each block of tiles
#    computes it anew, for SLAB filters and DEPTH channels at a time, so that it stays in the L2 cache: that reads 9 numbers where
#    36 would have to be fetched from memory, so for many tiles it costs almost nothing.
# e) The gradient for the input is the same with d_y as inputs, the kernel turned by 180 degrees, and its channels and filters
#    exchanged.
# f) The gradient for the kernel sums P[point](c, k) = V[point](tile, c) * W[point](tile, k) over all tiles, W being the
#    transformed d_y, for BLOCK_C channels and BLOCK_K filters at a time, and transforms P back at the end.
# g) Each tile asks for the pixels of its right neighbour, inputs and outputs: in a network they are in no cache.
# h) Parallel: over blocks of tiles and parts of the filters; in the gradient for the kernel over blocks of channels and
#    filters, and where those are few, over shares of the tiles, whose number depends on the problem only.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.matmul_tile cimport NR, multiply_tile
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport MR, VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport ceil_div
from kernels.winograd cimport (
    IN, OUT, POINTS, transform_input, transform_kernel, transform_kernel_gradient, transform_output_gradient
)
from kernels.winograd_tiles cimport Tiles, divide, find_pixels, load, store, transform_outputs

cdef enum:
    SLAB = 64            # filters that M holds at a time; a multiple of every NR
    SHARED = 4 << 20     # bytes of U that is computed once for all
    FEW = 144            # tiles for which a larger one is kept
    CACHE = 1 << 20      # bytes of V and M of a block of tiles, to stay in L2
    LARGE = 11 << 19     # bytes of V of a block of tiles, where each block computes U
    DEPTH = 64           # channels for which it does so at a time: U stays in L2
    BLOCK_C = 72         # channels and filters of the gradient that are collected at a time; multiples of MR and NR
    BLOCK_K = 64
    TILES = 36           # tiles that the gradient for the kernel transforms at a time
    SHARES = 16          # tasks that the gradient for the kernel is divided into at least, unless
    SHARE = 384          # a share had fewer tiles

cdef struct Job:
    Tiles tiles
    const real* kernel        # taps at [(kh * 3 + kw) * tap_stride + c * channel_stride + k * filter_stride]
    Py_ssize_t tap_stride, channel_stride, filter_stride
    const real* bias
    int activation
    real* shared              # U of all filters, or NULL
    bint keeps                # whether it is kept for other calls
    Py_ssize_t block          # tiles
    Py_ssize_t part           # filters of a task, a multiple of SLAB
    bint failed               # out of memory


cdef inline Py_ssize_t row_of(Py_ssize_t channels) noexcept nogil:
    """Numbers from one tile to the next in V and W: whole vectors, and no power of two: rows would share cache sets."""
    return (ceil_div(channels, VL) + 1) * VL


# Transforms of tiles ----------------------------------------------------------------------------------------------------


cdef inline void transform_inputs(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_channel,
                                  Py_ssize_t channels, real* v, Py_ssize_t row, Py_ssize_t plane) noexcept nogil:
    """v[point * plane + tile * row + c] = Bt d B"""
    cdef const real* pixel[IN * IN]
    cdef vec column[IN]
    cdef vec half[IN * IN]
    cdef vec full[IN]
    cdef Py_ssize_t t, tile, part, c, i, j, width
    for t in range(count):
        tile = first_tile + t
        find_pixels(
            &tiles.inputs, tiles.zeros, tile // tiles.columns // tiles.rows,
            tile // tiles.columns % tiles.rows * OUT - tiles.pad_h, tile % tiles.columns * OUT - tiles.pad_w, IN, pixel,
        )
        for part in range(ceil_div(channels, VL)):
            c = part * VL
            width = channels - c
            for j in range(IN):
                for i in range(IN):
                    column[i] = load(pixel[i * IN + j] + first_channel + c, width)
                    prefetch_for_reading(pixel[i * IN + j] + first_channel + c + OUT * tiles.inputs.stride_w)  # next tile
                transform_input(column, 1, half + j, IN)
            for i in range(IN):
                transform_input(half + i * IN, 1, full, 1)
                for j in range(IN):
                    (<vec*>(v + (i * IN + j) * plane + t * row + c))[0] = full[j]


cdef inline void transform_output_gradients(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count,
                                            Py_ssize_t first_filter, Py_ssize_t filters, real* panels,
                                            Py_ssize_t plane) noexcept nogil:
    """panels[point * plane + panel * TILES * NR + tile * NR + j] = A d_y At for filter panel * NR + j"""
    cdef const real* pixel[OUT * OUT]
    cdef vec d[OUT * OUT]
    cdef vec half[IN * OUT]
    cdef vec full[IN]
    cdef Py_ssize_t t, tile, part, k, i, j, width
    for t in range(count):
        tile = first_tile + t
        find_pixels(
            &tiles.outputs, tiles.zeros, tile // tiles.columns // tiles.rows,
            tile // tiles.columns % tiles.rows * OUT, tile % tiles.columns * OUT, OUT, pixel,
        )
        for part in range(ceil_div(filters, NR) * (NR // VL)):
            k = part * VL
            width = max(filters - k, <Py_ssize_t>0)
            for i in range(OUT * OUT):
                d[i] = load(pixel[i] + first_filter + k, width)
            for j in range(OUT):
                transform_output_gradient(d + j, OUT, half + j, OUT)
            for i in range(IN):
                transform_output_gradient(half + i * OUT, 1, full, 1)
                for j in range(IN):
                    (<vec*>(panels + (i * IN + j) * plane + (k // NR * TILES + t) * NR + k % NR))[0] = full[j]


cdef inline void transform_panel(const Job* job, Py_ssize_t first_channel, Py_ssize_t channels, Py_ssize_t first_filter, real* u,
                                 Py_ssize_t plane) noexcept nogil:
    """u[point * plane + c * NR + j] = G g Gt for channel first_channel + c and filter first_filter + j"""
    cdef const Tiles* tiles = &job.tiles
    cdef vec g[9]
    cdef vec half[IN * 3]
    cdef vec full[IN]
    cdef real columns[9][VL]
    cdef const real* source
    cdef Py_ssize_t c, part, k, i, j, tap, width
    for c in range(channels):
        for part in range(NR // VL):
            k = part * VL
            width = min(max(tiles.outputs.channels - first_filter - k, <Py_ssize_t>0), <Py_ssize_t>VL)
            source = job.kernel + (first_channel + c) * job.channel_stride + (first_filter + k) * job.filter_stride
            for tap in range(9):
                if job.filter_stride == 1:
                    g[tap] = load(source + tap * job.tap_stride, width)
                else:
                    for j in range(VL):
                        columns[tap][j] = source[tap * job.tap_stride + j * job.filter_stride] if j < width else 0
                    g[tap] = (<vec*>columns[tap])[0]
            for j in range(3):
                transform_kernel(g + j, 3, half + j, 3)
            for i in range(IN):
                transform_kernel(half + i * 3, 1, full, 1)
                for j in range(IN):
                    (<vec*>(u + (i * IN + j) * plane + c * NR + k))[0] = full[j]


# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef inline void multiply_points(Py_ssize_t tiles, Py_ssize_t channels, Py_ssize_t filters, const real* v, Py_ssize_t row,
                                 Py_ssize_t v_plane, const real* u, Py_ssize_t panel, Py_ssize_t u_plane, real* m,
                                 Py_ssize_t m_plane, bint accumulate) noexcept nogil:
    """m = v * u, or m += v * u, for each point. Tiles are counted up to a multiple of MR; those behind the last are dropped."""
    cdef Py_ssize_t m_row[MR]
    cdef Py_ssize_t point, p, t, i
    for i in range(MR):
        m_row[i] = i * SLAB
    for point in range(POINTS):
        for p in range(ceil_div(filters, NR)):
            for i in range(ceil_div(tiles, MR)):
                t = i * MR
                multiply_tile(
                    v + point * v_plane + t * row, row, 1, u + point * u_plane + p * panel, channels,
                    m + point * m_plane + t * SLAB + p * NR, m_row, accumulate, NULL, 2, NULL,
                )


cdef inline void convolve_block(Job* job, Py_ssize_t first_tile, Py_ssize_t first_filter,
                                Py_ssize_t end_filter) noexcept nogil:
    """All steps for a block of tiles and some filters."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = tiles.inputs.channels
    cdef Py_ssize_t count = min(job.block, tiles.count - first_tile)
    cdef Py_ssize_t row = row_of(channels)
    cdef Py_ssize_t v_plane = job.block * row
    cdef Py_ssize_t m_plane = job.block * SLAB
    cdef Py_ssize_t panel = DEPTH * NR  # of its own U
    cdef Py_ssize_t slab, filters, c, p, depth
    cdef real* v = <real*>scratch_take(POINTS * v_plane * sizeof(real))
    cdef real* m = <real*>scratch_take(POINTS * m_plane * sizeof(real))
    cdef real* u = NULL
    cdef unsigned long long state = flush_denormals()
    if job.shared == NULL:
        u = <real*>scratch_take(POINTS * SLAB * DEPTH * sizeof(real))
    if v == NULL or m == NULL or (u == NULL and job.shared == NULL):
        job.failed = True
    else:
        transform_inputs(tiles, first_tile, count, 0, channels, v, row, v_plane)
        slab = first_filter
        while slab < end_filter:
            filters = min(end_filter - slab, <Py_ssize_t>SLAB)
            if job.shared != NULL:
                multiply_points(
                    count, channels, filters, v, row, v_plane, job.shared + slab // NR * channels * NR, channels * NR,
                    ceil_div(tiles.outputs.channels, NR) * channels * NR, m, m_plane, False,
                )
            else:
                c = 0
                while c < channels:
                    depth = min(channels - c, <Py_ssize_t>DEPTH)
                    for p in range(ceil_div(filters, NR)):
                        transform_panel(job, c, depth, slab + p * NR, u + p * panel, SLAB * DEPTH)
                    multiply_points(
                        count, depth, filters, v + c, row, v_plane, u, panel, SLAB * DEPTH, m, m_plane, c > 0
                    )
                    c += depth
            transform_outputs(tiles, job.bias, job.activation, m, SLAB, m_plane, first_tile, count, slab, filters)
            slab += filters
    restore_denormals(state)
    scratch_give(u)
    scratch_give(m)
    scratch_give(v)


cdef void convolve(Job* job) noexcept nogil:
    """All of it. `shared` is U from an earlier call, or NULL, and stays where it is."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t row = row_of(tiles.inputs.channels)
    cdef Py_ssize_t filters = tiles.outputs.channels
    cdef Py_ssize_t panels = ceil_div(filters, NR)
    cdef Py_ssize_t panel = tiles.inputs.channels * NR
    cdef size_t u_bytes = POINTS * panels * panel * sizeof(real)
    cdef int threads = threads_for(2.0 / VL * POINTS * tiles.count * tiles.inputs.channels * filters)
    cdef Py_ssize_t slabs = ceil_div(filters, SLAB)
    cdef bint shares = u_bytes <= SHARED or (job.keeps and u_bytes <= MOST_KEPT and tiles.count <= FEW)
    cdef bint known = job.shared != NULL
    cdef Py_ssize_t most, blocks, parts, i
    tiles.zeros = <real*>scratch_take(row * sizeof(real))
    if shares and not known:
        job.shared = <real*>scratch_take(u_bytes)
    if tiles.zeros == NULL or (shares and job.shared == NULL):
        job.failed = True
    else:
        memset(tiles.zeros, 0, row * sizeof(real))
        # Work for each thread: blocks of tiles, and where those are few, or would all have to compute U, parts of the filters.
        if job.shared != NULL:
            most = CACHE // (POINTS * (row + min(filters, <Py_ssize_t>SLAB)) * sizeof(real))
            blocks = min(<Py_ssize_t>threads, tiles.count // MR)
        else:
            most = LARGE // (POINTS * row * sizeof(real))
            blocks = 1
        most = max(most // MR, <Py_ssize_t>1) * MR
        blocks = max(ceil_div(tiles.count, most), blocks)
        job.block = ceil_div(ceil_div(tiles.count, blocks), MR) * MR
        blocks = ceil_div(tiles.count, job.block)
        parts = min(slabs, ceil_div(2 * threads, blocks) if threads > 1 else 1)
        job.part = ceil_div(slabs, parts) * SLAB
        parts = ceil_div(filters, job.part)
        if shares and not known:
            for i in prange(panels, num_threads=threads, schedule="dynamic"):
                transform_panel(job, 0, tiles.inputs.channels, i * NR, job.shared + i * panel, panels * panel)
        for i in prange(blocks * parts, num_threads=threads, schedule="dynamic"):
            convolve_block(job, i // parts * job.block, i % parts * job.part, min((i % parts + 1) * job.part, filters))
    scratch_give(tiles.zeros)


# Gradient for the kernel ------------------------------------------------------------------------------------------------

cdef struct Correlation:
    Tiles tiles
    Py_ssize_t shares
    real* totals         # [share](3, 3, c, k)
    bint failed


cdef inline void transform_totals(const Correlation* job, const real* p, Py_ssize_t plane, Py_ssize_t share,
                                  Py_ssize_t first_channel, Py_ssize_t channels, Py_ssize_t first_filter,
                                  Py_ssize_t filters) noexcept nogil:
    """d_kernel = Gt p G, from p[point * plane + panel * BLOCK_C * NR + c * NR + j]"""
    cdef vec points[POINTS]
    cdef vec half[3 * IN]
    cdef vec full[3]
    cdef Py_ssize_t all_channels = job.tiles.inputs.channels
    cdef Py_ssize_t all_filters = job.tiles.outputs.channels
    cdef Py_ssize_t c, part, k, i, j
    cdef real* d_kernel
    for c in range(channels):
        for part in range(ceil_div(filters, VL)):
            k = part * VL
            for i in range(POINTS):
                points[i] = (<const vec*>(p + i * plane + (k // NR * BLOCK_C + c) * NR + k % NR))[0]
            for j in range(IN):
                transform_kernel_gradient(points + j, IN, half + j, IN)
            d_kernel = job.totals + (share * 9 * all_channels + first_channel + c) * all_filters + first_filter + k
            for i in range(3):
                transform_kernel_gradient(half + i * IN, 1, full, 1)
                for j in range(3):
                    store(d_kernel + (i * 3 + j) * all_channels * all_filters, full[j], filters - k)


cdef inline void correlate(Correlation* job, Py_ssize_t share, Py_ssize_t first_channel,
                           Py_ssize_t first_filter) noexcept nogil:
    """The totals of one share of the tiles for a block of channels and filters."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = min(tiles.inputs.channels - first_channel, <Py_ssize_t>BLOCK_C)
    cdef Py_ssize_t filters = min(tiles.outputs.channels - first_filter, <Py_ssize_t>BLOCK_K)
    cdef Py_ssize_t blocks = ceil_div(tiles.count, TILES)
    cdef Py_ssize_t tile = blocks * share // job.shares * TILES
    cdef Py_ssize_t end = min(blocks * (share + 1) // job.shares * TILES, tiles.count)
    cdef Py_ssize_t row = row_of(channels)
    cdef Py_ssize_t v_plane = TILES * row
    cdef Py_ssize_t w_plane = TILES * BLOCK_K
    cdef Py_ssize_t p_plane = BLOCK_C * BLOCK_K
    cdef Py_ssize_t p_row[MR]
    cdef Py_ssize_t count, point, panel, c, i
    cdef real* v = <real*>scratch_take(POINTS * v_plane * sizeof(real))
    cdef real* w = <real*>scratch_take(POINTS * w_plane * sizeof(real))
    cdef real* p = <real*>scratch_take(POINTS * p_plane * sizeof(real))
    cdef unsigned long long state = flush_denormals()
    if v == NULL or w == NULL or p == NULL:
        job.failed = True
    else:
        for i in range(MR):
            p_row[i] = i * NR
        memset(p, 0, POINTS * p_plane * sizeof(real))
        while tile < end:
            count = min(end - tile, <Py_ssize_t>TILES)
            transform_inputs(tiles, tile, count, first_channel, channels, v, row, v_plane)
            transform_output_gradients(tiles, tile, count, first_filter, filters, w, w_plane)
            for point in range(POINTS):
                for panel in range(ceil_div(filters, NR)):
                    for i in range(ceil_div(channels, MR)):
                        c = i * MR
                        multiply_tile(
                            v + point * v_plane + c, 1, row, w + point * w_plane + panel * TILES * NR, count,
                            p + point * p_plane + (panel * BLOCK_C + c) * NR, p_row, True, NULL, 2, NULL,
                        )
            tile += count
        transform_totals(job, p, p_plane, share, first_channel, channels, first_filter, filters)
    restore_denormals(state)
    scratch_give(p)
    scratch_give(w)
    scratch_give(v)


cdef inline void add_shares(const Correlation* job, Py_ssize_t row, real* d_kernel) noexcept nogil:
    """Adds up the shares of one row of d_kernel, in their order."""
    cdef Py_ssize_t filters = job.tiles.outputs.channels
    cdef Py_ssize_t share, k
    cdef const real* total
    for share in range(job.shares):
        total = job.totals + (share * 9 * job.tiles.inputs.channels + row) * filters
        for k in range(filters):
            d_kernel[row * filters + k] = (d_kernel[row * filters + k] if share else 0) + total[k]


# For Python -------------------------------------------------------------------------------------------------------------


def conv_winograd_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                          real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                          Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, the transformed kernel is taken from there, or left there.
    """
    cdef Job job
    if y.shape[0] == 0:
        return
    job.tiles = divide(x, y, pads[1], pads[2])
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap_stride = kernel.shape[3] * kernel.shape[4]
    job.channel_stride = kernel.shape[4]
    job.filter_stride = 1
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.keeps = kept is not None
    job.shared = <real*>kept_before(kept)
    job.failed = False
    with nogil:
        convolve(&job)
    keep(kept, job.shared, not job.failed)
    if job.failed:
        raise MemoryError()


def conv_winograd_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                 real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Job job
    if d_x.shape[0] == 0:
        return
    job.tiles = divide(d_y, d_x, 2 - <Py_ssize_t>pads[1], 2 - <Py_ssize_t>pads[2])
    job.kernel = &kernel[0, 2, 2, 0, 0]
    job.tap_stride = -kernel.shape[3] * kernel.shape[4]
    job.channel_stride = 1
    job.filter_stride = kernel.shape[4]
    job.bias = NULL
    job.activation = LINEAR
    job.keeps = False
    job.shared = NULL
    job.failed = False
    with nogil:
        convolve(&job)
    scratch_give(job.shared)
    if job.failed:
        raise MemoryError()


def conv_winograd_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                  real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Correlation job
    cdef Tiles* tiles = &job.tiles
    cdef real* d_weights = &d_kernel[0, 0, 0, 0, 0]
    cdef Py_ssize_t channels = x.shape[4], filters = d_y.shape[4]
    cdef Py_ssize_t parts_c = ceil_div(channels, BLOCK_C), parts_k = ceil_div(filters, BLOCK_K)
    cdef Py_ssize_t tasks = parts_c * parts_k
    cdef Py_ssize_t i
    cdef int threads
    if x.shape[0] == 0:
        d_kernel[...] = 0
        return
    job.tiles = divide(x, d_y, pads[1], pads[2])
    job.shares = min(ceil_div(SHARES, tasks), ceil_div(tiles.count, SHARE))
    job.failed = False
    with nogil:
        threads = threads_for(2.0 / VL * POINTS * tiles.count * channels * filters)
        tiles.zeros = <real*>scratch_take((max(channels, filters) + 2 * NR) * sizeof(real))
        job.totals = d_weights
        if job.shares > 1:
            job.totals = <real*>scratch_take(job.shares * 9 * channels * filters * sizeof(real))
        if tiles.zeros == NULL or job.totals == NULL:
            job.failed = True
        else:
            memset(tiles.zeros, 0, (max(channels, filters) + 2 * NR) * sizeof(real))
            for i in prange(tasks * job.shares, num_threads=threads, schedule="dynamic"):
                correlate(&job, i // tasks, i % tasks // parts_k * BLOCK_C, i % parts_k * BLOCK_K)
            if job.shares > 1:
                for i in prange(9 * channels, num_threads=threads, schedule="static"):
                    add_shares(&job, i, d_weights)
        if job.shares > 1:
            scratch_give(job.totals)
        scratch_give(tiles.zeros)
    if job.failed:
        raise MemoryError()
