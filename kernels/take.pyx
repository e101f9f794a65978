# Images made of the pixels of others, taken from other places: with a border around them, or mirrored.
#
# Design:
# a) x is (n, id, ih, iw, c) and y (n, od, oh, ow, c), both contiguous. Each spatial axis has a table, (n, length in y), of which
#    entry of x is taken, -1 for the number that fills; where all images share it, it has one row.
# b) A row of y is made of runs: pixels that are neighbours in x, too, are copied at once. They are found once for each table, not
#    for each row: with one channel, that would take longer than to copy. In a mirrored run a pixel is a loop over channels; for
#    1 and 3 channels its bounds are constant.
# c) Rows of y are the parallel work. y is written from its beginning to its end, each number once: no result depends on the
#    division. Nothing is computed, so that all numbers arrive as they are.
cimport numpy
from cython.parallel cimport prange

from kernels.arrays cimport numbers_of, places_of, results_of
from kernels.copy cimport copy, fill
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef struct Axis:
    const Py_ssize_t* places
    Py_ssize_t table  # from the table of one image to that of the next: 0 where they share it
    Py_ssize_t inputs, outputs

cdef struct Run:
    Py_ssize_t place  # of its first pixel in x
    Py_ssize_t pixels
    int step          # from one place to the next: 1, -1 where it is mirrored, 0 where it is filled

cdef struct Job:
    const real* x
    real* y
    Axis depth, rows, columns
    Run* runs  # of each table of the columns, as many as there are pixels at most
    Py_ssize_t c
    real filler


cdef inline Axis axis_of(numpy.ndarray places, Py_ssize_t inputs) except *:
    return Axis(places_of(places, 2), places.shape[1] if places.shape[0] > 1 else 0, inputs, places.shape[1])


cdef inline void mirror(const real* last, real* y, Py_ssize_t pixels, Py_ssize_t c) noexcept nogil:
    """Copies pixels in reverse order; `c` is a constant to the compiler where it is small."""
    cdef Py_ssize_t i, j
    for i in range(pixels):
        for j in range(c):
            y[i * c + j] = last[j - i * c]


cdef inline Run run_of(const Py_ssize_t* places, Py_ssize_t count) noexcept nogil:
    """As many places as follow one another in equal steps."""
    cdef Run run = Run(places[0], 1, 1)
    if places[0] < 0:
        run.step = 0
    elif count > 1 and places[1] == places[0] - 1:
        run.step = -1
    while run.pixels < count and places[run.pixels] == places[run.pixels - 1] + run.step and (
        places[run.pixels] >= 0 or run.step == 0
    ):
        run.pixels += 1
    return run


cdef inline void find_runs(const Py_ssize_t* places, Py_ssize_t count, Run* runs) noexcept nogil:
    cdef Py_ssize_t i = 0
    while i < count:
        runs[0] = run_of(places + i, count - i)
        i += runs.pixels
        runs += 1


cdef inline void take_row(const Job* job, Py_ssize_t row) noexcept nogil:
    cdef Py_ssize_t i = row % job.rows.outputs, k = row // job.rows.outputs % job.depth.outputs
    cdef Py_ssize_t image = row // job.rows.outputs // job.depth.outputs, c = job.c
    cdef Py_ssize_t slice = job.depth.places[image * job.depth.table + k]
    cdef Py_ssize_t line = job.rows.places[image * job.rows.table + i]
    cdef const Run* run = job.runs + image * job.columns.table
    cdef real* y = job.y + row * job.columns.outputs * c
    cdef real* end = y + job.columns.outputs * c
    cdef const real* x
    if slice < 0 or line < 0:
        fill(job.filler, y, job.columns.outputs * c)
        return
    x = job.x + ((image * job.depth.inputs + slice) * job.rows.inputs + line) * job.columns.inputs * c
    while y < end:
        if run.step == 0:
            fill(job.filler, y, run.pixels * c)
        elif run.step == 1:
            copy(x + run.place * c, y, run.pixels * c)
        elif c == 1:
            mirror(x + run.place, y, run.pixels, 1)
        elif c == 3:
            mirror(x + run.place * 3, y, run.pixels, 3)
        else:
            mirror(x + run.place * c, y, run.pixels, c)
        y += run.pixels * c
        run += 1


def take(
    numpy.ndarray x not None,
    numpy.ndarray places_d not None,
    numpy.ndarray places_h not None,
    numpy.ndarray places_w not None,
    double filler,
    numpy.ndarray y not None,
):
    """y[n, k, i, j] = x[n, places_d[k], places_h[i], places_w[j]], or the filler where a place is -1"""
    cdef Job job = Job(
        x=numbers_of(x, 5), y=results_of(y, 5), runs=NULL, c=x.shape[4], filler=<real>filler,
        depth=axis_of(places_d, x.shape[1]), rows=axis_of(places_h, x.shape[2]), columns=axis_of(places_w, x.shape[3]),
    )
    cdef Py_ssize_t rows = y.shape[0] * y.shape[1] * y.shape[2], width = y.shape[3] * y.shape[4], row
    cdef Py_ssize_t tables = places_w.shape[0], columns = places_w.shape[1], table
    if rows * width == 0:
        return
    cdef Run* runs = <Run*>scratch_take(tables * columns * sizeof(Run))
    if runs == NULL:
        raise MemoryError("No memory for a few numbers for each column of pixels.")
    job.runs = runs
    for table in range(tables):
        find_runs(job.columns.places + table * columns, columns, runs + table * columns)
    for row in prange(rows, nogil=True, schedule="static", num_threads=threads_for(rows * width)):
        take_row(&job, row)
    scratch_give(runs)
