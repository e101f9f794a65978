# The gradient for the kernel as a matrix product, for conv_direct.pyx.
#
# Design:
# a) d_kernel[depth, k] = sum over pixels of window[pixel, depth] * d_y[pixel, k], from the same packed windows as forward, read as
#    columns, and panels of d_y. Only pixels that see something of a chunk are summed up (boxes.pxd).
# b) Results for one chunk of the depth and a part of the filters stay in a buffer until all pixels have been added.
# c) Parallel: over chunks and parts of the filters, which are narrower where threads are many. Where chunks and filters are few,
#    over a number of shares of the pixels that depends on the problem only, added up in their order.
# d) Tiles ask for what the next panel will be packed from: short rows, far from each other.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.boxes cimport Box, Pixel, box_of_chunk, locate_pixels, pixel_at, pixels_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.matmul_tile cimport NR, multiply_tile
from kernels.operands cimport Target
from kernels.packing cimport pack_windows
from kernels.panels cimport copy_columns
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_row
from kernels.real cimport MR, VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport CHUNK, ROW, Chunk, Windows, ceil_div, clear_numbers, divide_depth, windows_bytes

cdef enum:
    PIXELS = 160   # windows packed at a time, at most
    COLUMNS = 256  # filters whose gradients are collected at a time, at most
    SHARES = 16    # tasks that the work is divided into, if there are pixels enough
    SHARE = 768    # pixels of a share at least: to write its results and to add them up takes as long as some 25 pixels

cdef struct Correlation:
    Windows windows
    const real* d_y          # (pixel, group, column)
    Py_ssize_t groups
    Py_ssize_t columns       # of a group
    real* d_kernel           # (depth, group, column)
    Target places            # of pixels in d_y
    Py_ssize_t part          # columns of a task, at most COLUMNS
    Py_ssize_t shares        # of the pixels
    real* totals             # of all shares but the first: [share](depth, group, column)
    bint failed


cdef inline void pack_filters(const Correlation* job, const Py_ssize_t* where, Py_ssize_t pixels, Py_ssize_t columns,
                              const real* d_y, real* panel) noexcept nogil:
    """Copies some columns of d_y for some pixels; `d_y` points to the first column of the first pixel of all."""
    cdef const real* end = job.d_y + job.windows.pixels * job.groups * job.columns
    cdef Py_ssize_t i
    for i in range(pixels):
        copy_columns(d_y + where[i], 0, 1, 1, columns, end, panel + i * NR)


cdef inline void correlate(Correlation* job, Py_ssize_t share, Py_ssize_t group, Py_ssize_t which,
                           Py_ssize_t part) noexcept nogil:
    """The totals of one share of the pixels for one chunk of the depth and one block of columns."""
    cdef Windows* windows = &job.windows
    cdef const Chunk* chunk = windows.chunk + which
    cdef Py_ssize_t columns = min(job.columns - part * job.part, job.part)
    cdef Py_ssize_t panels = ceil_div(columns, NR)
    cdef Py_ssize_t tiles = ceil_div(chunk.depth, MR)
    cdef Py_ssize_t stride = job.groups * job.columns
    cdef Py_ssize_t first_column = group * job.columns + part * job.part
    cdef Box box = box_of_chunk(windows, chunk)
    cdef Py_ssize_t begin = pixels_of(&box) * share // job.shares
    cdef Py_ssize_t end = pixels_of(&box) * (share + 1) // job.shares
    cdef Py_ssize_t block = ceil_div(end - begin, max(<Py_ssize_t>1, ceil_div(end - begin, PIXELS)))
    cdef Py_ssize_t index = begin
    cdef Py_ssize_t where[PIXELS]
    cdef Py_ssize_t tile_row[MR]
    cdef Py_ssize_t p, t, i, pixels, width, behind
    cdef unsigned long long state = flush_denormals()
    cdef real* rows = <real*>scratch_take(PIXELS * ROW * sizeof(real))
    cdef real* panel = <real*>scratch_take(PIXELS * NR * sizeof(real))
    cdef real* tile = <real*>scratch_take((CHUNK + MR) * COLUMNS * sizeof(real))  # [panel][tile][MR][NR]
    cdef Pixel pixel
    cdef real* target
    cdef const real* d_y
    cdef const real* total
    if rows == NULL or panel == NULL or tile == NULL:
        job.failed = True
    else:
        for i in range(MR):
            tile_row[i] = i * NR
        if begin == end:
            clear_numbers(tile, panels * tiles * MR * NR)
        while index < end:
            pixels = min(end - index, block)
            pixel = pixel_at(&box, index)
            pack_windows(windows, chunk, group * windows.channels, pixel, pixels, rows)
            locate_pixels(&job.places, pixel, pixels, where)
            for p in range(panels):
                d_y = job.d_y + first_column + p * NR
                pack_filters(job, where, pixels, min(columns - p * NR, <Py_ssize_t>NR), d_y, panel)
                # Tiles ask for what the next panel will be packed from. The next block mostly lies behind this one.
                behind = NR if p + 1 < panels else pixels * stride - p * NR
                for t in range(tiles):
                    for i in range(pixels * t // tiles, pixels * (t + 1) // tiles):
                        prefetch_row(d_y + where[i] + behind, NR)
                    multiply_tile(
                        rows + t * MR, 1, ROW, panel, pixels, tile + (p * tiles + t) * MR * NR, tile_row, index > begin, NULL, 2,
                        NULL,
                    )
            index += pixels
        target = job.totals if share else job.d_kernel
        if share:
            target += (share - 1) * windows.depth * stride
        target += chunk.start * stride + first_column
        # Row by row: the rows of a kernel with many filters are pages apart.
        for i in range(chunk.depth):
            for p in range(panels):
                width = min(columns - p * NR, <Py_ssize_t>NR)
                total = tile + (p * tiles * MR + i) * NR
                if width == NR:
                    (<vec*>(target + p * NR))[0] = (<const vec*>total)[0]
                    (<vec*>(target + p * NR + VL))[0] = (<const vec*>(total + VL))[0]
                else:
                    memcpy(target + p * NR, total, width * sizeof(real))
            target += stride
    scratch_give(tile)
    scratch_give(panel)
    scratch_give(rows)
    restore_denormals(state)


cdef inline void add_shares(const Correlation* job, Py_ssize_t row) noexcept nogil:
    """Adds the other shares of one row of the depth to the first, in their order."""
    cdef Py_ssize_t stride = job.groups * job.columns
    cdef Py_ssize_t share, j
    cdef real* target = job.d_kernel + row * stride
    cdef const real* total
    for share in range(job.shares - 1):
        total = job.totals + (share * job.windows.depth + row) * stride
        for j in range(stride):
            target[j] += total[j]


cdef inline void correlate_all(Correlation* job) noexcept nogil:
    """The whole gradient. `places`, `part`, `shares` and `totals` are found here."""
    cdef Windows* windows = &job.windows
    cdef int threads
    cdef Py_ssize_t stride = job.groups * job.columns, panels = ceil_div(job.columns, NR)
    cdef Py_ssize_t i, chunks, parts, tasks
    cdef void* memory = scratch_take(windows_bytes(windows))
    job.totals = NULL
    if memory == NULL:
        job.failed = True
        return
    divide_depth(windows, memory)
    job.places.stride_w = stride
    job.places.stride_h = windows.w.outputs * job.places.stride_w
    job.places.stride_d = windows.h.outputs * job.places.stride_h
    job.places.stride_n = windows.d.outputs * job.places.stride_d
    threads = threads_for(2.0 / VL * windows.pixels * windows.depth * stride)
    chunks = job.groups * windows.chunks
    parts = ceil_div(job.columns, COLUMNS)
    job.shares = max(<Py_ssize_t>1, min(ceil_div(SHARES, chunks * parts), windows.pixels // SHARE))
    if threads > 1:
        parts = max(parts, min(panels, ceil_div(4 * threads, chunks * job.shares)))
    job.part = ceil_div(panels, parts) * NR
    parts = ceil_div(job.columns, job.part)
    tasks = chunks * parts
    if job.shares > 1:
        job.totals = <real*>scratch_take((job.shares - 1) * windows.depth * stride * sizeof(real))
    if job.shares > 1 and job.totals == NULL:
        job.failed = True
    else:
        for i in prange(tasks * job.shares, num_threads=threads, schedule="dynamic"):
            correlate(job, i // tasks, i % tasks // parts // windows.chunks, i // parts % windows.chunks, i % parts)
        if job.shares > 1:
            for i in prange(windows.depth, num_threads=threads, schedule="static"):
                add_shares(job, i)
    scratch_give(job.totals)
    scratch_give(memory)
