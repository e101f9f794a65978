# Tiles of a Winograd convolution in groups, and their transforms.
#
# Design:
# a) Transformed tiles of some groups are V[point][group][vector of channels][tile][VL], M[point][group][tile][vector of
#    filters] [VL] and W[point][group][vector of filters][tile][VL] (transformed d_y), for TILES tiles; kernels are
#    U[point][group][vector of filters][channel][VL], their gradients P[point][group][vector of channels][vector of
#    filters][VL][VL].
# b) Numbers of a vector are neighbouring channels or filters of one group. The last vector of a group is moved back to end
#    with its last channel: what it computes twice is the same. So a group has a vector of channels and of filters at least.
# c) Each transform goes over the columns of a tile and then over its rows, with the matrices of winograd.pxd.
#    Columns are loaded as they are transformed, those outside the image count as zeros.
# d) Pixels of one group are far apart, and prefetchers do not follow. Each tile asks for what the one below will need.
# e) Pixels of a tile are neighbours, or as far apart as the taps (winograd_places.pxd).
from kernels.elementwise cimport LINEAR, apply_activation
from kernels.prefetch cimport prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.windows cimport ceil_div
from kernels.winograd cimport (
    IN, POINTS, transform_input, transform_kernel, transform_kernel_gradient, transform_output, transform_output_gradient
)
from kernels.winograd_places cimport first_output, next_output

cdef enum:
    TILES = 32           # transformed at a time; a multiple of every ROWS

cdef struct Images:      # (n, h, w, groups * channels)
    real* value
    Py_ssize_t stride_n, stride_h, stride_w
    Py_ssize_t h, w
    Py_ssize_t channels  # of a group

cdef struct Job:
    Images inputs, outputs
    Py_ssize_t pad_h, pad_w
    Py_ssize_t dilation_h, dilation_w
    Py_ssize_t taps           # 3 or 5, each way
    Py_ssize_t out            # outputs of a tile, each way
    Py_ssize_t rows, columns  # of tiles, for an image
    Py_ssize_t tiles          # of all images
    Py_ssize_t groups
    Py_ssize_t shares         # of the tiles
    const real* kernel        # taps at [tap * tap_stride + c * channel_stride + group * group_stride + k * filter_stride]
    Py_ssize_t tap_stride, channel_stride, filter_stride, group_stride
    real* kept                # transformed kernels of all bundles of groups, or NULL
    bint keeps                # whether they are kept for other calls
    const real* bias
    int activation
    real* totals              # gradient for the kernel, [share](taps, taps, c, groups * k)
    bint failed               # out of memory

cdef struct Tile:
    Py_ssize_t n, h, w        # of its first output


cdef inline Tile tile_at(const Job* job, Py_ssize_t index) noexcept nogil:
    cdef Tile tile
    tile.w = first_output(index % job.columns, job.out, job.dilation_w)
    tile.h = first_output(index // job.columns % job.rows, job.out, job.dilation_h)
    tile.n = index // job.columns // job.rows
    return tile


cdef inline void next_tile(const Job* job, Tile* tile) noexcept nogil:
    tile.w = next_output(tile.w, job.out, job.dilation_w)
    if tile.w >= job.outputs.w:
        tile.w = 0
        tile.h = next_output(tile.h, job.out, job.dilation_h)
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


cdef inline const real* pixel_at(const Images* images, Py_ssize_t n, Py_ssize_t h, Py_ssize_t w,
                                 Py_ssize_t channel) noexcept nogil:
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
    cdef Py_ssize_t stride_h = job.dilation_h * images.stride_h, stride_w = job.dilation_w * images.stride_w
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
            row_inside[i] = (h + i * job.dilation_h >= 0) & (h + i * job.dilation_h < images.h)
            column_inside[i] = (w + i * job.dilation_w >= 0) & (w + i * job.dilation_w < images.w)
        interior = (
            h >= 0 and w >= 0 and h + (IN - 1) * job.dilation_h < images.h and w + (IN - 1) * job.dilation_w < images.w
        )
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
                    transform_kernel(g + i, 3, half + i, 3, 3)
                for i in range(IN):
                    transform_kernel(half + i * 3, 1, target + i * IN * plane, plane, 3)
            else:
                for i in range(5):
                    transform_kernel(g + i, 5, half + i, 5, 5)
                for i in range(IN):
                    transform_kernel(half + i * 5, 1, target + i * IN * plane, plane, 5)
            target += 1


cdef inline void store_pixels(const Job* job, const Tile* tile, Py_ssize_t filter, vec* y, vec bias, int size) noexcept nogil:
    """Writes activation(y + bias) for a vector of filters of size x size pixels, those inside."""
    cdef const Images* images = &job.outputs
    cdef Py_ssize_t stride_h = job.dilation_h * images.stride_h, stride_w = job.dilation_w * images.stride_w
    cdef Py_ssize_t rows = images.h - tile.h, columns = images.w - tile.w
    cdef real* target = <real*>pixel_at(images, tile.n, tile.h, tile.w, filter)
    cdef int i, j
    for i in range(size * size):
        y[i] += bias
    if job.activation != LINEAR:
        apply_activation(job.activation, <real*>y, size * size * VL)
    for i in range(size):
        for j in range(size):
            if i * job.dilation_h < rows and j * job.dilation_w < columns:
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
                    transform_output(points + i * plane, IN * plane, half + i, IN, 4)
                for i in range(4):
                    transform_output(half + i * IN, 1, y + i * 4, 1, 4)
                store_pixels(job, &tile, filter, y, bias, 4)
            else:
                for i in range(IN):
                    transform_output(points + i * plane, IN * plane, half + i, IN, 2)
                for i in range(2):
                    transform_output(half + i * IN, 1, y + i * 2, 1, 2)
                store_pixels(job, &tile, filter, y, bias, 2)
        next_tile(job, &tile)


cdef inline void transform_output_gradients(const Job* job, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_filter,
                                            Py_ssize_t filters, Py_ssize_t groups, real* w) noexcept nogil:
    """w[point][group][vector][tile][VL] = A d_y At"""
    cdef const Images* images = &job.outputs
    cdef Py_ssize_t stride_h = job.dilation_h * images.stride_h, stride_w = job.dilation_w * images.stride_w
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
            row_inside[i] = tile.h + i * job.dilation_h < images.h
        for part in range(groups * vectors):
            source = pixel_at(
                images, tile.n, tile.h, tile.w,
                first_filter + part // vectors * images.channels + first_of(part % vectors, filters),
            )
            target = <vec*>w + part * TILES + t
            if job.taps == 3:
                for j in range(4):
                    load_column(source + j * stride_w, stride_h, row_inside, tile.w + j * job.dilation_w < images.w, 4, d_y)
                    transform_output_gradient(d_y, 1, half + j, 4, 4)
                for i in range(IN):
                    transform_output_gradient(half + i * 4, 1, target + i * IN * plane, plane, 4)
            else:
                for j in range(2):
                    load_column(source + j * stride_w, stride_h, row_inside, tile.w + j * job.dilation_w < images.w, 2, d_y)
                    transform_output_gradient(d_y, 1, half + j, 2, 2)
                for i in range(IN):
                    transform_output_gradient(half + i * 2, 1, target + i * IN * plane, plane, 2)
            for i in range(4):
                for j in range(4):
                    prefetch_for_reading(source + (4 + i) * stride_h + j * stride_w)
        next_tile(job, &tile)


cdef inline void transform_totals(const Job* job, const real* p, Py_ssize_t share, Py_ssize_t first_channel,
                                  Py_ssize_t channels, Py_ssize_t first_filter, Py_ssize_t filters,
                                  Py_ssize_t groups) noexcept nogil:
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
                    transform_kernel_gradient(points + i * plane, IN * plane, half + i, IN, 3)
                for i in range(3):
                    transform_kernel_gradient(half + i * IN, 1, d_kernel + i * 3, 1, 3)
            else:
                for i in range(IN):
                    transform_kernel_gradient(points + i * plane, IN * plane, half + i, IN, 5)
                for i in range(5):
                    transform_kernel_gradient(half + i * IN, 1, d_kernel + i * 5, 1, 5)
            target = job.totals + share * taps * taps * tap + (channel + c) * all_filters + filter
            for i in range(taps * taps):
                (<vec*>(target + i * tap))[0] = d_kernel[i]
            points += 1
