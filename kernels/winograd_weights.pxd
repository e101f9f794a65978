# Transformed kernels in panels of NR filters (matmul_tile.pxd), for conv_winograd.pyx.
#
# Design:
# a) A vector holds neighbouring filters. In the gradient for the input, where the channels are what results, these are not
#    neighbours in memory: then a vector of them is transposed at a time.
# b) A line of the kernel has few of the filters of a panel, and the next line of them is far away, so it is asked for.
from kernels.matmul_tile cimport NR
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport VL, real, vec
from kernels.transpose cimport transpose_matrix
from kernels.winograd cimport IN, transform_kernel
from kernels.winograd_tiles cimport load

cdef struct Weights:
    const real* value         # [kd * depth_stride + (kh * 3 + kw) * tap_stride + c * channel_stride + k * filter_stride]
    Py_ssize_t depth_stride, tap_stride, channel_stride, filter_stride
    Py_ssize_t channels, filters


cdef inline const real* taps_ahead(const Weights* weights, const real* value, Py_ssize_t channel, Py_ssize_t first_filter,
                                   Py_ssize_t part) noexcept nogil:
    """A line of the kernel that a panel will need VL channels later, another one for each channel and vector of filters."""
    if weights.filter_stride == 1:
        return value + (channel + VL) * weights.channel_stride + first_filter + part * VL
    return value + channel - channel % VL + VL + (first_filter + channel % VL * (NR // VL) + part) * weights.filter_stride


cdef inline void transform_panel(const Weights* weights, Py_ssize_t kd, Py_ssize_t first_channel, Py_ssize_t channels,
                                 Py_ssize_t first_filter, real* u, Py_ssize_t plane) noexcept nogil:
    """u[point * plane + c * NR + j] = G g Gt for a tap of the depth, channel first_channel + c and filter first_filter + j"""
    cdef Py_ssize_t filters = min(weights.filters - first_filter, <Py_ssize_t>NR)
    cdef Py_ssize_t tap_stride = weights.tap_stride
    cdef real turned[9][VL * NR]  # some channels, with their filters side by side
    cdef vec g[9]
    cdef vec half[IN * 3]
    cdef vec full[IN]
    cdef const real* value = weights.value + kd * weights.depth_stride
    cdef const real* taps
    cdef const real* ahead
    cdef Py_ssize_t c, part, k, i, j, tap
    for c in range(channels):
        taps = value + (first_channel + c) * weights.channel_stride + first_filter * weights.filter_stride
        if weights.filter_stride != 1:  # channels are neighbours in memory: a vector of them is transposed at a time
            if c % VL == 0:
                for tap in range(9):
                    transpose_matrix(
                        taps + tap * weights.tap_stride, weights.filter_stride, turned[tap], NR, filters,
                        min(channels - c, <Py_ssize_t>VL),
                    )
            taps = turned[0] + c % VL * NR
            tap_stride = VL * NR
        for part in range(NR // VL):
            k = part * VL
            ahead = taps_ahead(weights, value, first_channel + c, first_filter, part)
            for tap in range(9):
                g[tap] = load(taps + tap * tap_stride + k, max(filters - k, <Py_ssize_t>0))
                prefetch_for_reading(ahead + tap * weights.tap_stride)
            for j in range(3):
                transform_kernel(g + j, 3, half + j, 3)
            for i in range(IN):
                transform_kernel(half + i * 3, 1, full, 1)
                for j in range(IN):
                    (<vec*>(u + (i * IN + j) * plane + c * NR + k))[0] = full[j]
