# Sums over channels whose pixels are neighbours in memory.
#
# Design:
# a) LANES partial sums are vectors to GCC; after GROUP blocks of LANES numbers, and at the end of a plane, they are added to
#    partial sums in double, so the error does not grow.
# b) Variance takes one pass: the mean square of x - center, less the square of its mean. The center is the mean of the
#    channel's first plane, so the two do not nearly cancel.
# c) The planes of a channel are far from each other. Where prefetchers would begin anew with each, the same lines of the next
#    plane are asked for, but for small arrays (column_sums.pxd) and long planes.
from libc.math cimport isfinite
from libc.string cimport memset

from kernels.column_sums cimport GROUP, ask_for_sources
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.prefetch cimport LINE, ask_for_lines
from kernels.real cimport real
from kernels.reductions cimport LANES, total

cdef enum:
    LONG = 1 << 14  # numbers of a plane to which a new beginning is nothing

cdef struct Planes:
    const real* x
    const real* d_y  # or NULL: sums are then of x itself
    Py_ssize_t n, c, pixels


cdef inline Planes planes_of(const real[:, :, ::1] x) noexcept nogil:
    return Planes(data_of(x), NULL, x.shape[0], x.shape[1], x.shape[2])


cdef inline real* data_of(const real[:, :, ::1] x) noexcept nogil:
    return <real*>&x[0, 0, 0] if x.shape[0] * x.shape[1] * x.shape[2] > 0 else NULL


cdef inline double work_on(const real[:, :, ::1] x) noexcept nogil:
    return 2.0 * x.shape[0] * x.shape[1] * x.shape[2]


cdef inline void add_block(
    const real* x, const real* d_y, real center, int count, bint of_gradients, real* sums
) noexcept nogil:
    cdef int lane
    cdef real weight
    for lane in range(count):
        weight = d_y[lane] if of_gradients else x[lane] - center
        sums[lane] += weight
        sums[LANES + lane] += weight * (x[lane] - center)


cdef inline void add_plane(
    const real* x, const real* d_y, real center, Py_ssize_t count, bint of_gradients, Py_ssize_t ahead, double* totals
) noexcept nogil:
    """Lines that lie `ahead` are asked for; 0 for none."""
    cdef real sums[2 * LANES]
    cdef Py_ssize_t start = 0, end, i
    cdef int lane
    while start < count:
        end = min(start + GROUP * LANES, count)
        memset(sums, 0, sizeof(sums))
        for i in range((end - start) // LANES):
            if ahead:
                ask_for_lines(x + start + i * LANES + ahead, 0, LANES // LINE)
            if ahead and of_gradients:
                ask_for_lines(d_y + start + i * LANES + ahead, 0, LANES // LINE)
            add_block(x + start + i * LANES, d_y + start + i * LANES, center, LANES, of_gradients, sums)
        i = start + (end - start) // LANES * LANES
        add_block(x + i, d_y + i, center, <int>(end - i), of_gradients, sums)
        for lane in range(2 * LANES):
            totals[lane] += sums[lane]
        start = end


cdef inline void sum_channel(const Planes* planes, Py_ssize_t channel, real center, double* sums) noexcept nogil:
    """The sum of `weight` and that of `weight * (x - center)`; the weight is d_y, or else x - center."""
    cdef unsigned long long state = flush_denormals()
    cdef double totals[2 * LANES]
    cdef Py_ssize_t next_image = planes.c * planes.pixels, image, start
    cdef bint asks = planes.n > 1 and planes.pixels <= LONG and ask_for_sources(planes.n * next_image)
    cdef int lane
    memset(totals, 0, sizeof(totals))
    for image in range(planes.n):
        start = image * next_image + channel * planes.pixels
        if planes.d_y == NULL:
            add_plane(planes.x + start, planes.x + start, center, planes.pixels, False, next_image if asks else 0, totals)
        else:
            add_plane(planes.x + start, planes.d_y + start, center, planes.pixels, True, next_image if asks else 0, totals)
    sums[0] = 0
    sums[1] = 0
    for lane in range(LANES):
        sums[0] += totals[lane]
        sums[1] += totals[LANES + lane]
    restore_denormals(state)


cdef inline void channel_moments(const Planes* planes, Py_ssize_t channel, real* mean, real* variance) noexcept nogil:
    cdef double sums[2]
    cdef double count = planes.n * planes.pixels, deviation, square
    cdef real center = total(planes.x + channel * planes.pixels, planes.pixels) / <real>planes.pixels
    if not isfinite(center):
        center = 0
    sum_channel(planes, channel, center, sums)
    deviation = sums[0] / count
    square = sums[1] / count - deviation * deviation
    mean[0] = <real>(center + deviation)
    variance[0] = <real>(0 if square < 0 else square)
