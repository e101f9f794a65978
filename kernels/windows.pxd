# Windows over an image: which source numbers make up the sum for one output pixel, and how they are packed into rows.
#
# Design:
# a) One description serves the forward pass and the gradient for the input. Output pixel o sums, over taps, the source pixels
#    o * step + offset(tap), zero where that is outside. Forward: step = stride, offset = tap * dilation - pad. Gradient for
#    the input: the outputs fall into `stride` phases; within a phase, step = 1 and only every stride-th tap takes part.
# b) The numbers of a window, tap after tap, all channels of a tap together, are its row: the depth of a matrix product.
#    Packed rows of one length need no address arithmetic later; they exist for one block of pixels and one chunk of the
#    depth at a time, so there is never a matrix of all windows.
# c) A chunk is at most CHUNK deep: a panel of weights so deep stays in the L1 cache.
# d) Taps that are neighbours in memory (along w, undilated, all channels) form a run, copied in one piece: where the run lies
#    inside the image, in whole vectors and without a question asked; at the border, number by number.
from libc.string cimport memcpy, memset

from kernels.real cimport VL, real, vec

cdef enum:
    CHUNK = 384  # greatest depth of a chunk
    ROW = CHUNK + 16  # distance of packed rows: a vector more, and no power of two: rows would compete for cache lines

cdef struct Axis:
    Py_ssize_t size     # source pixels
    Py_ssize_t outputs  # output pixels
    Py_ssize_t step     # source pixels from one output pixel to the next
    Py_ssize_t taps
    Py_ssize_t offset   # of tap 0
    Py_ssize_t spacing  # from one tap to the next

cdef struct Run:
    Py_ssize_t d, h, w  # offset of its first tap
    Py_ssize_t taps     # neighbours along w
    Py_ssize_t channel  # first channel
    Py_ssize_t width    # numbers per tap
    Py_ssize_t depth    # where in the packed row it begins

cdef struct Chunk:
    Py_ssize_t start    # where in the whole depth it begins
    Py_ssize_t depth
    Py_ssize_t first_run
    Py_ssize_t runs

cdef struct Windows:
    const real* source
    const real* end      # behind the last number of the source
    Py_ssize_t stride_n, stride_d, stride_h, stride_w  # in numbers; channels lie together
    Py_ssize_t channels  # of a group
    bint whole_pixels    # a group has all channels: neighbouring pixels are neighbours in memory
    Axis d, h, w
    Py_ssize_t pixels    # output pixels of all images
    Py_ssize_t depth
    Chunk* chunk
    Py_ssize_t chunks
    Run* run
    bint in_place        # a window is one source pixel and pixels are evenly spaced: rows are read where they are

cdef struct Pixel:  # an output pixel
    Py_ssize_t n, d, h, w


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return (a + b - 1) // b


cdef inline Axis forward_axis(Py_ssize_t size, Py_ssize_t outputs, Py_ssize_t taps, Py_ssize_t stride, Py_ssize_t dilation,
                              Py_ssize_t pad) noexcept nogil:
    return Axis(size=size, outputs=outputs, step=stride, taps=taps, offset=-pad, spacing=dilation)


cdef inline Axis phase_axis(Py_ssize_t size, Py_ssize_t inputs, Py_ssize_t taps, Py_ssize_t stride, Py_ssize_t dilation,
                            Py_ssize_t pad, Py_ssize_t phase, Py_ssize_t* first_tap, Py_ssize_t* tap_step) noexcept nogil:
    """The taps that reach the input pixels phase, phase + stride ..., last tap first, so that offsets in d_y grow.

    Input pixel i and tap k meet output pixel (i + pad - k * dilation) / stride where that is a whole number.
    """
    cdef Axis axis = Axis(size=size, outputs=ceil_div(inputs - phase, stride), step=1, taps=0, offset=0, spacing=1)
    cdef Py_ssize_t k
    first_tap[0] = 0
    tap_step[0] = 0
    for k in range(taps - 1, -1, -1):
        if (phase + pad - k * dilation) % stride == 0:
            if axis.taps == 0:
                first_tap[0] = k
                axis.offset = (phase + pad - k * dilation) // stride
            elif axis.taps == 1:
                tap_step[0] = k - first_tap[0]
                axis.spacing = (first_tap[0] - k) * dilation // stride
            axis.taps += 1
    return axis


cdef inline Pixel pixel_at(const Windows* windows, Py_ssize_t index) noexcept nogil:
    cdef Pixel pixel
    pixel.w = index % windows.w.outputs
    index //= windows.w.outputs
    pixel.h = index % windows.h.outputs
    index //= windows.h.outputs
    pixel.d = index % windows.d.outputs
    pixel.n = index // windows.d.outputs
    return pixel


cdef inline void next_pixel(const Windows* windows, Pixel* pixel) noexcept nogil:
    pixel.w += 1
    if pixel.w == windows.w.outputs:
        pixel.w = 0
        pixel.h += 1
        if pixel.h == windows.h.outputs:
            pixel.h = 0
            pixel.d += 1
            if pixel.d == windows.d.outputs:
                pixel.d = 0
                pixel.n += 1


cdef inline size_t windows_bytes(Windows* windows) noexcept nogil:
    """Memory that `divide_depth` needs for chunks and runs."""
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef Py_ssize_t pieces = ceil_div(windows.channels, CHUNK)
    return taps * pieces * (sizeof(Chunk) + sizeof(Run))


cdef inline void divide_depth(Windows* windows, void* memory) noexcept nogil:
    """Divides the depth into chunks and the chunks into runs."""
    cdef Py_ssize_t taps = windows.d.taps * windows.h.taps * windows.w.taps
    cdef Py_ssize_t pieces = ceil_div(windows.channels, CHUNK)
    cdef Py_ssize_t width = (windows.channels + pieces - 1) // pieces
    cdef Py_ssize_t taps_of_chunk = CHUNK // width
    cdef Py_ssize_t tap, piece, td, th, tw
    cdef Py_ssize_t runs = 0
    cdef bint joins
    cdef Run* run
    cdef Chunk* chunk = NULL
    windows.chunk = <Chunk*>memory
    windows.run = <Run*>(windows.chunk + taps * pieces)
    windows.chunks = 0
    windows.depth = taps * windows.channels
    windows.in_place = (
        taps == 1 and windows.d.offset == 0 and windows.h.offset == 0 and windows.w.offset == 0
        and windows.d.step == 1 and windows.h.step == 1 and windows.w.step == 1
        and windows.d.size == windows.d.outputs and windows.h.size == windows.h.outputs and windows.w.size == windows.w.outputs
        and windows.stride_h == windows.w.size * windows.stride_w and windows.stride_d == windows.h.size * windows.stride_h
        and windows.stride_n == windows.d.size * windows.stride_d
    )
    for tap in range(taps):
        tw = tap % windows.w.taps
        th = tap // windows.w.taps % windows.h.taps
        td = tap // windows.w.taps // windows.h.taps
        for piece in range(pieces):
            if pieces > 1 or tap % taps_of_chunk == 0:
                chunk = windows.chunk + windows.chunks
                windows.chunks += 1
                chunk.start = tap * windows.channels + piece * width
                chunk.depth = 0
                chunk.first_run = runs
                chunk.runs = 0
            joins = windows.whole_pixels and pieces == 1 and tw > 0 and windows.w.spacing == 1 and chunk.runs > 0
            if not joins:
                run = windows.run + runs
                run.d = windows.d.offset + td * windows.d.spacing
                run.h = windows.h.offset + th * windows.h.spacing
                run.w = windows.w.offset + tw * windows.w.spacing
                run.taps = 0
                run.channel = piece * width
                run.width = min(width, windows.channels - piece * width)
                run.depth = chunk.depth
                chunk.runs += 1
                runs += 1
            run = windows.run + runs - 1
            run.taps += 1
            chunk.depth += run.width


cdef inline void clear_numbers(real* target, Py_ssize_t count) noexcept nogil:
    memset(target, 0, count * sizeof(real))


cdef inline void pack_run(Windows* windows, Run* run, const real* image, Py_ssize_t d, Py_ssize_t h, Py_ssize_t w,
                          real* row) noexcept nogil:
    """Copies one run of one window; d, h, w are the source coordinates of its first tap."""
    cdef Py_ssize_t before, behind, inside
    if d < 0 or d >= windows.d.size or h < 0 or h >= windows.h.size:
        clear_numbers(row, run.taps * run.width)
        return
    before = min(max(-w, <Py_ssize_t>0), run.taps)
    behind = min(max(w + run.taps - windows.w.size, <Py_ssize_t>0), run.taps - before)
    inside = run.taps - before - behind
    if before > 0:
        clear_numbers(row, before * run.width)
    if inside > 0:
        memcpy(
            row + before * run.width,
            image + d * windows.stride_d + h * windows.stride_h + (w + before) * windows.stride_w + run.channel,
            inside * run.width * sizeof(real),
        )
    if behind > 0:
        clear_numbers(row + (before + inside) * run.width, behind * run.width)


cdef inline void pack_inner_runs(const real* source, Py_ssize_t step, Py_ssize_t count, Py_ssize_t pixels,
                                 real* rows) noexcept nogil:
    """Copies the same run of some pixels, in whole vectors: what is read and written behind its end does no harm."""
    cdef Py_ssize_t i, j
    for i in range(pixels):
        for j in range((count + VL - 1) // VL):
            (<vec*>(rows + i * ROW + j * VL))[0] = (<const vec*>(source + i * step + j * VL))[0]


cdef inline void pack_segment(Windows* windows, const Chunk* chunk, const real* image, Pixel first, Py_ssize_t pixels,
                              real* rows) noexcept nogil:
    """Packs windows of neighbours in one row of the output.

    Run by run in ascending order: what a run's last vector writes behind its end, the next run overwrites.
    """
    cdef Py_ssize_t step = windows.w.step
    cdef Py_ssize_t r, i, d, h, w, count, room, begin, end
    cdef const real* source
    cdef Run* run
    for r in range(chunk.runs):
        run = windows.run + chunk.first_run + r
        d = first.d * windows.d.step + run.d
        h = first.h * windows.h.step + run.h
        w = first.w * step + run.w
        count = run.taps * run.width
        # Pixels begin to end have the whole run inside the image, and a vector behind it inside the array.
        begin = end = 0
        if 0 <= d < windows.d.size and 0 <= h < windows.h.size:
            source = image + d * windows.stride_d + h * windows.stride_h + w * windows.stride_w + run.channel
            begin = min((max(-w, <Py_ssize_t>0) + step - 1) // step, pixels)
            room = windows.w.size - run.taps - w
            end = max(begin, min(room // step + 1, pixels)) if room >= 0 else begin
            while end > begin and source + (end - 1) * step * windows.stride_w + count + VL > windows.end:
                end -= 1
            pack_inner_runs(
                source + begin * step * windows.stride_w, step * windows.stride_w, count, end - begin,
                rows + begin * ROW + run.depth,
            )
        for i in range(begin):
            pack_run(windows, run, image, d, h, w + i * step, rows + i * ROW + run.depth)
        for i in range(end, pixels):
            pack_run(windows, run, image, d, h, w + i * step, rows + i * ROW + run.depth)


cdef inline void pack_windows(Windows* windows, const Chunk* chunk, Py_ssize_t first_channel, Py_ssize_t first_pixel,
                              Py_ssize_t pixels, real* rows) noexcept nogil:
    """Packs one chunk of the windows of some consecutive output pixels: rows[i * ROW + p], p counting through the chunk."""
    cdef Pixel pixel = pixel_at(windows, first_pixel)
    cdef Py_ssize_t i = 0, segment
    while i < pixels:
        segment = min(windows.w.outputs - pixel.w, pixels - i)
        pack_segment(
            windows, chunk, windows.source + pixel.n * windows.stride_n + first_channel, pixel, segment, rows + i * ROW
        )
        i += segment
        pixel.w += segment - 1
        next_pixel(windows, &pixel)
