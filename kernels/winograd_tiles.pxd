# Images in tiles of 4x4 outputs, as conv_winograd.pyx sees them (winograd.pxd): where their pixels are, and the way back to y.
#
# Design:
# a) A place is that of a tile in any slice of the depth: image, row and column. Tiles are counted slice by slice, and in each
#    by places.
# b) Pixels of a tile are neighbours, or as far apart as the taps (winograd_places.pxd).
from libc.string cimport memcpy

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.matmul_tile cimport NR
from kernels.prefetch cimport prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.windows cimport ceil_div
from kernels.winograd cimport IN, OUT, transform_input, transform_output, transform_output_gradient
from kernels.winograd_places cimport first_output, next_output, tiles_along

cdef struct Images:      # (n, d, h, w, c), c contiguous
    real* value
    Py_ssize_t stride_n, stride_d, stride_h, stride_w
    Py_ssize_t n, d, h, w, channels

cdef struct Tiles:
    Images inputs, outputs
    Py_ssize_t pad_h, pad_w
    Py_ssize_t dilation_h, dilation_w
    Py_ssize_t rows, columns  # of tiles, for a slice of an image
    Py_ssize_t places         # of tiles, for a slice of all images
    real* zeros               # a pixel outside

cdef struct Tile:        # its first output
    Py_ssize_t n, d, h, w


cdef inline vec load(const real* source, Py_ssize_t count) noexcept nogil:
    """Reads `count` numbers, at most a vector; zeros behind."""
    cdef vec v = ZERO_VECTOR
    if count >= VL:
        return (<const vec*>source)[0]
    memcpy(&v, source, count * sizeof(real))
    return v


cdef inline void store(real* target, vec v, Py_ssize_t count) noexcept nogil:
    """Writes the first `count` numbers of a vector."""
    if count >= VL:
        (<vec*>target)[0] = v
    else:
        memcpy(target, &v, count * sizeof(real))


cdef inline Tile tile_at(const Tiles* tiles, Py_ssize_t number) noexcept nogil:
    cdef Py_ssize_t place = number % tiles.places
    cdef Py_ssize_t row = place // tiles.columns
    return Tile(
        n=row // tiles.rows, d=number // tiles.places, h=first_output(row % tiles.rows, OUT, tiles.dilation_h),
        w=first_output(place % tiles.columns, OUT, tiles.dilation_w),
    )


cdef inline Tile tile_after(const Tiles* tiles, Tile tile) noexcept nogil:
    tile.w = next_output(tile.w, OUT, tiles.dilation_w)
    if tile.w >= tiles.outputs.w:
        tile.w = 0
        tile.h = next_output(tile.h, OUT, tiles.dilation_h)
        if tile.h >= tiles.outputs.h:
            tile.h = 0
            tile.n += 1
            if tile.n == tiles.outputs.n:
                tile.n = 0
                tile.d += 1
    return tile


cdef inline real* pixel_at(const Images* images, const Tile* tile) noexcept nogil:
    return (
        images.value + tile.n * images.stride_n + tile.d * images.stride_d + tile.h * images.stride_h
        + tile.w * images.stride_w
    )


cdef inline Py_ssize_t distance(const Images* images, const Tile* tile, const Tile* other) noexcept nogil:
    """How far behind the pixels of a tile those of another lie, which may be below, or in another image."""
    return pixel_at(images, other) - pixel_at(images, tile)


cdef inline void find_pixels(const Tiles* tiles, const Images* images, const Tile* tile, Py_ssize_t size,
                             const real** pixel) noexcept nogil:
    """The addresses of the size x size pixels of a tile; that of `zeros` for those outside."""
    cdef Py_ssize_t stride_h = tiles.dilation_h * images.stride_h, stride_w = tiles.dilation_w * images.stride_w
    cdef Py_ssize_t h = tile.h, w
    cdef Py_ssize_t i, j
    cdef bint inside
    cdef const real* line = pixel_at(images, tile)
    for i in range(size):
        inside = 0 <= tile.d < images.d and 0 <= h < images.h
        w = tile.w
        for j in range(size):
            pixel[i * size + j] = line + j * stride_w if inside and 0 <= w < images.w else tiles.zeros
            w += tiles.dilation_w
        h += tiles.dilation_h
        line += stride_h


cdef inline Py_ssize_t row_of(Py_ssize_t channels) noexcept nogil:
    """Numbers from one tile to the next in V and W: whole vectors, and no power of two: rows would share cache sets."""
    return (ceil_div(channels, VL) + 1) * VL


cdef inline void transform_inputs(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t deeper,
                                  Py_ssize_t first_channel, Py_ssize_t channels, real* v, Py_ssize_t row,
                                  Py_ssize_t plane) noexcept nogil:
    """v[point * plane + tile * row + c] = Bt d B, with d from so many slices deeper than the tile"""
    cdef const real* pixel[IN * IN]
    cdef vec column[IN]
    cdef vec half[IN * IN]
    cdef vec full[IN]
    cdef Py_ssize_t t, part, c, i, j, width, ahead
    cdef Tile tile = tile_at(tiles, first_tile)
    cdef Tile source, following
    for t in range(count):
        following = tile_after(tiles, tile)
        ahead = distance(&tiles.inputs, &tile, &following)
        source = Tile(n=tile.n, d=tile.d + deeper, h=tile.h - tiles.pad_h, w=tile.w - tiles.pad_w)
        find_pixels(tiles, &tiles.inputs, &source, IN, pixel)
        for part in range(ceil_div(channels, VL)):
            c = part * VL
            width = channels - c
            for j in range(IN):
                for i in range(IN):
                    column[i] = load(pixel[i * IN + j] + first_channel + c, width)
                    prefetch_for_reading(pixel[i * IN + j] + first_channel + c + ahead)
                transform_input(column, 1, half + j, IN)
            for i in range(IN):
                transform_input(half + i * IN, 1, full, 1)
                for j in range(IN):
                    (<vec*>(v + (i * IN + j) * plane + t * row + c))[0] = full[j]
        tile = following


cdef inline void transform_outputs(const Tiles* tiles, const real* bias, int activation, const real* m, Py_ssize_t row,
                                   Py_ssize_t plane, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_filter,
                                   Py_ssize_t filters) noexcept nogil:
    """y = activation(At m A + bias), from m[point * plane + tile * row + k]; bias may be NULL."""
    cdef const Images* outputs = &tiles.outputs
    cdef Py_ssize_t stride_h = tiles.dilation_h * outputs.stride_h, stride_w = tiles.dilation_w * outputs.stride_w
    cdef vec column[IN]
    cdef vec half[OUT * IN]
    cdef vec full[OUT]
    cdef vec b
    cdef Py_ssize_t t, part, k, i, j, width, rows, columns, ahead
    cdef Tile tile = tile_at(tiles, first_tile)
    cdef Tile following
    cdef real* first
    cdef real* y
    cdef real* target
    for t in range(count):
        following = tile_after(tiles, tile)
        ahead = distance(outputs, &tile, &following)
        rows = min(<Py_ssize_t>OUT, ceil_div(outputs.h - tile.h, tiles.dilation_h))
        columns = min(<Py_ssize_t>OUT, ceil_div(outputs.w - tile.w, tiles.dilation_w))
        first = pixel_at(outputs, &tile) + first_filter
        for part in range(ceil_div(filters, VL)):
            k = part * VL
            width = filters - k
            y = first + k
            b = load(bias + first_filter + k, width) if bias != NULL else ZERO_VECTOR
            for j in range(IN):
                for i in range(IN):
                    column[i] = (<const vec*>(m + (i * IN + j) * plane + t * row + k))[0]
                transform_output(column, 1, half + j, IN)
            for i in range(rows):
                transform_output(half + i * IN, 1, full, 1)
                for j in range(columns):
                    target = y + i * stride_h + j * stride_w
                    store(target, full[j] + b, width)
                    prefetch_for_writing(target + ahead)
        if activation != LINEAR:
            for i in range(rows):
                for j in range(columns):
                    apply_activation(activation, first + i * stride_h + j * stride_w, filters)
        tile = following


cdef inline void transform_output_gradients(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count,
                                            Py_ssize_t first_filter, Py_ssize_t filters, real* w, Py_ssize_t row,
                                            Py_ssize_t panel, Py_ssize_t plane) noexcept nogil:
    """w[point * plane + k // NR * panel + tile * row + k % NR] = A d_y At, zeros for filters that are missing in a panel of NR"""
    cdef const real* pixel[OUT * OUT]
    cdef vec column[OUT]
    cdef vec half[IN * OUT]
    cdef vec full[IN]
    cdef Py_ssize_t t, part, k, i, j, width, ahead
    cdef Tile tile = tile_at(tiles, first_tile)
    cdef Tile following
    for t in range(count):
        following = tile_after(tiles, tile)
        ahead = distance(&tiles.outputs, &tile, &following)
        find_pixels(tiles, &tiles.outputs, &tile, OUT, pixel)
        for part in range(ceil_div(filters, NR) * (NR // VL)):
            k = part * VL
            width = max(filters - k, <Py_ssize_t>0)
            for j in range(OUT):
                for i in range(OUT):
                    column[i] = load(pixel[i * OUT + j] + first_filter + k, width)
                    prefetch_for_reading(pixel[i * OUT + j] + first_filter + k + ahead)
                transform_output_gradient(column, 1, half + j, OUT)
            for i in range(IN):
                transform_output_gradient(half + i * OUT, 1, full, 1)
                for j in range(IN):
                    (<vec*>(w + (i * IN + j) * plane + k // NR * panel + t * row + k % NR))[0] = full[j]
        tile = following


cdef inline Images describe(const real[:, :, :, :, ::1] images):
    return Images(
        value=<real*>&images[0, 0, 0, 0, 0], stride_n=images.strides[0] // <Py_ssize_t>sizeof(real),
        stride_d=images.strides[1] // <Py_ssize_t>sizeof(real), stride_h=images.strides[2] // <Py_ssize_t>sizeof(real),
        stride_w=images.strides[3] // <Py_ssize_t>sizeof(real),
        n=images.shape[0], d=images.shape[1], h=images.shape[2], w=images.shape[3], channels=images.shape[4],
    )


cdef inline Tiles divide(const real[:, :, :, :, ::1] inputs, const real[:, :, :, :, ::1] outputs, tuple dilations,
                         Py_ssize_t pad_h, Py_ssize_t pad_w):
    cdef Py_ssize_t rows = tiles_along(outputs.shape[2], OUT, dilations[1])
    cdef Py_ssize_t columns = tiles_along(outputs.shape[3], OUT, dilations[2])
    return Tiles(
        inputs=describe(inputs), outputs=describe(outputs), pad_h=pad_h, pad_w=pad_w, dilation_h=dilations[1],
        dilation_w=dilations[2], rows=rows, columns=columns, places=outputs.shape[0] * rows * columns, zeros=NULL,
    )
