# Functions of C's library on one number of the type of the module being compiled.
from kernels.real cimport real

cdef extern from *:
    """
    #include <math.h>
    #ifdef CONVLAYERS_FLOAT64
    #define real_sqrt sqrt
    #define real_pow pow
    #define real_abs fabs
    #else
    #define real_sqrt sqrtf
    #define real_pow powf
    #define real_abs fabsf
    #endif
    """
    real real_sqrt(real x) noexcept nogil
    real real_pow(real x, real power) noexcept nogil
    real real_abs(real x) noexcept nogil
