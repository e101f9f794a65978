# Images made of the pixels of others, taken from other places: with a border around them, or mirrored.
#
# Design:
# a) x is (n, id, ih, iw, c) and y (n, od, oh, ow, c), both contiguous. Each spatial axis has a table, (n, length in y), of which
#    entry of x is taken, -1 for the number that fills; where all images share it, it has one row.
# b) A row of y is made of runs: pixels that are neighbours in x, too, are copied at once. In a mirrored run a pixel is a loop
#    over channels; for 1 and 3 channels its bounds are constant. Where runs begin and end is found once for each table: with few
#    channels, that takes longer than to copy a row.
# c) Rows of y are the parallel work. y is written from its beginning to its end, each number once: no result depends on the
#    division. Nothing is computed, so that all numbers arrive as they are.
from cython.parallel cimport prange

from kernels.copy cimport copy, fill
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef struct Axis:
    const Py_ssize_t* places
    Py_ssize_t table  # from the table of one image to that of the next: 0 where they share it
    Py_ssize_t inputs, outputs

cdef struct Job:
    const real* x
    real* y
    Axis depth, rows, columns
    const Py_ssize_t* runs  # in the shape of the places of the columns
    Py_ssize_t c
    real filler


cdef inline Axis axis_of(const Py_ssize_t[:, ::1] places, Py_ssize_t inputs) noexcept nogil:
    return Axis(&places[0, 0], places.shape[1] if places.shape[0] > 1 else 0, inputs, places.shape[1])


cdef inline void mirror(const real* last, real* y, Py_ssize_t pixels, Py_ssize_t c) noexcept nogil:
    """Copies pixels in reverse order; `c` is a constant to the compiler where it is small."""
    cdef Py_ssize_t i, j
    for i in range(pixels):
        for j in range(c):
            y[i * c + j] = last[j - i * c]


cdef inline void find_runs(const Py_ssize_t* places, Py_ssize_t count, Py_ssize_t* runs) noexcept nogil:
    """For the first place of each run, how many places it has, negative where they are mirrored. What fills is a run, too."""
    cdef Py_ssize_t first = 0, run, step
    while first < count:
        step = 0 if places[first] < 0 else -1 if first + 1 < count and places[first + 1] == places[first] - 1 else 1
        run = 1
        while first + run < count and places[first + run] == places[first] + run * step and (places[first + run] >= 0 or step == 0):
            run += 1
        runs[first] = -run if step < 0 else run
        first += run


cdef inline void take_row(const Job* job, Py_ssize_t row) noexcept nogil:
    cdef Py_ssize_t i = row % job.rows.outputs, k = row // job.rows.outputs % job.depth.outputs
    cdef Py_ssize_t image = row // job.rows.outputs // job.depth.outputs, c = job.c, j = 0, run
    cdef Py_ssize_t slice = job.depth.places[image * job.depth.table + k]
    cdef Py_ssize_t line = job.rows.places[image * job.rows.table + i]
    cdef const Py_ssize_t* places = job.columns.places + image * job.columns.table
    cdef const Py_ssize_t* runs = job.runs + image * job.columns.table
    cdef real* y = job.y + row * job.columns.outputs * c
    cdef const real* x
    if slice < 0 or line < 0:
        fill(job.filler, y, job.columns.outputs * c)
        return
    x = job.x + ((image * job.depth.inputs + slice) * job.rows.inputs + line) * job.columns.inputs * c
    while j < job.columns.outputs:
        run = runs[j]
        if places[j] < 0:
            fill(job.filler, y + j * c, run * c)
        elif run > 0:
            copy(x + places[j] * c, y + j * c, run * c)
        elif c == 1:
            mirror(x + places[j], y + j, -run, 1)
        elif c == 3:
            mirror(x + places[j] * 3, y + j * 3, -run, 3)
        else:
            mirror(x + places[j] * c, y + j * c, -run, c)
        j += run if run > 0 else -run


def take(
    const real[:, :, :, :, ::1] x,
    const Py_ssize_t[:, ::1] places_d,
    const Py_ssize_t[:, ::1] places_h,
    const Py_ssize_t[:, ::1] places_w,
    double filler,
    real[:, :, :, :, ::1] y,
):
    """y[n, k, i, j] = x[n, places_d[k], places_h[i], places_w[j]], or the filler where a place is -1"""
    cdef Py_ssize_t rows = y.shape[0] * y.shape[1] * y.shape[2], width = y.shape[3] * y.shape[4], row, table
    if rows * width == 0:
        return
    cdef Py_ssize_t* runs = <Py_ssize_t*>scratch_take(places_w.shape[0] * places_w.shape[1] * sizeof(Py_ssize_t))
    if runs == NULL:
        raise MemoryError("No memory for the runs of pixels in a row.")
    for table in range(places_w.shape[0]):
        find_runs(&places_w[table, 0], places_w.shape[1], runs + table * places_w.shape[1])
    cdef Job job = Job(
        x=&x[0, 0, 0, 0, 0], y=&y[0, 0, 0, 0, 0], runs=runs, c=x.shape[4], filler=<real>filler,
        depth=axis_of(places_d, x.shape[1]), rows=axis_of(places_h, x.shape[2]), columns=axis_of(places_w, x.shape[3]),
    )
    for row in prange(rows, nogil=True, schedule="static", num_threads=threads_for(rows * width)):
        take_row(&job, row)
    scratch_give(runs)
