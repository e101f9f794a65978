# Convolution in groups of few channels and filters.
#
# Design:
# a) y[pixel, k] = sum over taps and the channels c of k's group of x[pixel + tap, c] * kernel[tap, c, k]. Neighbouring
#    filters fill the vectors, of several groups where groups are small (lanes.pxd).
# b) Outputs are divided into blocks of PIXELS neighbouring vectors of outputs by some rows. The source below a block is copied
#    to where it stays in L2, with its padding, unless each vector of filters reads vectors of its own inside the image: these
#    are read where they are (grouped_blocks.pxd). Vectors of filters take their turns with a block, and so do the phases (d).
#    Their inner loops are those of grouped_rows.pxd.
# c) Weights are packed beforehand, [vector of filters][tap][channel][VL], zeros in lanes without a filter.
# d) The gradient for the input is the same with d_y as the source and the roles of channels and filters exchanged. With a
#    stride, the input pixels fall into phases, each with the taps that reach it (windows.pxd). All phases of a block of as
#    many outputs each share one copy of the source.
# e) The gradient for the kernel sums numbers of the source times vectors of d_y, from the same copies. The sums are
#    those of grouped_sums.pxd.
# f) Parallel: forward over rows of blocks and parts of the filters; gradient for the kernel over parts of the filters and
#    shares of the rows. These depend on the problem only and are added up in their order, so results are the same for any
#    number of threads.
from cpython.pyport cimport PY_SSIZE_T_MAX, PY_SSIZE_T_MIN
from cython.parallel cimport prange

from kernels.elementwise cimport LINEAR
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.grouped_blocks cimport bands_of, block_at, choose_blocks, copy_block, is_in_place, look_ahead
from kernels.grouped_rows cimport PIXELS, Block, Job, Phase, Side, do_rows
from kernels.grouped_sums cimport Sums, add_piece, add_shares, clear_sums, panel_size, pass_block
from kernels.lanes cimport Slice, lanes_of, slice_of
from kernels.parallel cimport threads_for
from kernels.real cimport VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, ceil_div, forward_axis, phase_axis

cdef enum:
    SUMS = 64 << 10     # bytes of the sums of a task
    SHARES = 16         # tasks that the gradient for the kernel is divided into at least, where there are pixels enough
    SHARE = 256         # pixels that make a share worth its sums


# Sizes ------------------------------------------------------------------------------------------------------------------


cdef inline double work_of(const Job* job) noexcept nogil:
    """In operations on vectors."""
    cdef double rows = job.images * job.d.phase.axis.outputs * job.h.phase.axis.outputs
    return 2 * rows * ceil_div(job.w.phase.axis.outputs, job.lanes.pixels) * job.lanes.vectors * panel_size(job) / VL


# Phases of a block -------------------------------------------------------------------------------------------------------


cdef inline void do_phase(const Job* job, const Block* block, const Slice* part, const Phase* d, const Phase* h, const Phase* w,
                          const real* source, real* numbers, bint alike, int step, bint correlate) noexcept nogil:
    """All rows of a block, for a vector of filters."""
    cdef Py_ssize_t rows = min(block.rows, h.axis.outputs - block.oh)
    cdef Py_ssize_t row = 0
    while row < rows:
        if row + 1 < rows and job.h.step % h.axis.spacing == 0:
            do_rows(job, block, part, d, h, w, source, numbers, row, True, alike, step, correlate)
            row += 2
        else:
            do_rows(job, block, part, d, h, w, source, numbers, row, False, alike, step, correlate)
            row += 1


# The next two are functions for themselves, without variables, so that GCC inlines what they call.


cdef void multiply_phase(const Job* job, const Block* block, const Slice* part, const Phase* d, const Phase* h, const Phase* w,
                         const real* source, real* weights, int step) noexcept nogil:
    if job.lanes.alike and step == 1:
        do_phase(job, block, part, d, h, w, source, weights, True, 1, False)
    elif job.lanes.alike and step == 2:
        do_phase(job, block, part, d, h, w, source, weights, True, 2, False)
    elif job.lanes.alike:
        do_phase(job, block, part, d, h, w, source, weights, True, 0, False)
    elif step == 1:
        do_phase(job, block, part, d, h, w, source, weights, False, 1, False)
    elif step == 2:
        do_phase(job, block, part, d, h, w, source, weights, False, 2, False)
    else:
        do_phase(job, block, part, d, h, w, source, weights, False, 0, False)


cdef void correlate_phase(const Job* job, const Block* block, const Slice* part, const Phase* d, const Phase* h, const Phase* w,
                          const real* source, real* sums, int step) noexcept nogil:
    if job.lanes.alike and step == 1:
        do_phase(job, block, part, d, h, w, source, sums, True, 1, True)
    elif job.lanes.alike and step == 2:
        do_phase(job, block, part, d, h, w, source, sums, True, 2, True)
    elif job.lanes.alike:
        do_phase(job, block, part, d, h, w, source, sums, True, 0, True)
    elif step == 1:
        do_phase(job, block, part, d, h, w, source, sums, False, 1, True)
    elif step == 2:
        do_phase(job, block, part, d, h, w, source, sums, False, 2, True)
    else:
        do_phase(job, block, part, d, h, w, source, sums, False, 0, True)


cdef inline void do_block(const Job* job, const Block* block, const Slice* part, const real* source, real* weights,
                          real* sums) noexcept nogil:
    """A block for a vector of filters: with its packed weights, or its sums, whichever is not NULL."""
    cdef Py_ssize_t phase
    cdef const Phase* d
    cdef const Phase* h
    cdef const Phase* w
    cdef int step
    for phase in range(job.d.phases * job.h.phases * job.w.phases):
        w = job.w.phase + phase % job.w.phases
        h = job.h.phase + phase // job.w.phases % job.h.phases
        d = job.d.phase + phase // job.w.phases // job.h.phases
        if block.od >= d.axis.outputs or block.oh >= h.axis.outputs or block.ow >= w.axis.outputs:
            continue
        step = 0
        if w.axis.taps == 3 and w.axis.spacing == 1 and job.w.step <= 2 and job.lanes.pixels == 1:
            step = <int>job.w.step
        if sums != NULL:
            correlate_phase(job, block, part, d, h, w, source, sums, step)
        else:
            multiply_phase(job, block, part, d, h, w, source, weights, step)


# Work for all threads ---------------------------------------------------------------------------------------------------


cdef inline void do_band(Job* job, Py_ssize_t band, Py_ssize_t first, Py_ssize_t end, Sums* sums) noexcept nogil:
    """One row of blocks, for some vectors of filters: its outputs, or its part of the sums if these are not NULL."""
    cdef unsigned long long state = flush_denormals()
    cdef Slice part = slice_of(&job.lanes, end - 1)
    cdef Py_ssize_t first_channel = slice_of(&job.lanes, first).channel
    cdef Py_ssize_t channels = part.channel + ceil_div(part.count, job.lanes.columns) * job.lanes.depth - first_channel
    cdef real* copy = <real*>scratch_take((job.d.extent * job.plane + VL) * sizeof(real))
    cdef const real* source
    cdef Py_ssize_t v, ow = 0
    cdef Block block
    if copy == NULL:
        job.failed = True
    else:
        while ow < job.w.phase.axis.outputs:
            block = block_at(job, band, ow)
            look_ahead(job, &block, band)
            if not is_in_place(job, &block):
                copy_block(job, &block, first_channel, channels, copy)
            for v in range(first, end):
                part = slice_of(&job.lanes, v)
                source = block.source + part.channel
                if sums != NULL:
                    do_block(job, &block, &part, source, NULL, <real*>sums.piece + (v - first) * panel_size(job))
                else:
                    do_block(job, &block, &part, source, job.weights + v * panel_size(job), NULL)
            if sums != NULL:
                pass_block(sums, &block)
            ow += PIXELS * job.lanes.pixels
    scratch_give(copy)
    restore_denormals(state)


cdef inline void do_bands(Job* job, Py_ssize_t first_band, Py_ssize_t end_band, Py_ssize_t first, Py_ssize_t end,
                          Sums* sums) noexcept nogil:
    cdef Py_ssize_t band
    for band in range(first_band, end_band):
        do_band(job, band, first, end, sums)


cdef void convolve(Job* job) noexcept nogil:
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t vectors = job.lanes.vectors
    cdef Py_ssize_t bands = bands_of(job)
    cdef Py_ssize_t parts = min(vectors, ceil_div(4 * threads, bands)) if threads > 1 else 1
    cdef Py_ssize_t tasks = min(bands, <Py_ssize_t>(8 * threads))
    cdef Py_ssize_t i
    for i in prange(tasks * parts, num_threads=threads, schedule="dynamic"):
        do_bands(
            job, bands * (i // parts) // tasks, bands * (i // parts + 1) // tasks,
            vectors * (i % parts) // parts, vectors * (i % parts + 1) // parts, NULL,
        )


cdef inline void correlate_share(Job* job, Py_ssize_t first_band, Py_ssize_t end_band, Py_ssize_t first, Py_ssize_t end,
                                 real* total) noexcept nogil:
    cdef Sums sums
    sums.vectors = (end - first) * panel_size(job) // VL
    sums.total = <vec*>total
    sums.piece = <vec*>scratch_take(sums.vectors * sizeof(vec))
    if sums.piece == NULL:
        job.failed = True
    else:
        clear_sums(&sums)
        do_bands(job, first_band, end_band, first, end, &sums)
        add_piece(&sums)
    scratch_give(sums.piece)


cdef void correlate(Job* job, real* d_kernel) noexcept nogil:
    cdef Py_ssize_t size = panel_size(job)
    cdef Py_ssize_t vectors = job.lanes.vectors
    cdef Py_ssize_t parts = ceil_div(vectors, max(SUMS // (size * <Py_ssize_t>sizeof(real)), <Py_ssize_t>1))
    cdef Py_ssize_t bands = bands_of(job)
    cdef Py_ssize_t pixels = job.images * job.planes * job.height * job.width
    cdef Py_ssize_t shares = max(min(min(ceil_div(SHARES, parts), pixels // SHARE), bands), <Py_ssize_t>1)
    cdef int threads = threads_for(work_of(job))
    cdef Py_ssize_t i, first
    cdef real* sums = <real*>scratch_take(shares * vectors * size * sizeof(real))
    if sums == NULL:
        job.failed = True
        return
    for i in prange(shares * parts, num_threads=threads, schedule="dynamic"):
        first = vectors * (i % parts) // parts
        correlate_share(
            job, bands * (i // parts) // shares, bands * (i // parts + 1) // shares,
            first, vectors * (i % parts + 1) // parts, sums + (i // parts * vectors + first) * size,
        )
    for i in prange(vectors, num_threads=threads, schedule="static"):
        add_shares(job, shares, sums, i, d_kernel)
    scratch_give(sums)


cdef inline void pack_panel(const Job* job, Py_ssize_t v) noexcept nogil:
    """Packs the weights of a vector of filters: [tap][channel][VL]."""
    cdef Slice part = slice_of(&job.lanes, v)
    cdef Py_ssize_t columns = job.lanes.columns, depth = job.lanes.depth
    cdef real* panel = job.weights + v * panel_size(job)
    cdef Py_ssize_t place[VL]
    cdef Py_ssize_t count = part.count * job.lanes.pixels
    cdef Py_ssize_t i, j, filter
    cdef const real* source
    for j in range(count):
        filter = part.filter + j % part.count
        place[j] = filter // columns * job.group + filter % columns * job.filter
    for i in range(job.taps * depth):
        source = job.kernel + i // depth * job.tap + i % depth * job.channel
        for j in range(VL):
            panel[i * VL + j] = source[place[j]] if j < count else 0


cdef void convolve_with_weights(Job* job) noexcept nogil:
    cdef Py_ssize_t v
    job.weights = <real*>scratch_take(job.lanes.vectors * panel_size(job) * sizeof(real))
    if job.weights == NULL:
        job.failed = True
    else:
        for v in prange(job.lanes.vectors, num_threads=threads_for(job.lanes.vectors * panel_size(job)), schedule="static"):
            pack_panel(job, v)
        convolve(job)
    scratch_give(job.weights)


# For Python -------------------------------------------------------------------------------------------------------------


cdef bint is_empty(const real[:, :, :, :, ::1] x):
    return x.shape[0] * x.shape[1] * x.shape[2] * x.shape[3] * x.shape[4] == 0


cdef Side side_of(Phase* phase, Py_ssize_t phases):
    """The phases of an axis, and the source pixels that they need together."""
    cdef Py_ssize_t i, first = PY_SSIZE_T_MAX, last = PY_SSIZE_T_MIN
    cdef Axis axis
    for i in range(phases):
        axis = phase[i].axis
        if axis.taps > 0:
            first = min(first, axis.offset)
            last = max(last, axis.offset + (axis.taps - 1) * axis.spacing)
    return Side(phase=phase, phases=phases, step=phase.axis.step, first=first, extent=last - first + 1)


cdef Side outputs_side(Phase* phase, Py_ssize_t size, Py_ssize_t outputs, Py_ssize_t taps, Py_ssize_t stride,
                       Py_ssize_t dilation, Py_ssize_t pad):
    """The target is y: one phase."""
    phase.axis = forward_axis(size, outputs, taps, stride, dilation, pad)
    phase.first_tap = 0
    phase.tap_step = 1
    return side_of(phase, 1)


cdef Side inputs_side(Phase* phase, Py_ssize_t size, Py_ssize_t inputs, Py_ssize_t taps, Py_ssize_t stride, Py_ssize_t dilation,
                      Py_ssize_t pad):
    """The target is d_x: as many phases as the stride."""
    cdef Py_ssize_t i
    for i in range(stride):
        phase[i].axis = phase_axis(size, inputs, taps, stride, dilation, pad, i, &phase[i].first_tap, &phase[i].tap_step)
    return side_of(phase, stride)


cdef void describe(Job* job, const real[:, :, :, :, ::1] source, const real[:, :, :, :, ::1] target,
                   const real[:, :, :, :, ::1] kernel, Py_ssize_t groups):
    """All but the kernel's order; the sides are known."""
    job.source = &source[0, 0, 0, 0, 0]
    job.source_w = source.shape[4]
    job.source_h = source.shape[3] * job.source_w
    job.source_d = source.shape[2] * job.source_h
    job.target = <real*>&target[0, 0, 0, 0, 0]
    job.target_w = target.shape[4]
    job.target_h = target.shape[3] * job.target_w
    job.target_d = target.shape[2] * job.target_h
    job.images = target.shape[0]
    job.planes = target.shape[1]
    job.height = target.shape[2]
    job.width = target.shape[3]
    job.kernel = &kernel[0, 0, 0, 0, 0]
    job.tap = kernel.shape[3] * kernel.shape[4]
    job.group = kernel.shape[4] // groups
    job.taps_h = kernel.shape[1]
    job.taps_w = kernel.shape[2]
    job.taps = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
    job.weights = NULL
    job.bias = NULL
    job.activation = LINEAR
    job.failed = False
    job.lanes = lanes_of(groups, source.shape[4] // groups, target.shape[4] // groups, job.w.step)
    choose_blocks(job)


cdef void describe_outputs(Job* job, Phase* phase, const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] y,
                           const real[:, :, :, :, ::1] kernel, tuple strides, tuple dilations, tuple pads, Py_ssize_t groups):
    job.d = outputs_side(phase, x.shape[1], y.shape[1], kernel.shape[0], strides[0], dilations[0], pads[0])
    job.h = outputs_side(phase + 1, x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1])
    job.w = outputs_side(phase + 2, x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2])
    describe(job, x, y, kernel, groups)


def conv_grouped_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                         real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front."""
    cdef Phase phase[3]
    cdef Job job
    if is_empty(y):
        return
    describe_outputs(&job, phase, x, y, kernel, strides, dilations, pads, groups)
    job.channel = kernel.shape[4]
    job.filter = 1
    job.activation = activation
    if bias is not None:
        job.bias = &bias[0]
    with nogil:
        convolve_with_weights(&job)
    if job.failed:
        raise MemoryError()


def conv_grouped_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                                real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Py_ssize_t sd = strides[0], sh = strides[1], sw = strides[2]
    cdef Phase* phase
    cdef Job job
    if is_empty(d_x):
        return
    if is_empty(d_y):
        d_x[...] = 0
        return
    phase = <Phase*>scratch_take((sd + sh + sw) * sizeof(Phase))
    if phase == NULL:
        raise MemoryError()
    job.d = inputs_side(phase, d_y.shape[1], d_x.shape[1], kernel.shape[0], sd, dilations[0], pads[0])
    job.h = inputs_side(phase + sd, d_y.shape[2], d_x.shape[2], kernel.shape[1], sh, dilations[1], pads[1])
    job.w = inputs_side(phase + sd + sh, d_y.shape[3], d_x.shape[3], kernel.shape[2], sw, dilations[2], pads[2])
    describe(&job, d_y, d_x, kernel, groups)
    job.channel = 1
    job.filter = kernel.shape[4]
    with nogil:
        convolve_with_weights(&job)
    scratch_give(phase)
    if job.failed:
        raise MemoryError()


def conv_grouped_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                 real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output."""
    cdef Phase phase[3]
    cdef Job job
    if is_empty(d_kernel):
        return
    if is_empty(d_y):
        d_kernel[...] = 0
        return
    describe_outputs(&job, phase, x, d_y, d_kernel, strides, dilations, pads, groups)
    with nogil:
        correlate(&job, &d_kernel[0, 0, 0, 0, 0])
    if job.failed:
        raise MemoryError()
