# Winograd's minimal filtering with six interpolation points: along an axis, six inputs and `taps` taps of a kernel give
# 7 - taps outputs by six multiplications. F(4x4, 3x3) takes 36 of them for a tile of outputs instead of 144.
#
# Design:
# a) y = At [(G g Gt) * (Bt d B)] A, where d are inputs, g a kernel, * element by element (Lavin and Gray, Fast Algorithms for
#    Convolutional Neural Networks, 2015, section 4.3; interpolation points 0, 1, -1, 2, -2 and infinity).
# b) Its transposes give gradients from the gradient d_y for the outputs: d_g = Gt [(A d_y At) * (Bt d B)] G for the kernel, and
#    d_d = B [(G g Gt) * (A d_y At)] Bt for the inputs.
# c) Each function here is one of the matrices times vectors; numbers of a vector are neighbouring channels. Applied to the
#    columns of a tile and then to its rows, it is the two-dimensional transform. An axis with a single tap has tiles of a
#    single pixel, which are what they are.
# d) B depends on the points only. A row of A has the powers of a point, so A evaluates a polynomial whose coefficients are
#    outputs, and G one whose coefficients are taps, times a number for each point. Sums that two rows share are computed once.
# e) `taps` and `outputs` are literal where it matters.
from kernels.real cimport real, vec

cdef enum:
    IN = 6         # inputs of a tile, along an axis
    POINTS = 36    # of the transformed tile, along two
    LONGEST = 5    # taps, or outputs


cdef inline void transform_input(const vec* d, Py_ssize_t step, vec* v, Py_ssize_t v_step) noexcept nogil:
    """v = Bt d"""
    cdef vec even = d[4 * step] - <real>4 * d[2 * step]
    cdef vec odd = d[3 * step] - <real>4 * d[step]
    cdef vec even2 = d[4 * step] - d[2 * step]
    cdef vec odd2 = <real>2 * (d[3 * step] - d[step])
    v[0] = <real>4 * d[0] - <real>5 * d[2 * step] + d[4 * step]
    v[v_step] = even + odd
    v[2 * v_step] = even - odd
    v[3 * v_step] = even2 + odd2
    v[4 * v_step] = even2 - odd2
    v[5 * v_step] = <real>4 * d[step] - <real>5 * d[3 * step] + d[5 * step]


cdef inline void transform_input_gradient(const vec* v, Py_ssize_t step, vec* d_d, Py_ssize_t d_step) noexcept nogil:
    """d_d = B v"""
    cdef vec sum1 = v[step] + v[2 * step]
    cdef vec difference1 = v[step] - v[2 * step]
    cdef vec sum2 = v[3 * step] + v[4 * step]
    cdef vec difference2 = <real>2 * (v[3 * step] - v[4 * step])
    d_d[0] = <real>4 * v[0]
    d_d[d_step] = <real>4 * (v[5 * step] - difference1) - difference2
    d_d[2 * d_step] = <real>-5 * v[0] - <real>4 * sum1 - sum2
    d_d[3 * d_step] = difference1 + difference2 - <real>5 * v[5 * step]
    d_d[4 * d_step] = v[0] + sum1 + sum2
    d_d[5 * d_step] = v[5 * step]


cdef inline void transform_output_gradient(const vec* d_y, Py_ssize_t step, vec* m, Py_ssize_t m_step,
                                           int outputs) noexcept nogil:
    """m = A d_y"""
    cdef vec even = d_y[0], even2 = d_y[0], odd, odd2
    m[0] = d_y[0]
    if outputs == 1:
        return
    odd = d_y[step]
    odd2 = <real>2 * d_y[step]
    if outputs > 2:
        even += d_y[2 * step]
        even2 += <real>4 * d_y[2 * step]
    if outputs > 3:
        odd += d_y[3 * step]
        odd2 += <real>8 * d_y[3 * step]
    if outputs > 4:
        even += d_y[4 * step]
        even2 += <real>16 * d_y[4 * step]
    m[m_step] = even + odd
    m[2 * m_step] = even - odd
    m[3 * m_step] = even2 + odd2
    m[4 * m_step] = even2 - odd2
    m[5 * m_step] = d_y[(outputs - 1) * step]


cdef inline void transform_output(const vec* m, Py_ssize_t step, vec* y, Py_ssize_t y_step, int outputs) noexcept nogil:
    """y = At m"""
    cdef vec sum1, difference1, sum2, difference2
    if outputs == 1:
        y[0] = m[0]
        return
    sum1 = m[step] + m[2 * step]
    difference1 = m[step] - m[2 * step]
    sum2 = m[3 * step] + m[4 * step]
    difference2 = m[3 * step] - m[4 * step]
    y[0] = m[0] + sum1 + sum2
    y[y_step] = difference1 + <real>2 * difference2
    if outputs > 2:
        y[2 * y_step] = sum1 + <real>4 * sum2
    if outputs > 3:
        y[3 * y_step] = difference1 + <real>8 * difference2
    if outputs > 4:
        y[4 * y_step] = sum1 + <real>16 * sum2
    y[(outputs - 1) * y_step] += m[5 * step]


cdef inline void transform_kernel(const vec* g, Py_ssize_t step, vec* u, Py_ssize_t u_step, int taps) noexcept nogil:
    """u = G g"""
    transform_output_gradient(g, step, u, u_step, taps)
    if taps > 1:
        u[0] *= <real>(1.0 / 4)
        u[u_step] *= <real>(-1.0 / 6)
        u[2 * u_step] *= <real>(-1.0 / 6)
        u[3 * u_step] *= <real>(1.0 / 24)
        u[4 * u_step] *= <real>(1.0 / 24)


cdef inline void transform_kernel_gradient(const vec* p, Py_ssize_t step, vec* d_g, Py_ssize_t d_step,
                                           int taps) noexcept nogil:
    """d_g = Gt p"""
    cdef vec scaled[IN]
    scaled[0] = p[0]
    if taps > 1:
        scaled[0] *= <real>(1.0 / 4)
        scaled[1] = p[step] * <real>(-1.0 / 6)
        scaled[2] = p[2 * step] * <real>(-1.0 / 6)
        scaled[3] = p[3 * step] * <real>(1.0 / 24)
        scaled[4] = p[4 * step] * <real>(1.0 / 24)
        scaled[5] = p[5 * step]
    transform_output(scaled, 1, d_g, d_step, taps)
