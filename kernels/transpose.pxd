# The transposition of a square tile in vector registers, and of a matrix by such tiles.
#
# Design:
# a) A tile is VL rows of one vector each. In log2(VL) rounds, with s = VL / 2 ... 2, 1, rows i and i + s exchange: the
#    numbers of the upper one in lanes where bit s is set, for those of the lower one s lanes before. Each exchange is two
#    shuffles with patterns that the compiler knows. It runs at twice the speed of a copy in memory; loops over numbers
#    reach a fifth of that.
# b) Where tiles do not fill the matrix, the last one overlaps the one before: what both write is the same.
# c) A matrix with fewer rows or columns than a tile is transposed number by number.
# d) Tiles go along the rows of the source: VL streams are read, and each tile fills a cache line in VL rows of the target.
# e) Around the caches go whole lines, one after the other: as many tiles as fill a line are transposed before they are stored.
from kernels.prefetch cimport LINE, store_around
from kernels.real cimport VL, real, vec

cdef extern from *:
    """
    #if defined(__GNUC__)
    #ifdef CONVLAYERS_FLOAT64
    typedef long long lane;
    #else
    typedef int lane;
    #endif
    typedef lane lanes __attribute__((vector_size(VECTOR_BYTES)));
    #define ALWAYS_INLINE inline __attribute__((always_inline))

    static ALWAYS_INLINE void exchange(vec* upper, vec* lower, int s) {
    #ifdef __clang__
        for (int l = 0; l < VL; l++)
            if (l & s) {
                real number = (*upper)[l];
                (*upper)[l] = (*lower)[l - s];
                (*lower)[l - s] = number;
            }
    #else
        lanes own = {0};
        for (int l = 0; l < VL; l++) own[l] = l;
        lanes chosen = own + (((own & s) != 0) & (VL - s));  /* numbers from VL on are those of the lower row */
        vec first = __builtin_shuffle(*upper, *lower, chosen);
        *lower = __builtin_shuffle(*upper, *lower, chosen + s);
        *upper = first;
    #endif
    }

    static ALWAYS_INLINE void exchange_rows(vec* rows, int s) {
        #pragma GCC unroll 16
        for (int i = 0; i < VL; i++)
            if (s < VL && !(i & s)) exchange(rows + i, rows + i + s, s);
    }

    static ALWAYS_INLINE void combine_exchanged_rows(vec* rows, int s, vec (*combine)(vec, vec)) {
        #pragma GCC unroll 16
        for (int i = 0; i < s; i++)
            if (s < VL) {
                exchange(rows + i, rows + i + s, s);
                rows[i] = combine(rows[i], rows[i + s]);
            }
    }
    #else
    static inline void exchange_rows(vec* rows, int s) { (void)rows; (void)s; }  /* tiles of one number */
    static inline void combine_exchanged_rows(vec* rows, int s, vec (*combine)(vec, vec)) { (void)rows; (void)s; (void)combine; }
    #endif
    """
    void exchange_rows(vec* rows, int s) noexcept nogil
    void combine_exchanged_rows(vec* rows, int s, vec (*combine)(vec, vec) noexcept nogil) noexcept nogil


cdef inline void transpose_rows(vec* rows) noexcept nogil:
    """Transposes VL rows of one vector each."""
    exchange_rows(rows, 8)
    exchange_rows(rows, 4)
    exchange_rows(rows, 2)
    exchange_rows(rows, 1)


cdef inline vec combine_rows(vec (*combine)(vec, vec) noexcept nogil, vec* rows) noexcept nogil:
    """What the numbers of each of VL rows of one vector are together: what is exchanged in a transposition is combined at once."""
    combine_exchanged_rows(rows, 8, combine)
    combine_exchanged_rows(rows, 4, combine)
    combine_exchanged_rows(rows, 2, combine)
    combine_exchanged_rows(rows, 1, combine)
    return rows[0]


cdef inline vec sum_of_two(vec a, vec b) noexcept nogil:
    return a + b


cdef inline vec add_rows(vec* rows) noexcept nogil:
    """The sums of the numbers of VL rows of one vector each."""
    return combine_rows(sum_of_two, rows)


cdef inline void transpose_tile(const real* x, Py_ssize_t x_row, real* y, Py_ssize_t y_row) noexcept nogil:
    cdef vec rows[VL]
    cdef int i
    for i in range(VL):
        rows[i] = (<const vec*>(x + i * x_row))[0]
    transpose_rows(rows)
    for i in range(VL):
        (<vec*>(y + i * y_row))[0] = rows[i]


cdef inline void transpose_around(const real* x, Py_ssize_t x_row, real* y, Py_ssize_t y_row) noexcept nogil:
    """LINE rows and VL columns of x, to whole lines of the cache, around it."""
    cdef vec rows[LINE]
    cdef int i, tile
    for tile in range(LINE // VL):
        for i in range(VL):
            rows[tile * VL + i] = (<const vec*>(x + (tile * VL + i) * x_row))[0]
        transpose_rows(rows + tile * VL)
    for i in range(VL):
        for tile in range(LINE // VL):
            store_around(y + i * y_row + tile * VL, rows[tile * VL + i])


cdef inline void transpose_matrix(
    const real* x, Py_ssize_t x_row, real* y, Py_ssize_t y_row, Py_ssize_t rows, Py_ssize_t columns
) noexcept nogil:
    """y[j, i] = x[i, j] for so many rows i and columns j of x. x_row and y_row are the distances of rows."""
    cdef Py_ssize_t down = (rows + VL - 1) // VL, along = (columns + VL - 1) // VL
    cdef Py_ssize_t tile, i, j
    if rows < VL or columns < VL:
        for j in range(columns):
            for i in range(rows):
                y[j * y_row + i] = x[i * x_row + j]
        return
    for tile in range(down * along):
        i = min(tile // along * VL, rows - VL)
        j = min(tile % along * VL, columns - VL)
        transpose_tile(x + i * x_row + j, x_row, y + j * y_row + i, y_row)
