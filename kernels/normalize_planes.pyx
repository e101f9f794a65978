# Group normalization, as in normalize_groups.pyx, where the pixels of a channel are neighbours in memory, not the channels of
# a pixel.
#
# Design:
# a) x, y, d_x and d_y are (n, c, pixels), contiguous; y may be x, and d_x may be d_y. The functions are those of
#    normalize_groups.pyx, by name and arguments.
# b) The planes of a group lie one behind the other: to its moments, they are one plane (plane_sums.pxd). What follows has
#    coefficients for each channel, so there, and in sums of gradients, planes are those of channels.
# c) A group is the work of one task, both passes over it, the second most often from a cache. Results that do not stay in the
#    caches go around them (around.pxd).
# d) Tasks depend on the shape only: results are the same for any number of threads.
from cython.parallel cimport parallel, prange
from libc.math cimport sqrt

from kernels.affine_planes cimport Gradient, gradient_plane, scale_plane
from kernels.around cimport go_around
from kernels.elementwise cimport LINEAR
from kernels.parallel cimport threads_for
from kernels.plane_sums cimport Planes, channel_moments, data_of, sum_channel, work_on
from kernels.prefetch cimport end_stores_around
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef struct Groups:
    Planes whole, planes  # of which each group is a plane, and each channel
    Py_ssize_t channels, c  # in a group, in an image
    const real* gamma     # or NULL
    const real* beta
    real* mean            # of each group
    real* scale
    real* target          # y or d_x
    double epsilon
    bint around           # the target goes around the caches


cdef Groups groups_of(
    const real[:, :, ::1] x, const real[::1] gamma, real[:, ::1] mean, real[:, ::1] scale, const real[:, :, ::1] target
) except *:
    cdef Groups job
    cdef Py_ssize_t planes = x.shape[0] * x.shape[1], groups = mean.shape[0] * mean.shape[1]
    job.c, job.channels = x.shape[1], x.shape[1] // mean.shape[1]
    job.planes = Planes(data_of(x), NULL, 1, planes, x.shape[2])
    job.whole = Planes(data_of(x), NULL, 1, groups, job.channels * x.shape[2])
    job.gamma, job.beta = NULL if gamma is None else &gamma[0], NULL
    job.mean, job.scale, job.target = &mean[0, 0], &scale[0, 0], data_of(target)
    return job


cdef inline void normalize_group(const Groups* job, Py_ssize_t group) noexcept nogil:
    cdef Py_ssize_t plane, start, channel
    cdef real variance
    channel_moments(&job.whole, group, &job.mean[group], &variance)
    job.scale[group] = <real>(1 / sqrt(variance + job.epsilon))
    for plane in range(group * job.channels, (group + 1) * job.channels):
        start, channel = plane * job.planes.pixels, plane % job.c
        scale_plane(
            job.planes.x + start,
            job.mean[group],
            job.scale[group] * (1 if job.gamma == NULL else job.gamma[channel]),
            0 if job.beta == NULL else job.beta[channel],
            LINEAR,
            job.around,
            job.target + start,
            job.planes.pixels,
        )


def group_normalization_forward(
    const real[:, :, ::1] x,
    const real[::1] gamma,
    const real[::1] beta,
    double epsilon,
    real[:, ::1] mean,
    real[:, ::1] scale,
    real[:, :, ::1] y,
):
    """y = (x - mean) * scale * gamma + beta, and the mean and scale of each group. gamma and beta may be None."""
    cdef double work = work_on(x)
    cdef Py_ssize_t group
    if work == 0:
        return
    cdef Groups job = groups_of(x, gamma, mean, scale, y)
    job.beta, job.epsilon = NULL if beta is None else &beta[0], epsilon
    job.around = job.target != job.planes.x and go_around(work)
    with nogil, parallel(num_threads=threads_for(2 * work)):
        for group in prange(job.whole.c, schedule="static"):
            normalize_group(&job, group)
        end_stores_around()


cdef inline void group_gradients(const Groups* job, Py_ssize_t group, double* sums) noexcept nogil:
    """d_x of a group; sums = those of d_y and of d_y * (x - mean), for each plane"""
    cdef double count = <double>job.whole.pixels, scale = job.scale[group], of_d_y = 0, of_products = 0, weight
    cdef Py_ssize_t plane, start
    cdef Gradient gradient
    for plane in range(group * job.channels, (group + 1) * job.channels):
        sum_channel(&job.planes, plane, job.mean[group], sums + 2 * plane)
        weight = 1 if job.gamma == NULL else job.gamma[plane % job.c]
        of_d_y += weight * sums[2 * plane]
        of_products += weight * sums[2 * plane + 1]
    gradient.center = job.mean[group]
    gradient.slope, gradient.shift = <real>(-of_products * scale * scale * scale / count), <real>(-of_d_y * scale / count)
    for plane in range(group * job.channels, (group + 1) * job.channels):
        start = plane * job.planes.pixels
        gradient.scale = job.scale[group] * (1 if job.gamma == NULL else job.gamma[plane % job.c])
        gradient_plane(
            gradient, job.planes.x + start, job.planes.d_y + start, job.around, job.target + start, job.planes.pixels
        )


def group_normalization_backward(
    const real[:, :, ::1] x,
    const real[::1] gamma,
    real[:, ::1] mean,
    real[:, ::1] scale,
    const real[:, :, ::1] d_y,
    real[:, :, ::1] d_x,
    real[::1] d_gamma,
    real[::1] d_beta,
):
    """d_x, d_gamma and d_beta = the gradients of `group_normalization_forward`, from its mean and scale. gamma may be None."""
    cdef double work = work_on(x), of_d_y, of_products
    cdef Py_ssize_t n = x.shape[0], c = x.shape[1], group, image, channel
    d_gamma[:] = 0
    d_beta[:] = 0
    if work == 0:
        return
    cdef double* sums = <double*>scratch_take(2 * n * c * sizeof(double))
    if sums == NULL:
        raise MemoryError("No memory for two numbers for each plane.")
    cdef Groups job = groups_of(x, gamma, mean, scale, d_x)
    job.planes.d_y = data_of(d_y)
    job.around = job.target != job.planes.d_y and go_around(1.5 * work)
    with nogil, parallel(num_threads=threads_for(2 * work)):
        for group in prange(job.whole.c, schedule="static"):
            group_gradients(&job, group, sums)
        end_stores_around()
    for channel in range(c):
        of_d_y = of_products = 0
        for image in range(n):
            of_d_y += sums[2 * (image * c + channel)]
            of_products += sums[2 * (image * c + channel) + 1] * scale[image, channel // job.channels]
        d_beta[channel], d_gamma[channel] = <real>of_d_y, <real>of_products
    scratch_give(sums)
