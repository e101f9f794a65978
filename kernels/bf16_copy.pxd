# The copy of the source below a block of output pixels, split into bfloat16, for bf16_product.pxd.
#
# Design:
# a) It holds the source below a block with its padding (field.pxd): [term][tap along d][plane along h][plane along w][row][column]
#    [channel]. Columns lie in order, those between two positions too, unless each tap along w has a plane of its own. A window is
#    read where it is, each tap at another offset.
# b) Pixels with whole chunks of channels, an even number of them, have a gap behind: rows of a tile would compete for cache sets.
# c) A chunk may read on into what follows its pixel, times weights of zero: something has to be there, also behind the last row.
from libc.string cimport memset

from kernels.bf16_tiles cimport DEPTH, SIDE, TERMS, all_finite, bf16, split_row
from kernels.boxes cimport images_of
from kernels.field cimport Block, Field, block_at, field_of, is_apart, plane_of, planes_of, shift_of, source_row
from kernels.real cimport ZERO_VECTOR, real, vec
from kernels.windows cimport Span, Windows, span_inside

cdef enum:
    BLOCK = 1536 << 10  # bytes of a block: the copy of the source and the results
    POSITIONS = 2048    # in a block, about

cdef struct Copy:
    Windows windows
    Field field
    Py_ssize_t planes_w    # 1 where columns lie in order
    Py_ssize_t gather      # columns of the source from one column of the copy to the next
    Py_ssize_t pixel       # numbers from one column to the next
    Py_ssize_t position    # from one position to the next
    Py_ssize_t line        # from one row to the next
    Py_ssize_t plane       # from one plane to the next
    Py_ssize_t term        # and from one term to the next


cdef inline Py_ssize_t gap_of(const Windows* windows) noexcept nogil:
    """Numbers behind each pixel."""
    return DEPTH if windows.channels % (2 * DEPTH) == 0 else 0


cdef inline Copy copy_of(const Windows* windows, Py_ssize_t columns, Py_ssize_t threads) noexcept nogil:
    """The layout for blocks with `columns` results for each pixel, as many as keep all threads busy."""
    cdef Copy copy
    cdef Py_ssize_t of_position
    copy.windows = windows[0]
    copy.planes_w = windows.w.taps if is_apart(windows.w) else 1
    copy.gather = windows.w.step if copy.planes_w == windows.w.taps else 1
    copy.pixel = windows.channels + gap_of(windows)
    copy.position = windows.w.step // copy.gather * copy.pixel
    # Bytes of a position in the copy and in the target, but for rows that taps meet beyond the block.
    of_position = (
        TERMS * sizeof(bf16) * windows.d.taps * planes_of(windows.h) * copy.planes_w * windows.w.step // copy.gather
        * windows.channels + columns * sizeof(real)
    )
    copy.field = field_of(windows, images_of(windows), min(<Py_ssize_t>POSITIONS, BLOCK // of_position), threads)
    copy.line = copy.field.row * copy.position
    copy.plane = copy.line * block_at(&copy.field, windows, 0).copied
    copy.term = (
        windows.d.taps * copy.field.planes_h * copy.planes_w * copy.plane
        + max(-windows.w.offset, <Py_ssize_t>0) * copy.pixel + SIDE * copy.position + 2 * DEPTH
    )
    return copy


cdef inline Py_ssize_t offset_of(const Copy* copy, Py_ssize_t td, Py_ssize_t th, Py_ssize_t tw) noexcept nogil:
    """What a tap meets, from the first number of a window on."""
    cdef const Windows* windows = &copy.windows
    cdef Py_ssize_t plane = (td * copy.field.planes_h + plane_of(windows.h, th)) * copy.planes_w
    cdef Py_ssize_t row = shift_of(windows.h, th) * copy.line
    if copy.planes_w > 1:
        return (plane + tw) * copy.plane + row
    return plane * copy.plane + row + tw * windows.w.spacing * copy.pixel


cdef inline void split_line(const Copy* copy, const real* source, Py_ssize_t offset, bf16* line, vec* leftover) noexcept nogil:
    """Fills a row of the copy from a row of the source, from column `offset` on; NULL stands for zeros."""
    cdef const Windows* windows = &copy.windows
    cdef Py_ssize_t channels = windows.channels
    cdef Py_ssize_t columns = copy.line // copy.pixel
    cdef Span inside = span_inside(offset, copy.gather, columns, windows.w.size)
    cdef Py_ssize_t t, w
    if source == NULL:
        inside = Span(columns, columns)
    for t in range(TERMS):
        memset(line + t * copy.term, 0, inside.begin * copy.pixel * sizeof(bf16))
    if inside.end > inside.begin:
        source += (inside.begin * copy.gather + offset) * windows.stride_w
        if copy.gather == 1 and copy.pixel == channels:
            split_row(source, (inside.end - inside.begin) * channels, line + inside.begin * channels, copy.term, leftover)
        else:
            for w in range(inside.begin, inside.end):
                split_row(source, channels, line + w * copy.pixel, copy.term, leftover)
                source += copy.gather * windows.stride_w
    for t in range(TERMS):
        memset(line + t * copy.term + inside.end * copy.pixel, 0, (columns - inside.end) * copy.pixel * sizeof(bf16))


cdef inline bint split_source(const Copy* copy, const Block* block, bf16* target) noexcept nogil:
    """Fills the copy below a block. False if a number is not finite."""
    cdef const Windows* windows = &copy.windows
    cdef Py_ssize_t planes = windows.d.taps * copy.field.planes_h * copy.planes_w
    cdef Py_ssize_t behind = max(-windows.w.offset, <Py_ssize_t>0) * copy.pixel + 2 * DEPTH
    cdef Py_ssize_t p, row, t, start, offset
    cdef vec leftover = ZERO_VECTOR
    cdef bint inside
    for p in range(planes):
        offset = block.first_column * windows.w.step + windows.w.offset + p % copy.planes_w * windows.w.spacing
        for row in range(block.copied):
            inside = source_row(
                &copy.field, windows, block, p // copy.planes_w // copy.field.planes_h, p // copy.planes_w % copy.field.planes_h,
                row, &start,
            )
            split_line(
                copy, windows.source + start if inside else NULL, offset, target + p * copy.plane + row * copy.line, &leftover
            )
        # The zeros in front of the next row, which the last one reads as its own.
        for t in range(TERMS):
            memset(target + t * copy.term + p * copy.plane + block.copied * copy.line, 0, behind * sizeof(bf16))
    return all_finite(leftover)
