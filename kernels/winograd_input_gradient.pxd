# The gradient for the input by the transpose of Winograd's algorithm (winograd.pxd), for kernels of 3x3 in conv_winograd.pyx.
#
# Design:
# a) Tiles are those of the forward pass: 4x4 numbers of d_y become 6x6 of d_x, and two rows and columns of each are also those
#    of its neighbours. There they are added up.
# b) Tiles come in the order of the image, so a pixel of d_x is written by the first that has it, and others add to it, while it
#    is still in the cache. What is added and in which order depends on the problem only.
# c) A band is the rows of tiles that one task owns, and with them four rows of pixels each; the last row of an image has six. So
#    no pixel is written by two tasks. A band that begins within an image computes the row of tiles above it once more, for what
#    it adds to the first rows of the band.
from kernels.prefetch cimport prefetch_for_writing
from kernels.real cimport VL, real, vec
from kernels.windows cimport ceil_div
from kernels.winograd cimport IN, transform_input_gradient
from kernels.winograd_tiles cimport Images, Tile, Tiles, load, store, tile_after, tile_at

cdef enum:
    OUT = 4              # outputs of a tile, each way

cdef struct Band:
    Py_ssize_t first     # place that is computed
    Py_ssize_t own       # place that is the first of its own
    Py_ssize_t end


cdef inline Band band_at(const Tiles* tiles, Py_ssize_t index, Py_ssize_t bands) noexcept nogil:
    """One of so many bands: whole images, where there are as many."""
    cdef Py_ssize_t rows = tiles.places // tiles.width.tiles
    cdef Py_ssize_t unit = tiles.height.tiles if rows >= bands * tiles.height.tiles else 1
    cdef Py_ssize_t own = rows // unit * index // bands * unit
    cdef Py_ssize_t end = rows // unit * (index + 1) // bands * unit
    cdef bint above = own % tiles.height.tiles > 0
    return Band(first=(own - above) * tiles.width.tiles, own=own * tiles.width.tiles, end=end * tiles.width.tiles)


cdef inline void add_input_gradients(const Tiles* tiles, const Band* band, const real* m, Py_ssize_t row, Py_ssize_t plane,
                                     Py_ssize_t d, Py_ssize_t first_place, Py_ssize_t count, Py_ssize_t first_channel,
                                     Py_ssize_t channels) noexcept nogil:
    """d_x = B m Bt in a slice, added up over tiles, from m[point * plane + tile * row + c]"""
    cdef const Images* inputs = &tiles.inputs
    cdef vec column[IN]
    cdef vec half[IN * IN]
    cdef vec full[IN]
    cdef Py_ssize_t t, place, part, c, i, j, h, w, width, top, bottom, left, right
    cdef bint last_row
    cdef Tile tile = tile_at(tiles, d * tiles.places + first_place)
    cdef real* d_x
    cdef real* target
    for t in range(count):
        place = first_place + t
        h = tile.h + tiles.height.axis.offset
        w = tile.w + tiles.width.axis.offset
        last_row = tile.h == (tiles.height.tiles - 1) * OUT
        # Pixels of the tile that are in the image and in the band.
        top = max(-h, <Py_ssize_t>0 if place >= band.own else <Py_ssize_t>OUT)
        bottom = min(inputs.h - h, <Py_ssize_t>IN if last_row or place + tiles.width.tiles < band.end else <Py_ssize_t>OUT)
        left = max(-w, <Py_ssize_t>0)
        right = min(inputs.w - w, <Py_ssize_t>IN)
        for part in range(ceil_div(channels, VL)):
            c = part * VL
            width = channels - c
            d_x = (
                inputs.value + tile.n * inputs.stride_n + d * inputs.stride_d + h * inputs.stride_h
                + w * inputs.stride_w + first_channel + c
            )
            for j in range(IN):
                for i in range(IN):
                    column[i] = (<const vec*>(m + (i * IN + j) * plane + t * row + c))[0]
                transform_input_gradient(column, 1, half + j, IN)
            for i in range(top, bottom):
                transform_input_gradient(half + i * IN, 1, full, 1)
                for j in range(left, right):
                    target = d_x + i * inputs.stride_h + j * inputs.stride_w
                    if (i < IN - OUT and tile.h > 0) or (j < IN - OUT and tile.w > 0):
                        full[j] += load(target, width)
                    store(target, full[j], width)
                    prefetch_for_writing(target + OUT * inputs.stride_w)  # for the next tile
        tile = tile_after(tiles, tile)
