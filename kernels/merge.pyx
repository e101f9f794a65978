# Several arrays of one shape made one, number by number: their sum, product, largest or smallest number.
#
# Design:
# a) All arrays are contiguous and of one shape, whatever it is. Their numbers are combined in the order of the arrays, as by a
#    chain of functions of two: bits and gradients are those of the chain.
# b) NEAR_BLOCK numbers at a time go through all arrays, while what has been combined so far lies in the first-level cache: one pass
#    over memory, however many arrays there are. Of two arrays, nothing is combined again.
#    Large results go around the caches (around.pxd).
# c) Backward, a block combines the arrays again and keeps each step, then goes back through the steps. Of two that are equally
#    large, each gets half of the gradient; NaN, which equals nothing, gets none.
# d) Threads share the numbers, SHARE of them as a task, backward NEAR_BLOCK. A result depends on the numbers at its own place only.
# e) Of two arrays, the second may be repeated: x is (n, pixels, c), and the other has 1 in place of some of these, as the factors of
#    channels do. Threads share blocks of pixels.
cimport numpy
from cython.parallel cimport parallel, prange, threadid

from kernels.around cimport BLOCK, NEAR_BLOCK, carry_around, go_around
from kernels.arrays cimport ANY, count_of, numbers_of, results_of
from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport end_stores_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    SHARE = 4096  # numbers in a task
    SUM = 0
    PRODUCT = 1
    MAXIMUM = 2
    MINIMUM = 3

codes = {"sum": SUM, "product": PRODUCT, "maximum": MAXIMUM, "minimum": MINIMUM}

cdef struct Merging:
    int code, activation
    Py_ssize_t arrays, length
    const real** xs
    real** d_xs
    real* y
    real divisor
    bint around  # y goes around the caches


cdef inline void combine(int code, const real* a, const real* b, real* y, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    if code == SUM:
        for i in range(count):
            y[i] = a[i] + b[i]
    elif code == PRODUCT:
        for i in range(count):
            y[i] = a[i] * b[i]
    elif code == MAXIMUM:
        for i in range(count):
            y[i] = a[i] if (a[i] >= b[i]) | (a[i] != a[i]) else b[i]
    else:
        for i in range(count):
            y[i] = a[i] if (a[i] <= b[i]) | (a[i] != a[i]) else b[i]


cdef inline void merge_block(const Merging* job, Py_ssize_t start, Py_ssize_t count, real* y) noexcept nogil:
    cdef Py_ssize_t array, i
    cdef real divisor = job.divisor
    combine(job.code, job.xs[0] + start, job.xs[1] + start, y, count)
    for array in range(2, job.arrays):
        combine(job.code, y, job.xs[array] + start, y, count)
    if divisor != 1:
        for i in range(count):
            y[i] /= divisor
    if job.activation != LINEAR:
        apply_activation(job.activation, y, count)


cdef inline void merge_around(const Merging* job, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef real[BLOCK] block
    cdef Py_ssize_t count
    while start < end:
        count = min(<Py_ssize_t>BLOCK, end - start)
        merge_block(job, start, count, block)
        carry_around(block, job.y + start, count)
        start += count


cdef inline void merge_share(const Merging* job, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t some = NEAR_BLOCK if job.arrays > 2 else SHARE
    if job.around:
        merge_around(job, start, end)
    else:
        while start < end:
            merge_block(job, start, min(some, end - start), job.y + start)
            start += some
    restore_denormals(state)


cdef inline void split_product(
    const real* a, const real* b, const real* d_y, real* d_a, real* d_b, Py_ssize_t count
) noexcept nogil:
    """The gradients for a and b of a * b. `d_a` may be `d_y`."""
    cdef Py_ssize_t i
    cdef real gradient
    for i in range(count):
        gradient = d_y[i]
        d_b[i] = gradient * a[i]
        d_a[i] = gradient * b[i]


cdef inline void split_extreme(
    int code, const real* a, const real* b, const real* d_y, real* d_a, real* d_b, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    cdef real share
    cdef real sign = 1 if code == MAXIMUM else -1
    for i in range(count):
        share = d_y[i] * <real>0.5 if a[i] == b[i] else d_y[i]
        d_b[i] = share if sign * b[i] >= sign * a[i] else <real>0
        d_a[i] = share if sign * a[i] >= sign * b[i] else <real>0


cdef inline void split_block(
    const Merging* job, const real* d_y, Py_ssize_t start, Py_ssize_t count, real* steps
) noexcept nogil:
    """The gradients of a block. `steps` has room for a block for each array but two."""
    cdef unsigned long long state = flush_denormals()
    cdef real* d_x = job.d_xs[0] + start
    cdef const real* before = job.xs[0] + start
    cdef const real* gradient = d_y + start
    cdef const real* x
    cdef Py_ssize_t array
    for array in range(1, job.arrays - 1):
        combine(job.code, before, job.xs[array] + start, steps + (array - 1) * NEAR_BLOCK, count)
        before = steps + (array - 1) * NEAR_BLOCK
    for array in range(job.arrays - 1, 0, -1):
        before = steps + (array - 2) * NEAR_BLOCK if array > 1 else job.xs[0] + start
        x = job.xs[array] + start
        if job.code == PRODUCT:
            split_product(before, x, gradient, d_x, job.d_xs[array] + start, count)
        else:
            split_extreme(job.code, before, x, gradient, d_x, job.d_xs[array] + start, count)
        gradient = d_x
    restore_denormals(state)


cdef Merging describe(str kind, list xs, list d_xs) except *:
    """The caller gives `xs` back."""
    cdef Merging job
    cdef Py_ssize_t array
    job.code, job.arrays, job.length = codes[kind], len(xs), count_of(<numpy.ndarray?>xs[0])
    job.xs = <const real**>scratch_take(2 * job.arrays * sizeof(real*))
    if job.xs == NULL:
        raise MemoryError("No memory for the addresses of some arrays.")
    job.d_xs = <real**>job.xs + job.arrays
    for array in range(job.arrays):
        job.xs[array] = numbers_of(xs[array], ANY)
        if d_xs is not None:
            job.d_xs[array] = results_of(d_xs[array], ANY)
    return job


def merge_forward(str kind, list xs not None, numpy.ndarray y not None, real divisor, int activation=LINEAR):
    """y = activation(two or more arrays combined, divided by a number)"""
    cdef real* target = results_of(y, ANY)
    if count_of(y) == 0:
        return
    cdef Merging job = describe(kind, xs, None)
    job.y, job.divisor, job.activation = target, divisor, activation
    job.around = go_around((job.arrays + 1.0) * job.length)
    cdef Py_ssize_t start
    with nogil, parallel(num_threads=threads_for(job.arrays * job.length)):
        for start in prange(0, job.length, SHARE, schedule="static"):
            merge_share(&job, start, min(start + SHARE, job.length))
        end_stores_around()
    scratch_give(<void*>job.xs)


def merge_backward(str kind, list xs not None, numpy.ndarray d_y not None, list d_xs not None):
    """d_xs = the gradients for xs, of a product, a maximum or a minimum"""
    cdef const real* gradient = numbers_of(d_y, ANY)
    if count_of(d_y) == 0:
        return
    cdef Merging job = describe(kind, xs, d_xs)
    cdef Py_ssize_t blocks = (job.length + NEAR_BLOCK - 1) // NEAR_BLOCK, block
    cdef int threads = threads_for(2 * job.arrays * job.length)
    cdef real* steps = <real*>scratch_take(threads * job.arrays * NEAR_BLOCK * sizeof(real))
    if steps == NULL:
        scratch_give(<void*>job.xs)
        raise MemoryError("No memory for a block of each array.")
    for block in prange(blocks, nogil=True, schedule="static", num_threads=threads):
        split_block(
            &job,
            gradient,
            block * NEAR_BLOCK,
            min(<Py_ssize_t>NEAR_BLOCK, job.length - block * NEAR_BLOCK),
            steps + threadid() * job.arrays * NEAR_BLOCK,
        )
    scratch_give(steps)
    scratch_give(<void*>job.xs)


# One of two repeated ------------------------------------------------------------------------------------------------------

cdef struct Repeating:
    int code
    const real* x
    const real* other
    real* y
    Py_ssize_t pixels, c
    Py_ssize_t image, pixel  # from what `other` has for one image, or pixel, to the next: 0 where it is repeated
    bint one     # number for all columns
    bint around  # y goes around the caches


cdef inline void repeat_row(
    int code, bint one, const real* x, const real* other, real* y, Py_ssize_t count
) noexcept nogil:
    """In vectors, since rows are often short: loops over numbers would ask for each of them whether y lies in x or `other`."""
    cdef real number = other[0]
    cdef vec numbers = ZERO_VECTOR + number
    cdef Py_ssize_t j = 0
    while j + VL <= count:
        if not one:
            numbers = (<const vec*>(other + j))[0]
        if code == SUM:
            (<vec*>(y + j))[0] = (<const vec*>(x + j))[0] + numbers
        else:
            (<vec*>(y + j))[0] = (<const vec*>(x + j))[0] * numbers
        j += VL
    while j < count:
        if not one:
            number = other[j]
        y[j] = x[j] + number if code == SUM else x[j] * number
        j += 1


cdef inline void repeat_rows(
    const Repeating* job, int code, bint one, const real* x, const real* other, real* y, Py_ssize_t pixels, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t pixel
    for pixel in range(pixels):
        repeat_row(code, one, x + pixel * job.c, other + pixel * job.pixel, y + pixel * count, count)


cdef inline void repeat_block(
    const Repeating* job, Py_ssize_t image, Py_ssize_t first, Py_ssize_t pixels, Py_ssize_t column, Py_ssize_t count
) noexcept nogil:
    """All columns of some pixels, or some of one."""
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t start = (image * job.pixels + first) * job.c + column
    cdef const real* other = job.other + image * job.image + first * job.pixel + (0 if job.one else column)
    cdef real[BLOCK] block
    cdef real* y = &block[0] if job.around else job.y + start
    if job.code == SUM and job.one:
        repeat_rows(job, SUM, True, job.x + start, other, y, pixels, count)
    elif job.code == SUM:
        repeat_rows(job, SUM, False, job.x + start, other, y, pixels, count)
    elif job.one:
        repeat_rows(job, PRODUCT, True, job.x + start, other, y, pixels, count)
    else:
        repeat_rows(job, PRODUCT, False, job.x + start, other, y, pixels, count)
    if job.around:
        carry_around(block, job.y + start, pixels * count)
    restore_denormals(state)


def merge_repeated(str kind, numpy.ndarray x not None, numpy.ndarray other not None, numpy.ndarray y not None):
    """y = the "sum" or "product" of x, of three axes, and an array that has the length of x or 1 along each; y may be x"""
    cdef Py_ssize_t n = x.shape[0], pixels = x.shape[1], c = x.shape[2], task, image, first, column
    cdef Repeating job = Repeating(
        code=codes[kind], x=numbers_of(x, 3), other=numbers_of(other, 3), y=results_of(y, 3), pixels=pixels, c=c,
        image=other.shape[1] * other.shape[2] if other.shape[0] > 1 else 0,
        pixel=other.shape[2] if other.shape[1] > 1 else 0,
        one=other.shape[2] == 1,
    )
    if n * pixels * c == 0:
        return
    job.around = job.y != job.x and go_around(2.0 * n * pixels * c)
    cdef Py_ssize_t size = BLOCK if job.around else NEAR_BLOCK
    cdef Py_ssize_t rows = max(size // c, <Py_ssize_t>1), columns = min(size, c)
    cdef Py_ssize_t down = (pixels + rows - 1) // rows, along = (c + columns - 1) // columns
    with nogil, parallel(num_threads=threads_for(<double>n * pixels * c)):
        for task in prange(n * down * along, schedule="static"):
            image = task // (down * along)
            first = task // along % down * rows
            column = task % along * columns
            repeat_block(&job, image, first, min(rows, pixels - first), column, min(columns, c - column))
        end_stores_around()
