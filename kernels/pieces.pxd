# How long a sum runs on: the larger it has grown, the more each step rounds off. So products are added up in pieces of about so
# many, and these to what was there before.
cdef enum:
    SUMMED = 256
