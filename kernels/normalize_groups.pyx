# Group normalization: the channels of an image are divided into groups, each shifted and scaled to a mean of 0 and a
# variance of 1.
#
# Design:
# a) x, y, d_x and d_y are (n, pixels, c), contiguous: channels last, neighbouring channels in a group. y may be x, and d_x
#    may be d_y. gamma, beta and their gradients have a number for each channel, mean and scale one for each image and
#    group: scale is 1 / sqrt(variance + epsilon).
# b) An image is a matrix of pixels and channels. Sums of its columns (column_sums.pxd) are put together for each group, in
#    double, and become the coefficients of one multiplication and addition per number (affine.pxd). So each direction reads
#    its arrays once for the sums and once for the result, most often from the second-level cache.
# c) Forward, the sums are those of x - center and of its square. The center of a channel is the mean of its first pixels,
#    so nothing large cancels. Backward, they are those of d_y and of d_y * (x - mean), and give d_gamma and d_beta as well.
#    Results that do not stay in the caches go around them (around.pxd).
# d) A few channels would not fill the vectors: neighbouring pixels are taken as one row (wide_rows.pxd).
# e) Threads share images. A few images are divided into parts of their pixels instead, which threads share. Sums of parts
#    are added in their order, and the parts depend on the shape only: results are the same for any number of threads.
cimport numpy
from cython.parallel cimport parallel, prange
from libc.math cimport isfinite, sqrt
from libc.string cimport memset

from kernels.affine cimport (
    Affine, choose_ways, length_of_coefficients, map_task, normalize_columns, normalize_gradient_columns, repeat_coefficients
)
from kernels.arrays cimport count_of, numbers_of, results_of
from kernels.column_sums cimport GROUP, Summation, add_deviations, add_gradients, ask_for_sources, sum_over_rows
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport end_stores_around
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take
from kernels.wide_rows cimport WideRows, repeat, wide_rows

cdef enum:
    MANY = 8         # images that are not divided
    FIRST = 8        # pixels
    MOST_PARTS = 16
    OPERATIONS = 4   # for a number

cdef struct Images:
    const real* x
    const real* d_y        # NULL forward
    real* target           # y or d_x
    real* gamma            # c numbers each; backward, beta is 0
    real* beta
    real* mean             # (n, groups)
    real* scale
    double epsilon
    Py_ssize_t n, pixels, c, groups
    WideRows shape         # of an image
    Py_ssize_t parts, size  # size: the rows of a part
    double* totals         # (n, parts, 2, width); the first part's first half of c numbers become those of the image
    real* sums             # the same, scratch memory
    real* coefficients     # (n, 4, width and what fills a vector)


# Sums and coefficients of an image -----------------------------------------------------------------------------------


cdef inline void find_centers(const Images* images, const real* x, real* center) noexcept nogil:
    """center = the means of the first pixels of each channel"""
    cdef Py_ssize_t c = images.c, pixels = min(images.pixels, <Py_ssize_t>FIRST), pixel, j
    memset(center, 0, c * sizeof(real))
    for pixel in range(pixels):
        for j in range(c):
            center[j] += x[pixel * c + j]
    for j in range(c):
        center[j] = center[j] / <real>pixels if isfinite(center[j]) else <real>0
    repeat(center, c, images.shape.width)


cdef inline void find_moments(const Images* images, Py_ssize_t image, const double* totals, const real* center) noexcept nogil:
    """The mean and scale of each group, from the sums of deviations and of their squares"""
    cdef Py_ssize_t c = images.c, channels = c // images.groups, group, j
    cdef double count = <double>images.pixels * channels, pixels = images.pixels, mean, squares, distance
    for group in range(images.groups):
        mean = squares = 0
        for j in range(group * channels, (group + 1) * channels):
            mean += center[j] * pixels + totals[j]
        mean /= count
        for j in range(group * channels, (group + 1) * channels):
            distance = center[j] - mean
            squares += totals[c + j] + distance * (2 * totals[j] + distance * pixels)
        images.mean[image * images.groups + group] = <real>mean
        images.scale[image * images.groups + group] = <real>(1 / sqrt((0 if squares < 0 else squares / count) + images.epsilon))


cdef inline void set_coefficients(const Images* images, Py_ssize_t image, const double* totals, Affine* map) noexcept nogil:
    """From the mean and scale of each group, and backward from the sums of d_y and of d_y * (x - mean)"""
    cdef Py_ssize_t c = images.c, channels = c // images.groups, group, start, j
    cdef double count = <double>images.pixels * channels, scale, sum_of_d_y, sum_of_products
    cdef real mean, factor, shift = 0, slope = 0
    for group in range(images.groups):
        start = group * channels
        scale = images.scale[image * images.groups + group]
        if images.d_y != NULL:
            sum_of_d_y = sum_of_products = 0
            for j in range(start, start + channels):
                sum_of_d_y += images.gamma[j] * totals[j]
                sum_of_products += images.gamma[j] * totals[c + j]
            shift = <real>(-sum_of_d_y / count * scale)
            slope = <real>(-sum_of_products / count * scale * scale * scale)
        mean, factor = images.mean[image * images.groups + group], <real>scale
        for j in range(start, start + channels):
            map.center[j] = mean
            map.scale[j] = images.gamma[j] * factor
            map.shift[j] = shift + images.beta[j]
            map.slope[j] = slope
    repeat_coefficients(map, c)


cdef inline void add_up_parts(const Images* images, double* totals) noexcept nogil:
    """Adds up parts, and rows that were taken together: the first 2 * c totals become those of the image."""
    cdef Py_ssize_t width = images.shape.width, c = images.c, part, half, j
    if images.parts == 1 and width == c:
        return
    for part in range(1, images.parts):
        for j in range(2 * width):
            totals[j] += totals[part * 2 * width + j]
    for half in range(2):
        for j in range(width):
            if j < c:
                totals[half * c + j] = totals[half * width + j]
            else:
                totals[half * c + j % c] += totals[half * width + j]


# One image ------------------------------------------------------------------------------------------------------------


cdef inline void sum_part(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums, double* totals) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    sum_over_rows(job, first, end, sums, totals)
    restore_denormals(state)


cdef inline void normalize_image(const Images* images, Py_ssize_t image, int threads) noexcept nogil:
    cdef Py_ssize_t width = images.shape.width, start = image * images.pixels * images.c, part, first
    cdef Py_ssize_t columns = 2 * width
    cdef double* totals = images.totals + image * images.parts * columns
    cdef real* sums = images.sums + image * images.parts * columns
    cdef Py_ssize_t length = length_of_coefficients(width)
    cdef real* memory = images.coefficients + image * 4 * length
    cdef Affine map = Affine(
        NULL, NULL, 0, False, False, False, images.shape.rows, width, images.shape.last,
        memory, memory + length, memory + 2 * length, memory + 3 * length,
    )
    cdef const real* x = images.x + start
    cdef const real* source = x if images.d_y == NULL else images.d_y + start
    cdef real* target = images.target + start
    cdef double numbers = <double>images.n * images.pixels * images.c
    cdef Summation job
    job.prepare, job.rows, job.width, job.last, job.sums = NULL, images.shape.rows, width, images.shape.last, 2
    job.a, job.b, job.center, job.ask = <real*>source, x, map.center, ask_for_sources(numbers)
    choose_ways(&map, numbers, source, x, target)
    if images.d_y == NULL:
        job.add_rows, map.map_columns = add_deviations, normalize_columns
        find_centers(images, x, map.center)
    else:
        job.add_rows, map.map_columns = add_gradients, normalize_gradient_columns
        set_coefficients(images, image, totals, &map)
    for part in prange(images.parts, schedule="static", num_threads=threads):
        first = part * images.size
        sum_part(&job, first, min(first + images.size, images.shape.rows), sums + part * columns, totals + part * columns)
    add_up_parts(images, totals)
    if images.d_y == NULL:
        find_moments(images, image, totals, map.center)
    set_coefficients(images, image, totals, &map)
    with parallel(num_threads=threads):
        for part in prange(images.parts, schedule="static"):
            first = part * images.size
            map_task(&map, first, min(first + images.size, images.shape.rows), source, x, target)
        if map.around:
            end_stores_around()


# All images -----------------------------------------------------------------------------------------------------------


cdef int normalize_images(Images* images, const real* gamma, const real* beta) except -1:
    """Does the work; `totals` are scratch memory to give back. gamma and beta may be NULL."""
    cdef Py_ssize_t image, j
    cdef int threads = threads_for(<double>images.n * images.pixels * images.c * OPERATIONS)
    images.shape = wide_rows(images.pixels, images.c)
    images.parts = 1 if images.n >= MANY else min((images.shape.rows + GROUP - 1) // GROUP, <Py_ssize_t>MOST_PARTS)
    images.size = (images.shape.rows + images.parts - 1) // images.parts
    images.parts = (images.shape.rows + images.size - 1) // images.size
    cdef Py_ssize_t columns = 2 * images.n * images.parts * images.shape.width
    cdef Py_ssize_t coefficients = 4 * images.n * length_of_coefficients(images.shape.width)
    cdef size_t bytes = columns * (sizeof(double) + sizeof(real)) + (coefficients + 2 * images.c) * sizeof(real)
    images.totals = <double*>scratch_take(bytes)
    if images.totals == NULL:
        raise MemoryError(f"No memory for {bytes} bytes of intermediate results.")
    memset(images.totals, 0, columns * sizeof(double))
    images.sums = <real*>(images.totals + columns)
    images.coefficients = images.sums + columns
    images.gamma = images.coefficients + coefficients
    images.beta = images.gamma + images.c
    for j in range(images.c):
        images.gamma[j] = 1 if gamma == NULL else gamma[j]
        images.beta[j] = 0 if beta == NULL else beta[j]
    with nogil:
        if images.n >= MANY:
            for image in prange(images.n, schedule="static", num_threads=threads):
                normalize_image(images, image, 1)
        else:
            for image in range(images.n):
                normalize_image(images, image, threads)
    return 0


def group_normalization_forward(
    numpy.ndarray x not None,
    numpy.ndarray gamma,
    numpy.ndarray beta,
    double epsilon,
    numpy.ndarray mean not None,
    numpy.ndarray scale not None,
    numpy.ndarray y not None,
):
    """y = (x - mean) * scale * gamma + beta, and the mean and scale of each group. gamma and beta may be None."""
    cdef Images images
    cdef const real* factors = numbers_of(gamma, 1)
    cdef const real* terms = numbers_of(beta, 1)
    images.x, images.d_y, images.target = numbers_of(x, 3), NULL, results_of(y, 3)
    images.mean, images.scale, images.epsilon = results_of(mean, 2), results_of(scale, 2), epsilon
    images.n, images.pixels, images.c, images.groups = x.shape[0], x.shape[1], x.shape[2], mean.shape[1]
    if count_of(x) == 0:
        return
    normalize_images(&images, factors, terms)
    scratch_give(images.totals)


def group_normalization_backward(
    numpy.ndarray x not None,
    numpy.ndarray gamma,
    numpy.ndarray mean not None,
    numpy.ndarray scale not None,
    numpy.ndarray d_y not None,
    numpy.ndarray d_x not None,
    numpy.ndarray d_gamma not None,
    numpy.ndarray d_beta not None,
):
    """d_x, d_gamma and d_beta = the gradients of `group_normalization_forward`, from its mean and scale. gamma may be None."""
    cdef Images images
    cdef Py_ssize_t image, j
    cdef double sum_of_gamma, sum_of_beta
    cdef const double* totals
    cdef const real* factors = numbers_of(gamma, 1)
    cdef real* products = results_of(d_gamma, 1)
    cdef real* gradients = results_of(d_beta, 1)
    images.x, images.d_y, images.target = numbers_of(x, 3), numbers_of(d_y, 3), results_of(d_x, 3)
    images.mean, images.scale, images.epsilon = <real*>numbers_of(mean, 2), <real*>numbers_of(scale, 2), 0
    images.n, images.pixels, images.c, images.groups = x.shape[0], x.shape[1], x.shape[2], mean.shape[1]
    if count_of(x) == 0:
        memset(products, 0, images.c * sizeof(real))
        memset(gradients, 0, images.c * sizeof(real))
        return
    normalize_images(&images, factors, NULL)
    for j in range(images.c):
        sum_of_gamma = sum_of_beta = 0
        for image in range(images.n):
            totals = images.totals + image * images.parts * 2 * images.shape.width
            sum_of_beta += totals[j]
            sum_of_gamma += totals[images.c + j] * images.scale[image * images.groups + j * images.groups // images.c]
        products[j] = <real>sum_of_gamma
        gradients[j] = <real>sum_of_beta
    scratch_give(images.totals)
