# Statistics and arithmetic for each channel, as in channels.pyx, where the pixels of a channel are neighbours in memory, not
# the channels of a pixel.
#
# Design:
# a) x, y, d_x and d_y are (n, c, pixels), contiguous. The functions are those of channels.pyx, by name and arguments.
# b) A sum over a channel is the work of one task, image after image (plane_sums.pxd).
# c) The other functions share planes. Each has few coefficients, in double: one multiplication and addition for a number
#    (affine_planes.pxd).
# d) What an activation was given is computed again on the way back, as in channels.pyx, CHUNK numbers at a time.
# e) Results that do not stay in the caches go around them (around.pxd).
# f) Tasks depend on the shape only: results are the same for any number of threads.
from cython.parallel cimport parallel, prange
from libc.math cimport sqrt

from kernels.affine_planes cimport Gradient, gradient_plane, scale_plane
from kernels.around cimport go_around
from kernels.elementwise cimport CHUNK, LINEAR, activation_gradient_at
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.plane_sums cimport Planes, channel_moments, data_of, planes_of, sum_channel, work_on
from kernels.prefetch cimport end_stores_around
from kernels.real cimport real


# Sums over channels ---------------------------------------------------------------------------------------------------


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


cdef inline Gradient gradient_of(
    double mean, double gamma, double deviation, double d_gamma, double d_beta, double count
) noexcept nogil:
    cdef double scale = gamma / deviation
    return Gradient(
        <real>mean, <real>scale, <real>(-scale / deviation * d_gamma / count), <real>(-scale * d_beta / count)
    )


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
