# Pixels with few channels, several of them in one vector.
#
# Design:
# a) A group is as many neighbouring results as one vector has room for. Their windows have the same size and lie at equal
#    distances, as all but those at the borders do; results at the borders are computed one by one.
# b) Every number of the row is combined with those that would be in its window if one began there. This takes whole vectors,
#    whatever the stride: `sources` of them hold all numbers where a window of the group does begin, and one instruction for
#    each picks these.
# c) The last group is moved back to end with the last pixel: what is computed twice is the same. What a vector holds behind
#    the last pixel of its group is written too, and later written over.
from kernels.lanes cimport lane, lane_vec
from kernels.masks cimport mask
from kernels.real cimport VL, vec

cdef extern from *:
    """
    static CYTHON_INLINE mask begins_in(lane_vec from, int source) { return from >= source * VL; }
    """
    mask begins_in(lane_vec lanes, int source) noexcept nogil  # lanes that begin in this vector, or behind it

cdef struct Groups:
    Py_ssize_t first, end  # results that are computed in groups; none if both are 0
    Py_ssize_t pixels      # of a group
    int sources            # vectors from the beginning of its first window to that of its last
    lane lanes[VL]         # where each number of the result begins, from the beginning of the first window on


cdef inline lane_vec lanes_of_group(const Groups* groups) noexcept nogil:
    return (<const lane_vec*>groups.lanes)[0]


cdef inline Groups groups_of(const Py_ssize_t* first, const Py_ssize_t* count, Py_ssize_t pixels, Py_ssize_t c) noexcept nogil:
    """Finds the windows around the middle one that are like it. `first` and `count` describe them; pixels have c channels."""
    cdef Groups groups
    cdef Py_ssize_t middle = pixels // 2, stride, i
    groups.first = groups.end = 0
    groups.pixels = VL // c if c > 0 else 0
    if groups.pixels < 2 or pixels < groups.pixels or count[middle] == 0:
        return groups
    stride = first[middle] - first[middle - 1]
    groups.sources = <int>((((groups.pixels - 1) * stride + 1) * c + VL - 1) // VL)
    if stride < 0 or groups.sources >= groups.pixels:  # clipped at the border; or no less work than one by one
        return groups
    for i in range(VL):
        groups.lanes[i] = <lane>(i // c * stride * c + i % c)
    groups.first, groups.end = middle, middle + 1
    while groups.first > 0 and is_next(first, count, groups.first, stride):
        groups.first -= 1
    while groups.end < pixels and is_next(first, count, groups.end, stride):
        groups.end += 1
    if groups.end - groups.first < groups.pixels:
        groups.first = groups.end = 0
    return groups


cdef inline bint is_next(const Py_ssize_t* first, const Py_ssize_t* count, Py_ssize_t i, Py_ssize_t stride) noexcept nogil:
    return first[i] - first[i - 1] == stride and count[i] == count[i - 1]
