# The maximum of a window and where it is: the inner loops.
#
# Design:
# a) An index counts the pixels of an image through d, h and w, without its channels.
# b) A vector of channels goes through the taps of a window in the order of memory. It keeps the largest numbers so far and
#    where they were: of equal numbers the first, and the first NaN.
# c) Lanes are as wide as the numbers of the module. They count from the first pixel of the window, which is within 31 bits in
#    any image; its own index is added in 64 bits.
# d) Where channels do not fill the last vector it overlaps the one before. Fewer channels than a vector has numbers are copied
#    to one, so that nothing is read behind the image.
from libc.string cimport memcpy

from kernels.masks cimport choose, mask
from kernels.pooling cimport Pooling, load, store
from kernels.real cimport VL, ZERO_VECTOR, real, vec

cdef extern from *:
    """
    #include <math.h>
    #if defined(__GNUC__)
    #define LANE(offsets, l) (offsets)[l]
    static CYTHON_INLINE mask larger_or_first_nan(vec a, vec b) { return ~(a <= b) & (b == b); }
    #else
    #define LANE(offsets, l) (offsets)
    static CYTHON_INLINE mask larger_or_first_nan(vec a, vec b) { return -(!(a <= b) && b == b); }
    #endif
    #define NO_OFFSETS ((mask){0})
    #define MINUS_INFINITY (ZERO_VECTOR - (real)INFINITY)
    static CYTHON_INLINE mask choose_offset(mask where, int offset, mask other) { return (where & offset) | (~where & other); }
    static CYTHON_INLINE void store_indices(long long* target, mask offsets, long long first, int count) {
        for (int l = 0; l < count; l++) target[l] = first + LANE(offsets, l);
    }
    """
    mask NO_OFFSETS
    vec MINUS_INFINITY
    mask larger_or_first_nan(vec a, vec b) noexcept nogil             # a is larger, or NaN while b is none
    mask choose_offset(mask where, int offset, mask other) noexcept nogil
    void store_indices(long long* target, mask offsets, long long first, int count) noexcept nogil


cdef inline vec load_some(const real* source, int count) noexcept nogil:
    cdef vec v = ZERO_VECTOR
    if count == VL:
        return load(source)
    memcpy(&v, source, count * sizeof(real))
    return v


cdef inline void store_some(real* target, vec v, int count) noexcept nogil:
    if count == VL:
        store(target, v)
    else:
        memcpy(target, &v, count * sizeof(real))


cdef inline void max_of_channels(
    const Pooling* job, const real* x, real* y, long long* indices, Py_ssize_t od, Py_ssize_t oh, Py_ssize_t ow, int count
) noexcept nogil:
    """Finds the maxima of some channels of an output. `x` is where these channels of the image begin."""
    cdef Py_ssize_t first = job.d.window.first[od] * job.h.inputs + job.h.window.first[oh]
    cdef Py_ssize_t d, h, w, row, offset
    cdef vec largest = MINUS_INFINITY, v
    cdef mask offsets = NO_OFFSETS, found
    first = first * job.w.inputs + job.w.window.first[ow]
    if job.d.window.count[od] * job.h.window.count[oh] * job.w.window.count[ow] > 0:
        x += first * job.c
        largest = load_some(x, count)
    else:
        first = -1
    for d in range(job.d.window.count[od]):
        for h in range(job.h.window.count[oh]):
            row = d * job.d.window.step * job.h.inputs + h * job.h.window.step
            for w in range(job.w.window.count[ow]):
                offset = row * job.w.inputs + w * job.w.window.step
                v = load_some(x + offset * job.c, count)
                found = larger_or_first_nan(v, largest)
                largest = choose(found, v, largest)
                offsets = choose_offset(found, <int>offset, offsets)
    store_some(y, largest, count)
    store_indices(indices, offsets, first, count)


cdef inline void max_and_index_row(
    const Pooling* job, const real* x, real* y, long long* indices, Py_ssize_t od, Py_ssize_t oh
) noexcept nogil:
    """Finds the maxima of a row of outputs. `x` is the image, `y` and `indices` are where the row begins."""
    cdef Py_ssize_t last = job.c - VL, ow, block
    for ow in range(job.w.outputs):
        for block in range(job.c // VL):
            max_of_channels(job, x + block * VL, y + block * VL, indices + block * VL, od, oh, ow, VL)
        if job.c < VL:
            max_of_channels(job, x, y, indices, od, oh, ow, <int>job.c)
        elif job.c % VL > 0:
            max_of_channels(job, x + last, y + last, indices + last, od, oh, ow, VL)
        y += job.c
        indices += job.c
