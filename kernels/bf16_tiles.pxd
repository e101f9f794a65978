# Products of float32 matrices on a processor's tiles of bfloat16.
#
# Design:
# a) A float32 is the exact sum of three bfloat16: its upper 16 bits, the upper 16 bits of what they leave, and the rest (8 + 8 + 8
#    bits of a mantissa of 24; less only where the rest is smaller than the smallest number). The product of two such sums
#    is nine products, of which the six largest are added up. What is left out is 2^-23 of the product, as much as float32 rounds
#    off. (G. Henry, P. Tang, A. Heinecke: Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision
#    Computations, ARITH 2019, section III.) Additions are in float32.
#    With two terms, which are rounded then, three products are added up, in half of the time, and what is left out is at most 2^-15
#    of the product. The module says how many: it defines TERMS.
# b) A tile has 16 rows of 64 bytes. One instruction multiplies a tile of 16 rows x 32 numbers by a tile of 32 x 16 numbers and adds
#    16 x 16 sums, in the time of 16 multiply-adds of vectors: six of them, or three, do the work of 32. Four tiles of sums, of
#    SIDE rows x SIDE columns, stay in registers while the depth runs.
# c) The left operand lies anywhere: rows evenly spaced, each chunk of the depth at an offset of its own. So windows of an image are
#    read where they are. The right operand is packed, SIDE columns at a time: what a multiplication takes are pairs of neighbours
#    along the depth, so each pair lies together, [pair][term][half of the columns][column][neighbour]: for a term, two lines of the
#    cache.
# d) Infinity has no such sum, and multiplies the zeros beside it to NaN. Who splits numbers finds those that are not finite in
#    `leftover`; their product must be computed in another way.
from libc.string cimport memcpy

from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport ZERO_VECTOR, real, vec

cdef extern from *:
    """
    #include <immintrin.h>
    #include <stdint.h>

    typedef uint16_t bf16;
    typedef uint32_t bits __attribute__((vector_size(64)));

    /* Eight tiles of 16 rows x 64 bytes. The registers belong to a thread, and cost time in each task switch until released. */
    static const struct {
        uint8_t palette, first_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } EIGHT_TILES = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

    /* Instructions on tiles read memory behind the compiler's back: what was stored before must be there. */
    #define STORES_ARE_DONE() __asm__ volatile("" ::: "memory")

    #ifdef __SANITIZE_ADDRESS__  /* which does not see what these instructions access: 16 rows of 64 bytes */
    static inline void touch_tile(const volatile char *row, size_t step) {
        for (int i = 0; i < 16; i++, row += step) {
            (void)row[0];
            (void)row[63];
        }
    }
    #undef _tile_loadd
    #undef _tile_stored
    #define _tile_loadd(tile, rows, step) touch_tile((const char *)(rows), step); _tile_loadd_internal(tile, rows, step)
    #define _tile_stored(tile, rows, step) touch_tile((const char *)(rows), step); _tile_stored_internal(tile, rows, step)
    #endif

    /* The upper halves of 32 numbers, in order. */
    static inline void store_halves(bf16 *target, bits first, bits second) {
        const __m512i odd = _mm512_set_epi16(
            63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33,
            31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
        _mm512_storeu_si512(target, _mm512_permutex2var_epi16((__m512i)first, odd, (__m512i)second));
    }
    """
    enum:
        TERMS
    ctypedef unsigned short bf16
    ctypedef unsigned int bits
    const void* EIGHT_TILES
    void STORES_ARE_DONE() noexcept nogil
    void store_halves(bf16* target, bits first, bits second) noexcept nogil
    void _tile_loadconfig(const void* config) noexcept nogil
    void _tile_release() noexcept nogil
    void _tile_loadd(int tile, const void* first_row, size_t bytes_between_rows) noexcept nogil
    void _tile_stored(int tile, void* first_row, size_t bytes_between_rows) noexcept nogil
    void _tile_dpbf16ps(int sums, int left, int right) noexcept nogil

cdef enum:
    DEPTH = 32                    # numbers in a row of a tile
    SIDE = 32                     # rows and columns of a product
    PAIR = TERMS * 2 * SIDE       # numbers of two neighbours along the depth in the packed right operand
    PACKED = DEPTH // 2 * PAIR    # and of a chunk
    AHEAD = 512                   # numbers: as far ahead memory is asked for

cdef struct Split:                # 16 numbers as bits of their terms, in the upper halves
    bits first, second, third


cdef inline void begin_tiles() noexcept nogil:
    _tile_loadconfig(&EIGHT_TILES)


cdef inline void end_tiles() noexcept nogil:
    _tile_release()


cdef inline bits upper_half(bits numbers) noexcept nogil:
    """The upper half of each number; rounded, if the last of them is not taken."""
    if TERMS == 2:
        numbers = numbers + 0x8000u
    return numbers & 0xFFFF0000u


cdef inline Split split(vec numbers, vec* leftover) noexcept nogil:
    """The terms of 16 numbers. `leftover` stays 0 as long as all numbers are finite."""
    cdef Split terms
    cdef vec rest
    terms.first = upper_half(<bits>numbers)
    rest = numbers - <vec>terms.first
    terms.second = upper_half(<bits>rest)
    rest = rest - <vec>terms.second
    terms.third = upper_half(<bits>rest)
    leftover[0] += rest - rest
    return terms


cdef inline bint all_finite(vec leftover) noexcept nogil:
    cdef int i
    cdef real total = 0
    for i in range(16):
        total += (<real*>&leftover)[i]
    return total == 0


cdef inline void split_row(const real* source, Py_ssize_t count, bf16* target, Py_ssize_t term, vec* leftover) noexcept nogil:
    """Splits numbers in a row: target[t * term + i] = term t of number i. Behind the last, up to DEPTH zeros may be written."""
    cdef Py_ssize_t i = 0
    cdef Split a, b
    cdef vec last[2]
    cdef const vec* numbers
    while i < count:
        numbers = <const vec*>(source + i)
        prefetch_for_reading(source + i + AHEAD)
        prefetch_for_reading(source + i + AHEAD + 16)
        if count - i < DEPTH:
            last[0] = last[1] = ZERO_VECTOR
            memcpy(last, numbers, (count - i) * sizeof(real))
            numbers = last
        a = split(numbers[0], leftover)
        b = split(numbers[1], leftover)
        store_halves(target + i, a.first, b.first)
        store_halves(target + term + i, a.second, b.second)
        if TERMS == 3:
            store_halves(target + 2 * term + i, a.third, b.third)
        i += DEPTH


cdef inline void pack_pair(const vec* even, const vec* odd, bf16* target, vec* leftover) noexcept nogil:
    """Packs SIDE columns of two neighbours along the depth: [term][half of the columns][column][neighbour]."""
    cdef Split a, b
    cdef int half
    for half in range(2):
        a = split(even[half], leftover)
        b = split(odd[half], leftover)
        (<bits*>(target + half * DEPTH))[0] = a.first >> 16 | b.first
        (<bits*>(target + (2 + half) * DEPTH))[0] = a.second >> 16 | b.second
        if TERMS == 3:
            (<bits*>(target + (4 + half) * DEPTH))[0] = a.third >> 16 | b.third


cdef inline void load_left(const bf16* upper, const bf16* lower, size_t step, bint tall) noexcept nogil:
    """Loads the tiles 4 and 5."""
    _tile_loadd(4, upper, step)
    if tall:
        _tile_loadd(5, lower, step)


cdef inline void load_right(const bf16* columns, bint wide) noexcept nogil:
    """Loads the tiles 6 and 7."""
    _tile_loadd(6, columns, PAIR * sizeof(bf16))
    if wide:
        _tile_loadd(7, columns + DEPTH, PAIR * sizeof(bf16))


cdef inline void multiply_terms(bint tall, bint wide) noexcept nogil:
    """Adds the products of the tiles 4 and 5 on the left and 6 and 7 on the right to the sums 0 to 3."""
    _tile_dpbf16ps(0, 4, 6)
    if wide:
        _tile_dpbf16ps(1, 4, 7)
    if tall:
        _tile_dpbf16ps(2, 5, 6)
    if tall and wide:
        _tile_dpbf16ps(3, 5, 7)


cdef inline void multiply_tiles(const bf16* left, Py_ssize_t row, Py_ssize_t term, const Py_ssize_t* offset, Py_ssize_t chunks,
                                const bf16* right, const real* start, Py_ssize_t start_row, real* sums, Py_ssize_t sums_row,
                                Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    """sums[i * sums_row + j] = start[i * start_row + j] + the product of rows on the left and columns on the right.

    Args:
        left: number p of row i in chunk q is the sum of left[t * term + i * row + offset[q] + p], over the terms t.
        right: packed pairs, DEPTH // 2 for each chunk.
        rows, columns: how many are wanted, up to SIDE. Of 16 or fewer, half of the tiles are left out; sums for the rest of a
            tile mean nothing.
    """
    cdef size_t step = row * sizeof(bf16), start_step = start_row * sizeof(real), sums_step = sums_row * sizeof(real)
    cdef bint tall = rows > 16, wide = columns > 16
    cdef Py_ssize_t q
    cdef const bf16* upper
    cdef const bf16* lower
    STORES_ARE_DONE()
    _tile_loadd(0, start, start_step)
    if wide:
        _tile_loadd(1, start + 16, start_step)
    if tall:
        _tile_loadd(2, start + 16 * start_row, start_step)
    if tall and wide:
        _tile_loadd(3, start + 16 * start_row + 16, start_step)
    for q in range(chunks):
        upper = left + offset[q]
        lower = upper + 16 * row
        # One operand changes at a time.
        if TERMS == 3:  # 1 x 3, 1 x 2, 2 x 2, 2 x 1, 3 x 1, 1 x 1
            load_left(upper, lower, step, tall)
            load_right(right + 4 * DEPTH, wide)
            multiply_terms(tall, wide)
            load_right(right + 2 * DEPTH, wide)
            multiply_terms(tall, wide)
            load_left(upper + term, lower + term, step, tall)
            multiply_terms(tall, wide)
            load_right(right, wide)
            multiply_terms(tall, wide)
            load_left(upper + 2 * term, lower + 2 * term, step, tall)
            multiply_terms(tall, wide)
            load_left(upper, lower, step, tall)
            multiply_terms(tall, wide)
        else:  # 1 x 2, 1 x 1, 2 x 1
            load_left(upper, lower, step, tall)
            load_right(right + 2 * DEPTH, wide)
            multiply_terms(tall, wide)
            load_right(right, wide)
            multiply_terms(tall, wide)
            load_left(upper + term, lower + term, step, tall)
            multiply_terms(tall, wide)
        right += PACKED
    _tile_stored(0, sums, sums_step)
    if wide:
        _tile_stored(1, sums + 16, sums_step)
    if tall:
        _tile_stored(2, sums + 16 * sums_row, sums_step)
    if tall and wide:
        _tile_stored(3, sums + 16 * sums_row + 16, sums_step)
    STORES_ARE_DONE()
