# Convolution of images in groups, with kernels of 3x3 or 5x5, stride 1, by Winograd's F(4x4, 3x3) and F(2x2, 5x5).
#
# Design:
# a) For each group, the products of conv_winograd.pyx: M[point](tile, k) = sum over c of V[point](tile, c) * U[point](c, k)
#    for the 36 points of transformed tiles (grouped_tiles.pxd). Groups are small, so all of U, V and M for TILES tiles stays
#    in L2 together, and one task takes its groups all the way: U first, then block after block of tiles. Where U may be kept
#    (kept.pxd), that of all groups is computed beforehand.
# b) Groups that are small go together, as a bundle: a pixel of theirs is some lines of memory beside each other.
# c) The register tile of a product is ROWS tiles by one vector of filters: groups often have no more. The next numbers are
#    asked for while it runs, since a product over 16 channels is over before the prefetchers wake up.
# d) The gradient for the input is the same with d_y as inputs, the kernel turned by 180 degrees, and its channels and
#    filters exchanged.
# e) The gradient for the kernel sums P[point](c, k) = V[point](tile, c) * W[point](tile, k) over all tiles, and transforms P
#    back at the end; for blocks of channels and filters, where a group is large.
# f) Parallel: over bundles and shares of the tiles; in the gradient for the kernel also over blocks of channels and filters.
#    Its number of shares depends on the problem only, and they are added up in their order.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.grouped_tiles cimport (
    TILES, Images, Job, bytes_of, first_of, plane_of, transform_inputs, transform_kernels, transform_output_gradients,
    transform_outputs, transform_totals, vectors_of
)
from kernels.kept cimport MOST_KEPT, Kept, keep, kept_before
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_writing
from kernels.real cimport VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport ceil_div
from kernels.winograd cimport IN, POINTS
from kernels.winograd_places cimport tiles_along

cdef extern from *:
    """
    #if VECTOR_BYTES == 64
    #define ROWS 16  /* of a product that stay in registers, each a vector; of 32 registers */
    #else
    #define ROWS 8  /* of 16 */
    #endif
    """
    enum:
        ROWS

cdef enum:
    BUNDLE = 64          # channels or filters of neighbouring groups that are transformed together
    BLOCK = 96           # channels and filters of a group whose gradients are collected at a time
    SHARES = 16          # tasks that the gradient for the kernel is divided into at least, unless
    SHARE = 128          # a share had fewer tiles: to transform a kernel takes as long as 40

# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef inline void multiply_tiles(const real* v, const vec* u, Py_ssize_t channels, vec* m, Py_ssize_t m_row) noexcept nogil:
    """m = v * u, for ROWS tiles and a vector of filters. `v` is that of all channels, [vector][TILES][VL]."""
    cdef vec total[ROWS]
    cdef vec weights = u[0]
    cdef Py_ssize_t part, c, first
    cdef int i
    for i in range(ROWS):
        total[i] = weights * v[i * VL]
    for part in range(vectors_of(channels)):
        first = part * VL - first_of(part, channels) if part else 1
        for c in range(first, VL):
            u += 1
            weights = u[0]
            prefetch_for_writing(v + (ROWS + c) * VL)
            if part == 0:
                prefetch_for_writing(m + (ROWS + c) * m_row)
            for i in range(ROWS):
                total[i] += weights * v[i * VL + c]
        v += TILES * VL
    for i in range(ROWS):
        m[i * m_row] = total[i]


cdef inline void multiply_points(Py_ssize_t count, Py_ssize_t channels, Py_ssize_t filters, Py_ssize_t groups, const real* v,
                                 const real* u, real* m) noexcept nogil:
    """m = v * u for each point. Tiles are counted up to a multiple of ROWS; those behind the last are dropped."""
    cdef Py_ssize_t vectors_c = vectors_of(channels), vectors_k = vectors_of(filters)
    cdef Py_ssize_t point, group, part, tile
    cdef const real* tiles
    cdef const vec* weights
    cdef vec* target
    for point in range(POINTS):
        tiles = v + point * plane_of(groups * vectors_c * TILES) * VL
        target = <vec*>m + point * plane_of(groups * TILES * vectors_k)
        weights = <const vec*>u + point * plane_of(groups * vectors_k * channels)
        for group in range(groups):
            for part in range(vectors_k):
                for tile in range(ceil_div(count, ROWS)):
                    multiply_tiles(
                        tiles + (group * vectors_c * TILES + tile * ROWS) * VL, weights, channels,
                        target + (group * TILES + tile * ROWS) * vectors_k + part, vectors_k,
                    )
                weights += channels


cdef inline void convolve_share(Job* job, Py_ssize_t first_group, Py_ssize_t groups, const real* kept,
                                Py_ssize_t share) noexcept nogil:
    """All steps for some groups and some tiles. `kept` are the transformed kernels, or NULL."""
    cdef Py_ssize_t channels = job.inputs.channels, filters = job.outputs.channels
    cdef Py_ssize_t tile = job.tiles * share // job.shares
    cdef Py_ssize_t end = job.tiles * (share + 1) // job.shares
    cdef Py_ssize_t count
    cdef real* u = NULL
    cdef real* v = <real*>scratch_take(bytes_of(groups * vectors_of(channels) * TILES))
    cdef real* m = <real*>scratch_take(bytes_of(groups * vectors_of(filters) * TILES))
    cdef unsigned long long state = flush_denormals()
    if kept == NULL:
        u = <real*>scratch_take(bytes_of(groups * vectors_of(filters) * channels))
    if v == NULL or m == NULL or (kept == NULL and u == NULL):
        job.failed = True
    else:
        if kept == NULL:
            transform_kernels(job, first_group, groups, u)
        while tile < end:
            count = min(end - tile, <Py_ssize_t>TILES)
            transform_inputs(job, tile, count, first_group * channels, channels, groups, v)
            multiply_points(count, channels, filters, groups, v, u if kept == NULL else kept, m)
            transform_outputs(job, m, tile, count, first_group, groups)
            tile += count
    restore_denormals(state)
    scratch_give(m)
    scratch_give(v)
    scratch_give(u)


cdef inline double work_of(const Job* job) noexcept nogil:
    """In operations on vectors."""
    return 2.0 / VL * POINTS * job.tiles * job.groups * job.inputs.channels * job.outputs.channels


cdef inline Py_ssize_t bundles_of(const Job* job) noexcept nogil:
    """Groups go together until a pixel of theirs has BUNDLE channels or filters."""
    return ceil_div(job.groups, max(BUNDLE // max(job.inputs.channels, job.outputs.channels), <Py_ssize_t>1))


cdef inline size_t bytes_of_bundle(const Job* job, Py_ssize_t bundles) noexcept nogil:
    """Memory for the transformed kernels of a bundle, as much for each as for the largest."""
    return bytes_of(ceil_div(job.groups, bundles) * vectors_of(job.outputs.channels) * job.inputs.channels)


cdef inline real* kept_of(const Job* job, Py_ssize_t index, Py_ssize_t bundles) noexcept nogil:
    """The transformed kernels of a bundle, or NULL."""
    return NULL if job.kept == NULL else <real*>(<char*>job.kept + index * bytes_of_bundle(job, bundles))


cdef inline void transform_bundle(Job* job, Py_ssize_t index, Py_ssize_t bundles) noexcept nogil:
    cdef Py_ssize_t first = job.groups * index // bundles
    cdef unsigned long long state = flush_denormals()
    transform_kernels(job, first, job.groups * (index + 1) // bundles - first, kept_of(job, index, bundles))
    restore_denormals(state)


cdef inline void convolve_bundle(Job* job, Py_ssize_t index, Py_ssize_t bundles, Py_ssize_t share) noexcept nogil:
    cdef Py_ssize_t first = job.groups * index // bundles
    convolve_share(job, first, job.groups * (index + 1) // bundles - first, kept_of(job, index, bundles), share)


cdef void convolve(Job* job) noexcept nogil:
    """All of it. `kept` are transformed kernels from an earlier call, or NULL, and stay where they are."""
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t i
    cdef Py_ssize_t bundles = bundles_of(job)
    if job.keeps and job.kept == NULL and bundles * bytes_of_bundle(job, bundles) <= MOST_KEPT:
        job.kept = <real*>scratch_take(bundles * bytes_of_bundle(job, bundles))
        if job.kept != NULL:
            for i in prange(bundles, num_threads=threads, schedule="dynamic"):
                transform_bundle(job, i, bundles)
    job.shares = 1
    if threads > 1:
        job.shares = max(min(ceil_div(2 * threads, bundles), job.tiles // SHARE), <Py_ssize_t>1)
    for i in prange(bundles * job.shares, num_threads=threads, schedule="dynamic"):
        convolve_bundle(job, i // job.shares, bundles, i % job.shares)


# Gradient for the kernel ------------------------------------------------------------------------------------------------


cdef inline void correlate_vectors(const real* v, const real* w, Py_ssize_t count, vec* p) noexcept nogil:
    """p += v * w over some tiles, for a vector of channels and one of filters."""
    cdef vec total[VL]
    cdef vec d_y = (<const vec*>w)[0]
    cdef Py_ssize_t t
    cdef int i
    for i in range(VL):
        total[i] = d_y * v[i]
    for t in range(1, count):
        d_y = (<const vec*>w)[t]
        for i in range(VL):
            total[i] += d_y * v[t * VL + i]
    for i in range(VL):
        p[i] += total[i]


cdef inline void correlate_points(Py_ssize_t count, Py_ssize_t vectors_c, Py_ssize_t vectors_k, Py_ssize_t groups,
                                  const real* v, const real* w, real* p) noexcept nogil:
    """p += v * w for each point."""
    cdef Py_ssize_t point, i
    cdef const real* rows
    cdef const real* columns
    cdef vec* totals
    for point in range(POINTS):
        rows = v + point * plane_of(groups * vectors_c * TILES) * VL
        columns = w + point * plane_of(groups * vectors_k * TILES) * VL
        totals = <vec*>p + point * plane_of(groups * vectors_c * vectors_k * VL)
        for i in range(groups * vectors_c * vectors_k):
            correlate_vectors(
                rows + i // vectors_k * TILES * VL,
                columns + (i // vectors_k // vectors_c * vectors_k + i % vectors_k) * TILES * VL, count, totals + i * VL,
            )


cdef inline void correlate_share(Job* job, Py_ssize_t share, Py_ssize_t first_group, Py_ssize_t groups,
                                 Py_ssize_t first_channel, Py_ssize_t channels, Py_ssize_t first_filter,
                                 Py_ssize_t filters) noexcept nogil:
    """The totals of one share of the tiles for some channels and filters of some groups."""
    cdef Py_ssize_t tile = job.tiles * share // job.shares
    cdef Py_ssize_t end = job.tiles * (share + 1) // job.shares
    cdef Py_ssize_t vectors_c = vectors_of(channels), vectors_k = vectors_of(filters)
    cdef Py_ssize_t group_channel = first_group * job.inputs.channels, group_filter = first_group * job.outputs.channels
    cdef Py_ssize_t count
    cdef real* v = <real*>scratch_take(bytes_of(groups * vectors_c * TILES))
    cdef real* w = <real*>scratch_take(bytes_of(groups * vectors_k * TILES))
    cdef real* p = <real*>scratch_take(bytes_of(groups * vectors_c * vectors_k * VL))
    cdef unsigned long long state = flush_denormals()
    if v == NULL or w == NULL or p == NULL:
        job.failed = True
    else:
        memset(p, 0, bytes_of(groups * vectors_c * vectors_k * VL))
        while tile < end:
            count = min(end - tile, <Py_ssize_t>TILES)
            transform_inputs(job, tile, count, group_channel + first_channel, channels, groups, v)
            transform_output_gradients(job, tile, count, group_filter + first_filter, filters, groups, w)
            correlate_points(count, vectors_c, vectors_k, groups, v, w, p)
            tile += count
        transform_totals(job, p, share, first_channel, channels, group_filter + first_filter, filters, groups)
    restore_denormals(state)
    scratch_give(p)
    scratch_give(w)
    scratch_give(v)


cdef inline void correlate_task(Job* job, Py_ssize_t index, Py_ssize_t bundles, Py_ssize_t blocks_c,
                                Py_ssize_t blocks_k) noexcept nogil:
    cdef Py_ssize_t k = index % blocks_k
    cdef Py_ssize_t c = index // blocks_k % blocks_c
    cdef Py_ssize_t bundle = index // blocks_k // blocks_c % bundles
    cdef Py_ssize_t first_group = job.groups * bundle // bundles
    cdef Py_ssize_t first_channel = job.inputs.channels * c // blocks_c
    cdef Py_ssize_t first_filter = job.outputs.channels * k // blocks_k
    correlate_share(
        job, index // blocks_k // blocks_c // bundles,
        first_group, job.groups * (bundle + 1) // bundles - first_group,
        first_channel, job.inputs.channels * (c + 1) // blocks_c - first_channel,
        first_filter, job.outputs.channels * (k + 1) // blocks_k - first_filter,
    )


cdef inline void add_shares(const Job* job, Py_ssize_t row, real* d_kernel) noexcept nogil:
    """Adds up the shares of one row of d_kernel, in their order."""
    cdef Py_ssize_t filters = job.groups * job.outputs.channels
    cdef Py_ssize_t share, k
    cdef const real* total
    for share in range(job.shares):
        total = job.totals + (share * job.taps * job.taps * job.inputs.channels + row) * filters
        for k in range(filters):
            d_kernel[row * filters + k] = (d_kernel[row * filters + k] if share else 0) + total[k]


cdef void correlate(Job* job, real* d_kernel) noexcept nogil:
    cdef Py_ssize_t blocks_c = ceil_div(job.inputs.channels, BLOCK), blocks_k = ceil_div(job.outputs.channels, BLOCK)
    cdef Py_ssize_t bundles = bundles_of(job)
    cdef Py_ssize_t tasks = bundles * blocks_c * blocks_k
    cdef Py_ssize_t rows = job.taps * job.taps * job.inputs.channels
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t i
    job.shares = min(ceil_div(SHARES, tasks), ceil_div(job.tiles, SHARE))
    job.totals = d_kernel
    if job.shares > 1:
        job.totals = <real*>scratch_take(job.shares * rows * job.groups * job.outputs.channels * sizeof(real))
    if job.totals == NULL:
        job.failed = True
        return
    for i in prange(tasks * job.shares, num_threads=threads, schedule="dynamic"):
        correlate_task(job, i, bundles, blocks_c, blocks_k)
    if job.shares > 1:
        for i in prange(rows, num_threads=threads, schedule="static"):
            add_shares(job, i, d_kernel)
        scratch_give(job.totals)


# For Python -------------------------------------------------------------------------------------------------------------


cdef bint is_empty(const real[:, :, :, :, ::1] x):
    return x.shape[0] * x.shape[1] * x.shape[2] * x.shape[3] * x.shape[4] == 0


cdef Images describe_images(const real[:, :, :, :, ::1] images, Py_ssize_t groups):
    return Images(
        value=<real*>&images[0, 0, 0, 0, 0], stride_n=images.shape[2] * images.shape[3] * images.shape[4],
        stride_h=images.shape[3] * images.shape[4], stride_w=images.shape[4],
        h=images.shape[2], w=images.shape[3], channels=images.shape[4] // groups,
    )


cdef Job describe(const real[:, :, :, :, ::1] inputs, const real[:, :, :, :, ::1] outputs, Py_ssize_t taps,
                  tuple dilations, Py_ssize_t pad_h, Py_ssize_t pad_w, Py_ssize_t groups):
    cdef Job job
    job.inputs = describe_images(inputs, groups)
    job.outputs = describe_images(outputs, groups)
    job.pad_h = pad_h
    job.pad_w = pad_w
    job.dilation_h = dilations[1]
    job.dilation_w = dilations[2]
    job.taps = taps
    job.out = IN + 1 - taps
    job.rows = tiles_along(outputs.shape[2], job.out, job.dilation_h)
    job.columns = tiles_along(outputs.shape[3], job.out, job.dilation_w)
    job.tiles = outputs.shape[0] * job.rows * job.columns
    job.groups = groups
    job.bias = NULL
    job.activation = LINEAR
    job.kept = NULL
    job.keeps = False
    job.failed = False
    return job


def conv_winograd_grouped_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                                  real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups,
                                  int activation, Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, the transformed kernels are taken from there, or left there.
    """
    cdef Job job
    if is_empty(y):
        return
    job = describe(x, y, kernel.shape[1], dilations, pads[1], pads[2], groups)
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap_stride = kernel.shape[3] * kernel.shape[4]
    job.channel_stride = kernel.shape[4]
    job.filter_stride = 1
    job.group_stride = job.outputs.channels
    if bias is not None:
        job.bias = &bias[0]
    job.activation = activation
    job.keeps = kept is not None
    job.kept = <real*>kept_before(kept)
    with nogil:
        convolve(&job)
    keep(kept, job.kept, not job.failed)
    if job.failed:
        raise MemoryError()


def conv_winograd_grouped_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                         real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Job job
    cdef Py_ssize_t last = kernel.shape[1] - 1
    if is_empty(d_x):
        return
    job = describe(
        d_y, d_x, kernel.shape[1], dilations, last * dilations[1] - pads[1], last * dilations[2] - pads[2], groups
    )
    job.kernel = &kernel[0, last, last, 0, 0]
    job.tap_stride = -kernel.shape[3] * kernel.shape[4]
    job.channel_stride = 1
    job.filter_stride = kernel.shape[4]
    job.group_stride = job.inputs.channels
    with nogil:
        convolve(&job)
    if job.failed:
        raise MemoryError()


def conv_winograd_grouped_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                          real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads,
                                          int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Job job
    if is_empty(x):
        d_kernel[...] = 0
        return
    job = describe(x, d_y, d_kernel.shape[1], dilations, pads[1], pads[2], groups)
    with nogil:
        correlate(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
