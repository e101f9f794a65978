# The gradient for the kernel as a matrix product, for conv_direct.pyx.
#
# Design:
# a) d_kernel[depth, k] = sum over pixels of window[pixel, depth] * d_y[pixel, k], from the same packed windows as forward, read as
#    columns, and panels of d_y. Only pixels that see something of a chunk are summed up (boxes.pxd).
# b) Results for one chunk of the depth and COLUMNS filters stay in a buffer until all pixels have been added.
# c) Parallel: over chunks and blocks of filters, and where those are few, over a number of shares of the pixels that depends on
#    the problem only, added up in their order.
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.boxes cimport Box, Pixel, box_of_chunk, pass_row, pixel_at, pixels_of, row_from
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.matmul_tile cimport NR, multiply_tile
from kernels.packing cimport pack_windows
from kernels.panels cimport copy_columns
from kernels.parallel cimport threads_for
from kernels.real cimport MR, VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.windows cimport CHUNK, ROW, Chunk, Windows, ceil_div, clear_numbers, divide_depth, windows_bytes

cdef enum:
    PIXELS = 192   # windows packed at a time
    COLUMNS = 256  # filters whose gradients are collected at a time
    SHARES = 16    # tasks that the work is divided into at least

cdef struct Correlation:
    Windows windows
    const real* d_y          # (pixel, group, column)
    Py_ssize_t groups
    Py_ssize_t columns       # of a group
    Py_ssize_t parts         # blocks of columns
    Py_ssize_t shares        # of the pixels
    real* totals             # [share](depth, group, column), the layout of d_kernel
    bint failed


cdef inline void pack_filters(const Correlation* job, Pixel pixel, Py_ssize_t pixels, Py_ssize_t first, Py_ssize_t columns,
                              real* panel) noexcept nogil:
    """Copies some columns of d_y, from number `first` of a pixel on, for some consecutive pixels of a box."""
    cdef const Windows* windows = &job.windows
    cdef Py_ssize_t stride = job.groups * job.columns
    cdef Py_ssize_t i = 0, row, index
    while i < pixels:
        index = ((pixel.n * windows.d.outputs + pixel.d) * windows.h.outputs + pixel.h) * windows.w.outputs + pixel.w
        # Rows of a box of all pixels lie one behind the other.
        row = pixels if pixels_of(pixel.box) == windows.pixels else row_from(&pixel, pixels - i)
        copy_columns(
            job.d_y + index * stride + first, stride, 1, row, columns, job.d_y + windows.pixels * stride, panel + i * NR
        )
        i += row
        if i < pixels:
            pass_row(&pixel, row)


cdef inline void correlate(Correlation* job, Py_ssize_t share, Py_ssize_t group, Py_ssize_t which,
                           Py_ssize_t part) noexcept nogil:
    """The totals of one share of the pixels for one chunk of the depth and one block of columns."""
    cdef Windows* windows = &job.windows
    cdef const Chunk* chunk = windows.chunk + which
    cdef Py_ssize_t first_column = part * COLUMNS
    cdef Py_ssize_t columns = min(job.columns - first_column, <Py_ssize_t>COLUMNS)
    cdef Py_ssize_t panels = ceil_div(columns, NR)
    cdef Py_ssize_t tiles = ceil_div(chunk.depth, MR)
    cdef Py_ssize_t stride = job.groups * job.columns
    cdef Box box = box_of_chunk(windows, chunk)
    cdef Py_ssize_t blocks = ceil_div(pixels_of(&box), PIXELS)
    cdef Py_ssize_t index = blocks * share // job.shares * PIXELS
    cdef Py_ssize_t end = min(blocks * (share + 1) // job.shares * PIXELS, pixels_of(&box))
    cdef Pixel pixel
    cdef Py_ssize_t tile_row[MR]
    cdef Py_ssize_t p, t, i, pixels, width
    cdef unsigned long long state = flush_denormals()
    cdef real* rows = <real*>scratch_take(PIXELS * ROW * sizeof(real))
    cdef real* panel = <real*>scratch_take(PIXELS * NR * sizeof(real))
    cdef real* tile = <real*>scratch_take((CHUNK + MR) * COLUMNS * sizeof(real))  # [panel][tile][MR][NR]
    cdef real* target
    cdef const real* total
    if rows == NULL or panel == NULL or tile == NULL:
        job.failed = True
    else:
        for i in range(MR):
            tile_row[i] = i * NR
        clear_numbers(tile, panels * tiles * MR * NR)
        while index < end:
            pixels = min(end - index, <Py_ssize_t>PIXELS)
            pixel = pixel_at(&box, index)
            pack_windows(windows, chunk, group * windows.channels, pixel, pixels, rows)
            for p in range(panels):
                width = min(columns - p * NR, <Py_ssize_t>NR)
                pack_filters(job, pixel, pixels, group * job.columns + first_column + p * NR, width, panel)
                for t in range(tiles):
                    multiply_tile(
                        rows + t * MR, 1, ROW, panel, pixels, tile + (p * tiles + t) * MR * NR, tile_row, True, NULL, 2, NULL
                    )
            index += pixels
        target = job.totals + (share * windows.depth + chunk.start) * stride + group * job.columns + first_column
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


cdef inline void add_shares(const Correlation* job, Py_ssize_t row, real* d_kernel) noexcept nogil:
    """Adds up the shares of one row of the depth, in their order."""
    cdef Py_ssize_t stride = job.groups * job.columns
    cdef Py_ssize_t share, j
    cdef const real* total
    for share in range(job.shares):
        total = job.totals + (share * job.windows.depth + row) * stride
        for j in range(stride):
            d_kernel[row * stride + j] = (d_kernel[row * stride + j] if share else 0) + total[j]


cdef inline void correlate_all(Correlation* job, real* d_kernel) noexcept nogil:
    """The whole gradient. `parts`, `shares` and `totals` are found here."""
    cdef Windows* windows = &job.windows
    cdef int threads
    cdef Py_ssize_t i, tasks
    cdef void* chunks = scratch_take(windows_bytes(windows))
    if chunks == NULL:
        job.failed = True
    else:
        divide_depth(windows, chunks)
        job.parts = ceil_div(job.columns, COLUMNS)
        tasks = job.groups * windows.chunks * job.parts
        job.shares = min(ceil_div(SHARES, tasks), ceil_div(windows.pixels, PIXELS))
        job.totals = d_kernel
        if job.shares > 1:
            job.totals = <real*>scratch_take(job.shares * windows.depth * job.groups * job.columns * sizeof(real))
        if job.totals == NULL:
            job.failed = True
        else:
            threads = threads_for(2.0 / VL * windows.pixels * windows.depth * job.groups * job.columns)
            for i in prange(tasks * job.shares, num_threads=threads, schedule="dynamic"):
                correlate(job, i // tasks, i % tasks // job.parts // windows.chunks, i // job.parts % windows.chunks, i % job.parts)
            if job.shares > 1:
                for i in prange(windows.depth, num_threads=threads, schedule="static"):
                    add_shares(job, i, d_kernel)
                scratch_give(job.totals)
    scratch_give(chunks)
