"""Calls that are recorded can be made again, and a recording says when that would not do."""

import numpy as np

from convlayers.launching import Recording, add_source, compute, empty, empty_like, is_recorded_for_other_weights, launch

LIMIT = 1 << 20


def record(function, *sources, most_bytes=LIMIT):
    recording = Recording(sources, most_bytes)
    with recording:
        assert is_recorded_for_other_weights()
        result = function(*sources)
    assert not is_recorded_for_other_weights()
    return recording, result


def repeat(recording):
    for function, arguments in recording.calls:
        function(*arguments)


def double_and_add_one(x):
    y = empty(x.shape, x.dtype)
    launch(np.multiply, x, 2, y)
    z = empty_like(y)
    launch(np.add, y.reshape(-1), 1, z.reshape(-1))
    return z


def test_calls_are_made_again():
    x = np.arange(6.0).reshape(2, 3)
    recording, z = record(double_and_add_one, x)
    np.testing.assert_array_equal(z, x * 2 + 1)
    x[...] = 7
    repeat(recording)
    np.testing.assert_array_equal(z, np.full((2, 3), 15.0))
    assert recording.complete
    assert recording.knows(z)


def test_without_a_recording_calls_are_made_once():
    np.testing.assert_array_equal(double_and_add_one(np.ones(3)), np.full(3, 3.0))
    assert not is_recorded_for_other_weights()


def test_what_functions_return():
    x = np.ones(3)
    recording, y = record(lambda x: compute(np.add, x, x), x)
    x[...] = 2
    repeat(recording)
    np.testing.assert_array_equal(y, np.full(3, 4.0))


def test_what_a_call_launches_is_a_part_of_it():
    def outer(x, y):
        launch(np.negative, x, y)

    def function(x):
        y = empty_like(x)
        launch(outer, x, y)
        return y

    recording, _ = record(function, np.ones(3))
    assert len(recording.calls) == 1


def test_lists_of_arrays():
    def function(x):
        y = empty((6,), x.dtype)
        launch(np.concatenate, [x, x], 0, y)
        return y

    assert record(function, np.ones(3))[0].complete


def test_what_was_computed_otherwise_is_found_out():
    def function(x):
        y = empty_like(x)
        launch(np.add, x * 2, 1, y)
        return y

    recording, y = record(function, np.ones(3))
    np.testing.assert_array_equal(y, np.full(3, 3.0))
    assert not recording.complete
    assert recording.calls == []


def test_a_result_that_was_computed_otherwise_is_unknown():
    recording, y = record(lambda x: x * 2, np.ones(3))
    assert not recording.knows(y)


def test_an_array_that_is_made_known_may_be_read():
    factors = np.full(3, 2.0)

    def function(x):
        add_source(factors)
        y = empty_like(x)
        launch(np.multiply, x, factors.reshape(3), y)
        return y

    assert record(function, np.ones(3))[0].complete


def test_results_begin_with_a_line_of_the_cache():
    for shape in ((), 5, (2, 3)):
        _, y = record(lambda shape=shape: empty(shape, "float32"))
        assert (y.shape, y.dtype) == (np.empty(shape).shape, "float32")
        assert y.ctypes.data % 64 == 0


def test_a_recording_may_be_for_the_weights_as_they_are():
    with Recording([], LIMIT, for_other_weights=False):
        assert not is_recorded_for_other_weights()


def test_no_more_than_a_limit_is_kept():
    recording, z = record(double_and_add_one, np.ones(100), most_bytes=1000)
    np.testing.assert_array_equal(z, np.full(100, 3.0))
    assert not recording.complete
