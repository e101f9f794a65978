# Strips of a depthwise convolution: its inner loops.
#
# Design:
# a) A strip is PIXELS neighbouring outputs, in one row or in two rows of which the lower windows begin `lag` taps further down.
#    Their totals stay in registers while a loop runs over the rows of the source below them. PIXELS + 2 vectors of such a
#    row are loaded for a kernel that is 3 wide; they serve all its taps, for both rows of outputs: 0.3 loads for each
#    multiplication.
# b) Numbers of a vector are neighbouring channels. The last vector overlaps the one before, where channels do not fill it: what
#    both compute is the same.
# c) The loop over taps is unrolled for the usual widths and steps: taps and step are literal arguments, so that GCC sees which
#    column meets which total. `convolve_any_strip` and `correlate_any_strip` do all others.
# d) Columns outside the image are not read: they count as zeros. Rows outside do not take part. Where only half a window can
#    be outside, at either end of a strip, no other column is asked where it is.
# e) Memory is asked for ahead of time: in a network it has left the L2 cache. Most CPUs do best where each vector of a strip asks for
#    what it will find one band further down (`NEXT_BAND`). Some have prefetchers that follow lines in the order of memory; a
#    strip goes from pixel to pixel, and through one vector of channels after the other. There, if a pixel takes several lines,
#    each vector asks for as many lines as it reads and writes, one band further down (`NEXT_LINES`); else a strip asks for the
#    outputs of the next, and with a step of 1 for the source below it, where strips of the rows above have not read it
#    (`NEXT_STRIP`). A source that is put together from planes is in a cache: only results are asked for (`NEXT_RESULTS`).
# f) For the gradient for the kernel, PIXELS vectors of each row of d_y stay in registers, and sums for each tap lie in L1.
cimport kernels.inlined
from kernels.elementwise cimport apply_activation
from kernels.prefetch cimport LINE, ask_for_lines, prefetch_for_reading, prefetch_for_writing
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.windows cimport ceil_div

cdef extern from *:
    """
    #if VECTOR_BYTES == 64
    #define PIXELS 7  /* two rows of totals, and the columns below them, fill 32 registers */
    #else
    #define PIXELS 4  /* 16 registers */
    #endif
    """
    enum:
        PIXELS

cdef enum:
    COLUMNS = 2 * 6 + 5              # below the widest strip that is unrolled

cdef enum Ahead:                     # what is asked for ahead of time
    NEXT_STRIP, NEXT_LINES, NEXT_BAND, NEXT_RESULTS

cdef struct Strip:
    Py_ssize_t channels
    real* target                     # the gradient for the kernel reads it
    Py_ssize_t target_lower, target_column  # from the upper row to the lower, from one output to the next
    Py_ssize_t pixels                # of each row
    bint two                         # rows
    const real* source               # row 0 and column 0 of the windows
    Py_ssize_t planes, rows          # those inside the image
    Py_ssize_t plane, row, column    # from one to the next
    Py_ssize_t first_column, end_column  # those inside the image and the windows
    Py_ssize_t upper_rows            # so many rows belong to the windows of the upper outputs
    Py_ssize_t lower_row             # from this row on they belong to those of the lower outputs
    Py_ssize_t asked_row             # from this row on the gradient for the kernel asks for what is one band further down
    Py_ssize_t taps, step, spacing   # along w
    Py_ssize_t tap                   # where the numbers begin of the tap in row 0 and column 0, for the upper outputs
    Py_ssize_t tap_lower             # from there to the tap for the lower outputs
    Py_ssize_t tap_plane, tap_row, tap_column
    Py_ssize_t vector                # from the weights for one vector of channels to those for the next


cdef inline vec load(const real* source) noexcept nogil:
    return (<const vec*>source)[0]


cdef inline void store(real* target, vec v) noexcept nogil:
    (<vec*>target)[0] = v


cdef inline bint is_inside(const Strip* strip, int taps, int step) noexcept nogil:
    """Whether the image holds all columns of a whole strip, but for half a window at either end."""
    return strip.first_column <= taps // 2 and strip.end_column >= (PIXELS - 1) * step + taps - taps // 2


cdef inline void load_row(vec* x, const real* source, const Strip* strip, bint inside, int taps, int step) noexcept nogil:
    """x = the columns of a row of the source"""
    cdef int count = (PIXELS - 1) * step + taps
    cdef int i
    if inside:
        for i in range(count):
            if taps // 2 <= i < count - taps // 2 or strip.first_column <= i < strip.end_column:
                x[i] = load(source)
            else:
                x[i] = ZERO_VECTOR
            source += strip.column
    else:
        for i in range(count):
            x[i] = load(source + i * strip.column) if strip.first_column <= i < strip.end_column else ZERO_VECTOR


# Forward, and the gradient for the input --------------------------------------------------------------------------------


cdef inline void pack_weights(const real* weights, Py_ssize_t channels, Py_ssize_t taps, real* packed) noexcept nogil:
    cdef Py_ssize_t v, tap
    for tap in range(taps):
        for v in range(ceil_div(channels, VL)):
            store(packed + (v * taps + tap) * VL, load(weights + tap * channels + min(v * VL, channels - VL)))


cdef inline void add_products(vec* total, const vec* x, const real* weights, Py_ssize_t column, int taps,
                              int step) noexcept nogil:
    """Adds what one row of the source and of the taps contributes to a row of outputs."""
    cdef vec w
    cdef int t, kw
    for kw in range(taps):
        w = load(weights + kw * column)
        for t in range(PIXELS):
            total[t] += x[t * step + kw] * w


cdef inline void store_row(const vec* total, real* target, const Strip* strip) noexcept nogil:
    cdef int t
    if strip.pixels == PIXELS:
        for t in range(PIXELS):
            store(target, total[t])
            target += strip.target_column
    else:
        for t in range(PIXELS):
            if t < strip.pixels:
                store(target + t * strip.target_column, total[t])


cdef inline void convolve_strip(
    const Strip* strip, const real* weights, const real* bias, Ahead ahead, int taps, int step
) noexcept nogil:
    """All channels of a strip, for a number of taps and a step that the compiler knows."""
    cdef vec upper[PIXELS]
    cdef vec lower[PIXELS]
    cdef vec x[COLUMNS]
    cdef vec start
    cdef Py_ssize_t v, k, d, h
    cdef const real* source
    cdef const real* row
    cdef Py_ssize_t vectors = ceil_div(strip.channels, VL)
    cdef Py_ssize_t lines = ceil_div(PIXELS * strip.channels, vectors * LINE)  # of outputs in a row, for each vector
    cdef bint inside = is_inside(strip, taps, step)
    cdef int t
    for v in range(vectors):
        k = min(v * VL, strip.channels - VL)
        start = load(bias + k) if bias != NULL else ZERO_VECTOR
        for t in range(PIXELS):
            upper[t] = start
            lower[t] = start
            if ahead == NEXT_BAND or ahead == NEXT_RESULTS:
                prefetch_for_reading(strip.target + 2 * strip.target_lower + t * strip.target_column + k)
                prefetch_for_reading(strip.target + 3 * strip.target_lower + t * strip.target_column + k)
            elif ahead == NEXT_STRIP:
                prefetch_for_writing(strip.target + (PIXELS + t) * strip.target_column + k)
                prefetch_for_writing(strip.target + strip.target_lower + (PIXELS + t) * strip.target_column + k)
        if ahead == NEXT_LINES:
            ask_for_lines(strip.target + 2 * strip.target_lower, v * lines, (v + 1) * lines)
            ask_for_lines(strip.target + 3 * strip.target_lower, v * lines, (v + 1) * lines)
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                load_row(x, source, strip, inside, taps, step)
                if ahead == NEXT_BAND and h >= strip.rows - 2 * step:
                    for t in range(PIXELS * step):
                        prefetch_for_reading(source + 2 * step * strip.row + t * strip.column)
                elif ahead == NEXT_LINES and h >= strip.rows - 2 * step:
                    ask_for_lines(source - k + 2 * step * strip.row, v * lines * step, (v + 1) * lines * step)
                elif ahead == NEXT_STRIP and step == 1 and h >= strip.rows - 2:
                    for t in range(PIXELS):
                        prefetch_for_reading(source + (PIXELS - 1 + taps + t) * strip.column)
                row = weights + v * strip.vector + strip.tap + d * strip.tap_plane + h * strip.tap_row
                if h < strip.upper_rows:
                    add_products(upper, x, row, strip.tap_column, taps, step)
                if h >= strip.lower_row:
                    add_products(lower, x, row + strip.tap_lower, strip.tap_column, taps, step)
        store_row(upper, strip.target + k, strip)
        if strip.two:
            store_row(lower, strip.target + strip.target_lower + k, strip)


cdef inline void convolve_any_strip(const Strip* strip, const real* weights, const real* bias) noexcept nogil:
    """All channels of a strip of one row, for any number of taps, step and spacing."""
    cdef vec total[PIXELS]
    cdef vec w
    cdef Py_ssize_t v, k, d, h, kw, i
    cdef const real* source
    cdef const real* row
    cdef int t
    for v in range(ceil_div(strip.channels, VL)):
        k = min(v * VL, strip.channels - VL)
        for t in range(PIXELS):
            total[t] = load(bias + k) if bias != NULL else ZERO_VECTOR
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                row = weights + v * strip.vector + strip.tap + d * strip.tap_plane + h * strip.tap_row
                for kw in range(strip.taps):
                    w = load(row + kw * strip.tap_column)
                    for t in range(PIXELS):
                        i = t * strip.step + kw * strip.spacing
                        if strip.first_column <= i < strip.end_column:
                            total[t] += load(source + i * strip.column) * w
        store_row(total, strip.target + k, strip)


cdef inline void activate(int activation, const Strip* strip) noexcept nogil:
    cdef Py_ssize_t t
    for t in range(strip.pixels):
        apply_activation(activation, strip.target + t * strip.target_column, strip.channels)
        if strip.two:
            apply_activation(activation, strip.target + strip.target_lower + t * strip.target_column, strip.channels)


# Gradient for the kernel ------------------------------------------------------------------------------------------------


cdef inline void add_correlations(real* sums, Py_ssize_t column, const vec* x, const vec* d_y, int taps,
                                  int step) noexcept nogil:
    """Adds what one row of the source and of d_y contributes to a row of taps."""
    cdef vec total
    cdef int t, kw
    for kw in range(taps):
        total = load(sums + kw * column)
        for t in range(PIXELS):
            total += x[t * step + kw] * d_y[t]
        store(sums + kw * column, total)


cdef inline void load_gradients(vec* d_y, const real* source, const Strip* strip) noexcept nogil:
    cdef int t
    for t in range(PIXELS):
        d_y[t] = load(source + t * strip.target_column) if t < strip.pixels else ZERO_VECTOR


cdef inline void correlate_strip(const Strip* strip, real* sums, Py_ssize_t first, Py_ssize_t end, int taps,
                                 int step) noexcept nogil:
    """Some channels of a strip, for a number of taps and a step that the compiler knows."""
    cdef vec upper[PIXELS]
    cdef vec lower[PIXELS]
    cdef vec x[COLUMNS]
    cdef Py_ssize_t v, k, d, h
    cdef const real* source
    cdef real* row
    cdef bint inside = is_inside(strip, taps, step)
    cdef int t
    for v in range(first, end):
        k = min(v * VL, strip.channels - VL)
        load_gradients(upper, strip.target + k, strip)
        if strip.two:
            load_gradients(lower, strip.target + strip.target_lower + k, strip)
        for t in range(PIXELS):
            prefetch_for_reading(strip.target + 2 * strip.target_lower + t * strip.target_column + k)
            prefetch_for_reading(strip.target + 3 * strip.target_lower + t * strip.target_column + k)
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                load_row(x, source, strip, inside, taps, step)
                if h >= strip.asked_row:
                    for t in range(PIXELS * step):
                        prefetch_for_reading(source + 2 * step * strip.row + t * strip.column)
                row = sums + (v - first) * VL + strip.tap + d * strip.tap_plane + h * strip.tap_row
                if h < strip.upper_rows:
                    add_correlations(row, strip.tap_column, x, upper, taps, step)
                if h >= strip.lower_row:
                    add_correlations(row + strip.tap_lower, strip.tap_column, x, lower, taps, step)


cdef inline void correlate_any_strip(const Strip* strip, real* sums, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Some channels of a strip of one row, for any number of taps, step and spacing."""
    cdef vec d_y[PIXELS]
    cdef vec total
    cdef Py_ssize_t v, k, d, h, kw, i
    cdef const real* source
    cdef real* row
    cdef int t
    for v in range(first, end):
        k = min(v * VL, strip.channels - VL)
        load_gradients(d_y, strip.target + k, strip)
        for d in range(strip.planes):
            for h in range(strip.rows):
                source = strip.source + d * strip.plane + h * strip.row + k
                row = sums + (v - first) * VL + strip.tap + d * strip.tap_plane + h * strip.tap_row
                for kw in range(strip.taps):
                    total = load(row + kw * strip.tap_column)
                    for t in range(PIXELS):
                        i = t * strip.step + kw * strip.spacing
                        if strip.first_column <= i < strip.end_column:
                            total += load(source + i * strip.column) * d_y[t]
                    store(row + kw * strip.tap_column, total)


cdef inline Strip one_row(const Strip* strip, bint lower) noexcept nogil:
    """The upper or the lower row of a strip."""
    cdef Strip row = strip[0]
    row.two = False
    row.rows = strip.upper_rows
    if lower:
        row.rows = strip.rows - strip.lower_row
        row.source += strip.lower_row * strip.row
        row.tap += strip.lower_row * strip.tap_row + strip.tap_lower
        row.target += strip.target_lower
    return row
