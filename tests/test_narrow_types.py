"""Numbers of 16 bits in arrays and variables."""

import copy
import pickle
import threading

import numpy as np
import pytest

from convlayers import Input, backend, layers, ops, random
from convlayers.autograd import Tape
from convlayers.deferred_initialization import initialized_later
from convlayers.narrow_types import autocast_to, bfloat16_to_bits, round_to_bfloat16, size_of
from convlayers.rollback import without_effect
from convlayers.variables import Variable, cast_in_calls


@pytest.fixture
def bfloat16():
    return pytest.importorskip("ml_dtypes").bfloat16


@pytest.fixture
def every_kind_of_number():
    """Random bits, infinities, what is not a number, zeros, denormals, and what lies in the middle between two bfloat16."""
    bits = np.random.default_rng(0).integers(0, 2**32, 10_000, dtype=np.uint64).astype(np.uint32)
    special = [0, 0x80000000, 1, 0x7F800000, 0xFF800000, 0x7F800001, 0x7FFFFFFF, 0xFFFFFFFF, 0x7F7FFFFF, 0x3F808000, 0x3F818000]
    return np.concatenate([bits, np.array(special, np.uint32)]).view(np.float32)


# Arrays ---------------------------------------------------------------------------------------------------------------


def test_rounding(bfloat16, every_kind_of_number):
    with np.errstate(invalid="ignore"):
        expected = every_kind_of_number.astype(bfloat16).astype("float32")
    before = every_kind_of_number.copy()
    rounded = round_to_bfloat16(every_kind_of_number)
    np.testing.assert_array_equal(rounded, expected)
    np.testing.assert_array_equal(np.signbit(rounded), np.signbit(expected) & ~np.isnan(expected))
    np.testing.assert_array_equal(every_kind_of_number, before)
    assert rounded.dtype == "float32"


@pytest.mark.parametrize(
    "make", [lambda x: x[::3], lambda x: x[:100].reshape(10, 10).T, lambda x: x[7], lambda x: x[7:8].reshape(())]
)
def test_rounding_of_any_shape(bfloat16, every_kind_of_number, make):
    x = make(np.nan_to_num(every_kind_of_number, posinf=0, neginf=0))
    np.testing.assert_array_equal(round_to_bfloat16(x), x.astype(bfloat16).astype("float32"))


def test_bits_are_those_of_keras(bfloat16, every_kind_of_number):
    x = round_to_bfloat16(np.nan_to_num(every_kind_of_number))
    assert bfloat16_to_bits(x).tobytes() == x.astype(bfloat16).tobytes()


def test_sizes(bfloat16):
    assert [size_of(dtype) for dtype in ("bfloat16", "float16", "float32", "int64", "bool")] == [2, 2, 4, 8, 1]


# Ops ------------------------------------------------------------------------------------------------------------------


def test_cast_rounds_and_so_does_its_gradient():
    x = np.array([1.001, 3.14159, -2.71828], "float32")
    with Tape() as tape:
        watched = tape.watch(x)
        y = ops.cast(watched, "bfloat16")
    np.testing.assert_array_equal(y.value, round_to_bfloat16(x))
    (d_x,) = tape.backward([y], [x], [watched])
    np.testing.assert_array_equal(d_x, round_to_bfloat16(x))
    np.testing.assert_array_equal(ops.convert_to_tensor([1.001], "bfloat16"), [1.0])


def test_symbolic_tensors_know_the_type():
    x = Input((2,), dtype="bfloat16")
    assert [t.dtype for t in (x, x * 2, x + 1, ops.cast(x, "float32"))] == ["bfloat16"] * 3 + ["float32"]
    assert (x + ops.cast(x, "float32")).dtype == (x + Input((2,), dtype="float16")).dtype == "float32"
    assert ops.cast(Input((2,)), "bfloat16").dtype == "bfloat16"


SUMS = {
    "sum": lambda x: ops.sum(x, axis=0),
    "mean": lambda x: ops.mean(x, axis=0),
    "var": lambda x: ops.var(x, axis=0),
    "cumsum": lambda x: ops.cumsum(x, axis=0),
    "logsumexp": lambda x: ops.logsumexp(x, axis=0),
    "norm": lambda x: ops.norm(x, axis=0),
    "prod": lambda x: ops.prod(x + 0.5, axis=0),
    "softmax": lambda x: ops.softmax(x, axis=0),
    "matmul": lambda x: ops.matmul(ops.transpose(x), x),
    "einsum": lambda x: ops.einsum("ij,ik->jk", x, x),
    "tile": lambda x: ops.tile(x, (300, 1)),
    "broadcast": lambda x: ops.add(x[:1], np.zeros(x.shape, x.dtype)),
}


@pytest.mark.parametrize("function", SUMS.values(), ids=SUMS)
def test_sums_in_float16_are_taken_in_float32(function):
    """What is added one by one to a sum of 2048 in float16 is lost."""
    x = np.random.default_rng(0).random((4000, 4)).astype("float16")
    results = []
    for dtype in ("float16", "float64"):
        with Tape() as tape:
            watched = tape.watch(x.astype(dtype))
            y = function(watched)
        d_y = np.random.default_rng(1).random(y.shape).astype("float16").astype(dtype) / 64
        results.append((y.value, *tape.backward([y], [d_y], [watched])))
    for narrow, exact in zip(*results, strict=True):
        assert narrow.dtype == "float16"
        smallest = 2.0**-24
        np.testing.assert_allclose(narrow, exact, rtol=4e-3, atol=2e-3 * abs(exact).max() + smallest)


@pytest.mark.parametrize("other", ["float16", "bfloat16", "float32", "int32", "bool", float, int])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_types_together(dtype, other, keras):
    assert backend.result_type(dtype, other) == keras.backend.result_type(dtype, other)


def test_new_arrays_are_of_float32(bfloat16):
    assert ops.zeros((2,), "bfloat16").dtype == ops.ones_like([1], "bfloat16").dtype == "float32"
    drawn = random.normal((100,), dtype="bfloat16", seed=1)
    np.testing.assert_array_equal(drawn, drawn.astype(bfloat16).astype("float32"))


def test_arrays_of_other_packages(bfloat16):
    x = np.array([[1.0, 2.5, -3.0]], bfloat16)
    layer = layers.Dense(2)
    np.testing.assert_array_equal(layer(x), layer(x.astype("float32")))


# Variables ------------------------------------------------------------------------------------------------------------


def test_a_variable_of_bfloat16_is_rounded_whatever_writes_to_it():
    variable = Variable(np.array([1.001, 2.0]), dtype="bfloat16", name="v")
    assert (variable.dtype, variable.value.dtype) == ("bfloat16", "float32")
    assert variable.value.tolist() == [1.0, 2.0]
    variable.assign([3.14159, 1])
    assert variable.value.tolist() == [3.140625, 1.0]
    variable.overwrite()[...] = [1.003, 2.0]
    variable.overwrite()[...] += 0.003  # to what was rounded: 1.006 would become 1.0078125
    assert variable.numpy().tolist() == [1.0, 2.0]
    for twin in (copy.deepcopy(variable), pickle.loads(pickle.dumps(variable))):
        assert twin.dtype == "bfloat16"
        assert twin.assign([1.001, 0]).value.tolist() == [1.0, 0.0]


def test_a_variable_of_bfloat16_with_a_later_value():
    with initialized_later():
        variable = Variable("ones", shape=(2,), dtype="bfloat16")
    assert (variable.dtype, variable.value.tolist()) == ("bfloat16", [1.0, 1.0])


@pytest.fixture
def cast_variable():
    variable = Variable(np.array([1.001, 3.14159]), dtype="float32", name="v")
    cast_in_calls(variable)
    return variable


def test_a_variable_is_cast_inside_of_a_call(cast_variable):
    exact = cast_variable.value.tolist()
    for dtype, array_dtype in (("float16", "float16"), ("bfloat16", "float32")):
        with autocast_to(dtype):
            assert (cast_variable.dtype, cast_variable.value.dtype) == (dtype, array_dtype)
            assert cast_variable.value.tolist() != exact
            assert (cast_variable.shape, cast_variable.ndim, len(cast_variable)) == ((2,), 1, 2)
            with autocast_to(None):
                assert cast_variable.value.tolist() == exact
    assert (cast_variable.dtype, cast_variable.value.tolist()) == ("float32", exact)


def test_assignments_inside_of_a_call_reach_what_is_kept(cast_variable):
    with autocast_to("float16"):
        cast_variable.assign([0.1, 0.2])
    assert cast_variable.value.tolist() == np.array([0.1, 0.2], "float32").tolist()
    with autocast_to("float16"), without_effect():
        cast_variable.assign([5, 6])
        assert cast_variable.value.tolist() == [5, 6]
    assert cast_variable.value.tolist() == np.array([0.1, 0.2], "float32").tolist()


def test_gradients_are_as_wide_as_what_is_kept(cast_variable):
    with Tape() as tape, autocast_to("float16"):
        y = ops.multiply(cast_variable, np.array([2, 3], "float16"))
    assert y.dtype == "float16"
    tape.backward([y], [np.ones(2, "float16")])
    assert (cast_variable.grad.dtype, cast_variable.grad.tolist()) == ("float32", [2, 3])


def test_copies_are_cast_as_well(cast_variable):
    for twin in (copy.deepcopy(cast_variable), pickle.loads(pickle.dumps(cast_variable))):
        assert (twin.dtype, twin.value.tolist()) == ("float32", cast_variable.value.tolist())
        with autocast_to("float16"):
            assert twin.dtype == "float16"


def test_other_threads_see_what_is_kept(cast_variable):
    seen = []
    with autocast_to("float16"):
        thread = threading.Thread(target=lambda: seen.append(cast_variable.dtype))
        thread.start()
        thread.join()
    assert seen == ["float32"]


def test_only_floats_are_cast():
    variable = Variable(np.arange(3), dtype="int32")
    cast_in_calls(variable)
    with autocast_to("float16"):
        assert variable.dtype == "int32"
