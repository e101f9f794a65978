# Convolution of images and volumes by Winograd's algorithm (winograd.pxd), with kernels of any size and strides.
#
# Design:
# a) Outputs are divided into tiles, 4x4 for kernels of 3x3. For each of the 36 points of the transformed tiles there is one matrix
#    product: M[point](tile, k) = sum over c of V[point](tile, c) * U[point](c, k), with V the transformed inputs and U the
#    transformed kernels. It is computed in register tiles of MR tiles by NR filters (winograd_products.pxd).
# b) Kernels that are longer than five taps, and those with strides, are divided into parts (winograd_parts.pxd), which are added
#    up in the same products: c counts the channels of all parts. A kernel of 1x7 or 7x1 has tiles along one axis, of 6 points.
# c) A block of tiles goes all the way, from inputs to outputs, and what it computes between stays in the L2 cache
#    (winograd_blocks.pxd). U is computed once for all, where it fits into SHARED bytes, and kept where it may be (kept.pxd).
#    Otherwise each block computes it anew: that reads 9 numbers where 36 would have to be fetched from memory, so it costs as much
#    as the products of a few tiles.
# d) Transforms work on vectors of channels. Pixels outside the image are read from a line of zeros, so that tiles at the
#    border take the same way as all others.
# e) The gradient for the input is the same with d_y as inputs, the kernel turned by 180 degrees, and its channels and filters
#    exchanged. With strides, every so many-th pixel of it is such a convolution by itself, with some of the taps. Without padding it
#    is larger than d_y; where that takes more tiles of 3x3 kernels, it is computed from those of d_y, by the transpose of the
#    algorithm (winograd_input_gradient.pxd), which only has other transforms before and behind the products.
# f) The gradient for the kernel is collected from all tiles (winograd_gradient.pxd).
# g) Along the depth, sums are direct: products of each tap of the depth are added up before outputs are transformed.
# h) Each tile asks for the pixels of the next one, inputs and outputs: in a network they are in no cache.
# i) Parallel: over bands of places, groups of slices and parts of the filters. A band is one block of places, but in the
#    transposed algorithm, where blocks overlap, as many as a thread takes.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.matmul_tile cimport NR
from kernels.parallel cimport threads_for
from kernels.real cimport MR, VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, ceil_div, forward_axis, phase_axis
from kernels.winograd_blocks cimport SLAB, Block, Job, block_at, convolve_block
from kernels.winograd_gradient cimport Correlation, correlate_all
from kernels.winograd_input_gradient cimport Band, band_at
from kernels.winograd_parts cimport Side, is_whole, side_of
from kernels.winograd_products cimport THIRD
from kernels.winograd_tiles cimport Images, Tiles, describe, divide, row_of
from kernels.winograd_weights cimport transform_panel

cdef enum:
    SHARED = 4 << 20     # bytes of U that is computed once for all
    FEW = 144            # tiles for which a larger one is kept
    CACHE = 1 << 20      # bytes of V and M of a block of tiles, to stay in L2
    MANY = 64            # tiles of a block that computes U for itself; a multiple of every THIRD
    LARGE = 9 << 19      # bytes of its V, at most
    SLICES = 4           # of the result that a block has at most: those of the source are few more

cdef struct Tap:
    Py_ssize_t d, h, w


# Forward, and the gradient for the input --------------------------------------------------------------------------------


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
    cdef Py_ssize_t unit = SLAB  # filters
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
    if ceil_div(job.weights.filters, unit) * job.bands * groups < threads:
        unit = NR
    parts = min(ceil_div(job.weights.filters, unit), ceil_div(tasks, job.bands * groups))
    job.part = ceil_div(ceil_div(job.weights.filters, unit), parts) * unit


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


cdef void describe_weights(Job* job, const real[:, :, :, :, ::1] kernel, Tap first, Tap step, bint exchanged):
    """The kernel from a tap on, by steps of some sizes. `exchanged`: filters take the place of channels."""
    cdef Py_ssize_t tap = kernel.shape[3] * kernel.shape[4]
    job.weights.value = &kernel[first.d, first.h, first.w, 0, 0]
    job.weights.depth_stride = step.d * kernel.shape[1] * kernel.shape[2] * tap
    job.weights.row_stride = step.h * kernel.shape[2] * tap
    job.weights.tap_stride = step.w * tap
    job.weights.channel_stride = 1 if exchanged else kernel.shape[4]
    job.weights.filter_stride = kernel.shape[4] if exchanged else 1
    job.weights.part_channels = kernel.shape[4 if exchanged else 3]
    job.weights.channels = job.tiles.parts * job.weights.part_channels
    job.weights.filters = kernel.shape[3 if exchanged else 4]
    job.weights.height = &job.tiles.height
    job.weights.width = &job.tiles.width


cdef Axis axis_of(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[:, :, :, :, ::1] y,
                  tuple strides, tuple dilations, tuple pads, int axis):
    return forward_axis(
        x.shape[axis + 1], y.shape[axis + 1], kernel.shape[axis], strides[axis], dilations[axis], pads[axis]
    )


def conv_winograd_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                          real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                          Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, the transformed kernel is taken from there, or left there.
    """
    cdef Job job
    job.tiles = divide(
        describe(x), describe(y), axis_of(x, kernel, y, strides, dilations, pads, 1),
        axis_of(x, kernel, y, strides, dilations, pads, 2),
    )
    job.depth = axis_of(x, kernel, y, strides, dilations, pads, 0)
    describe_weights(&job, kernel, Tap(0, 0, 0), Tap(1, 1, 1), False)
    job.transposed = False
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
    cdef Tap first = Tap(last, 0, 0), step = Tap(-1, 0, 0)
    cdef Images images = phase_of(describe(d_x), strides[1], strides[2], phase_h, phase_w)
    if images.h <= 0 or images.w <= 0:
        return True
    job.tiles = divide(
        describe(d_y), images,
        phase_axis(d_y.shape[2], d_x.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1], phase_h, &first.h, &step.h),
        phase_axis(d_y.shape[3], d_x.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2], phase_w, &first.w, &step.w),
    )
    job.transposed = False
    if kernel.shape[1] == kernel.shape[2] == 3 and strides == (1, 1, 1) and dilations[1] == dilations[2] == 1:
        forward = divide(
            describe(d_x), describe(d_y), axis_of(d_x, kernel, d_y, strides, dilations, pads, 1),
            axis_of(d_x, kernel, d_y, strides, dilations, pads, 2),
        )
        if forward.places < job.tiles.places:
            job.transposed = True
            job.tiles = forward
            first = Tap(last, 0, 0)
            step = Tap(-1, 1, 1)
    job.depth = forward_axis(d_y.shape[1], d_x.shape[1], last + 1, 1, dilations[0], last * dilations[0] - pads[0])
    describe_weights(&job, kernel, first, step, True)
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
    for phase_h in range(strides[1]):
        for phase_w in range(strides[2]):
            if not backward_input_phase(d_y, kernel, d_x, strides, dilations, pads, phase_h, phase_w):
                raise MemoryError()


def conv_winograd_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                  real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Correlation job
    job.tiles = divide(
        describe(x), describe(d_y), axis_of(x, d_kernel, d_y, strides, dilations, pads, 1),
        axis_of(x, d_kernel, d_y, strides, dilations, pads, 2),
    )
    job.depth = axis_of(x, d_kernel, d_y, strides, dilations, pads, 0)
    job.failed = False
    with nogil:
        correlate_all(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()


# For the choice among kernels ---------------------------------------------------------------------------------------------


def divide_axis(Py_ssize_t taps, Py_ssize_t outputs, Py_ssize_t stride, Py_ssize_t dilation):
    """How an axis is divided (winograd_parts.pxd), for what ops/conv_products.py counts.

    Returns:
        The number of tiles; the points at which a tile is multiplied, and those that the kernel is transformed into, of all
        parts together.
    """
    cdef Side side = side_of(Axis(size=0, outputs=outputs, step=stride, taps=taps, offset=0, spacing=dilation))
    cdef Py_ssize_t part, multiplied = side.parts * side.points
    for part in range(side.parts):
        if not is_whole(&side, part):
            multiplied -= 1  # at infinity
    return side.tiles, multiplied, side.parts * side.points
