# Scratch memory that is kept between calls, for use without the GIL and from several threads at once:
#
#     cdef real* rows = <real*>scratch_take(bytes)    # aligned to 64 bytes, any content; NULL when out of memory
#     ...
#     scratch_give(rows)
from convlayers._native.runtime cimport scratch_give, scratch_take
