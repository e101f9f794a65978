# Sums and maxima of a row of numbers.
#
# Design: a row is reduced to LANES partial results, which are vectors to GCC, with the rest of the row in the first lanes. Lanes are
# then reduced by halves: one after the other, each would wait for the one before.
from libc.math cimport INFINITY

from kernels.real cimport real

cdef enum:
    LANES = 32
    HALVES = 5  # 2^5 lanes


cdef inline real largest(const real* x, Py_ssize_t count) noexcept nogil:
    """The largest number, whatever NaN may be among them."""
    cdef real lanes[LANES]
    cdef Py_ssize_t blocks = count // LANES, block, i
    cdef int lane, half
    for lane in range(LANES):
        lanes[lane] = -INFINITY
    for block in range(blocks):
        for lane in range(LANES):
            i = block * LANES + lane
            lanes[lane] = x[i] if x[i] > lanes[lane] else lanes[lane]
    for lane in range(<int>(count - blocks * LANES)):
        i = blocks * LANES + lane
        lanes[lane] = x[i] if x[i] > lanes[lane] else lanes[lane]
    for half in range(HALVES):
        for lane in range(LANES >> (half + 1)):
            i = lane + (LANES >> (half + 1))
            lanes[lane] = lanes[i] if lanes[i] > lanes[lane] else lanes[lane]
    return lanes[0]


cdef inline void add_half(real* lanes, int half) noexcept nogil:
    cdef int lane
    for lane in range(half):
        lanes[lane] += lanes[half + lane]


cdef inline real sum_of_lanes(real* lanes) noexcept nogil:
    # By halves whose length GCC knows: in a loop over them, lanes would go through memory one by one.
    add_half(lanes, LANES // 2)
    add_half(lanes, LANES // 4)
    add_half(lanes, LANES // 8)
    add_half(lanes, LANES // 16)
    return lanes[0] + lanes[1]


cdef inline real total(const real* x, Py_ssize_t count) noexcept nogil:
    cdef real lanes[LANES]
    cdef Py_ssize_t blocks = count // LANES, block
    cdef int lane
    for lane in range(LANES):
        lanes[lane] = 0
    for block in range(blocks):
        for lane in range(LANES):
            lanes[lane] += x[block * LANES + lane]
    for lane in range(<int>(count - blocks * LANES)):
        lanes[lane] += x[blocks * LANES + lane]
    return sum_of_lanes(lanes)
