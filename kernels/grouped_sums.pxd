# The sums of the gradient for the kernel of a convolution in groups.
#
# Design:
# a) They lie in the layout of the packed weights: [vector of filters][tap][channel][VL]. Each block adds its products to a piece,
#    in L1 or L2, which is added to the sums of a share whenever it has SUMMED products of each number, or a block more.
# b) Shares are added up in their order, and so are the pixels of a vector.
from libc.string cimport memset

from kernels.grouped_rows cimport PIXELS, Block, Job
from kernels.lanes cimport Slice, load_lanes, slice_of, store_lanes
from kernels.pieces cimport SUMMED
from kernels.real cimport VL, ZERO_VECTOR, real, vec

cdef struct Sums:            # of a share of the pixels, for some vectors of filters
    vec* total
    vec* piece
    Py_ssize_t vectors       # in each of both
    Py_ssize_t products      # in each number of the piece


cdef inline Py_ssize_t panel_size(const Job* job) noexcept nogil:
    """Numbers in the packed weights of a vector of filters."""
    return job.taps * job.lanes.depth * VL


cdef inline void clear_sums(Sums* sums) noexcept nogil:
    memset(sums.total, 0, sums.vectors * sizeof(vec))
    memset(sums.piece, 0, sums.vectors * sizeof(vec))
    sums.products = 0


cdef inline void add_piece(Sums* sums) noexcept nogil:
    """Adds a piece to its share, and begins the next."""
    cdef Py_ssize_t i
    for i in range(sums.vectors):
        sums.total[i] += sums.piece[i]
        sums.piece[i] = ZERO_VECTOR
    sums.products = 0


cdef inline void pass_block(Sums* sums, const Block* block) noexcept nogil:
    sums.products += block.rows * PIXELS
    if sums.products >= SUMMED:
        add_piece(sums)


cdef inline void add_shares(const Job* job, Py_ssize_t shares, const real* sums, Py_ssize_t v, real* d_kernel) noexcept nogil:
    """Adds up the sums of a vector of filters. d_kernel is (taps, channels, filters)."""
    cdef Slice part = slice_of(&job.lanes, v)
    cdef Py_ssize_t size = panel_size(job)
    cdef Py_ssize_t i, share, p
    cdef vec total, pixels
    for i in range(size // VL):
        total = ZERO_VECTOR
        for share in range(shares):
            total += (<const vec*>(sums + (share * job.lanes.vectors + v) * size))[i]
        pixels = total
        for p in range(1, job.lanes.pixels):
            total += load_lanes(<real*>&pixels + p * part.count, part.count)
        store_lanes(d_kernel + i * job.lanes.groups * job.lanes.columns + part.filter, total, part.count)
