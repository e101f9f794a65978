# Numbers too small for a normal exponent take a CPU some hundred cycles each. Kernels treat them as zero:
#
#     cdef unsigned long long state = flush_denormals()
#     ...
#     restore_denormals(state)
#
# The state belongs to a thread, so each thread does this around its share of the work. It must be restored: the caller's
# own arithmetic keeps its denormals.
cdef extern from *:
    """
    #if defined(__SSE2__) || defined(_M_X64)
    #include <xmmintrin.h>
    /* bit 15 flushes denormal results, bit 6 takes denormal operands as zero */
    static inline unsigned long long flush_denormals(void) {
        unsigned int old = _mm_getcsr();
        _mm_setcsr(old | 0x8040);
        return old;
    }
    static inline void restore_denormals(unsigned long long old) { _mm_setcsr((unsigned int)old); }

    #elif defined(__aarch64__)
    /* bit 24 does both */
    static inline unsigned long long flush_denormals(void) {
        unsigned long long old;
        __asm__ volatile("mrs %0, fpcr" : "=r"(old));
        __asm__ volatile("msr fpcr, %0" : : "r"(old | (1ull << 24)));
        return old;
    }
    static inline void restore_denormals(unsigned long long old) { __asm__ volatile("msr fpcr, %0" : : "r"(old)); }

    #else
    static inline unsigned long long flush_denormals(void) { return 0; }
    static inline void restore_denormals(unsigned long long old) { (void)old; }
    #endif
    """
    unsigned long long flush_denormals() noexcept nogil
    void restore_denormals(unsigned long long old) noexcept nogil
