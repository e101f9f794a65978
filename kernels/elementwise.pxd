# The table of activations, for the element-wise kernels and for kernels that apply an activation to results that are
# still in cache.
#
# Design:
# a) An activation is two functions of numbers: NAME(x), and NAME_gradient(y, d_y), the gradient for the x that gave y.
#    Meaning and constants are those of keras.activations with default arguments.
# b) From SILU on, y does not tell which x it came from: the gradient is NAME_gradient(x, d_y).
# c) `activation` and `activation_gradient` choose the loop by code, once for a call. A loop is told its function
#    as an argument that the compiler knows, so the function becomes part of the loop, and the loop a loop over vectors.
# d) All may work in place, but a loop goes number by number where its output may be another of its arrays. So there is a loop
#    of its own for an activation in place. A gradient that replaces one of its two inputs is first written to local memory,
#    CHUNK numbers at a time.
# e) NaN passes: comparisons are written such that NaN takes the branch that keeps it.
# f) A constant needs its <real>: a bare 1 or 0.5 is a double in C, and the arithmetic around it would be, too.
from libc.string cimport memcpy

from kernels.exponential cimport (
    exponential, exponential_minus_one, normal_density, normal_distribution, sigmoid, softplus, tanh
)
from kernels.real cimport real

cdef enum:
    CHUNK = 256

cdef enum:
    LINEAR
    RELU
    SIGMOID
    TANH
    RELU6
    ELU
    LEAKY_RELU
    SOFTPLUS
    SELU
    SOFTSIGN
    HARD_SIGMOID
    EXPONENTIAL
    HARD_TANH
    LOG_SIGMOID
    SILU
    GELU
    GELU_TANH
    HARD_SILU
    MISH


# The functions --------------------------------------------------------------------------------------------------------


cdef inline real relu(real x) noexcept nogil:
    return <real>0 if x < 0 else x


cdef inline real relu_gradient(real y, real d_y) noexcept nogil:
    return <real>0 if y <= 0 else d_y


cdef inline real sigmoid_gradient(real y, real d_y) noexcept nogil:
    return d_y * y * (<real>1 - y)


cdef inline real tanh_gradient(real y, real d_y) noexcept nogil:
    return d_y * (<real>1 - y * y)


cdef inline real relu6(real x) noexcept nogil:
    return <real>6 if x > 6 else relu(x)


cdef inline real relu6_gradient(real y, real d_y) noexcept nogil:
    return <real>0 if y >= 6 else relu_gradient(y, d_y)


cdef inline real elu(real x) noexcept nogil:
    return x if x > 0 else exponential_minus_one(x)


cdef inline real elu_gradient(real y, real d_y) noexcept nogil:
    return d_y if y > 0 else d_y * (y + <real>1)


cdef inline real leaky_relu(real x) noexcept nogil:
    return x if x > 0 else <real>0.2 * x


cdef inline real leaky_relu_gradient(real y, real d_y) noexcept nogil:
    return d_y if y > 0 else <real>0.2 * d_y


cdef inline real softplus_gradient(real y, real d_y) noexcept nogil:
    return -d_y * exponential_minus_one(-y)


cdef inline real selu(real x) noexcept nogil:
    return <real>1.0507009873554805 * (x if x > 0 else <real>1.6732632423543772 * exponential_minus_one(x))


cdef inline real selu_gradient(real y, real d_y) noexcept nogil:
    return d_y * (<real>1.0507009873554805 if y > 0 else y + <real>1.7580993408473766)


cdef inline real softsign(real x) noexcept nogil:
    return x / (<real>1 + (-x if x < 0 else x))


cdef inline real softsign_gradient(real y, real d_y) noexcept nogil:
    cdef real root = <real>1 - (-y if y < 0 else y)
    return d_y * root * root


cdef inline real hard_sigmoid(real x) noexcept nogil:
    return relu6(x + <real>3) / <real>6


cdef inline real hard_sigmoid_gradient(real y, real d_y) noexcept nogil:
    return <real>0 if y >= 1 else relu_gradient(y, d_y / <real>6)


cdef inline real exponential_gradient(real y, real d_y) noexcept nogil:
    return d_y * y


cdef inline real hard_tanh(real x) noexcept nogil:
    return <real>-1 if x < -1 else (<real>1 if x > 1 else x)


cdef inline real hard_tanh_gradient(real y, real d_y) noexcept nogil:
    return <real>0 if y <= -1 else (<real>0 if y >= 1 else d_y)


cdef inline real log_sigmoid(real x) noexcept nogil:
    return -softplus(-x)


cdef inline real log_sigmoid_gradient(real y, real d_y) noexcept nogil:
    return -d_y * exponential_minus_one(y)


cdef inline real silu(real x) noexcept nogil:
    return x / (<real>1 + exponential(-x))


cdef inline real silu_gradient(real x, real d_y) noexcept nogil:
    cdef real gate = sigmoid(x)
    return d_y * gate * (<real>1 + x * (<real>1 - gate))


cdef inline real gelu(real x) noexcept nogil:
    return x * normal_distribution(x)


cdef inline real gelu_gradient(real x, real d_y) noexcept nogil:
    return d_y * (normal_distribution(x) + x * normal_density(x))


cdef inline real gelu_tanh_gate(real x) noexcept nogil:
    """(1 + tanh(u)) / 2 = sigmoid(2 u) with 2 u = sqrt(8 / pi) (x + 0.044715 x^3)"""
    return sigmoid(<real>1.5957691216057308 * x * (<real>1 + <real>0.044715 * x * x))


cdef inline real gelu_tanh(real x) noexcept nogil:
    return x * gelu_tanh_gate(x)


cdef inline real gelu_tanh_gradient(real x, real d_y) noexcept nogil:
    cdef real gate = gelu_tanh_gate(x)
    cdef real slope = <real>1.5957691216057308 * (<real>1 + <real>0.134145 * x * x)  # of 2 u
    return d_y * gate * (<real>1 + x * slope * (<real>1 - gate))


cdef inline real hard_silu(real x) noexcept nogil:
    return x * hard_sigmoid(x)


cdef inline real hard_silu_gradient(real x, real d_y) noexcept nogil:
    return <real>0 if x <= -3 else (d_y if x >= 3 else d_y * (x / <real>3 + <real>0.5))


cdef inline real mish_gate(real e) noexcept nogil:
    """tanh(softplus(x)) for e = exp(x)"""
    return e * (e + <real>2) / (e * (e + <real>2) + <real>2)


cdef inline real mish(real x) noexcept nogil:
    return x * mish_gate(exponential(<real>20 if x > 20 else x))  # from 20 on the gate is 1


cdef inline real mish_gradient(real x, real d_y) noexcept nogil:
    cdef real e = exponential(<real>20 if x > 20 else x)
    cdef real gate = mish_gate(e)
    return d_y * (gate + x * e / (<real>1 + e) * (<real>1 - gate * gate))


# The loops ------------------------------------------------------------------------------------------------------------

ctypedef real (*Function)(real x) noexcept nogil
ctypedef real (*Gradient)(real x_or_y, real d_y) noexcept nogil


cdef inline void apply(Function f, const real* x, real* y, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    if x == y:
        for i in range(count):
            y[i] = f(y[i])
    else:
        for i in range(count):
            y[i] = f(x[i])


cdef inline void apply_gradient(
    Gradient f, const real* x_or_y, const real* d_y, real* d_x, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        d_x[i] = f(x_or_y[i], d_y[i])


# The table ------------------------------------------------------------------------------------------------------------


cdef inline void activation(int code, const real* x, real* y, Py_ssize_t count) noexcept nogil:
    """y = what the activation makes of x, or of itself if x is y"""
    if code == LINEAR:
        if x != y:
            memcpy(y, x, count * sizeof(real))
    elif code == RELU:
        apply(relu, x, y, count)
    elif code == SIGMOID:
        apply(sigmoid, x, y, count)
    elif code == TANH:
        apply(tanh, x, y, count)
    elif code == RELU6:
        apply(relu6, x, y, count)
    elif code == ELU:
        apply(elu, x, y, count)
    elif code == LEAKY_RELU:
        apply(leaky_relu, x, y, count)
    elif code == SOFTPLUS:
        apply(softplus, x, y, count)
    elif code == SELU:
        apply(selu, x, y, count)
    elif code == SOFTSIGN:
        apply(softsign, x, y, count)
    elif code == HARD_SIGMOID:
        apply(hard_sigmoid, x, y, count)
    elif code == EXPONENTIAL:
        apply(exponential, x, y, count)
    elif code == HARD_TANH:
        apply(hard_tanh, x, y, count)
    elif code == LOG_SIGMOID:
        apply(log_sigmoid, x, y, count)
    elif code == SILU:
        apply(silu, x, y, count)
    elif code == GELU:
        apply(gelu, x, y, count)
    elif code == GELU_TANH:
        apply(gelu_tanh, x, y, count)
    elif code == HARD_SILU:
        apply(hard_silu, x, y, count)
    elif code == MISH:
        apply(mish, x, y, count)


cdef inline void apply_activation(int code, real* values, Py_ssize_t count) noexcept nogil:
    """Replaces x by y."""
    activation(code, values, values, count)


cdef inline void activation_gradient_apart(
    int code, const real* x_or_y, const real* d_y, real* d_x, Py_ssize_t count
) noexcept nogil:
    if code == LINEAR:
        memcpy(d_x, d_y, count * sizeof(real))
    elif code == RELU:
        apply_gradient(relu_gradient, x_or_y, d_y, d_x, count)
    elif code == SIGMOID:
        apply_gradient(sigmoid_gradient, x_or_y, d_y, d_x, count)
    elif code == TANH:
        apply_gradient(tanh_gradient, x_or_y, d_y, d_x, count)
    elif code == RELU6:
        apply_gradient(relu6_gradient, x_or_y, d_y, d_x, count)
    elif code == ELU:
        apply_gradient(elu_gradient, x_or_y, d_y, d_x, count)
    elif code == LEAKY_RELU:
        apply_gradient(leaky_relu_gradient, x_or_y, d_y, d_x, count)
    elif code == SOFTPLUS:
        apply_gradient(softplus_gradient, x_or_y, d_y, d_x, count)
    elif code == SELU:
        apply_gradient(selu_gradient, x_or_y, d_y, d_x, count)
    elif code == SOFTSIGN:
        apply_gradient(softsign_gradient, x_or_y, d_y, d_x, count)
    elif code == HARD_SIGMOID:
        apply_gradient(hard_sigmoid_gradient, x_or_y, d_y, d_x, count)
    elif code == EXPONENTIAL:
        apply_gradient(exponential_gradient, x_or_y, d_y, d_x, count)
    elif code == HARD_TANH:
        apply_gradient(hard_tanh_gradient, x_or_y, d_y, d_x, count)
    elif code == LOG_SIGMOID:
        apply_gradient(log_sigmoid_gradient, x_or_y, d_y, d_x, count)
    elif code == SILU:
        apply_gradient(silu_gradient, x_or_y, d_y, d_x, count)
    elif code == GELU:
        apply_gradient(gelu_gradient, x_or_y, d_y, d_x, count)
    elif code == GELU_TANH:
        apply_gradient(gelu_tanh_gradient, x_or_y, d_y, d_x, count)
    elif code == HARD_SILU:
        apply_gradient(hard_silu_gradient, x_or_y, d_y, d_x, count)
    elif code == MISH:
        apply_gradient(mish_gradient, x_or_y, d_y, d_x, count)


cdef inline void activation_gradient(
    int code, const real* x_or_y, const real* d_y, real* d_x, Py_ssize_t count
) noexcept nogil:
    """d_x = d_y * the derivative. d_x may be x_or_y or d_y."""
    cdef Py_ssize_t start = 0, size
    cdef real chunk[CHUNK]
    if d_x != x_or_y and d_x != d_y:
        activation_gradient_apart(code, x_or_y, d_y, d_x, count)
        return
    while start < count:
        size = min(<Py_ssize_t>CHUNK, count - start)
        activation_gradient_apart(code, x_or_y + start, d_y + start, chunk, size)
        memcpy(d_x + start, chunk, size * sizeof(real))
        start += size


cdef inline void activation_gradient_at(
    int code, real* x, const real* d_y, real* d_x, Py_ssize_t count
) noexcept nogil:
    """d_x = d_y * the derivative at x, which may be lost. d_x may be d_y."""
    if code < SILU:
        apply_activation(code, x, count)
    activation_gradient(code, x, d_y, d_x, count)
