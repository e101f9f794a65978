# Where the tiles of Winograd's kernels lie along an axis.
#
# Design:
# a) With a dilation, taps see every so many-th pixel: an axis is as many axes that lie between each other, and the outputs of
#    a tile are neighbours on one of them.
# b) The tiles of these axes take turns, so that pixels that are neighbours in memory are read one soon after the other. As
#    many tiles as the dilation fill a stretch of the axis without gaps.


cdef inline Py_ssize_t tiles_along(Py_ssize_t outputs, Py_ssize_t size, Py_ssize_t dilation) noexcept nogil:
    """How many tiles of `size` outputs each an axis is divided into."""
    cdef Py_ssize_t whole = outputs // (size * dilation)
    return whole * dilation + min(outputs - whole * size * dilation, dilation)


cdef inline Py_ssize_t first_output(Py_ssize_t tile, Py_ssize_t size, Py_ssize_t dilation) noexcept nogil:
    """Of a tile. The others follow at the distance of the dilation."""
    return tile // dilation * dilation * (size - 1) + tile


cdef inline Py_ssize_t next_output(Py_ssize_t first, Py_ssize_t size, Py_ssize_t dilation) noexcept nogil:
    """The first output of the next tile."""
    return first + 1 + (0 if (first + 1) % dilation else (size - 1) * dilation)
