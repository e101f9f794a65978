# Images in tiles, as conv_winograd.pyx sees them (winograd.pxd): where their pixels are, and the way back to y.
#
# Design:
# a) A place is that of a tile in any slice of the depth: image, row and column. Tiles are counted slice by slice, and in each
#    by places.
# b) Pixels of a tile are neighbours, or as far apart as strides or taps (winograd_parts.pxd, winograd_places.pxd).
# c) The channels that the parts of a kernel see are transformed as one row of channels, part after part.
# d) Sizes of a tile are literal for the most frequent ones, 4x4 outputs, and for tiles along one axis.
from libc.string cimport memcpy

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.matmul_tile cimport NR
from kernels.prefetch cimport prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.windows cimport Axis, Span, ceil_div
from kernels.winograd cimport IN, LONGEST, POINTS, transform_input, transform_output, transform_output_gradient
from kernels.winograd_parts cimport Side, is_whole, side_of, source_of
from kernels.winograd_places cimport first_output, next_output

cdef struct Images:      # (n, d, h, w, c), c contiguous
    real* value
    Py_ssize_t stride_n, stride_d, stride_h, stride_w
    Py_ssize_t n, d, h, w, channels

cdef struct Tiles:
    Images inputs, outputs
    Side height, width
    Py_ssize_t parts          # of the kernel
    Py_ssize_t points         # of a transformed tile
    Py_ssize_t places         # of tiles, for a slice of all images
    real* zeros               # a pixel outside

cdef struct Tile:        # its first output, or its first input
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
    cdef Py_ssize_t row = place // tiles.width.tiles
    return Tile(
        n=row // tiles.height.tiles, d=number // tiles.places,
        h=first_output(row % tiles.height.tiles, tiles.height.outputs, tiles.height.apart),
        w=first_output(place % tiles.width.tiles, tiles.width.outputs, tiles.width.apart),
    )


cdef inline Tile tile_after(const Tiles* tiles, Tile tile) noexcept nogil:
    tile.w = next_output(tile.w, tiles.width.outputs, tiles.width.apart)
    if tile.w >= tiles.outputs.w:
        tile.w = 0
        tile.h = next_output(tile.h, tiles.height.outputs, tiles.height.apart)
        if tile.h >= tiles.outputs.h:
            tile.h = 0
            tile.n += 1
            if tile.n == tiles.outputs.n:
                tile.n = 0
                tile.d += 1
    return tile


cdef inline Tile inputs_of(const Tiles* tiles, Tile tile, Py_ssize_t deeper, Py_ssize_t part) noexcept nogil:
    """What a tile sees through a part of the kernel, so many slices deeper."""
    return Tile(
        n=tile.n, d=tile.d + deeper, h=source_of(&tiles.height, tile.h, part // tiles.width.parts),
        w=source_of(&tiles.width, tile.w, part % tiles.width.parts),
    )


cdef inline bint has_point(const Tiles* tiles, Py_ssize_t part, Py_ssize_t point) noexcept nogil:
    """Whether a part of the kernel is other than zero at a point. The last one of an axis is infinity."""
    cdef bint in_row = point // tiles.width.points < IN - 1 or is_whole(&tiles.height, part // tiles.width.parts)
    cdef bint in_column = point % tiles.width.points < IN - 1 or is_whole(&tiles.width, part % tiles.width.parts)
    return in_row and in_column


cdef inline Span next_run(const Tiles* tiles, Py_ssize_t point, Py_ssize_t of_part, Py_ssize_t first,
                          Py_ssize_t end) noexcept nogil:
    """The next channels, of `of_part` in each part, that are other than zero at a point; none lie beyond `end`."""
    cdef Py_ssize_t part = first // of_part
    cdef Span run
    while part * of_part < end and not has_point(tiles, part, point):
        part += 1
    run.begin = min(max(first, part * of_part), end)
    while part * of_part < end and has_point(tiles, part, point):
        part += 1
    run.end = min(part * of_part, end)
    return run


cdef inline real* pixel_at(const Images* images, const Tile* tile) noexcept nogil:
    return (
        images.value + tile.n * images.stride_n + tile.d * images.stride_d + tile.h * images.stride_h
        + tile.w * images.stride_w
    )


cdef inline Py_ssize_t distance(const Images* images, const Tile* tile, const Tile* other) noexcept nogil:
    """How far behind the pixels of a tile those of another lie, which may be below, or in another image."""
    return pixel_at(images, other) - pixel_at(images, tile)


cdef inline void find_pixels(const Images* images, const Tile* tile, int rows, int columns, Py_ssize_t apart_h,
                             Py_ssize_t apart_w, const real* zeros, const real** pixel) noexcept nogil:
    """The addresses of the pixels of a tile; that of `zeros` for those outside."""
    cdef Py_ssize_t stride_h = apart_h * images.stride_h, stride_w = apart_w * images.stride_w
    cdef Py_ssize_t h = tile.h, w
    cdef int i, j
    cdef bint inside
    cdef const real* line = pixel_at(images, tile)
    for i in range(rows):
        inside = 0 <= tile.d < images.d and 0 <= h < images.h
        w = tile.w
        for j in range(columns):
            pixel[i * columns + j] = line + j * stride_w if inside and 0 <= w < images.w else zeros
            w += apart_w
        h += apart_h
        line += stride_h


cdef inline Py_ssize_t row_of(Py_ssize_t channels) noexcept nogil:
    """Numbers from one tile to the next in V and W: whole vectors, and no power of two: rows would share cache sets."""
    return (ceil_div(channels, VL) + 1) * VL


cdef inline void transform_inputs_of(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t deeper,
                                     Py_ssize_t first_channel, Py_ssize_t channels, real* v, Py_ssize_t row,
                                     Py_ssize_t plane, int points_h, int points_w) noexcept nogil:
    cdef const real* pixel[POINTS]
    cdef vec column[IN]
    cdef vec half[POINTS]
    cdef vec full[IN]
    cdef Py_ssize_t t, start, vector, c, begin, end, ahead
    cdef Py_ssize_t of_part = tiles.inputs.channels
    cdef real* target
    cdef Tile tile = tile_at(tiles, first_tile)
    cdef Tile following, seen, seen_next
    cdef int i, j
    for t in range(count):
        following = tile_after(tiles, tile)
        start = first_channel
        while start < first_channel + channels:
            begin = start % of_part
            end = min(begin + first_channel + channels - start, of_part)
            seen = inputs_of(tiles, tile, deeper, start // of_part)
            seen_next = inputs_of(tiles, following, deeper, start // of_part)
            ahead = distance(&tiles.inputs, &seen, &seen_next)
            find_pixels(
                &tiles.inputs, &seen, points_h, points_w, tiles.height.distance, tiles.width.distance, tiles.zeros, pixel
            )
            target = v + t * row + start - first_channel
            for vector in range(ceil_div(end - begin, VL)):
                c = begin + vector * VL
                for j in range(points_w):
                    for i in range(points_h):
                        column[i] = load(pixel[i * points_w + j] + c, end - c)
                        prefetch_for_reading(pixel[i * points_w + j] + c + ahead)
                    if points_h == 1:
                        half[j] = column[0]
                    else:
                        transform_input(column, 1, half + j, points_w)
                for i in range(points_h):
                    if points_w == 1:
                        full[0] = half[i]
                    else:
                        transform_input(half + i * points_w, 1, full, 1)
                    for j in range(points_w):
                        (<vec*>(target + (i * points_w + j) * plane))[0] = full[j]
                target += VL
            start += end - begin
        tile = following


cdef inline void transform_inputs(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t deeper,
                                  Py_ssize_t first_channel, Py_ssize_t channels, real* v, Py_ssize_t row,
                                  Py_ssize_t plane) noexcept nogil:
    """v[point * plane + tile * row + c] = Bt d B, with d from so many slices deeper than the tile, for channels of all parts"""
    if tiles.height.points == 1:
        transform_inputs_of(tiles, first_tile, count, deeper, first_channel, channels, v, row, plane, 1, tiles.width.points)
    elif tiles.width.points == 1:
        transform_inputs_of(tiles, first_tile, count, deeper, first_channel, channels, v, row, plane, IN, 1)
    else:
        transform_inputs_of(tiles, first_tile, count, deeper, first_channel, channels, v, row, plane, IN, IN)


cdef inline void transform_outputs_of(const Tiles* tiles, const real* bias, int activation, const real* m, Py_ssize_t row,
                                      Py_ssize_t plane, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_filter,
                                      Py_ssize_t filters, int points_h, int points_w, int outputs_h,
                                      int outputs_w) noexcept nogil:
    cdef const Images* outputs = &tiles.outputs
    cdef Py_ssize_t stride_h = tiles.height.apart * outputs.stride_h, stride_w = tiles.width.apart * outputs.stride_w
    cdef vec column[IN]
    cdef vec half[LONGEST * IN]
    cdef vec full[LONGEST]
    cdef vec b
    cdef Py_ssize_t t, part, k, width, rows, columns, ahead
    cdef Tile tile = tile_at(tiles, first_tile)
    cdef Tile following
    cdef real* first
    cdef real* y
    cdef real* target
    cdef Py_ssize_t i, j
    for t in range(count):
        following = tile_after(tiles, tile)
        ahead = distance(outputs, &tile, &following)
        rows = min(<Py_ssize_t>outputs_h, ceil_div(outputs.h - tile.h, tiles.height.apart))
        columns = min(<Py_ssize_t>outputs_w, ceil_div(outputs.w - tile.w, tiles.width.apart))
        first = pixel_at(outputs, &tile) + first_filter
        for part in range(ceil_div(filters, VL)):
            k = part * VL
            width = filters - k
            y = first + k
            b = load(bias + first_filter + k, width) if bias != NULL else ZERO_VECTOR
            for j in range(points_w):
                for i in range(points_h):
                    column[i] = (<const vec*>(m + (i * points_w + j) * plane + t * row + k))[0]
                transform_output(column, 1, half + j, points_w, outputs_h)
            for i in range(rows):
                transform_output(half + i * points_w, 1, full, 1, outputs_w)
                for j in range(columns):
                    target = y + i * stride_h + j * stride_w
                    store(target, full[j] + b, width)
                    prefetch_for_writing(target + ahead)
        if activation != LINEAR:
            for i in range(rows):
                for j in range(columns):
                    apply_activation(activation, first + i * stride_h + j * stride_w, filters)
        tile = following


cdef inline void transform_outputs(const Tiles* tiles, const real* bias, int activation, const real* m, Py_ssize_t row,
                                   Py_ssize_t plane, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_filter,
                                   Py_ssize_t filters) noexcept nogil:
    """y = activation(At m A + bias), from m[point * plane + tile * row + k]; bias may be NULL."""
    if tiles.height.outputs == 4 and tiles.width.outputs == 4:
        transform_outputs_of(
            tiles, bias, activation, m, row, plane, first_tile, count, first_filter, filters, IN, IN, 4, 4
        )
    else:
        transform_outputs_of(
            tiles, bias, activation, m, row, plane, first_tile, count, first_filter, filters, tiles.height.points,
            tiles.width.points, tiles.height.outputs, tiles.width.outputs,
        )


cdef inline void transform_output_gradients_of(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count,
                                               Py_ssize_t first_filter, Py_ssize_t filters, real* w, Py_ssize_t row,
                                               Py_ssize_t panel, Py_ssize_t plane, int points_h, int points_w, int outputs_h,
                                               int outputs_w) noexcept nogil:
    cdef const real* pixel[LONGEST * LONGEST]
    cdef vec column[LONGEST]
    cdef vec half[IN * LONGEST]
    cdef vec full[IN]
    cdef Py_ssize_t t, part, k, width, ahead
    cdef Tile tile = tile_at(tiles, first_tile)
    cdef Tile following
    cdef int i, j
    for t in range(count):
        following = tile_after(tiles, tile)
        ahead = distance(&tiles.outputs, &tile, &following)
        find_pixels(
            &tiles.outputs, &tile, outputs_h, outputs_w, tiles.height.apart, tiles.width.apart, tiles.zeros, pixel
        )
        for part in range(ceil_div(filters, NR) * (NR // VL)):
            k = part * VL
            width = max(filters - k, <Py_ssize_t>0)
            for j in range(outputs_w):
                for i in range(outputs_h):
                    column[i] = load(pixel[i * outputs_w + j] + first_filter + k, width)
                    prefetch_for_reading(pixel[i * outputs_w + j] + first_filter + k + ahead)
                transform_output_gradient(column, 1, half + j, outputs_w, outputs_h)
            for i in range(points_h):
                transform_output_gradient(half + i * outputs_w, 1, full, 1, outputs_w)
                for j in range(points_w):
                    (<vec*>(w + (i * points_w + j) * plane + k // NR * panel + t * row + k % NR))[0] = full[j]
        tile = following


cdef inline void transform_output_gradients(const Tiles* tiles, Py_ssize_t first_tile, Py_ssize_t count,
                                            Py_ssize_t first_filter, Py_ssize_t filters, real* w, Py_ssize_t row,
                                            Py_ssize_t panel, Py_ssize_t plane) noexcept nogil:
    """w[point * plane + k // NR * panel + tile * row + k % NR] = A d_y At, zeros for filters that are missing in a panel of NR"""
    if tiles.height.outputs == 4 and tiles.width.outputs == 4:
        transform_output_gradients_of(
            tiles, first_tile, count, first_filter, filters, w, row, panel, plane, IN, IN, 4, 4
        )
    else:
        transform_output_gradients_of(
            tiles, first_tile, count, first_filter, filters, w, row, panel, plane, tiles.height.points, tiles.width.points,
            tiles.height.outputs, tiles.width.outputs,
        )


cdef inline Images describe(const real[:, :, :, :, ::1] images):
    return Images(
        value=<real*>&images[0, 0, 0, 0, 0], stride_n=images.strides[0] // <Py_ssize_t>sizeof(real),
        stride_d=images.strides[1] // <Py_ssize_t>sizeof(real), stride_h=images.strides[2] // <Py_ssize_t>sizeof(real),
        stride_w=images.strides[3] // <Py_ssize_t>sizeof(real),
        n=images.shape[0], d=images.shape[1], h=images.shape[2], w=images.shape[3], channels=images.shape[4],
    )


cdef inline Tiles divide(Images inputs, Images outputs, Axis h, Axis w) noexcept nogil:
    cdef Side height = side_of(h), width = side_of(w)
    return Tiles(
        inputs=inputs, outputs=outputs, height=height, width=width, parts=height.parts * width.parts,
        points=height.points * width.points, places=outputs.n * height.tiles * width.tiles, zeros=NULL,
    )
