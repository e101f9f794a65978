# The source below a block of outputs, copied as planes, for conv_to_few.pyx.
#
# Design:
# a) A block is some rows of outputs of one image, or a part of a row; with a stride, as many of each phase (windows.pxd). There are
#    as many as leave room in the L2 cache for the copy below, but no fewer rows than it has beyond them.
# b) The copy has zeros around it: [pixel along d][channel][row][column]. It has what the outputs of any phase need. Pixels
#    become planes by a transposition of each row.
# c) The source may be planes, channels first in memory. Their rows are copied as they are, and what the next block needs is asked
#    for at the same time: no prefetcher follows so many planes.
# d) Vectors that begin with an output read as much behind the copy as they are longer.
from kernels.copy cimport copy as copy_numbers
from kernels.interleave cimport Picks, describe_picks, separate
from kernels.prefetch cimport LINE, ask_for_lines
from kernels.real cimport MR, VL, real
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport Axis, Windows, ceil_div

cdef enum:
    COPY = 256 << 10  # bytes of the copy

cdef struct Reach:        # along an axis
    Py_ssize_t outputs    # of the largest phase
    Py_ssize_t first      # source pixel that an output needs, from its own place
    Py_ssize_t extent     # pixels from there to the last that it needs

cdef struct Planes:
    const Windows* windows
    Py_ssize_t channel           # from one channel of the source to the next: 1, if it is no planes
    Reach d, h, w
    Py_ssize_t rows, columns     # outputs of a block
    Py_ssize_t parts_h, parts_w  # blocks of a plane of outputs
    Py_ssize_t count             # of blocks
    Py_ssize_t line, plane       # numbers of the copy from one row, and one channel, to the next
    Py_ssize_t size              # numbers of the copy, and some behind it that are read, and dropped
    Picks picks

cdef struct Block:
    Py_ssize_t n, d, row, column  # where it begins: the image, and outputs of each phase


cdef inline Reach begin_reach(const Axis* axis) noexcept nogil:
    return Reach(outputs=axis.outputs, first=axis.offset, extent=0)


cdef inline void extend_reach(Reach* reach, const Axis* axis) noexcept nogil:
    """Takes in what the outputs of a phase need."""
    cdef Py_ssize_t end = max(reach.first + reach.extent, axis.offset + (axis.taps - 1) * axis.spacing + 1)
    reach.outputs = max(reach.outputs, axis.outputs)
    reach.first = min(reach.first, axis.offset)
    reach.extent = end - reach.first


cdef inline Py_ssize_t step_of_channels(const real[:, :, :, :, :] source) except -1:
    """From one channel to the next, in numbers."""
    if source.strides[4] != sizeof(real) and source.strides[3] != sizeof(real):
        raise ValueError("Expected images with the channels of a pixel, or the pixels of a row, together in memory.")
    return source.strides[4] // <Py_ssize_t>sizeof(real)


cdef inline void divide(Planes* planes, const Windows* windows, Py_ssize_t images, Reach d, Reach h, Reach w,
                        int threads) noexcept nogil:
    """Chooses the blocks: some for each of several threads."""
    cdef Py_ssize_t numbers = COPY // <Py_ssize_t>sizeof(real) // (windows.channels * d.extent)  # of the copy's planes
    cdef Py_ssize_t most, wanted = ceil_div(4 * threads, images * d.outputs) if threads > 1 else 1
    planes.windows = windows
    planes.d, planes.h, planes.w = d, h, w
    most = max(numbers // h.extent, <Py_ssize_t>4 * VL)
    planes.parts_w = ceil_div(w.outputs, most)
    planes.columns = ceil_div(w.outputs, planes.parts_w)
    planes.parts_w = ceil_div(w.outputs, planes.columns)
    planes.line = planes.columns + w.extent - 1
    most = max(numbers // planes.line - h.extent + 1, h.extent)
    planes.parts_h = min(max(ceil_div(h.outputs, most), ceil_div(wanted, planes.parts_w)), h.outputs)
    planes.rows = ceil_div(h.outputs, planes.parts_h)
    planes.parts_h = ceil_div(h.outputs, planes.rows)
    planes.count = images * d.outputs * planes.parts_h * planes.parts_w
    # An odd number of vectors: planes do not share cache sets.
    planes.plane = (ceil_div((planes.rows + h.extent - 1) * planes.line, VL) | 1) * VL
    planes.size = d.extent * windows.channels * planes.plane + MR * VL
    describe_picks(&planes.picks, <int>min(windows.channels, <Py_ssize_t>VL - 1), False)


cdef inline Block block_at(const Planes* planes, Py_ssize_t index) noexcept nogil:
    cdef Py_ssize_t band = index // planes.parts_w
    cdef Py_ssize_t plane = band // planes.parts_h
    return Block(
        n=plane // planes.d.outputs, d=plane % planes.d.outputs, row=band % planes.parts_h * planes.rows,
        column=index % planes.parts_w * planes.columns,
    )


cdef inline void clear_columns(real* target, Py_ssize_t plane, Py_ssize_t channels, Py_ssize_t first,
                               Py_ssize_t end) noexcept nogil:
    """Zeros in some columns of a row of all planes."""
    cdef Py_ssize_t c, column
    for c in range(channels):
        for column in range(first, end):
            target[c * plane + column] = 0


cdef inline void copy_row(const Planes* planes, const real* row, Py_ssize_t first, real* target) noexcept nogil:
    """Copies a row of the source, from column `first` on; zeros where that is outside."""
    cdef const Windows* windows = planes.windows
    cdef Py_ssize_t channels = windows.channels
    cdef Py_ssize_t begin = min(max(-first, <Py_ssize_t>0), planes.line)
    cdef Py_ssize_t end = max(min(windows.w.size - first, planes.line), begin)
    cdef const real* source = row + (first + begin) * windows.stride_w
    cdef Py_ssize_t below = planes.rows * windows.stride_h, c  # where the next block reads
    clear_columns(target, planes.plane, channels, 0, begin)
    if planes.channel != 1:
        for c in range(channels):
            ask_for_lines(source + c * planes.channel + below, 0, ceil_div(end - begin, LINE))
            copy_numbers(source + c * planes.channel, target + begin + c * planes.plane, end - begin)
    elif channels < VL:
        separate(&planes.picks, <int>channels, source, target + begin, planes.plane, end - begin)
    else:
        transpose_matrix(source, windows.stride_w, target + begin, planes.plane, end - begin, channels)
    clear_columns(target, planes.plane, channels, end, planes.line)


cdef inline void copy_planes(const Planes* planes, const Block* block, real* copy) noexcept nogil:
    """Fills the copy below a block."""
    cdef const Windows* windows = planes.windows
    cdef Py_ssize_t first_d = block.d + planes.d.first, first_h = block.row + planes.h.first
    cdef Py_ssize_t i, j
    cdef real* target
    for i in range(planes.d.extent):
        for j in range(planes.rows + planes.h.extent - 1):
            target = copy + i * windows.channels * planes.plane + j * planes.line
            if 0 <= first_d + i < windows.d.size and 0 <= first_h + j < windows.h.size:
                copy_row(
                    planes, windows.source + block.n * windows.stride_n + (first_d + i) * windows.stride_d
                    + (first_h + j) * windows.stride_h, block.column + planes.w.first, target,
                )
            else:
                clear_columns(target, planes.plane, windows.channels, 0, planes.line)


cdef inline const real* source_behind(const Planes* planes, const Block* block) noexcept nogil:
    """What the next block needs that this one does not."""
    cdef const Windows* windows = planes.windows
    return (
        windows.source + block.n * windows.stride_n + (block.d + planes.d.first + planes.d.extent - 1) * windows.stride_d
        + (block.row + planes.h.first + planes.rows + planes.h.extent - 1) * windows.stride_h
    )
