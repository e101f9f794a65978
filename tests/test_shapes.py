"""The integer rules of convolution and pooling, against Keras and against counting."""

import itertools

import pytest

from convlayers import shapes

GRID = list(itertools.product([1, 2, 3, 5, 8, 13], [1, 2, 3, 5], [1, 2, 3], [1, 2, 3]))


def first_line(error):
    return str(error.value).splitlines()[0]


# Along one axis -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_output_length_is_the_number_of_windows_that_fit_into_the_padded_input(padding):
    for length, size, stride, dilation in GRID:
        before, after = shapes.conv_pads(length, size, stride, padding, dilation)
        starts = range(0, length + before + after - (size - 1) * dilation, stride)
        found = shapes.conv_output_length(length, size, stride, padding, dilation)
        assert max(found, 0) == len(starts), (length, size, stride, dilation)


@pytest.mark.parametrize("padding", [(0, 0), (2, 0), (1, 4)])
def test_given_padding(padding):
    for length, size, stride, dilation in GRID:
        assert shapes.conv_pads(length, size, stride, padding, dilation) == padding
        starts = range(0, length + sum(padding) - (size - 1) * dilation, stride)
        assert max(shapes.conv_output_length(length, size, stride, padding, dilation), 0) == len(starts)


def test_same_pads_no_more_than_it_has_to():
    for length, size, stride, dilation in GRID:
        before, after = shapes.conv_pads(length, size, stride, "same", dilation)
        assert after - before in (0, 1)
        outputs = -(-length // stride)
        used = (outputs - 1) * stride + (size - 1) * dilation + 1
        assert before + after == max(0, used - length)


def test_unknown_lengths_stay_unknown():
    assert shapes.conv_output_length(None, 3, 2, "same") is None
    assert shapes.conv_output_length(None, 3, 2, (1, 2)) is None
    assert shapes.conv_pads(None, 3, 2, "same") == (None, None)
    assert shapes.conv_pads(None, 3, 2, (1, 2)) == (1, 2)
    assert shapes.conv_transpose_output_length(None, 3, 2, "same") is None


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", [None, 0, 1])
def test_transposed_crop_is_that_of_keras(keras, padding, output_padding):
    from keras.src.backend.common.backend_utils import _convert_conv_transpose_padding_args_from_keras_to_jax as to_jax

    for _, size, stride, dilation in GRID:
        left, _ = to_jax(size, stride, dilation, padding, output_padding)
        found = shapes.conv_transpose_crop(size, stride, padding, output_padding, dilation)
        assert found == (size - 1) * dilation - left, (size, stride, dilation)


@pytest.mark.parametrize("padding", [(0, 0), (2, 0), (1, 4)])
@pytest.mark.parametrize("output_padding", [None, 0, 1])
def test_transposed_padding_is_that_of_the_convolution_back(padding, output_padding):
    for length, size, stride, dilation in GRID:
        found = shapes.conv_transpose_output_length(length, size, stride, padding, output_padding, dilation)
        assert shapes.conv_transpose_crop(size, stride, padding, output_padding, dilation) == padding[0]
        if found > 0 and (output_padding or 0) < stride:
            assert shapes.conv_output_length(found, size, stride, padding, dilation) == length


# Whole shapes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_parts_of_a_shape(data_format):
    shape = (2, 5, 6, 3) if data_format == "channels_last" else (2, 3, 5, 6)
    assert shapes.split_shape(shape, data_format) == (2, (5, 6), 3)
    assert shapes.join_shape(2, (5, 6), 3, data_format) == shape
    assert shape[shapes.channel_axis(data_format, 4)] == 3


def input_shapes(data_format):
    for spatial in [(9,), (8, 13), (None, 7), (7, 8, 9), (None, None, 6)]:
        for batch in (None, 4):
            yield shapes.join_shape(batch, spatial, 3, data_format)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_conv_output_shape_is_that_of_keras(keras, data_format, padding):
    from keras.src.ops.operation_utils import compute_conv_output_shape

    for shape in input_shapes(data_format):
        rank = len(shape) - 2
        for size, stride, dilation in itertools.product([1, 2, 3], [1, 2, 3], [1, 2]):
            arguments = (shape, 6, (size,) * rank, stride, padding, data_format, (dilation,) * rank)
            assert shapes.compute_conv_output_shape(*arguments) == compute_conv_output_shape(*arguments)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling_output_shape_is_that_of_keras(keras, data_format, padding):
    from keras.src.ops.operation_utils import compute_pooling_output_shape

    for shape in input_shapes(data_format):
        rank = len(shape) - 2
        for size, stride in itertools.product([1, 2, 3, 6], [None, 1, 2, 3]):
            strides = None if stride is None else (stride,) * rank
            arguments = (shape, (size,) * rank, strides, padding, data_format)
            assert shapes.compute_pooling_output_shape(*arguments) == compute_pooling_output_shape(*arguments)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", [None, 0, 1])
def test_transposed_output_shape_is_that_of_keras(keras, data_format, padding, output_padding):
    from keras.src.backend.common.backend_utils import compute_conv_transpose_output_shape

    for shape in input_shapes(data_format):
        rank = len(shape) - 2
        for size, stride, dilation in itertools.product([1, 2, 3, 5], [1, 2, 3], [1, 2]):
            arguments = (shape, (size,) * rank, 6, stride, padding, output_padding, data_format, dilation)
            expected = tuple(compute_conv_transpose_output_shape(*arguments))
            assert shapes.compute_conv_transpose_output_shape(*arguments) == expected


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ((None, 3, 3, 1), 4, (5, 5), (1, 1), "valid", "channels_last", (1, 1)),
        ((8, 16, 2, 30), 4, (3, 5), (2, 1), "valid", "channels_last", (1, 1)),
        ((None, 1, 9, 9), 10, (5, 5), 1, "valid", "channels_first", (3, 11)),
        ((None, 8, 8, 8, 1), 4, (3, 3), (1, 1), "valid", "channels_last", (1, 1)),
        ((None, 8, 8, 1), 4, (3, 3), (1, 1), "valid", "channels_last", (1, 1, 1)),
    ],
)
def test_conv_errors_are_those_of_keras(keras, arguments):
    from keras.src.ops.operation_utils import compute_conv_output_shape

    with pytest.raises(ValueError) as theirs:
        compute_conv_output_shape(*arguments)
    with pytest.raises(ValueError) as ours:
        shapes.compute_conv_output_shape(*arguments)
    assert first_line(ours) == str(theirs.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ((None, 3, 3, 1), (5, 5), (5, 5), "valid", "channels_last"),
        ((32, 3, 12, 9), (2, 13), None, "valid", "channels_first"),
        ((None, 8, 8, 1), (2, 2), (2, 2), "smae", "channels_last"),
    ],
)
def test_pooling_errors_are_those_of_keras(keras, arguments):
    from keras.src.ops.operation_utils import compute_pooling_output_shape

    with pytest.raises(ValueError) as theirs:
        compute_pooling_output_shape(*arguments)
    with pytest.raises(ValueError) as ours:
        shapes.compute_pooling_output_shape(*arguments)
    assert first_line(ours) == str(theirs.value)


def test_a_misfit_is_explained():
    with pytest.raises(ValueError, match=r"A kernel that spans 5x3 pixels does not fit an input of 3x\? pixels"):
        shapes.compute_conv_output_shape((None, 3, None, 1), 4, (3, 3), dilation_rate=(2, 1))
    with pytest.raises(
        ValueError, match=r"look like channels_first: \(None, 1, 28, 28\)\. If they are, set data_format='channels_first'"
    ):
        shapes.compute_conv_output_shape((None, 1, 28, 28), 4, (3, 3))


# Tuples ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 7, (1, 2), [3, 4], (2, 2)])
@pytest.mark.parametrize("allow_zero", [False, True])
def test_tuples_are_those_of_keras(keras, value, allow_zero):
    from keras.src.utils.argument_validation import standardize_tuple

    expected = standardize_tuple(value, 2, "strides", allow_zero)
    assert shapes.standardize_tuple(value, 2, "strides", allow_zero) == expected


@pytest.mark.parametrize("value", [0, -1, (1, 0), (3, 3, 3), None, 2.5])
def test_tuple_errors_are_those_of_keras(keras, value):
    from keras.src.utils.argument_validation import standardize_tuple

    with pytest.raises(ValueError) as theirs:
        standardize_tuple(value, 2, "kernel_size")
    with pytest.raises(ValueError) as ours:
        shapes.standardize_tuple(value, 2, "kernel_size")
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("value", [(3, 3.0), ("a", 1), (1, float("nan")), "ab", 3.0, (None, 1)])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(ValueError, match="The `strides` argument must be a tuple of 2 integers"):
        shapes.standardize_tuple(value, 2, "strides")


def test_zero_is_allowed_where_it_is_said_to_be():
    assert shapes.standardize_tuple((0, 1), 2, "output_padding", allow_zero=True) == (0, 1)
    with pytest.raises(ValueError, match=r"including values \{-1\} that do not satisfy `value >= 0`"):
        shapes.standardize_tuple((0, -1), 2, "output_padding", allow_zero=True)


# Pooling, axes and reshaping ------------------------------------------------------------------------------------------


def test_pool_padding():
    assert shapes.standardize_pool_padding("SAME") == "same"
    for padding in ("causal", (1, 1), 1, None):
        with pytest.raises(ValueError, match="Argument `padding` must be either 'valid' or 'same'"):
            shapes.standardize_pool_padding(padding)


def test_axes_are_checked():
    for axis in (-3, 0, 2):
        shapes.check_axis(axis, (2, 3, 4))
    for axis in (-4, 3):
        with pytest.raises(ValueError, match=f"Axis {axis} is out of bounds for input shape"):
            shapes.check_axis(axis, (2, 3, 4))
