# Statistics and arithmetic for each channel, as in channels.pyx, where the pixels of a channel are neighbours in memory, not
# the channels of a pixel.
#
# Design:
# a) x, y, d_x and d_y are (n, c, pixels), contiguous. The functions are those of channels.pyx, by name and arguments.
# b) A sum over a channel is the work of one task, image after image. LANES partial sums are vectors to GCC; after GROUP
#    blocks of LANES numbers, and at the end of a plane, they are added to partial sums in double, so the error does not
#    grow.
# c) Variance takes one pass: the mean square of x - center, less the square of its mean. The center is the mean of the
#    channel's first plane, so the two do not nearly cancel.
# d) The other functions share planes. Each has few coefficients, in double: one multiplication and addition for a number.
# e) What an activation was given is computed again on the way back, as in channels.pyx, CHUNK numbers at a time.
# f) Results that do not stay in the caches go around them (around.pxd).
# g) Tasks depend on the shape only: results are the same for any number of threads.
from cython.parallel cimport parallel, prange
from libc.math cimport isfinite, sqrt
from libc.string cimport memset

from kernels.around cimport BLOCK, carry_around, go_around
from kernels.column_sums cimport GROUP
from kernels.elementwise cimport CHUNK, LINEAR, activation_gradient_at, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport end_stores_around
from kernels.real cimport real
from kernels.reductions cimport LANES, total

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


# Sums over channels ---------------------------------------------------------------------------------------------------


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
    const real* x, const real* d_y, real center, Py_ssize_t count, bint of_gradients, double* totals
) noexcept nogil:
    cdef real sums[2 * LANES]
    cdef Py_ssize_t start = 0, end, i
    cdef int lane
    while start < count:
        end = min(start + GROUP * LANES, count)
        memset(sums, 0, sizeof(sums))
        for i in range((end - start) // LANES):
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
    cdef Py_ssize_t image, start
    cdef int lane
    memset(totals, 0, sizeof(totals))
    for image in range(planes.n):
        start = (image * planes.c + channel) * planes.pixels
        if planes.d_y == NULL:
            add_plane(planes.x + start, planes.x + start, center, planes.pixels, False, totals)
        else:
            add_plane(planes.x + start, planes.d_y + start, center, planes.pixels, True, totals)
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


def moments(const real[:, :, ::1] x, real[::1] mean, real[::1] variance):
    """mean and variance = those of each channel, the variance with the number of its pixels as divisor"""
    cdef Planes planes = planes_of(x)
    cdef double work = work_on(x)
    cdef Py_ssize_t c
    for c in prange(planes.c, nogil=True, schedule="static", num_threads=threads_for(work)):
        channel_moments(&planes, c, &mean[c], &variance[c])


cdef inline void channel_gradients(
    const Planes* planes, Py_ssize_t channel, real mean, double factor, real* d_gamma, real* d_beta
) noexcept nogil:
    cdef double sums[2]
    sum_channel(planes, channel, mean, sums)
    d_beta[0] = <real>sums[0]
    d_gamma[0] = <real>(sums[1] * factor)


cdef inline void gradient_before_normalized(
    const Planes* planes, Py_ssize_t channel, real center, real scale, real shift, int activation, real* d_normalized
) noexcept nogil:
    """d_normalized = d_y * the derivative of the activation, at what the activation was given"""
    cdef unsigned long long state = flush_denormals()
    cdef real normalized[CHUNK]
    cdef Py_ssize_t image, start, end, size, j
    for image in range(planes.n):
        start = (image * planes.c + channel) * planes.pixels
        end = start + planes.pixels
        while start < end:
            size = min(<Py_ssize_t>CHUNK, end - start)
            for j in range(size):
                normalized[j] = (planes.x[start + j] - center) * scale + shift
            activation_gradient_at(activation, normalized, planes.d_y + start, d_normalized + start, size)
            start += size
    restore_denormals(state)


def batch_normalization_backward_parameters(
    const real[:, :, ::1] x,
    const real[::1] mean,
    const real[::1] variance,
    const real[::1] gamma,
    const real[::1] beta,
    double epsilon,
    const real[:, :, ::1] d_y,
    real[::1] d_gamma,
    real[::1] d_beta,
    int activation=LINEAR,
    real[:, :, ::1] d_normalized=None,
):
    """d_gamma and d_beta = the gradients for gamma and beta; that for x needs them, too.

    It also needs d_normalized = d_y * the derivative of the activation, if there is one. It may be d_y.
    """
    cdef Planes planes = planes_of(x)
    cdef double work = work_on(x)
    cdef real* prepared = NULL if activation == LINEAR else data_of(d_normalized)
    cdef bint scaled = gamma is not None, shifted = beta is not None
    cdef Py_ssize_t c
    planes.d_y = data_of(d_y)
    if activation != LINEAR:
        for c in prange(planes.c, nogil=True, schedule="static", num_threads=threads_for(work)):
            gradient_before_normalized(
                &planes,
                c,
                mean[c],
                <real>((gamma[c] if scaled else 1) / sqrt(variance[c] + epsilon)),
                beta[c] if shifted else 0,
                activation,
                prepared,
            )
        planes.d_y = prepared
    for c in prange(planes.c, nogil=True, schedule="static", num_threads=threads_for(work)):
        channel_gradients(&planes, c, mean[c], 1 / sqrt(variance[c] + epsilon), &d_gamma[c], &d_beta[c])


# One multiplication and addition per number ---------------------------------------------------------------------------


cdef inline void scale_plane(
    const real* x, real center, real scale, real shift, int activation, bint around, real* y, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real[BLOCK] block
    cdef real* results
    cdef Py_ssize_t start = 0, size, i
    while start < count:
        size = min(count - start, <Py_ssize_t>BLOCK) if around else count
        results = &block[0] if around else y
        for i in range(size):
            results[i] = (x[start + i] - center) * scale + shift
        if activation != LINEAR:
            apply_activation(activation, results, size)
        if around:
            carry_around(block, y + start, size)
        start += size
    restore_denormals(state)


def scale_shift(const real[:, :, ::1] x, const real[::1] scale, const real[::1] shift, real[:, :, ::1] y):
    """y = x * scale + shift"""
    cdef double work = work_on(x)
    cdef Py_ssize_t c = x.shape[1], pixels = x.shape[2], plane
    cdef const real* source = data_of(x)
    cdef real* target = data_of(y)
    cdef bint around = target != source and go_around(work)
    with nogil, parallel(num_threads=threads_for(work)):
        for plane in prange(x.shape[0] * c, schedule="static"):
            scale_plane(
                source + plane * pixels, 0, scale[plane % c], shift[plane % c], LINEAR, around, target + plane * pixels, pixels
            )
        end_stores_around()


def batch_normalization_forward(
    const real[:, :, ::1] x,
    const real[::1] mean,
    const real[::1] variance,
    const real[::1] gamma,
    const real[::1] beta,
    double epsilon,
    real[:, :, ::1] y,
    int activation=LINEAR,
):
    """y = activation((x - mean) / sqrt(variance + epsilon) * gamma + beta). gamma and beta may be None."""
    cdef double work = work_on(x)
    cdef Py_ssize_t c = x.shape[1], pixels = x.shape[2], plane, channel
    cdef const real* source = data_of(x)
    cdef real* target = data_of(y)
    cdef bint scaled = gamma is not None, shifted = beta is not None
    cdef bint around = target != source and go_around(work)
    with nogil, parallel(num_threads=threads_for(work)):
        for plane in prange(x.shape[0] * c, schedule="static"):
            channel = plane % c
            scale_plane(
                source + plane * pixels,
                mean[channel],
                <real>((gamma[channel] if scaled else 1) / sqrt(variance[channel] + epsilon)),
                beta[channel] if shifted else 0,
                activation,
                around,
                target + plane * pixels,
                pixels,
            )
        end_stores_around()


cdef struct Gradient:
    real center, scale, slope, shift


cdef inline Gradient gradient_of(
    double mean, double gamma, double deviation, double d_gamma, double d_beta, double count
) noexcept nogil:
    cdef double scale = gamma / deviation
    return Gradient(
        <real>mean, <real>scale, <real>(-scale / deviation * d_gamma / count), <real>(-scale * d_beta / count)
    )


cdef inline void gradient_plane(
    Gradient gradient, const real* x, const real* d_y, bint around, real* d_x, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real[BLOCK] block
    cdef real* results
    cdef Py_ssize_t start = 0, size, i
    while start < count:
        size = min(count - start, <Py_ssize_t>BLOCK) if around else count
        results = &block[0] if around else d_x
        for i in range(size):
            results[i] = d_y[start + i] * gradient.scale + (x[start + i] - gradient.center) * gradient.slope + gradient.shift
        if around:
            carry_around(block, d_x + start, size)
        start += size
    restore_denormals(state)


def batch_normalization_backward_input(
    const real[:, :, ::1] x,
    const real[::1] mean,
    const real[::1] variance,
    const real[::1] gamma,
    double epsilon,
    const real[:, :, ::1] d_y,
    const real[::1] d_gamma,
    const real[::1] d_beta,
    real[:, :, ::1] d_x,
):
    """d_x = the gradient for x, where mean and variance are the moments of x. gamma may be None."""
    cdef double work = work_on(x)
    cdef Py_ssize_t n = x.shape[0], c = x.shape[1], pixels = x.shape[2], plane, channel
    cdef const real* source = data_of(x)
    cdef const real* gradients = data_of(d_y)
    cdef real* target = data_of(d_x)
    cdef bint scaled = gamma is not None
    cdef bint around = target != gradients and go_around(1.5 * work)
    with nogil, parallel(num_threads=threads_for(work)):
        for plane in prange(n * c, schedule="static"):
            channel = plane % c
            gradient_plane(
                gradient_of(
                    mean[channel],
                    gamma[channel] if scaled else 1,
                    sqrt(variance[channel] + epsilon),
                    d_gamma[channel],
                    d_beta[channel],
                    n * pixels,
                ),
                source + plane * pixels,
                gradients + plane * pixels,
                around,
                target + plane * pixels,
                pixels,
            )
        end_stores_around()
