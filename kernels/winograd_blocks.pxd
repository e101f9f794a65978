# What becomes of a block of tiles, for conv_winograd.pyx.
#
# Design:
# a) V, the transformed inputs, is computed for all channels; then, for SLAB filters at a time, M by products with U, the
#    transformed kernels, and outputs from M while that is still in the cache, with bias and activation.
# b) Where U is not shared by all blocks, it is computed for SLAB filters and DEPTH channels at a time, so that it stays in L2.
#    V then lies in the same chunks of channels.
# c) A block is some places in some slices of the result. V of each slice of the source that they see is computed once for all
#    taps of the depth. Rows of V and M lie slice by slice, so all rows that a tap adds to make one product; slices that it finds
#    in the padding are left out.
from libc.string cimport memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.matmul_tile cimport NR
from kernels.real cimport MR, VL, real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, Span, ceil_div, span_inside
from kernels.winograd_input_gradient cimport Band, add_input_gradients
from kernels.winograd_products cimport multiply_tiles
from kernels.winograd_tiles cimport (
    Tiles, next_run, row_of, transform_inputs, transform_output_gradients, transform_outputs
)
from kernels.winograd_weights cimport Weights, transform_panel

cdef enum:
    SLAB = 64            # filters that M holds at a time; a multiple of every NR
    DEPTH = 64           # channels of U that a block computes for itself

cdef struct Job:
    Tiles tiles
    bint transposed           # from the tiles' outputs to their inputs
    Axis depth                # from slices of the source to slices of the result
    Weights weights
    const real* bias
    int activation
    real* shared              # U of all filters, or NULL
    bint keeps                # whether it is kept for other calls
    Py_ssize_t block          # places
    Py_ssize_t slices         # of the result, in a block
    Py_ssize_t v_rows, m_rows  # tiles for which a block has memory
    Py_ssize_t bands          # of places
    Py_ssize_t part           # filters of a task, a multiple of NR
    bint failed               # out of memory

cdef struct Block:
    Py_ssize_t first, places  # its places
    Span slices               # of the result
    Span sources              # slices of the source that these see


cdef inline Block block_at(const Job* job, Py_ssize_t first, Py_ssize_t places, Py_ssize_t first_slice) noexcept nogil:
    cdef const Axis* depth = &job.depth
    cdef Block block = Block(
        first=first, places=places, slices=Span(first_slice, min(first_slice + job.slices, depth.outputs)),
        sources=Span(0, 0),
    )
    block.sources.begin = max(first_slice + depth.offset, <Py_ssize_t>0)
    block.sources.end = min(block.slices.end + depth.offset + (depth.taps - 1) * depth.spacing, depth.size)
    block.sources.end = max(block.sources.begin, block.sources.end)
    return block


cdef inline void multiply_points(const Job* job, const Block* block, Py_ssize_t first_tap, Py_ssize_t taps,
                                 Py_ssize_t first_channel, Py_ssize_t channels, Py_ssize_t filters, const real* v,
                                 Py_ssize_t row, Py_ssize_t v_plane, const real* u, Py_ssize_t panel, Py_ssize_t u_plane,
                                 real* m, Py_ssize_t m_plane, bint accumulate) noexcept nogil:
    """m = v * u, or m += v * u, for each point and some taps of the depth.

    Rows are counted up to a part of a register tile. Behind those of a tap, there are zeros in v, or what is dropped.
    """
    cdef Py_ssize_t end = first_channel + channels
    cdef Py_ssize_t point, c, p, kd, start
    cdef const real* source
    cdef const real* weights
    cdef real* target
    cdef Span run, seen
    for point in range(job.tiles.points):
        run = next_run(&job.tiles, point, job.weights.part_channels, first_channel, end)
        while run.begin < run.end:
            c = run.begin - first_channel
            for p in range(ceil_div(filters, NR)):
                for kd in range(first_tap, first_tap + taps):
                    start = block.slices.begin + job.depth.offset + kd * job.depth.spacing
                    seen = span_inside(start, 1, block.slices.end - block.slices.begin, job.depth.size)
                    source = v + point * v_plane + (start + seen.begin - block.sources.begin) * block.places * row + c
                    weights = u + point * u_plane + (p * taps + kd - first_tap) * panel + c * NR
                    target = m + point * m_plane + seen.begin * block.places * SLAB + p * NR
                    multiply_tiles(
                        (seen.end - seen.begin) * block.places, source, row, weights, run.end - run.begin, target, SLAB,
                        accumulate or c > 0,
                    )
            run = next_run(&job.tiles, point, job.weights.part_channels, run.end, end)


cdef inline void transform_sources(const Job* job, const Block* block, Py_ssize_t first_channel, Py_ssize_t channels, real* v,
                                   Py_ssize_t row, Py_ssize_t plane) noexcept nogil:
    """V of a block and some channels, slice by slice."""
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t d, first, point
    for d in range(block.sources.begin, block.sources.end):
        first = d * tiles.places + block.first
        if job.transposed:
            transform_output_gradients(tiles, first, block.places, first_channel, channels, v, row, NR, plane)
        else:
            transform_inputs(tiles, first, block.places, 0, first_channel, channels, v, row, plane)
        v += block.places * row
    if job.depth.taps > 1:
        for point in range(job.tiles.points):
            memset(v + point * plane, 0, MR * row * sizeof(real))


cdef inline void transform_results(const Job* job, const Band* band, const Block* block, const real* m, Py_ssize_t plane,
                                   Py_ssize_t first_filter, Py_ssize_t filters) noexcept nogil:
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t d
    for d in range(block.slices.begin, block.slices.end):
        if job.transposed:
            add_input_gradients(tiles, band, m, SLAB, plane, d, block.first, block.places, first_filter, filters)
        else:
            transform_outputs(
                tiles, job.bias, job.activation, m, SLAB, plane, d * tiles.places + block.first, block.places, first_filter,
                filters,
            )
        m += block.places * SLAB


cdef inline void convolve_block(Job* job, const Band* band, const Block* block, Py_ssize_t first_filter,
                                Py_ssize_t end_filter) noexcept nogil:
    """All steps for a block of tiles and some filters."""
    cdef const Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = job.weights.channels, taps = job.depth.taps
    cdef bint shares = job.shared != NULL
    cdef Py_ssize_t chunk = channels if shares else DEPTH  # channels that are multiplied at a time
    cdef Py_ssize_t chunks = ceil_div(channels, chunk)
    cdef Py_ssize_t together = taps if shares else 1
    cdef Py_ssize_t row = row_of(channels) if shares else chunk
    cdef Py_ssize_t v_plane = job.v_rows * row + VL
    cdef Py_ssize_t m_plane = job.m_rows * SLAB + VL
    cdef Py_ssize_t panel = chunk * NR
    cdef Py_ssize_t u_plane = ceil_div(job.weights.filters, NR) * taps * panel if shares else SLAB * DEPTH + VL
    cdef Py_ssize_t slab, filters, i, c, p, kd, depth
    cdef real* v = <real*>scratch_take(chunks * tiles.points * v_plane * sizeof(real))
    cdef real* m = <real*>scratch_take(tiles.points * m_plane * sizeof(real))
    cdef real* own = NULL if shares else <real*>scratch_take(tiles.points * u_plane * sizeof(real))
    cdef unsigned long long state = flush_denormals()
    if v == NULL or m == NULL or (own == NULL and not shares):
        job.failed = True
    else:
        for i in range(chunks):
            c = i * chunk
            transform_sources(job, block, c, min(channels - c, chunk), v + i * tiles.points * v_plane, row, v_plane)
        slab = first_filter
        while slab < end_filter:
            filters = min(end_filter - slab, <Py_ssize_t>SLAB)
            if taps > 1:
                memset(m, 0, tiles.points * m_plane * sizeof(real))
            kd = 0
            while kd < taps:
                for i in range(chunks):
                    c = i * chunk
                    depth = min(channels - c, chunk)
                    if not shares:
                        for p in range(ceil_div(filters, NR)):
                            transform_panel(&job.weights, kd, c, depth, slab + p * NR, own + p * panel, u_plane)
                    multiply_points(
                        job, block, kd, together, c, depth, filters, v + i * tiles.points * v_plane, row, v_plane,
                        job.shared + slab // NR * taps * panel if shares else own, panel, u_plane, m, m_plane,
                        taps > 1 or i > 0,
                    )
                kd += together
            transform_results(job, band, block, m, m_plane, slab, filters)
            slab += filters
    restore_denormals(state)
    scratch_give(own)
    scratch_give(m)
    scratch_give(v)
