# Output pixels in the order of what they see, so that taps which lie in the padding for all of a tile are left out.
#
# Design:
# a) Along an axis, outputs fall into bands: neighbours that meet the source through the same taps, while the others lie in the
#    padding. A band along each axis makes a box. Pixels are ordered box by box, in each of them image by image and row by row.
#    So neighbours mostly see the same taps, and there are no more tiles than in any other order.
# b) An axis where hardly any products lie in the padding is one band: what a division saves would not pay for its short rows.
# c) A tile leaves out what none of its pixels sees. What is left of a chunk of the depth are its pieces.
# d) Which pixels share a tile depends on the problem only, and with it the order of all additions.
from kernels.operands cimport Target
from kernels.real cimport MR
from kernels.windows cimport Axis, Chunk, Span, Windows, ceil_div, outputs_of, taps_of

cdef enum:
    HARDLY = 32        # one product of so many may lie in the padding along w
    HARDLY_ROWS = 64   # along d and h: dividing there leaves rows as long as they are
    GAP = 16           # numbers: to leave out fewer would take longer than to multiply zeros
    MOST_PIECES = 32   # of a chunk: CHUNK / (GAP + 1), and one more

cdef struct Seen:      # taps
    Span d, h, w

cdef struct Box:
    Py_ssize_t first   # of its pixels, counted through all boxes
    Py_ssize_t images
    Span d, h, w       # outputs
    Seen seen

cdef struct Pixel:
    const Box* box
    Py_ssize_t n, d, h, w

cdef struct Stretch:   # tiles of a block that see the same
    Span tiles
    Seen seen

cdef struct Piece:
    Span tiles
    Py_ssize_t start, depth  # in its chunk
    bint first               # what these tiles begin with


# Boxes ------------------------------------------------------------------------------------------------------------------


cdef inline bint is_hardly_padded(const Axis* axis, Py_ssize_t hardly=HARDLY) noexcept nogil:
    cdef Py_ssize_t inside = 0, all = axis.outputs * axis.taps, t
    cdef Span met
    for t in range(axis.taps):
        met = outputs_of(axis, t)
        inside += met.end - met.begin
    return (all - inside) * hardly < all


cdef inline Span band_from(const Axis* axis, bint whole, Py_ssize_t begin, Span* taps) noexcept nogil:
    """The outputs from `begin` on that see the same taps; all of them, and all taps, where the axis is one band."""
    cdef Span band = Span(begin, axis.outputs)
    taps[0] = Span(0, axis.taps)
    if not whole:
        taps[0] = taps_of(axis, begin)
        # Until one more tap comes in, or one goes out.
        if taps.begin > 0:
            band.end = min(band.end, ceil_div(-axis.offset - (taps.begin - 1) * axis.spacing, axis.step))
        if taps.end > taps.begin:
            band.end = min(band.end, outputs_of(axis, taps.end - 1).end)
    return band


cdef inline Py_ssize_t images_of(const Windows* windows) noexcept nogil:
    return windows.pixels // (windows.d.outputs * windows.h.outputs * windows.w.outputs)


cdef inline Py_ssize_t pixels_of(const Box* box) noexcept nogil:
    return box.images * (box.d.end - box.d.begin) * (box.h.end - box.h.begin) * (box.w.end - box.w.begin)


cdef inline Py_ssize_t divide_pixels(const Windows* windows, bint whole_d, bint whole_h, bint whole_w, Box* boxes) noexcept nogil:
    """Divides all output pixels into boxes, and returns their number; NULL only counts them."""
    cdef Py_ssize_t count = 0, first = 0
    cdef Box box
    box.images = images_of(windows)
    box.d.end = 0
    while box.d.end < windows.d.outputs:
        box.d = band_from(&windows.d, whole_d, box.d.end, &box.seen.d)
        box.h.end = 0
        while box.h.end < windows.h.outputs:
            box.h = band_from(&windows.h, whole_h, box.h.end, &box.seen.h)
            box.w.end = 0
            while box.w.end < windows.w.outputs:
                box.w = band_from(&windows.w, whole_w, box.w.end, &box.seen.w)
                box.first = first
                first += pixels_of(&box)
                if boxes != NULL:
                    boxes[count] = box
                count += 1
    return count


cdef inline Axis narrowed(Axis axis, Span outputs, Span taps) noexcept nogil:
    """The axis of some outputs that see some taps."""
    axis.offset += outputs.begin * axis.step + taps.begin * axis.spacing
    axis.outputs = outputs.end - outputs.begin
    axis.taps = taps.end - taps.begin
    return axis


cdef inline Span outputs_between(const Axis* axis, Span taps) noexcept nogil:
    """The outputs that meet the source through some taps, and those between them."""
    cdef Span band = Span(outputs_of(axis, taps.end - 1).begin, outputs_of(axis, taps.begin).end)
    band.end = max(band.begin, band.end)
    return band


cdef inline Box box_of_chunk(const Windows* windows, const Chunk* chunk) noexcept nogil:
    """The output pixels that see anything of a chunk: all that there is to sum up for its gradient."""
    cdef Py_ssize_t tap = chunk.start // windows.channels, last = (chunk.start + chunk.depth - 1) // windows.channels
    cdef Py_ssize_t row = windows.w.taps, plane = windows.h.taps * windows.w.taps
    cdef Box box
    box.first = 0
    box.images = images_of(windows)
    box.seen.d = Span(tap // plane, last // plane + 1)
    box.seen.h = Span(0, windows.h.taps)
    box.seen.w = Span(0, windows.w.taps)
    if tap // plane == last // plane:
        box.seen.h = Span(tap // row % windows.h.taps, last // row % windows.h.taps + 1)
    if tap // row == last // row:
        box.seen.w = Span(tap % row, last % row + 1)
    box.d = outputs_between(&windows.d, box.seen.d)
    box.h = outputs_between(&windows.h, box.seen.h)
    box.w = outputs_between(&windows.w, box.seen.w)
    return box


# Pixels -----------------------------------------------------------------------------------------------------------------


cdef inline const Box* box_of(const Box* boxes, Py_ssize_t count, Py_ssize_t index) noexcept nogil:
    """Where pixel `index` is."""
    cdef Py_ssize_t half
    while count > 1:
        half = count // 2
        if boxes[half].first <= index:
            boxes += half
            count -= half
        else:
            count = half
    return boxes


cdef inline Pixel pixel_at(const Box* box, Py_ssize_t index) noexcept nogil:
    cdef Pixel pixel
    pixel.box = box
    index -= box.first
    pixel.w = box.w.begin + index % (box.w.end - box.w.begin)
    index //= box.w.end - box.w.begin
    pixel.h = box.h.begin + index % (box.h.end - box.h.begin)
    index //= box.h.end - box.h.begin
    pixel.d = box.d.begin + index % (box.d.end - box.d.begin)
    pixel.n = index // (box.d.end - box.d.begin)
    return pixel


cdef inline Py_ssize_t row_from(const Pixel* pixel, Py_ssize_t most) noexcept nogil:
    """How many pixels there are from this one to the end of its row in the box."""
    return min(pixel.box.w.end - pixel.w, most)


cdef inline void pass_row(Pixel* pixel, Py_ssize_t count) noexcept nogil:
    """Goes on to the first pixel behind those of `row_from`. There must be one."""
    pixel.w += count
    if pixel.w < pixel.box.w.end:
        return
    pixel.w = pixel.box.w.begin
    pixel.h += 1
    if pixel.h < pixel.box.h.end:
        return
    pixel.h = pixel.box.h.begin
    pixel.d += 1
    if pixel.d < pixel.box.d.end:
        return
    pixel.d = pixel.box.d.begin
    pixel.n += 1
    if pixel.n < pixel.box.images:
        return
    pixel.box += 1
    pixel.n, pixel.d, pixel.h, pixel.w = 0, pixel.box.d.begin, pixel.box.h.begin, pixel.box.w.begin


cdef inline void locate_pixels(const Target* target, Pixel pixel, Py_ssize_t pixels, Py_ssize_t* where) noexcept nogil:
    """Where in the target some consecutive pixels are."""
    cdef Py_ssize_t i = 0, row, j, start
    while i < pixels:
        row = row_from(&pixel, pixels - i)
        start = pixel.n * target.stride_n + pixel.d * target.stride_d + pixel.h * target.stride_h + pixel.w * target.stride_w
        for j in range(row):
            where[i + j] = start + j * target.stride_w
        i += row
        if i < pixels:
            pass_row(&pixel, row)


# Pieces -----------------------------------------------------------------------------------------------------------------


cdef inline void widen(Span* span, Span other) noexcept nogil:
    if span.begin == span.end:
        span[0] = other
    elif other.begin < other.end:
        span.begin, span.end = min(span.begin, other.begin), max(span.end, other.end)


cdef inline void see_also(Seen* seen, const Seen* other) noexcept nogil:
    """Adds what others see, and the taps between."""
    widen(&seen.d, other.d)
    widen(&seen.h, other.h)
    widen(&seen.w, other.w)


cdef inline Py_ssize_t stretches_of_block(const Box* box, Py_ssize_t first, Py_ssize_t pixels, Stretch* stretch) noexcept nogil:
    """What the tiles of a block of pixels see, from pixel `first` on, which is in `box`. Returns the number of stretches."""
    cdef Py_ssize_t count = 0, i = 0, end, tiles
    while i < pixels:
        end = min(box.first + pixels_of(box) - first, pixels)  # of what the block has of the box
        tiles = (end - i) // MR if end < pixels else ceil_div(end - i, MR)
        if tiles > 0:
            stretch[count].tiles = Span(i // MR, i // MR + tiles)
            stretch[count].seen = box.seen
        else:  # a tile of several boxes
            stretch[count].tiles = Span(i // MR, i // MR + 1)
            stretch[count].seen = box.seen
            while end < min(i + MR, pixels):
                box += 1
                see_also(&stretch[count].seen, &box.seen)
                end += pixels_of(box)
            tiles = 1
        i += tiles * MR
        if i == end < pixels:
            box += 1
        count += 1
    return count


cdef inline bint is_seen(const Seen* seen, const Windows* windows, Py_ssize_t tap) noexcept nogil:
    cdef Py_ssize_t tw = tap % windows.w.taps
    cdef Py_ssize_t th = tap // windows.w.taps % windows.h.taps
    cdef Py_ssize_t td = tap // windows.w.taps // windows.h.taps
    return seen.d.begin <= td < seen.d.end and seen.h.begin <= th < seen.h.end and seen.w.begin <= tw < seen.w.end


cdef inline Py_ssize_t pieces_of_chunk(const Windows* windows, const Chunk* chunk, const Stretch* stretch,
                                       Piece* piece) noexcept nogil:
    """What some tiles see of a chunk. If they see nothing at all, they begin with an empty piece. Returns the number of pieces."""
    cdef const Seen* seen = &stretch.seen
    cdef bint blind = seen.d.begin == seen.d.end or seen.h.begin == seen.h.end or seen.w.begin == seen.w.end
    cdef Py_ssize_t first = (seen.d.begin * windows.h.taps + seen.h.begin) * windows.w.taps + seen.w.begin
    cdef Py_ssize_t tap = chunk.start // windows.channels
    cdef Py_ssize_t count = 0, start = 0, depth
    if blind:
        piece[0] = Piece(stretch.tiles, 0, 0, True)
        return 1 if chunk.start == 0 else 0
    while start < chunk.depth:
        depth = min(windows.channels, chunk.depth - start)
        if is_seen(seen, windows, tap):
            if count > 0 and start - piece[count - 1].start - piece[count - 1].depth < GAP:
                piece[count - 1].depth = start + depth - piece[count - 1].start
            else:
                piece[count] = Piece(stretch.tiles, start, depth, chunk.start + start == first * windows.channels)
                count += 1
        start += depth
        tap += 1
    return count
