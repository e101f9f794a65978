# All variables of an optimizer, cut into blocks, and one rule that is applied to each block.
#
# Design:
# a) Weights w, gradients g and what the optimizer remembers (slots) are lists of arrays. Arrays at one place of the lists are
#    C-contiguous and have as many numbers. An optional list may be None. For a kernel an array is flat, whatever its shape.
# b) The arrays are cut into blocks of BLOCK numbers, which threads share. A new number depends on those at its own place
#    only, so the division of the work cannot be seen in the result.
# c) A rule is a plain function on a block, called through a pointer once in BLOCK numbers. Its settings come as double and
#    are rounded to the number type once.
cimport numpy
from cython.parallel cimport prange

from kernels.arrays cimport ANY, count_of, numbers_of, results_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    BLOCK = 4096
    SLOTS = 3
    SETTINGS = 8
    OPERATIONS = 4  # per number: few, since a step waits for memory

cdef struct Block:
    real* w
    const real* g
    real* slots[SLOTS]  # NULL where the optimizer does not keep as many
    real decay  # what weights are multiplied by before the rule sees them, 1 for no weight decay
    Py_ssize_t size

cdef struct Work:
    Block* blocks
    Py_ssize_t count, numbers

ctypedef void (*Rule)(const Block* block, const real* settings) noexcept nogil


cdef inline Py_ssize_t count_blocks(Py_ssize_t n) noexcept nogil:
    return (n + BLOCK - 1) // BLOCK


cdef inline Block part_of(const Block* whole, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    cdef Block block
    cdef Py_ssize_t slot
    block.w, block.g, block.decay, block.size = whole.w + start, whole.g + start, whole.decay, size
    for slot in range(SLOTS):
        block.slots[slot] = NULL if whole.slots[slot] == NULL else whole.slots[slot] + start
    return block


cdef inline int fill(Block* blocks, list w, list g, tuple slots, list decay) except -1:
    cdef Block whole
    cdef Py_ssize_t place, slot, part, n
    for place in range(len(w)):
        n = count_of(w[place])
        whole.w, whole.g = results_of(w[place], ANY), numbers_of(g[place], ANY)
        whole.decay = 1 if decay is None else <double>decay[place]
        for slot in range(SLOTS):
            whole.slots[slot] = NULL
            if slot < len(slots) and slots[slot] is not None:
                whole.slots[slot] = results_of(slots[slot][place], ANY)
        for part in range(count_blocks(n)):
            blocks[0] = part_of(&whole, part * BLOCK, min(<Py_ssize_t>BLOCK, n - part * BLOCK))
            blocks += 1
    return 0


cdef inline Work cut(list w, list g, tuple slots, list decay) except *:
    """All arrays as blocks, in memory that is to be given back."""
    cdef Work work = Work(NULL, 0, 0)
    cdef numpy.ndarray array
    cdef Py_ssize_t n
    for array in w:
        n = count_of(array)
        work.numbers += n
        work.count += count_blocks(n)
    work.blocks = <Block*>scratch_take(work.count * sizeof(Block))
    if work.blocks == NULL:
        raise MemoryError()
    try:
        fill(work.blocks, w, g, slots, decay)
    except BaseException:
        scratch_give(work.blocks)
        raise
    return work


cdef inline void apply_rule(Rule rule, const Block* block, const real* settings) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    rule(block, settings)
    restore_denormals(state)


cdef inline int update(Rule rule, list w, list g, tuple slots, tuple settings, list decay) except -1:
    """Applies a rule to all variables."""
    cdef real numbers[SETTINGS]
    cdef Py_ssize_t i
    for i in range(len(settings)):
        numbers[i] = <double>settings[i]  # Cython takes `real` for float, and would round to that
    cdef Work work = cut(w, g, slots, decay)
    for i in prange(work.count, nogil=True, schedule="static", num_threads=threads_for(work.numbers * OPERATIONS)):
        apply_rule(rule, &work.blocks[i], numbers)
    scratch_give(work.blocks)
    return 0
