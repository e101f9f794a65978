# Convolution of images and volumes with kernels of 3x3, stride 1, by Winograd's F(4x4, 3x3) (winograd.pxd).
#
# Design:
# a) Outputs are divided into tiles of 4x4. For each of the 36 points of the transformed tiles there is one matrix product:
#    M[point](tile, k) = sum over c of V[point](tile, c) * U[point](c, k), with V the transformed inputs and U the transformed
#    kernels. It is computed in register tiles of MR tiles by NR filters (winograd_products.pxd).
# b) A block of tiles goes all the way: V is computed and stays in the L2 cache; for SLAB filters at a time, M is computed from
#    V and U, and outputs are computed from M while it is still there, with bias and activation.
# c) Transforms work on vectors of channels. Pixels outside the image are read from a line of zeros, so that tiles at the
#    border take the same way as all others.
# d) U is computed once for all, where it fits into SHARED bytes, and kept where it may be (kept.pxd). Otherwise each block of tiles
#    computes it anew, for SLAB filters and DEPTH channels at a time, so that it stays in the L2 cache: that reads 9 numbers where
#    36 would have to be fetched from memory, so it costs as much as the products of a few tiles. V then lies in the same chunks
#    of channels.
# e) The gradient for the input is the same with d_y as inputs, the kernel turned by 180 degrees, and its channels and filters
#    exchanged. Without padding it is larger than d_y; where that takes more tiles, it is computed from those of d_y, by the
#    transpose of the algorithm (winograd_input_gradient.pxd), which only has other transforms before and behind the products.
# f) The gradient for the kernel is collected from all tiles (winograd_gradient.pxd).
# g) Along the depth, sums are direct: products of each tap of the depth are added up before outputs are transformed. A block is
#    some places in some slices of the result. V of each slice of the source that they see is computed once for all taps. Rows of
#    V and M lie slice by slice, so all rows that a tap adds to make one product; slices that it finds in the padding are left out.
# h) Each tile asks for the pixels of the next one, inputs and outputs: in a network they are in no cache.
# i) Parallel: over bands of places, groups of slices and parts of the filters. A band is one block of places, but in the
#    transposed algorithm, where blocks overlap, as many as a thread takes.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.matmul_tile cimport NR
from kernels.parallel cimport threads_for
from kernels.real cimport MR, VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, Span, ceil_div, forward_axis, phase_axis, span_inside
from kernels.winograd_gradient cimport Correlation, correlate_all
from kernels.winograd_input_gradient cimport Band, add_input_gradients, band_at
from kernels.winograd_products cimport THIRD, multiply_tiles
from kernels.winograd_tiles cimport (
    Images, Tiles, describe, divide, row_of, transform_inputs, transform_output_gradients, transform_outputs
)
from kernels.winograd_weights cimport Weights, transform_panel

cdef enum:
    SLAB = 64            # filters that M holds at a time; a multiple of every NR
    SHARED = 4 << 20     # bytes of U that is computed once for all
    FEW = 144            # tiles for which a larger one is kept
    CACHE = 1 << 20      # bytes of V and M of a block of tiles, to stay in L2
    MANY = 64            # tiles of a block that computes U for itself; a multiple of every THIRD
    LARGE = 11 << 19     # bytes of its V, at most
    DEPTH = 64           # channels for which it does so at a time: U stays in L2
    SLICES = 4           # of the result that a block has at most: those of the source are few more

cdef struct Job:
    Tiles tiles
    bint transposed           # from the tiles' outputs to their inputs
    Axis depth                # from slices of the source to slices of the result
    Weights weights
    const real* bias
    int activation
    real* shared              # U of all filters, or NULL
    bint keeps                # whether it is kept for other calls
    Py_ssize_t block          # places
    Py_ssize_t slices         # of the result, in a block
    Py_ssize_t v_rows, m_rows  # tiles for which a block has memory
    Py_ssize_t bands          # of places
    Py_ssize_t part           # filters of a task, a multiple of SLAB
    bint failed               # out of memory

cdef struct Block:
    Py_ssize_t first, places  # its places
    Span slices               # of the result
    Span sources              # slices of the source that these see


# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef inline Block block_at(const Job* job, Py_ssize_t first, Py_ssize_t places, Py_ssize_t first_slice) noexcept nogil:
    cdef const Axis* depth = &job.depth
    cdef Block block = Block(
        first=first, places=places, slices=Span(first_slice, min(first_slice + job.slices, depth.outputs)),
        sources=Span(0, 0),
    )
    block.sources.begin = max(first_slice + depth.offset, <Py_ssize_t>0)
    block.sources.end = min(block.slices.end + depth.offset + (depth.taps - 1) * depth.spacing, depth.size)
    block.sources.end = max(block.sources.begin, block.sources.end)
    return block


cdef inline void multiply_points(const Job* job, const Block* block, Py_ssize_t first_tap, Py_ssize_t taps,
                                 Py_ssize_t channels, Py_ssize_t filters, const real* v, Py_ssize_t row, Py_ssize_t v_plane,
                                 const real* u, Py_ssize_t panel, Py_ssize_t u_plane, real* m, Py_ssize_t m_plane,
                                 bint accumulate) noexcept nogil:
    """m = v * u, or m += v * u, for each point and some taps of the depth.

    Rows are counted up to a part of a register tile. Behind those of a tap, there are zeros in v, or what is dropped.
    """
    cdef Py_ssize_t point, p, kd, start
    cdef const real* source
    cdef const real* weights
    cdef real* target
    cdef Span seen
    for point in range(job.tiles.points):
        for p in range(ceil_div(filters, NR)):
            for kd in range(first_tap, first_tap + taps):
                start = block.slices.begin + job.depth.offset + kd * job.depth.spacing
                seen = span_inside(start, 1, block.slices.end - block.slices.begin, job.depth.size)
                source = v + point * v_plane + (start + seen.begin - block.sources.begin) * block.places * row
                weights = u + point * u_plane + (p * taps + kd - first_tap) * panel
                target = m + point * m_plane + seen.begin * block.places * SLAB + p * NR
                multiply_tiles(
                    (seen.end - seen.begin) * block.places, source, row, weights, channels, target, SLAB, accumulate
                )


cdef inline void transform_sources(const Job* job, const Block* block, Py_ssize_t first_channel, Py_ssize_t channels, real* v,
                                   Py_ssize_t row, Py_ssize_t plane) noexcept nogil:
    """V of a block and some channels, slice by slice."""
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t d, first, point
    for d in range(block.sources.begin, block.sources.end):
        first = d * tiles.places + block.first
        if job.transposed:
            transform_output_gradients(tiles, first, block.places, first_channel, channels, v, row, NR, plane)
        else:
            transform_inputs(tiles, first, block.places, 0, first_channel, channels, v, row, plane)
        v += block.places * row
    if job.depth.taps > 1:
        for point in range(job.tiles.points):
            memset(v + point * plane, 0, MR * row * sizeof(real))


cdef inline void transform_results(const Job* job, const Band* band, const Block* block, const real* m, Py_ssize_t plane,
                                   Py_ssize_t first_filter, Py_ssize_t filters) noexcept nogil:
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t d
    for d in range(block.slices.begin, block.slices.end):
        if job.transposed:
            add_input_gradients(tiles, band, m, SLAB, plane, d, block.first, block.places, first_filter, filters)
        else:
            transform_outputs(
                tiles, job.bias, job.activation, m, SLAB, plane, d * tiles.places + block.first, block.places, first_filter,
                filters,
            )
        m += block.places * SLAB


cdef inline void convolve_block(Job* job, const Band* band, const Block* block, Py_ssize_t first_filter,
                                Py_ssize_t end_filter) noexcept nogil:
    """All steps for a block of tiles and some filters."""
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = job.weights.channels, taps = job.depth.taps
    cdef bint shares = job.shared != NULL
    cdef Py_ssize_t chunk = channels if shares else DEPTH  # channels that are multiplied at a time
    cdef Py_ssize_t chunks = ceil_div(channels, chunk)
    cdef Py_ssize_t together = taps if shares else 1
    cdef Py_ssize_t row = row_of(channels) if shares else chunk
    cdef Py_ssize_t v_plane = job.v_rows * row + VL
    cdef Py_ssize_t m_plane = job.m_rows * SLAB + VL
    cdef Py_ssize_t panel = chunk * NR
    cdef Py_ssize_t u_plane = ceil_div(job.weights.filters, NR) * taps * panel if shares else SLAB * DEPTH + VL
    cdef Py_ssize_t slab, filters, i, c, p, kd, depth
    cdef real* v = <real*>scratch_take(chunks * tiles.points * v_plane * sizeof(real))
    cdef real* m = <real*>scratch_take(tiles.points * m_plane * sizeof(real))
    cdef real* own = NULL if shares else <real*>scratch_take(tiles.points * u_plane * sizeof(real))
    cdef unsigned long long state = flush_denormals()
    if v == NULL or m == NULL or (own == NULL and not shares):
        job.failed = True
    else:
        for i in range(chunks):
            c = i * chunk
            transform_sources(job, block, c, min(channels - c, chunk), v + i * tiles.points * v_plane, row, v_plane)
        slab = first_filter
        while slab < end_filter:
            filters = min(end_filter - slab, <Py_ssize_t>SLAB)
            if taps > 1:
                memset(m, 0, tiles.points * m_plane * sizeof(real))
            kd = 0
            while kd < taps:
                for i in range(chunks):
                    c = i * chunk
                    depth = min(channels - c, chunk)
                    if not shares:
                        for p in range(ceil_div(filters, NR)):
                            transform_panel(&job.weights, kd, c, depth, slab + p * NR, own + p * panel, u_plane)
                    multiply_points(
                        job, block, kd, together, depth, filters, v + i * tiles.points * v_plane, row, v_plane,
                        job.shared + slab // NR * taps * panel if shares else own, panel, u_plane, m, m_plane,
                        taps > 1 or i > 0,
                    )
                kd += together
            transform_results(job, band, block, m, m_plane, slab, filters)
            slab += filters
    restore_denormals(state)
    scratch_give(own)
    scratch_give(m)
    scratch_give(v)


cdef inline void convolve_band(Job* job, Py_ssize_t index, Py_ssize_t first_slice, Py_ssize_t first_filter,
                               Py_ssize_t end_filter) noexcept nogil:
    """One band, block after block."""
    cdef Band band = Band(
        first=index * job.block, own=index * job.block, end=min((index + 1) * job.block, job.tiles.places)
    )
    cdef Block block
    cdef Py_ssize_t place
    if job.transposed:
        band = band_at(&job.tiles, index, job.bands)
    place = band.first
    while place < band.end:
        block = block_at(job, place, min(job.block, band.end - place), first_slice)
        convolve_block(job, &band, &block, first_filter, end_filter)
        place += job.block


cdef inline Py_ssize_t places_of(Py_ssize_t rows, Py_ssize_t slices) noexcept nogil:
    """The fewest places whose tiles, in so many slices, make a multiple of so many rows."""
    cdef Py_ssize_t places = 1
    while places * slices % rows:
        places += 1
    return places


cdef inline void divide_work(Job* job, int threads) noexcept nogil:
    """Work for each thread: blocks of tiles, and where those are few, or would all have to compute U, parts of the filters."""
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t reach = (job.depth.taps - 1) * job.depth.spacing
    cdef Py_ssize_t tasks = 2 * threads if threads > 1 else 1
    cdef Py_ssize_t slabs = ceil_div(job.weights.filters, SLAB)
    cdef Py_ssize_t v_bytes = tiles.points * row_of(job.weights.channels) * sizeof(real)  # of a tile
    cdef Py_ssize_t m_bytes = tiles.points * min(job.weights.filters, <Py_ssize_t>SLAB) * sizeof(real)
    cdef Py_ssize_t whole, third  # places whose tiles make whole register tiles, or thirds of them
    cdef Py_ssize_t most, blocks, groups, parts, sources
    job.slices = min(job.depth.outputs, <Py_ssize_t>SLICES) if reach else 1
    sources = min(job.slices + reach, job.depth.size)
    groups = ceil_div(job.depth.outputs, job.slices)
    whole, third = places_of(MR, job.slices), places_of(THIRD, job.slices)
    if job.shared != NULL:
        most = CACHE // (sources * v_bytes + job.slices * m_bytes)
        most = max(most // whole, <Py_ssize_t>1) * whole
        blocks = min(<Py_ssize_t>threads, tiles.places // MR)
    else:
        most = min(MANY // job.slices, LARGE // (sources * v_bytes))
        most = max(most // third, <Py_ssize_t>1) * third
        blocks = 1
    blocks = max(ceil_div(tiles.places, most), blocks)
    job.block = ceil_div(ceil_div(tiles.places, blocks), third) * third
    job.v_rows = sources * job.block + (MR if reach else 0)
    job.m_rows = job.slices * job.block + (MR if reach else 0)
    job.bands = ceil_div(tiles.places, job.block)
    if job.transposed:  # Within images, each band begins with tiles of the one above.
        job.bands = min(job.bands, tasks if tiles.places // tiles.width.tiles >= tasks * tiles.height.tiles else threads)
    parts = min(slabs, ceil_div(tasks, job.bands * groups))
    job.part = ceil_div(slabs, parts) * SLAB


cdef void convolve(Job* job) noexcept nogil:
    """All of it. `shared` is U from an earlier call, or NULL, and stays where it is."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t row = row_of(job.weights.channels)
    cdef Py_ssize_t filters = job.weights.filters, taps = job.depth.taps
    cdef Py_ssize_t panels = ceil_div(filters, NR)
    cdef Py_ssize_t panel = job.weights.channels * NR
    cdef Py_ssize_t count = tiles.places * job.depth.outputs
    cdef size_t u_bytes = tiles.points * panels * taps * panel * sizeof(real)
    cdef int threads = threads_for(2.0 / VL * tiles.points * count * taps * job.weights.channels * filters)
    cdef bint shares = u_bytes <= SHARED or (job.keeps and u_bytes <= MOST_KEPT and count <= FEW)
    cdef bint known = job.shared != NULL
    cdef Py_ssize_t groups, parts, i
    tiles.zeros = <real*>scratch_take(row * sizeof(real))
    if shares and not known:
        job.shared = <real*>scratch_take(u_bytes)
    if tiles.zeros == NULL or (shares and job.shared == NULL):
        job.failed = True
    else:
        memset(tiles.zeros, 0, row * sizeof(real))
        divide_work(job, threads)
        parts = ceil_div(filters, job.part)
        groups = ceil_div(job.depth.outputs, job.slices)
        if shares and not known:
            for i in prange(panels * taps, num_threads=threads, schedule="dynamic"):
                transform_panel(
                    &job.weights, i % taps, 0, job.weights.channels, i // taps * NR, job.shared + i * panel, panels * taps * panel
                )
        for i in prange(job.bands * groups * parts, num_threads=threads, schedule="dynamic"):
            convolve_band(
                job, i // parts // groups, i // parts % groups * job.slices, i % parts * job.part,
                min((i % parts + 1) * job.part, filters),
            )
    scratch_give(tiles.zeros)


# For Python -------------------------------------------------------------------------------------------------------------


cdef void describe_weights(Job* job, const real[:, :, :, :, ::1] kernel):
    """All but which filters result from which channels."""
    job.weights.height = &job.tiles.height
    job.weights.width = &job.tiles.width
    job.weights.tap_stride = kernel.shape[3] * kernel.shape[4]
    job.weights.row_stride = kernel.shape[2] * job.weights.tap_stride
    job.weights.depth_stride = kernel.shape[1] * job.weights.row_stride


def conv_winograd_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                          real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                          Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, the transformed kernel is taken from there, or left there.
    """
    cdef Job job
    if y.shape[0] == 0:
        return
    job.tiles = divide(
        describe(x), describe(y), forward_axis(x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1]),
        forward_axis(x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2]),
    )
    job.transposed = False
    job.depth = forward_axis(x.shape[1], y.shape[1], kernel.shape[0], 1, dilations[0], pads[0])
    describe_weights(&job, kernel)
    job.weights.value = &kernel[0, 0, 0, 0, 0]
    job.weights.part_channels = kernel.shape[3]
    job.weights.channels = job.tiles.parts * kernel.shape[3]
    job.weights.filters = kernel.shape[4]
    job.weights.channel_stride = kernel.shape[4]
    job.weights.filter_stride = 1
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


cdef Images phase_of(Images images, Py_ssize_t stride_h, Py_ssize_t stride_w, Py_ssize_t h, Py_ssize_t w):
    """Every so many-th pixel of images."""
    images.value += h * images.stride_h + w * images.stride_w
    images.h = ceil_div(images.h - h, stride_h)
    images.w = ceil_div(images.w - w, stride_w)
    images.stride_h *= stride_h
    images.stride_w *= stride_w
    return images


cdef bint backward_input_phase(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                               real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, Py_ssize_t phase_h,
                               Py_ssize_t phase_w) except? False:
    """The gradient for every so many-th pixel. Returns whether there was memory enough."""
    cdef Job job
    cdef Tiles forward
    cdef Py_ssize_t last = kernel.shape[0] - 1
    cdef Py_ssize_t tap_h, tap_w, step_h, step_w
    cdef Images images = phase_of(describe(d_x), strides[1], strides[2], phase_h, phase_w)
    if images.h <= 0 or images.w <= 0:
        return True
    job.tiles = divide(
        describe(d_y), images,
        phase_axis(d_y.shape[2], d_x.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1], phase_h, &tap_h, &step_h),
        phase_axis(d_y.shape[3], d_x.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2], phase_w, &tap_w, &step_w),
    )
    job.depth = forward_axis(d_y.shape[1], d_x.shape[1], last + 1, 1, dilations[0], last * dilations[0] - pads[0])
    describe_weights(&job, kernel)
    job.weights.depth_stride *= -1
    job.weights.row_stride *= step_h
    job.weights.tap_stride *= step_w
    job.weights.value = &kernel[last, tap_h, tap_w, 0, 0]
    job.transposed = False
    if kernel.shape[1] == kernel.shape[2] == 3 and strides == (1, 1, 1) and dilations[1] == dilations[2] == 1:
        forward = divide(
            describe(d_x), describe(d_y), forward_axis(d_x.shape[2], d_y.shape[2], 3, 1, 1, pads[1]),
            forward_axis(d_x.shape[3], d_y.shape[3], 3, 1, 1, pads[2]),
        )
        if forward.places < job.tiles.places:
            job.transposed = True
            job.tiles = forward
            describe_weights(&job, kernel)
            job.weights.depth_stride *= -1
            job.weights.value = &kernel[last, 0, 0, 0, 0]
    job.weights.part_channels = kernel.shape[4]
    job.weights.channels = job.tiles.parts * kernel.shape[4]
    job.weights.filters = kernel.shape[3]
    job.weights.channel_stride = 1
    job.weights.filter_stride = kernel.shape[4]
    job.bias = NULL
    job.activation = LINEAR
    job.keeps = False
    job.shared = NULL
    job.failed = False
    with nogil:
        convolve(&job)
    scratch_give(job.shared)
    return not job.failed


def conv_winograd_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                 real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Py_ssize_t phase_h, phase_w
    if d_x.shape[0] == 0:
        return
    for phase_h in range(strides[1]):
        for phase_w in range(strides[2]):
            if not backward_input_phase(d_y, kernel, d_x, strides, dilations, pads, phase_h, phase_w):
                raise MemoryError()


def conv_winograd_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                  real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Correlation job
    if x.shape[0] == 0:
        d_kernel[...] = 0
        return
    job.tiles = divide(
        describe(x), describe(d_y),
        forward_axis(x.shape[2], d_y.shape[2], d_kernel.shape[1], strides[1], dilations[1], pads[1]),
        forward_axis(x.shape[3], d_y.shape[3], d_kernel.shape[2], strides[2], dilations[2], pads[2]),
    )
    job.depth = forward_axis(x.shape[1], d_y.shape[1], d_kernel.shape[0], 1, dilations[0], pads[0])
    job.failed = False
    with nogil:
        correlate_all(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
