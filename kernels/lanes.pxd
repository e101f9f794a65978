# Which filters of a grouped convolution share a vector, and how it meets the channels of their groups.
#
# Design:
# a) The numbers of a vector (its lanes) are neighbouring filters. Where a group has more than half a vector of filters, or
#    more channels than a vector holds, the lanes are `alike`: one group in ceil(filters / VL) vectors, of which the last is
#    moved back to end with the last filter, so that some filters are computed twice. The c-th channel meets all lanes as one
#    number.
# b) Otherwise a vector has as many whole groups as there is room for, for their filters and for their channels. These
#    channels lie together: they are loaded at once, and an instruction gives each lane the c-th channel of its group.
# c) Where one vector has room for several pixels with all groups, it has those of neighbouring outputs.
from libc.string cimport memcpy

from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.windows cimport ceil_div

cdef extern from *:
    """
    #if defined(__GNUC__)
    #ifdef CONVLAYERS_FLOAT64
    typedef long long lane;
    #else
    typedef int lane;
    #endif
    typedef lane lane_vec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
    #ifdef __clang__
    static inline vec rearrange(vec v, lane_vec from) {
        vec result;
        for (int l = 0; l < VL; l++) result[l] = v[from[l] & (VL - 1)];
        return result;
    }
    #else
    #define rearrange(v, from) __builtin_shuffle(v, from)
    #endif
    #else
    typedef int lane;  /* vectors of one are always alike */
    typedef lane lane_vec;
    #define rearrange(v, from) (v)
    #endif
    """
    ctypedef int lane
    ctypedef int lane_vec
    vec rearrange(vec v, lane_vec source) noexcept nogil  # result[l] = v[source[l] modulo VL]

cdef struct Lanes:
    bint alike
    Py_ssize_t groups
    Py_ssize_t depth      # channels of a group
    Py_ssize_t columns    # filters of a group
    Py_ssize_t whole      # groups of a vector
    Py_ssize_t pixels     # of a vector
    Py_ssize_t vectors    # of all groups
    lane first[VL]        # where channel 0 of the lane's group lies, from that of lane 0 on

cdef struct Slice:        # what one vector stands for
    Py_ssize_t number     # of the vector
    Py_ssize_t filter     # its first
    Py_ssize_t count      # of filters, in each pixel
    Py_ssize_t channel    # its first


cdef inline Lanes lanes_of(Py_ssize_t groups, Py_ssize_t depth, Py_ssize_t columns, Py_ssize_t step) noexcept nogil:
    """`step` is that from the source pixel of one output to that of the next."""
    cdef Lanes lanes
    cdef Py_ssize_t i, group
    lanes.groups = groups
    lanes.depth = depth
    lanes.columns = columns
    lanes.alike = 2 * columns > VL or depth > VL
    lanes.whole = 1 if lanes.alike else min(min(VL // columns, VL // depth), groups)
    lanes.vectors = groups * ceil_div(columns, VL) if lanes.alike else ceil_div(groups, lanes.whole)
    lanes.pixels = 1
    if lanes.vectors == 1 and not lanes.alike and groups * depth <= VL:
        lanes.pixels = min(VL // (groups * columns), (VL // (groups * depth) - 1) // step + 1)
    for i in range(VL):
        group = min(i // columns, lanes.pixels * lanes.whole - 1)
        lanes.first[i] = <lane>((group // lanes.whole * step * groups + group % lanes.whole) * depth)
    return lanes


cdef inline Slice slice_of(const Lanes* lanes, Py_ssize_t v) noexcept nogil:
    cdef Slice part
    cdef Py_ssize_t group, pieces
    part.number = v
    if lanes.alike:
        pieces = lanes.vectors // lanes.groups
        group = v // pieces
        part.count = min(lanes.columns, <Py_ssize_t>VL)
        part.filter = group * lanes.columns + min(v % pieces * VL, lanes.columns - part.count)
    else:
        group = v * lanes.whole
        part.count = min(lanes.whole, lanes.groups - group) * lanes.columns
        part.filter = group * lanes.columns
    part.channel = group * lanes.depth
    return part


cdef inline void copy_lanes(real* target, const real* source, Py_ssize_t count) noexcept nogil:
    """memcpy for less than a vector, which would be a call: two parts, of fixed sizes, that overlap."""
    cdef Py_ssize_t i
    if 2 * count >= VL:
        memcpy(target, source, VL // 2 * sizeof(real))
        memcpy(target + count - VL // 2, source + count - VL // 2, VL // 2 * sizeof(real))
    elif 4 * count >= VL:
        memcpy(target, source, VL // 4 * sizeof(real))
        memcpy(target + count - VL // 4, source + count - VL // 4, VL // 4 * sizeof(real))
    else:
        for i in range(count):
            target[i] = source[i]


cdef inline vec load_lanes(const real* source, Py_ssize_t count) noexcept nogil:
    """Reads so many numbers; zeros behind."""
    cdef vec v = ZERO_VECTOR
    if count >= VL:
        return (<const vec*>source)[0]
    copy_lanes(<real*>&v, source, count)
    return v


cdef inline vec load_rest(const real* numbers, Py_ssize_t at, Py_ssize_t count) noexcept nogil:
    """As `load_lanes(numbers + at, count)`, with any numbers behind. It is quicker where a vector of numbers ends there."""
    cdef lane_vec places
    cdef int i
    if at + count < VL:
        return load_lanes(numbers + at, count)
    for i in range(VL):
        (<lane*>&places)[i] = <lane>(i + VL - count)
    return rearrange((<const vec*>(numbers + at + count - VL))[0], places)


cdef inline void store_lanes(real* target, vec v, Py_ssize_t count) noexcept nogil:
    """Writes the first so many numbers of a vector."""
    if count >= VL:
        (<vec*>target)[0] = v
    else:
        copy_lanes(target, <real*>&v, count)
