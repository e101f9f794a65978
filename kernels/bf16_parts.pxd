# The parts in which bf16_product.pxd computes its outputs, so that taps in the padding are left out.
#
# Design:
# a) A part is a box of outputs (boxes.pxd), whose windows have only the taps that it sees, with a padded copy of its own. Parts share
#    the packed weights: each chunk of these is known by its number among all.
# b) Boxes need copies of what lies between them twice, blocks that are less even, and rows that are shorter than a tile. So outputs
#    are divided along some of the axes only, or not at all, as costs say (`cost_of`).
from kernels.bf16_tiles cimport DEPTH, PACKED, SIDE, bf16
from kernels.bf16_copy cimport Copy, copy_of, offset_of
from kernels.boxes cimport Box, divide_pixels, is_hardly_padded, narrowed, pixels_of
from kernels.field cimport block_at
from kernels.operands cimport Target
from kernels.windows cimport Span, Windows, ceil_div

cdef enum:
    STAY = 1 << 20  # bytes of packed weights that stay in L2 from one block to the next
    WAIT = 40       # positions that could be multiplied while others come from L3
    FEW = 64        # chunks: shorter sums gain less

cdef struct Part:
    Copy copy
    Target target        # its first pixel
    Py_ssize_t chunks    # that it sees
    Py_ssize_t* chunk    # the number of each among all
    Py_ssize_t* offset   # and where it lies, from the first number of a window on


cdef inline Py_ssize_t chunks_of_run(const Windows* windows, Py_ssize_t run) noexcept nogil:
    return ceil_div(run * windows.channels, DEPTH)


cdef inline Py_ssize_t chunks_of(const Windows* windows, Py_ssize_t run) noexcept nogil:
    """All chunks, where so many taps along w are a run."""
    return windows.d.taps * windows.h.taps * windows.w.taps // run * chunks_of_run(windows, run)


cdef inline Span one_at_least(Span taps, Py_ssize_t all) noexcept nogil:
    """Outputs that see nothing multiply padding."""
    cdef Py_ssize_t begin = min(taps.begin, all - 1)
    return Span(begin, max(taps.end, begin + 1))


cdef inline Windows windows_of(const Windows* all, const Box* box) noexcept nogil:
    """Those of a box, with the taps that it sees."""
    cdef Windows windows = all[0]
    windows.d = narrowed(windows.d, box.d, one_at_least(box.seen.d, windows.d.taps))
    windows.h = narrowed(windows.h, box.h, one_at_least(box.seen.h, windows.h.taps))
    windows.w = narrowed(windows.w, box.w, one_at_least(box.seen.w, windows.w.taps))
    windows.pixels = pixels_of(box)
    return windows


cdef inline void enter_box(const Windows* all, const Target* target, Py_ssize_t columns, Py_ssize_t run, const Box* box,
                           Py_ssize_t threads, Part* part) noexcept nogil:
    """Describes the part that is a box."""
    cdef Windows windows = windows_of(all, box)
    cdef Py_ssize_t first_d = one_at_least(box.seen.d, all.d.taps).begin
    cdef Py_ssize_t first_h = one_at_least(box.seen.h, all.h.taps).begin
    cdef Py_ssize_t first_w = one_at_least(box.seen.w, all.w.taps).begin
    cdef Py_ssize_t pieces = chunks_of_run(all, run)
    cdef Py_ssize_t td, th, tw, i, number
    part.copy = copy_of(&windows, columns, threads)
    part.target = target[0]
    part.target.value += box.d.begin * target.stride_d + box.h.begin * target.stride_h + box.w.begin * target.stride_w
    part.chunks = 0
    for td in range(windows.d.taps):
        for th in range(windows.h.taps):
            for tw in range(windows.w.taps // run):
                number = ((first_d + td) * all.h.taps + first_h + th) * (all.w.taps // run) + first_w + tw
                for i in range(pieces):
                    part.chunk[part.chunks] = number * pieces + i
                    part.offset[part.chunks] = offset_of(&part.copy, td, th, tw * run) + i * DEPTH
                    part.chunks += 1


cdef inline double cost_of(const Windows* all, Py_ssize_t columns, Py_ssize_t run, const Box* box, Py_ssize_t boxes) noexcept nogil:
    """How long some boxes take, as measured: for each channel, in units of the time in which a number is split."""
    cdef Py_ssize_t panels = ceil_div(columns, SIDE), chunks = chunks_of(all, run)
    cdef Py_ssize_t wait = WAIT if chunks * panels * PACKED * <Py_ssize_t>sizeof(bf16) > STAY else 0
    cdef Py_ssize_t taps, positions, i
    cdef double cost = 0
    cdef Windows windows
    cdef Copy copy
    for i in range(boxes):
        windows = windows_of(all, box + i)
        copy = copy_of(&windows, columns, 1)
        taps = windows.d.taps * windows.h.taps * windows.w.taps
        positions = ceil_div(block_at(&copy.field, &windows, 0).positions, SIDE // 2) * SIDE // 2 + wait
        cost += copy.field.blocks * (<double>copy.term / copy.pixel + 0.4 * positions * taps * panels)
    if boxes == 1:
        return cost
    return cost * (1.15 if box.w.end < all.w.outputs else 1.1 if chunks < FEW else 1.03)


cdef inline Py_ssize_t most_boxes(const Windows* all, Py_ssize_t run) noexcept nogil:
    return divide_pixels(all, is_hardly_padded(&all.d), is_hardly_padded(&all.h), run > 1 or is_hardly_padded(&all.w), NULL)


cdef inline Py_ssize_t choose_boxes(const Windows* all, Py_ssize_t columns, Py_ssize_t run, Box* box) noexcept nogil:
    """Divides outputs along the axes where that pays, and returns the number of boxes. Runs of several taps are not divided."""
    cdef bint whole_d = is_hardly_padded(&all.d), whole_h = is_hardly_padded(&all.h), whole_w = run > 1 or is_hardly_padded(&all.w)
    cdef Py_ssize_t boxes = divide_pixels(all, whole_d, whole_h, whole_w, box)
    cdef double least = 0, cost
    cdef int choice, best = 0
    if boxes == 1:
        return boxes
    for choice in range(8):  # each bit leaves an axis whole
        boxes = divide_pixels(all, whole_d or choice & 1, whole_h or choice & 2, whole_w or choice & 4, box)
        cost = cost_of(all, columns, run, box, boxes)
        if choice == 0 or cost < least:
            least, best = cost, choice
    return divide_pixels(all, whole_d or best & 1, whole_h or best & 2, whole_w or best & 4, box)
