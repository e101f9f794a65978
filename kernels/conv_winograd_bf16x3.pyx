# Convolution by Winograd's F(4x4, 3x3) (winograd.pxd), with its products on tiles of bfloat16 (bf16x3.pxd).
#
# Design:
# a) As in conv_winograd.pyx: M[point](tile, k) = sum over c of V[point](tile, c) * U[point](c, k) for the 36 points of the
#    transformed tiles of 4x4 outputs. V is written as the left operand, [point][term][tile][channel], U as the right one,
#    [point][panel of SIDE filters][chunk of DEPTH channels][PACKED]; M is in float32.
# b) These products are so fast that what they read counts. U is computed once for all, and kept where it may be (kept.pxd). A
#    block of tiles, whose V stays in L2, reads each part of U once: the part for one point, SLAB filters at a time.
# c) The gradient for the input is the same with d_y as inputs, the kernel turned by 180 degrees, and its channels and filters
#    exchanged. (The gradient for the kernel would have to transpose V or W at every point; it is that of conv_winograd.)
# d) Parallel: over blocks of tiles, and parts of the filters where blocks are few.
# e) With a number that is not finite, the functions return False, and what they wrote means nothing.
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from kernels.bf16x3 cimport (
    DEPTH, PACKED, PAIR, SIDE, TERMS, Split, all_finite, begin_tiles, bf16, end_tiles, multiply_tiles, pack_pair, split,
    store_halves
)
from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport Kept, keep, kept_before
from kernels.parallel cimport threads_for
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport ceil_div
from kernels.winograd cimport IN, POINTS, transform_input, transform_kernel
from kernels.winograd_tiles cimport Tiles, divide, find_pixels, load, transform_outputs

cdef enum:
    SLAB = 64            # filters that M holds at a time, two panels
    CACHE = 5 << 18      # bytes of V and M of a block of tiles, to stay in L2
    FAST = 4             # times as fast as vectors: for the choice of threads

cdef struct Job:
    Tiles tiles
    const real* kernel        # taps at [(kh * 3 + kw) * tap_stride + c * channel_stride + k * filter_stride]
    Py_ssize_t tap_stride, channel_stride, filter_stride
    const real* bias
    int activation
    Py_ssize_t chunks         # of the channels
    Py_ssize_t panels         # of the filters
    bf16* u
    Py_ssize_t* offset        # of each chunk in a row of V
    Py_ssize_t block          # tiles
    bint failed               # out of memory
    bint finite


cdef inline void transform_chunk(Job* job, Py_ssize_t panel, Py_ssize_t chunk) noexcept nogil:
    """u[point][panel][chunk] = G g Gt for SIDE filters and DEPTH channels; zeros for those that are missing."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = min(tiles.inputs.channels - chunk * DEPTH, <Py_ssize_t>DEPTH)
    cdef Py_ssize_t filters = min(tiles.outputs.channels - panel * SIDE, <Py_ssize_t>SIDE)
    cdef Py_ssize_t tap, c, pair, neighbour, part, i, j
    cdef real taps[9][DEPTH * SIDE]
    cdef vec g[9]
    cdef vec half[IN * 3]
    cdef vec full[2][POINTS][2]  # [neighbour][point][part of the filters]
    cdef vec point[IN]
    cdef vec leftover = ZERO_VECTOR
    cdef const real* source
    cdef bf16* target
    if channels < DEPTH or filters < SIDE:
        memset(taps, 0, sizeof(taps))
    for tap in range(9):
        source = job.kernel + tap * job.tap_stride + chunk * DEPTH * job.channel_stride + panel * SIDE * job.filter_stride
        if job.filter_stride == 1:
            for c in range(channels):
                memcpy(taps[tap] + c * SIDE, source + c * job.channel_stride, filters * sizeof(real))
        else:
            transpose_matrix(source, job.filter_stride, taps[tap], SIDE, filters, channels)
    for pair in range(DEPTH // 2):
        for neighbour in range(2):
            for part in range(2):
                for tap in range(9):
                    g[tap] = (<vec*>(taps[tap] + (2 * pair + neighbour) * SIDE + part * VL))[0]
                for j in range(3):
                    transform_kernel(g + j, 3, half + j, 3)
                for i in range(IN):
                    transform_kernel(half + i * 3, 1, point, 1)
                    for j in range(IN):
                        full[neighbour][i * IN + j][part] = point[j]
        for i in range(POINTS):
            target = job.u + ((i * job.panels + panel) * job.chunks + chunk) * PACKED + pair * PAIR
            pack_pair(full[0][i], full[1][i], target, &leftover)
    if not all_finite(leftover):
        job.finite = False


cdef inline void transform_inputs(Job* job, Py_ssize_t first_tile, Py_ssize_t count, bf16* v, Py_ssize_t row, Py_ssize_t term,
                                  Py_ssize_t plane) noexcept nogil:
    """v[point * plane + t * term + tile * row + c] = term t of Bt d B"""
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = tiles.inputs.channels
    cdef const real* pixel[IN * IN]
    cdef vec column[IN]
    cdef vec half[2][IN * IN]
    cdef vec full[2][IN]
    cdef vec leftover = ZERO_VECTOR
    cdef Py_ssize_t t, tile, chunk, part, c, i, j
    cdef Split a, b
    cdef bf16* target
    for t in range(count):
        tile = first_tile + t
        find_pixels(
            &tiles.inputs, tiles.zeros, tile // tiles.columns // tiles.rows,
            tile // tiles.columns % tiles.rows * 4 - tiles.pad_h, tile % tiles.columns * 4 - tiles.pad_w, IN, pixel,
        )
        for chunk in range(job.chunks):
            for part in range(2):
                c = chunk * DEPTH + part * VL
                for j in range(IN):
                    for i in range(IN):
                        column[i] = load(pixel[i * IN + j] + c, channels - c) if c < channels else ZERO_VECTOR
                    transform_input(column, 1, half[part] + j, IN)
            for i in range(IN):
                for part in range(2):
                    transform_input(half[part] + i * IN, 1, full[part], 1)
                for j in range(IN):
                    a = split(full[0][j], &leftover)
                    b = split(full[1][j], &leftover)
                    target = v + (i * IN + j) * plane + t * row + chunk * DEPTH
                    store_halves(target, a.first, b.first)
                    store_halves(target + term, a.second, b.second)
                    store_halves(target + 2 * term, a.third, b.third)
    if not all_finite(leftover):
        job.finite = False


cdef inline void convolve_block(Job* job, Py_ssize_t first_tile, Py_ssize_t first_panel, Py_ssize_t end_panel) noexcept nogil:
    """All steps for a block of tiles and some panels of filters."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t count = min(job.block, tiles.count - first_tile)
    cdef Py_ssize_t row = (job.chunks + 1) * DEPTH  # no power of two: rows would share cache sets
    cdef Py_ssize_t term = job.block * row
    cdef Py_ssize_t plane = TERMS * term
    cdef Py_ssize_t m_plane = job.block * SLAB + VL
    cdef Py_ssize_t slab, panel, end, point, t
    cdef bf16* v = <bf16*>scratch_take(POINTS * plane * sizeof(bf16))
    cdef real* m = <real*>scratch_take(POINTS * m_plane * sizeof(real))
    cdef real zeros[SIDE]
    cdef unsigned long long state = flush_denormals()
    memset(zeros, 0, sizeof(zeros))
    if v == NULL or m == NULL:
        job.failed = True
    else:
        transform_inputs(job, first_tile, count, v, row, term, plane)
        slab = first_panel
        while slab < end_panel:
            end = min(slab + SLAB // SIDE, end_panel)
            begin_tiles()
            for point in range(POINTS):
                for panel in range(slab, end):
                    for t in range(ceil_div(count, SIDE)):
                        multiply_tiles(
                            v + point * plane + t * SIDE * row, row, term, job.offset, job.chunks,
                            job.u + (point * job.panels + panel) * job.chunks * PACKED, zeros, 0,
                            m + point * m_plane + t * SIDE * SLAB + (panel - slab) * SIDE, SLAB, count - t * SIDE,
                            tiles.outputs.channels - panel * SIDE,
                        )
            end_tiles()
            transform_outputs(
                tiles, job.bias, job.activation, m, SLAB, m_plane, first_tile, count, slab * SIDE,
                min(end * SIDE, tiles.outputs.channels) - slab * SIDE,
            )
            slab = end
    restore_denormals(state)
    scratch_give(m)
    scratch_give(v)


cdef void convolve(Job* job) noexcept nogil:
    """All of it. `u` is U from an earlier call, or NULL, and stays where it is."""
    cdef Tiles* tiles = &job.tiles
    cdef bint known = job.u != NULL
    cdef int threads = threads_for(2.0 / VL / FAST * POINTS * tiles.count * tiles.inputs.channels * tiles.outputs.channels)
    cdef Py_ssize_t most, blocks, slabs, parts, i
    job.chunks = ceil_div(tiles.inputs.channels, DEPTH)
    job.panels = ceil_div(tiles.outputs.channels, SIDE)
    if not known:
        job.u = <bf16*>scratch_take(POINTS * job.panels * job.chunks * PACKED * sizeof(bf16))
    job.offset = <Py_ssize_t*>scratch_take(job.chunks * sizeof(Py_ssize_t))
    tiles.zeros = <real*>scratch_take(job.chunks * DEPTH * sizeof(real))
    if job.u == NULL or job.offset == NULL or tiles.zeros == NULL:
        job.failed = True
    else:
        memset(tiles.zeros, 0, job.chunks * DEPTH * sizeof(real))
        for i in range(job.chunks):
            job.offset[i] = i * DEPTH
        most = CACHE // (POINTS * ((job.chunks + 1) * DEPTH * TERMS * sizeof(bf16) + SLAB * sizeof(real)))
        most = max(most // SIDE, <Py_ssize_t>1) * SIDE
        blocks = max(ceil_div(tiles.count, most), min(<Py_ssize_t>threads, tiles.count // SIDE))
        job.block = ceil_div(ceil_div(tiles.count, blocks), SIDE) * SIDE
        blocks = ceil_div(tiles.count, job.block)
        slabs = ceil_div(job.panels, SLAB // SIDE)
        parts = min(slabs, ceil_div(2 * threads, blocks) if threads > 1 else 1)
        if not known:
            for i in prange(job.panels * job.chunks, num_threads=threads, schedule="dynamic"):
                transform_chunk(job, i % job.panels, i // job.panels)  # panels are neighbours in memory
        for i in prange(blocks * parts, num_threads=threads, schedule="dynamic"):
            convolve_block(
                job, i // parts * job.block, slabs * (i % parts) // parts * (SLAB // SIDE),
                min(slabs * (i % parts + 1) // parts * (SLAB // SIDE), job.panels),
            )
    scratch_give(tiles.zeros)
    scratch_give(job.offset)


# For Python -------------------------------------------------------------------------------------------------------------


def conv_winograd_bf16x3_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                                 real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups,
                                 int activation, Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, the transformed kernel is taken from there, or left there.

    Returns:
        False if a number was not finite: y means nothing then.
    """
    cdef Job job
    if y.shape[0] == 0:
        return True
    job.tiles = divide(x, y, pads[1], pads[2])
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap_stride = kernel.shape[3] * kernel.shape[4]
    job.channel_stride = kernel.shape[4]
    job.filter_stride = 1
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.u = <bf16*>kept_before(kept)
    job.failed = False
    job.finite = True
    with nogil:
        convolve(&job)
    keep(kept, job.u, job.finite and not job.failed)
    if job.failed:
        raise MemoryError()
    return job.finite


def conv_winograd_bf16x3_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                        real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output.

    Returns:
        False if a number was not finite: d_x means nothing then.
    """
    cdef Job job
    if d_x.shape[0] == 0:
        return True
    job.tiles = divide(d_y, d_x, 2 - <Py_ssize_t>pads[1], 2 - <Py_ssize_t>pads[2])
    job.kernel = &kernel[0, 2, 2, 0, 0]
    job.tap_stride = -kernel.shape[3] * kernel.shape[4]
    job.channel_stride = 1
    job.filter_stride = kernel.shape[4]
    job.bias = NULL
    job.activation = LINEAR
    job.u = NULL
    job.failed = False
    job.finite = True
    with nogil:
        convolve(&job)
    scratch_give(job.u)
    if job.failed:
        raise MemoryError()
    return job.finite
