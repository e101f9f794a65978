# Winograd's minimal filtering F(2x2, 5x5): a tile of 2x2 outputs from 6x6 inputs with 36 multiplications instead of 100.
#
# Design:
# a) It has the interpolation points of F(4x4, 3x3), so its transform of inputs is that of winograd.pxd, and outputs are the
#    first and the last but two rows of the same sums. The kernel is evaluated as a polynomial with five coefficients.
# b) As there, each function is one of the matrices times as many vectors, and the gradient for the kernel uses the transposes.
from kernels.real cimport real, vec


cdef inline void transform_kernel_5(const vec* g, Py_ssize_t step, vec* u, Py_ssize_t u_step) noexcept nogil:
    """u = G g"""
    cdef vec even = (g[0] + g[2 * step] + g[4 * step]) * <real>(-1.0 / 6)
    cdef vec odd = (g[step] + g[3 * step]) * <real>(-1.0 / 6)
    cdef vec even2 = g[0] * <real>(1.0 / 24) + g[2 * step] * <real>(1.0 / 6) + g[4 * step] * <real>(2.0 / 3)
    cdef vec odd2 = g[step] * <real>(1.0 / 12) + g[3 * step] * <real>(1.0 / 3)
    u[0] = g[0] * <real>(1.0 / 4)
    u[u_step] = even + odd
    u[2 * u_step] = even - odd
    u[3 * u_step] = even2 + odd2
    u[4 * u_step] = even2 - odd2
    u[5 * u_step] = g[4 * step]


cdef inline void transform_output_5(const vec* m, Py_ssize_t step, vec* y, Py_ssize_t y_step) noexcept nogil:
    """y = At m"""
    y[0] = m[0] + (m[step] + m[2 * step]) + (m[3 * step] + m[4 * step])
    y[y_step] = (m[step] - m[2 * step]) + <real>2 * (m[3 * step] - m[4 * step]) + m[5 * step]


cdef inline void transform_output_gradient_5(const vec* d_y, Py_ssize_t step, vec* m, Py_ssize_t m_step) noexcept nogil:
    """m = A d_y"""
    cdef vec twice = d_y[step] + d_y[step]
    m[0] = d_y[0]
    m[m_step] = d_y[0] + d_y[step]
    m[2 * m_step] = d_y[0] - d_y[step]
    m[3 * m_step] = d_y[0] + twice
    m[4 * m_step] = d_y[0] - twice
    m[5 * m_step] = d_y[step]


cdef inline void transform_kernel_gradient_5(const vec* p, Py_ssize_t step, vec* d_g, Py_ssize_t d_step) noexcept nogil:
    """d_g = Gt p"""
    cdef vec sum1 = (p[step] + p[2 * step]) * <real>(1.0 / 6)
    cdef vec difference1 = (p[2 * step] - p[step]) * <real>(1.0 / 6)
    cdef vec sum2 = p[3 * step] + p[4 * step]
    cdef vec difference2 = p[3 * step] - p[4 * step]
    d_g[0] = p[0] * <real>(1.0 / 4) - sum1 + sum2 * <real>(1.0 / 24)
    d_g[d_step] = difference1 + difference2 * <real>(1.0 / 12)
    d_g[2 * d_step] = sum2 * <real>(1.0 / 6) - sum1
    d_g[3 * d_step] = difference1 + difference2 * <real>(1.0 / 3)
    d_g[4 * d_step] = sum2 * <real>(2.0 / 3) - sum1 + p[5 * step]
