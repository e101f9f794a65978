# Rows of results of pooling: the largest numbers and means of windows, and the gradient of means. For pool.pyx.
#
# Design:
# a) Where windows have few taps, those of each are combined in registers. Else the input rows that the windows cover are
#    combined into one, `column`, and then, for each output, neighbouring pixels of that one: a window of kh x kw costs kh + kw
#    steps, not kh * kw. Pixels of many channels are combined where the result is, one tap after the other, in all lines at once.
#    The CPU asks for a line ahead of time while it is read from one end to the other; two pixels of it at once, in one page of
#    memory, it does not follow: from memory, that takes twice as long.
# b) The numbers of a vector are neighbouring channels of a pixel. Where channels do not fill the last vector it overlaps
#    the one before: what both compute is the same. With fewer channels than a vector has numbers, it reaches into the
#    next pixels, which are computed later. With half as many channels or less, a vector has several pixels (pixel_groups.pxd).
# c) Where all arrays are more than the caches keep, pixels that are whole lines go around them (around.pxd), straight from the
#    registers, and windows that are combined one by one ask for what comes next, in CPUs whose prefetchers do not follow two rows.
from libc.math cimport INFINITY
from libc.string cimport memcpy

from kernels.combine cimport MANY_CHANNELS, Combine, combine_lines, combine_spans, fill, larger_of_two
from kernels.pooling cimport (
    AHEAD, VECTORS, Line, Pooling, Row, input_row, lines_below, load, store, vector_at, vectors_for
)
from kernels.prefetch cimport prefetch_for_reading, store_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.transpose cimport sum_of_two


cdef inline void copy_scaled(real* into, const real* values, real scale, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = values[i] * scale


cdef inline void add_scaled(real* into, const real* values, real scale, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] += values[i] * scale


cdef inline void multiply(real* values, real scale, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] *= scale


# The largest and the mean -----------------------------------------------------------------------------------------------


cdef inline const real* combine_columns(
    Combine combine, const Pooling* job, const real* x, const Row* row, Py_ssize_t count
) noexcept nogil:
    """Combines the rows of inputs that the windows cover. Returns where the result is; NULL for no rows."""
    cdef Py_ssize_t length = job.w.inputs * job.c
    cdef const real* first
    if count == 0:
        return NULL
    first = row.lines[0].numbers
    if count == 1 and (job.c >= VL or first + length + VL <= x + input_row(job, job.n, 0, 0)):
        return first
    if count == 1:
        return <const real*>memcpy(row.column, first, length * sizeof(real))
    combine_lines(combine, first, row.lines + 1, count - 1, 0, length, 1, row.column)
    return row.column


cdef inline void combine_taps(
    Combine combine, real nothing, const Pooling* job, const Line* lines, Py_ssize_t count,
    Py_ssize_t ow, Py_ssize_t channel, real factor, real* results, bint far, int vectors,
) noexcept nogil:
    """What all taps of a window are together, and `nothing`, times `factor`: some vectors of channels.

    `far`, a constant to the compiler as `vectors`, is whether all of this is in main memory.
    """
    cdef Py_ssize_t first = job.w.window.first[ow] * job.c, i, _tap
    cdef Py_ssize_t at[VECTORS]
    cdef const real* x
    cdef vec total[VECTORS]
    cdef int j
    for j in range(vectors):
        at[j] = vector_at(channel + j * VL, job.c)
        total[j] = ZERO_VECTOR + nothing
    for i in range(count):
        x = lines[i].numbers + first
        for _tap in range(job.w.window.count[ow]):
            for j in range(vectors):
                if far and job.ask_for_sources:
                    prefetch_for_reading(x + at[j] + AHEAD)
                total[j] = combine(total[j], load(x + at[j]))
            x += job.w.window.step * job.c
    for j in range(vectors):
        if far and job.around:
            store_around(results + ow * job.c + at[j], total[j] * factor)
        else:
            store(results + ow * job.c + at[j], total[j] * factor)


cdef inline void combine_each_window(
    Combine combine, real nothing, const Pooling* shared, Row row, Py_ssize_t count, bint averaged, bint far
) noexcept nogil:
    cdef Pooling job = shared[0]  # a copy that no store can reach
    cdef Py_ssize_t rows = job.d.size[row.d] * job.h.size[row.h], ow, channel
    cdef real factor = 1
    cdef int vectors
    for ow in range(job.w.outputs):
        if averaged and (ow == 0 or job.w.size[ow] != job.w.size[ow - 1]):
            factor = <real>(1.0 / (rows * job.w.size[ow]))
        channel = 0
        while channel < job.c:
            vectors = vectors_for(job.c - channel)
            if vectors == VECTORS:
                combine_taps(combine, nothing, &job, row.lines, count, ow, channel, factor, row.results, far, VECTORS)
            elif vectors == 2:
                combine_taps(combine, nothing, &job, row.lines, count, ow, channel, factor, row.results, far, 2)
            else:
                combine_taps(combine, nothing, &job, row.lines, count, ow, channel, factor, row.results, far, 1)
            channel += VECTORS * VL


cdef inline void combine_windows(
    Combine combine, real nothing, const Pooling* job, Row row, Py_ssize_t count, bint averaged
) noexcept nogil:
    """A row of outputs, window by window."""
    if job.around or job.ask_for_sources:
        combine_each_window(combine, nothing, job, row, count, averaged, True)
    else:
        combine_each_window(combine, nothing, job, row, count, averaged, False)


cdef inline void combine_wide_pixels(
    Combine combine, real nothing, const Pooling* job, const Row* row, Py_ssize_t count, bint averaged
) noexcept nogil:
    """A row of outputs, pixel by pixel of the inputs: that of all lines at once, with what those before it are together."""
    cdef Py_ssize_t rows = job.d.size[row.d] * job.h.size[row.h], c = job.c, ow, tap, taps, distance
    cdef real* result = row.results
    cdef real factor = 1
    cdef bint begins
    for ow in range(job.w.outputs):
        taps = job.w.window.count[ow] if count > 0 else 0
        distance = job.w.window.first[ow] * c
        if averaged and (ow == 0 or job.w.size[ow] != job.w.size[ow - 1]):
            factor = <real>(1.0 / (rows * job.w.size[ow]))
        if taps == 0:
            fill(result, nothing, c)
        for tap in range(taps):
            begins = tap == 0  # with the first line
            combine_lines(
                combine, row.lines[0].numbers + distance if begins else result, row.lines + begins, count - begins,
                distance, c, factor if tap == taps - 1 else 1, result,
            )
            distance += job.w.window.step * c
        result += c


cdef inline bint has_own_windows(const Pooling* job, Py_ssize_t few) noexcept nogil:
    """Whether it is less work to combine each by itself: it has few taps, or shares them with one neighbour at most."""
    return job.c >= VL and (
        job.d.taps * job.h.taps * job.w.taps <= few or (job.c >= MANY_CHANNELS and job.w.most <= 2)
    )


cdef inline bint has_wide_pixels(const Pooling* job) noexcept nogil:
    """Whether each is better read from its beginning to its end than in blocks, together with its neighbours."""
    return job.c > 2 * VECTORS * VL


cdef inline void max_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    cdef Py_ssize_t count = lines_below(job, x, &row)
    cdef const real* column
    if has_own_windows(job, 8) and has_wide_pixels(job):
        combine_wide_pixels(larger_of_two, -INFINITY, job, &row, count, False)
    elif has_own_windows(job, 8):
        combine_windows(larger_of_two, -INFINITY, job, row, count, False)
    else:
        column = combine_columns(larger_of_two, job, x, &row, count)
        combine_spans(larger_of_two, -INFINITY, &job.w.window, &job.of_outputs, column, job.w.outputs, job.c, row.results)


cdef inline void divide_by_sizes(const Pooling* job, Py_ssize_t rows, real* outputs) noexcept nogil:
    """Divides each pixel of a row of outputs by the size of its window: so many rows, and some columns."""
    cdef Py_ssize_t* size = job.w.size
    cdef Py_ssize_t ow = 0, end
    while ow < job.w.outputs:  # neighbours whose windows are as large are divided together
        end = ow + 1
        while end < job.w.outputs and size[end] == size[ow]:
            end += 1
        multiply(outputs + ow * job.c, <real>(1.0 / (rows * size[ow])), (end - ow) * job.c)
        ow = end


cdef inline void average_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    cdef Py_ssize_t count = lines_below(job, x, &row)
    cdef const real* column
    # An addition takes less time than a comparison.
    cdef bint own_windows = has_own_windows(job, 16 if job.c >= VECTORS * VL else 8)
    if own_windows and has_wide_pixels(job):
        combine_wide_pixels(sum_of_two, 0, job, &row, count, True)
    elif own_windows:
        combine_windows(sum_of_two, 0, job, row, count, True)
    else:
        column = combine_columns(sum_of_two, job, x, &row, count)
        combine_spans(sum_of_two, 0, &job.w.window, &job.of_outputs, column, job.w.outputs, job.c, row.results)
        divide_by_sizes(job, job.d.size[row.d] * job.h.size[row.h], row.results)


# The gradient of an average -------------------------------------------------------------------------------------------


cdef inline void average_gradient_row(const Pooling* job, const real* d_y, Row row) noexcept nogil:
    cdef Py_ssize_t length = job.w.outputs * job.c
    cdef Py_ssize_t d, h, od, oh
    cdef real* column = NULL
    cdef const real* source
    cdef real scale
    for d in range(job.d.covering.count[row.d]):
        od = job.d.covering.first[row.d] + d * job.d.covering.step
        for h in range(job.h.covering.count[row.h]):
            oh = job.h.covering.first[row.h] + h * job.h.covering.step
            source = d_y + ((row.n * job.d.outputs + od) * job.h.outputs + oh) * length
            scale = <real>(1.0 / (job.d.size[od] * job.h.size[oh]))
            (copy_scaled if column == NULL else add_scaled)(row.column, source, scale, length)
            column = row.column
    if column != NULL:
        divide_by_sizes(job, 1, column)
    combine_spans(sum_of_two, 0, &job.w.covering, &job.of_inputs, column, job.w.inputs, job.c, row.results)
