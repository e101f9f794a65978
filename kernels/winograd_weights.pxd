# Transformed kernels in panels of NR filters (matmul_tile.pxd), for conv_winograd.pyx.
#
# Design:
# a) A vector holds neighbouring filters. In the gradient for the input, where the channels are what results, these are not
#    neighbours in memory: then a vector of them is transposed at a time.
# b) A line of the kernel has few of the filters of a panel, and the next line of them is far away, so it is asked for.
# c) Channels are those of all parts of the kernel (winograd_parts.pxd), one after the other.
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.matmul_tile cimport NR
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.transpose cimport transpose_matrix
from kernels.winograd cimport IN, LONGEST, transform_kernel
from kernels.winograd_parts cimport Side, tap_of_part
from kernels.winograd_tiles cimport load

cdef struct Weights:
    const real* value         # [kd * depth_stride + kh * row_stride + kw * tap_stride + c * channel_stride + k * filter_stride]
    Py_ssize_t depth_stride, row_stride, tap_stride, channel_stride, filter_stride
    Py_ssize_t channels       # of all parts, that products are summed up over
    Py_ssize_t part_channels  # of one
    Py_ssize_t filters        # that result
    const Side* height
    const Side* width


cdef inline Py_ssize_t ahead_of(const Weights* weights, Py_ssize_t channel, Py_ssize_t vector) noexcept nogil:
    """Where a panel's line lies that is needed VL channels later, another one for each channel and vector of filters."""
    if weights.filter_stride == 1:
        return (channel + VL) * weights.channel_stride + vector * VL
    return channel - channel % VL + VL + (channel % VL * (NR // VL) + vector) * weights.filter_stride


cdef inline void find_taps(const Weights* weights, const real* value, Py_ssize_t part, const real** tap) noexcept nogil:
    """The addresses of the taps of a part, NULL for those that it does not have."""
    cdef const Side* height = weights.height
    cdef const Side* width = weights.width
    cdef Py_ssize_t h = tap_of_part(height, part // width.parts), w
    cdef int i, j
    for i in range(height.taps):
        w = tap_of_part(width, part % width.parts)
        for j in range(width.taps):
            tap[i * width.taps + j] = NULL
            if h < height.axis.taps and w < width.axis.taps:
                tap[i * width.taps + j] = value + h * weights.row_stride + w * weights.tap_stride
            w += width.tap_step
        h += height.tap_step


cdef inline void transform_part(const Weights* weights, const real* value, Py_ssize_t part, Py_ssize_t first_channel,
                                Py_ssize_t channels, Py_ssize_t first_filter, real* u, Py_ssize_t plane, int points_h,
                                int points_w, int taps_h, int taps_w) noexcept nogil:
    cdef Py_ssize_t filters = min(weights.filters - first_filter, <Py_ssize_t>NR)
    cdef const real* line[LONGEST * LONGEST]
    cdef real turned[LONGEST * LONGEST][VL * NR]  # some channels, with their filters side by side
    cdef vec g[LONGEST * LONGEST]
    cdef vec half[IN * LONGEST]
    cdef vec full[IN]
    cdef const real* taps
    cdef Py_ssize_t c, vector, k, ahead
    cdef int tap, i, j
    find_taps(weights, value + first_channel * weights.channel_stride + first_filter * weights.filter_stride, part, line)
    for c in range(channels):
        if weights.filter_stride != 1 and c % VL == 0:
            for tap in range(taps_h * taps_w):
                if line[tap] != NULL:
                    transpose_matrix(
                        line[tap] + c, weights.filter_stride, turned[tap], NR, filters, min(channels - c, <Py_ssize_t>VL)
                    )
        for vector in range(NR // VL):
            k = vector * VL
            ahead = ahead_of(weights, c, vector)
            for tap in range(taps_h * taps_w):
                g[tap] = ZERO_VECTOR
                if line[tap] != NULL:
                    taps = line[tap] + c * weights.channel_stride if weights.filter_stride == 1 else turned[tap] + c % VL * NR
                    g[tap] = load(taps + k, max(filters - k, <Py_ssize_t>0))
                    prefetch_for_reading(line[tap] + ahead)
            for j in range(taps_w):
                transform_kernel(g + j, taps_w, half + j, taps_w, taps_h)
            for i in range(points_h):
                transform_kernel(half + i * taps_w, 1, full, 1, taps_w)
                for j in range(points_w):
                    (<vec*>(u + (i * points_w + j) * plane + c * NR + k))[0] = full[j]


cdef inline void transform_panel(const Weights* weights, Py_ssize_t kd, Py_ssize_t first_channel, Py_ssize_t channels,
                                 Py_ssize_t first_filter, real* u, Py_ssize_t plane) noexcept nogil:
    """u[point * plane + c * NR + j] = G g Gt for a tap of the depth, channel first_channel + c and filter first_filter + j"""
    cdef const real* value = weights.value + kd * weights.depth_stride
    cdef const Side* height = weights.height
    cdef const Side* width = weights.width
    cdef Py_ssize_t part, first, count
    cdef unsigned long long state = flush_denormals()
    while channels > 0:
        part = first_channel // weights.part_channels
        first = first_channel % weights.part_channels
        count = min(weights.part_channels - first, channels)
        if height.taps == 3 and width.taps == 3:
            transform_part(weights, value, part, first, count, first_filter, u, plane, IN, IN, 3, 3)
        else:
            transform_part(
                weights, value, part, first, count, first_filter, u, plane, height.points, width.points, height.taps, width.taps
            )
        u += count * NR
        first_channel += count
        channels -= count
    restore_denormals(state)
