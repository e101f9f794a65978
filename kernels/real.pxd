# The number type and the vector type of the module being compiled.
#
# Design:
# a) Every kernel is compiled once per instruction set and once per number type, from the same source. CONVLAYERS_FLOAT64
#    chooses double; nothing in a kernel mentions float or double, so the two can not drift apart.
# b) `vec` is a vector of the compiler (GCC, Clang): arithmetic on it is ordinary arithmetic, `vec * real` broadcasts. It may
#    be loaded from any address (aligned to one element) and may alias `real`.
# c) Cython is told that `vec` is a number, which is all it needs to know to pass the arithmetic on.
# d) VL numbers fill one vector. MR x (2 VL) is the register tile of a matrix product: MR * 2 accumulators, two vectors of
#    one operand and a broadcast of the other fit the registers (32 on AVX-512, else 16).
cdef extern from *:
    """
    #ifdef CONVLAYERS_FLOAT64
    typedef double real;
    #else
    typedef float real;
    #endif

    #if defined(__AVX512F__)
    #define VECTOR_BYTES 64
    #define MR 12
    #elif defined(__AVX__)
    #define VECTOR_BYTES 32
    #define MR 6
    #else
    #define VECTOR_BYTES 16
    #define MR 6
    #endif

    #if defined(__GNUC__)
    typedef real vec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
    #define VL ((int)(VECTOR_BYTES / sizeof(real)))
    #else
    typedef real vec;  /* a compiler without vector types: vectors of one */
    #define VL 1
    #endif
    #define ZERO_VECTOR ((vec){0})
    """
    ctypedef float real
    ctypedef float vec
    vec ZERO_VECTOR
    enum:
        VL
        MR
