# Blocks of outputs, and the source below each, in which windows are read where they lie, for conv_few.pyx.
#
# Design:
# a) A block is some rows of outputs of one image, or a part of a row. Its outputs lie together in memory.
# b) The copy has zeros around it: [tap along d][row][column][channel]. Number p of a window lies offset[p] behind its first
#    number, the same for all windows, and from one window to the next in a row it is `step` numbers.
# c) Images without padding need no copy: then `line` is what lies between two of their rows. Only the last blocks, behind which
#    there is not as much as may be read beyond a copy, are copied, line by line as in the image.
# d) Filters are divided into panels of one or two vectors.
cimport kernels.inlined
from libc.string cimport memcpy

from kernels.real cimport MR, VL, real
from kernels.windows cimport Axis, Windows, ceil_div, clear_numbers

cdef extern from *:
    """
    #define GROUPS (MR / 2)
    """
    enum:
        GROUPS  # of outputs in a tile

cdef enum:
    LONGEST = 12  # most neighbours in a window that are read at once: so many numbers behind the copy may be read

cdef struct Blocks:
    Windows windows
    Py_ssize_t planes            # images times outputs along the depth
    Py_ssize_t rows, columns     # outputs of a block
    Py_ssize_t parts_h, parts_w  # blocks of a plane
    Py_ssize_t count             # of blocks
    bint in_place                # windows are read in the source itself
    Py_ssize_t line, plane       # numbers of the copy from one row, and one tap along the depth, to the next
    Py_ssize_t size              # numbers of the copy, and some behind it that are read, and dropped
    Py_ssize_t step              # numbers from one window to the next in a row
    Py_ssize_t depth             # numbers of a window
    Py_ssize_t* offset           # of each number of a window from its first
    Py_ssize_t filters, vectors  # all filters; vectors in a panel of filters
    Py_ssize_t panels, width     # panels of filters, and the filters in one

cdef struct Block:
    Py_ssize_t plane, first_row, rows, first_column, columns
    Py_ssize_t outputs
    Py_ssize_t start             # of its first output, in numbers of y


cdef inline Py_ssize_t extent(Py_ssize_t outputs, Py_ssize_t step, Py_ssize_t taps, Py_ssize_t spacing) noexcept nogil:
    """Source pixels that the windows of some outputs meet."""
    return (outputs - 1) * step + (taps - 1) * spacing + 1


cdef inline bint is_inside(Axis axis) noexcept nogil:
    """Whether no window reaches beyond the source."""
    return axis.offset >= 0 and axis.offset + extent(axis.outputs, axis.step, axis.taps, axis.spacing) <= axis.size


cdef inline void describe(Blocks* blocks, const real[:, :, :, :, ::1] y):
    """Blocks of the outputs y, whose windows are known."""
    cdef const Windows* windows = &blocks.windows
    blocks.planes = y.shape[0] * y.shape[1]
    blocks.filters = y.shape[4]
    blocks.depth = windows.d.taps * windows.h.taps * windows.w.taps * windows.channels


cdef inline void divide(Blocks* blocks, Py_ssize_t bytes, int most_vectors) noexcept nogil:
    """Chooses the panels, and blocks of so many bytes, about: the outputs and the source below them."""
    cdef Windows* windows = &blocks.windows
    cdef Py_ssize_t most, rows, groups, tiles, fewest = -1
    cdef Py_ssize_t vectors = ceil_div(blocks.filters, VL)
    # A tile of two vectors is the faster one, unless it would leave too many of its filters empty.
    blocks.vectors = 2 if most_vectors == 2 and (vectors % 2 == 0 or vectors >= 5) else 1
    blocks.width = blocks.vectors * VL
    blocks.panels = ceil_div(blocks.filters, blocks.width)
    most = max(
        bytes // <Py_ssize_t>sizeof(real) // (blocks.filters + windows.channels * windows.h.step * windows.w.step),
        <Py_ssize_t>2 * GROUPS,
    )
    blocks.parts_w = ceil_div(windows.w.outputs, most) if windows.w.outputs > 2 * most else 1
    blocks.columns = ceil_div(windows.w.outputs, blocks.parts_w)
    blocks.parts_w = ceil_div(windows.w.outputs, blocks.columns)
    # As many rows as give the fewest tiles, partly filled ones included.
    most = min(max(most // windows.w.outputs, <Py_ssize_t>1), windows.h.outputs)
    groups = ceil_div(blocks.columns, 4 // blocks.vectors)
    blocks.rows = most
    for rows in range(most, most // 2, -1):
        tiles = (
            windows.h.outputs // rows * ceil_div(rows * groups, GROUPS) + ceil_div(windows.h.outputs % rows * groups, GROUPS)
        )
        if fewest < 0 or tiles < fewest:
            fewest = tiles
            blocks.rows = rows
    blocks.parts_h = ceil_div(windows.h.outputs, blocks.rows)
    blocks.count = blocks.planes * blocks.parts_h * blocks.parts_w
    blocks.in_place = (
        windows.d.taps == 1 and is_inside(windows.d) and is_inside(windows.h) and is_inside(windows.w) and windows.whole_pixels
    )
    blocks.line = (
        windows.stride_h if blocks.in_place
        else extent(blocks.columns, windows.w.step, windows.w.taps, windows.w.spacing) * windows.channels
    )
    blocks.plane = extent(blocks.rows, windows.h.step, windows.h.taps, windows.h.spacing) * blocks.line
    blocks.step = windows.w.step * windows.channels
    blocks.size = windows.d.taps * blocks.plane + 4 * blocks.step + LONGEST


cdef inline void locate_numbers(Blocks* blocks) noexcept nogil:
    """Where in the copy the numbers of a window are."""
    cdef Windows* windows = &blocks.windows
    cdef Py_ssize_t p, tap, td, th, tw
    for p in range(blocks.depth):
        tap = p // windows.channels
        tw = tap % windows.w.taps * windows.w.spacing
        th = tap // windows.w.taps % windows.h.taps * windows.h.spacing
        td = tap // windows.w.taps // windows.h.taps
        blocks.offset[p] = td * blocks.plane + th * blocks.line + tw * windows.channels + p % windows.channels


cdef inline Block block_at(const Blocks* blocks, Py_ssize_t index) noexcept nogil:
    cdef const Windows* windows = &blocks.windows
    cdef Block block
    block.plane = index // blocks.parts_w // blocks.parts_h
    block.first_row = index // blocks.parts_w % blocks.parts_h * blocks.rows
    block.rows = min(blocks.rows, windows.h.outputs - block.first_row)
    block.first_column = index % blocks.parts_w * blocks.columns
    block.columns = min(blocks.columns, windows.w.outputs - block.first_column)
    block.outputs = block.rows * block.columns
    block.start = blocks.filters * (
        (block.plane * windows.h.outputs + block.first_row) * windows.w.outputs + block.first_column
    )
    return block


cdef inline void copy_row(const Windows* windows, const real* row, Py_ssize_t first, Py_ssize_t columns,
                          real* target) noexcept nogil:
    """Copies columns of a row of the source, from column `first` on; zeros where that is outside."""
    cdef Py_ssize_t channels = windows.channels
    cdef Py_ssize_t before = min(max(-first, <Py_ssize_t>0), columns)
    cdef Py_ssize_t end = max(min(windows.w.size - first, columns), before)
    cdef Py_ssize_t w
    clear_numbers(target, before * channels)
    if windows.whole_pixels and end > before:
        memcpy(target + before * channels, row + (first + before) * channels, (end - before) * channels * sizeof(real))
    else:
        for w in range(before, end):
            memcpy(target + w * channels, row + (first + w) * windows.stride_w, channels * sizeof(real))
    clear_numbers(target + end * channels, (columns - end) * channels)


cdef inline void copy_source(const Blocks* blocks, const Block* block, real* copy) noexcept nogil:
    """Fills the copy below a block."""
    cdef const Windows* windows = &blocks.windows
    cdef Py_ssize_t rows = extent(block.rows, windows.h.step, windows.h.taps, windows.h.spacing)
    cdef Py_ssize_t columns = extent(block.columns, windows.w.step, windows.w.taps, windows.w.spacing)
    cdef Py_ssize_t td, row, d, h
    cdef real* target
    for td in range(windows.d.taps):
        d = block.plane % windows.d.outputs * windows.d.step + windows.d.offset + td * windows.d.spacing
        for row in range(rows):
            h = block.first_row * windows.h.step + windows.h.offset + row
            target = copy + td * blocks.plane + row * blocks.line
            if 0 <= d < windows.d.size and 0 <= h < windows.h.size:
                copy_row(
                    windows, windows.source + block.plane // windows.d.outputs * windows.stride_n + d * windows.stride_d
                    + h * windows.stride_h, block.first_column * windows.w.step + windows.w.offset, columns, target,
                )
            else:
                clear_numbers(target, columns * windows.channels)


cdef inline const real* source_below(const Blocks* blocks, const Block* block, real* copy) noexcept nogil:
    """Where the first window of a block begins: in the source, or in the copy, which is filled."""
    cdef const Windows* windows = &blocks.windows
    cdef const real* first
    if blocks.in_place:
        first = (
            windows.source + block.plane // windows.d.outputs * windows.stride_n
            + (block.plane % windows.d.outputs * windows.d.step + windows.d.offset) * windows.stride_d
            + (block.first_row * windows.h.step + windows.h.offset) * windows.stride_h
            + (block.first_column * windows.w.step + windows.w.offset) * windows.stride_w
        )
        if windows.end - first >= blocks.size:
            return first
    copy_source(blocks, block, copy)
    return copy
