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
#    exchanged. Without padding it is larger than d_y; where that takes more tiles, it is computed from those of d_y, by the
#    transpose of the algorithm (winograd_input_gradient.pxd), which only has other transforms before and behind the products.
# f) The gradient for the kernel is collected from all tiles (winograd_gradient.pxd).
# g) Each tile asks for the pixels of its right neighbour, inputs and outputs: in a network they are in no cache.
# h) Parallel: over bands of tiles and parts of the filters. A band is one block, but in the transposed algorithm, where blocks
#    overlap, as many as a thread takes.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.matmul_tile cimport NR, multiply_tile
from kernels.parallel cimport threads_for
from kernels.real cimport MR, VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport ceil_div
from kernels.winograd cimport IN, POINTS, transform_kernel
from kernels.winograd_gradient cimport Correlation, correlate_all
from kernels.winograd_input_gradient cimport Band, add_input_gradients, band_at
from kernels.winograd_tiles cimport (
    Tiles, divide, load, row_of, transform_inputs, transform_output_gradients, transform_outputs
)

cdef enum:
    SLAB = 64            # filters that M holds at a time; a multiple of every NR
    SHARED = 4 << 20     # bytes of U that is computed once for all
    FEW = 144            # tiles for which a larger one is kept
    CACHE = 1 << 20      # bytes of V and M of a block of tiles, to stay in L2
    LARGE = 11 << 19     # bytes of V of a block of tiles, where each block computes U
    DEPTH = 64           # channels for which it does so at a time: U stays in L2

cdef struct Job:
    Tiles tiles
    bint transposed           # from the tiles' outputs to their inputs
    Py_ssize_t channels       # that products are summed up over
    Py_ssize_t filters        # that result
    const real* kernel        # taps at [(kh * 3 + kw) * tap_stride + c * channel_stride + k * filter_stride]
    Py_ssize_t tap_stride, channel_stride, filter_stride
    const real* bias
    int activation
    real* shared              # U of all filters, or NULL
    bint keeps                # whether it is kept for other calls
    Py_ssize_t block          # tiles
    Py_ssize_t bands          # of tiles
    Py_ssize_t part           # filters of a task, a multiple of SLAB
    bint failed               # out of memory


cdef inline void transform_panel(const Job* job, Py_ssize_t first_channel, Py_ssize_t channels, Py_ssize_t first_filter, real* u,
                                 Py_ssize_t plane) noexcept nogil:
    """u[point * plane + c * NR + j] = G g Gt for channel first_channel + c and filter first_filter + j"""
    cdef Py_ssize_t filters = min(job.filters - first_filter, <Py_ssize_t>NR)
    cdef Py_ssize_t tap_stride = job.tap_stride
    cdef real turned[9][VL * NR]  # some channels, with their filters side by side
    cdef vec g[9]
    cdef vec half[IN * 3]
    cdef vec full[IN]
    cdef const real* taps
    cdef Py_ssize_t c, part, k, i, j, tap
    for c in range(channels):
        taps = job.kernel + (first_channel + c) * job.channel_stride + first_filter * job.filter_stride
        if job.filter_stride != 1:  # channels are neighbours in memory: a vector of them is transposed at a time
            if c % VL == 0:
                for tap in range(9):
                    transpose_matrix(
                        taps + tap * job.tap_stride, job.filter_stride, turned[tap], NR, filters,
                        min(channels - c, <Py_ssize_t>VL),
                    )
            taps = turned[0] + c % VL * NR
            tap_stride = VL * NR
        for part in range(NR // VL):
            k = part * VL
            for tap in range(9):
                g[tap] = load(taps + tap * tap_stride + k, max(filters - k, <Py_ssize_t>0))
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


cdef inline void convolve_block(Job* job, const Band* band, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_filter,
                                Py_ssize_t end_filter) noexcept nogil:
    """All steps for a block of tiles and some filters."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = job.channels
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
        if job.transposed:
            transform_output_gradients(tiles, first_tile, count, 0, channels, v, row, NR, v_plane)
        else:
            transform_inputs(tiles, first_tile, count, 0, channels, v, row, v_plane)
        slab = first_filter
        while slab < end_filter:
            filters = min(end_filter - slab, <Py_ssize_t>SLAB)
            if job.shared != NULL:
                multiply_points(
                    count, channels, filters, v, row, v_plane, job.shared + slab // NR * channels * NR, channels * NR,
                    ceil_div(job.filters, NR) * channels * NR, m, m_plane, False,
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
            if job.transposed:
                add_input_gradients(tiles, band, m, SLAB, m_plane, first_tile, count, slab, filters)
            else:
                transform_outputs(tiles, job.bias, job.activation, m, SLAB, m_plane, first_tile, count, slab, filters)
            slab += filters
    restore_denormals(state)
    scratch_give(u)
    scratch_give(m)
    scratch_give(v)


cdef inline void convolve_band(Job* job, Py_ssize_t index, Py_ssize_t first_filter, Py_ssize_t end_filter) noexcept nogil:
    """One band, block after block."""
    cdef Band band = Band(
        first=index * job.block, own=index * job.block, end=min((index + 1) * job.block, job.tiles.count)
    )
    cdef Py_ssize_t tile
    if job.transposed:
        band = band_at(&job.tiles, index, job.bands)
    tile = band.first
    while tile < band.end:
        convolve_block(job, &band, tile, min(job.block, band.end - tile), first_filter, end_filter)
        tile += job.block


cdef void convolve(Job* job) noexcept nogil:
    """All of it. `shared` is U from an earlier call, or NULL, and stays where it is."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t row = row_of(job.channels)
    cdef Py_ssize_t filters = job.filters
    cdef Py_ssize_t panels = ceil_div(filters, NR)
    cdef Py_ssize_t panel = job.channels * NR
    cdef size_t u_bytes = POINTS * panels * panel * sizeof(real)
    cdef int threads = threads_for(2.0 / VL * POINTS * tiles.count * job.channels * filters)
    cdef Py_ssize_t tasks = 2 * threads if threads > 1 else 1
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
        job.bands = ceil_div(tiles.count, job.block)
        if job.transposed:  # Within images, each band begins with tiles of the one above.
            job.bands = min(job.bands, tasks if tiles.count // tiles.columns >= tasks * tiles.rows else threads)
        parts = min(slabs, ceil_div(tasks, job.bands))
        job.part = ceil_div(slabs, parts) * SLAB
        parts = ceil_div(filters, job.part)
        if shares and not known:
            for i in prange(panels, num_threads=threads, schedule="dynamic"):
                transform_panel(job, 0, job.channels, i * NR, job.shared + i * panel, panels * panel)
        for i in prange(job.bands * parts, num_threads=threads, schedule="dynamic"):
            convolve_band(job, i // parts, i % parts * job.part, min((i % parts + 1) * job.part, filters))
    scratch_give(tiles.zeros)


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
    job.transposed = False
    job.channels = kernel.shape[3]
    job.filters = kernel.shape[4]
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
    cdef Tiles turned
    if d_x.shape[0] == 0:
        return
    job.tiles = divide(d_x, d_y, pads[1], pads[2])
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap_stride = kernel.shape[3] * kernel.shape[4]
    turned = divide(d_y, d_x, 2 - <Py_ssize_t>pads[1], 2 - <Py_ssize_t>pads[2])
    job.transposed = job.tiles.count < turned.count
    if not job.transposed:
        job.tiles = turned
        job.kernel = &kernel[0, 2, 2, 0, 0]
        job.tap_stride = -job.tap_stride
    job.channels = kernel.shape[4]
    job.filters = kernel.shape[3]
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
    if x.shape[0] == 0:
        d_kernel[...] = 0
        return
    job.tiles = divide(x, d_y, pads[1], pads[2])
    job.failed = False
    with nogil:
        correlate_all(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
