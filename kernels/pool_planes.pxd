# Pooling of planes: images of one channel, as those of "channels_first" are. For pool.pyx.
#
# Design:
# a) Rows of one channel would fill vectors badly, and windows would begin anywhere in them. So VL planes are a block, whose
#    pixels are put together from one number of each (transpose.pxd): these are the VL channels of an image. What computes the rows
#    of such images (pool_rows.pxd, max_places.pxd, pool_gradient.pxd) does the rest, and results become planes again.
# b) That happens band by band: some slices of results along d, and the slices of the source that these are made of, stay in L2.
#    Memory is read and written as planes only, each number once, but for slices that two bands share. What the next band is made
#    of is asked for ahead of time, in CPUs whose prefetchers do not follow so many planes.
# c) The places of maxima are noted block by block, and within a block pixel by pixel. Nobody else reads them, but for indices.
# d) Blocks and bands are the parallel work, divided by the shape only.
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.pooling cimport Line, Pooling, Row, Spans
from kernels.prefetch cimport LINE, prefetch_for_reading
from kernels.real cimport VL, real
from kernels.transpose cimport transpose_matrix

cdef enum:
    BAND = 1 << 15  # numbers, about
    MOST = 1 << 20  # of a slice of VL planes. Longer ones, as sequences may be, are not put together

ctypedef void (*ComputeRow)(const Pooling* job, const real* source, Row row) noexcept nogil

cdef struct Bands:
    const Spans* spans              # of each slice of results: the slices of the source that it is made of
    Py_ssize_t source, result       # numbers of a slice
    Py_ssize_t sources, results     # and of a plane
    Py_ssize_t slices, some, count  # of results: in all, in a band, and how many bands there are
    Py_ssize_t most                 # slices of the source below a band

cdef struct Slices:
    Py_ssize_t first, end


cdef inline Py_ssize_t blocks_of(const Pooling* job) noexcept nogil:
    """How many blocks of planes there are. What remains is computed as it is."""
    cdef Py_ssize_t slice = max(job.h.inputs * job.w.inputs, job.h.outputs * job.w.outputs)
    return job.n // VL if VL > 1 and job.c == 1 and slice * VL <= MOST else 0


cdef inline Py_ssize_t number_of_place(const Pooling* job, Py_ssize_t output) noexcept nogil:
    """Where the place of an output is noted, all of which are counted."""
    cdef Py_ssize_t outputs = job.d.outputs * job.h.outputs * job.w.outputs, plane = output // outputs
    if plane // VL >= blocks_of(job):
        return output
    return (plane // VL * outputs + output % outputs) * VL + plane % VL


cdef inline Slices slices_below(const Bands* bands, Py_ssize_t band) noexcept nogil:
    """The slices of the source that a band is made of."""
    cdef Py_ssize_t first = -1, end = -1, i
    for i in range(band * bands.some, min((band + 1) * bands.some, bands.slices)):
        if bands.spans.count[i] > 0:
            first = bands.spans.first[i] if first < 0 else min(first, bands.spans.first[i])
            end = max(end, bands.spans.first[i] + (bands.spans.count[i] - 1) * bands.spans.step + 1)
    return Slices(first, end)


cdef inline Bands divide_into_bands(const Pooling* job, bint forward) noexcept nogil:
    cdef Bands bands
    cdef Py_ssize_t inputs = job.h.inputs * job.w.inputs, outputs = job.h.outputs * job.w.outputs, band
    cdef Py_ssize_t slices = job.d.inputs
    cdef Slices below
    bands.spans = &job.d.window if forward else &job.d.covering
    bands.source, bands.result = (inputs, outputs) if forward else (outputs, inputs)
    bands.sources, bands.results = inputs * job.d.inputs, outputs * job.d.outputs
    bands.slices = job.d.outputs
    if not forward:
        bands.sources, bands.results = bands.results, bands.sources
        slices, bands.slices = bands.slices, slices
    bands.some = BAND * bands.slices // (VL * (bands.sources + bands.results) + 1)
    bands.some = max(min(bands.some, bands.slices), <Py_ssize_t>1)
    bands.count = (bands.slices + bands.some - 1) // bands.some
    bands.most = 0
    for band in range(bands.count):
        below = slices_below(&bands, band)
        bands.most = max(bands.most, below.end - below.first)
    return bands


cdef inline Py_ssize_t row_of_block(const Pooling* job) noexcept nogil:
    return (max(job.w.inputs, job.w.outputs) + 1) * VL


cdef inline Py_ssize_t bytes_of_band(const Pooling* job, const Bands* bands, Py_ssize_t lines) noexcept nogil:
    """Scratch memory: so many bytes for the lines of a row, the row, and both sides of a band."""
    return lines + (row_of_block(job) + VL * (bands.most * bands.source + bands.some * bands.result + 1)) * sizeof(real)


cdef inline void ask_for_band(const Bands* bands, const real* source, Py_ssize_t block, Py_ssize_t band) noexcept nogil:
    """Asks for the source of a band; there may be none."""
    cdef Slices below = slices_below(bands, band)
    cdef Py_ssize_t count = (below.end - below.first) * bands.source, plane, i
    source += block * VL * bands.sources + below.first * bands.source
    if count == bands.sources:  # planes lie one behind the other
        for i in range(VL * count // LINE + 1):
            prefetch_for_reading(source + i * LINE)
        return
    for plane in range(VL):
        for i in range(count // LINE + 1):
            prefetch_for_reading(source + plane * bands.sources + i * LINE)


cdef inline void compute_band(
    ComputeRow compute, bint adds, const Pooling* planes, const Bands* bands, const real* source, real* results,
    Py_ssize_t block, Py_ssize_t band, char* scratch, Py_ssize_t lines,
) noexcept nogil:
    """`lines`: bytes of the scratch memory for the lines of a row."""
    cdef unsigned long long state = flush_denormals() if adds else 0
    cdef Pooling job = planes[0]
    cdef Slices below = slices_below(bands, band)
    cdef Py_ssize_t first = band * bands.some, end = min(first + bands.some, bands.slices), d, h
    cdef Py_ssize_t rows = job.h.outputs if bands.spans == &planes.d.window else job.h.inputs
    cdef real* column = <real*>(scratch + lines)
    cdef real* pixels = column + row_of_block(planes)
    cdef real* made = pixels + bands.most * bands.source * VL
    job.n, job.c = 1, VL
    job.of_outputs.first = job.of_outputs.end = job.of_inputs.first = job.of_inputs.end = 0
    job.places += block * VL * planes.d.outputs * planes.h.outputs * planes.w.outputs * job.place_size
    transpose_matrix(
        source + block * VL * bands.sources + below.first * bands.source, bands.sources, pixels, VL, VL,
        (below.end - below.first) * bands.source,
    )
    if planes.ask_for_sources:
        ask_for_band(bands, source, block + (band + 1) // bands.count, (band + 1) % bands.count)
    for d in range(first, end):
        for h in range(rows):
            compute(
                &job, pixels - below.first * bands.source * VL,
                Row(0, d, h, made + ((d - first) * rows + h) * (bands.result // rows) * VL, column, <Line*>scratch),
            )
    transpose_matrix(
        made, VL, results + block * VL * bands.results + first * bands.result, bands.results, (end - first) * bands.result, VL
    )
    if adds:
        restore_denormals(state)
