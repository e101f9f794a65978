# Images seen through a transformation: each pixel of the output is read at some place of the input, between its pixels.
#
# Design:
# a) x and y are (n, h, w, c), contiguous. The place that pixel (i, j) of the output is read at is a row and a column, both of
#    them fractions: from the projective transformation of its image, or from a table of all places, (n, rows, columns, 2).
# b) With order 1, the four pixels around the place are weighted; with order 0, the nearest one is taken.
# c) A pixel outside of the image is the fill value, or the pixel that the fill mode puts in its place. Most places lie inside:
#    they are recognized first.
# d) What is the same for all channels is computed for AT_ONCE pixels of a row in loops without a question, which become vectors.
#    A pixel is a loop over channels then. Among those whose place lies inside, for 1 and 3 channels, its bounds are constant.
# e) The gradient for x goes the same way: each pixel of d_y is added, with the same weights, to those that it was read from.
# f) Rows of the output are the parallel work; in the gradient, where rows may meet in a pixel, images are. Results are the
#    same for any number of threads.
cimport numpy
from cython.parallel cimport prange
from libc.math cimport floor
from libc.string cimport memset

from kernels.arrays cimport check_writable, count_of, doubles_of, numbers_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real

cdef enum:  # in the order of FILL_MODES in ops/image/checks.py
    CONSTANT
    NEAREST
    WRAP
    MIRROR
    REFLECT

cdef enum:
    FARTHEST = 1 << 30  # where places end that lie farther out
    AT_ONCE = 64

cdef struct Job:
    real* x         # or its gradient
    real* y
    Py_ssize_t h, w, c, rows, columns
    const double* transforms  # 8 numbers for each image, or NULL
    Py_ssize_t transform      # from those of one image to those of the next: 8, or 0 if all share them
    const double* places      # or NULL
    int order, mode
    real fill

cdef struct Pixels:  # neighbours in a row of the output
    double[AT_ONCE] row, column
    # Of those that are surrounded by four pixels of the image, the upper left one; -1 for all others.
    double[AT_ONCE] above, before
    real[4][AT_ONCE] weights

cdef struct Taps:
    Py_ssize_t[4] pixels  # where in the image, or -1 for the fill value
    real[4] weights
    int count


# Places ---------------------------------------------------------------------------------------------------------------


cdef inline Py_ssize_t inside(Py_ssize_t i, Py_ssize_t n, int mode) noexcept nogil:
    """The place in 0, ..., n - 1 that stands for place i, or -1. Places near the border take no division."""
    if 0 <= i < n:
        return i
    if mode == NEAREST:
        return 0 if i < 0 else n - 1
    if mode == WRAP:
        i = i + n if i < 0 else i - n
        if i < 0 or i >= n:
            i = i % n
            i = i + n if i < 0 else i
        return i
    if mode == MIRROR:
        if n == 1:
            return 0
        i = -i if i < 0 else i
        if i >= 2 * (n - 1):
            i = i % (2 * (n - 1))
        return i if i < n else 2 * (n - 1) - i
    if mode == REFLECT:
        i = -1 - i if i < 0 else i
        if i >= 2 * n:
            i = i % (2 * n)
        return i if i < n else 2 * n - 1 - i
    return -1


cdef inline Py_ssize_t pixel_at(const Job* job, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """Where the pixel in row i and column j begins, -1 if one of them is."""
    return -1 if i < 0 or j < 0 else (i * job.w + j) * job.c


cdef inline double bounded(double place) noexcept nogil:
    return min(max(place, -<double>FARTHEST), <double>FARTHEST) if place == place else 0


cdef inline void find_places(
    const Job* job, Py_ssize_t image, Py_ssize_t i, Py_ssize_t first, Py_ssize_t count, double* row, double* column
) noexcept nogil:
    """The places of some neighbours in row i of the output"""
    cdef const double* t
    cdef double divisor, across, down
    cdef int j
    if job.places != NULL:
        t = job.places + ((image * job.rows + i) * job.columns + first) * 2
        for j in range(count):
            row[j] = t[2 * j]
            column[j] = t[2 * j + 1]
        return
    t = job.transforms + image * job.transform
    across, down = t[1] * i, t[4] * i
    for j in range(count):
        column[j] = t[0] * (first + j) + across + t[2]
        row[j] = t[3] * (first + j) + down + t[5]
    if t[6] != 0 or t[7] != 0:
        for j in range(count):
            divisor = t[6] * (first + j) + t[7] * i + 1
            column[j] /= divisor
            row[j] /= divisor


cdef inline void find_surrounded(const Job* job, Pixels* pixels, int count) noexcept nogil:
    cdef double last_row = <double>(job.h - 1), last_column = <double>(job.w - 1), row, column, above, before, down, along
    cdef int j
    for j in range(count):
        row, column = pixels.row[j], pixels.column[j]
        above, before = floor(row), floor(column)
        down, along = row - above, column - before
        pixels.weights[0][j] = <real>((1 - down) * (1 - along))
        pixels.weights[1][j] = <real>((1 - down) * along)
        pixels.weights[2][j] = <real>(down * (1 - along))
        pixels.weights[3][j] = <real>(down * along)
        pixels.above[j] = above if (row >= 0) & (row < last_row) & (column >= 0) & (column < last_column) else -1
        pixels.before[j] = before


cdef inline Taps taps_at(const Job* job, double row, double column) noexcept nogil:
    """Which pixels are read. A place that is no number makes the weights none either."""
    cdef Taps taps
    cdef double down, along
    cdef Py_ssize_t i, j, below, behind
    if job.order == 0:
        taps.count = 1
        i = inside(<Py_ssize_t>floor(bounded(row) + 0.5), job.h, job.mode)
        j = inside(<Py_ssize_t>floor(bounded(column) + 0.5), job.w, job.mode)
        taps.pixels[0] = pixel_at(job, i, j)
        taps.weights[0] = 1
        return taps
    i = <Py_ssize_t>floor(bounded(row))
    j = <Py_ssize_t>floor(bounded(column))
    down = row - i
    along = column - j
    taps.count = 4
    taps.weights[0] = <real>((1 - down) * (1 - along))
    taps.weights[1] = <real>((1 - down) * along)
    taps.weights[2] = <real>(down * (1 - along))
    taps.weights[3] = <real>(down * along)
    below = inside(i + 1, job.h, job.mode)
    behind = inside(j + 1, job.w, job.mode)
    i = inside(i, job.h, job.mode)
    j = inside(j, job.w, job.mode)
    taps.pixels[0] = pixel_at(job, i, j)
    taps.pixels[1] = pixel_at(job, i, behind)
    taps.pixels[2] = pixel_at(job, below, j)
    taps.pixels[3] = pixel_at(job, below, behind)
    return taps


# Pixels ---------------------------------------------------------------------------------------------------------------


cdef inline void read_pixel(const real* x, const Taps* taps, int count, real fill, Py_ssize_t c, real* y) noexcept nogil:
    cdef Py_ssize_t k
    cdef int tap
    cdef real number
    for k in range(c):
        number = 0
        for tap in range(count):
            number += taps.weights[tap] * (fill if taps.pixels[tap] < 0 else x[taps.pixels[tap] + k])
        y[k] = number


cdef inline void read_surrounded(
    const real* upper, Py_ssize_t row, const Pixels* pixels, Py_ssize_t pixel, Py_ssize_t c, real* y
) noexcept nogil:
    """The same where all four pixels lie inside; `row` numbers lie between the upper and the lower ones."""
    cdef const real* lower = upper + row
    cdef real a = pixels.weights[0][pixel], b = pixels.weights[1][pixel]
    cdef real below_a = pixels.weights[2][pixel], below_b = pixels.weights[3][pixel]
    cdef Py_ssize_t k
    for k in range(c):
        y[k] = a * upper[k] + b * upper[c + k] + below_a * lower[k] + below_b * lower[c + k]


cdef inline void add_pixel(real* d_x, const Taps* taps, Py_ssize_t c, const real* d_y) noexcept nogil:
    cdef Py_ssize_t k
    cdef int tap
    for tap in range(taps.count):
        if taps.pixels[tap] >= 0:
            for k in range(c):
                d_x[taps.pixels[tap] + k] += taps.weights[tap] * d_y[k]


cdef inline void read_pixels(
    const Job* job, const real* x, const Pixels* pixels, Py_ssize_t count, Py_ssize_t c, real* y
) noexcept nogil:
    """Some neighbours; `c` is a constant to the compiler where there are few channels."""
    cdef Taps taps
    cdef Py_ssize_t j, pixel
    for j in range(count):
        if pixels.above[j] >= 0:
            pixel = <Py_ssize_t>pixels.above[j] * job.w + <Py_ssize_t>pixels.before[j]
            read_surrounded(x + pixel * c, job.w * c, pixels, j, c, y)
        else:
            taps = taps_at(job, pixels.row[j], pixels.column[j])
            if taps.count == 4:
                read_pixel(x, &taps, 4, job.fill, c, y)
            else:
                read_pixel(x, &taps, 1, job.fill, c, y)
        y += c


cdef inline void read_row(const Job* job, Py_ssize_t image, Py_ssize_t i) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef const real* x = job.x + image * job.h * job.w * job.c
    cdef real* y = job.y + (image * job.rows + i) * job.columns * job.c
    cdef Pixels pixels
    cdef Py_ssize_t first = 0, count
    cdef int j
    while first < job.columns:
        count = min(job.columns - first, <Py_ssize_t>AT_ONCE)
        find_places(job, image, i, first, count, pixels.row, pixels.column)
        if job.order == 1:
            find_surrounded(job, &pixels, <int>count)
        else:
            for j in range(count):
                pixels.above[j] = -1
        if job.c == 3:
            read_pixels(job, x, &pixels, count, 3, y)
        elif job.c == 1:
            read_pixels(job, x, &pixels, count, 1, y)
        else:
            read_pixels(job, x, &pixels, count, job.c, y)
        first += count
        y += count * job.c
    restore_denormals(state)


cdef inline void add_image(const Job* job, Py_ssize_t image) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real* d_x = job.x + image * job.h * job.w * job.c
    cdef const real* d_y = job.y + image * job.rows * job.columns * job.c
    cdef double row, column
    cdef Taps taps
    cdef Py_ssize_t i, j
    memset(d_x, 0, job.h * job.w * job.c * sizeof(real))
    for i in range(job.rows):
        for j in range(job.columns):
            find_places(job, image, i, j, 1, &row, &column)
            taps = taps_at(job, row, column)
            add_pixel(d_x, &taps, job.c, d_y)
            d_y += job.c
    restore_denormals(state)


# For Python -----------------------------------------------------------------------------------------------------------


cdef Job describe(
    numpy.ndarray x, numpy.ndarray y, numpy.ndarray transforms, numpy.ndarray places, int order, int mode, double fill
) except *:
    cdef Job job = Job(
        x=<real*>numbers_of(x, 4), y=<real*>numbers_of(y, 4), h=x.shape[1], w=x.shape[2], c=x.shape[3],
        rows=y.shape[1], columns=y.shape[2],
        transforms=doubles_of(transforms, 2), transform=0, places=doubles_of(places, 4), order=order, mode=mode, fill=<real>fill,
    )
    if transforms is not None and transforms.shape[0] > 1:
        job.transform = 8
    return job


def warp_forward(
    numpy.ndarray x not None,
    numpy.ndarray transforms,
    numpy.ndarray places,
    int order,
    int mode,
    double fill,
    numpy.ndarray y not None,
):
    """y = x read at the places that the transformations, or the table, tell. The other one of these is None."""
    cdef Job job = describe(x, y, transforms, places, order, mode, fill)
    check_writable(y)
    if count_of(y) == 0:
        return
    cdef Py_ssize_t rows = y.shape[0] * job.rows, row
    cdef double work = 8.0 * rows * job.columns * (job.c + 4)
    for row in prange(rows, nogil=True, schedule="static", num_threads=threads_for(work)):
        read_row(&job, row // job.rows, row % job.rows)


def warp_backward(
    numpy.ndarray d_y not None,
    numpy.ndarray transforms,
    numpy.ndarray places,
    int order,
    int mode,
    numpy.ndarray d_x not None,
):
    """d_x = the gradient for x, from that for y"""
    cdef Job job = describe(d_x, d_y, transforms, places, order, mode, 0)
    check_writable(d_x)
    if count_of(d_y) == 0:
        d_x[...] = 0
        return
    cdef Py_ssize_t images = d_x.shape[0], image
    cdef double work = 8.0 * images * job.rows * job.columns * (job.c + 4)
    for image in prange(images, nogil=True, schedule="static", num_threads=threads_for(work)):
        add_image(&job, image)
