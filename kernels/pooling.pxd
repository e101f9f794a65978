# What a pooling is, where its windows are, and how numbers of a vector are loaded: for pool.pyx and its inner loops.
#
# Design:
# a) For each axis, tables say where the window of each output begins, and how many inputs it covers, at equal distances.
#    Windows are clipped at the border. Whether they move in steps or divide the axis into even parts, and whether their
#    taps are neighbours, nothing else has to know.
# b) The gradient of an average asks the other way: which outputs cover an input. They lie at equal distances too, those
#    that stride and dilation leave.
# c) All tables lie behind one another in one piece of scratch memory, `tables`. Whoever describes a pooling gives it back.
# d) A row in scratch memory has room for a vector behind it.
# e) Where pixels have few channels, tables along w also tell which windows are alike (pixel_groups.pxd).
# f) Whoever computes a row of results first finds its lines: the rows of the other side that have a part in it.
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy

from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.around cimport go_around
from kernels.pixel_groups cimport Groups, groups_of
from kernels.prefetch cimport LINE
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_take

cdef enum:
    VECTORS = 4  # as many as go through a loop together
    AHEAD = 2048  # numbers

cdef struct Spans:  # for each pixel of one side, those of the other side: `count` of them, `step` apart, from `first` on
    Py_ssize_t* first
    Py_ssize_t* count
    Py_ssize_t step

cdef struct Axis:
    Py_ssize_t inputs, outputs
    bint alike        # whether windows, before they are clipped, are as large and at equal distances:
    Py_ssize_t pool, stride, pad  # `pool` taps each, `stride` apart, from `pad` before the first input on
    Py_ssize_t taps   # of the largest window
    Py_ssize_t span   # how many inputs it reaches over
    Py_ssize_t most   # outputs whose windows cover one input
    bint gaps         # whether the windows of no output cover some inputs
    Spans window      # of each output: the inputs that it covers
    Spans covering    # of each input: the outputs whose windows cover it
    Py_ssize_t* size  # of each window, by which a sum is divided for an average

cdef struct Pooling:
    Py_ssize_t n, c
    Axis d, h, w
    Groups of_outputs, of_inputs  # along w: whose windows are alike, and which are covered alike
    bint large            # whether all arrays are more than caches keep
    bint around           # whether results go around the caches, where pixels are whole lines
    bint ask_for_sources  # ahead of time
    bint apart        # whether no input belongs to two windows, nor lies between pixels of another along w
    Py_ssize_t* tables
    unsigned char* places  # of the maxima, see max_places.pxd
    int place_size

cdef struct Line:  # a row of inputs below a row of outputs, or a row of outputs whose windows cover a row of inputs
    const real* numbers
    const unsigned char* places
    Py_ssize_t place  # of a window's first pixel in the row of inputs
    Py_ssize_t size   # rows of a window, for an average

cdef struct Row:  # of results: that of image n and place (d, h)
    Py_ssize_t n, d, h
    real* results
    real* column  # scratch memory for a row, and a vector behind
    Line* lines   # and for those that it is made of


# Windows that move in steps


cdef inline Py_ssize_t divide_up(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return (a + b - 1) // b if a > 0 else 0


cdef inline Py_ssize_t greatest_common_divisor(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    while b > 0:
        a, b = b, a % b
    return a


cdef inline Py_ssize_t count_between(
    Py_ssize_t start, Py_ssize_t end, Py_ssize_t step, Py_ssize_t low, Py_ssize_t high
) noexcept nogil:
    """How many of the places from start to end, `step` apart, lie from low to high."""
    return max(divide_up(min(end, high) - start, step) - divide_up(low - start, step), <Py_ssize_t>0)


cdef inline void place_moving_windows(
    Axis* axis, Py_ssize_t pool, Py_ssize_t stride, Py_ssize_t pad, Py_ssize_t dilation, Py_ssize_t low, Py_ssize_t high
) noexcept nogil:
    """Inputs from low to high count for an average: those that there are, or the padding as well."""
    cdef Py_ssize_t o, start, end
    axis.alike, axis.pool, axis.stride, axis.pad = True, pool, stride, pad
    axis.window.step = dilation
    axis.covering.step = dilation // greatest_common_divisor(stride, dilation)
    for o in range(axis.outputs):
        start = o * stride - pad
        end = start + (pool - 1) * dilation + 1
        if 0 <= start and end <= axis.inputs:  # as most of them: divisions take longer than all else
            axis.window.first[o] = start
            axis.window.count[o] = axis.size[o] = pool
            continue
        axis.window.first[o] = start + divide_up(-start, dilation) * dilation
        axis.window.count[o] = count_between(start, end, dilation, 0, axis.inputs)
        axis.size[o] = max(count_between(start, end, dilation, low, high), <Py_ssize_t>1)


# Windows that divide the inputs among the outputs


cdef inline void place_even_windows(Axis* axis) noexcept nogil:
    """Neighbours share an input where a part would end within it."""
    cdef Py_ssize_t o
    axis.window.step = axis.covering.step = 1
    for o in range(axis.outputs):
        axis.window.first[o] = o * axis.inputs // axis.outputs
        axis.window.count[o] = axis.size[o] = divide_up((o + 1) * axis.inputs, axis.outputs) - axis.window.first[o]
    axis.alike, axis.pool, axis.pad = True, axis.window.count[0] if axis.outputs > 0 else 0, 0
    axis.stride = axis.window.first[1] if axis.outputs > 1 else axis.inputs
    for o in range(axis.outputs):
        if axis.window.first[o] != o * axis.stride or axis.window.count[o] != axis.pool:
            axis.alike = False


# Tables


cdef inline void find_covering(Axis* axis) noexcept nogil:
    cdef Py_ssize_t fewest = axis.outputs, most = 0, i, o, tap
    for i in range(axis.inputs):
        axis.covering.first[i] = axis.covering.count[i] = 0
    axis.taps = 0
    for o in range(axis.outputs):
        axis.taps = max(axis.taps, axis.window.count[o])
        for tap in range(axis.window.count[o]):
            i = axis.window.first[o] + tap * axis.window.step
            if axis.covering.count[i] == 0:
                axis.covering.first[i] = o
            axis.covering.count[i] += 1
    axis.span = (axis.taps - 1) * axis.window.step + 1
    for i in range(axis.inputs):
        fewest = min(fewest, axis.covering.count[i])
        most = max(most, axis.covering.count[i])
    axis.most, axis.gaps = most, fewest == 0


cdef inline Py_ssize_t* take_tables(Axis* axis, Py_ssize_t* free) noexcept nogil:
    """Gives an axis its tables, from `free` on. Returns what is free behind them."""
    axis.window.first = free
    axis.window.count = axis.window.first + axis.outputs
    axis.size = axis.window.count + axis.outputs
    axis.covering.first = axis.size + axis.outputs
    axis.covering.count = axis.covering.first + axis.inputs
    return axis.covering.count + axis.inputs


cdef inline int fill_tables(Axis* axis, int index, tuple windows) except -1:
    cdef Py_ssize_t pad, behind
    if windows is None:
        place_even_windows(axis)
    else:
        pool, strides, pads, dilations, counted = windows
        pad = pads[index]
        behind = 0 if counted is None else counted[index]
        place_moving_windows(
            axis,
            pool[index],
            strides[index],
            pad,
            dilations[index],
            0 if counted is None else -pad,
            axis.inputs + behind,
        )
    find_covering(axis)
    return 0


cdef inline Pooling describe(const Py_ssize_t* x, const Py_ssize_t* y, tuple windows) except *:
    """Returns the pooling of arrays of one shape to another. The caller gives `tables` back.

    `windows` has three numbers each, for d, h and w: sizes, strides, pads in front, dilations and, if padding counts for an
    average, pads behind; None if it does not. None in place of it all stands for windows that divide the inputs evenly.
    """
    cdef Pooling job
    cdef Axis* axes[3]
    cdef Py_ssize_t* free
    cdef Py_ssize_t places = 0
    cdef int index
    job.n, job.c = x[0], x[4]
    job.places, job.place_size = NULL, 0
    job.large = job.around = job.ask_for_sources = False
    axes[0], axes[1], axes[2] = &job.d, &job.h, &job.w
    if x[1] == 1 and y[1] == 1:  # in two dimensions, planes are rows
        axes[0], axes[1] = &job.h, &job.d
    for index in range(3):
        axes[index].inputs, axes[index].outputs = x[1 + index], y[1 + index]
        places += 3 * axes[index].outputs + 2 * axes[index].inputs
    job.tables = free = <Py_ssize_t*>scratch_take(max(places, <Py_ssize_t>1) * sizeof(Py_ssize_t))
    if free == NULL:
        raise MemoryError("No memory for a few numbers for each row of pixels.")
    for index in range(3):
        free = take_tables(axes[index], free)
        fill_tables(axes[index], index, windows)
    job.of_outputs = groups_of(job.w.window.first, job.w.window.count, job.w.outputs, job.c)
    job.of_inputs = groups_of(job.w.covering.first, job.w.covering.count, job.w.inputs, job.c)
    job.apart = max(job.d.most, max(job.h.most, job.w.most)) <= 1 and job.w.window.step == 1
    return job


# Rows and vectors


cdef inline Py_ssize_t output_row(const Pooling* job, Py_ssize_t n, Py_ssize_t od, Py_ssize_t oh) noexcept nogil:
    return ((n * job.d.outputs + od) * job.h.outputs + oh) * job.w.outputs * job.c


cdef inline Py_ssize_t input_row(const Pooling* job, Py_ssize_t n, Py_ssize_t id, Py_ssize_t ih) noexcept nogil:
    return ((n * job.d.inputs + id) * job.h.inputs + ih) * job.w.inputs * job.c


cdef inline Py_ssize_t row_size(const Pooling* job) noexcept nogil:
    return max(job.w.inputs, job.w.outputs) * job.c + VL


cdef inline vec load(const real* source) noexcept nogil:
    return (<const vec*>source)[0]


cdef inline void store(real* target, vec v) noexcept nogil:
    (<vec*>target)[0] = v


cdef inline void choose_ways(Pooling* job, double numbers, const real* results) noexcept nogil:
    """How memory is read and written, where all arrays have so many numbers. Around the caches go pixels that are whole lines."""
    cdef bint large = go_around(numbers)
    job.large = large
    job.around = large and job.c % LINE == 0 and <uintptr_t>results % (LINE * sizeof(real)) == 0
    job.ask_for_sources = large and not prefetchers_follow_rows()


cdef inline int vectors_for(Py_ssize_t channels) noexcept nogil:
    """How many vectors go through a loop together, where so many channels are left."""
    return 1 if channels <= VL else 2 if channels <= 2 * VL else VECTORS


cdef inline Py_ssize_t vector_at(Py_ssize_t channel, Py_ssize_t c) noexcept nogil:
    """The first channel of a vector that shall hold this one: none behind the last, if that can be."""
    return min(channel, max(c - VL, <Py_ssize_t>0))


cdef inline vec load_before(const real* source, const real* end) noexcept nogil:
    """Reads a vector, but nothing behind the end of an array. NULL: that is far."""
    cdef vec v = ZERO_VECTOR
    if end == NULL or source + VL <= end:
        return load(source)
    memcpy(&v, source, (end - source) * sizeof(real))
    return v


# Lines of a row


cdef inline Py_ssize_t place_of_row(const Pooling* job, Py_ssize_t d, Py_ssize_t h) noexcept nogil:
    """The place of the first pixel of a row of a window, which lies so far behind its first one."""
    return (d * job.h.span + h) * job.w.span


cdef inline Py_ssize_t lines_below(const Pooling* job, const real* x, const Row* row) noexcept nogil:
    """Finds the lines of inputs that the windows of a row of outputs cover. Returns how many there are."""
    cdef Line* line = row.lines
    cdef Py_ssize_t d, h, id, ih
    for d in range(job.d.window.count[row.d]):
        id = job.d.window.first[row.d] + d * job.d.window.step
        for h in range(job.h.window.count[row.h]):
            ih = job.h.window.first[row.h] + h * job.h.window.step
            line[0] = Line(
                x + input_row(job, row.n, id, ih), NULL, place_of_row(job, d * job.d.window.step, h * job.h.window.step), 0
            )
            line += 1
    return line - row.lines


cdef inline Py_ssize_t lines_above(const Pooling* job, const real* d_y, const Row* row) noexcept nogil:
    """Finds the lines of outputs whose windows cover a row of inputs. Returns how many there are."""
    cdef Line* line = row.lines
    cdef Py_ssize_t d, h, od, oh, output
    for d in range(job.d.covering.count[row.d]):
        od = job.d.covering.first[row.d] + d * job.d.covering.step
        for h in range(job.h.covering.count[row.h]):
            oh = job.h.covering.first[row.h] + h * job.h.covering.step
            output = output_row(job, row.n, od, oh)
            line[0] = Line(
                d_y + output,
                job.places + output * job.place_size,
                place_of_row(job, row.d - job.d.window.first[od], row.h - job.h.window.first[oh]),
                job.d.size[od] * job.h.size[oh],
            )
            line += 1
    return line - row.lines
