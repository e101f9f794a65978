# Convolution to few filters, whose vectors are neighbouring pixels.
#
# Design:
# a) Where images are made, and in the gradient for an image, there are fewer results in a pixel than a vector has lanes: vectors
#    of filters would be mostly empty. Here the lanes of a vector are neighbouring outputs, each filter has vectors of its own,
#    and a weight meets all lanes.
# b) The source below a block of outputs is copied once, with its padding, as planes (planes_below.pxd). Number p of a window lies
#    `offset[p]` numbers behind the place of its output, the same for all outputs. Rows of the copy lie one behind the other,
#    and so do vectors: they go on in the next row, and what they compute for the columns between two rows is left out.
# c) A tile of all filters and of as many vectors as registers hold (tiles of one vector where few are left) goes through all
#    numbers of a window, taps along w first: these read the same lines of the cache. What is loaded serves all filters.
# d) Results of a block lie in planes as well, and become pixels at the end, row by row.
# e) The gradient for the input is the same with d_y as the source. With a stride, the input pixels fall into phases, each with
#    the taps that reach it (windows.pxd). All phases of a block share its copy.
# f) Parallel: over blocks. The order of all additions is the same for any number of threads.
cimport kernels.inlined
from cython.parallel cimport prange

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.interleave cimport Picks, describe_picks, interleave
from kernels.operands cimport (
    Target, Weights, backward_weights, describe_source, describe_windows, enter_phase, forward_weights, phases_of, size_of,
    target_phase, weight_at
)
from kernels.parallel cimport threads_for
from kernels.planes_below cimport (
    Block, Planes, Reach, begin_reach, block_at, copy_planes, divide, extend_reach, source_behind, step_of_channels
)
from kernels.prefetch cimport LINE, prefetch_for_reading
from kernels.real cimport MR, VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.transpose cimport transpose_matrix
from kernels.windows cimport Windows, ceil_div

cdef extern from *:
    """
    #define REGISTERS (MR == 12 ? 32 : 16)
    """
    enum:
        REGISTERS

cdef struct Phase:      # every stride-th output along each axis; all of them in the forward direction
    Windows windows
    Weights weights
    Target target
    Py_ssize_t depth    # numbers of a window
    Py_ssize_t* offset  # of each, from the place of its output in the copy
    real* packed        # [bias, then each number of a window][filter]

cdef struct Job:
    Planes planes
    Phase* phase
    Py_ssize_t phases
    int filters
    const real* bias
    int activation
    Picks picks
    bint failed         # out of memory


cdef inline void multiply_tile(const Phase* phase, const real* source, real* y, Py_ssize_t plane, const real* ahead,
                               Py_ssize_t lines, int filters, int vectors) noexcept nogil:
    """y[k, place] = bias[k] + sum over p of source[place + offset[p]] * weight[p, k]. The planes of y are that far apart."""
    cdef vec total[REGISTERS]
    cdef vec x[MR]
    cdef const real* packed = phase.packed
    cdef Py_ssize_t p
    cdef int t, k
    for k in range(filters):
        for t in range(vectors):
            total[k * vectors + t] = packed[k] - ZERO_VECTOR
    for p in range(phase.depth):
        if p < lines:
            prefetch_for_reading(ahead + p * LINE)
        packed += filters
        for t in range(vectors):
            x[t] = (<const vec*>(source + phase.offset[p] + t * VL))[0]
        for k in range(filters):
            for t in range(vectors):
                total[k * vectors + t] += x[t] * packed[k]
    for k in range(filters):
        for t in range(vectors):
            (<vec*>(y + k * plane + t * VL))[0] = total[k * vectors + t]


cdef inline void multiply_vectors(const Phase* phase, const real* source, real* y, Py_ssize_t plane, Py_ssize_t count,
                                  const real* ahead, Py_ssize_t lines, int filters) noexcept nogil:
    """So many vectors of each filter. `filters` is a literal."""
    cdef int most = min((REGISTERS - 2) // (filters + 1), MR)  # with what is loaded for all filters, and a weight
    cdef Py_ssize_t i = 0
    while i < count:
        if count - i > most // 2:
            multiply_tile(phase, source + i * VL, y + i * VL, plane, ahead + i * lines * LINE, most * lines, filters, most)
            i += most
        else:
            multiply_tile(phase, source + i * VL, y + i * VL, plane, ahead + i * lines * LINE, lines, filters, 1)
            i += 1


cdef void multiply_filters(const Phase* phase, const real* source, real* y, Py_ssize_t plane, Py_ssize_t count,
                           const real* ahead, Py_ssize_t lines, int filters) noexcept nogil:
    if filters == 1:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 1)
    elif filters == 2:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 2)
    elif filters == 3:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 3)
    elif filters == 4:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 4)
    elif filters == 5:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 5)
    elif filters == 6:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 6)
    elif filters == 7:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 7)
    else:
        multiply_vectors(phase, source, y, plane, count, ahead, lines, 8)


cdef inline void store_row(const Job* job, const Target* target, const real* planes, Py_ssize_t plane, real* y,
                           Py_ssize_t pixels) noexcept nogil:
    if target.stride_w == job.filters < VL:
        interleave(&job.picks, job.filters, planes, plane, y, pixels)
    else:
        transpose_matrix(planes, plane, y, target.stride_w, job.filters, pixels)


cdef inline Py_ssize_t plane_of_results(const Planes* planes) noexcept nogil:
    """An odd number of vectors, so that planes do not share cache sets; what a tile has beyond a block finds room."""
    return (ceil_div(planes.rows * planes.line, VL) + MR | 1) * VL


cdef inline void multiply_phase(const Job* job, const Phase* phase, const Block* block, const real* source, real* results,
                                const real* ahead, Py_ssize_t lines) noexcept nogil:
    """Computes what a block has of a phase."""
    cdef const Target* target = &phase.target
    cdef Py_ssize_t plane = plane_of_results(&job.planes), line = job.planes.line
    cdef Py_ssize_t rows = min(job.planes.rows, phase.windows.h.outputs - block.row)
    cdef Py_ssize_t columns = min(job.planes.columns, phase.windows.w.outputs - block.column)
    cdef Py_ssize_t places = (rows - 1) * line + columns
    cdef real* y = (
        target.value + block.n * target.stride_n + block.d * target.stride_d + block.row * target.stride_h
        + block.column * target.stride_w
    )
    cdef Py_ssize_t h
    cdef int k
    if block.d >= phase.windows.d.outputs or rows <= 0 or columns <= 0:
        return
    multiply_filters(phase, source, results, plane, ceil_div(places, VL), ahead, lines, job.filters)
    if job.activation != LINEAR:
        for k in range(job.filters):
            apply_activation(job.activation, results + k * plane, places)
    for h in range(rows):
        store_row(job, target, results + h * line, plane, y + h * target.stride_h, columns)


cdef inline void multiply_block(const Job* job, const Block* block, const real* source, real* results) noexcept nogil:
    cdef const Planes* planes = &job.planes
    cdef const real* ahead = source_behind(planes, block)
    cdef Py_ssize_t lines = 0, i  # for each vector
    if planes.channel == 1:
        lines = ceil_div(planes.windows.stride_h * VL, planes.line * job.phases * LINE)
    for i in range(job.phases):
        multiply_phase(job, job.phase + i, block, source, results, ahead, lines)
        ahead += planes.rows * planes.line * lines * LINE // VL


cdef inline void multiply_blocks(Job* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef real* copy = <real*>scratch_take(job.planes.size * sizeof(real))
    cdef real* results = <real*>scratch_take(job.filters * plane_of_results(&job.planes) * sizeof(real))
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t index
    cdef Block block
    if copy == NULL or results == NULL:
        job.failed = True
    else:
        for index in range(first, end):
            block = block_at(&job.planes, index)
            copy_planes(&job.planes, &block, copy)
            multiply_block(job, &block, copy, results)
    restore_denormals(state)
    scratch_give(results)
    scratch_give(copy)


cdef inline void pack_phase(const Job* job, Phase* phase) noexcept nogil:
    """Where the numbers of a window are, and the weights that they meet: taps along w last."""
    cdef const Windows* windows = &phase.windows
    cdef const Planes* planes = &job.planes
    cdef Py_ssize_t channels = windows.channels, taps = windows.w.taps
    cdef Py_ssize_t p, td, th, tw, c
    cdef int k
    for k in range(job.filters):
        phase.packed[k] = job.bias[k] if job.bias != NULL else 0
    for p in range(phase.depth):
        tw = p % taps
        c = p // taps % channels
        th = p // taps // channels % windows.h.taps
        td = p // taps // channels // windows.h.taps
        phase.offset[p] = (
            ((td * windows.d.spacing + windows.d.offset - planes.d.first) * channels + c) * planes.plane
            + (th * windows.h.spacing + windows.h.offset - planes.h.first) * planes.line
            + tw * windows.w.spacing + windows.w.offset - planes.w.first
        )
        for k in range(job.filters):
            phase.packed[(p + 1) * job.filters + k] = weight_at(
                &phase.weights, windows, 0, ((td * windows.h.taps + th) * taps + tw) * channels + c, k
            )[0]


cdef void multiply(Job* job, Py_ssize_t images) noexcept nogil:
    """Computes all phases, of which there is one at least."""
    cdef const Windows* windows = &job.phase.windows
    cdef double numbers = 0
    cdef Py_ssize_t depth = 0, tasks, i
    cdef int threads
    cdef Reach d = begin_reach(&windows.d), h = begin_reach(&windows.h), w = begin_reach(&windows.w)
    cdef Py_ssize_t* offset
    cdef real* packed
    for i in range(job.phases):
        windows = &job.phase[i].windows
        extend_reach(&d, &windows.d)
        extend_reach(&h, &windows.h)
        extend_reach(&w, &windows.w)
        job.phase[i].depth = windows.d.taps * windows.h.taps * windows.w.taps * windows.channels
        depth += job.phase[i].depth
        numbers += <double>windows.pixels * job.phase[i].depth * job.filters
    threads = threads_for(2.0 / VL * numbers)
    divide(&job.planes, windows, images, d, h, w, threads)
    offset = <Py_ssize_t*>scratch_take(depth * sizeof(Py_ssize_t))
    packed = <real*>scratch_take((depth + job.phases) * job.filters * sizeof(real))
    if offset == NULL or packed == NULL:
        job.failed = True
    else:
        for i in range(job.phases):
            job.phase[i].offset = offset
            job.phase[i].packed = packed
            offset += job.phase[i].depth
            packed += (job.phase[i].depth + 1) * job.filters
            pack_phase(job, job.phase + i)
        offset, packed = job.phase.offset, job.phase.packed
        describe_picks(&job.picks, min(job.filters, VL - 1), True)
        tasks = min(job.planes.count, <Py_ssize_t>16 * threads)
        for i in prange(tasks, num_threads=threads, schedule="dynamic"):
            multiply_blocks(job, job.planes.count * i // tasks, job.planes.count * (i + 1) // tasks)
    scratch_give(packed)
    scratch_give(offset)


# For Python -------------------------------------------------------------------------------------------------------------


def conv_to_few_forward(const real[:, :, :, :, :] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                        real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front. All strides are 1."""
    cdef Job job
    cdef Phase phase
    if size_of(y) == 0:
        return
    job.planes.channel = step_of_channels(x)
    describe_windows(x, kernel, y, strides, dilations, pads, groups, &phase.windows)
    phase.weights = forward_weights(kernel, groups)
    phase.target = target_phase(y, 0, 0, 0, 1, 1, 1)
    job.phase, job.phases = &phase, 1
    job.filters = <int>kernel.shape[4]
    job.bias = &bias[0] if bias is not None else NULL
    job.activation = activation
    job.failed = False
    with nogil:
        multiply(&job, y.shape[0])
    if job.failed:
        raise MemoryError()


def conv_to_few_backward_input(const real[:, :, :, :, :] d_y, const real[:, :, :, :, ::1] kernel,
                               real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output."""
    cdef Job job
    cdef Py_ssize_t i
    cdef Phase* phase
    if size_of(d_x) == 0:
        return
    if d_y.shape[0] * d_y.shape[1] * d_y.shape[2] * d_y.shape[3] * d_y.shape[4] == 0:
        d_x[...] = 0
        return
    job.planes.channel = step_of_channels(d_y)
    job.phase = <Phase*>scratch_take(phases_of(d_x, strides) * sizeof(Phase))
    if job.phase == NULL:
        raise MemoryError()
    job.phases = 0
    job.filters = <int>kernel.shape[3]
    job.bias = NULL
    job.activation = LINEAR
    job.failed = False
    for i in range(phases_of(d_x, strides)):
        phase = job.phase + job.phases
        describe_source(&phase.windows, d_y, groups)
        phase.weights = backward_weights(kernel, groups)
        if enter_phase(i, d_y, kernel, d_x, strides, dilations, pads, &phase.windows, &phase.weights, &phase.target):
            job.phases += 1
    if job.phases > 0:
        with nogil:
            multiply(&job, d_x.shape[0])
    scratch_give(job.phase)
    if job.failed:
        raise MemoryError()
