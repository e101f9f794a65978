# Depthwise convolution: each channel has one filter of its own, so neighbouring channels fill the vectors.
#
# Design:
# a) y[pixel, k] = sum over taps of x[pixel + tap, k] * kernel[tap, k]. A strip is a block of two rows by PIXELS outputs; its
#    totals stay in registers while the loop runs over the rows of x below it. PIXELS + 2 vectors of such a row are loaded for
#    a kernel that is 3 wide, and serve all its taps, for both rows of outputs: 0.3 loads for each multiplication.
# b) The loop over taps is unrolled for the usual widths and strides; `convolve_strip_of_any` does all others.
# c) Strips follow each other in memory, and inside a strip the vectors of channels do. These convolutions take about as
#    long as reading x and writing y, so nothing is packed or copied, and memory is read in its order.
# d) Columns outside the image are not read: they count as zeros. Rows outside do not take part.
# e) The gradient for the input is the same with d_y as the source and the taps from last to first. With a stride, the input
#    pixels fall into phases, each with the taps that reach it (windows.pxd).
# f) The gradient for the kernel sums x[pixel + tap, k] * d_y[pixel, k] over all pixels. PIXELS vectors of a row of d_y stay in
#    registers; sums are kept in L1, for so many channels at a time as fit there.
# g) The last vector of channels overlaps the one before, where they do not fill it: what both compute is the same.
# h) Parallel: forward over bands of rows; gradient for the kernel over blocks of channels and shares of the rows. These
#    depend on the problem only and are added up in their order, so results are the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, ceil_div, forward_axis, phase_axis

cdef extern from *:
    """
    #if VECTOR_BYTES == 64
    #define PIXELS 7  /* two rows of totals, and the columns below them, fill 32 registers */
    #else
    #define PIXELS 4  /* 16 registers */
    #endif
    """
    enum:
        PIXELS

cdef enum:
    COLUMNS = 2 * 7 + 3   # columns below the widest strip that is unrolled
    SUMS = 16 << 10       # bytes of the sums for the gradient for the kernel, to stay in L1
    SHARES = 16           # tasks that the gradient for the kernel is divided into at least, where there are pixels enough
    SHARE = 128           # pixels that make a share worth its sums

cdef struct Phase:                   # every stride-th output along an axis; all of them in the forward direction
    Axis axis
    Py_ssize_t first_tap, tap_step   # the taps of the kernel that reach these outputs

cdef struct Job:
    const real* source               # (n, d, h, w, channels), contiguous
    Py_ssize_t source_d, source_h, source_w
    const real* weights              # (taps_d, taps_h, taps_w, channels)
    Py_ssize_t taps_h, taps_w
    Py_ssize_t channels
    const real* bias
    int activation
    real* target                     # (n, d, h, w, channels)
    Py_ssize_t d, h, w
    Py_ssize_t phases_d, phases_h, phases_w
    Phase* phase_d
    Phase* phase_h
    Phase* phase_w

cdef struct Strip:                   # some outputs of one or two rows, and the source below them
    const real* source               # column 0
    Py_ssize_t first_column, end_column  # those inside the image
    Py_ssize_t planes, rows          # those inside the image
    Py_ssize_t plane, row, column    # from one to the next, in numbers
    Py_ssize_t upper_rows            # these rows, from the first on, belong to the upper outputs
    Py_ssize_t lower_row             # from this row on, they belong to the lower outputs
    Py_ssize_t taps, step, spacing   # along w
    const real* weights              # of row 0 and the upper outputs
    Py_ssize_t weights_lower         # from there to those of the lower outputs
    Py_ssize_t weights_plane, weights_row, weights_column
    real* target
    Py_ssize_t target_lower, target_column
    Py_ssize_t pixels
    bint two                         # rows of outputs


cdef inline vec load(const real* source) noexcept nogil:
    return (<const vec*>source)[0]


cdef inline void store(real* target, vec v) noexcept nogil:
    (<vec*>target)[0] = v


# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef inline void add_row(vec* total, const vec* x, const real* weights, Py_ssize_t weights_column, int taps, int step) noexcept nogil:
    """Adds what one row of the source and of the taps contributes to a row of outputs."""
    cdef vec w
    cdef int t, kw
    for kw in range(taps):
        w = load(weights + kw * weights_column)
        for t in range(PIXELS):
            total[t] += x[t * step + kw] * w


cdef inline void store_row(const vec* total, real* target, Py_ssize_t target_column, Py_ssize_t pixels) noexcept nogil:
    cdef int t
    for t in range(PIXELS):
        if t < pixels:
            store(target + t * target_column, total[t])


cdef inline void convolve_strip_of(const Job* job, const Strip* strip, int taps, int step) noexcept nogil:
    """All channels of a strip, for a number of taps and a step that the compiler knows."""
    cdef vec upper[PIXELS]
    cdef vec lower[PIXELS]
    cdef vec x[COLUMNS]
    cdef vec start
    cdef Py_ssize_t part, k, d, h
    cdef const real* source
    cdef const real* weights
    cdef int t, i
    for part in range(ceil_div(job.channels, VL)):
        k = min(part * VL, job.channels - VL)
        start = load(job.bias + k) if job.bias != NULL else ZERO_VECTOR
        for t in range(PIXELS):
            upper[t] = start
            lower[t] = start
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                weights = strip.weights + d * strip.weights_plane + h * strip.weights_row + k
                for i in range((PIXELS - 1) * step + taps):
                    x[i] = load(source + i * strip.column) if strip.first_column <= i < strip.end_column else ZERO_VECTOR
                if h < strip.upper_rows:
                    add_row(upper, x, weights, strip.weights_column, taps, step)
                if h >= strip.lower_row:
                    add_row(lower, x, weights + strip.weights_lower, strip.weights_column, taps, step)
        store_row(upper, strip.target + k, strip.target_column, strip.pixels)
        if strip.two:
            store_row(lower, strip.target + strip.target_lower + k, strip.target_column, strip.pixels)


cdef inline void convolve_strip_of_any(const Job* job, const Strip* strip) noexcept nogil:
    """All channels of a strip, for any number of taps, step and spacing, one row of outputs after the other."""
    cdef vec total[PIXELS]
    cdef vec start, w
    cdef Py_ssize_t part, k, lower, d, h, kw, i
    cdef const real* source
    cdef const real* weights
    cdef int t
    for part in range(ceil_div(job.channels, VL)):
        k = min(part * VL, job.channels - VL)
        start = load(job.bias + k) if job.bias != NULL else ZERO_VECTOR
        for lower in range(2 if strip.two else 1):
            for t in range(PIXELS):
                total[t] = start
            for d in range(strip.planes):
                for h in range(strip.lower_row if lower else 0, strip.rows if lower else strip.upper_rows):
                    source = strip.source + d * strip.plane + h * strip.row + k
                    weights = strip.weights + lower * strip.weights_lower + d * strip.weights_plane + h * strip.weights_row + k
                    for kw in range(strip.taps):
                        w = load(weights + kw * strip.weights_column)
                        for t in range(PIXELS):
                            i = t * strip.step + kw * strip.spacing
                            if strip.first_column <= i < strip.end_column:
                                total[t] += load(source + i * strip.column) * w
            store_row(total, strip.target + lower * strip.target_lower + k, strip.target_column, strip.pixels)


cdef void convolve_strip(const Job* job, const Strip* strip) noexcept nogil:
    # A function for itself, with a small frame: GCC inlines no large frame into another.
    if strip.spacing != 1 and strip.taps > 1:
        convolve_strip_of_any(job, strip)
    elif strip.step == 1 and strip.taps == 1:
        convolve_strip_of(job, strip, 1, 1)
    elif strip.step == 1 and strip.taps == 2:
        convolve_strip_of(job, strip, 2, 1)
    elif strip.step == 1 and strip.taps == 3:
        convolve_strip_of(job, strip, 3, 1)
    elif strip.step == 1 and strip.taps == 5:
        convolve_strip_of(job, strip, 5, 1)
    elif strip.step == 1 and strip.taps == 7:
        convolve_strip_of(job, strip, 7, 1)
    elif strip.step == 2 and strip.taps == 3:
        convolve_strip_of(job, strip, 3, 2)
    elif strip.step == 2 and strip.taps == 5:
        convolve_strip_of(job, strip, 5, 2)
    else:
        convolve_strip_of_any(job, strip)


cdef inline void convolve_rows(const Job* job, Py_ssize_t n, Py_ssize_t od, Py_ssize_t oh, bint two) noexcept nogil:
    """Row oh of the target in plane od of image n, and for `two` also the next one of its phase."""
    cdef const Phase* d = job.phase_d + od % job.phases_d
    cdef const Phase* h = job.phase_h + oh % job.phases_h
    cdef const Phase* w
    cdef Py_ssize_t id = od // job.phases_d * d.axis.step + d.axis.offset
    cdef Py_ssize_t ih = oh // job.phases_h * h.axis.step + h.axis.offset
    cdef Py_ssize_t lag = h.axis.step // h.axis.spacing if two else 0  # taps from the upper to the lower windows
    cdef Py_ssize_t first_d = ceil_div(max(-id, <Py_ssize_t>0), d.axis.spacing)
    cdef Py_ssize_t first_h = ceil_div(max(-ih, <Py_ssize_t>0), h.axis.spacing)
    cdef Py_ssize_t end_d = min(ceil_div(d.axis.size - id, d.axis.spacing), d.axis.taps)
    cdef Py_ssize_t end_h = min(ceil_div(h.axis.size - ih, h.axis.spacing), h.axis.taps + lag)
    cdef const real* source = (
        job.source + n * d.axis.size * job.source_d + (id + first_d * d.axis.spacing) * job.source_d
        + (ih + first_h * h.axis.spacing) * job.source_h
    )
    cdef real* target = job.target + ((n * job.d + od) * job.h + oh) * job.w * job.channels
    cdef Py_ssize_t phase, first, o, iw, t
    cdef Strip strip
    strip.planes = max(end_d - first_d, <Py_ssize_t>0)
    strip.rows = max(end_h - first_h, <Py_ssize_t>0)
    strip.plane = d.axis.spacing * job.source_d
    strip.row = h.axis.spacing * job.source_h
    strip.column = job.source_w
    strip.two = two
    strip.upper_rows = min(h.axis.taps - first_h, strip.rows)
    strip.lower_row = max(lag - first_h, <Py_ssize_t>0) if two else strip.rows
    strip.weights_column = job.channels
    strip.weights_row = h.tap_step * job.taps_w * job.channels
    strip.weights_plane = d.tap_step * job.taps_h * job.taps_w * job.channels
    strip.weights_lower = -lag * strip.weights_row
    strip.target_lower = job.phases_h * job.w * job.channels
    strip.target_column = job.phases_w * job.channels
    for phase in range(job.phases_w):
        w = job.phase_w + phase
        strip.taps = w.axis.taps
        strip.step = w.axis.step
        strip.spacing = w.axis.spacing
        strip.weights_column = w.tap_step * job.channels
        strip.weights = job.weights + (
            ((d.first_tap + first_d * d.tap_step) * job.taps_h + h.first_tap + first_h * h.tap_step) * job.taps_w + w.first_tap
        ) * job.channels
        for first in range(ceil_div(w.axis.outputs, PIXELS)):
            o = first * PIXELS
            iw = o * w.axis.step + w.axis.offset
            strip.source = source + iw * job.source_w
            strip.first_column = -iw
            strip.end_column = w.axis.size - iw
            strip.target = target + (o * job.phases_w + phase) * job.channels
            strip.pixels = min(w.axis.outputs - o, <Py_ssize_t>PIXELS)
            convolve_strip(job, &strip)
            if job.activation != LINEAR:
                for t in range(strip.pixels):
                    apply_activation(job.activation, strip.target + t * strip.target_column, job.channels)
                    if two:
                        apply_activation(
                            job.activation, strip.target + strip.target_lower + t * strip.target_column, job.channels
                        )


cdef inline void convolve_bands(const Job* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Bands of rows: two rows of each phase."""
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t bands = ceil_div(job.h, 2 * job.phases_h)
    cdef Py_ssize_t band, n, od, oh, phase
    cdef const Axis* axis
    for band in range(first, end):
        n = band // bands // job.d
        od = band // bands % job.d
        for phase in range(job.phases_h):
            axis = &job.phase_h[phase].axis
            oh = band % bands * 2 * job.phases_h + phase
            if oh + job.phases_h < job.h and axis.step % axis.spacing == 0:
                convolve_rows(job, n, od, oh, True)
            else:
                if oh < job.h:
                    convolve_rows(job, n, od, oh, False)
                if oh + job.phases_h < job.h:
                    convolve_rows(job, n, od, oh + job.phases_h, False)
    restore_denormals(state)


cdef void convolve(const Job* job, Py_ssize_t images) noexcept nogil:
    cdef Py_ssize_t bands = images * job.d * ceil_div(job.h, 2 * job.phases_h)
    cdef double taps = job.phase_d.axis.taps * job.phase_h.axis.taps * job.phase_w.axis.taps
    cdef int threads = threads_for(2.0 * images * job.d * job.h * job.w * job.channels * taps)
    cdef Py_ssize_t tasks = min(bands, <Py_ssize_t>(4 * threads))
    cdef Py_ssize_t i
    for i in prange(tasks, num_threads=threads, schedule="dynamic"):
        convolve_bands(job, bands * i // tasks, bands * (i + 1) // tasks)


# Gradient for the kernel ------------------------------------------------------------------------------------------------

cdef struct Correlation:
    const real* x            # (n, d, h, w, channels)
    const real* d_y          # (n, d, h, w, channels)
    Axis d, h, w
    Py_ssize_t channels
    Py_ssize_t block         # channels of a task
    Py_ssize_t rows          # of d_y, of all images
    Py_ssize_t shares        # of the rows
    real* sums               # [share][block][tap][vector of channels]
    bint failed              # out of memory


cdef inline Py_ssize_t taps_of(const Correlation* job) noexcept nogil:
    return job.d.taps * job.h.taps * job.w.taps


cdef inline Py_ssize_t vectors_of(const Correlation* job) noexcept nogil:
    return ceil_div(job.channels, VL)
