# Which filters of a grouped convolution share a vector, and how the channels that they meet are laid out for them.
#
# Design:
# a) The numbers of a vector (its lanes) are neighbouring filters. Where the filters of a group fill more than half a vector, the
#    lanes are `alike`: one group in ceil(filters / VL) vectors, of which the last is moved back to end with the last filter, so
#    that some filters are computed twice. Otherwise a vector has as many whole groups as there is room for, and where all
#    groups leave half of it empty, several neighbouring pixels.
# b) Source pixels are copied into units, vectors each, such that no address depends on the groups any more. Where lanes are
#    alike, a unit is VL channels of the group, and each channel meets all lanes. Otherwise unit c has in each lane channel c of
#    the lane's group. All these channels often lie in one vector: then units are made of it by an instruction.
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
    bint near             # the source numbers of all lanes lie in one vector
    Py_ssize_t groups
    Py_ssize_t depth      # channels of a group
    Py_ssize_t columns    # filters of a group
    Py_ssize_t whole      # groups of a vector
    Py_ssize_t pixels     # of a vector
    Py_ssize_t vectors    # of all groups
    Py_ssize_t units      # of a pixel
    lane first[VL]        # where channel 0 of the lane's group lies, from that of lane 0 on
    lane pixel[VL]

cdef struct Slice:        # what one vector stands for
    Py_ssize_t filter     # its first
    Py_ssize_t count      # of filters, in each pixel
    Py_ssize_t channel    # its first


cdef inline Lanes lanes_of(Py_ssize_t groups, Py_ssize_t depth, Py_ssize_t columns, Py_ssize_t pixel_step) noexcept nogil:
    """`pixel_step` is the distance of the source pixels of neighbouring outputs, in numbers."""
    cdef Lanes lanes
    cdef Py_ssize_t l, group
    lanes.groups = groups
    lanes.depth = depth
    lanes.columns = columns
    lanes.alike = 2 * columns > VL
    lanes.pixels = max(VL // (groups * columns), <Py_ssize_t>1)
    lanes.whole = min(max(VL // columns, <Py_ssize_t>1), groups)
    lanes.vectors = groups * ceil_div(columns, VL) if lanes.alike else ceil_div(groups, lanes.whole)
    lanes.units = ceil_div(depth, VL) if lanes.alike else depth
    for l in range(VL):
        group = min(l // columns, lanes.pixels * lanes.whole - 1)
        lanes.pixel[l] = <lane>(group // lanes.whole)
        lanes.first[l] = <lane>(group // lanes.whole * pixel_step + group % lanes.whole * depth)
    lanes.near = lanes.first[VL - 1] + depth <= VL
    return lanes


cdef inline Slice slice_of(const Lanes* lanes, Py_ssize_t v) noexcept nogil:
    cdef Slice part
    cdef Py_ssize_t group, pieces
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


cdef inline vec load_lanes(const real* source, Py_ssize_t count) noexcept nogil:
    """Reads so many numbers; zeros behind."""
    cdef vec v = ZERO_VECTOR
    if count >= VL:
        return (<const vec*>source)[0]
    memcpy(&v, source, count * sizeof(real))
    return v


cdef inline void store_lanes(real* target, vec v, Py_ssize_t count) noexcept nogil:
    """Writes the first so many numbers of a vector."""
    if count >= VL:
        (<vec*>target)[0] = v
    else:
        memcpy(target, &v, count * sizeof(real))


cdef inline void copy_units(const Lanes* lanes, const real* source, const real* end, Py_ssize_t filters, lane before, lane behind,
                            vec* units, Py_ssize_t step) noexcept nogil:
    """Copies a source pixel into its units, each `step` vectors from the one before.

    Of a vector with several pixels, those from number `before` to `behind` are inside the image, the others count as zeros.
    Nothing is read from `end` on.
    """
    cdef const real* numbers
    cdef Py_ssize_t u, l
    cdef vec v
    cdef lane_vec first
    if before >= behind:
        for u in range(lanes.units):
            units[u * step] = ZERO_VECTOR
    elif lanes.alike:
        for u in range(lanes.units):
            numbers = source + u * VL
            units[u * step] = load_lanes(numbers, VL if numbers + VL <= end else lanes.depth - u * VL)
    elif lanes.near and before == 0 and behind >= lanes.pixels and source + VL <= end:
        v = (<const vec*>source)[0]
        first = (<const lane_vec*>lanes.first)[0]
        for u in range(lanes.units):
            units[u * step] = rearrange(v, first + <lane>u)
    else:
        for u in range(lanes.units):
            v = ZERO_VECTOR
            for l in range(filters * lanes.pixels):
                if before <= lanes.pixel[l] < behind:
                    (<real*>&v)[l] = source[lanes.first[l] + u]
            units[u * step] = v
