# Between planes and pixels of few numbers: the transposition of a matrix that has fewer rows, or fewer columns, than a vector
# has lanes.
#
# Design:
# a) A vector of each of `count` planes becomes as many vectors of pixels. Each of these picks its numbers from all of the
#    planes, from one after the other: an instruction replaces what comes from there and keeps the rest. What it replaces is
#    written down once for all pixels (`Picks`). From pixels to planes it is the same with other numbers.
# b) The last vector overlaps the one before: what both write is the same. Fewer pixels than a vector has lanes are moved number
#    by number.
from kernels.lanes cimport lane, lane_vec
from kernels.real cimport VL, real, vec
from kernels.transpose cimport transpose_matrix

cdef extern from *:
    """
    #if !defined(__GNUC__)
    #define pick(kept, v, from) (v)  /* no matrix has fewer rows than one */
    #elif defined(__clang__)
    static inline vec pick(vec kept, vec v, lane_vec from) {
        vec result;
        for (int l = 0; l < VL; l++) result[l] = from[l] < VL ? kept[from[l]] : v[from[l] - VL];
        return result;
    }
    #else
    #define pick(kept, v, from) __builtin_shuffle(kept, v, from)
    #endif
    """
    vec pick(vec kept, vec v, lane_vec source) noexcept nogil  # result[l] = (kept, v)[source[l]]

cdef struct Picks:
    lane lanes[VL * VL * VL]  # [result][source][lane]: the lane itself where it keeps its number, or VL + that of the source


cdef inline void describe_picks(Picks* picks, int count, bint to_pixels) noexcept nogil:
    """`count` is less than VL."""
    cdef int result, source, i, number, place
    for result in range(count):
        for i in range(VL):
            number = result * VL + i  # of the result, whose vectors lie one behind the other; `place` is that in the source
            place = number % count * VL + number // count if to_pixels else i * count + result
            for source in range(count):
                picks.lanes[(result * count + source) * VL + i] = VL + place % VL if place // VL == source else i


cdef inline void move_vectors(
    const Picks* picks, int count, const real* x, Py_ssize_t x_step, real* y, Py_ssize_t y_step
) noexcept nogil:
    """`count` vectors, `x_step` numbers apart, to as many that are `y_step` apart."""
    cdef const lane_vec* lanes = <const lane_vec*>picks.lanes
    cdef int result, source
    cdef vec v
    for result in range(count):
        v = (<const vec*>x)[0]
        for source in range(count):
            v = pick(v, (<const vec*>(x + source * x_step))[0], lanes[result * count + source])
        (<vec*>(y + result * y_step))[0] = v


cdef inline void interleave(
    const Picks* picks, int count, const real* planes, Py_ssize_t plane, real* pixels, Py_ssize_t length
) noexcept nogil:
    """So many pixels of `count` numbers from planes that are `plane` numbers apart."""
    cdef Py_ssize_t vector, first
    if length < VL:
        transpose_matrix(planes, plane, pixels, count, count, length)
        return
    for vector in range((length + VL - 1) // VL):
        first = min(vector * VL, length - VL)
        move_vectors(picks, count, planes + first, plane, pixels + first * count, VL)


cdef inline void separate(
    const Picks* picks, int count, const real* pixels, real* planes, Py_ssize_t plane, Py_ssize_t length
) noexcept nogil:
    """The way back."""
    cdef Py_ssize_t vector, first
    if length < VL:
        transpose_matrix(pixels, count, planes, plane, length, count)
        return
    for vector in range((length + VL - 1) // VL):
        first = min(vector * VL, length - VL)
        move_vectors(picks, count, pixels + first * count, VL, planes + first, plane)
