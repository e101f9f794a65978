# The memory of arrays that come and go with every step of training, kept from one step to the next. Fresh pages from the
# system cost as much as the arithmetic done in them.
#
# Design:
# a) NumPy lets an allocator be set, for the present context (NEP 49). While a function that is decorated with `pooled` runs,
#    that is the pool; each array knows by itself where its memory goes back to when it dies. So ops say numpy.empty, what
#    NumPy makes on its own comes from the pool too, and a user gets ordinary arrays, which may be kept for any time.
# b) Memory comes from the system in segments of SEGMENT bytes, or larger for a larger array. Pages of a segment that were
#    never touched do not exist.
# c) A segment is a row of blocks, each with a header in front. An array gets the smallest free block that is large enough,
#    the rest of it is cut off, and free neighbours become one again. (Without that, what is free for one size could not be
#    used for another, and the peak would be up to twice as high.) There are some dozen free blocks to search; where a user
#    has made thousands, by keeping some of many arrays, no more than SEARCHED of about the size are looked at.
# d) Memory of an array begins with a page. A CPU compares the lowest 12 bits of addresses first: what is read seems to wait for a
#    result that has just been stored at the same place of another page. Of arrays that begin alike, these are not the next numbers.
# e) At the end of an outermost call of such a function, and later when arrays die, free segments go back to the system, down
#    to what two of the last CALLS calls needed: all of it after a single large batch, and nothing where calls of several
#    kinds take turns.
# f) Arrays below SMALL bytes come from malloc, which keeps such memory by itself: a small array that a user keeps should not
#    hold a segment. What stays for good, as weights, is made by functions decorated with `lasting`, outside of the pool.
# g) Compiled for AddressSanitizer, `pooled` leaves functions as they are: the sanitizer sees only what leaves a block of
#    malloc.
# h) What a file describes may compute with arrays of any size while the model is made. `bounded` sets an allocator that has no
#    memory for them, and stays set where functions are `pooled`.
# i) NumPy calls an allocator with the GIL held, which protects all of this from other threads, and from a fork between.
import functools

cimport numpy
from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport uintptr_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memset, strcpy

from convlayers._native.runtime import sanitized
from kernels.huge_pages cimport use_huge_pages

cdef enum:
    PAGE = 4096  # bytes
    SMALL = 1 << 14  # bytes
    SEGMENT = 1 << 26  # bytes
    CALLS = 64
    LISTS = 40
    SEARCHED = 64

cdef enum Origin:
    FROM_MALLOC
    FROM_SEGMENT

cdef struct Label:  # lies in front of the memory of every array
    size_t size  # of that memory
    size_t origin

cdef struct Block:  # lies in front of the memory that it describes; as long as a line of the cache
    Block* before  # its neighbours in the segment; NULL at the ends
    Block* after
    Block* previous  # in the list of free blocks
    Block* next
    void* segment  # what malloc returned
    size_t free
    Label label

cdef Block free_blocks[LISTS]  # heads of lists: of blocks from SMALL bytes on, from twice as many on ...
cdef size_t held = 0  # bytes of all segments
cdef size_t occupied = 0  # bytes of those in which an array lives
cdef size_t peak = 0  # most bytes that were occupied in the present call
cdef size_t[CALLS] peaks  # of the last calls
cdef int next_peak = 0
cdef size_t kept = 0  # the second largest of them
cdef int calls = 0  # that are under way, in several threads


# Blocks -------------------------------------------------------------------------------------------------------------------


cdef inline size_t whole_pages(size_t bytes) noexcept:
    return (bytes + PAGE - 1) & ~<size_t>(PAGE - 1)


cdef inline int list_of(size_t size) noexcept:
    """The number of the list for free blocks of this size."""
    cdef int number = 0
    while number < LISTS - 1 and size >= <size_t>SMALL << (number + 1):
        number += 1
    return number


cdef inline void put_on_list(Block* block) noexcept:
    cdef Block* head = &free_blocks[list_of(block.label.size)]
    block.free = True
    block.previous, block.next = head, head.next
    if block.next != NULL:
        block.next.previous = block
    head.next = block


cdef inline void take_off_list(Block* block) noexcept:
    block.free = False
    block.previous.next = block.next
    if block.next != NULL:
        block.next.previous = block.previous


cdef inline bint is_whole_segment(Block* block) noexcept:
    return block.before == NULL and block.after == NULL


cdef Block* add_segment(size_t size) noexcept:
    """Puts a segment with one free block on the list. NULL if there is no memory."""
    global held
    cdef size_t bytes = sizeof(Block) + size
    cdef char* segment = <char*>malloc(bytes + PAGE)
    if segment == NULL:
        return NULL
    use_huge_pages(segment, bytes + PAGE)
    cdef Block* block = <Block*>whole_pages(<uintptr_t>segment + sizeof(Block)) - 1
    block.before = block.after = NULL
    block.segment = segment
    block.label.size = size
    block.label.origin = FROM_SEGMENT
    put_on_list(block)
    held += size
    return block


cdef void remove_segment(Block* block) noexcept:
    global held
    take_off_list(block)
    held -= block.label.size
    free(block.segment)


cdef Block* smallest_free_block(size_t size) noexcept:
    """The smallest that is large enough, of several the first in memory; NULL if there is none."""
    cdef Block* best = NULL
    cdef Block* block
    cdef int number = list_of(size), searched
    while number < LISTS and best == NULL:
        block, searched = free_blocks[number].next, 0
        while block != NULL and searched < SEARCHED:
            if block.label.size >= size:
                if best == NULL or block.label.size < best.label.size or (block.label.size == best.label.size and block < best):
                    best = block
            block, searched = block.next, searched + 1
        number += 1
    return best


cdef void cut_off_rest(Block* block, size_t size) noexcept:
    """Makes a free block of what is more than `size`, if it is worth it."""
    cdef Block* rest
    if block.label.size < size + sizeof(Block) + SMALL:
        return
    rest = <Block*>(<char*>block + sizeof(Block) + size)
    rest.before, rest.after = block, block.after
    if rest.after != NULL:
        rest.after.before = rest
    rest.segment = block.segment
    rest.label.size = block.label.size - size - sizeof(Block)
    rest.label.origin = FROM_SEGMENT
    block.after = rest
    block.label.size = size
    put_on_list(rest)


cdef void join_with_next(Block* block) noexcept:
    """Makes one block of two neighbours."""
    block.label.size += sizeof(Block) + block.after.label.size
    block.after = block.after.after
    if block.after != NULL:
        block.after.before = block


cdef Block* take_block(size_t size) noexcept:
    global occupied, peak
    cdef Block* block = smallest_free_block(size)
    if block == NULL:
        block = add_segment(max(size, <size_t>SEGMENT))
        if block == NULL:
            return NULL
    if is_whole_segment(block):
        occupied += block.label.size
        peak = max(peak, occupied)
    take_off_list(block)
    cut_off_rest(block, size)
    return block


cdef void give_block(Block* block) noexcept:
    global occupied
    if block.after != NULL and block.after.free:
        take_off_list(block.after)
        join_with_next(block)
    if block.before != NULL and block.before.free:
        block = block.before
        take_off_list(block)
        join_with_next(block)
    put_on_list(block)
    if is_whole_segment(block):
        occupied -= block.label.size
        if not calls:
            give_back_to_system()


cdef void give_back_to_system() noexcept:
    """Removes free segments without which enough is held, and those that are larger than all that is needed."""
    cdef Block* block
    cdef Block* next
    cdef int number
    if held <= kept:
        return
    for number in range(list_of(SEGMENT), LISTS):
        block = free_blocks[number].next
        while block != NULL:
            next = block.next
            if is_whole_segment(block) and (held >= kept + block.label.size or block.label.size > kept):
                remove_segment(block)
            block = next


# Calls of pooled functions ------------------------------------------------------------------------------------------------


cdef void begin_call() noexcept:
    global calls, peak
    if not calls:
        peak = occupied
    calls += 1


cdef void end_call() noexcept:
    global calls, kept, next_peak, peak
    cdef size_t forgotten = peaks[next_peak]
    calls -= 1
    peaks[next_peak] = peak
    next_peak = (next_peak + 1) % CALLS
    if peak != forgotten:
        kept = second_largest_peak()
    peak = occupied
    give_back_to_system()


cdef size_t second_largest_peak() noexcept:
    cdef size_t most = 0, second = 0, one
    for one in peaks:
        second = max(second, min(most, one))
        most = max(most, one)
    return second


# What NumPy calls ---------------------------------------------------------------------------------------------------------


cdef inline Label* label_of(void* memory) noexcept:
    return <Label*>memory - 1


cdef void* allocate(void* context, size_t bytes) noexcept:
    cdef Label* label
    cdef Block* block
    if bytes < SMALL:
        label = <Label*>malloc(sizeof(Label) + bytes)
        if label == NULL:
            return NULL
        label[0] = Label(bytes, FROM_MALLOC)
        return label + 1
    block = take_block(whole_pages(sizeof(Block) + bytes) - sizeof(Block))
    return NULL if block == NULL else block + 1


cdef void* allocate_zeros(void* context, size_t count, size_t size) noexcept:
    cdef void* memory = allocate(context, count * size)
    if memory != NULL:
        memset(memory, 0, count * size)
    return memory


cdef void release(void* context, void* memory, size_t bytes) noexcept:
    if memory == NULL:
        return
    if label_of(memory).origin == FROM_MALLOC:
        free(label_of(memory))
    else:
        give_block(<Block*>memory - 1)


cdef void* reallocate(void* context, void* memory, size_t bytes) noexcept:
    cdef void* larger = allocate(context, bytes)
    if larger != NULL and memory != NULL:
        memcpy(larger, memory, min(bytes, label_of(memory).size))
        release(context, memory, 0)
    return larger


# Memory with a bound -------------------------------------------------------------------------------------------------------

cdef size_t MOST = <size_t>1 << 32  # bytes


cdef void* allocate_bounded(void* context, size_t bytes) noexcept:
    return malloc(bytes) if bytes <= MOST else NULL


cdef void* allocate_bounded_zeros(void* context, size_t count, size_t size) noexcept:
    return calloc(count, size) if size == 0 or count <= MOST // size else NULL


cdef void* reallocate_bounded(void* context, void* memory, size_t bytes) noexcept:
    return realloc(memory, bytes) if bytes <= MOST else NULL


cdef void release_bounded(void* context, void* memory, size_t bytes) noexcept:
    free(memory)


# What functions are decorated with ----------------------------------------------------------------------------------------

numpy.import_array()

cdef numpy.PyDataMem_Handler pool, bound


cdef object set_up(numpy.PyDataMem_Handler* handler, const char* name, numpy.PyDataMemAllocator allocator):
    """Returns an allocator as NumPy takes it."""
    strcpy(handler.name, name)
    handler.version = 1
    handler.allocator = allocator
    return PyCapsule_New(handler, "mem_handler", NULL)


cdef numpy.PyDataMemAllocator from_pool = numpy.PyDataMemAllocator(NULL, allocate, allocate_zeros, reallocate, release)
cdef numpy.PyDataMemAllocator within_bound = numpy.PyDataMemAllocator(
    NULL, allocate_bounded, allocate_bounded_zeros, reallocate_bounded, release_bounded
)
cdef object the_pool = set_up(&pool, "convlayers", from_pool)
cdef object the_bound = set_up(&bound, "convlayers_bounded", within_bound)
cdef object the_usual = numpy.PyDataMem_GetHandler()


def pooled(function):
    """Decorates a function: arrays that are made while it runs take their memory from the pool."""
    if sanitized:
        return function

    @functools.wraps(function)
    def run(*args, **kwargs):
        if numpy.PyDataMem_GetHandler() is not the_usual:  # but the pool already, or the bound
            return function(*args, **kwargs)
        numpy.PyDataMem_SetHandler(the_pool)
        begin_call()
        try:
            return function(*args, **kwargs)
        finally:
            numpy.PyDataMem_SetHandler(the_usual)
            end_call()

    return run


def lasting(function):
    """Decorates a function that `pooled` ones may call: arrays that are made while it runs are not from the pool."""
    return taking_memory_from(the_usual, function)


def bounded(function):
    """Decorates a function: an array of more than 4 GiB that is made while it runs is a `MemoryError`."""
    return taking_memory_from(the_bound, function)


def taking_memory_from(handler, function):
    @functools.wraps(function)
    def run(*args, **kwargs):
        outer = numpy.PyDataMem_SetHandler(handler)
        try:
            return function(*args, **kwargs)
        finally:
            numpy.PyDataMem_SetHandler(outer)

    return run


def give_back():
    """Gives the memory in which no array lives back to the system."""
    global kept
    kept = 0
    memset(&peaks, 0, sizeof(peaks))
    give_back_to_system()


def held_bytes():
    """Returns how much memory the pool has from the system."""
    return held
