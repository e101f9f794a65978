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
from kernels.prefetch cimport prefetch_for_reading, prefetch_for_writing
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
            prefetch_for_writing(strip.target + (PIXELS + t) * strip.target_column + k)
            prefetch_for_writing(strip.target + strip.target_lower + (PIXELS + t) * strip.target_column + k)
        for i in range(PIXELS * step):
            prefetch_for_reading(strip.source + strip.rows * strip.row + i * strip.column + k)
            prefetch_for_reading(strip.source + (strip.rows + 1) * strip.row + i * strip.column + k)
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
    const real* x                    # (n, x_d, x_h, x_w, channels), the sizes of the axes
    const real* d_y                  # (n, d, h, w, channels), the outputs of the axes
    Axis d, h, w
    Py_ssize_t images, channels
    Py_ssize_t taps                  # all of the kernel
    Py_ssize_t shares                # of the rows of d_y
    real* sums                       # [share][vector of channels][tap][VL]


cdef inline void correlate_strip_of(const Strip* strip, const real* d_y, real* sums, Py_ssize_t sums_vector,
                                    Py_ssize_t channels, Py_ssize_t first, Py_ssize_t end, int taps, int step) noexcept nogil:
    """Adds what a strip of d_y contributes to the sums of some vectors of channels; the compiler knows taps and step."""
    cdef vec y[PIXELS]
    cdef vec x[COLUMNS]
    cdef vec total
    cdef Py_ssize_t v, k, d, h
    cdef const real* source
    cdef real* row
    cdef int t, i, kw
    for v in range(first, end):
        k = min(v * VL, channels - VL)
        for t in range(PIXELS):
            y[t] = load(d_y + t * channels + k) if t < strip.pixels else ZERO_VECTOR
        for i in range(PIXELS * step):
            prefetch_for_reading(strip.source + strip.rows * strip.row + i * strip.column + k)
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                row = sums + v * sums_vector + d * strip.weights_plane + h * strip.weights_row
                for i in range((PIXELS - 1) * step + taps):
                    x[i] = load(source + i * strip.column) if strip.first_column <= i < strip.end_column else ZERO_VECTOR
                for kw in range(taps):
                    total = load(row + kw * VL)
                    for t in range(PIXELS):
                        total += x[t * step + kw] * y[t]
                    store(row + kw * VL, total)


cdef inline void correlate_strip_of_any(const Strip* strip, const real* d_y, real* sums, Py_ssize_t sums_vector,
                                        Py_ssize_t channels, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """The same for any number of taps, step and spacing."""
    cdef vec y[PIXELS]
    cdef vec total
    cdef Py_ssize_t v, k, d, h, kw, i
    cdef const real* source
    cdef real* row
    cdef int t
    for v in range(first, end):
        k = min(v * VL, channels - VL)
        for t in range(PIXELS):
            y[t] = load(d_y + t * channels + k) if t < strip.pixels else ZERO_VECTOR
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                row = sums + v * sums_vector + d * strip.weights_plane + h * strip.weights_row
                for kw in range(strip.taps):
                    total = load(row + kw * VL)
                    for t in range(PIXELS):
                        i = t * strip.step + kw * strip.spacing
                        if strip.first_column <= i < strip.end_column:
                            total += load(source + i * strip.column) * y[t]
                    store(row + kw * VL, total)


cdef void correlate_strip(const Strip* strip, const real* d_y, real* sums, Py_ssize_t sums_vector, Py_ssize_t channels,
                          Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    if strip.spacing == 1 and strip.step == 1 and strip.taps == 3:
        correlate_strip_of(strip, d_y, sums, sums_vector, channels, first, end, 3, 1)
    elif strip.spacing == 1 and strip.step == 1 and strip.taps == 5:
        correlate_strip_of(strip, d_y, sums, sums_vector, channels, first, end, 5, 1)
    elif strip.spacing == 1 and strip.step == 1 and strip.taps == 7:
        correlate_strip_of(strip, d_y, sums, sums_vector, channels, first, end, 7, 1)
    elif strip.spacing == 1 and strip.step == 2 and strip.taps == 3:
        correlate_strip_of(strip, d_y, sums, sums_vector, channels, first, end, 3, 2)
    elif strip.spacing == 1 and strip.step == 2 and strip.taps == 5:
        correlate_strip_of(strip, d_y, sums, sums_vector, channels, first, end, 5, 2)
    else:
        correlate_strip_of_any(strip, d_y, sums, sums_vector, channels, first, end)


cdef inline void correlate_row(const Correlation* job, Py_ssize_t index, real* sums, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Adds what row `index` of d_y, counted through all images, contributes to the sums of some vectors of channels."""
    cdef Py_ssize_t n = index // job.h.outputs // job.d.outputs
    cdef Py_ssize_t id = index // job.h.outputs % job.d.outputs * job.d.step + job.d.offset
    cdef Py_ssize_t ih = index % job.h.outputs * job.h.step + job.h.offset
    cdef Py_ssize_t first_d = ceil_div(max(-id, <Py_ssize_t>0), job.d.spacing)
    cdef Py_ssize_t first_h = ceil_div(max(-ih, <Py_ssize_t>0), job.h.spacing)
    cdef Py_ssize_t pixel = job.channels
    cdef Py_ssize_t row = job.w.size * pixel
    cdef Py_ssize_t plane = job.h.size * row
    cdef const real* x = (
        job.x + n * job.d.size * plane + (id + first_d * job.d.spacing) * plane + (ih + first_h * job.h.spacing) * row
    )
    cdef Py_ssize_t s, o, iw
    cdef Strip strip
    strip.planes = max(min(ceil_div(job.d.size - id, job.d.spacing), job.d.taps) - first_d, <Py_ssize_t>0)
    strip.rows = max(min(ceil_div(job.h.size - ih, job.h.spacing), job.h.taps) - first_h, <Py_ssize_t>0)
    strip.plane = job.d.spacing * plane
    strip.row = job.h.spacing * row
    strip.column = pixel
    strip.taps = job.w.taps
    strip.step = job.w.step
    strip.spacing = job.w.spacing
    strip.weights_row = job.w.taps * VL
    strip.weights_plane = job.h.taps * strip.weights_row
    sums += first_d * strip.weights_plane + first_h * strip.weights_row
    for s in range(ceil_div(job.w.outputs, PIXELS)):
        o = s * PIXELS
        iw = o * job.w.step + job.w.offset
        strip.pixels = min(job.w.outputs - o, <Py_ssize_t>PIXELS)
        strip.source = x + iw * pixel
        strip.first_column = -iw
        # No further than the windows: zeros in place of missing d_y do not take away a NaN.
        strip.end_column = min(job.w.size - iw, (strip.pixels - 1) * job.w.step + (job.w.taps - 1) * job.w.spacing + 1)
        correlate_strip(
            &strip, job.d_y + (index * job.w.outputs + o) * pixel, sums, job.taps * VL, job.channels, first, end
        )


cdef inline void correlate_share(const Correlation* job, Py_ssize_t share, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """The sums of one share of the rows for some vectors of channels."""
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t rows = job.images * job.d.outputs * job.h.outputs
    cdef real* sums = job.sums + share * ceil_div(job.channels, VL) * job.taps * VL
    cdef Py_ssize_t row
    memset(sums + first * job.taps * VL, 0, (end - first) * job.taps * VL * sizeof(real))
    for row in range(rows * share // job.shares, rows * (share + 1) // job.shares):
        correlate_row(job, row, sums, first, end)
    restore_denormals(state)


cdef inline void add_shares(const Correlation* job, real* d_kernel) noexcept nogil:
    """Adds up the shares, in their order."""
    cdef Py_ssize_t vectors = ceil_div(job.channels, VL)
    cdef Py_ssize_t v, tap, share
    cdef vec total
    for v in range(vectors):
        for tap in range(job.taps):
            total = ZERO_VECTOR
            for share in range(job.shares):
                total += load(job.sums + ((share * vectors + v) * job.taps + tap) * VL)
            store(d_kernel + tap * job.channels + min(v * VL, job.channels - VL), total)


cdef int correlate(Correlation* job, real* d_kernel) noexcept nogil:
    """Returns -1 when out of memory."""
    cdef Py_ssize_t pixels = job.images * job.d.outputs * job.h.outputs * job.w.outputs
    cdef Py_ssize_t vectors = ceil_div(job.channels, VL)
    cdef Py_ssize_t block = max(SUMS // (job.taps * VL * <Py_ssize_t>sizeof(real)), <Py_ssize_t>1)  # vectors of a task
    cdef Py_ssize_t blocks = ceil_div(vectors, block)
    cdef int threads = threads_for(2.0 * pixels * job.channels * job.taps)
    cdef Py_ssize_t i
    job.shares = max(min(ceil_div(SHARES, blocks), pixels // SHARE), <Py_ssize_t>1)
    job.sums = <real*>scratch_take(job.shares * vectors * job.taps * VL * sizeof(real))
    if job.sums == NULL:
        return -1
    for i in prange(blocks * job.shares, num_threads=threads, schedule="dynamic"):
        correlate_share(job, i // blocks, vectors * (i % blocks) // blocks, vectors * (i % blocks + 1) // blocks)
    add_shares(job, d_kernel)
    scratch_give(job.sums)
    return 0


# For Python -------------------------------------------------------------------------------------------------------------


def conv_depthwise_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                           real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Phase phase[3]
    cdef Job job
    cdef Py_ssize_t i
    if y.shape[0] * y.shape[1] * y.shape[2] * y.shape[3] * y.shape[4] == 0:
        return
    for i in range(3):
        phase[i] = Phase(
            axis=forward_axis(x.shape[i + 1], y.shape[i + 1], kernel.shape[i], strides[i], dilations[i], pads[i]),
            first_tap=0, tap_step=1,
        )
    job = Job(
        source=&x[0, 0, 0, 0, 0], source_d=x.shape[2] * x.shape[3] * x.shape[4], source_h=x.shape[3] * x.shape[4],
        source_w=x.shape[4], weights=&kernel[0, 0, 0, 0, 0], taps_h=kernel.shape[1], taps_w=kernel.shape[2],
        channels=x.shape[4], bias=NULL, activation=activation,
        target=&y[0, 0, 0, 0, 0], d=y.shape[1], h=y.shape[2], w=y.shape[3], phases_d=1, phases_h=1, phases_w=1,
        phase_d=&phase[0], phase_h=&phase[1], phase_w=&phase[2],
    )
    if bias is not None:
        job.bias = &bias[0]
    with nogil:
        convolve(&job, y.shape[0])


def conv_depthwise_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                  real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Phase* phase
    cdef Job job
    cdef Py_ssize_t i, r, count = 0
    if d_x.shape[0] * d_x.shape[1] * d_x.shape[2] * d_x.shape[3] * d_x.shape[4] == 0:
        return
    if d_y.shape[0] * d_y.shape[1] * d_y.shape[2] * d_y.shape[3] * d_y.shape[4] == 0:
        d_x[...] = 0
        return
    phase = <Phase*>scratch_take((strides[0] + strides[1] + strides[2]) * sizeof(Phase))
    if phase == NULL:
        raise MemoryError()
    for i in range(3):
        for r in range(<Py_ssize_t>strides[i]):
            phase[count].axis = phase_axis(
                d_y.shape[i + 1], d_x.shape[i + 1], kernel.shape[i], strides[i], dilations[i], pads[i], r,
                &phase[count].first_tap, &phase[count].tap_step,
            )
            count += 1
    job = Job(
        source=&d_y[0, 0, 0, 0, 0], source_d=d_y.shape[2] * d_y.shape[3] * d_y.shape[4],
        source_h=d_y.shape[3] * d_y.shape[4], source_w=d_y.shape[4], weights=&kernel[0, 0, 0, 0, 0],
        taps_h=kernel.shape[1], taps_w=kernel.shape[2], channels=d_x.shape[4], bias=NULL, activation=LINEAR,
        target=&d_x[0, 0, 0, 0, 0], d=d_x.shape[1], h=d_x.shape[2], w=d_x.shape[3],
        phases_d=strides[0], phases_h=strides[1], phases_w=strides[2],
        phase_d=phase, phase_h=phase + <Py_ssize_t>strides[0], phase_w=phase + <Py_ssize_t>(strides[0] + strides[1]),
    )
    with nogil:
        convolve(&job, d_x.shape[0])
    scratch_give(phase)


def conv_depthwise_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                   real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Correlation job
    cdef int failed
    if d_kernel.shape[0] * d_kernel.shape[1] * d_kernel.shape[2] * d_kernel.shape[3] * d_kernel.shape[4] == 0:
        return
    if d_y.shape[0] * d_y.shape[1] * d_y.shape[2] * d_y.shape[3] == 0:
        d_kernel[...] = 0
        return
    job = Correlation(
        x=&x[0, 0, 0, 0, 0], d_y=&d_y[0, 0, 0, 0, 0],
        d=forward_axis(x.shape[1], d_y.shape[1], d_kernel.shape[0], strides[0], dilations[0], pads[0]),
        h=forward_axis(x.shape[2], d_y.shape[2], d_kernel.shape[1], strides[1], dilations[1], pads[1]),
        w=forward_axis(x.shape[3], d_y.shape[3], d_kernel.shape[2], strides[2], dilations[2], pads[2]),
        images=x.shape[0], channels=x.shape[4], taps=d_kernel.shape[0] * d_kernel.shape[1] * d_kernel.shape[2],
        shares=1, sums=NULL,
    )
    with nogil:
        failed = correlate(&job, &d_kernel[0, 0, 0, 0, 0])
    if failed:
        raise MemoryError()
