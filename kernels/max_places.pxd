# The maximum of a window and the place where it is: the inner loops.
#
# Design:
# a) A place is the number of a pixel in a box as large as the largest window reaches, counted from the first pixel of the
#    window. It is noted for each output, in a byte where that will do, else in four. The gradient needs nothing else: neither
#    x nor y, which take up to twenty times the memory.
# b) Taps of a window are visited in the order of memory. Of equal numbers the first remains, and the first NaN.
# c) Each comparison waits for the one before. So VECTORS maxima are found side by side: of channels, or of neighbouring outputs
#    whose channels fit into one vector.
# d) Vectors of channels overlap as in pool_gradient.pxd. Pixels with few channels share a vector (pixel_groups.pxd).
from libc.string cimport memcpy

from kernels.lanes cimport lane_vec, rearrange
from kernels.masks cimport choose, mask
from kernels.pixel_groups cimport begins_in, lanes_of_group
from kernels.pool_planes cimport number_of_place
from kernels.pooling cimport (
    VECTORS, Line, Pooling, Row, input_row, lines_below, load_before, output_row, store, vector_at, vectors_for
)
from kernels.real cimport VL, ZERO_VECTOR, real, vec

cdef extern from *:
    """
    #include <math.h>
    #ifdef __AVX2__
    #include <immintrin.h>
    #endif
    #define MINUS_INFINITY (ZERO_VECTOR - (real)INFINITY)
    #define NO_PLACES ((mask){0})
    static CYTHON_INLINE int place_at(const unsigned char *places, int size) {
        int place = *places;
        if (size != 1) memcpy(&place, places, 4);
        return place;
    }
    #if defined(__GNUC__)
    typedef unsigned char byte_vec __attribute__((vector_size(VL), aligned(1), may_alias));
    typedef int int_vec __attribute__((vector_size(4 * VL), aligned(1), may_alias));
    static CYTHON_INLINE mask larger_or_first_nan(vec a, vec b) { return ~(a <= b) & (b == b); }
    static CYTHON_INLINE mask is_place(mask places, int place) { return places == place; }
    static CYTHON_INLINE mask load_bytes(const unsigned char *bytes) {
        mask values = {0};
        for (int l = 0; l < VL; l++) values[l] = bytes[l];
        return values;
    }
    /* GCC moves bytes one by one in most cases. */
    #if defined(__AVX512F__) && !defined(CONVLAYERS_FLOAT64)
    #define load_bytes(bytes) ((mask)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(bytes))))
    #elif defined(__AVX2__) && !defined(__AVX512F__) && !defined(CONVLAYERS_FLOAT64)
    #define load_bytes(bytes) ((mask)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(bytes))))
    #endif
    static CYTHON_INLINE mask load_places(const unsigned char *places, int size) {
        return size == 1 ? load_bytes(places) : __builtin_convertvector(*(const int_vec *)places, mask);
    }
    static CYTHON_INLINE void store_places(unsigned char *places, mask values, int size) {
        if (size == 1) *(byte_vec *)places = __builtin_convertvector(values, byte_vec);
        else *(int_vec *)places = __builtin_convertvector(values, int_vec);
    }
    #else
    static CYTHON_INLINE mask larger_or_first_nan(vec a, vec b) { return -(!(a <= b) && b == b); }
    static CYTHON_INLINE mask is_place(mask places, int place) { return -(places == place); }
    #define load_places place_at
    static CYTHON_INLINE void store_places(unsigned char *places, mask values, int size) {
        if (size == 1) *places = (unsigned char)values;
        else memcpy(places, &values, 4);
    }
    #endif
    static CYTHON_INLINE mask choose_place(mask where, int place, mask other) { return (where & place) | (~where & other); }
    """
    vec MINUS_INFINITY
    mask NO_PLACES
    mask larger_or_first_nan(vec a, vec b) noexcept nogil  # a is larger, or NaN while b is none
    mask is_place(mask places, int place) noexcept nogil
    int place_at(const unsigned char* places, int size) noexcept nogil
    mask load_places(const unsigned char* places, int size) noexcept nogil
    void store_places(unsigned char* places, mask values, int size) noexcept nogil
    mask choose_place(mask where, int place, mask other) noexcept nogil


# Forward


cdef inline void find_maxima(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end, Py_ssize_t taps, const Py_ssize_t* first,
    vec* largest, mask* where, int vectors,
) noexcept nogil:
    """Finds the maxima of some vectors over all taps of their windows, which begin at `first` in each line."""
    cdef Py_ssize_t step = job.w.window.step, i, _tap, place
    cdef const real* x
    cdef vec v
    cdef mask found
    cdef int j
    for j in range(vectors):
        largest[j] = MINUS_INFINITY
        where[j] = NO_PLACES
    for i in range(count):
        x = lines[i].numbers
        place = lines[i].place
        for _tap in range(taps):
            for j in range(vectors):
                v = load_before(x + first[j], end)
                found = larger_or_first_nan(v, largest[j])
                largest[j] = choose(found, v, largest[j])
                where[j] = choose_place(found, <int>place, where[j])
            x += step * job.c
            place += step


cdef inline void max_of_block(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end,
    Py_ssize_t ow, Py_ssize_t channel, real* y, unsigned char* places, int outputs, int vectors,
) noexcept nogil:
    """Finds the maxima of some neighbouring outputs, whose windows are as large: some vectors of channels of each."""
    cdef Py_ssize_t first[VECTORS]
    cdef Py_ssize_t at[VECTORS]
    cdef vec largest[VECTORS]
    cdef mask where[VECTORS]
    cdef Py_ssize_t in_pixel
    cdef int j
    for j in range(outputs * vectors):
        in_pixel = vector_at(channel + j % vectors * VL, job.c)
        first[j] = job.w.window.first[ow + j // vectors] * job.c + in_pixel
        at[j] = (ow + j // vectors) * job.c + in_pixel
    find_maxima(job, lines, count, end, job.w.window.count[ow], first, largest, where, outputs * vectors)
    for j in range(outputs * vectors):
        store(y + at[j], largest[j])
        store_places(places + at[j] * job.place_size, where[j], job.place_size)


cdef inline void max_of_group(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end, Py_ssize_t ow, real* y, unsigned char* places
) noexcept nogil:
    """Finds the maxima of a group of outputs."""
    cdef lane_vec lanes = lanes_of_group(&job.of_outputs)
    cdef Py_ssize_t first
    cdef vec largest, y_group = ZERO_VECTOR, place_group = ZERO_VECTOR
    cdef mask where, here
    cdef int source
    for source in range(job.of_outputs.sources):
        first = job.w.window.first[ow] * job.c + source * VL
        find_maxima(job, lines, count, end, job.w.window.count[ow], &first, &largest, &where, 1)
        here = begins_in(lanes, source)
        y_group = choose(here, rearrange(largest, lanes), y_group)
        place_group = choose(here, rearrange(<vec>where, lanes), place_group)
    store(y + ow * job.c, y_group)
    store_places(places + ow * job.c * job.place_size, <mask>place_group, job.place_size)


cdef inline bint are_alike(const Pooling* job, Py_ssize_t first_output, Py_ssize_t end_output) noexcept nogil:
    """Whether the windows of neighbouring outputs are as large."""
    cdef Py_ssize_t ow
    for ow in range(first_output + 1, end_output):
        if job.w.window.count[ow] != job.w.window.count[first_output]:
            return False
    return True


cdef inline void max_of_outputs(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end, Py_ssize_t first_output, Py_ssize_t end_output,
    real* y, unsigned char* places
) noexcept nogil:
    cdef Py_ssize_t ow = first_output, channel
    cdef int vectors
    while ow < end_output:
        if job.c <= VL and ow + VECTORS <= end_output and are_alike(job, ow, ow + VECTORS):
            max_of_block(job, lines, count, end, ow, 0, y, places, VECTORS, 1)
            ow += VECTORS
            continue
        channel = 0
        while channel < job.c:
            vectors = vectors_for(job.c - channel)
            if vectors == VECTORS:
                max_of_block(job, lines, count, NULL, ow, channel, y, places, 1, VECTORS)
            elif vectors == 2:
                max_of_block(job, lines, count, NULL, ow, channel, y, places, 1, 2)
            else:
                max_of_block(job, lines, count, end, ow, channel, y, places, 1, 1)
            channel += VECTORS * VL
        ow += 1


cdef inline void max_of_lines(
    const Pooling* job, const Line* lines, Py_ssize_t count, const real* end, real* y, unsigned char* places
) noexcept nogil:
    cdef Py_ssize_t ow = job.of_outputs.first, groups_end = job.of_outputs.end
    max_of_outputs(job, lines, count, end, 0, ow, y, places)
    while ow < groups_end:
        max_of_group(job, lines, count, end, min(ow, groups_end - job.of_outputs.pixels), y, places)
        ow += job.of_outputs.pixels
    max_of_outputs(job, lines, count, end, groups_end, job.w.outputs, y, places)


cdef inline void max_and_place_row(const Pooling* shared, const real* x, Row row) noexcept nogil:
    """Finds the maxima of a row of outputs, and notes their places."""
    cdef Pooling job = shared[0]  # a copy that no store can reach
    cdef Py_ssize_t count = lines_below(&job, x, &row)
    cdef const real* end = x + input_row(&job, job.n, 0, 0)
    cdef unsigned char* target = job.places + output_row(&job, row.n, row.d, row.h) * job.place_size
    if job.c >= VL:
        max_of_lines(&job, row.lines, count, NULL, row.results, target)
        return
    if count == 0 or row.lines[count - 1].numbers + job.w.inputs * job.c + VL <= end:
        max_of_lines(&job, row.lines, count, NULL, row.results, <unsigned char*>row.column)
    else:
        max_of_lines(&job, row.lines, count, end, row.results, <unsigned char*>row.column)
    memcpy(target, row.column, job.w.outputs * job.c * job.place_size)


# Indices


cdef inline void index_row(const Pooling* job, Py_ssize_t od, Py_ssize_t oh, Py_ssize_t at, long long* indices) noexcept nogil:
    """Turns places into indices, which count the pixels of an image: a row of outputs, whose first number is `at`."""
    cdef Py_ssize_t first = job.d.window.first[od] * job.h.inputs + job.h.window.first[oh]
    cdef Py_ssize_t rows = job.d.window.count[od] * job.h.window.count[oh]
    cdef Py_ssize_t ow, i, place, down
    for ow in range(job.w.outputs):
        for i in range(ow * job.c, (ow + 1) * job.c):
            place = place_at(job.places + number_of_place(job, at + i) * job.place_size, job.place_size)
            down = first + place // job.w.span // job.h.span * job.h.inputs + place // job.w.span % job.h.span
            indices[i] = down * job.w.inputs + job.w.window.first[ow] + place % job.w.span
            if rows * job.w.window.count[ow] == 0:
                indices[i] = -1
