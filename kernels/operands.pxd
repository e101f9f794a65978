# What a product over windows reads and writes beside the source: weights, and the pixels of the target.
from kernels.real cimport real
from kernels.windows cimport Axis, Span, Windows, clear_numbers, forward_axis, outputs_of, phase_axis

cdef struct Weights:
    const real* value
    const real* end                    # behind the last
    Py_ssize_t tap_d, tap_h, tap_w     # from one tap of the whole kernel to the next, in numbers
    Py_ssize_t first_d, first_h, first_w, step_d, step_h, step_w  # those that take part, in the order of the windows' taps
    Py_ssize_t depth_stride, column_stride, group_stride  # in numbers

cdef struct Target:
    real* value
    Py_ssize_t stride_n, stride_d, stride_h, stride_w  # from one output pixel to the next, in numbers


cdef inline Py_ssize_t size_of(const real[:, :, :, :, ::1] array):
    return array.shape[0] * array.shape[1] * array.shape[2] * array.shape[3] * array.shape[4]


cdef inline void describe_source(Windows* windows, const real[:, :, :, :, :] source, Py_ssize_t groups):
    windows.source = &source[0, 0, 0, 0, 0]
    windows.stride_n = source.strides[0] // <Py_ssize_t>sizeof(real)
    windows.stride_d = source.strides[1] // <Py_ssize_t>sizeof(real)
    windows.stride_h = source.strides[2] // <Py_ssize_t>sizeof(real)
    windows.stride_w = source.strides[3] // <Py_ssize_t>sizeof(real)
    windows.end = windows.source + 1 + (
        (source.shape[0] - 1) * windows.stride_n + (source.shape[1] - 1) * windows.stride_d
        + (source.shape[2] - 1) * windows.stride_h + (source.shape[3] - 1) * windows.stride_w + source.shape[4] - 1
    )
    windows.channels = source.shape[4] // groups
    windows.whole_pixels = groups == 1 and windows.stride_w == windows.channels


cdef inline Target target_phase(real[:, :, :, :, ::1] target, Py_ssize_t first_d, Py_ssize_t first_h, Py_ssize_t first_w,
                                Py_ssize_t step_d, Py_ssize_t step_h, Py_ssize_t step_w):
    """Every step-th pixel of the target along each axis."""
    return Target(
        value=&target[0, first_d, first_h, first_w, 0],
        stride_n=target.strides[0] // <Py_ssize_t>sizeof(real),
        stride_d=target.strides[1] // <Py_ssize_t>sizeof(real) * step_d,
        stride_h=target.strides[2] // <Py_ssize_t>sizeof(real) * step_h,
        stride_w=target.strides[3] // <Py_ssize_t>sizeof(real) * step_w,
    )


cdef inline Weights forward_weights(const real[:, :, :, :, ::1] kernel, Py_ssize_t groups):
    """Depth: all taps and channels; columns: filters."""
    cdef Py_ssize_t tap = kernel.shape[3] * kernel.shape[4]
    return Weights(
        value=&kernel[0, 0, 0, 0, 0], end=&kernel[0, 0, 0, 0, 0] + size_of(kernel),
        tap_d=kernel.shape[1] * kernel.shape[2] * tap, tap_h=kernel.shape[2] * tap, tap_w=tap,
        first_d=0, first_h=0, first_w=0, step_d=1, step_h=1, step_w=1,
        depth_stride=kernel.shape[4], column_stride=1, group_stride=kernel.shape[4] // groups,
    )


cdef inline Weights backward_weights(const real[:, :, :, :, ::1] kernel, Py_ssize_t groups):
    """Depth: taps of a phase (which `enter_phase` tells) and filters; columns: channels."""
    cdef Weights weights = forward_weights(kernel, groups)
    weights.depth_stride, weights.column_stride = weights.column_stride, weights.depth_stride
    return weights


cdef inline const real* weight_at(const Weights* weights, const Windows* windows, Py_ssize_t group, Py_ssize_t depth,
                                  Py_ssize_t column) noexcept nogil:
    """Where the weight is that multiplies one number of a window."""
    cdef Py_ssize_t tap = depth // windows.channels
    cdef Py_ssize_t kw = weights.first_w + tap % windows.w.taps * weights.step_w
    cdef Py_ssize_t kh = weights.first_h + tap // windows.w.taps % windows.h.taps * weights.step_h
    cdef Py_ssize_t kd = weights.first_d + tap // windows.w.taps // windows.h.taps * weights.step_d
    return (
        weights.value + kd * weights.tap_d + kh * weights.tap_h + kw * weights.tap_w
        + depth % windows.channels * weights.depth_stride + group * weights.group_stride + column * weights.column_stride
    )


# Windows of all outputs, and taps that none of them needs ---------------------------------------------------------------


cdef inline void describe_windows(const real[:, :, :, :, :] x, const real[:, :, :, :, ::1] kernel,
                                  const real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, Py_ssize_t groups,
                                  Windows* windows):
    """The windows over x of all pixels of y."""
    describe_source(windows, x, groups)
    windows.d = forward_axis(x.shape[1], y.shape[1], kernel.shape[0], strides[0], dilations[0], pads[0])
    windows.h = forward_axis(x.shape[2], y.shape[2], kernel.shape[1], strides[1], dilations[1], pads[1])
    windows.w = forward_axis(x.shape[3], y.shape[3], kernel.shape[2], strides[2], dilations[2], pads[2])
    windows.pixels = y.shape[0] * y.shape[1] * y.shape[2] * y.shape[3]


cdef inline bint is_blind(const Axis* axis, Py_ssize_t tap) noexcept nogil:
    cdef Span met = outputs_of(axis, tap)
    return met.begin == met.end


cdef inline void leave_out_taps(Axis* axis, Py_ssize_t* first, Py_ssize_t step) noexcept nogil:
    """Leaves out the first and the last taps as far as they lie in the padding for all outputs. One stays."""
    while axis.taps > 1 and is_blind(axis, axis.taps - 1):
        axis.taps -= 1
    while axis.taps > 1 and is_blind(axis, 0):
        axis.taps -= 1
        axis.offset += axis.spacing
        first[0] += step


cdef inline void leave_out_padding(Windows* windows, Weights* weights) noexcept nogil:
    """Leaves out taps that meet nothing, as in a small image below a large dilation."""
    leave_out_taps(&windows.d, &weights.first_d, weights.step_d)
    leave_out_taps(&windows.h, &weights.first_h, weights.step_h)
    leave_out_taps(&windows.w, &weights.first_w, weights.step_w)


cdef inline void let_h_have_taps(Windows* windows, Weights* weights, Target* target) noexcept nogil:
    """Exchanges d and h, where only d has several taps: for who keeps what taps along h have in common, but not along d."""
    if windows.d.taps == 1 or windows.h.taps > 1:
        return
    windows.d, windows.h = windows.h, windows.d
    windows.stride_d, windows.stride_h = windows.stride_h, windows.stride_d
    weights.tap_d, weights.tap_h = weights.tap_h, weights.tap_d
    weights.first_d, weights.first_h = weights.first_h, weights.first_d
    weights.step_d, weights.step_h = weights.step_h, weights.step_d
    target.stride_d, target.stride_h = target.stride_h, target.stride_d


# Phases of the gradient for the input (windows.pxd) ---------------------------------------------------------------------


cdef inline Py_ssize_t phases_of(real[:, :, :, :, ::1] d_x, tuple strides):
    """How many there are: those of a stride that is longer than the axis begin behind it."""
    return min(<Py_ssize_t>strides[0], d_x.shape[1]) * min(<Py_ssize_t>strides[1], d_x.shape[2]) * min(
        <Py_ssize_t>strides[2], d_x.shape[3]
    )


cdef inline void clear_phase(const Target* target, const Windows* windows, Py_ssize_t images, Py_ssize_t channels) noexcept nogil:
    """Puts zeros into all pixels of a phase."""
    cdef Py_ssize_t n, d, h, w
    for n in range(images):
        for d in range(windows.d.outputs):
            for h in range(windows.h.outputs):
                for w in range(windows.w.outputs):
                    clear_numbers(
                        target.value + n * target.stride_n + d * target.stride_d + h * target.stride_h + w * target.stride_w,
                        channels,
                    )


cdef inline bint enter_phase(Py_ssize_t phase, const real[:, :, :, :, :] d_y, const real[:, :, :, :, ::1] kernel,
                             real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, Windows* windows,
                             Weights* weights, Target* target):
    """Describes the windows over d_y, the taps and the pixels of d_x of one phase. False, and zeros there, if it has no taps."""
    cdef Py_ssize_t sd = strides[0], sh = strides[1], sw = strides[2]
    cdef Py_ssize_t columns = min(sw, d_x.shape[3]), rows = min(sh, d_x.shape[2])
    cdef Py_ssize_t rw = phase % columns
    cdef Py_ssize_t rh = phase // columns % rows
    cdef Py_ssize_t rd = phase // columns // rows
    windows.d = phase_axis(d_y.shape[1], d_x.shape[1], kernel.shape[0], sd, dilations[0], pads[0], rd,
                           &weights.first_d, &weights.step_d)
    windows.h = phase_axis(d_y.shape[2], d_x.shape[2], kernel.shape[1], sh, dilations[1], pads[1], rh,
                           &weights.first_h, &weights.step_h)
    windows.w = phase_axis(d_y.shape[3], d_x.shape[3], kernel.shape[2], sw, dilations[2], pads[2], rw,
                           &weights.first_w, &weights.step_w)
    windows.pixels = d_x.shape[0] * windows.d.outputs * windows.h.outputs * windows.w.outputs
    target[0] = target_phase(d_x, rd, rh, rw, sd, sh, sw)
    if windows.d.taps * windows.h.taps * windows.w.taps == 0:
        clear_phase(target, windows, d_x.shape[0], d_x.shape[4])
        return False
    leave_out_padding(windows, weights)
    return True
