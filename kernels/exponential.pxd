# The exponential function and what is made of it, number by number.
#
# Design:
# a) GCC makes vectors of a loop that calls these functions: for float there are no branches, no tables and no calls.
#    For double they are those of the C library.
# b) x = n ln 2 + r with |r| <= ln 2 / 2, n a whole number; exp(x) - 1 = 2^n q + (2^n - 1) with q = exp(r) - 1 a
#    polynomial. So near zero, where n = 0, nothing cancels. ln 2 comes in two parts: n times the first is exact.
# c) Polynomials are minimax fits (Lawson's method) for the relative error, all below 2e-8.
# d) Bounds are applied as `bound if x > bound else x`, which lets NaN pass.
# e) A constant needs its <real>: a bare 1 or 0.5 is a double in C, and the arithmetic around it would be, too.
from libc.math cimport erfc, exp, expm1, log, log1p
from libc.math cimport tanh as libc_tanh

from kernels.real cimport real

cdef union Bits:
    float number
    int whole


cdef inline float power_of_two(int n) noexcept nogil:
    """2^n for -126 <= n <= 127, 0 for -127 and infinity for 128."""
    cdef Bits bits
    bits.whole = (n + 127) << 23
    return bits.number


cdef inline float split_exponent(float x, int* n) noexcept nogil:
    """Sets n and returns q such that exp(x) = 2^n (1 + q)."""
    cdef float to_whole = 12582912  # 1.5 * 2^23: a sum with it has no bits left for a fraction
    cdef float r, p
    cdef Bits shifted, zero
    zero.number = to_whole
    shifted.number = x * <float>1.44269504088896341 + to_whole
    n[0] = shifted.whole - zero.whole
    r = x - (shifted.number - to_whole) * <float>0.693359375
    r += (shifted.number - to_whole) * <float>2.12194440e-4
    p = <float>1.388251309e-3
    p = p * r + <float>8.366557386e-3
    p = p * r + <float>4.166720106e-2
    p = p * r + <float>1.666654335e-1
    p = p * r + <float>4.999999815e-1
    return r + r * r * p


cdef inline real exponential(real x) noexcept nogil:
    """exp(x), and 0 where it is less than 2^-125"""
    cdef int n
    cdef float q, highest = 89, lowest = -104  # beyond them float has infinity and zero
    if sizeof(real) == sizeof(double):
        return exp(x)
    x = highest if x > highest else x
    x = lowest if x < lowest else x
    q = split_exponent(x, &n)
    # Twice 2^(n - 1): 2^n itself may have too large an exponent.
    return (q + q + <float>2) * power_of_two(-127 if n < -126 else n - 1)


cdef inline real exponential_minus_one(real x) noexcept nogil:
    """exp(x) - 1 for x <= 0, exact to the last bits where x is small."""
    cdef int n
    cdef float q, highest = 0, lowest = -40
    if sizeof(real) == sizeof(double):
        return expm1(x)
    x = highest if x > highest else x
    x = lowest if x < lowest else x
    q = split_exponent(x, &n)
    return power_of_two(n) * q + (power_of_two(n) - <float>1)


cdef inline float float_log_one_plus(float x) noexcept nogil:
    """log(1 + x) for -1/2 <= x <= 1: twice the inverse hyperbolic tangent of s = x / (2 + x)."""
    cdef float s = x / (<float>2 + x)
    cdef float square = s * s
    cdef float p = <float>1.401222964e-1
    p = p * square + <float>1.399957049e-1
    p = p * square + <float>2.001084953e-1
    p = p * square + <float>3.333320657e-1
    s += s
    return s + s * square * p


cdef inline float float_logarithm(float x) noexcept nogil:
    """log(x) for finite x > 0 with a normal exponent"""
    cdef Bits bits
    cdef int n
    bits.number = x
    n = (bits.whole - 0x3F3504F3) >> 23  # such that x / 2^n is at least the root of 1/2, and less than that of 2
    bits.whole -= n << 23
    return n * <float>0.693147180559945309 + float_log_one_plus(bits.number - <float>1)


cdef inline real log_one_plus(real x) noexcept nogil:
    """log(1 + x) for -1/2 <= x <= 1"""
    return log1p(x) if sizeof(real) == sizeof(double) else float_log_one_plus(<float>x)


cdef inline real logarithm(real x) noexcept nogil:
    """log(x) for finite x >= 1, and NaN for NaN"""
    if sizeof(real) == sizeof(double):
        return log(x)
    return x if x != x else float_logarithm(<float>x)


cdef inline real sigmoid(real x) noexcept nogil:
    """1 / (1 + exp(-x))"""
    return <real>1 / (<real>1 + exponential(-x))


cdef inline real softplus(real x) noexcept nogil:
    """log(1 + exp(x))"""
    cdef real positive = <real>0 if x < 0 else x
    cdef real negative = -x if x > 0 else x
    return positive + log_one_plus(exponential(negative))


cdef inline real tanh(real x) noexcept nogil:
    cdef real e
    if sizeof(real) == sizeof(double):
        return libc_tanh(x)
    e = exponential_minus_one(-x - x if x > 0 else x + x)  # exp(-2 |x|) - 1
    e = e / (<real>2 + e)
    return -e if x > 0 else e


cdef inline real normal_density(real x) noexcept nogil:
    """exp(-x^2 / 2) / sqrt(2 pi)"""
    return exponential(<real>-0.5 * x * x) * <real>0.398942280401432678


cdef inline real normal_distribution(real x) noexcept nogil:
    """The probability that a normally distributed number is below x: (1 + erf(x / sqrt(2))) / 2."""
    cdef float t, p
    if sizeof(real) == sizeof(double):
        return 0.5 * erfc(-0.707106781186547524 * x)
    t = <float>4 / (<float>4 + (-x if x < 0 else x))
    p = <float>1.657975235e-2
    p = p * t + <float>-6.279269332e-2
    p = p * t + <float>5.165353119e-2
    p = p * t + <float>2.843439382e-2
    p = p * t + <float>1.271289729e-2
    p = p * t + <float>8.665641208e-2
    p = p * t + <float>7.199954967e-2
    p = p * t + <float>9.551569954e-2
    p = p * t + <float>9.949255793e-2
    p = p * t + <float>9.974790352e-2
    p = p * t * exponential(<float>-0.5 * x * x)  # the tail beyond |x|
    return <float>1 - p if x > 0 else p
