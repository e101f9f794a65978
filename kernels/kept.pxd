# What kernels do with a `Kept`, which is None where nothing is to be kept:
#
#     job.packed = <real*>kept_before(kept)           # NULL: to be made
#     ...                                             # without the GIL
#     keep(kept, job.packed, made)                    # and no `scratch_give`
from convlayers._native.kept cimport Kept
from kernels.scratch cimport scratch_give

cdef enum:
    MOST_KEPT = 16 << 20  # bytes of one layer


cdef inline void* kept_before(Kept kept) noexcept:
    """What was made of the weights in an earlier call, or NULL."""
    return NULL if kept is None else kept.buffer


cdef inline void keep(Kept kept, void* buffer, bint made) noexcept:
    """Keeps what was made, in a buffer of `scratch_take`, or gives the buffer back."""
    if kept is not None and made:
        kept.hold(buffer)
    elif kept is None or kept.buffer != buffer:
        scratch_give(buffer)
