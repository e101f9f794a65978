# Pooling of planes along their rows: images of one channel, as those of "channels_first" are. For pool.pyx.
#
# Design:
# a) The rows of inputs below a row of outputs become one, in scratch memory, with so much on both sides as windows reach beyond the
#    image. Some such rows, of one plane or of several, are a band: they stay in L1, one behind the other, and so do their results.
#    Memory is read and written in its order.
# b) Where windows along w are alike, every number of the band is combined with those that would be in its window if one began there,
#    and the numbers where a window does begin are picked from vectors by shuffles, as in pixel_groups.pxd. Vectors of results go on
#    from row to row: where windows begin in each is a table, which repeats itself after a few rows. Long rows are bands.
# c) Long windows, alike or not, are a vector each, or several. The vectors of VL windows become one by rounds of
#    exchanges (transpose.pxd).
# d) In one dimension there is nothing to put together: windows are read where they are, but for the last ones, behind which no memory
#    may be.
# e) Bands are the parallel work. The order of a sum depends on its window only.
from libc.math cimport INFINITY
from libc.stdint cimport uintptr_t

from kernels.column_sums cimport ask_for_sources
from kernels.combine cimport Combine, combine_group, combine_vectors, fill, larger_of_two
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.lanes cimport lane, lane_vec, store_lanes
from kernels.masks cimport choose, lanes_between
from kernels.pool_planes cimport blocks_of
from kernels.pooling cimport AHEAD, VECTORS, Axis, Pooling, greatest_common_divisor, load, load_before, store
from kernels.prefetch cimport LINE, prefetch_for_reading, store_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.transpose cimport combine_rows, sum_of_two

cdef enum:
    BAND = 1 << 12  # numbers, about
    SHORT = 128     # outputs of a row that shares bands with others, at most

ctypedef void (*ComputeBand)(
    const Pooling* job, const PlaneRows* rows, const real* x, real* y, Py_ssize_t band, real* scratch
) noexcept nogil

cdef struct PlaneRows:
    Py_ssize_t front, width  # of a row in a band: numbers before those of the image, and in all
    Py_ssize_t some, count   # rows of a band, and how many rows there are
    Py_ssize_t reach         # numbers that may be read behind the last row
    bint around              # whether results go around the caches
    bint ask                 # for inputs ahead of time
    bint picked              # whether results are picked from vectors, as in b)
    int sources              # vectors that a vector of results is picked from
    Py_ssize_t phases        # vectors of results until windows begin as in the first one
    Py_ssize_t advance       # numbers until they do
    Py_ssize_t distance      # between the lanes of two phases: 0 if they are the same
    Py_ssize_t* first        # where the first window of each phase begins
    lane* lanes              # and all windows, from there on
    real share               # 1 / what a window counts, for an average, if all are alike; else there is a table:
    real* shares             # of a plane, or of several small ones, and a vector behind; NULL if there is none
    Py_ssize_t cycle         # of so many outputs


cdef inline Py_ssize_t behind(const Axis* axis) noexcept nogil:
    """How far the last window reaches beyond the image."""
    cdef Py_ssize_t last = (axis.outputs - 1) * axis.stride - axis.pad + (axis.pool - 1) * axis.window.step
    return max(last + 1 - axis.inputs, <Py_ssize_t>0)


cdef inline PlaneRows describe_rows(const Pooling* job, const real* results) noexcept nogil:
    """Describes them, but for what `fill_row_tables` finds."""
    cdef PlaneRows rows
    cdef Py_ssize_t outputs = max(job.w.outputs, <Py_ssize_t>1), cycle
    cdef Py_ssize_t numbers = behind(&job.w) + job.w.inputs + job.w.pad
    cdef Py_ssize_t loads = ((VL - 1) * numbers // outputs // VL + 1) * job.w.pool  # for a vector that is picked
    rows.picked = job.w.alike and (job.w.window.step > 1 or loads <= 3 * VL)
    rows.front = job.w.pad if rows.picked else 0
    rows.width = numbers if rows.picked else job.w.inputs
    rows.cycle = 0
    if not (are_all(job.d.size, job.d.outputs) and are_all(job.h.size, job.h.outputs) and are_all(job.w.size, outputs)):
        rows.cycle = job.d.outputs * job.h.outputs * outputs
        rows.cycle *= (VL + rows.cycle - 1) // rows.cycle
    rows.ask = ask_for_sources(job.n * job.d.inputs * job.h.inputs * <double>job.w.inputs)
    rows.count = job.n * job.d.outputs * job.h.outputs
    rows.some, rows.phases, rows.advance, rows.distance = 1, (outputs + VL - 1) // VL, 0, 0
    if outputs <= SHORT and rows.width <= BAND:
        cycle = VL // greatest_common_divisor(outputs, VL)  # rows until a vector begins with one again
        rows.some = max(BAND // max(rows.width, <Py_ssize_t>1) // cycle * cycle, cycle)
        rows.phases, rows.advance, rows.distance = cycle * outputs // VL, cycle * rows.width, VL
    rows.around = job.large and (rows.some * outputs) % VL == 0 and <uintptr_t>results % sizeof(vec) == 0
    return rows


cdef inline size_t bytes_of_row_tables(const PlaneRows* rows) noexcept nogil:
    return rows.phases * (sizeof(Py_ssize_t) + VL * sizeof(lane)) + (rows.cycle + VL) * sizeof(real) + sizeof(vec)


cdef inline bint are_all(const Py_ssize_t* sizes, Py_ssize_t count) noexcept nogil:
    """Whether they are the same."""
    cdef Py_ssize_t i
    for i in range(1, count):
        if sizes[i] != sizes[0]:
            return False
    return True


cdef inline void fill_shares(PlaneRows* rows, const Pooling* job, real* shares) noexcept nogil:
    cdef Py_ssize_t outputs = job.d.outputs * job.h.outputs * job.w.outputs, o, row, size
    rows.share, rows.shares = <real>(1.0 / (job.d.size[0] * job.h.size[0] * job.w.size[0])), NULL
    if rows.cycle == 0:
        return
    rows.shares = shares
    for o in range(rows.cycle + VL):
        row = o % outputs // job.w.outputs
        size = job.d.size[row // job.h.outputs] * job.h.size[row % job.h.outputs] * job.w.size[o % job.w.outputs]
        shares[o] = <real>(1.0 / size)


cdef inline void fill_row_tables(PlaneRows* rows, const Pooling* job, char* tables) noexcept nogil:
    cdef Py_ssize_t stride = job.w.stride, phase, o = 0, begin = 0, i
    cdef lane* lanes
    rows.lanes = <lane*>tables
    rows.first = <Py_ssize_t*>(rows.lanes + rows.phases * VL)
    fill_shares(rows, job, <real*>(rows.first + rows.phases))
    rows.sources = 2  # at least: there are loops for two
    for phase in range(rows.phases):
        rows.first[phase] = begin + o * stride
        lanes = rows.lanes + phase * VL
        for i in range(VL):  # outputs of rows that lie one behind the other
            lanes[i] = <lane>(begin + o * stride - rows.first[phase])
            o += 1
            if o == job.w.outputs and rows.distance > 0:
                o = 0
                begin += rows.width
        rows.sources = max(rows.sources, <int>(lanes[VL - 1] // VL + 1))
    rows.reach = rows.sources * VL + (job.w.pool - 1) * job.w.window.step + VL


cdef inline Py_ssize_t bytes_of_rows(const PlaneRows* rows, const Pooling* job) noexcept nogil:
    """Of a band, as scratch memory."""
    cdef Py_ssize_t between = job.w.stride if rows.distance == 0 else rows.width  # windows, at most
    cdef Py_ssize_t reach = VL * between + VL + job.w.pool * job.w.window.step
    return ((rows.some * rows.width + reach) * sizeof(real) + 63) // 64 * 64


cdef inline bint has_plane_rows(const Pooling* job) noexcept nogil:
    """Whether they are best pooled along their rows. Short windows that are not alike take less time in blocks of planes."""
    return VL > 1 and job.c == 1 and (job.w.alike or job.w.taps >= VL or blocks_of(job) == 0)


# From planes to the rows of a band


cdef inline void combine_box(
    Combine combine, real nothing, const real* numbers, const real* end, Py_ssize_t d, Py_ssize_t d_step,
    Py_ssize_t h, Py_ssize_t h_step, Py_ssize_t w, real* into
) noexcept nogil:
    """What d x h rows of w numbers are together. Reads and writes whole vectors, but not beyond `end`."""
    cdef Py_ssize_t at = 0, i, j
    cdef vec total
    while at < w:
        total = ZERO_VECTOR + nothing
        for i in range(d):
            for j in range(h):
                total = combine(total, load_before(numbers + i * d_step + j * h_step + at, end))
        store(into + at, total)
        at += VL


cdef inline void combine_rows_below(
    Combine combine, real nothing, const Pooling* job, const real* plane, const real* end, Py_ssize_t od, Py_ssize_t oh,
    real* into,
) noexcept nogil:
    """`end` is that of all planes, NULL where it is far."""
    cdef Py_ssize_t w = job.w.inputs, d = job.d.window.count[od], h = job.h.window.count[oh]
    cdef Py_ssize_t d_step = job.d.window.step * job.h.inputs * w, h_step = job.h.window.step * w
    cdef const real* first = plane + (job.d.window.first[od] * job.h.inputs + job.h.window.first[oh]) * w
    if end == NULL and d == 2 and h == 1:
        combine_box(combine, nothing, first, NULL, 2, d_step, 1, h_step, w, into)
    elif end == NULL and d == 3 and h == 1:
        combine_box(combine, nothing, first, NULL, 3, d_step, 1, h_step, w, into)
    elif end == NULL:
        combine_box(combine, nothing, first, NULL, d, d_step, h, h_step, w, into)
    else:
        combine_box(combine, nothing, first, end, d, d_step, h, h_step, w, into)


# From rows to results


cdef inline void write_results(
    const PlaneRows* rows, vec v, real* results, Py_ssize_t count, Py_ssize_t* output, bint averaged
) noexcept nogil:
    """So many of a vector, the first of which is that of `output`. Whole vectors may go around the caches."""
    if averaged and rows.shares == NULL:
        v *= rows.share
    elif averaged:
        v *= load(rows.shares + output[0])
        output[0] += VL
        output[0] -= rows.cycle if output[0] >= rows.cycle else 0
    if rows.around and count >= VL:
        store_around(results, v)
    else:
        store_lanes(results, v, count)


cdef inline void pick_results(
    Combine combine, const PlaneRows* shared, const real* band, Py_ssize_t count, Py_ssize_t taps, Py_ssize_t step,
    real* results, Py_ssize_t output, bint averaged, int sources,
) noexcept nogil:
    """So many results of rows that lie one behind the other."""
    cdef PlaneRows rows = shared[0]  # a copy that no store can reach
    cdef Py_ssize_t at = 0, phase = 0
    cdef vec v
    while at < count:
        v = combine_group(
            combine, (<const lane_vec*>(rows.lanes + phase * rows.distance))[0], sources, band + rows.first[phase], taps, step
        )
        write_results(&rows, v, results + at, count - at, &output, averaged)
        at += VL
        phase += 1
        if phase == rows.phases:
            phase = 0
            band += rows.advance


cdef inline vec combine_window(Combine combine, real nothing, const real* numbers, Py_ssize_t count) noexcept nogil:
    """A vector, whose numbers together are what `count` numbers are."""
    cdef vec all_nothing = ZERO_VECTOR + nothing
    cdef vec total = all_nothing
    cdef vec some[VECTORS]  # side by side: each combination waits for the one before
    cdef int j
    if count >= 2 * VECTORS * VL:
        for j in range(VECTORS):
            some[j] = all_nothing
        while count >= VECTORS * VL:
            for j in range(VECTORS):
                some[j] = combine(some[j], load(numbers + j * VL))
            numbers += VECTORS * VL
            count -= VECTORS * VL
        for j in range(VECTORS):
            total = combine(total, some[j])
    while count >= VL:
        total = combine(total, load(numbers))
        numbers += VL
        count -= VL
    if count > 0:
        total = combine(total, choose(lanes_between(0, <int>count), load(numbers), all_nothing))
    return total


cdef inline void gather_results(
    Combine combine, real nothing, const PlaneRows* rows, const Axis* w, const real* band, Py_ssize_t count, real* results,
    Py_ssize_t output, bint averaged,
) noexcept nogil:
    """So many results of rows that lie one behind the other."""
    cdef vec windows[VL]
    cdef Py_ssize_t at = 0, o = 0
    cdef int i
    while at < count:
        for i in range(VL):
            windows[i] = combine_window(
                combine, nothing, band + w.window.first[o], w.window.count[o] if at + i < count else 0
            )
            o += 1
            if o == w.outputs and at + i + 1 < count:
                band += w.inputs
            if o == w.outputs:
                o = 0
        write_results(rows, combine_rows(combine, windows), results + at, count - at, &output, averaged)
        at += VL


cdef inline const real* put_band_together(
    Combine combine, real nothing, const Pooling* job, const PlaneRows* rows, const real* x, Py_ssize_t first,
    Py_ssize_t some, real* scratch,
) noexcept nogil:
    """Returns where so many rows of a band lie, one behind the other: in scratch memory, unless they do so in x."""
    cdef Py_ssize_t of_plane = job.d.outputs * job.h.outputs, size = job.d.inputs * job.h.inputs * job.w.inputs
    cdef Py_ssize_t gap = rows.width - job.w.inputs, share = size // of_plane  # of the inputs, for a row of outputs
    cdef Py_ssize_t h = first % job.h.outputs, d = first // job.h.outputs % job.d.outputs, row
    cdef const real* plane = x + first // of_plane * size
    cdef const real* ahead = x + first * share + AHEAD
    cdef const real* end = x + job.n * size
    cdef const real* safe = NULL
    cdef real* into = scratch
    if size == job.w.inputs and gap == 0 and of_plane == 1 and plane + some * size + rows.reach <= end:
        return plane
    if x + ((first + some - 1) // of_plane + 1) * size + VL > end:
        safe = end
    fill(into, nothing, rows.front)
    into += rows.front
    for row in range(some):
        combine_rows_below(combine, nothing, job, plane, safe, d, h, into)
        while rows.ask and ahead < x + (first + row + 1) * share + AHEAD:
            prefetch_for_reading(ahead)
            ahead += LINE
        into += job.w.inputs
        fill(into, nothing, gap)
        into += gap
        h += 1
        if h == job.h.outputs:
            h = 0
            d += 1
            if d == job.d.outputs:
                d = 0
                plane += size
    return scratch


cdef inline void compute_plane_rows(
    Combine combine, real nothing, bint averaged, const Pooling* shared, const PlaneRows* rows, const real* x, real* y,
    Py_ssize_t task, real* scratch,
) noexcept nogil:
    """The results of a band."""
    cdef Pooling job = shared[0]  # a copy that no store can reach
    cdef unsigned long long state = flush_denormals() if averaged else 0
    cdef Py_ssize_t first = task * rows.some, some = min(rows.some, rows.count - first)
    cdef Py_ssize_t count = some * job.w.outputs, step = job.w.window.step, output = 0
    cdef const real* band = put_band_together(combine, nothing, &job, rows, x, first, some, scratch)
    y += first * job.w.outputs
    if averaged and rows.cycle > 0:
        output = first * job.w.outputs % rows.cycle
    if not rows.picked:
        gather_results(combine, nothing, rows, &job.w, band, count, y, output, averaged)
    elif rows.sources == 2 and job.w.pool == 2 and step == 1:
        pick_results(combine, rows, band, count, 2, 1, y, output, averaged, 2)
    elif rows.sources == 2 and job.w.pool == 3 and step == 1:
        pick_results(combine, rows, band, count, 3, 1, y, output, averaged, 2)
    elif rows.sources == 2:
        pick_results(combine, rows, band, count, job.w.pool, step, y, output, averaged, 2)
    else:
        pick_results(combine, rows, band, count, job.w.pool, step, y, output, averaged, rows.sources)
    if averaged:
        restore_denormals(state)


cdef inline void max_of_band(
    const Pooling* job, const PlaneRows* rows, const real* x, real* y, Py_ssize_t band, real* scratch
) noexcept nogil:
    compute_plane_rows(larger_of_two, -INFINITY, False, job, rows, x, y, band, scratch)


cdef inline void average_of_band(
    const Pooling* job, const PlaneRows* rows, const real* x, real* y, Py_ssize_t band, real* scratch
) noexcept nogil:
    compute_plane_rows(sum_of_two, 0, True, job, rows, x, y, band, scratch)
