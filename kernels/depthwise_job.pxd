# What a depthwise convolution is told: arrays, axes and weights. For conv_depthwise.pyx.
#
# Design:
# a) One description serves all directions: a source that windows move over, a target with a pixel for each window, and weights. A
#    gradient for the input has several phases (windows.pxd), the others have one.
# b) A block of channels is described by the same, with other distances from pixel to pixel.
from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.depthwise_planes cimport Planes, describe_planes
from kernels.elementwise cimport LINEAR
from kernels.prefetch cimport LINE
from kernels.real cimport real
from kernels.strips cimport NEXT_BAND, NEXT_LINES, NEXT_RESULTS, NEXT_STRIP, Ahead
from kernels.windows cimport Axis, ceil_div, forward_axis

cdef enum:
    NEAR = 1 << 18        # numbers of a source that is likely to be in L2
    LINES = 4             # of the cache, which a pixel takes where a band is asked for in the order of memory

cdef struct Phase:                   # every stride-th output along an axis; all of them in the forward direction
    Axis axis
    Py_ssize_t first_tap, tap_step   # the taps of the kernel that reach these outputs

cdef struct Job:
    const real* source               # (n, d, h, w, channels), if it is not put together from planes
    const Planes* planes             # or NULL
    Py_ssize_t source_d, source_h, source_w  # from one plane, row and pixel to the next, in numbers
    Ahead ahead                      # what is asked for ahead of time
    real* target                     # (n, d, h, w, channels); the gradient for the kernel reads it
    Py_ssize_t target_w              # from one pixel to the next
    Py_ssize_t n, d, h, w, channels  # of the target, or of a block of its channels
    Py_ssize_t phases_d, phases_h, phases_w
    Phase *phase_d, *phase_h, *phase_w
    const real* weights              # (taps_d, taps_h, taps_w, channels), or packed
    Py_ssize_t taps_h, taps_w
    Py_ssize_t tap                   # from the numbers of one tap to those of the next, in packed weights or in the sums
    Py_ssize_t vector                # from those of one vector of channels to those of the next, in packed weights
    const real* bias
    int activation

cdef struct Task:                    # of the gradient for the kernel
    Py_ssize_t first, end            # vectors of channels
    real* sums                       # [tap][vector]


cdef inline Py_ssize_t bands_of(const Job* job) noexcept nogil:
    """A band is two rows of each phase."""
    return job.n * job.d * ceil_div(job.h, 2 * job.phases_h)


cdef inline double work_of(const Job* job) noexcept nogil:
    cdef Py_ssize_t taps = job.phase_d.axis.taps * job.taps_h * job.taps_w
    return 2.0 * job.n * job.d * job.h * job.w * job.channels * taps


cdef inline Ahead ahead_of(const Py_ssize_t* source):
    cdef Py_ssize_t numbers = source[0] * source[1] * source[2] * source[3] * source[4]
    if not prefetchers_follow_rows():
        return NEXT_BAND
    return NEXT_LINES if numbers > NEAR and source[4] >= LINES * LINE else NEXT_STRIP


cdef inline Job describe(const real* source, const Py_ssize_t* shape, const real[:, :, :, :, ::1] target,
                         const real[:, :, :, :, ::1] kernel):
    """`shape`: that of the source, with channels last."""
    return Job(
        source=source, planes=NULL, source_d=shape[2] * shape[3] * shape[4], source_h=shape[3] * shape[4], source_w=shape[4],
        ahead=ahead_of(shape), target=<real*>&target[0, 0, 0, 0, 0], target_w=target.shape[4],
        n=target.shape[0], d=target.shape[1], h=target.shape[2], w=target.shape[3], channels=target.shape[4],
        phases_d=1, phases_h=1, phases_w=1, phase_d=NULL, phase_h=NULL, phase_w=NULL,
        weights=&kernel[0, 0, 0, 0, 0], taps_h=kernel.shape[1], taps_w=kernel.shape[2], tap=0, vector=0,
        bias=NULL, activation=LINEAR,
    )


cdef inline Job describe_outputs(
    Phase* phase, Planes* planes, const real[:, :, :, :, :] x, const real[:, :, :, :, ::1] y,
    const real[:, :, :, :, ::1] kernel, tuple strides, tuple dilations, tuple pads,
) except *:
    """The target is y, with one phase for each axis, and x may be planes."""
    cdef Job job = describe(&x[0, 0, 0, 0, 0], x.shape, y, kernel)
    cdef Py_ssize_t i
    for i in range(3):
        phase[i].axis = forward_axis(x.shape[i + 1], y.shape[i + 1], kernel.shape[i], strides[i], dilations[i], pads[i])
        phase[i].first_tap = 0
        phase[i].tap_step = 1
        if phase[i].axis.taps == 1:
            phase[i].axis.spacing = 1
    job.phase_d = phase
    job.phase_h = phase + 1
    job.phase_w = phase + 2
    if not x.is_c_contig():
        planes[0] = describe_planes(x)
        job.planes = planes
        job.ahead = NEXT_RESULTS
    return job
