# A part of a file is read in one pass: into arrays, and into its CRC-32, as zip archives have it.
#
# Design:
# a) The bytes are read in blocks, each to where it belongs or into scratch memory, and added to the checksum while they are in
#    the cache. It is one call without the GIL: a thread does it while others run Python.
# b) A checksum is the remainder of a division of polynomials. 64 bytes can be replaced by what they are modulo the divisor when
#    they are moved 64 bytes on, and added to the next 64: two carry-less products for each 16 bytes, with the remainders of
#    x^(512 + 32) and x^(512 - 32). The last 64 bytes, and what is left, go through tables.
# c) TABLES[n][byte] is the remainder of a byte with n zeros behind it, so that 8 bytes take 8 independent look-ups. That is all
#    there is on CPUs without such products.
# d) Bits are in the order of the zip format, lowest first: a register holds the polynomial reversed.
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef extern from *:
    """
    #ifdef _WIN32
    #include <io.h>
    #define READ(descriptor, buffer, size) _read(descriptor, buffer, (unsigned int)(size))
    #define SEEK(descriptor, place) _lseeki64(descriptor, place, 0)
    #else
    #include <unistd.h>
    #define READ(descriptor, buffer, size) read(descriptor, buffer, size)
    #define SEEK(descriptor, place) lseek(descriptor, place, SEEK_SET)
    #endif

    #if defined(__x86_64__) && defined(__GNUC__)
    #include <immintrin.h>

    static int can_fold(void) { return __builtin_cpu_supports("pclmul") != 0; }

    __attribute__((target("pclmul,sse2")))
    static void fold(unsigned char *state, const unsigned char *data, size_t blocks) {
        const __m128i factors = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
        __m128i x[4];
        for (int i = 0; i < 4; i++)
            x[i] = _mm_loadu_si128((const __m128i *)state + i);
        for (; blocks; blocks--, data += 64)
            for (int i = 0; i < 4; i++) {
                __m128i low = _mm_clmulepi64_si128(x[i], factors, 0x00), high = _mm_clmulepi64_si128(x[i], factors, 0x11);
                x[i] = _mm_xor_si128(_mm_xor_si128(low, high), _mm_loadu_si128((const __m128i *)data + i));
            }
        for (int i = 0; i < 4; i++)
            _mm_storeu_si128((__m128i *)state + i, x[i]);
    }
    #else
    static int can_fold(void) { return 0; }
    static void fold(unsigned char *state, const unsigned char *data, size_t blocks) {}
    #endif
    """
    int64_t READ(int descriptor, void* buffer, size_t size) noexcept nogil
    int64_t SEEK(int descriptor, int64_t place) noexcept nogil
    bint can_fold() noexcept
    void fold(unsigned char* state, const unsigned char* data, size_t blocks) noexcept nogil


cdef enum:
    BLOCK = 1 << 18  # bytes
    DIVISOR = 0xEDB88320

cdef uint32_t[8][256] TABLES
cdef bint FOLDS = can_fold()


cdef void fill_tables() noexcept:
    cdef uint32_t remainder
    cdef int byte, n, _n
    for byte in range(256):
        remainder = byte
        for _n in range(8):
            remainder = (remainder >> 1) ^ (<uint32_t>DIVISOR if remainder & 1 else 0)
        TABLES[0][byte] = remainder
    for n in range(1, 8):
        for byte in range(256):
            TABLES[n][byte] = (TABLES[n - 1][byte] >> 8) ^ TABLES[0][TABLES[n - 1][byte] & 255]


fill_tables()


cdef uint32_t add_by_tables(uint32_t remainder, const unsigned char* data, size_t size) noexcept nogil:
    cdef uint64_t word
    cdef int n
    while size >= 8:
        word = remainder
        for n in range(8):
            word ^= <uint64_t>data[n] << (8 * n)
        remainder = 0
        for n in range(8):
            remainder ^= TABLES[7 - n][(word >> (8 * n)) & 255]
        data, size = data + 8, size - 8
    for n in range(<int>size):
        remainder = (remainder >> 8) ^ TABLES[0][(remainder ^ data[n]) & 255]
    return remainder


cdef uint32_t add(uint32_t remainder, const unsigned char* data, size_t size) noexcept nogil:
    """The remainder with more bytes behind those that it is of."""
    cdef unsigned char[64] state
    cdef size_t blocks = size // 64
    cdef int n
    if FOLDS and blocks > 1:
        memcpy(state, data, 64)
        for n in range(4):
            state[n] ^= (remainder >> (8 * n)) & 255
        fold(state, data + 64, blocks - 1)
        remainder = add_by_tables(0, state, 64)
        data, size = data + 64 * blocks, size - 64 * blocks
    return add_by_tables(remainder, data, size)


def crc32(const unsigned char[::1] data):
    """Returns the checksum of bytes."""
    return ~add(0xFFFFFFFF, &data[0], data.shape[0]) & 0xFFFFFFFF if data.shape[0] else 0


cdef struct Part:
    int64_t start, size
    unsigned char* target


cdef class Stop:
    """What ends a reading that is under way, from another thread."""

    cdef volatile bint wanted

    def __call__(self):
        self.wanted = True


def read_parts(
    int descriptor, int64_t start, int64_t size, list places, list buffers, Stop stop, bint checks=True
):
    """Reads a part of an open file in one pass, and some of it into arrays.

    Args:
        descriptor: of the file, which nobody else reads from meanwhile.
        start: where the part begins.
        size: how many bytes it has.
        places: where in the part there is what belongs into each buffer. They go up, and nothing belongs into two.
        buffers: arrays of bytes.
        stop: it ends the reading when it is called.
        checks: whether the checksum is wanted.

    Returns:
        The checksum of the part, or any other number if it is not wanted; None if it is shorter, can't be read, or if `stop`
        was called.

    Raises:
        ValueError: if the places are not such.
    """
    cdef Py_ssize_t count = len(places), number
    cdef int64_t place = 0, length, got = 1
    cdef uint32_t remainder = 0xFFFFFFFF
    cdef unsigned char[::1] buffer
    cdef unsigned char* target
    cdef unsigned char* block = <unsigned char*>malloc(BLOCK + (count + 1) * sizeof(Part))
    if block == NULL:
        raise MemoryError
    cdef Part* parts = <Part*>(block + BLOCK)
    try:
        for number in range(count):
            buffer = buffers[number]
            parts[number] = Part(places[number], buffer.shape[0], &buffer[0])
            if parts[number].start < place or not 0 < parts[number].size <= size - parts[number].start:
                raise ValueError(f"Parts of a file have to follow one another within it. Received: {places}")
            place = parts[number].start + parts[number].size
        parts[count] = Part(size, 0, NULL)  # behind all others, so that there is always a next one
        place = number = 0
        with nogil:
            if SEEK(descriptor, start) != start:
                got = 0
            while place < size and got > 0 and not stop.wanted:
                if place < parts[number].start:
                    length, target = parts[number].start - place, block
                else:
                    length = parts[number].start + parts[number].size - place
                    target = parts[number].target + (place - parts[number].start)
                got = READ(descriptor, target, min(<int64_t>BLOCK, length))
                if got > 0 and checks:
                    remainder = add(remainder, target, got)
                place += max(0, got)
                if place == parts[number].start + parts[number].size:
                    number += 1
    finally:
        free(block)
    return None if place < size else ~remainder & 0xFFFFFFFF
