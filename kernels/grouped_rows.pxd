# Rows of a convolution in groups: its inner loops.
#
# Design:
# a) A block is PIXELS neighbouring vectors of outputs by some rows, with the source below it: [plane][row][column][channel],
#    in the image itself or in a copy that has zeros in columns outside.
# b) The totals of two rows of a block stay in registers, while a loop runs over the rows of the source below them, taps and
#    channels. What is loaded from the source serves both rows of outputs, and for three neighbouring taps all of these: 0.3
#    loads, or rearrangements of lanes (lanes.pxd), for each multiplication.
# c) For the gradient for the kernel, both rows of d_y stay in registers, and a sum for each tap and channel lies in memory.
# d) Memory is asked for ahead of time. While vectors of filters take their turns with a block, each asks for its part of the lines
#    that the next block will read and write, in the order of memory: prefetchers of the CPU follow that order, not the one in
#    which a vector goes from pixel to pixel.
# e) Everything that changes what an inner loop does is a literal argument: alike or rearranged lanes, the step of three taps or
#    0 for any taps, one row of outputs or two, products or correlations.
cimport kernels.inlined
from libc.string cimport memcpy

from kernels.elementwise cimport LINEAR, apply_activation
from kernels.lanes cimport Lanes, Slice, copy_lanes, lane, lane_vec, load_lanes, rearrange, store_lanes
from kernels.prefetch cimport ask_for_lines, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.windows cimport Axis

cdef extern from *:
    """
    #if VECTOR_BYTES == 64
    #define PIXELS 7  /* two rows of totals and what they are computed from fill 32 registers */
    #else
    #define PIXELS 4  /* 16 registers */
    #endif
    """
    enum:
        PIXELS

cdef struct Phase:                    # every stride-th output along an axis; all of them in the forward direction
    Axis axis
    Py_ssize_t first_tap, tap_step    # the taps of the kernel that reach these outputs

cdef struct Side:                     # an axis of the problem
    Phase* phase
    Py_ssize_t phases
    Py_ssize_t step                   # source pixels from one output of a phase to the next
    Py_ssize_t first, extent          # source pixels that an output of any phase needs: the first, and how many

cdef struct Job:
    Lanes lanes
    Side d, h, w
    const real* source                # (n, d, h, w, channels)
    Py_ssize_t source_d, source_h, source_w  # from one plane, row and pixel to the next, in numbers
    real* target                      # (n, d, h, w, filters); the gradient for the kernel reads it
    Py_ssize_t target_d, target_h, target_w
    Py_ssize_t images, planes, height, width  # of the target
    Py_ssize_t rows                   # of a block, in each phase
    Py_ssize_t pixel, row, plane      # from one to the next in a copy of the source, in numbers
    Py_ssize_t source_lines, target_lines  # of a row, which each vector of filters asks for ahead of time, in each phase along w
    const real* kernel
    Py_ssize_t tap, channel, filter, group  # from one to the next, in numbers of the kernel
    Py_ssize_t taps_h, taps_w, taps   # of the kernel; in all
    real* weights                     # packed
    const real* bias
    int activation
    bint failed                       # out of memory

cdef struct Block:
    Py_ssize_t n, od, oh, ow          # the first output, each counted in its phase
    Py_ssize_t id, ih, iw             # the first source pixel, inside the image or not
    Py_ssize_t rows, pixels           # of outputs, at most: a phase may have less
    const real* source                # row 0 and column 0 of the windows: in the image, or in a copy
    Py_ssize_t plane, row, pixel      # from one to the next there, in numbers
    real* target                      # of the first output, in phase 0
    const real* source_ahead          # what the next block reads in the image, and this one does not; NULL behind the last block
    const real* target_ahead          # and where its outputs begin


# What one row of the source contributes to one or two rows of outputs. `numbers` are the weights of a row of taps for the upper
# outputs, or its sums, `tap` from one to the next; those for the lower outputs lie `lower` behind.


cdef inline vec meeting(const real* source, Py_ssize_t c, lane_vec lanes, bint alike) noexcept nogil:
    """What the weights of a vector of filters meet: channel c of their groups in a pixel."""
    if alike:
        return source[c] - ZERO_VECTOR  # the same number in all lanes
    return rearrange((<const vec*>source)[0], lanes + <lane>c)


cdef inline void multiply_row(const Job* job, const Phase* w, vec* total, vec* total_lower, const real* source,
                              Py_ssize_t pixel, const real* numbers, Py_ssize_t tap, Py_ssize_t lower, bint alike,
                              bint for_upper, bint for_lower) noexcept nogil:
    cdef lane_vec lanes = (<const lane_vec*>job.lanes.first)[0]
    cdef Py_ssize_t step = job.w.step * job.lanes.pixels * pixel
    cdef Py_ssize_t kw, c
    cdef const real* x
    cdef vec v, weights, weights_lower
    cdef int t
    for kw in range(w.axis.taps):
        x = source + kw * w.axis.spacing * pixel
        for c in range(job.lanes.depth):
            weights = (<const vec*>(numbers + kw * tap))[c] if for_upper else ZERO_VECTOR
            weights_lower = (<const vec*>(numbers + kw * tap + lower))[c] if for_lower else ZERO_VECTOR
            for t in range(PIXELS):
                v = meeting(x + t * step, c, lanes, alike)
                if for_upper:
                    total[t] += v * weights
                if for_lower:
                    total_lower[t] += v * weights_lower


cdef inline void multiply_three(const Job* job, vec* total, vec* total_lower, const real* source, Py_ssize_t pixel,
                                const real* numbers, Py_ssize_t tap, Py_ssize_t lower, bint alike, int step, bint for_upper,
                                bint for_lower) noexcept nogil:
    """`multiply_row` for three neighbouring taps, which share what they meet."""
    cdef lane_vec lanes = (<const lane_vec*>job.lanes.first)[0]
    cdef vec x[2 * PIXELS + 1]
    cdef Py_ssize_t c
    cdef vec w
    cdef int t, kw
    for c in range(job.lanes.depth):
        for t in range((PIXELS - 1) * step + 3):
            x[t] = meeting(source + t * pixel, c, lanes, alike)
        for kw in range(3):
            if for_upper:
                w = (<const vec*>(numbers + kw * tap))[c]
                for t in range(PIXELS):
                    total[t] += x[t * step + kw] * w
            if for_lower:
                w = (<const vec*>(numbers + kw * tap + lower))[c]
                for t in range(PIXELS):
                    total_lower[t] += x[t * step + kw] * w


cdef inline void correlate_row(const Job* job, const Phase* w, const vec* d_y, const vec* d_y_lower, const real* source,
                               Py_ssize_t pixel, real* numbers, Py_ssize_t tap, Py_ssize_t lower, bint alike, bint for_upper,
                               bint for_lower) noexcept nogil:
    cdef lane_vec lanes = (<const lane_vec*>job.lanes.first)[0]
    cdef Py_ssize_t step = job.w.step * job.lanes.pixels * pixel
    cdef Py_ssize_t kw, c
    cdef const real* x
    cdef vec* sums
    cdef vec* sums_lower
    cdef vec v, sum, sum_lower
    cdef int t
    for kw in range(w.axis.taps):
        x = source + kw * w.axis.spacing * pixel
        sums = <vec*>(numbers + kw * tap)
        sums_lower = <vec*>(numbers + kw * tap + lower)
        for c in range(job.lanes.depth):
            sum = sums[c] if for_upper else ZERO_VECTOR
            sum_lower = sums_lower[c] if for_lower else ZERO_VECTOR
            for t in range(PIXELS):
                v = meeting(x + t * step, c, lanes, alike)
                if for_upper:
                    sum += v * d_y[t]
                if for_lower:
                    sum_lower += v * d_y_lower[t]
            if for_upper:
                sums[c] = sum
            if for_lower:
                sums_lower[c] = sum_lower


cdef inline void correlate_three(const Job* job, const vec* d_y, const vec* d_y_lower, const real* source, Py_ssize_t pixel,
                                 real* numbers, Py_ssize_t tap, Py_ssize_t lower, bint alike, int step, bint for_upper,
                                 bint for_lower) noexcept nogil:
    """`correlate_row` for three neighbouring taps, which share what they meet."""
    cdef lane_vec lanes = (<const lane_vec*>job.lanes.first)[0]
    cdef vec x[2 * PIXELS + 1]
    cdef Py_ssize_t c
    cdef vec sum
    cdef int t, kw
    for c in range(job.lanes.depth):
        for t in range((PIXELS - 1) * step + 3):
            x[t] = meeting(source + t * pixel, c, lanes, alike)
        for kw in range(3):
            if for_upper:
                sum = (<const vec*>(numbers + kw * tap))[c]
                for t in range(PIXELS):
                    sum += x[t * step + kw] * d_y[t]
                (<vec*>(numbers + kw * tap))[c] = sum
            if for_lower:
                sum = (<const vec*>(numbers + kw * tap + lower))[c]
                for t in range(PIXELS):
                    sum += x[t * step + kw] * d_y_lower[t]
                (<vec*>(numbers + kw * tap + lower))[c] = sum


cdef inline void do_row(const Job* job, const Phase* w, vec* upper, vec* lower, const real* source, Py_ssize_t pixel,
                        real* numbers, Py_ssize_t tap, Py_ssize_t back, bint alike, int step, bint correlate, bint for_upper,
                        bint for_lower) noexcept nogil:
    if correlate and step > 0:
        correlate_three(job, upper, lower, source, pixel, numbers, tap, back, alike, step, for_upper, for_lower)
    elif correlate:
        correlate_row(job, w, upper, lower, source, pixel, numbers, tap, back, alike, for_upper, for_lower)
    elif step > 0:
        multiply_three(job, upper, lower, source, pixel, numbers, tap, back, alike, step, for_upper, for_lower)
    else:
        multiply_row(job, w, upper, lower, source, pixel, numbers, tap, back, alike, for_upper, for_lower)


cdef inline void load_row(const Job* job, const real* source, Py_ssize_t count, Py_ssize_t pixels, vec* d_y) noexcept nogil:
    """Reads d_y; zeros for outputs outside."""
    cdef Py_ssize_t several = job.lanes.pixels
    cdef int t
    for t in range(PIXELS):
        d_y[t] = ZERO_VECTOR
        if t * several < pixels:
            d_y[t] = load_lanes(source + t * several * job.target_w, min(several, pixels - t * several) * count)


cdef inline void store_row(const Job* job, real* target, Py_ssize_t count, Py_ssize_t pixels, const vec* total) noexcept nogil:
    cdef Py_ssize_t several = job.lanes.pixels, step = job.w.phases * job.target_w
    cdef vec y[PIXELS]  # totals are in registers, and have no address
    cdef Py_ssize_t p, inside
    cdef int t
    for t in range(PIXELS):
        y[t] = total[t]
    if job.activation != LINEAR:
        apply_activation(job.activation, <real*>y, PIXELS * VL)
    for t in range(PIXELS):
        inside = min(several, pixels - t * several)
        if inside <= 0:
            break
        if several == 1 or step == count:
            store_lanes(target + t * several * step, y[t], inside * count)
        else:
            for p in range(inside):
                copy_lanes(target + (t * several + p) * step, <real*>(y + t) + p * count, count)
        prefetch_for_writing(target + t * several * step + VL)  # by the next vector of filters


cdef inline void do_rows(const Job* job, const Block* block, const Slice* part, const Phase* d, const Phase* h, const Phase* w,
                         const real* source, real* numbers, Py_ssize_t row, bint two, bint alike, int step,
                         bint correlate) noexcept nogil:
    """One row of a block, or two, for a vector of filters with its packed weights, or its sums.

    `step` is that of three neighbouring taps, 1 or 2, and 0 for other taps.
    """
    cdef vec upper[PIXELS]
    cdef vec lower[PIXELS]
    cdef vec start = ZERO_VECTOR
    cdef Py_ssize_t depth = job.lanes.depth * VL
    cdef Py_ssize_t lag = job.h.step // h.axis.spacing if two else 0  # taps from the upper row's windows to the lower's
    cdef Py_ssize_t back = -lag * h.tap_step * job.taps_w * depth
    cdef Py_ssize_t id = d.axis.offset - job.d.first
    cdef Py_ssize_t ih = row * job.h.step + h.axis.offset - job.h.first
    cdef Py_ssize_t first = 0, end = h.axis.taps + lag  # rows inside the image
    cdef Py_ssize_t pixels = min(block.pixels, w.axis.outputs - block.ow)
    cdef Py_ssize_t below = job.h.phases * job.target_h
    cdef Py_ssize_t turn = part.number * job.w.phases + (w - job.w.phase)
    cdef Py_ssize_t kd, kh
    cdef const real* x
    cdef real* at
    cdef Py_ssize_t target_row = (d - job.d.phase) * job.target_d + (row * job.h.phases + h - job.h.phase) * job.target_h
    cdef real* target = block.target + target_row + (w - job.w.phase) * job.target_w + part.filter
    cdef int t
    while first < end and block.ih + ih + first * h.axis.spacing < 0:
        first += 1
    while first < end and block.ih + ih + (end - 1) * h.axis.spacing >= h.axis.size:
        end -= 1
    if correlate:
        load_row(job, target, part.count, pixels, upper)
        load_row(job, target + two * below, part.count, pixels, lower)
    else:
        if job.bias != NULL:
            for t in range(<int>job.lanes.pixels):
                memcpy(<real*>&start + t * part.count, job.bias + part.filter, part.count * sizeof(real))
        for t in range(PIXELS):
            upper[t] = start
            lower[t] = start
    if block.source_ahead != NULL:
        ask_for_lines(block.target_ahead + target_row, turn * job.target_lines, (turn + 1) * job.target_lines)
        if two:
            ask_for_lines(block.target_ahead + target_row + below, turn * job.target_lines, (turn + 1) * job.target_lines)
    for kd in range(d.axis.taps):
        if block.id + id + kd * d.axis.spacing < 0 or block.id + id + kd * d.axis.spacing >= d.axis.size:
            continue
        for kh in range(first, end):
            x = (
                source + (id + kd * d.axis.spacing) * block.plane + (ih + kh * h.axis.spacing) * block.row
                + (w.axis.offset - job.w.first) * block.pixel
            )
            at = numbers + (
                ((d.first_tap + kd * d.tap_step) * job.taps_h + h.first_tap + kh * h.tap_step) * job.taps_w + w.first_tap
            ) * depth
            if block.source_ahead != NULL and (kh >= end - (1 + two) * job.h.step or row == 0):
                ask_for_lines(
                    block.source_ahead + (id + kd * d.axis.spacing) * job.source_d + (ih + kh * h.axis.spacing) * job.source_h,
                    turn * job.source_lines, (turn + 1) * job.source_lines,
                )
            if two and lag <= kh < h.axis.taps:
                do_row(job, w, upper, lower, x, block.pixel, at, w.tap_step * depth, back, alike, step, correlate, True, True)
            elif kh < h.axis.taps:
                do_row(job, w, upper, lower, x, block.pixel, at, w.tap_step * depth, back, alike, step, correlate, True, False)
            elif kh >= lag:
                do_row(job, w, upper, lower, x, block.pixel, at, w.tap_step * depth, back, alike, step, correlate, False, True)
    if not correlate:
        store_row(job, target, part.count, pixels, upper)
        if two:
            store_row(job, target + below, part.count, pixels, lower)
