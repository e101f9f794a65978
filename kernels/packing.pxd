# Windows of output pixels packed into rows, the left operand of a matrix product.
#
# Design:
# a) Packed rows of one length need no address arithmetic later. They exist for one block of pixels and one chunk of the depth at a
#    time, so there is never a matrix of all windows.
# b) Pixels are packed in the order of their boxes, neighbours of a row at once, run by run: where a run lies inside the image, in
#    whole vectors and without a question asked; at the border, number by number.
from libc.string cimport memcpy

from kernels.boxes cimport Pixel, pass_row, row_from
from kernels.real cimport VL, real, vec
from kernels.windows cimport ROW, Chunk, Run, Windows, clear_numbers


cdef inline void pack_run(Windows* windows, Run* run, const real* image, Py_ssize_t d, Py_ssize_t h, Py_ssize_t w,
                          real* row) noexcept nogil:
    """Copies one run of one window; d, h, w are the source coordinates of its first tap."""
    cdef Py_ssize_t before, behind, inside
    if d < 0 or d >= windows.d.size or h < 0 or h >= windows.h.size:
        clear_numbers(row, run.taps * run.width)
        return
    before = min(max(-w, <Py_ssize_t>0), run.taps)
    behind = min(max(w + run.taps - windows.w.size, <Py_ssize_t>0), run.taps - before)
    inside = run.taps - before - behind
    if before > 0:
        clear_numbers(row, before * run.width)
    if inside > 0:
        memcpy(
            row + before * run.width,
            image + d * windows.stride_d + h * windows.stride_h + (w + before) * windows.stride_w + run.channel,
            inside * run.width * sizeof(real),
        )
    if behind > 0:
        clear_numbers(row + (before + inside) * run.width, behind * run.width)


cdef inline void pack_inner_runs(const real* source, Py_ssize_t step, Py_ssize_t count, Py_ssize_t pixels,
                                 real* rows) noexcept nogil:
    """Copies the same run of some pixels, in whole vectors: what is read and written behind its end does no harm."""
    cdef Py_ssize_t i, j
    for i in range(pixels):
        for j in range((count + VL - 1) // VL):
            (<vec*>(rows + i * ROW + j * VL))[0] = (<const vec*>(source + i * step + j * VL))[0]


cdef inline void pack_segment(Windows* windows, const Chunk* chunk, const real* image, const Pixel* first, Py_ssize_t pixels,
                              real* rows) noexcept nogil:
    """Packs windows of neighbours in one row of the output.

    Run by run in ascending order: what a run's last vector writes behind its end, the next run overwrites.
    """
    cdef Py_ssize_t step = windows.w.step
    cdef Py_ssize_t r, i, d, h, w, count, room, begin, end
    cdef const real* source
    cdef Run* run
    for r in range(chunk.runs):
        run = windows.run + chunk.first_run + r
        d = first.d * windows.d.step + run.d
        h = first.h * windows.h.step + run.h
        w = first.w * step + run.w
        count = run.taps * run.width
        # Pixels begin to end have the whole run inside the image, and a vector behind it inside the array.
        begin = end = 0
        if 0 <= d < windows.d.size and 0 <= h < windows.h.size:
            source = image + d * windows.stride_d + h * windows.stride_h + w * windows.stride_w + run.channel
            begin = min((max(-w, <Py_ssize_t>0) + step - 1) // step, pixels)
            room = windows.w.size - run.taps - w
            end = max(begin, min(room // step + 1, pixels)) if room >= 0 else begin
            while end > begin and source + (end - 1) * step * windows.stride_w + count + VL > windows.end:
                end -= 1
            pack_inner_runs(
                source + begin * step * windows.stride_w, step * windows.stride_w, count, end - begin,
                rows + begin * ROW + run.depth,
            )
        for i in range(begin):
            pack_run(windows, run, image, d, h, w + i * step, rows + i * ROW + run.depth)
        for i in range(end, pixels):
            pack_run(windows, run, image, d, h, w + i * step, rows + i * ROW + run.depth)


cdef inline void pack_windows(Windows* windows, const Chunk* chunk, Py_ssize_t first_channel, Pixel pixel, Py_ssize_t pixels,
                              real* rows) noexcept nogil:
    """Packs one chunk of the windows of some consecutive pixels: rows[i * ROW + p], p counting through the chunk."""
    cdef Py_ssize_t i = 0, row
    while i < pixels:
        row = row_from(&pixel, pixels - i)
        pack_segment(windows, chunk, windows.source + pixel.n * windows.stride_n + first_channel, &pixel, row, rows + i * ROW)
        i += row
        if i < pixels:
            pass_row(&pixel, row)
