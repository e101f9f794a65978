# Winograd's minimal filtering F(4x4, 3x3): a tile of 4x4 outputs from 6x6 inputs with 36 multiplications instead of 144.
#
# Design:
# a) y = At [(G g Gt) * (Bt d B)] A, where d are inputs, g a kernel, * element by element (Lavin and Gray, Fast Algorithms for
#    Convolutional Neural Networks, 2015, section 4.3; interpolation points 0, 1, -1, 2, -2 and infinity).
# b) Its transposes give gradients from the gradient d_y for the outputs: d_g = Gt [(A d_y At) * (Bt d B)] G for the kernel, and
#    d_d = B [(G g Gt) * (A d_y At)] Bt for the inputs.
# c) Each function here is one of the matrices times six (or four, or three) vectors; numbers of a vector are neighbouring
#    channels. Applied to the columns of a tile and then to its rows, it is the two-dimensional transform.
# d) Sums that two rows of a matrix share are computed once.
from kernels.real cimport real, vec

cdef enum:
    OUT = 4        # outputs of a tile, each way
    IN = 6         # inputs of a tile, each way
    POINTS = 36    # of the transformed tile


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


cdef inline void transform_kernel(const vec* g, Py_ssize_t step, vec* u, Py_ssize_t u_step) noexcept nogil:
    """u = G g"""
    cdef vec outer = g[0] + g[2 * step]
    cdef vec outer2 = g[0] * <real>(1.0 / 24) + g[2 * step] * <real>(1.0 / 6)
    cdef vec inner2 = g[step] * <real>(1.0 / 12)
    u[0] = g[0] * <real>(1.0 / 4)
    u[u_step] = (outer + g[step]) * <real>(-1.0 / 6)
    u[2 * u_step] = (outer - g[step]) * <real>(-1.0 / 6)
    u[3 * u_step] = outer2 + inner2
    u[4 * u_step] = outer2 - inner2
    u[5 * u_step] = g[2 * step]


cdef inline void transform_output(const vec* m, Py_ssize_t step, vec* y, Py_ssize_t y_step) noexcept nogil:
    """y = At m"""
    cdef vec sum1 = m[step] + m[2 * step]
    cdef vec difference1 = m[step] - m[2 * step]
    cdef vec sum2 = m[3 * step] + m[4 * step]
    cdef vec difference2 = m[3 * step] - m[4 * step]
    y[0] = m[0] + sum1 + sum2
    y[y_step] = difference1 + <real>2 * difference2
    y[2 * y_step] = sum1 + <real>4 * sum2
    y[3 * y_step] = difference1 + <real>8 * difference2 + m[5 * step]


cdef inline void transform_output_gradient(const vec* d_y, Py_ssize_t step, vec* m, Py_ssize_t m_step) noexcept nogil:
    """m = A d_y"""
    cdef vec even = d_y[0] + d_y[2 * step]
    cdef vec odd = d_y[step] + d_y[3 * step]
    cdef vec even2 = d_y[0] + <real>4 * d_y[2 * step]
    cdef vec odd2 = <real>2 * d_y[step] + <real>8 * d_y[3 * step]
    m[0] = d_y[0]
    m[m_step] = even + odd
    m[2 * m_step] = even - odd
    m[3 * m_step] = even2 + odd2
    m[4 * m_step] = even2 - odd2
    m[5 * m_step] = d_y[3 * step]


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


cdef inline void transform_kernel_gradient(const vec* p, Py_ssize_t step, vec* d_g, Py_ssize_t d_step) noexcept nogil:
    """d_g = Gt p"""
    cdef vec sum1 = (p[step] + p[2 * step]) * <real>(1.0 / 6)
    cdef vec difference1 = (p[2 * step] - p[step]) * <real>(1.0 / 6)
    cdef vec sum2 = p[3 * step] + p[4 * step]
    cdef vec difference2 = p[3 * step] - p[4 * step]
    d_g[0] = p[0] * <real>(1.0 / 4) - sum1 + sum2 * <real>(1.0 / 24)
    d_g[d_step] = difference1 + difference2 * <real>(1.0 / 12)
    d_g[2 * d_step] = sum2 * <real>(1.0 / 6) - sum1 + p[5 * step]
