# What this CPU and its operating system can do.
#
# Design:
# a) Built once, for the least CPU, since it decides which of the other builds may be loaded.
# b) CPUID alone is not enough: an operating system that does not save the long registers on a task switch makes AVX fault.
#    XGETBV tells which registers it saves.
# c) The registers of AMX hold 8 KiB: Linux saves them for processes that have asked for it, which features() does.
# d) On other machines cpuid() reports nothing, so there are no features, and no size of a cache.
cdef extern from *:
    """
    #if defined(__x86_64__) || defined(__i386__)
    #include <cpuid.h>
    static void cpuid(unsigned int leaf, unsigned int part, unsigned int *r) {
        __cpuid_count(leaf, part, r[0], r[1], r[2], r[3]);
    }
    static unsigned int saved_registers(void) {
        unsigned int low, high;
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        return low;
    }
    #elif defined(_M_X64) || defined(_M_IX86)
    #include <intrin.h>
    static void cpuid(unsigned int leaf, unsigned int part, unsigned int *r) {
        __cpuidex((int *)r, (int)leaf, (int)part);
    }
    static unsigned int saved_registers(void) { return (unsigned int)_xgetbv(0); }
    #else
    static void cpuid(unsigned int leaf, unsigned int part, unsigned int *r) {
        (void)leaf, (void)part;
        r[0] = r[1] = r[2] = r[3] = 0;
    }
    static unsigned int saved_registers(void) { return 0; }
    #endif

    #if defined(__linux__) && defined(__x86_64__)
    #include <sys/syscall.h>
    #include <unistd.h>
    /* ARCH_REQ_XCOMP_PERM for the data of tiles */
    static int tiles_are_granted(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }
    #else
    static int tiles_are_granted(void) { return 0; }
    #endif
    """
    bint tiles_are_granted()
    void cpuid(unsigned int leaf, unsigned int part, unsigned int* registers)
    unsigned int saved_registers()


# Leaves of CPUID, and indices of its registers.
BASIC, MORE, EXTENDED = 1, 7, 0x80000001
CACHES_OF_INTEL, CACHES_OF_AMD = 4, 0x8000001D  # a part for each cache
EAX, EBX, ECX, EDX = 0, 1, 2, 3

OSXSAVE = 1 << 27  # in ECX of BASIC: XGETBV may be asked
YMM = 0x06  # bits of XGETBV: registers of 128 and 256 bits
ZMM = 0xE6  # and of 512 bits, and masks
TILES = 0x60000  # those of AMX, large enough that Linux wants to be asked by each process

# Feature, in the name of GCC's option: leaf, register, bit, registers that the operating system must save.
FEATURES = {
    "sse3": (BASIC, ECX, 0, 0),
    "ssse3": (BASIC, ECX, 9, 0),
    "fma": (BASIC, ECX, 12, YMM),
    "cx16": (BASIC, ECX, 13, 0),
    "sse4.1": (BASIC, ECX, 19, 0),
    "sse4.2": (BASIC, ECX, 20, 0),
    "movbe": (BASIC, ECX, 22, 0),
    "popcnt": (BASIC, ECX, 23, 0),
    "avx": (BASIC, ECX, 28, YMM),
    "f16c": (BASIC, ECX, 29, YMM),
    "bmi": (MORE, EBX, 3, 0),
    "avx2": (MORE, EBX, 5, YMM),
    "bmi2": (MORE, EBX, 8, 0),
    "avx512f": (MORE, EBX, 16, ZMM),
    "avx512dq": (MORE, EBX, 17, ZMM),
    "avx512cd": (MORE, EBX, 28, ZMM),
    "avx512bw": (MORE, EBX, 30, ZMM),
    "avx512vl": (MORE, EBX, 31, ZMM),
    "amx-bf16": (MORE, EDX, 22, TILES),
    "amx-tile": (MORE, EDX, 24, TILES),
    "sahf": (EXTENDED, ECX, 0, 0),
    "lzcnt": (EXTENDED, ECX, 5, 0),
}


cdef unsigned int read(unsigned int leaf, unsigned int register, unsigned int part=0):
    """A register of CPUID, 0 if the CPU does not know the leaf."""
    cdef unsigned int registers[4]
    cpuid(leaf & 0x80000000, 0, registers)  # gives the highest leaf of its kind
    if registers[0] < leaf:
        return 0
    cpuid(leaf, part, registers)
    return registers[register]


def features():
    """The names of the features that this CPU has and the operating system supports, as a set."""
    saved = saved_registers() if read(BASIC, ECX) & OSXSAVE else 0
    if saved & TILES and not tiles_are_granted():
        saved &= ~TILES
    return {
        name
        for name, (leaf, register, bit, needed) in FEATURES.items()
        if (read(leaf, register) >> bit) & 1 and saved & needed == needed
    }


def last_level_cache():
    """The size in bytes of the largest cache that a core of this CPU has a share in, 0 if the CPU does not tell."""
    largest = 0
    for leaf in (CACHES_OF_INTEL, CACHES_OF_AMD):
        part = 0
        while read(leaf, EAX, part) & 31:  # the kind of a cache, 0 behind the last one
            ways, partitions, line = (read(leaf, EBX, part) >> shift & mask for shift, mask in ((22, 1023), (12, 1023), (0, 4095)))
            largest = max(largest, (ways + 1) * (partitions + 1) * (line + 1) * (read(leaf, ECX, part) + 1))
            part += 1
    return largest
