# Blocks of a convolution in groups: how large they are, and the source below them.
#
# Design:
# a) A block is PIXELS neighbouring vectors of outputs by some rows (grouped_rows.pxd). There are as many rows as leave room in the
#    L2 cache for a copy of the source below. All rows of blocks of all images are counted as bands.
# b) The copy has zeros in columns outside the image; rows and planes outside are not there. Its pixels do not share cache sets.
# c) No copy is needed where each vector of filters reads vectors of its own, none of them outside.
# d) Blocks of a row follow each other from left to right, rows of blocks from the first to the last.
from libc.string cimport memcpy, memset

from kernels.grouped_rows cimport PIXELS, Block, Job
from kernels.lanes cimport copy_lanes
from kernels.prefetch cimport LINE
from kernels.real cimport VL, real, vec
from kernels.windows cimport ceil_div

cdef enum:
    COPY = 100 << 10    # bytes of the copied source, to stay in L2


cdef inline Py_ssize_t copied_columns(const Job* job) noexcept nogil:
    return (PIXELS * job.lanes.pixels - 1) * job.w.step + job.w.extent


cdef inline Py_ssize_t copied_rows(const Job* job, Py_ssize_t rows) noexcept nogil:
    return (rows - 1) * job.h.step + job.h.extent


cdef inline void choose_blocks(Job* job) noexcept nogil:
    """As many rows of outputs as there is room for the source below them, in pairs; and what is asked for ahead of time."""
    cdef Py_ssize_t channels = job.lanes.groups * job.lanes.depth
    cdef Py_ssize_t room, outputs = PIXELS * job.lanes.pixels, turns = job.lanes.vectors * job.w.phases
    # Pixels do not share cache sets: an odd number of vectors. Several pixels of a vector lie together.
    job.pixel = channels if job.lanes.pixels > 1 else (ceil_div(channels, VL) | 1) * VL
    job.row = copied_columns(job) * job.pixel
    room = COPY // (job.d.extent * job.row * <Py_ssize_t>sizeof(real))
    job.rows = min(max((room - job.h.extent) // job.h.step // 2 * 2, <Py_ssize_t>2), job.h.phase.axis.outputs)
    job.plane = copied_rows(job, job.rows) * job.row
    job.source_lines = ceil_div(outputs * job.w.step * job.source_w, turns * LINE)
    job.target_lines = ceil_div(outputs * job.w.phases * job.target_w, turns * LINE)


cdef inline Py_ssize_t bands_of(const Job* job) noexcept nogil:
    """Rows of blocks."""
    return job.images * job.d.phase.axis.outputs * ceil_div(job.h.phase.axis.outputs, job.rows)


cdef inline Block block_at(const Job* job, Py_ssize_t band, Py_ssize_t ow) noexcept nogil:
    cdef Block block
    cdef Py_ssize_t bands = ceil_div(job.h.phase.axis.outputs, job.rows)
    block.ow = ow
    block.oh = band % bands * job.rows
    block.od = band // bands % job.d.phase.axis.outputs
    block.n = band // bands // job.d.phase.axis.outputs
    block.rows = min(job.rows, job.h.phase.axis.outputs - block.oh)
    block.pixels = min(PIXELS * job.lanes.pixels, job.w.phase.axis.outputs - ow)
    block.id = block.od * job.d.step + job.d.first
    block.ih = block.oh * job.h.step + job.h.first
    block.iw = ow * job.w.step + job.w.first
    block.source = job.source + (block.n * job.d.phase.axis.size + block.id) * job.source_d + (
        block.ih * job.source_h + block.iw * job.source_w)
    block.plane = job.source_d
    block.row = job.source_h
    block.pixel = job.source_w
    block.target = (
        job.target + (block.n * job.planes + block.od * job.d.phases) * job.target_d
        + block.oh * job.h.phases * job.target_h + block.ow * job.w.phases * job.target_w
    )
    block.source_ahead = NULL
    return block


cdef inline void look_ahead(const Job* job, Block* block, Py_ssize_t band) noexcept nogil:
    """Lets a block ask for what the next one needs, while it still reads the image."""
    cdef Py_ssize_t pixels = PIXELS * job.lanes.pixels
    cdef Block below
    if block.ow + pixels < job.w.phase.axis.outputs:
        block.source_ahead = block.source + copied_columns(job) * job.source_w
        block.target_ahead = block.target + pixels * job.w.phases * job.target_w
    elif band + 1 < bands_of(job):
        below = block_at(job, band + 1, 0)
        block.source_ahead = below.source
        block.target_ahead = below.target


cdef inline bint is_in_place(const Job* job, const Block* block) noexcept nogil:
    """Whether a block reads the source where it is: it is full, no column is outside, and vectors share no channels."""
    return (
        block.pixels == PIXELS and block.iw >= 0 and block.iw + copied_columns(job) <= job.w.phase.axis.size
        and not job.lanes.alike and job.lanes.pixels == 1
        and job.lanes.whole * job.lanes.depth == VL and job.lanes.groups % job.lanes.whole == 0
    )


cdef inline void copy_pixel(const real* source, Py_ssize_t channels, real* target) noexcept nogil:
    """memcpy for few numbers, which would be a call."""
    cdef Py_ssize_t i
    for i in range(channels // VL):
        (<vec*>target)[i] = (<const vec*>source)[i]
    if channels % VL:
        copy_lanes(target + channels // VL * VL, source + channels // VL * VL, channels % VL)


cdef inline void copy_block(const Job* job, Block* block, Py_ssize_t first_channel, Py_ssize_t channels,
                            real* copy) noexcept nogil:
    """Lets a block read some channels of the source from a copy. Rows and planes outside the image are left out."""
    cdef Py_ssize_t size_d = job.d.phase.axis.size, size_h = job.h.phase.axis.size
    cdef Py_ssize_t columns = copied_columns(job)
    # Columns behind the windows count as outside, too: zeros in place of missing d_y would not take away a NaN.
    cdef Py_ssize_t end_iw = min(job.w.phase.axis.size, block.iw + (block.pixels - 1) * job.w.step + job.w.extent)
    cdef Py_ssize_t first = min(max(-block.iw, <Py_ssize_t>0), columns)
    cdef Py_ssize_t end = max(end_iw - block.iw, first)
    cdef Py_ssize_t d, h, w
    cdef const real* source
    cdef real* row
    for d in range(max(-block.id, <Py_ssize_t>0), min(job.d.extent, size_d - block.id)):
        for h in range(max(-block.ih, <Py_ssize_t>0), min(copied_rows(job, block.rows), size_h - block.ih)):
            row = copy + d * job.plane + h * job.row
            source = block.source + d * job.source_d + h * job.source_h + first_channel
            memset(row, 0, first * job.pixel * sizeof(real))
            if job.pixel == channels:
                memcpy(row + first * channels, source + first * channels, (end - first) * channels * sizeof(real))
            else:
                for w in range(first, end):
                    copy_pixel(source + w * job.source_w, channels, row + w * job.pixel)
            memset(row + end * job.pixel, 0, (columns - end) * job.pixel * sizeof(real))
    block.source = copy - first_channel
    block.plane = job.plane
    block.row = job.row
    block.pixel = job.pixel
