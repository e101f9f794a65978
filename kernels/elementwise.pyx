# Functions of single numbers, on flat arrays.
#
# Design:
# a) x, y, d_x and d_y are flat, contiguous and of one length. An output may be one of the inputs.
# b) Threads share blocks of BLOCK numbers. A result depends on the numbers at its own place only, so the division of the
#    work cannot be seen in it.
# c) The activations are those of the table in kernels/elementwise.pxd. Python knows their codes as `activation_codes`,
#    and as `gradient_from_input` the names of those that compute the gradient from x; all others compute it from y.
# d) leaky_relu and elu with other parameters than the default have functions of their own. Their gradients come from x:
#    with a negative parameter, y does not tell on which side of 0 it was. `leaky_relu` is both, forward with x as values.
# e) bias_activation finishes, in place, what a kernel computed that has no bias: BLOCK numbers at a time, while they lie in
#    cache. Rows should be long: of a few channels several pixels, with their bias repeated, make one.
# f) scale_shift_clip changes the tones of images: each has a factor, and a term for each number of a row of pixels.
# g) scale_shift rounds the product before the addition, as two operations of NumPy do: 255 * (1 / 127.5) - 1 is 1. So these
#    are two loops, the second over a block that the first has left in the cache; in one, compilers would round once.
cimport numpy
from cython.parallel cimport prange
from libc.string cimport memcpy

from kernels.arrays cimport ANY, count_of, numbers_of, results_of
from kernels.elementwise cimport (
    ELU, EXPONENTIAL, GELU, GELU_TANH, HARD_SIGMOID, HARD_SILU, HARD_TANH, LEAKY_RELU, LINEAR, LOG_SIGMOID, MISH, RELU,
    RELU6, SELU, SIGMOID, SILU, SOFTPLUS, SOFTSIGN, TANH, activation, activation_gradient
)
from kernels.exponential cimport exponential, exponential_minus_one
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real

cdef enum:
    BLOCK = 4096
    EXPENSIVE = 16  # operations for a number: what an exponential costs

activation_codes = {
    "linear": LINEAR,
    "relu": RELU,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "relu6": RELU6,
    "elu": ELU,
    "leaky_relu": LEAKY_RELU,
    "softplus": SOFTPLUS,
    "selu": SELU,
    "softsign": SOFTSIGN,
    "hard_sigmoid": HARD_SIGMOID,
    "exponential": EXPONENTIAL,
    "hard_tanh": HARD_TANH,
    "log_sigmoid": LOG_SIGMOID,
    "silu": SILU,
    "gelu": GELU,
    "gelu_tanh": GELU_TANH,
    "hard_silu": HARD_SILU,
    "mish": MISH,
}
gradient_from_input = {"silu", "gelu", "gelu_tanh", "hard_silu", "mish"}


cdef inline Py_ssize_t block_size(Py_ssize_t n, Py_ssize_t start) noexcept nogil:
    return min(n - start, <Py_ssize_t>BLOCK)


cdef inline bint only_chooses(int code) noexcept nogil:
    """Whether nothing is computed: numbers go on as they are, those too small for a normal exponent as well."""
    return code == LINEAR or code == RELU or code == RELU6 or code == HARD_TANH


cdef inline void forward_block(int code, const real* x, real* y, Py_ssize_t count) noexcept nogil:
    cdef unsigned long long state = 0 if only_chooses(code) else flush_denormals()
    activation(code, x, y, count)
    if not only_chooses(code):
        restore_denormals(state)


def activation_forward(int code, numpy.ndarray x not None, numpy.ndarray y not None):
    """y = activation(x)"""
    cdef const real* source = numbers_of(x, ANY)
    cdef real* target = results_of(y, ANY)
    cdef Py_ssize_t n = count_of(x), start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n * EXPENSIVE)):
        forward_block(code, source + start, target + start, block_size(n, start))


cdef inline void bias_block(int code, const real* bias, Py_ssize_t c, real* y, Py_ssize_t rows) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t row, j
    for row in range(rows):
        for j in range(c):
            y[row * c + j] += bias[j]
    activation(code, y, y, rows * c)
    restore_denormals(state)


def bias_activation(int code, const real[::1] bias, real[:, ::1] y):
    """y = activation(y + bias), for each row of y"""
    cdef Py_ssize_t rows = y.shape[0], c = y.shape[1], start
    if rows * c == 0:
        return
    cdef Py_ssize_t block = max(BLOCK // c, <Py_ssize_t>1)
    for start in prange(0, rows, block, nogil=True, schedule="static", num_threads=threads_for(rows * c * EXPENSIVE)):
        bias_block(code, &bias[0], c, &y[start, 0], min(rows - start, block))


cdef inline void backward_block(
    int code, const real* x_or_y, const real* d_y, real* d_x, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = 0 if only_chooses(code) else flush_denormals()
    activation_gradient(code, x_or_y, d_y, d_x, count)
    if not only_chooses(code):
        restore_denormals(state)


def activation_backward(
    int code, numpy.ndarray x_or_y not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None
):
    """d_x = d_y * the derivative of the activation"""
    cdef const real* kept = numbers_of(x_or_y, ANY)
    cdef const real* source = numbers_of(d_y, ANY)
    cdef real* target = results_of(d_x, ANY)
    cdef Py_ssize_t n = count_of(d_y), start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n * EXPENSIVE)):
        backward_block(code, kept + start, source + start, target + start, block_size(n, start))


# With parameters ------------------------------------------------------------------------------------------------------


cdef inline void leaky_relu_block(
    real slope, const real* x, const real* values, real* y, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = values[i] if x[i] > 0 else slope * values[i]
    restore_denormals(state)


def leaky_relu_forward(double slope, numpy.ndarray x not None, numpy.ndarray y not None):
    """y = x above 0, and slope * x below"""
    leaky_relu_backward(slope, x, x, y)


def leaky_relu_backward(
    double slope, numpy.ndarray x not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None
):
    """d_x = d_y where x is above 0, and slope * d_y elsewhere"""
    cdef const real* decides = numbers_of(x, ANY)
    cdef const real* source = numbers_of(d_y, ANY)
    cdef real* target = results_of(d_x, ANY)
    cdef Py_ssize_t n = count_of(x), start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n)):
        leaky_relu_block(<real>slope, decides + start, source + start, target + start, block_size(n, start))


cdef inline void elu_block(real alpha, real width, const real* x, real* y, Py_ssize_t count) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = x[i] if x[i] > 0 else alpha * exponential_minus_one(x[i] / width)
    restore_denormals(state)


def elu_forward(double alpha, double width, numpy.ndarray x not None, numpy.ndarray y not None):
    """y = x above 0, and alpha * (exp(x / width) - 1) below"""
    cdef const real* source = numbers_of(x, ANY)
    cdef real* target = results_of(y, ANY)
    cdef Py_ssize_t n = count_of(x), start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n * EXPENSIVE)):
        elu_block(<real>alpha, <real>width, source + start, target + start, block_size(n, start))


cdef inline void elu_gradient_block(
    real slope, real width, const real* x, const real* d_y, real* d_x, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t i
    for i in range(count):
        d_x[i] = d_y[i] if x[i] > 0 else d_y[i] * slope * exponential(x[i] / width)
    restore_denormals(state)


def elu_backward(
    double alpha, double width, numpy.ndarray x not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None
):
    """d_x = the gradient for x"""
    cdef const real* kept = numbers_of(x, ANY)
    cdef const real* source = numbers_of(d_y, ANY)
    cdef real* target = results_of(d_x, ANY)
    cdef Py_ssize_t n = count_of(x), start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n * EXPENSIVE)):
        elu_gradient_block(
            <real>(alpha / width), <real>width, kept + start, source + start, target + start, block_size(n, start)
        )


# Tones of images ------------------------------------------------------------------------------------------------------


cdef inline void scale_shift_block(real scale, real shift, real* y, Py_ssize_t count) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t i
    for i in range(count):
        y[i] *= scale
    if shift != 0:
        for i in range(count):
            y[i] += shift
    restore_denormals(state)


cdef inline void scale_shift_reals(const real* x, real scale, real shift, real* y, Py_ssize_t count) noexcept nogil:
    memcpy(y, x, count * sizeof(real))
    scale_shift_block(scale, shift, y, count)


cdef inline void scale_shift_bytes_block(
    const unsigned char* x, real scale, real shift, real* y, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = x[i]
    scale_shift_block(scale, shift, y, count)


def scale_shift(numpy.ndarray x not None, double scale, double shift, numpy.ndarray y not None):
    """y = x * scale + shift"""
    cdef const real* source = numbers_of(x, ANY)
    cdef real* target = results_of(y, ANY)
    cdef Py_ssize_t n = count_of(x), start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n)):
        scale_shift_reals(source + start, <real>scale, <real>shift, target + start, block_size(n, start))


def scale_shift_bytes(const unsigned char[::1] x, double scale, double shift, real[::1] y):
    """The same for integers of 8 bits, as images have them."""
    cdef Py_ssize_t n = x.shape[0], start
    for start in prange(0, n, BLOCK, nogil=True, schedule="static", num_threads=threads_for(n)):
        scale_shift_bytes_block(&x[start], <real>scale, <real>shift, &y[start], block_size(n, start))


cdef inline void clip_rows(
    const real* x, real scale, const real* terms, real low, real high, real* y, Py_ssize_t rows, Py_ssize_t width
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t _row, j
    cdef real number
    for _row in range(rows):
        for j in range(width):
            number = x[j] * scale + terms[j]
            number = low if number < low else number
            y[j] = high if number > high else number
        x += width
        y += width
    restore_denormals(state)


def scale_shift_clip(
    const real[:, :, ::1] x,
    const real[::1] scales,
    const real[:, ::1] terms,
    double low,
    double high,
    real[:, :, ::1] y,
):
    """y = x * scales + terms, between low and high; x is (n, rows, width), scales (n), terms (n, width). NaN remains."""
    cdef Py_ssize_t n = x.shape[0], rows = x.shape[1], width = x.shape[2], block, i, first
    if n * rows * width == 0:
        return
    cdef Py_ssize_t size = max(BLOCK // width, <Py_ssize_t>1)
    cdef Py_ssize_t blocks = (rows + size - 1) // size
    for block in prange(n * blocks, nogil=True, schedule="static", num_threads=threads_for(<double>n * rows * width)):
        i = block // blocks
        first = block % blocks * size
        clip_rows(
            &x[i, first, 0], scales[i], &terms[i, 0], <real>low, <real>high, &y[i, first, 0], min(size, rows - first), width
        )
