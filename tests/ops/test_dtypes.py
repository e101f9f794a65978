"""Number types of results, against Keras, and where they differ on purpose."""

import itertools

import numpy as np
import pytest

from convlayers import config, ops
from convlayers.ops.dtypes import result_type
from convlayers.symbolic import KerasTensor
from tests.ops.rows.row import words

# Keras with PyTorch narrows some results of 64-bit arrays and not others; here all of them keep their dtype.
DTYPES = ["bool", "uint8", "int8", "int16", "int32", "float16", "float32"]
OF_ONE = words(
    "sum mean prod var std max min amax amin cumsum square absolute exp exp2 expm1 sqrt rsqrt log log1p log2 log10 "
    "floor ceil trunc sigmoid tanh softplus silu reciprocal argmax argmin logsumexp norm count_nonzero sort argsort "
    "normalize isnan isfinite logical_not any all sin arctan transpose flip zeros_like ones_like"
)
OF_NUMBERS = ["negative", "sign", "round", "relu"]
OF_FLOATS = words("softmax log_softmax leaky_relu gelu elu selu hard_sigmoid softsign sparsemax mish relu6")
OF_TWO = words("add multiply divide power mod maximum minimum equal less logical_and arctan2 logaddexp matmul divide_no_nan")


@pytest.fixture
def dtype_of_keras(keras):
    def dtype_of_keras(name, *arguments):
        try:
            y = getattr(keras.ops, name)(*arguments)
        except RuntimeError as error:
            pytest.skip(f"PyTorch cannot: {error}")
        return keras.backend.standardize_dtype(y.dtype)

    return dtype_of_keras


def ones(kind):
    return kind(1) if kind in (int, float) else np.ones((2, 2), kind)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OF_ONE)
def test_of_one_array(name, dtype, dtype_of_keras):
    expected = dtype_of_keras(name, ones(dtype))
    if dtype == "uint8" and name in ("sum", "prod"):
        expected = "uint32"  # which PyTorch does not have
    assert getattr(ops, name)(ones(dtype)).dtype == expected


@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_of_one_array_of_numbers(name, dtype, dtype_of_keras):
    assert getattr(ops, name)(ones(dtype)).dtype == dtype_of_keras(name, ones(dtype))


@pytest.mark.parametrize("name", OF_FLOATS)
def test_integers_become_floats_in_activations(name):
    for dtype in DTYPES[:5]:
        assert getattr(ops, name)(ones(dtype)).dtype == "float32"


@pytest.mark.parametrize("kinds", itertools.combinations_with_replacement([*DTYPES, int, float], 2), ids=str)
@pytest.mark.parametrize("name", OF_TWO)
def test_of_two(name, kinds, dtype_of_keras):
    if name == "matmul" and (int in kinds or float in kinds):
        pytest.skip("a number is no matrix")
    if name in ("arctan2", "logaddexp") and kinds == ("float16", float):
        pytest.skip("Keras makes an array of the number first")
    for x1, x2 in itertools.permutations(map(ones, kinds)):
        if name == "matmul" and {"bool", "int8"} == set(kinds):
            continue
        assert getattr(ops, name)(x1, x2).dtype == dtype_of_keras(name, x1, x2)


@pytest.mark.parametrize("name", ["concatenate", "stack"])
def test_of_lists(name, keras):
    for pair in itertools.product(DTYPES, repeat=2):
        arrays = [ones(dtype) for dtype in pair]
        expected = keras.backend.standardize_dtype(getattr(keras.ops, name)(arrays).dtype)
        assert getattr(ops, name)(arrays).dtype == expected
        assert getattr(ops, name)([KerasTensor((2, 2), dtype) for dtype in pair]).dtype == expected


def test_result_type_is_that_of_keras(keras):
    kinds = [*DTYPES, "uint16", "uint32", int, float, None]
    for count in (1, 2, 3):
        for group in itertools.product(kinds, repeat=count):
            assert result_type(*group) == keras.backend.result_type(*group), group
    assert result_type() == "float32"


def test_result_type_keeps_64_bits():
    assert result_type("float64", "float32") == "float64"
    assert result_type("int64", "int32") == "int64"
    assert result_type("float64", int) == "float64"
    assert result_type("int64", float) == "float32"
    assert result_type(np.dtype("float64"), float) == "float64"


@pytest.mark.parametrize("name", ["nanmax", "nanmin", "diff", "vander", "vdot"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int32"])
def test_integers_stay(name, dtype):
    if name == "vander" and dtype == "bool":
        pytest.skip("there are no powers of truth values")
    x = np.ones(3, dtype)
    assert getattr(ops, name)(*(x, x) if name == "vdot" else (x,)).dtype == dtype


def test_unsigned_integers():
    x = np.full(3, 200, "uint8")
    for name in ("sum", "nansum", "prod", "nanprod"):
        assert getattr(ops, name)(x).dtype == "uint32"
    assert ops.trace(np.diag(x)) == 600
    assert ops.add(np.ones(2, "uint32"), np.ones(2, "int8")).dtype == "int32"
    assert ops.left_shift(np.ones(2, "int16"), np.ones(2, "uint32")).dtype == "int32"
    np.testing.assert_array_equal(ops.bincount(np.array([1, 3, 1], "uint8")), [0, 2, 0, 1])
    assert ops.unravel_index(np.array([2, 3], "uint8"), (2, 2))[0].dtype == "uint8"


def test_8_bit_integers_are_multiplied_as_32_bit_ones():
    x, truth = np.full((2, 2), 100, "int8"), np.ones((2, 2), bool)
    np.testing.assert_array_equal(ops.matmul(x, x), np.full((2, 2), 20000))
    np.testing.assert_array_equal(ops.einsum("ij,jk->ik", x, x), np.full((2, 2), 20000))
    assert ops.matmul(x, truth).dtype == "int8"


def test_integrals_of_integers_are_floats():
    y = ops.trapezoid(np.array([1, 2, 4]))
    assert y.dtype == "float32"
    assert y == 4.5


def test_truth_values_differ():
    np.testing.assert_array_equal(ops.diff(np.array([True, False, False])), [True, False])


def test_64_bits_stay():
    x = ones("float64")
    for name in [*OF_ONE, *OF_FLOATS]:
        y = getattr(ops, name)(x)
        assert y.dtype in ("float64", "bool", "int32"), name
    assert ops.sum(ones("int64")).dtype == "int64"
    assert ops.add(ones("int64"), 1).dtype == "int64"
    assert ops.multiply(x, ones("float32")).dtype == "float64"
    assert ops.multiply(x, 0.5).dtype == "float64"


def test_arrays_without_axes_adapt_to_others():
    x = ones("float32")
    assert ops.multiply(x, np.float64(2)).dtype == "float32"
    assert ops.multiply(np.array(2, "int64"), x).dtype == "float32"
    assert ops.add(ones("uint8"), np.array(2)).dtype == "uint8"
    assert ops.add(ones("int32"), np.float64(2)).dtype == "float32"
    # A loss in float64 stays so.
    assert ops.multiply(np.float64(2), 0.5).dtype == "float64"


def test_half_precision_is_added_up_in_single():
    x = np.full(5000, 100, "float16")
    assert ops.mean(x) == 100
    assert ops.sum(np.full(5000, 1, "float16")) == 5000
    np.testing.assert_allclose(ops.norm(np.full(4, 1000, "float16")), 2000)
    spread = np.array([-1000, 1000], "float16")
    np.testing.assert_allclose(ops.std(spread), 1000)
    assert ops.mean(spread).dtype == ops.std(spread).dtype == ops.var(spread).dtype == "float16"


def test_python_numbers_and_lists():
    assert ops.convert_to_tensor(1.5).dtype == "float32"
    assert ops.convert_to_tensor(1).dtype == "int32"
    assert ops.convert_to_tensor(True).dtype == "bool"
    assert ops.convert_to_tensor([[1, 2], [3, 4]]).dtype == "int32"
    assert ops.convert_to_tensor([1, 2.5]).dtype == "float32"
    assert ops.convert_to_tensor([]).dtype == "float32"
    assert ops.convert_to_tensor([np.float64(1)]).dtype == "float64"
    assert ops.mean([1, 2]).dtype == "float32"


def test_floatx_decides_for_floats_without_a_dtype():
    config.set_floatx("float64")
    try:
        assert ops.convert_to_tensor([1.5]).dtype == "float64"
        assert ops.exp(ones("int32")).dtype == "float64"
        assert ops.add(ones("int32"), 0.5).dtype == "float64"
        assert ops.zeros(2).dtype == "float64"
        assert ops.add(ones("float32"), 0.5).dtype == "float32"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize("dtype", [bool, int, float, "int"])
def test_types_of_python_are_those_of_keras(dtype, dtype_of_keras):
    calls = ("zeros", (2,)), ("ones_like", np.ones(2)), ("full", (2,), 1), ("eye", 2, None, 0), ("one_hot", [1], 2, -1)
    for name, *arguments in calls:
        assert getattr(ops, name)(*arguments, dtype).dtype.name == dtype_of_keras(name, *arguments, dtype), name


def test_other_byte_orders():
    x = ones("float32").astype(">f4")
    for y in (ops.relu(x), ops.add(x, x), ops.softmax(x), ops.sum(x)):
        assert y.dtype == "float32"
    np.testing.assert_array_equal(ops.add(x, 1), 2 * ones("float32"))
