# Windows over an image: which source numbers make up the sum for one output pixel.
#
# Design:
# a) One description serves the forward pass and the gradient for the input. Output pixel o sums, over taps, the source pixels
#    o * step + offset(tap), zero where that is outside. Forward: step = stride, offset = tap * dilation - pad. Gradient for
#    the input: the outputs fall into `stride` phases; within a phase, step = 1 and only every stride-th tap takes part.
# b) The numbers of a window, tap after tap, all channels of a tap together, are its row: the depth of a matrix product.
# c) A chunk is at most CHUNK deep: a panel of weights so deep, and the packed rows of a block, stay in the L2 cache.
# d) Taps that are neighbours in memory (along w, undilated, all channels) form a run, copied in one piece.
from libc.string cimport memset

from kernels.real cimport real

cdef enum:
    CHUNK = 512  # greatest depth of a chunk
    ROW = CHUNK + 16  # distance of packed rows: a vector more, and no power of two: rows would compete for cache lines
    WAY = 4096  # bytes: rows at a multiple of this distance have all their lines in the same set of the L1 cache

cdef struct Axis:
    Py_ssize_t size     # source pixels
    Py_ssize_t outputs  # output pixels
    Py_ssize_t step     # source pixels from one output pixel to the next
    Py_ssize_t taps
    Py_ssize_t offset   # of tap 0
    Py_ssize_t spacing  # from one tap to the next

cdef struct Span:       # what lies between two places along an axis
    Py_ssize_t begin, end

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
    bint in_place        # a window is one source pixel and pixels are evenly spaced, but not by a WAY: rows are read there


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


cdef inline Span span_inside(Py_ssize_t start, Py_ssize_t step, Py_ssize_t count, Py_ssize_t size) noexcept nogil:
    """Which of `count` places, `step` apart from `start` on, are pixels of an axis of so many; the others are in the padding."""
    cdef Span inside
    inside.begin = min(ceil_div(max(-start, <Py_ssize_t>0), step), count)
    inside.end = max(min(ceil_div(max(size - start, <Py_ssize_t>0), step), count), inside.begin)
    return inside


cdef inline Span outputs_of(const Axis* axis, Py_ssize_t tap) noexcept nogil:
    """The outputs that meet the source through a tap."""
    return span_inside(axis.offset + tap * axis.spacing, axis.step, axis.outputs, axis.size)


cdef inline Span taps_of(const Axis* axis, Py_ssize_t output) noexcept nogil:
    """The taps through which an output meets the source."""
    return span_inside(axis.offset + output * axis.step, axis.spacing, axis.taps, axis.size)


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
        and windows.stride_w * <Py_ssize_t>sizeof(real) % WAY != 0
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
