# The gradient of a maximum over windows: its inner loops.
#
# Design:
# a) The gradient goes to the first number of the window, in the order of memory, that is the maximum. It is found again
#    from x and y: no array of positions exists.
# b) For a row of outputs, the rows of inputs that its windows cover are visited one after the other, with a vector of
#    channels for all taps of such a row. What has been given away is replaced by 0 in `gradients`, so that it is given
#    once.
# c) Where channels do not fill the last vector it overlaps the one before, or the next pixel: only its own lanes change.
#    With fewer channels than a vector has numbers, rows are worked on in scratch memory, with room for a vector behind.
# d) Where each input belongs to one window, its gradient is written; otherwise it is added to what d_x holds, zeros at
#    first.
# e) A band is some planes of d_x. Windows that cover two bands are visited for both, and each time only what belongs to
#    the band is kept. Every sum has one order, whatever the bands are.
from libc.string cimport memcpy, memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.masks cimport choose, equal_or_nan, lanes_between, mask
from kernels.pooling cimport Axis, Pooling, load, row_size, store
from kernels.real cimport VL, ZERO_VECTOR, real, vec


cdef struct Rows:  # one of inputs, and one of outputs whose windows cover it
    const real* x
    const real* y
    const real* d_y   # or gradients, from the second row of inputs on
    real* gradients   # what has not been given
    real* d_x         # NULL where it belongs to another band


cdef inline void give_channels(
    const Rows* rows, Py_ssize_t input, Py_ssize_t output, Py_ssize_t taps, Py_ssize_t distance,
    bint overlapping, bint whole, mask lanes
) noexcept nogil:
    """Gives the gradients of some channels to the taps of a window, from `input` on: of all lanes, or of some."""
    cdef vec y = load(rows.y + output), gradient = load(rows.d_y + output)
    cdef vec x, d_x
    cdef mask found
    cdef Py_ssize_t _tap
    for _tap in range(taps):
        x = load(rows.x + input)
        found = equal_or_nan(x, y)
        if rows.d_x != NULL:
            d_x = choose(found, gradient, ZERO_VECTOR)
            if overlapping:
                d_x += load(rows.d_x + input)
            if not whole:
                d_x = choose(lanes, d_x, load(rows.d_x + input))
            store(rows.d_x + input, d_x)
        gradient = choose(found, ZERO_VECTOR, gradient)
        input += distance
    if not whole:
        gradient = choose(lanes, gradient, load(rows.gradients + output))
    store(rows.gradients + output, gradient)


cdef inline void give_row(const Pooling* job, const Rows* rows, bint overlapping) noexcept nogil:
    cdef Py_ssize_t c = job.c, last = max(c - VL, <Py_ssize_t>0)  # where the last vector begins
    cdef mask rest = lanes_between(<int>(c // VL * VL - last), <int>(c - last))
    cdef Py_ssize_t distance = job.w.window.step * c
    cdef Py_ssize_t ow, first, taps, block
    for ow in range(job.w.outputs):
        first = job.w.window.first[ow] * c
        taps = job.w.window.count[ow]
        for block in range(c // VL):
            give_channels(rows, first + block * VL, ow * c + block * VL, taps, distance, overlapping, True, rest)
        if c % VL > 0:
            give_channels(rows, first + last, ow * c + last, taps, distance, overlapping, False, rest)


cdef struct Band:
    const real* x                # of one image, like the others
    const real* y
    const real* d_y
    real* d_x
    Py_ssize_t first_d, end_d    # planes of d_x that it consists of
    bint overlapping             # or with inputs that no window covers
    real* scratch                # for a row each of gradients, x, y and d_x


cdef inline void give_row_in_scratch(const Pooling* job, Rows rows, real* scratch, bint overlapping) noexcept nogil:
    """As `give_row`, with room for a vector behind each row."""
    cdef Py_ssize_t size = row_size(job)
    cdef size_t inputs = job.w.inputs * job.c * sizeof(real), outputs = job.w.outputs * job.c * sizeof(real)
    cdef real* d_x = rows.d_x
    rows.x = <const real*>memcpy(scratch, rows.x, inputs)
    rows.y = <const real*>memcpy(scratch + size, rows.y, outputs)
    if rows.d_y != rows.gradients:
        rows.d_y = <const real*>memcpy(rows.gradients, rows.d_y, outputs)
    if d_x != NULL:
        rows.d_x = <real*>memcpy(scratch + 2 * size, d_x, inputs)
    give_row(job, &rows, overlapping)
    if d_x != NULL:
        memcpy(d_x, rows.d_x, inputs)


cdef inline void give_rows(const Pooling* job, const Band* band, Py_ssize_t od, Py_ssize_t oh) noexcept nogil:
    """Gives away the gradients of a row of outputs."""
    cdef Py_ssize_t length = job.w.inputs * job.c, output = (od * job.h.outputs + oh) * job.w.outputs * job.c
    cdef Py_ssize_t d, h, id, ih, input
    cdef Rows rows = Rows(NULL, band.y + output, band.d_y + output, band.scratch, NULL)
    for d in range(job.d.window.count[od]):
        id = job.d.window.first[od] + d * job.d.window.step
        if id >= band.end_d:
            break
        for h in range(job.h.window.count[oh]):
            ih = job.h.window.first[oh] + h * job.h.window.step
            input = (id * job.h.inputs + ih) * length
            rows.x = band.x + input
            rows.d_x = band.d_x + input if id >= band.first_d else NULL
            if job.c < VL:
                give_row_in_scratch(job, rows, band.scratch + row_size(job), band.overlapping)
            elif band.overlapping:
                give_row(job, &rows, True)
            else:
                give_row(job, &rows, False)
            rows.d_y = rows.gradients


cdef inline Py_ssize_t end_of_window(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return axis.window.first[o] + (axis.window.count[o] - 1) * axis.window.step + 1


cdef inline void max_gradient_band(const Pooling* job, const Band* band) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t plane = job.h.inputs * job.w.inputs * job.c
    cdef Py_ssize_t clear = band.first_d  # planes before it hold numbers already
    cdef Py_ssize_t od, oh, end
    for od in range(job.d.outputs):
        end = end_of_window(&job.d, od)
        if job.d.window.first[od] >= band.end_d or end <= band.first_d:
            continue
        end = min(end, band.end_d)
        if end > clear and band.overlapping:
            memset(band.d_x + clear * plane, 0, (end - clear) * plane * sizeof(real))
        clear = max(clear, end)
        for oh in range(job.h.outputs):
            give_rows(job, band, od, oh)
    memset(band.d_x + clear * plane, 0, (band.end_d - clear) * plane * sizeof(real))
    restore_denormals(state)


cdef inline void max_gradient_task(
    const Pooling* job,
    const real* x,
    const real* y,
    const real* d_y,
    real* d_x,
    Py_ssize_t n,
    Py_ssize_t first_d,
    Py_ssize_t end_d,
    real* scratch,
) noexcept nogil:
    cdef Py_ssize_t inputs = job.d.inputs * job.h.inputs * job.w.inputs * job.c
    cdef Py_ssize_t outputs = job.d.outputs * job.h.outputs * job.w.outputs * job.c
    cdef bint overlapping = not (is_covered_once(&job.d) and is_covered_once(&job.h) and is_covered_once(&job.w))
    cdef Band band = Band(
        x + n * inputs, y + n * outputs, d_y + n * outputs, d_x + n * inputs, first_d, end_d, overlapping, scratch
    )
    max_gradient_band(job, &band)


cdef inline bint is_covered_once(const Axis* axis) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(axis.inputs):
        if axis.covering.count[i] != 1:
            return False
    return True
