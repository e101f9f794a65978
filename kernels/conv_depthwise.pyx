# Depthwise convolution: each channel has one filter of its own, so neighbouring channels fill the vectors.
#
# Design:
# a) y[pixel, k] = sum over taps of x[pixel + tap, k] * kernel[tap, k]. It is computed strip by strip (strips.pxd), for all
#    channels of a strip: these convolutions take about as long as reading x and writing y, so nothing of these is packed or
#    copied, and memory is read in its order. Strips follow each other along a band of rows, bands along the image. Weights are
#    copied once, [vector of channels][tap][channel]: each of their loads would else touch two lines of the cache, as a rule.
# b) The gradient for the input is the same with d_y as the source and the taps from last to first. With a stride, the input
#    pixels fall into phases, each with the taps that reach it (windows.pxd). A band is two rows of each phase.
# c) The gradient for the kernel sums x[pixel + tap, k] * d_y[pixel, k] over all pixels, over the same strips and bands. Sums
#    stay in L1, for so many channels at a time as fit there.
# d) x may be planes, channels first in memory, forward and for the gradient for the kernel. Then blocks of channels are computed
#    one after the other, and the rows below a band are put together just before (depthwise_planes.pxd).
# e) Parallel: over bands; for the gradient for the kernel over blocks of channels and shares of the bands. These depend on the
#    problem only and are added up in their order, so results are the same for any number of threads.
from cython.parallel cimport prange, threadid
from libc.string cimport memset

from kernels.depthwise_job cimport Job, Phase, Task, bands_of, describe, describe_outputs, work_of
from kernels.depthwise_planes cimport Planes, block_of, bring_rows, bytes_of_rows, vectors_of_block
from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.operands cimport size_of
from kernels.parallel cimport threads_for
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.strips cimport (
    NEXT_BAND, NEXT_LINES, NEXT_RESULTS, NEXT_STRIP, PIXELS, Ahead, Strip, activate, convolve_any_strip, convolve_strip,
    correlate_any_strip, correlate_strip, load, one_row, pack_weights, store
)
from kernels.windows cimport Axis, Span, ceil_div, phase_axis, span_inside

cdef enum:
    SUMS = 16 << 10       # bytes of the sums for the gradient for the kernel
    SHARES = 16           # tasks that the gradient for the kernel is divided into at least, where there are pixels enough
    SHARE = 128           # pixels that make a share worth its sums


# Strips and bands -------------------------------------------------------------------------------------------------------


cdef void do_any_strip(const Job* job, const Task* task, const Strip* strip) noexcept nogil:
    cdef Strip row
    cdef int lower
    for lower in range(1 + strip.two):
        row = one_row(strip, lower)
        if task != NULL:
            correlate_any_strip(&row, task.sums, task.first, task.end)
        else:
            convolve_any_strip(&row, job.weights, job.bias)


cdef inline void convolve_usual_strip(const Job* job, const Strip* strip, Ahead ahead) noexcept nogil:
    if strip.spacing != 1:
        do_any_strip(job, NULL, strip)
    elif strip.step == 1 and strip.taps == 1:
        convolve_strip(strip, job.weights, job.bias, ahead, 1, 1)
    elif strip.step == 1 and strip.taps == 2:
        convolve_strip(strip, job.weights, job.bias, ahead, 2, 1)
    elif strip.step == 1 and strip.taps == 3:
        convolve_strip(strip, job.weights, job.bias, ahead, 3, 1)
    elif strip.step == 1 and strip.taps == 5:
        convolve_strip(strip, job.weights, job.bias, ahead, 5, 1)
    elif strip.step == 1 and strip.taps == 7:
        convolve_strip(strip, job.weights, job.bias, ahead, 7, 1)
    elif strip.step == 2 and strip.taps == 3:
        convolve_strip(strip, job.weights, job.bias, ahead, 3, 2)
    elif strip.step == 2 and strip.taps == 5:
        convolve_strip(strip, job.weights, job.bias, ahead, 5, 2)
    else:
        do_any_strip(job, NULL, strip)


# The next five are functions for themselves, without variables: GCC inlines no large frame into one that is not small, and the
# functions called here need to be inlined. What is asked for ahead of time has to be a literal.


cdef void convolve(const Job* job, const Strip* strip) noexcept nogil:
    convolve_usual_strip(job, strip, NEXT_BAND)


cdef void convolve_by_lines(const Job* job, const Strip* strip) noexcept nogil:
    convolve_usual_strip(job, strip, NEXT_LINES)


cdef void convolve_by_strips(const Job* job, const Strip* strip) noexcept nogil:
    convolve_usual_strip(job, strip, NEXT_STRIP)


cdef void convolve_of_planes(const Job* job, const Strip* strip) noexcept nogil:
    convolve_usual_strip(job, strip, NEXT_RESULTS)


cdef void correlate(const Job* job, const Task* task, const Strip* strip) noexcept nogil:
    if strip.spacing != 1:
        do_any_strip(job, task, strip)
    elif strip.step == 1 and strip.taps == 3:
        correlate_strip(strip, task.sums, task.first, task.end, 3, 1)
    elif strip.step == 1 and strip.taps == 5:
        correlate_strip(strip, task.sums, task.first, task.end, 5, 1)
    elif strip.step == 1 and strip.taps == 7:
        correlate_strip(strip, task.sums, task.first, task.end, 7, 1)
    elif strip.step == 2 and strip.taps == 3:
        correlate_strip(strip, task.sums, task.first, task.end, 3, 2)
    elif strip.step == 2 and strip.taps == 5:
        correlate_strip(strip, task.sums, task.first, task.end, 5, 2)
    else:
        do_any_strip(job, task, strip)


cdef inline void do_rows(const Job* job, const Task* task, Py_ssize_t n, Py_ssize_t od, Py_ssize_t oh, bint two) noexcept nogil:
    """Row oh of the target in plane od of image n, and for `two` also the next one of its phase."""
    cdef const Phase* d = job.phase_d + od % job.phases_d
    cdef const Phase* h = job.phase_h + oh % job.phases_h
    cdef const Phase* w
    cdef Py_ssize_t id = od // job.phases_d * d.axis.step + d.axis.offset
    cdef Py_ssize_t ih = oh // job.phases_h * h.axis.step + h.axis.offset
    cdef Py_ssize_t lag = h.axis.step // h.axis.spacing if two else 0  # taps from the upper windows to the lower
    cdef Span planes = span_inside(id, d.axis.spacing, d.axis.taps, d.axis.size)
    cdef Span rows = span_inside(ih, h.axis.spacing, h.axis.taps + lag, h.axis.size)
    cdef const real* source = (
        job.source + (n * d.axis.size + id + planes.begin * d.axis.spacing) * job.source_d
        + (ih + rows.begin * h.axis.spacing) * job.source_h
    )
    cdef real* target = job.target + ((n * job.d + od) * job.h + oh) * job.w * job.target_w
    cdef Py_ssize_t phase, part, o, iw
    cdef Strip strip
    strip.channels = job.channels
    strip.two = two
    strip.target_lower = job.phases_h * job.w * job.target_w
    strip.target_column = job.phases_w * job.target_w
    strip.planes = planes.end - planes.begin
    strip.rows = rows.end - rows.begin
    strip.upper_rows = min(h.axis.taps - rows.begin, strip.rows)
    strip.lower_row = max(lag - rows.begin, <Py_ssize_t>0) if two else strip.rows
    strip.plane = d.axis.spacing * job.source_d
    strip.row = h.axis.spacing * job.source_h
    strip.column = job.source_w
    strip.tap_plane = d.tap_step * job.taps_h * job.taps_w * job.tap
    strip.tap_row = h.tap_step * job.taps_w * job.tap
    strip.tap_lower = -lag * strip.tap_row
    strip.vector = job.vector
    for phase in range(job.phases_w):
        w = job.phase_w + phase
        strip.taps = w.axis.taps
        strip.step = w.axis.step
        strip.asked_row = strip.rows if job.ahead == NEXT_RESULTS else strip.rows - 2 * strip.step
        strip.spacing = w.axis.spacing
        strip.tap_column = w.tap_step * job.tap
        strip.tap = planes.begin * strip.tap_plane + rows.begin * strip.tap_row + (
            (d.first_tap * job.taps_h + h.first_tap) * job.taps_w + w.first_tap
        ) * job.tap
        for part in range(ceil_div(w.axis.outputs, PIXELS)):
            o = part * PIXELS
            iw = o * w.axis.step + w.axis.offset
            strip.target = target + (o * job.phases_w + phase) * job.target_w
            strip.pixels = min(w.axis.outputs - o, <Py_ssize_t>PIXELS)
            strip.source = source + iw * job.source_w
            strip.first_column = -iw
            strip.end_column = min(
                w.axis.size - iw, (strip.pixels - 1) * strip.step + (strip.taps - 1) * strip.spacing + 1
            )
            if task != NULL:
                correlate(job, task, &strip)
            else:
                if job.ahead == NEXT_BAND:
                    convolve(job, &strip)
                elif job.ahead == NEXT_LINES:
                    convolve_by_lines(job, &strip)
                elif job.ahead == NEXT_RESULTS:
                    convolve_of_planes(job, &strip)
                else:
                    convolve_by_strips(job, &strip)
                if job.activation != LINEAR:
                    activate(job.activation, &strip)


cdef inline void do_bands(const Job* job, const Task* task, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t bands = ceil_div(job.h, 2 * job.phases_h)  # of a plane
    cdef Py_ssize_t band, n, od, oh, phase
    cdef const Axis* axis
    for band in range(first, end):
        n = band // bands // job.d
        od = band // bands % job.d
        for phase in range(job.phases_h):
            axis = &job.phase_h[phase].axis
            oh = band % bands * 2 * job.phases_h + phase
            if oh + job.phases_h < job.h and axis.step % axis.spacing == 0:
                do_rows(job, task, n, od, oh, True)
            else:
                while oh < min(job.h, (band % bands + 1) * 2 * job.phases_h):
                    do_rows(job, task, n, od, oh, False)
                    oh += job.phases_h
    restore_denormals(state)


# Blocks of channels -----------------------------------------------------------------------------------------------------


cdef inline Py_ssize_t rows_below_band(const Job* job) noexcept nogil:
    """How many rows of the source a band reads, at most. There are no phases."""
    cdef const Axis* h = &job.phase_h.axis
    return h.step + (h.taps - 1) * h.spacing + 1


cdef inline size_t bytes_of_block(const Job* job, Py_ssize_t vectors) noexcept nogil:
    """Scratch memory for the pixels of so many vectors of channels or fewer, if they are put together."""
    return 0 if job.planes == NULL else bytes_of_rows(rows_below_band(job), job.planes.w, vectors * VL)


cdef void do_block(const Job* job, const Task* task, Py_ssize_t first, Py_ssize_t end, Py_ssize_t first_band,
                   Py_ssize_t end_band, real* pixels) noexcept nogil:
    """Some bands: of some vectors of channels, put together from planes, if there are any; else of all that the task has."""
    cdef Job block = job[0]
    cdef const Axis* h = &job.phase_h.axis
    cdef Py_ssize_t channel = min(first * VL, job.channels - VL), bands = ceil_div(job.h, 2), band, row
    cdef Planes planes
    cdef Span rows
    if job.planes == NULL:
        do_bands(job, task, first_band, end_band)
        return
    block.channels = block.source_w = min(end * VL, job.channels) - channel
    block.source_d, block.source_h = 0, job.planes.w * block.channels
    block.target += channel
    block.weights += first * job.vector
    if block.bias != NULL:
        block.bias += channel
    planes = block_of(job.planes, channel, block.channels, rows_below_band(job), pixels)
    for band in range(first_band, end_band):
        row = band % bands * 2 * h.step + h.offset
        rows = span_inside(row, 1, rows_below_band(job), h.size)
        block.source = bring_rows(&planes, band // bands, row + rows.begin, row + rows.end)
        do_bands(&block, task, band, band + 1)


# Work for all threads ---------------------------------------------------------------------------------------------------


cdef int convolve_all(Job* job, Py_ssize_t taps) noexcept nogil:
    """Returns -1 when out of memory."""
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t vectors = ceil_div(job.channels, VL), bands = bands_of(job)
    cdef Py_ssize_t block = vectors_of_block(rows_below_band(job), job.planes.w) if job.planes != NULL else vectors
    cdef Py_ssize_t blocks = ceil_div(vectors, block)
    cdef Py_ssize_t shares = min(bands, ceil_div(4 * threads, blocks))
    cdef size_t size = bytes_of_block(job, ceil_div(vectors, blocks))
    cdef real* packed = <real*>scratch_take(vectors * taps * VL * sizeof(real))
    cdef char* pixels = <char*>scratch_take(threads * size)
    cdef Py_ssize_t i
    if packed == NULL or pixels == NULL:
        scratch_give(packed)
        scratch_give(pixels)
        return -1
    pack_weights(job.weights, job.channels, taps, packed)
    job.weights, job.tap, job.vector = packed, VL, taps * VL
    for i in prange(blocks * shares, num_threads=threads, schedule="dynamic"):
        do_block(
            job, NULL, i // shares * vectors // blocks, (i // shares + 1) * vectors // blocks,
            bands * (i % shares) // shares, bands * (i % shares + 1) // shares, <real*>(pixels + threadid() * size),
        )
    scratch_give(packed)
    scratch_give(pixels)
    return 0


cdef inline void correlate_share(const Job* job, real* sums, Py_ssize_t size, Py_ssize_t first, Py_ssize_t end,
                                 Py_ssize_t first_band, Py_ssize_t end_band, real* pixels) noexcept nogil:
    """The sums of some vectors of channels over some bands."""
    cdef Task task = Task(first=first, end=end, sums=sums)
    if job.planes != NULL:
        task.first, task.end = 0, end - first
    memset(sums, 0, size * sizeof(real))
    do_block(job, &task, first, end, first_band, end_band, pixels)


cdef int correlate_all(Job* job, Py_ssize_t taps, real* d_kernel) noexcept nogil:
    """Returns -1 when out of memory."""
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t vectors = ceil_div(job.channels, VL)
    cdef Py_ssize_t block = min(max(SUMS // (taps * VL * <Py_ssize_t>sizeof(real)), <Py_ssize_t>1), vectors)  # of a task
    cdef Py_ssize_t blocks, shares, size, bands = bands_of(job), i, v, tap, share
    cdef vec total
    cdef real* sums
    cdef char* pixels
    cdef size_t pixels_size
    if job.planes != NULL:
        block = min(block, vectors_of_block(rows_below_band(job), job.planes.w))
    blocks = ceil_div(vectors, block)
    shares = max(min(ceil_div(SHARES, blocks), job.n * job.d * job.h * job.w // SHARE, bands), <Py_ssize_t>1)
    size = taps * block * VL
    pixels_size = bytes_of_block(job, block)
    sums = <real*>scratch_take(shares * blocks * size * sizeof(real))
    pixels = <char*>scratch_take(threads * pixels_size)
    if sums == NULL or pixels == NULL:
        scratch_give(sums)
        scratch_give(pixels)
        return -1
    job.tap = block * VL
    for i in prange(shares * blocks, num_threads=threads, schedule="dynamic"):
        correlate_share(
            job, sums + i * size, size, i % blocks * block, min((i % blocks + 1) * block, vectors),
            bands * (i // blocks) // shares, bands * (i // blocks + 1) // shares, <real*>(pixels + threadid() * pixels_size),
        )
    for v in range(vectors):
        for tap in range(taps):
            total = ZERO_VECTOR
            for share in range(shares):
                total += load(sums + (share * blocks + v // block) * size + tap * job.tap + v % block * VL)
            store(d_kernel + tap * job.channels + min(v * VL, job.channels - VL), total)
    scratch_give(sums)
    scratch_give(pixels)
    return 0


# For Python -------------------------------------------------------------------------------------------------------------


def conv_depthwise_forward(const real[:, :, :, :, :] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                           real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Phase phase[3]
    cdef Planes planes
    cdef Job job
    cdef Py_ssize_t taps = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
    cdef int failed
    if size_of(y) == 0:
        return
    job = describe_outputs(phase, &planes, x, y, kernel, strides, dilations, pads)
    job.activation = activation
    if bias is not None:
        job.bias = &bias[0]
    with nogil:
        failed = convolve_all(&job, taps)
    if failed:
        raise MemoryError()


def conv_depthwise_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                  real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Py_ssize_t sd = strides[0], sh = strides[1], sw = strides[2]
    cdef Phase* phase
    cdef Job job
    cdef Py_ssize_t taps = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
    cdef Py_ssize_t i, r, count = 0
    cdef int failed
    if size_of(d_x) == 0:
        return
    if size_of(d_y) == 0:
        d_x[...] = 0
        return
    phase = <Phase*>scratch_take((sd + sh + sw) * sizeof(Phase))
    if phase == NULL:
        raise MemoryError()
    for i in range(3):
        for r in range(<Py_ssize_t>strides[i]):
            phase[count].axis = phase_axis(
                d_y.shape[i + 1], d_x.shape[i + 1], kernel.shape[i], strides[i], dilations[i], pads[i], r,
                &phase[count].first_tap, &phase[count].tap_step,
            )
            count += 1
    job = describe(&d_y[0, 0, 0, 0, 0], d_y.shape, d_x, kernel)
    if job.ahead == NEXT_LINES and sd * sh * sw > 1:  # the outputs of a phase have those of others between them
        job.ahead = NEXT_STRIP
    job.phases_d = sd
    job.phases_h = sh
    job.phases_w = sw
    job.phase_d = phase
    job.phase_h = phase + sd
    job.phase_w = phase + sd + sh
    with nogil:
        failed = convolve_all(&job, taps)
    scratch_give(phase)
    if failed:
        raise MemoryError()


def conv_depthwise_backward_kernel(const real[:, :, :, :, :] x, const real[:, :, :, :, ::1] d_y,
                                   real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Phase phase[3]
    cdef Planes planes
    cdef Job job
    cdef Py_ssize_t taps = d_kernel.shape[0] * d_kernel.shape[1] * d_kernel.shape[2]
    cdef int failed
    if size_of(d_kernel) == 0:
        return
    if size_of(d_y) == 0:
        d_kernel[...] = 0
        return
    job = describe_outputs(phase, &planes, x, d_y, d_kernel, strides, dilations, pads)
    with nogil:
        failed = correlate_all(&job, taps, &d_kernel[0, 0, 0, 0, 0])
    if failed:
        raise MemoryError()
