# Resizing: every axis is interpolated by itself. Upsampling, downsampling, and the gradients of both.
#
# Design:
# a) x and y are (n, d, h, w, c), contiguous. What becomes of an axis is a band: output i is the sum of `taps` neighbours of
#    the input, the first at starts[i], with weights[i]. Weights that are not needed are 0; no neighbour lies outside.
# b) The gradient is the same function: the transpose of a band is a band, of the gradient's neighbours.
# c) An output row takes two steps. The rows of the input that it depends on are added up into one line, which stays in cache;
#    then the numbers of the row are taken from the line. So memory is read and written once. A single row is not copied.
#    Where two rows and two columns of many channels are mixed, each number is computed from its four neighbours at once: a line
#    would take longer than it saves, since memory waits while it is made. In CPUs whose prefetchers do not follow two rows, the
#    lines that come next are asked for.
# d) Up to four taps are added at a time: their weights are in registers, and a number is written once for four.
# e) With many channels, the pixels of a row are loops over vectors of channels. Few channels would not fill a vector: there
#    each number of the row is looked up, with places and weights in tables made once per call, LANES at a time.
# f) Pixels of many channels go around the caches where the images are large (around.pxd).
# g) Rows of the output are shared out in at most TASKS parts, by the shape only. Each row is computed by one thread in the
#    same order, and each thread has a line of its own: results are the same for any number of threads.
cimport numpy
from cython.parallel cimport parallel, prange, threadid

from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.arrays cimport count_of, numbers_of, places_of, results_of
from kernels.around cimport BLOCK, carry_around, go_around
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport end_stores_around, prefetch_for_reading
from kernels.real cimport VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    TASKS = 64
    LANES = 16
    AHEAD = 2048  # numbers
    MANY = 128  # channels: prefetchers follow pixels of two rows that have fewer, as measured
    WIDE = 8  # channels from which on pixels are loops over channels

cdef struct Band:
    const Py_ssize_t* starts
    const real* weights
    Py_ssize_t taps, outputs

cdef struct Job:
    const real* x
    real* y
    Py_ssize_t d, h, w, c  # of x
    Band depth, rows, columns
    bint as_it_is          # whether the line is the row
    bint mixes_rows        # whether there is no line, but two rows with two columns each
    bint ask_for_rows      # ahead of time
    bint around            # whether pixels go around the caches
    int* places            # for few channels: where in the line the first tap of each number of a row lies
    real* factors          # and the weights, tap after tap, each for all numbers of a row


cdef inline Band band_of(numpy.ndarray starts, numpy.ndarray weights) except *:
    return Band(places_of(starts, 1), numbers_of(weights, 2), weights.shape[1], weights.shape[0])


cdef inline bint is_copy(const Band* band, Py_ssize_t inputs) noexcept nogil:
    cdef Py_ssize_t i
    if band.taps > 1 or band.outputs != inputs:
        return False
    for i in range(inputs):
        if band.starts[i] != i or band.weights[i] != 1:
            return False
    return True


# Sums of neighbours ---------------------------------------------------------------------------------------------------


cdef inline void add_few(
    const real* x, Py_ssize_t distance, const real* weights, int taps, bint first, real* y, Py_ssize_t count
) noexcept nogil:
    """y (+)= the sum of up to four taps. `taps` and `first` are constants to the compiler."""
    cdef real[4] weight
    cdef vec total
    cdef real number
    cdef Py_ssize_t i = 0
    cdef int tap
    for tap in range(taps):
        weight[tap] = weights[tap]
    while i + VL <= count:
        total = weight[0] * (<const vec*>(x + i))[0]
        if not first:
            total = total + (<vec*>(y + i))[0]
        for tap in range(1, taps):
            total = total + weight[tap] * (<const vec*>(x + tap * distance + i))[0]
        (<vec*>(y + i))[0] = total
        i += VL
    while i < count:
        number = weight[0] * x[i]
        if not first:
            number += y[i]
        for tap in range(1, taps):
            number += weight[tap] * x[tap * distance + i]
        y[i] = number
        i += 1


cdef inline void add_taps(
    const real* x, Py_ssize_t distance, const real* weights, Py_ssize_t taps, bint first, real* y, Py_ssize_t count
) noexcept nogil:
    """y (+)= the sum over taps of weight * x; `distance` numbers lie between the taps."""
    cdef Py_ssize_t tap = 0
    while tap < taps:
        if taps - tap >= 4:
            if first:
                add_few(x, distance, weights, 4, True, y, count)
            else:
                add_few(x, distance, weights, 4, False, y, count)
            tap += 4
            x += 4 * distance
            weights += 4
        elif taps - tap >= 2:
            if first:
                add_few(x, distance, weights, 2, True, y, count)
            else:
                add_few(x, distance, weights, 2, False, y, count)
            tap += 2
            x += 2 * distance
            weights += 2
        else:
            if first:
                add_few(x, distance, weights, 1, True, y, count)
            else:
                add_few(x, distance, weights, 1, False, y, count)
            tap += 1
        first = False


cdef inline void look_up(
    const real* line, Py_ssize_t c, const int* places, const real* factors, Py_ssize_t width, Py_ssize_t taps,
    real* y, int count
) noexcept nogil:
    """Up to LANES numbers of a row with few channels: all its tables are those of the first of them."""
    cdef real[LANES] sums
    cdef Py_ssize_t _tap
    cdef int lane
    for lane in range(count):
        sums[lane] = factors[lane] * line[places[lane]]
    for _tap in range(1, taps):
        factors += width
        line += c
        for lane in range(count):
            sums[lane] += factors[lane] * line[places[lane]]
    for lane in range(count):
        y[lane] = sums[lane]


# Rows -----------------------------------------------------------------------------------------------------------------


cdef inline void add_few_columns(
    const Job* job, const real* line, Py_ssize_t first, Py_ssize_t end, int taps, real* y
) noexcept nogil:
    """As `make_pixels`. `taps` is a constant to the compiler."""
    cdef Py_ssize_t c = job.c, i
    for i in range(first, end):
        add_few(line + job.columns.starts[i] * c, c, job.columns.weights + i * taps, taps, True, y, c)
        y += c


cdef inline void make_pixels(const Job* job, const real* line, Py_ssize_t first, Py_ssize_t end, real* y) noexcept nogil:
    """Some pixels of many channels, from the line; y begins with the first of them."""
    cdef Py_ssize_t c = job.c, taps = job.columns.taps, i
    if taps == 1:
        add_few_columns(job, line, first, end, 1, y)
    elif taps == 2:
        add_few_columns(job, line, first, end, 2, y)
    elif taps == 4:
        add_few_columns(job, line, first, end, 4, y)
    else:
        for i in range(first, end):
            add_taps(line + job.columns.starts[i] * c, c, job.columns.weights + i * taps, taps, True, y, c)
            y += c


cdef inline void look_up_row(const Job* job, const real* line, real* y) noexcept nogil:
    """The row of few channels, from the line."""
    cdef Py_ssize_t c = job.c, taps = job.columns.taps, width = job.columns.outputs * c, i = 0
    while i + LANES <= width:
        if taps == 1:
            look_up(line, c, job.places + i, job.factors + i, width, 1, y + i, LANES)
        elif taps == 2:
            look_up(line, c, job.places + i, job.factors + i, width, 2, y + i, LANES)
        else:
            look_up(line, c, job.places + i, job.factors + i, width, taps, y + i, LANES)
        i += LANES
    look_up(line, c, job.places + i, job.factors + i, width, taps, y + i, <int>(width - i))


cdef inline void mix_pixels(
    const Job* job, const real* x, const real* weights, Py_ssize_t first, Py_ssize_t end, real* y, bint ask
) noexcept nogil:
    """As `make_pixels`, with both steps: from two rows of the input, and from two columns each.

    `ask`, a constant to the compiler, is whether both rows are asked for ahead of time.
    """
    cdef Py_ssize_t c = job.c, width = job.w * c, i, j
    cdef const real* left
    cdef const real* right
    cdef real[4] weight
    for i in range(first, end):
        left = x + job.columns.starts[i] * c
        right = left + c
        for j in range(4):
            weight[j] = weights[j // 2] * job.columns.weights[2 * i + j % 2]
        j = 0
        while j + VL <= c:
            if ask:
                prefetch_for_reading(left + j + AHEAD)
                prefetch_for_reading(right + j + AHEAD)
                prefetch_for_reading(left + width + j + AHEAD)
                prefetch_for_reading(right + width + j + AHEAD)
            (<vec*>(y + j))[0] = (
                weight[0] * (<const vec*>(left + j))[0] + weight[1] * (<const vec*>(right + j))[0]
                + weight[2] * (<const vec*>(left + width + j))[0] + weight[3] * (<const vec*>(right + width + j))[0]
            )
            j += VL
        while j < c:
            y[j] = (
                weight[0] * left[j] + weight[1] * right[j] + weight[2] * left[width + j] + weight[3] * right[width + j]
            )
            j += 1
        y += c


cdef inline void make_row(const Job* job, const real* source, const real* weights, real* y) noexcept nogil:
    """The row from its line, or from two rows with these weights."""
    cdef real[BLOCK] block
    cdef Py_ssize_t c = job.c, outputs = job.columns.outputs, some = max(BLOCK // c, 1) if job.around else outputs
    cdef Py_ssize_t first = 0, end
    cdef real* pixels
    if job.places != NULL:
        look_up_row(job, source, y)
        return
    while first < outputs:
        end = min(first + some, outputs)
        pixels = &block[0] if job.around else y + first * c
        if job.mixes_rows and job.ask_for_rows:
            mix_pixels(job, source, weights, first, end, pixels, True)
        elif job.mixes_rows:
            mix_pixels(job, source, weights, first, end, pixels, False)
        else:
            make_pixels(job, source, first, end, pixels)
        if job.around:
            carry_around(block, y + first * c, (end - first) * c)
        first = end


cdef inline void resize_row(const Job* job, Py_ssize_t row, real* line, real* y) noexcept nogil:
    cdef Py_ssize_t width = job.w * job.c, plane = job.h * width
    cdef Py_ssize_t i = row % job.rows.outputs, k = row // job.rows.outputs % job.depth.outputs
    cdef const real* x = job.x + row // job.rows.outputs // job.depth.outputs * job.d * plane
    cdef real[4] weights
    cdef Py_ssize_t slice, tap, some, j
    cdef real share
    x += job.depth.starts[k] * plane + job.rows.starts[i] * width
    if job.depth.taps == 1 and job.rows.taps == 1 and job.depth.weights[k] * job.rows.weights[i] == 1 and not job.as_it_is:
        make_row(job, x, NULL, y)
        return
    if job.mixes_rows:
        for j in range(2):
            weights[j] = job.depth.weights[k] * job.rows.weights[2 * i + j]
        make_row(job, x, weights, y)
        return
    if job.as_it_is:
        line = y
    for slice in range(job.depth.taps):
        share = job.depth.weights[k * job.depth.taps + slice]
        tap = 0
        while tap < job.rows.taps:
            some = min(<Py_ssize_t>4, job.rows.taps - tap)
            for j in range(some):
                weights[j] = share * job.rows.weights[i * job.rows.taps + tap + j]
            add_taps(x + slice * plane + tap * width, width, weights, some, slice + tap == 0, line, width)
            tap += some
    if not job.as_it_is:
        make_row(job, line, NULL, y)


cdef inline void resize_rows(const Job* job, Py_ssize_t first, Py_ssize_t end, real* line) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t row, width = job.columns.outputs * job.c
    for row in range(first, end):
        resize_row(job, row, line, job.y + row * width)
    restore_denormals(state)


cdef void fill_tables(Job* job) noexcept nogil:
    cdef Py_ssize_t c = job.c, taps = job.columns.taps, width = job.columns.outputs * c, i, j, tap
    for i in range(job.columns.outputs):
        for j in range(c):
            job.places[i * c + j] = <int>(job.columns.starts[i] * c + j)
            for tap in range(taps):
                job.factors[tap * width + i * c + j] = job.columns.weights[i * taps + tap]


def resize(
    numpy.ndarray x not None,
    numpy.ndarray starts_d not None,
    numpy.ndarray weights_d not None,
    numpy.ndarray starts_h not None,
    numpy.ndarray weights_h not None,
    numpy.ndarray starts_w not None,
    numpy.ndarray weights_w not None,
    numpy.ndarray y not None,
):
    """y = x with another depth, height and width; each of its axes has a band."""
    if count_of(y) == 0:
        return
    cdef Job job = Job(
        x=numbers_of(x, 5), y=results_of(y, 5), d=x.shape[1], h=x.shape[2], w=x.shape[3], c=x.shape[4],
        depth=band_of(starts_d, weights_d), rows=band_of(starts_h, weights_h), columns=band_of(starts_w, weights_w),
        as_it_is=False, mixes_rows=False, ask_for_rows=False, around=False, places=NULL, factors=NULL,
    )
    cdef Py_ssize_t rows = y.shape[0] * y.shape[1] * y.shape[2], width = y.shape[3] * y.shape[4], line = job.w * job.c
    cdef Py_ssize_t share = (rows + TASKS - 1) // TASKS, tasks = (rows + share - 1) // share, task
    cdef Py_ssize_t table = width if job.c < WIDE and line < 2**31 else 0
    cdef double work = rows * (width * job.columns.taps + <double>line * job.rows.taps * job.depth.taps)
    cdef int threads = threads_for(work)
    cdef real* lines = <real*>scratch_take(
        (threads * line + table * job.columns.taps) * sizeof(real) + table * sizeof(int)
    )
    if lines == NULL:
        raise MemoryError("No memory for the intermediate results of resizing.")
    job.as_it_is = is_copy(&job.columns, job.w)
    job.mixes_rows = not table and job.depth.taps == 1 and job.rows.taps == 2 and job.columns.taps == 2
    cdef bint large = go_around(rows * <double>width + <double>x.shape[0] * x.shape[1] * x.shape[2] * line)
    job.around = large and job.c <= BLOCK
    job.ask_for_rows = large and job.c >= MANY and not prefetchers_follow_rows()
    if table:
        job.factors = lines + threads * line
        job.places = <int*>(job.factors + table * job.columns.taps)
        fill_tables(&job)
    with nogil, parallel(num_threads=threads):
        for task in prange(tasks, schedule="static"):
            resize_rows(&job, task * share, min((task + 1) * share, rows), lines + threadid() * line)
        end_stores_around()
    scratch_give(lines)
