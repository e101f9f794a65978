# What numbers are together: the largest of them, or their sum.
#
# Design:
# a) Every loop is written once, and gets the function as an argument that combines two vectors.
# b) The numbers of a vector are neighbouring channels of a pixel, or of several (pixel_groups.pxd). Where channels do not fill
#    the last vector it overlaps the one before: what both compute is the same.
# c) Lines are combined all at once, block by block. They are read from the beginning to the end: whoever reads an end first keeps
#    the CPU from asking for the rest ahead of time.
# d) A number combined with NaN is NaN.
from kernels.lanes cimport lane_vec, load_lanes, rearrange, store_lanes
from kernels.masks cimport choose, larger_or_nan
from kernels.pixel_groups cimport Groups, begins_in, lanes_of_group
from kernels.pooling cimport VECTORS, Line, Spans, load, store
from kernels.real cimport VL, ZERO_VECTOR, real, vec

cdef extern from *:
    """
    #if defined(__AVX512F__) && !defined(CONVLAYERS_FLOAT64)
    #include <immintrin.h>
    /* The maximum of this CPU is the second number where either is NaN. GCC takes two instructions more. */
    static CYTHON_INLINE vec larger_of_two(vec a, vec b) {
        __m512 x = (__m512)a, y = (__m512)b;
        return (vec)_mm512_mask_mov_ps(_mm512_max_ps(y, x), _mm512_cmp_ps_mask(y, y, _CMP_UNORD_Q), y);
    }
    #else
    static CYTHON_INLINE vec larger_of_two(vec a, vec b) { return choose(larger_or_nan(b, a), b, a); }
    #endif
    #if defined(__AVX512F__)
    #define MANY_CHANNELS (4 * VL)
    #else
    #define MANY_CHANNELS (16 * VL)
    #endif
    """
    enum:
        MANY_CHANNELS  # with so many, windows that share taps with one neighbour are combined one by one, as measured
    vec larger_of_two(vec a, vec b) noexcept nogil

ctypedef vec (*Combine)(vec a, vec b) noexcept nogil


cdef inline void fill(real* values, real value, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] = value


# Lines ----------------------------------------------------------------------------------------------------------------


cdef inline void combine_block(
    Combine combine, const real* total, const Line* lines, Py_ssize_t count, Py_ssize_t distance, real factor, real* into,
    int vectors,
) noexcept nogil:
    cdef vec block[VECTORS]
    cdef const real* numbers
    cdef Py_ssize_t i
    cdef int j
    for j in range(vectors):
        block[j] = load(total + j * VL)
    for i in range(count):
        numbers = lines[i].numbers + distance
        for j in range(vectors):
            block[j] = combine(block[j], load(numbers + j * VL))
    for j in range(vectors):
        store(into + j * VL, block[j] * factor)


cdef inline void combine_lines(
    Combine combine, const real* total, const Line* lines, Py_ssize_t count, Py_ssize_t distance, Py_ssize_t length,
    real factor, real* into,
) noexcept nogil:
    """into = what `total` and so many numbers of all lines are together, from `distance` on, times `factor`"""
    cdef Py_ssize_t last = max(length - VL, <Py_ssize_t>0), some = min(length, <Py_ssize_t>VL), at = 0, i
    cdef vec end = ZERO_VECTOR
    if total == into and length % VL > 0:
        end = load_lanes(into + last, some)  # the last vector overlaps the one before, and is needed as it was
    while at + VECTORS * VL <= length:
        combine_block(combine, total + at, lines, count, distance + at, factor, into + at, VECTORS)
        at += VECTORS * VL
    while at + VL <= length:
        combine_block(combine, total + at, lines, count, distance + at, factor, into + at, 1)
        at += VL
    if length % VL > 0:
        if total != into:
            end = load_lanes(total + last, some)
        for i in range(count):
            end = combine(end, load_lanes(lines[i].numbers + distance + last, some))
        store_lanes(into + last, end * factor, some)


# Neighbouring pixels of a row -----------------------------------------------------------------------------------------


cdef inline vec combine_vectors(Combine combine, const real* numbers, Py_ssize_t count, Py_ssize_t distance) noexcept nogil:
    """What `count` vectors, one or more, are together."""
    cdef vec total = load(numbers)
    cdef Py_ssize_t i
    for i in range(1, count):
        total = combine(total, load(numbers + i * distance))
    return total


cdef inline void combine_pixels(
    Combine combine, const real* pixels, Py_ssize_t count, Py_ssize_t distance, Py_ssize_t c, real* result
) noexcept nogil:
    """result = what `count` pixels, one or more, are together"""
    cdef Py_ssize_t block
    for block in range(c // VL):
        store(result + block * VL, combine_vectors(combine, pixels + block * VL, count, distance))
    if c % VL > 0:
        block = max(c - VL, <Py_ssize_t>0)
        store(result + block, combine_vectors(combine, pixels + block, count, distance))


cdef inline vec combine_group(
    Combine combine, lane_vec lanes, int sources, const real* pixels, Py_ssize_t count, Py_ssize_t distance
) noexcept nogil:
    """What the pixels of each window of a group are together. They begin at `lanes`, in so many vectors from `pixels` on."""
    cdef vec result = rearrange(combine_vectors(combine, pixels, count, distance), lanes)
    cdef vec total
    cdef int source
    for source in range(1, sources):
        total = combine_vectors(combine, pixels + source * VL, count, distance)
        result = choose(begins_in(lanes, source), rearrange(total, lanes), result)
    return result


cdef inline void combine_some_spans(
    Combine combine, real nothing, const Spans* spans, const real* pixels, Py_ssize_t first, Py_ssize_t end, Py_ssize_t c,
    real* results
) noexcept nogil:
    cdef Py_ssize_t distance = spans.step * c, i
    for i in range(first, end):
        if spans.count[i] == 0:
            fill(results + i * c, nothing, c)
        else:
            combine_pixels(combine, pixels + spans.first[i] * c, spans.count[i], distance, c, results + i * c)


cdef inline void combine_spans(
    Combine combine, real nothing, const Spans* shared, const Groups* groups, const real* pixels, Py_ssize_t count,
    Py_ssize_t c, real* results
) noexcept nogil:
    """Each of `count` results is what its span of pixels is together; `nothing` for a span without any."""
    cdef Spans spans = shared[0]  # a copy that no store can reach
    cdef Py_ssize_t end = groups.end, pixels_of_group = groups.pixels, distance = spans.step * c, i = groups.first, at
    cdef lane_vec lanes = lanes_of_group(groups)
    cdef vec group
    cdef int sources = groups.sources
    if pixels == NULL:
        fill(results, nothing, count * c)
        return
    combine_some_spans(combine, nothing, &spans, pixels, 0, i, c, results)
    while i < end:
        at = min(i, end - pixels_of_group)
        group = combine_group(combine, lanes, sources, pixels + spans.first[at] * c, spans.count[at], distance)
        store(results + at * c, group)
        i += pixels_of_group
    combine_some_spans(combine, nothing, &spans, pixels, end, count, c, results)
