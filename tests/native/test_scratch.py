"""The pool of scratch memory, called as kernels call it: through the pointers that `runtime` gives to other modules."""

import ctypes
from concurrent.futures import ThreadPoolExecutor

import pytest

from convlayers._native import runtime


def c_function(name, result, argument):
    pointer_of, name_of = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_GetName
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    capsule = runtime.__pyx_capi__[name]
    return ctypes.CFUNCTYPE(result, argument)(pointer_of(capsule, name_of(capsule)))


take = c_function("scratch_take", ctypes.c_void_p, ctypes.c_size_t)
give = c_function("scratch_give", None, ctypes.c_void_p)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 1 << 20, (1 << 24) + 1])
def test_a_buffer_is_aligned_and_its_own(size):
    first, second = take(size), take(size)
    assert first % 64 == second % 64 == 0
    assert abs(first - second) >= size
    ctypes.memset(first, 1, size)
    ctypes.memset(second, 2, size)
    assert ctypes.string_at(first, size) == bytes([1]) * size
    give(first)
    give(second)


@pytest.mark.skipif(runtime.sanitized, reason="there is no pool beside AddressSanitizer")
def test_a_buffer_is_used_again_for_sizes_like_it():
    buffer = take(100_000)
    give(buffer)
    again = take(120_000)  # up to the same power of two
    assert again == buffer
    other = take(100_000)
    assert other != buffer
    give(again)
    give(other)


def test_a_small_buffer_does_not_serve_a_large_request():
    small = take(5000)
    give(small)
    large = take(500_000)
    assert large != small
    give(large)


def test_more_buffers_than_slots():
    buffers = [take(5000) for _ in range(600)]
    assert len(set(buffers)) == len(buffers)
    for buffer in buffers:
        give(buffer)


def test_nothing_is_taken_when_memory_is_out():
    assert take(1 << 62) is None
    give(None)


def test_threads_never_share_a_buffer():
    def use(number):
        for size in [3000, 70_000] * 300:
            buffer = take(size)
            ctypes.memset(buffer, number, size)
            if ctypes.string_at(buffer, size) != bytes([number]) * size:
                return False
            give(buffer)
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(8)))
