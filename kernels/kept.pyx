# What a kernel made of weights that may be the same when it is called again: packed, transformed, split.
#
# Design:
# a) A kernel that is given an empty `Kept` makes what it needs in a buffer of scratch memory, and leaves it there (`hold`) if it
#    came to a good end. Given one that is filled, it reads. What is in a buffer never changes, so several threads may read it.
# b) Two threads that find it empty both make the same; the first one that is ready leaves it. The GIL is held for that.
# c) The buffer goes back to the pool of scratch memory with the object. Whoever computes with it has a reference to the object.
# d) Which weights, and in what form, is known to those who call (convlayers/ops/kept_weights.py).
from convlayers._native.runtime cimport scratch_give


cdef class Kept:
    """Memory that a kernel keeps from one call to the next."""

    cdef void hold(self, void* buffer) noexcept:
        """Takes a buffer of `scratch_take`."""
        if self.buffer == NULL:
            self.buffer = buffer
        elif self.buffer != buffer:
            scratch_give(buffer)

    def __bool__(self):
        return self.buffer != NULL

    def __dealloc__(self):
        scratch_give(self.buffer)
