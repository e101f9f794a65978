"""The pool that arrays take their memory from: what a user sees of it, which is nothing, and when it gives back what it has."""

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

from convlayers._native import memory, runtime

pytestmark = pytest.mark.skipif(runtime.sanitized, reason="there is no pool beside AddressSanitizer")

MEGABYTE = 1 << 20


@memory.pooled
def filled(megabytes, number, dtype="uint8"):
    """An array of one number, made beside another array of that size."""
    return np.full(megabytes * MEGABYTE, number, dtype) * np.ones(1, dtype)


@memory.pooled
def nothing():
    pass


@pytest.fixture(autouse=True)
def empty_pool():
    gc.collect()
    memory.give_back()
    held = memory.held_bytes()
    yield
    memory.give_back()
    assert memory.held_bytes() <= held


@pytest.mark.parametrize("size", [0, 1, 100, 16_383, 16_384, 16_385, 1 << 20, (1 << 26) + 1])
def test_arrays_are_like_others(size):
    @memory.pooled
    def make():
        return np.empty(size, "uint8"), np.zeros(size, "uint8")

    filled(70, 7)
    a, zeros = make()
    assert a.flags.owndata
    assert a.flags.writeable
    assert not zeros.any()
    a[...] = 3
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(a)), a)
    np.testing.assert_array_equal(copy.deepcopy(a), a)
    assert not zeros.any()


def test_large_arrays_begin_with_a_page():
    arrays = [filled(megabytes, 1) for megabytes in (1, 3, 70, 2, 1)]
    assert all(array.ctypes.data % 4096 == 0 for array in arrays)


def test_arrays_can_be_resized():
    @memory.pooled
    def grow(sizes):
        a = np.arange(sizes[0], dtype="int32")
        for size in sizes[1:]:
            a.resize(size, refcheck=False)
        return a

    a = grow([100, 10_000, 1_000_000, 50, 200_000])
    np.testing.assert_array_equal(a[:50], np.arange(50))
    assert not a[50:].any()


def test_what_is_kept_is_never_written_to():
    kept = [filled(2, number) for number in range(20)]
    view = filled(3, 77)[::2]
    for number in range(100, 150):
        filled(2, number)
    for number, array in enumerate(kept):
        assert (array == number).all()
    assert (view == 77).all()


def test_memory_is_used_again():
    @memory.pooled
    def addresses():
        return [np.empty(size * MEGABYTE, "uint8").ctypes.data for size in (1, 5, 3, 1)]

    addresses()
    assert addresses() == addresses()


def test_neighbours_become_one_again():
    @memory.pooled
    def churn(sizes):
        kept = []
        for size in sizes:
            kept.append(np.empty(size, "uint8"))
            if len(kept) > 6:
                del kept[len(kept) // 2]

    sizes = np.random.default_rng(1).integers(1, 8 * MEGABYTE, 500)
    churn(sizes)
    churn(sizes)
    # Seven arrays of up to 8 MB: two segments of 64 MB hold them however they come.
    assert memory.held_bytes() <= 128 * MEGABYTE


def test_a_single_large_call_gives_everything_back():
    filled(1, 1)
    filled(1, 1)
    before = memory.held_bytes()
    filled(300, 1)
    assert memory.held_bytes() <= before


def test_what_dies_after_its_call_goes_back_too():
    kept = filled(300, 1)
    assert memory.held_bytes() >= 300 * MEGABYTE
    del kept
    assert memory.held_bytes() < 300 * MEGABYTE


def test_calls_that_take_turns_keep_what_they_need():
    for _ in range(4):
        filled(100, 1)
        filled(1, 1)
    assert memory.held_bytes() >= 200 * MEGABYTE
    for _ in range(64):
        nothing()
    assert memory.held_bytes() < 100 * MEGABYTE


def test_all_of_it_can_be_given_back():
    for _ in range(3):
        filled(100, 1)
    kept = filled(1, 8)
    memory.give_back()
    assert memory.held_bytes() < 200 * MEGABYTE
    assert (kept == 8).all()
    del kept
    memory.give_back()
    assert memory.held_bytes() == 0


def test_functions_are_decorated_in_full():
    assert filled.__name__ == "filled"
    assert filled(1, number=2).max() == 2
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        filled(1)
    name = np._core.multiarray.get_handler_name
    assert name() == "default_allocator"
    assert name(filled(1, 1)) == "convlayers"


def test_lasting_arrays_are_not_from_the_pool():
    @memory.pooled
    def outer():
        return lasting(), np.empty(MEGABYTE)

    @memory.lasting
    def lasting():
        return np.empty(MEGABYTE)

    name = np._core.multiarray.get_handler_name
    assert [name(array) for array in outer()] == ["default_allocator", "convlayers"]


@memory.bounded
def bounded_by_4_gib(make):
    return make()


@pytest.mark.parametrize("make", [np.empty, memory.pooled(np.empty)], ids=["alone", "pooled"])
def test_large_arrays_are_refused_where_there_is_a_bound(make):
    with pytest.raises(MemoryError):
        bounded_by_4_gib(lambda: make((1 << 32) + 1, "uint8"))
    with pytest.raises(MemoryError):
        bounded_by_4_gib(lambda: make(1 << 50, "float64"))
    assert bounded_by_4_gib(lambda: make(1 << 32, "uint8")).nbytes == 1 << 32
    assert make((1 << 32) + 1, "uint8").nbytes > 1 << 32


def test_zeros_and_larger_copies_have_that_bound_too():
    def grow():
        array = np.empty(MEGABYTE, "uint8")
        array.resize((1 << 32) + 1, refcheck=False)

    for make in (lambda: np.zeros((1 << 32) + 1, "uint8"), lambda: np.zeros(1 << 50, "float64"), grow):
        with pytest.raises(MemoryError):
            bounded_by_4_gib(make)
    assert not bounded_by_4_gib(lambda: np.zeros(MEGABYTE)).any()


def test_threads_have_arrays_of_their_own():
    wrong = []

    def work(number):
        for _ in range(100):
            arrays = [filled(1, number) for _ in range(3)]
            if any((array != number).any() for array in arrays):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_array_may_die_in_another_thread():
    arrays = [filled(2, 5) for _ in range(3)]
    thread = threading.Thread(target=arrays.clear)
    thread.start()
    thread.join()
    assert (filled(2, 6) == 6).all()


def test_memory_that_is_out():
    @memory.pooled
    def ask():
        return np.empty(1 << 60, "uint8")

    with pytest.raises(MemoryError):
        ask()
    assert (filled(1, 4) == 4).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_has_copies():
    program = """
import os
import numpy as np
from convlayers._native import memory

@memory.pooled
def filled(number):
    return np.full(1 << 21, number, "uint8")

kept = [filled(1) for _ in range(3)]
child = os.fork()
mine = [filled(3 if child else 2) for _ in range(5)]
assert all((array == 1).all() for array in kept)
assert all((array == (3 if child else 2)).all() for array in mine)
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], env=environment, check=True)
