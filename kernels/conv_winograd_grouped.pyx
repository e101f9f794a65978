# Convolution of images in groups, with 3x3 or 5x5 kernels, stride 1, by Winograd's F(4x4, 3x3) and F(2x2, 5x5).
#
# Design:
# a) For each group, the products of conv_winograd.pyx: M[point](tile, k) = sum over c of V[point](tile, c) * U[point](c, k) for
#    the 36 points of transformed tiles. Groups are small, so all of U, V and M for TILES tiles stays in L2 together, and one
#    task takes one group all the way: U first, then block after block of tiles.
# b) Layouts: V[point][tile][channel], M[point][tile][filter] in whole vectors, U[point][panel][channel][NR].
# c) Numbers of a vector are neighbouring channels or filters of one group. The last vector of a group is moved back to end with
#    its last channel: what it computes twice is the same. So a group has a vector of channels and of filters at least.
# d) The gradient for the input is the same with d_y as inputs, the kernel turned by 180 degrees, and its channels and filters
#    exchanged.
# e) The gradient for the kernel sums P[point](c, k) = V[point](tile, c) * W[point](tile, k) over all tiles, W[point][panel][tile]
#    [NR] being the transformed d_y, and transforms P[point][panel][channel][NR] back at the end; for blocks of channels and
#    filters, where a group is large.
# f) Parallel: over groups and shares of the tiles; in the gradient for the kernel also over blocks of channels and filters. Its
#    number of shares depends on the problem only, and they are added up in their order.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport ceil_div
from kernels.winograd cimport (
    IN, POINTS, transform_input, transform_kernel, transform_kernel_gradient, transform_output, transform_output_gradient
)
from kernels.winograd_5x5 cimport (
    transform_kernel_5, transform_kernel_gradient_5, transform_output_5, transform_output_gradient_5
)

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
    TILES = 32           # transformed at a time; a multiple of every ROWS
    BUNDLE = 64          # channels or filters of neighbouring groups that are transformed together
    BLOCK = 96           # channels and filters of a group whose gradients are collected at a time
    SHARES = 16          # tasks that the gradient for the kernel is divided into at least, unless
    SHARE = 192          # a share had fewer tiles

cdef struct Images:      # (n, h, w, groups * channels)
    real* value
    Py_ssize_t stride_n, stride_h, stride_w
    Py_ssize_t h, w
    Py_ssize_t channels  # of a group

cdef struct Job:
    Images inputs, outputs
    Py_ssize_t pad_h, pad_w
    Py_ssize_t taps           # 3 or 5, each way
    Py_ssize_t out            # outputs of a tile, each way
    Py_ssize_t rows, columns  # of tiles, for an image
    Py_ssize_t tiles          # of all images
    Py_ssize_t groups
    Py_ssize_t shares         # of the tiles
    const real* kernel        # taps at [tap * tap_stride + c * channel_stride + group * group_stride + k * filter_stride]
    Py_ssize_t tap_stride, channel_stride, filter_stride, group_stride
    const real* bias
    int activation
    real* totals              # gradient for the kernel, [share](taps, taps, c, groups * k)
    bint failed               # out of memory

cdef struct Tile:
    Py_ssize_t n, h, w        # of its first output


cdef inline Tile tile_at(const Job* job, Py_ssize_t index) noexcept nogil:
    cdef Tile tile
    tile.w = index % job.columns * job.out
    tile.h = index // job.columns % job.rows * job.out
    tile.n = index // job.columns // job.rows
    return tile


cdef inline void next_tile(const Job* job, Tile* tile) noexcept nogil:
    tile.w += job.out
    if tile.w >= job.outputs.w:
        tile.w = 0
        tile.h += job.out
        if tile.h >= job.outputs.h:
            tile.h = 0
            tile.n += 1


cdef inline Py_ssize_t vectors_of(Py_ssize_t channels) noexcept nogil:
    return ceil_div(channels, VL)


cdef inline Py_ssize_t first_of(Py_ssize_t part, Py_ssize_t channels) noexcept nogil:
    """The first channel or filter of a vector."""
    return min(part * VL, channels - VL)


cdef inline Py_ssize_t plane_of(Py_ssize_t vectors) noexcept nogil:
    """Vectors from one point to the next: an odd number, so that points do not share cache sets."""
    return vectors | 1


cdef inline size_t bytes_of(Py_ssize_t vectors) noexcept nogil:
    """Of so many vectors for each point."""
    return POINTS * plane_of(vectors) * VL * sizeof(real)


# Transforms of tiles ----------------------------------------------------------------------------------------------------


cdef inline const real* pixel_at(const Images* images, Py_ssize_t n, Py_ssize_t h, Py_ssize_t w, Py_ssize_t channel) noexcept nogil:
    return images.value + n * images.stride_n + h * images.stride_h + w * images.stride_w + channel


cdef inline void load_column(const real* source, Py_ssize_t stride, const bint* row_inside, bint inside, int size,
                             vec* d) noexcept nogil:
    """A vector of channels of a column of pixels, zeros outside."""
    cdef vec outside = ZERO_VECTOR
    cdef int i
    for i in range(size):
        d[i] = (<const vec*>(source + i * stride if row_inside[i] & inside else <const real*>&outside))[0]


cdef inline void transform_inputs(const Job* job, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_channel,
                                  Py_ssize_t channels, Py_ssize_t groups, real* v) noexcept nogil:
    """v[point][group][vector][tile][VL] = Bt d B"""
    cdef const Images* images = &job.inputs
    cdef Py_ssize_t stride_h = images.stride_h, stride_w = images.stride_w
    cdef Py_ssize_t vectors = vectors_of(channels)
    cdef Py_ssize_t plane = plane_of(groups * vectors * TILES)
    cdef vec d[IN]
    cdef vec half[IN * IN]
    cdef bint row_inside[IN]
    cdef bint column_inside[IN]
    cdef bint interior
    cdef Py_ssize_t t, part, h, w
    cdef const real* source
    cdef Tile tile = tile_at(job, first_tile)
    cdef int i, j
    for t in range(count):
        h = tile.h - job.pad_h
        w = tile.w - job.pad_w
        for i in range(IN):
            row_inside[i] = (h + i >= 0) & (h + i < images.h)
            column_inside[i] = (w + i >= 0) & (w + i < images.w)
        interior = h >= 0 and w >= 0 and h + IN <= images.h and w + IN <= images.w
        for part in range(groups * vectors):
            source = pixel_at(
                images, tile.n, h, w, first_channel + part // vectors * images.channels + first_of(part % vectors, channels)
            )
            if interior:
                for j in range(IN):
                    for i in range(IN):
                        d[i] = (<const vec*>(source + i * stride_h + j * stride_w))[0]
                    transform_input(d, 1, half + j, IN)
            else:
                for j in range(IN):
                    load_column(source + j * stride_w, stride_h, row_inside, column_inside[j], IN, d)
                    transform_input(d, 1, half + j, IN)
            for i in range(IN):
                transform_input(half + i * IN, 1, <vec*>v + i * IN * plane + part * TILES + t, plane)
            # What the tile below will need beyond these pixels; below an image is the next one.
            for i in range(4):
                for j in range(4):
                    prefetch_for_reading(source + (IN + i) * stride_h + j * stride_w)
        next_tile(job, &tile)


cdef inline void transform_kernels(const Job* job, Py_ssize_t first_group, Py_ssize_t groups, real* u) noexcept nogil:
    """u[point][group][vector][channel][VL] = G g Gt"""
    cdef Py_ssize_t channels = job.inputs.channels, filters = job.outputs.channels
    cdef Py_ssize_t vectors = vectors_of(filters)
    cdef Py_ssize_t plane = plane_of(groups * vectors * channels)
    cdef Py_ssize_t taps = job.taps
    cdef const real* source
    cdef vec g[25]
    cdef vec half[IN * 5]
    cdef vec* target = <vec*>u
    cdef Py_ssize_t part, c, i, j
    for part in range(groups * vectors):
        for c in range(channels):
            source = (
                job.kernel + c * job.channel_stride + (first_group + part // vectors) * job.group_stride
                + first_of(part % vectors, filters) * job.filter_stride
            )
            for i in range(taps * taps):
                if job.filter_stride == 1:
                    g[i] = (<const vec*>(source + i * job.tap_stride))[0]
                else:
                    for j in range(VL):
                        (<real*>(g + i))[j] = source[i * job.tap_stride + j * job.filter_stride]
            if taps == 3:
                for i in range(3):
                    transform_kernel(g + i, 3, half + i, 3)
                for i in range(IN):
                    transform_kernel(half + i * 3, 1, target + i * IN * plane, plane)
            else:
                for i in range(5):
                    transform_kernel_5(g + i, 5, half + i, 5)
                for i in range(IN):
                    transform_kernel_5(half + i * 5, 1, target + i * IN * plane, plane)
            target += 1


cdef inline void store_pixels(const Job* job, const Tile* tile, Py_ssize_t filter, vec* y, vec bias, int size) noexcept nogil:
    """Writes activation(y + bias) for a vector of filters of size x size pixels, those inside."""
    cdef const Images* images = &job.outputs
    cdef Py_ssize_t stride_h = images.stride_h, stride_w = images.stride_w
    cdef Py_ssize_t rows = images.h - tile.h, columns = images.w - tile.w
    cdef real* target = <real*>pixel_at(images, tile.n, tile.h, tile.w, filter)
    cdef int i, j
    for i in range(size * size):
        y[i] += bias
    if job.activation != LINEAR:
        apply_activation(job.activation, <real*>y, size * size * VL)
    for i in range(size):
        for j in range(size):
            if i < rows and j < columns:
                (<vec*>(target + i * stride_h + j * stride_w))[0] = y[i * size + j]
            prefetch_for_writing(target + (size + i) * stride_h + j * stride_w)


cdef inline void transform_outputs(const Job* job, const real* m, Py_ssize_t first_tile, Py_ssize_t count,
                                   Py_ssize_t first_group, Py_ssize_t groups) noexcept nogil:
    """y = activation(At m A + bias), from m[point][group][tile][vector][VL]"""
    cdef Py_ssize_t filters = job.outputs.channels
    cdef Py_ssize_t vectors = vectors_of(filters)
    cdef Py_ssize_t plane = plane_of(groups * vectors * TILES)
    cdef const vec* points
    cdef vec half[4 * IN]
    cdef vec y[16]
    cdef vec bias
    cdef Py_ssize_t t, part, filter
    cdef Tile tile = tile_at(job, first_tile)
    cdef int i
    for t in range(count):
        for part in range(groups * vectors):
            filter = (first_group + part // vectors) * filters + first_of(part % vectors, filters)
            bias = (<const vec*>(job.bias + filter))[0] if job.bias != NULL else ZERO_VECTOR
            points = <const vec*>m + (part // vectors * TILES + t) * vectors + part % vectors
            if job.taps == 3:
                for i in range(IN):
                    transform_output(points + i * plane, IN * plane, half + i, IN)
                for i in range(4):
                    transform_output(half + i * IN, 1, y + i * 4, 1)
                store_pixels(job, &tile, filter, y, bias, 4)
            else:
                for i in range(IN):
                    transform_output_5(points + i * plane, IN * plane, half + i, IN)
                for i in range(2):
                    transform_output_5(half + i * IN, 1, y + i * 2, 1)
                store_pixels(job, &tile, filter, y, bias, 2)
        next_tile(job, &tile)


cdef inline void transform_output_gradients(const Job* job, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_filter,
                                            Py_ssize_t filters, Py_ssize_t groups, real* w) noexcept nogil:
    """w[point][group][vector][tile][VL] = A d_y At"""
    cdef const Images* images = &job.outputs
    cdef Py_ssize_t stride_h = images.stride_h, stride_w = images.stride_w
    cdef Py_ssize_t vectors = vectors_of(filters)
    cdef Py_ssize_t plane = plane_of(groups * vectors * TILES)
    cdef vec d_y[4]
    cdef vec half[IN * 4]
    cdef bint row_inside[4]
    cdef vec* target
    cdef const real* source
    cdef Py_ssize_t t, part
    cdef Tile tile = tile_at(job, first_tile)
    cdef int i, j
    for t in range(count):
        for i in range(4):
            row_inside[i] = tile.h + i < images.h
        for part in range(groups * vectors):
            source = pixel_at(
                images, tile.n, tile.h, tile.w,
                first_filter + part // vectors * images.channels + first_of(part % vectors, filters),
            )
            target = <vec*>w + part * TILES + t
            if job.taps == 3:
                for j in range(4):
                    load_column(source + j * stride_w, stride_h, row_inside, tile.w + j < images.w, 4, d_y)
                    transform_output_gradient(d_y, 1, half + j, 4)
                for i in range(IN):
                    transform_output_gradient(half + i * 4, 1, target + i * IN * plane, plane)
            else:
                for j in range(2):
                    load_column(source + j * stride_w, stride_h, row_inside, tile.w + j < images.w, 2, d_y)
                    transform_output_gradient_5(d_y, 1, half + j, 2)
                for i in range(IN):
                    transform_output_gradient_5(half + i * 2, 1, target + i * IN * plane, plane)
            for i in range(4):
                for j in range(4):
                    prefetch_for_reading(source + (4 + i) * stride_h + j * stride_w)
        next_tile(job, &tile)


cdef inline void transform_totals(const Job* job, const real* p, Py_ssize_t share, Py_ssize_t first_channel,
                                  Py_ssize_t channels, Py_ssize_t first_filter, Py_ssize_t filters, Py_ssize_t groups) noexcept nogil:
    """d_kernel = Gt p G, from p[point][group][vector of channels][vector of filters][VL][VL]"""
    cdef Py_ssize_t vectors_c = vectors_of(channels), vectors_k = vectors_of(filters)
    cdef Py_ssize_t plane = plane_of(groups * vectors_c * vectors_k * VL)
    cdef Py_ssize_t all_filters = job.groups * job.outputs.channels
    cdef Py_ssize_t tap = job.inputs.channels * all_filters
    cdef Py_ssize_t taps = job.taps
    cdef const vec* points = <const vec*>p
    cdef vec half[5 * IN]
    cdef vec d_kernel[25]
    cdef real* target
    cdef Py_ssize_t part, c, i, channel, filter
    for part in range(groups * vectors_c * vectors_k):
        channel = first_channel + first_of(part // vectors_k % vectors_c, channels)
        filter = first_filter + part // vectors_k // vectors_c * job.outputs.channels + first_of(part % vectors_k, filters)
        for c in range(VL):
            if taps == 3:
                for i in range(IN):
                    transform_kernel_gradient(points + i * plane, IN * plane, half + i, IN)
                for i in range(3):
                    transform_kernel_gradient(half + i * IN, 1, d_kernel + i * 3, 1)
            else:
                for i in range(IN):
                    transform_kernel_gradient_5(points + i * plane, IN * plane, half + i, IN)
                for i in range(5):
                    transform_kernel_gradient_5(half + i * IN, 1, d_kernel + i * 5, 1)
            target = job.totals + share * taps * taps * tap + (channel + c) * all_filters + filter
            for i in range(taps * taps):
                (<vec*>(target + i * tap))[0] = d_kernel[i]
            points += 1


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
    cdef const vec* weights
    for point in range(POINTS):
        weights = <const vec*>u + point * plane_of(groups * vectors_k * channels)
        for group in range(groups):
            for part in range(vectors_k):
                for tile in range(ceil_div(count, ROWS)):
                    multiply_tiles(
                        v + (point * plane_of(groups * vectors_c * TILES) + group * vectors_c * TILES + tile * ROWS) * VL,
                        weights, channels,
                        <vec*>m + point * plane_of(groups * TILES * vectors_k) + (group * TILES + tile * ROWS) * vectors_k + part,
                        vectors_k,
                    )
                weights += channels


cdef inline void convolve_share(Job* job, Py_ssize_t first_group, Py_ssize_t groups, Py_ssize_t share) noexcept nogil:
    """All steps for some groups and some tiles."""
    cdef Py_ssize_t channels = job.inputs.channels, filters = job.outputs.channels
    cdef Py_ssize_t tile = job.tiles * share // job.shares
    cdef Py_ssize_t end = job.tiles * (share + 1) // job.shares
    cdef Py_ssize_t count
    cdef real* u = <real*>scratch_take(bytes_of(groups * vectors_of(filters) * channels))
    cdef real* v = <real*>scratch_take(bytes_of(groups * vectors_of(channels) * TILES))
    cdef real* m = <real*>scratch_take(bytes_of(groups * vectors_of(filters) * TILES))
    cdef unsigned long long state = flush_denormals()
    if u == NULL or v == NULL or m == NULL:
        job.failed = True
    else:
        transform_kernels(job, first_group, groups, u)
        while tile < end:
            count = min(end - tile, <Py_ssize_t>TILES)
            transform_inputs(job, tile, count, first_group * channels, channels, groups, v)
            multiply_points(count, channels, filters, groups, v, u, m)
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


cdef inline void convolve_bundle(Job* job, Py_ssize_t index, Py_ssize_t bundles, Py_ssize_t share) noexcept nogil:
    cdef Py_ssize_t first = job.groups * index // bundles
    convolve_share(job, first, job.groups * (index + 1) // bundles - first, share)


cdef void convolve(Job* job) noexcept nogil:
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t i
    cdef Py_ssize_t bundles = bundles_of(job)
    job.shares = 1
    if threads > 1:
        job.shares = max(min(ceil_div(2 * threads, bundles), job.tiles // TILES), <Py_ssize_t>1)
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


cdef inline void correlate_share(Job* job, Py_ssize_t share, Py_ssize_t first_group, Py_ssize_t groups, Py_ssize_t first_channel,
                                 Py_ssize_t channels, Py_ssize_t first_filter, Py_ssize_t filters) noexcept nogil:
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


cdef Job describe(const real[:, :, :, :, ::1] inputs, const real[:, :, :, :, ::1] outputs, Py_ssize_t taps, Py_ssize_t pad_h,
                  Py_ssize_t pad_w, Py_ssize_t groups):
    cdef Job job
    job.inputs = describe_images(inputs, groups)
    job.outputs = describe_images(outputs, groups)
    job.pad_h = pad_h
    job.pad_w = pad_w
    job.taps = taps
    job.out = IN + 1 - taps
    job.rows = ceil_div(outputs.shape[2], job.out)
    job.columns = ceil_div(outputs.shape[3], job.out)
    job.tiles = outputs.shape[0] * job.rows * job.columns
    job.groups = groups
    job.bias = NULL
    job.activation = LINEAR
    job.failed = False
    return job


def conv_winograd_grouped_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                                  real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups,
                                  int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Job job
    if is_empty(y):
        return
    job = describe(x, y, kernel.shape[1], pads[1], pads[2], groups)
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap_stride = kernel.shape[3] * kernel.shape[4]
    job.channel_stride = kernel.shape[4]
    job.filter_stride = 1
    job.group_stride = job.outputs.channels
    if bias is not None:
        job.bias = &bias[0]
    job.activation = activation
    with nogil:
        convolve(&job)
    if job.failed:
        raise MemoryError()


def conv_winograd_grouped_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                         real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Job job
    cdef Py_ssize_t last = kernel.shape[1] - 1
    if is_empty(d_x):
        return
    job = describe(d_y, d_x, kernel.shape[1], last - <Py_ssize_t>pads[1], last - <Py_ssize_t>pads[2], groups)
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
                                          real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Job job
    if is_empty(x):
        d_kernel[...] = 0
        return
    job = describe(x, d_y, d_kernel.shape[1], pads[1], pads[2], groups)
    with nogil:
        correlate(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
