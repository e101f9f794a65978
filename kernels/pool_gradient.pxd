# The gradient of pooling: the inner loops.
#
# Design:
# a) The gradient is computed row by row of inputs, so that a row is the work of one thread, and no sum depends on how rows
#    are shared.
# b) Where windows lie apart, each writes to all of its taps in the row: for an average its share, for a maximum its
#    gradient where the tap is the place, else zero.
# c) Otherwise each input adds up what the windows that cover it have for it. (For an average, pool.pyx has a shorter way.)
# d) With few channels, or wide windows, that would be zeros in the main. Numbers are then added to zeros one by one.
# e) In b) and c), the numbers of a vector are neighbouring channels. Where they do not fill the last vector it overlaps the
#    one before, or reaches into the next pixels, which are computed later. Nothing that was written is read again, so this
#    does no harm. Up to VECTORS vectors go through a loop together, since there is little to do for each.
# f) In b) and c), memory for results is asked for AHEAD numbers before it is written: a store that has to wait for its line holds up
#    those behind it. Or, where arrays are large, results go around the caches (around.pxd): they are written once, in order.
from libc.string cimport memset

from kernels.masks cimport choose, mask
from kernels.max_places cimport is_place, load_places, place_at
from kernels.pooling cimport (
    AHEAD, VECTORS, Line, Pooling, Row, lines_above, load_before, output_row, store, vector_at, vectors_for
)
from kernels.prefetch cimport prefetch_for_reading, store_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec

cdef extern from *:
    """
    #include <stdint.h>
    #define ELSEWHERE 16
    /* Without a jump, which would go the wrong way half of the time. */
    static CYTHON_INLINE real *choose_address(int where, real *a, real *b) {
        return (real *)(((uintptr_t)a & -(uintptr_t)where) | ((uintptr_t)b & ((uintptr_t)where - 1)));
    }
    """
    enum:
        ELSEWHERE
    real* choose_address(bint where, real* a, real* b) noexcept nogil


cdef inline void write_result(real* d_x, vec v, bint around) noexcept nogil:
    if around:
        store_around(d_x, v)
    else:
        prefetch_for_reading(d_x + AHEAD)
        store(d_x, v)


# Gradient where windows lie apart


cdef inline void write_channels(
    const Pooling* job, const Line* line, const real* end, real share, Py_ssize_t ow, Py_ssize_t channel,
    real* d_x, bint averaged, bint around, int vectors,
) noexcept nogil:
    """Writes the gradient of some vectors of channels to all taps of a window in a row of inputs."""
    cdef Py_ssize_t first = ow * job.c, place = line.place, _tap
    cdef Py_ssize_t at[VECTORS]
    cdef vec gradient[VECTORS]
    cdef mask where[VECTORS]
    cdef int j
    for j in range(vectors):
        at[j] = vector_at(channel + j * VL, job.c)
        gradient[j] = load_before(line.numbers + first + at[j], end)
        if averaged:
            gradient[j] *= share
        else:
            where[j] = load_places(line.places + (first + at[j]) * job.place_size, job.place_size)
    d_x += job.w.window.first[ow] * job.c
    for _tap in range(job.w.window.count[ow]):
        for j in range(vectors):
            if averaged:
                write_result(d_x + at[j], gradient[j], around)
            else:
                write_result(d_x + at[j], choose(is_place(where[j], <int>place), gradient[j], ZERO_VECTOR), around)
        d_x += job.w.window.step * job.c
        place += job.w.window.step


cdef inline void write_line(
    const Pooling* job, const Line* line, const real* end, real* d_x, bint averaged, bint around
) noexcept nogil:
    """Computes a row of inputs from the row of outputs whose windows cover it."""
    cdef Py_ssize_t ow, iw, channel
    cdef int vectors
    cdef real share = 0
    for ow in range(job.w.outputs):
        if averaged and (ow == 0 or job.w.size[ow] != job.w.size[ow - 1]):
            share = <real>(1.0 / (line.size * job.w.size[ow]))
        channel = 0
        while channel < job.c:
            vectors = vectors_for(job.c - channel)
            if vectors == VECTORS:
                write_channels(job, line, NULL, share, ow, channel, d_x, averaged, around, VECTORS)
            elif vectors == 2:
                write_channels(job, line, NULL, share, ow, channel, d_x, averaged, around, 2)
            else:
                write_channels(job, line, end, share, ow, channel, d_x, averaged, around, 1)
            channel += VECTORS * VL
    for iw in range(job.w.inputs if job.w.gaps else 0):
        if job.w.covering.count[iw] == 0:
            memset(d_x + iw * job.c, 0, job.c * sizeof(real))


# Gradient where windows overlap


cdef inline void add_channels(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end,
    Py_ssize_t iw, Py_ssize_t channel, real* d_x, bint around, int vectors,
) noexcept nogil:
    """Adds up the gradient of some vectors of channels of an input."""
    cdef Py_ssize_t w, ow, first, tap, i
    cdef Py_ssize_t at[VECTORS]
    cdef vec total[VECTORS]
    cdef vec gradient
    cdef mask where
    cdef int j
    for j in range(vectors):
        at[j] = vector_at(channel + j * VL, job.c)
        total[j] = ZERO_VECTOR
    for w in range(job.w.covering.count[iw]):
        ow = job.w.covering.first[iw] + w * job.w.covering.step
        first = ow * job.c
        tap = iw - job.w.window.first[ow]
        for i in range(count):
            for j in range(vectors):
                where = load_places(lines[i].places + (first + at[j]) * job.place_size, job.place_size)
                gradient = load_before(lines[i].numbers + first + at[j], end)
                total[j] += choose(is_place(where, <int>(lines[i].place + tap)), gradient, ZERO_VECTOR)
    for j in range(vectors):
        write_result(d_x + iw * job.c + at[j], total[j], around)


cdef inline void add_lines(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end, real* d_x, bint around
) noexcept nogil:
    cdef Py_ssize_t iw, channel
    cdef int vectors
    for iw in range(job.w.inputs):
        channel = 0
        while channel < job.c:
            vectors = vectors_for(job.c - channel)
            if vectors == VECTORS:
                add_channels(job, lines, count, NULL, iw, channel, d_x, around, VECTORS)
            elif vectors == 2:
                add_channels(job, lines, count, NULL, iw, channel, d_x, around, 2)
            else:
                add_channels(job, lines, count, end, iw, channel, d_x, around, 1)
            channel += VECTORS * VL


# Gradient, number by number


cdef inline void scatter_line(const Pooling* job, const Line* line, real* d_x) noexcept nogil:
    cdef Py_ssize_t ow, channel, tap, end, at = 0
    cdef real nowhere[ELSEWHERE]  # several, since an addition to one waits for the one before
    cdef real* first
    for ow in range(job.w.outputs):
        first = d_x + job.w.window.first[ow] * job.c
        end = (job.w.window.count[ow] - 1) * job.w.window.step + 1
        for channel in range(job.c):
            tap = place_at(line.places + at * job.place_size, job.place_size) - line.place
            choose_address(0 <= tap < end, first + tap * job.c + channel, nowhere + at % ELSEWHERE)[0] += line.numbers[at]
            at += 1


cdef inline void max_gradient_row(const Pooling* shared, const real* d_y, Row row) noexcept nogil:
    cdef Pooling job = shared[0]  # a copy that no store can reach
    cdef Py_ssize_t count = lines_above(&job, d_y, &row), i
    cdef const real* end = d_y + output_row(&job, job.n, 0, 0)
    if count == 0 or 3 * job.c < job.w.taps + 3:  # as measured
        memset(row.results, 0, job.w.inputs * job.c * sizeof(real))
        for i in range(count):
            scatter_line(&job, &row.lines[i], row.results)
    elif job.apart and job.around:
        write_line(&job, row.lines, end, row.results, False, True)
    elif job.apart:
        write_line(&job, row.lines, end, row.results, False, False)
    elif job.around:
        add_lines(&job, row.lines, count, end, row.results, True)
    else:
        add_lines(&job, row.lines, count, end, row.results, False)


cdef inline void even_gradient_row(const Pooling* shared, const real* d_y, Row row) noexcept nogil:
    """The gradient of an average over windows that lie apart: all of their pixels get the same."""
    cdef Pooling job = shared[0]  # a copy that no store can reach
    if lines_above(&job, d_y, &row) == 0:
        memset(row.results, 0, job.w.inputs * job.c * sizeof(real))
    elif job.around:
        write_line(&job, row.lines, d_y + output_row(&job, job.n, 0, 0), row.results, True, True)
    else:
        write_line(&job, row.lines, d_y + output_row(&job, job.n, 0, 0), row.results, True, False)
