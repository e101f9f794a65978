# Where the numbers of an array lie, asked of NumPy itself.
#
# Design:
# a) A typed memoryview goes through Python's buffer protocol: 0.1 microseconds for an array that it has seen before, 0.3 for a
#    new one. Kernels with many arguments whose arrays are often small take them as `numpy.ndarray` and ask here.
# b) What a memoryview would check is checked: number type, number of axes, their order in memory, and whether one may write.
cimport numpy

from kernels.real cimport real


cdef enum:
    ANY = -1  # number of axes


cdef inline int kind_of_real() noexcept:
    return numpy.NPY_FLOAT if sizeof(real) == 4 else numpy.NPY_DOUBLE


cdef inline bint is_as_expected(numpy.ndarray array, int kind, int axes) noexcept:
    if numpy.PyArray_TYPE(array) != kind or not numpy.PyArray_ISNOTSWAPPED(array):
        return False
    return (axes == ANY or numpy.PyArray_NDIM(array) == axes) and numpy.PyArray_IS_C_CONTIGUOUS(array)


cdef inline const void* data_of(numpy.ndarray array, int kind, int axes) except? NULL:
    """What a contiguous array of a number type holds, to be read. None holds nothing."""
    if array is None:
        return NULL
    if not is_as_expected(array, kind, axes):
        raise ValueError(
            f"Expected a contiguous array of {numpy.PyArray_DescrFromType(kind)} with {'any' if axes == ANY else axes} axes. "
            f"Received: dtype={array.dtype}, ndim={array.ndim}, contiguous={array.flags.c_contiguous}"
        )
    return numpy.PyArray_DATA(array)


cdef inline const real* numbers_of(numpy.ndarray array, int axes) except? NULL:
    return <const real*>data_of(array, kind_of_real(), axes)


cdef inline const double* doubles_of(numpy.ndarray array, int axes) except? NULL:
    return <const double*>data_of(array, numpy.NPY_DOUBLE, axes)


cdef inline const Py_ssize_t* places_of(numpy.ndarray array, int axes) except? NULL:
    return <const Py_ssize_t*>data_of(array, numpy.NPY_INTP, axes)


cdef inline int check_writable(numpy.ndarray array) except -1:
    if not numpy.PyArray_ISWRITEABLE(array):
        raise ValueError("Expected an array that can be written to.")
    return 0


cdef inline real* results_of(numpy.ndarray array, int axes) except? NULL:
    """Those of an array that is written to."""
    check_writable(array)
    return <real*>numbers_of(array, axes)


cdef inline Py_ssize_t count_of(numpy.ndarray array) noexcept:
    """How many numbers there are"""
    cdef Py_ssize_t count = 1
    cdef int axis
    for axis in range(array.ndim):
        count *= array.shape[axis]
    return count
