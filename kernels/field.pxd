# A padded copy of some images in which all windows are evenly spaced, so that a matrix product can read them where they are.
#
# Design:
# a) Output pixels are numbered row after row with some places left over between rows: position p of a block is image p / image,
#    row p % image / row, column p % row. The window of a position begins `step` columns of the copy behind that of the position
#    before, also from one row to the next. Positions between rows and images have no output; what is computed there is dropped.
# b) Few places are left over. Zeros in front of a row are also those behind the row before it; rows of zeros above an image are
#    also those below the image before it.
# c) With a stride, rows that the same tap meets lie together: they form a phase, and tap k meets row r + k * spacing // stride of
#    phase k * spacing % stride. Columns are treated in the same way, or lie in order, `stride` of them for each position.
# d) Where the taps of an axis meet far more rows or columns than there are outputs, as in small images without padding and with
#    large dilations, the places left over would be many. There each tap has a copy of its own, with nothing but what it meets.
#    So it is always along the depth. Such a copy, and a phase, is called a plane.
# e) A block is some whole images, or some rows of one, or a part of a row.
from kernels.windows cimport Axis, Windows, ceil_div

cdef struct Field:
    Py_ssize_t slices              # images times outputs along the depth: here each is an image of its own
    Py_ssize_t image, row          # positions from one image and row to the next
    Py_ssize_t columns, rows       # of outputs in a block, of each image
    Py_ssize_t images              # in a block
    Py_ssize_t parts_w, parts_h    # blocks of a row, and of an image
    Py_ssize_t blocks
    Py_ssize_t planes_h, planes_w
    Py_ssize_t shifts_h, shifts_w  # rows and columns of a plane beyond the outputs that the taps meet

cdef struct Block:
    Py_ssize_t first_slice, images, first_row, rows, first_column, columns
    Py_ssize_t positions           # up to the last output
    Py_ssize_t copied              # rows of each plane


cdef inline Py_ssize_t shared_period(Axis axis) noexcept nogil:
    """Positions from one row, or image, to the next, where taps share what they meet."""
    cdef Py_ssize_t met = axis.outputs + (axis.taps - 1) * axis.spacing // axis.step
    cdef Py_ssize_t front = max(-axis.offset, <Py_ssize_t>0)
    if axis.step > 1:
        return met
    # The zeros in front of the next one serve as those behind this one.
    return max(axis.outputs, min(front + axis.size - max(axis.offset, <Py_ssize_t>0), met), met - front)


cdef inline bint is_apart(Axis axis) noexcept nogil:
    """Whether each tap has a plane of its own."""
    return axis.taps > 1 and 4 * axis.outputs < 3 * shared_period(axis)


cdef inline Py_ssize_t planes_of(Axis axis) noexcept nogil:
    return axis.taps if is_apart(axis) else min(axis.step, (axis.taps - 1) * axis.spacing + 1)


cdef inline Py_ssize_t plane_of(Axis axis, Py_ssize_t tap) noexcept nogil:
    return tap if is_apart(axis) else tap * axis.spacing % axis.step


cdef inline Py_ssize_t shift_of(Axis axis, Py_ssize_t tap) noexcept nogil:
    """Rows, or columns, from an output to what a tap meets in its plane."""
    return 0 if is_apart(axis) else tap * axis.spacing // axis.step


cdef inline Py_ssize_t start_of(Axis axis, Py_ssize_t plane) noexcept nogil:
    """Where in the source a plane begins, after the first tap of the first output."""
    return plane * axis.spacing if is_apart(axis) else plane


cdef inline Py_ssize_t shifts_of(Axis axis) noexcept nogil:
    return shift_of(axis, axis.taps - 1)


cdef inline Py_ssize_t period_of(Axis axis) noexcept nogil:
    return axis.outputs if is_apart(axis) else shared_period(axis)


cdef inline Field field_of(const Windows* windows, Py_ssize_t images, Py_ssize_t most_positions, Py_ssize_t threads) noexcept nogil:
    """Blocks of about so many positions, as many as keep all threads busy."""
    cdef Field field
    cdef Axis h = windows.h, w = windows.w
    cdef Py_ssize_t most = max(most_positions, <Py_ssize_t>64), wanted
    field.planes_h, field.planes_w = planes_of(h), planes_of(w)
    field.shifts_h, field.shifts_w = shifts_of(h), shifts_of(w)
    field.slices = images * windows.d.outputs
    field.parts_w = ceil_div(w.outputs, most) if w.outputs > 2 * most else 1
    field.columns = ceil_div(w.outputs, field.parts_w)
    field.row = period_of(w) if field.parts_w == 1 else field.columns + field.shifts_w
    field.image = field.row * period_of(h)
    field.images = min(max(most // field.image, <Py_ssize_t>1), field.slices)
    field.parts_h = min(ceil_div(h.outputs, max(most // field.row, <Py_ssize_t>1)), h.outputs) if field.images == 1 else 1
    wanted = ceil_div(field.slices, field.images) * field.parts_h * field.parts_w
    if wanted < 8 * threads:  # else one that comes last makes the others wait
        wanted = ceil_div(wanted, threads) * threads
    if field.images > 1:
        field.images = ceil_div(field.slices, wanted)
    if field.images == 1:
        field.parts_h = min(max(field.parts_h, wanted // (field.slices * field.parts_w)), h.outputs)
    field.rows = ceil_div(h.outputs, field.parts_h)
    field.parts_h = ceil_div(h.outputs, field.rows)
    field.parts_w = ceil_div(w.outputs, field.columns)
    field.blocks = ceil_div(field.slices, field.images) * field.parts_h * field.parts_w
    return field


cdef inline Block block_at(const Field* field, const Windows* windows, Py_ssize_t index) noexcept nogil:
    cdef Block block
    block.first_slice = index // field.parts_w // field.parts_h * field.images
    block.images = min(field.images, field.slices - block.first_slice)
    block.first_row = index // field.parts_w % field.parts_h * field.rows
    block.rows = min(field.rows, windows.h.outputs - block.first_row)
    block.first_column = index % field.parts_w * field.columns
    block.columns = min(field.columns, windows.w.outputs - block.first_column)
    block.positions = (block.images - 1) * field.image + (block.rows - 1) * field.row + block.columns
    block.copied = (block.images - 1) * (field.image // field.row) + block.rows + field.shifts_h
    return block


cdef inline bint source_row(const Field* field, const Windows* windows, const Block* block, Py_ssize_t tap_d, Py_ssize_t plane,
                            Py_ssize_t index, Py_ssize_t* start) noexcept nogil:
    """Whether row `index` of a plane, counted through all images, holds a row of the source, and where that starts."""
    cdef Py_ssize_t period = field.image // field.row
    cdef Py_ssize_t image = min(index // period, block.images - 1)
    cdef Py_ssize_t slice = block.first_slice + image
    cdef Py_ssize_t d = slice % windows.d.outputs * windows.d.step + windows.d.offset + tap_d * windows.d.spacing
    cdef Py_ssize_t h = (block.first_row + index - image * period) * windows.h.step + windows.h.offset + start_of(windows.h, plane)
    start[0] = slice // windows.d.outputs * windows.stride_n + d * windows.stride_d + h * windows.stride_h
    return 0 <= d < windows.d.size and 0 <= h < windows.h.size
