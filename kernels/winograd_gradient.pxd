# The gradient for the kernel by Winograd's algorithm, for conv_winograd.pyx.
#
# Design:
# a) It sums P[point](c, k) = V[point](tile, c) * W[point](tile, k) over all tiles, V being the transformed inputs and W the
#    transformed d_y, for BLOCK_C channels and BLOCK_K filters at a time, and transforms P back at the end. The channels of
#    all parts of the kernel and all taps of the depth count as one row of channels; those of a tap are read as many slices deeper.
# b) Parallel: over blocks of channels and filters, and where those are few, over shares of the tiles, whose number depends on the
#    problem only. They are added up in their order, so results are the same for any number of threads.
from cython.parallel cimport prange
from libc.string cimport memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.matmul_tile cimport NR, multiply_tile
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_writing
from kernels.real cimport MR, VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport Axis, ceil_div, outputs_of
from kernels.winograd cimport IN, LONGEST, transform_kernel_gradient
from kernels.winograd_parts cimport Side, tap_of_part
from kernels.winograd_tiles cimport Tiles, has_point, row_of, store, transform_inputs, transform_output_gradients

cdef enum:
    BLOCK_C = 72         # channels and filters that are collected at a time; multiples of MR and NR
    BLOCK_K = 64
    TILES = 28           # tiles that are transformed at a time
    AHEAD = 8            # channels for which memory for their gradients is asked for
    SHARES = 16          # tasks that the gradient is divided into at least, unless
    SHARE = 384          # a share had fewer tiles

cdef struct Correlation:
    Tiles tiles
    Axis depth           # from slices of the inputs to slices of the outputs
    Py_ssize_t shares
    real* totals         # [share](kd, kh, kw, c, k)
    bint failed


cdef inline Py_ssize_t channels_of(const Tiles* tiles) noexcept nogil:
    """Of all parts of the kernel that lie in a slice."""
    return tiles.parts * tiles.inputs.channels


cdef inline void find_gradients(const Correlation* job, Py_ssize_t share, Py_ssize_t channel, real** d_kernel) noexcept nogil:
    """Where the totals for the taps of the part lie that a channel begins, NULL for those that the part does not have."""
    cdef const Side* height = &job.tiles.height
    cdef const Side* width = &job.tiles.width
    cdef Py_ssize_t channels = job.tiles.inputs.channels
    cdef Py_ssize_t part = channel // channels % job.tiles.parts
    cdef Py_ssize_t kd = share * job.depth.taps + channel // channels_of(&job.tiles)
    cdef Py_ssize_t kh = tap_of_part(height, part // width.parts), kw, tap
    cdef int i, j
    for i in range(height.taps):
        kw = tap_of_part(width, part % width.parts)
        for j in range(width.taps):
            tap = (kd * height.axis.taps + kh) * width.axis.taps + kw
            d_kernel[i * width.taps + j] = NULL
            if kh < height.axis.taps and kw < width.axis.taps:
                d_kernel[i * width.taps + j] = job.totals + tap * channels * job.tiles.outputs.channels
            kw += width.tap_step
        kh += height.tap_step


cdef inline void transform_totals(const Correlation* job, const real* p, Py_ssize_t plane, Py_ssize_t share,
                                  Py_ssize_t first_channel, Py_ssize_t channels, Py_ssize_t first_filter,
                                  Py_ssize_t filters, int points_h, int points_w, int taps_h, int taps_w) noexcept nogil:
    """d_kernel = Gt p G, from p[point * plane + panel * BLOCK_C * NR + c * NR + j]"""
    cdef const vec* points
    cdef vec half[LONGEST * IN]
    cdef vec full[LONGEST]
    cdef real* d_kernel[LONGEST * LONGEST]
    cdef real* target
    cdef Py_ssize_t c, vector, k, of_part
    cdef Py_ssize_t step = plane // VL
    cdef int i, j
    for c in range(channels):
        of_part = (first_channel + c) % job.tiles.inputs.channels
        if c == 0 or of_part == 0:
            find_gradients(job, share, first_channel + c - of_part, d_kernel)
        for vector in range(ceil_div(filters, VL)):
            k = vector * VL
            points = <const vec*>(p + (k // NR * BLOCK_C + c) * NR + k % NR)
            for j in range(points_w):
                transform_kernel_gradient(points + j * step, points_w * step, half + j, points_w, taps_h)
            for i in range(taps_h):
                transform_kernel_gradient(half + i * points_w, 1, full, 1, taps_w)
                for j in range(taps_w):
                    if d_kernel[i * taps_w + j] != NULL:
                        target = d_kernel[i * taps_w + j] + of_part * job.tiles.outputs.channels + first_filter + k
                        store(target, full[j], filters - k)
                        prefetch_for_writing(target + AHEAD * job.tiles.outputs.channels)


cdef inline void transform_taps(const Correlation* job, Py_ssize_t first_tile, Py_ssize_t count, Py_ssize_t first_channel,
                                Py_ssize_t channels, real* v, Py_ssize_t row, Py_ssize_t plane) noexcept nogil:
    """V of some tiles, for channels of all taps of the depth."""
    cdef Py_ssize_t all_channels = channels_of(&job.tiles)
    cdef Py_ssize_t c = 0, kd, first, width
    while c < channels:
        kd = (first_channel + c) // all_channels
        first = (first_channel + c) % all_channels
        width = min(all_channels - first, channels - c)
        transform_inputs(
            &job.tiles, first_tile, count, job.depth.offset + kd * job.depth.spacing, first, width, v + c, row, plane
        )
        c += width


cdef inline bint any_has_point(const Tiles* tiles, Py_ssize_t first_channel, Py_ssize_t channels,
                               Py_ssize_t point) noexcept nogil:
    """Whether one of some channels is other than zero at a point."""
    cdef Py_ssize_t first = first_channel // tiles.inputs.channels
    cdef Py_ssize_t last = (first_channel + channels - 1) // tiles.inputs.channels
    cdef Py_ssize_t part
    for part in range(first, last + 1):
        if has_point(tiles, part % tiles.parts, point):
            return True
    return False


cdef inline void correlate(Correlation* job, Py_ssize_t share, Py_ssize_t first_channel,
                           Py_ssize_t first_filter) noexcept nogil:
    """The totals of one share of the tiles for a block of channels and filters."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = min(job.depth.taps * channels_of(tiles) - first_channel, <Py_ssize_t>BLOCK_C)
    cdef Py_ssize_t filters = min(tiles.outputs.channels - first_filter, <Py_ssize_t>BLOCK_K)
    # Slices of the outputs that meet the inputs through some tap of these channels.
    cdef Py_ssize_t first_tap = first_channel // channels_of(tiles)
    cdef Py_ssize_t last_tap = (first_channel + channels - 1) // channels_of(tiles)
    cdef Py_ssize_t met = outputs_of(&job.depth, last_tap).begin * tiles.places
    cdef Py_ssize_t count = max(outputs_of(&job.depth, first_tap).end * tiles.places - met, <Py_ssize_t>0)
    cdef Py_ssize_t blocks = ceil_div(count, TILES)
    cdef Py_ssize_t first_tile = met + blocks * share // job.shares * TILES, tile = first_tile
    cdef Py_ssize_t end = met + min(blocks * (share + 1) // job.shares * TILES, count)
    cdef Py_ssize_t row = row_of(channels)
    cdef Py_ssize_t v_plane = TILES * row + VL
    cdef Py_ssize_t w_plane = TILES * BLOCK_K + VL
    cdef Py_ssize_t p_plane = BLOCK_C * BLOCK_K + VL
    cdef Py_ssize_t p_row[MR]
    cdef Py_ssize_t point, panel, c, i
    cdef real* v = <real*>scratch_take(tiles.points * v_plane * sizeof(real))
    cdef real* w = <real*>scratch_take(tiles.points * w_plane * sizeof(real))
    cdef real* p = <real*>scratch_take(tiles.points * p_plane * sizeof(real))
    cdef unsigned long long state = flush_denormals()
    if v == NULL or w == NULL or p == NULL:
        job.failed = True
    else:
        for i in range(MR):
            p_row[i] = i * NR
        if tile >= end:
            memset(p, 0, tiles.points * p_plane * sizeof(real))  # a tap that meets padding only, or few slices
        while tile < end:
            count = min(end - tile, <Py_ssize_t>TILES)
            transform_taps(job, tile, count, first_channel, channels, v, row, v_plane)
            transform_output_gradients(tiles, tile, count, first_filter, filters, w, NR, TILES * NR, w_plane)
            for point in range(tiles.points):
                for i in range(ceil_div(channels, MR)):
                    c = i * MR
                    if not any_has_point(tiles, first_channel + c, min(channels - c, <Py_ssize_t>MR), point):
                        continue
                    for panel in range(ceil_div(filters, NR)):
                        multiply_tile(
                            v + point * v_plane + c, 1, row, w + point * w_plane + panel * TILES * NR, count,
                            p + point * p_plane + (panel * BLOCK_C + c) * NR, p_row, tile > first_tile, NULL, 2, NULL,
                        )
            tile += count
        if tiles.height.taps == 3 and tiles.width.taps == 3:
            transform_totals(job, p, p_plane, share, first_channel, channels, first_filter, filters, IN, IN, 3, 3)
        else:
            transform_totals(
                job, p, p_plane, share, first_channel, channels, first_filter, filters, tiles.height.points, tiles.width.points,
                tiles.height.taps, tiles.width.taps,
            )
    restore_denormals(state)
    scratch_give(p)
    scratch_give(w)
    scratch_give(v)


cdef inline Py_ssize_t rows_of(const Correlation* job) noexcept nogil:
    """Of d_kernel, each with all filters."""
    return job.depth.taps * job.tiles.height.axis.taps * job.tiles.width.axis.taps * job.tiles.inputs.channels


cdef inline void add_shares(const Correlation* job, Py_ssize_t row, real* d_kernel) noexcept nogil:
    """Adds up the shares of one row of d_kernel, in their order."""
    cdef Py_ssize_t filters = job.tiles.outputs.channels
    cdef Py_ssize_t share, k
    cdef const real* total
    for share in range(job.shares):
        total = job.totals + (share * rows_of(job) + row) * filters
        for k in range(filters):
            d_kernel[row * filters + k] = (d_kernel[row * filters + k] if share else 0) + total[k]


cdef inline void correlate_all(Correlation* job, real* d_kernel) noexcept nogil:
    """The whole gradient. `shares` and `totals` are found here."""
    cdef Tiles* tiles = &job.tiles
    cdef Py_ssize_t channels = job.depth.taps * channels_of(tiles), filters = tiles.outputs.channels
    cdef Py_ssize_t count = tiles.places * job.depth.outputs
    cdef Py_ssize_t parts_k = ceil_div(filters, BLOCK_K)
    cdef Py_ssize_t tasks = ceil_div(channels, BLOCK_C) * parts_k
    cdef Py_ssize_t zeros = (max(channels, filters) + 2 * NR) * sizeof(real)
    cdef int threads = threads_for(2.0 / VL * tiles.points * count * channels * filters)
    cdef Py_ssize_t i
    job.shares = min(ceil_div(SHARES, tasks), ceil_div(count, SHARE))
    job.totals = d_kernel
    if job.shares > 1:
        job.totals = <real*>scratch_take(job.shares * rows_of(job) * filters * sizeof(real))
    tiles.zeros = <real*>scratch_take(zeros)
    if tiles.zeros == NULL or job.totals == NULL:
        job.failed = True
    else:
        memset(tiles.zeros, 0, zeros)
        for i in prange(tasks * job.shares, num_threads=threads, schedule="dynamic"):
            correlate(job, i // tasks, i % tasks // parts_k * BLOCK_C, i % parts_k * BLOCK_K)
        if job.shares > 1:
            for i in prange(rows_of(job), num_threads=threads, schedule="static"):
                add_shares(job, i, d_kernel)
    scratch_give(tiles.zeros)
    if job.shares > 1:
        scratch_give(job.totals)
