"""Checks of arguments: first lines are Keras's own, found by calling Keras with the same arguments."""

import numpy as np
import pytest

from convlayers import validation


def messages(ours, theirs):
    """Returns what two functions say when they refuse their argument: the first line of ours, and all of theirs."""
    with pytest.raises(Exception) as their_error:
        theirs()
    with pytest.raises(type(their_error.value)) as our_error:
        ours()
    return str(our_error.value).splitlines()[0], str(their_error.value)


def conv2d(keras, **arguments):
    return lambda: keras.layers.Conv2D(**{"filters": 4, "kernel_size": 3, **arguments})


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("rellu", ["relu", "elu", "softmax"], "\nDid you mean 'relu'?"),
        ("Glorot_Unifrom", ["glorot_uniform", "zeros"], "\nDid you mean 'glorot_uniform'?"),
        ("conv2d", ["Conv2D", "Dense"], "\nDid you mean 'Conv2D'?"),
        ("xyz", ["relu"], ""),
        (3, ["relu"], ""),
        ("relu", [], ""),
    ],
)
def test_did_you_mean(name, names, expected):
    assert validation.did_you_mean(name, names) == expected


def test_unrecognized_arguments_begin_as_in_keras(keras):
    ours, theirs = messages(
        lambda: raise_(validation.unrecognized_arguments("Conv2D", {"border_mode": "same"})),
        conv2d(keras, border_mode="same"),
    )
    assert ours == theirs


def test_arrays_are_never_printed():
    weights = [np.ones((3, 3, 1, 8), "float32"), np.ones(8)]
    message = str(validation.unrecognized_arguments("Conv2D", {"kernel": weights, "names": ("a",), "numbers": [1.5] * 1000}))
    assert message == (
        "Unrecognized keyword arguments passed to Conv2D: {'kernel': [array of shape (3, 3, 1, 8) and dtype float32, array of "
        "shape (8,) and dtype float64], 'names': ('a',), 'numbers': [1.5, 1.5, 1.5, 1.5, 1.5, ... 1000 in all]}"
    )


@pytest.mark.parametrize("value", [3, "a", None, [1, [2]], {"a": (1,)}, np.float32(2.0), [1] * 50])
def test_what_is_short_is_shown_as_it_is(value):
    assert str(validation.brief(value)) == str(value)


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ({"border_mode": "same"}, "In place of `border_mode`, use `padding`."),
        ({"nb_filter": 3}, "In place of `nb_filter`, use `filters`."),
        ({"filtres": 3}, "Did you mean 'filters'?"),
        ({"in_channels": 3}, "use nothing: the number of input channels is taken from the inputs."),
        ({"weights": []}, "use `layer.set_weights(weights)` after the layer is built."),
    ],
)
def test_unrecognized_arguments_are_explained(unknown, hint):
    known = ("filters", "kernel_size", "padding", "strides")
    assert str(validation.unrecognized_arguments("Conv2D", unknown, known)).endswith(hint)


def test_an_argument_that_the_class_does_not_have_is_not_proposed():
    error = validation.unrecognized_arguments("Dense", {"border_mode": "same"}, ("units", "activation"))
    assert str(error) == "Unrecognized keyword arguments passed to Dense: {'border_mode': 'same'}"


def test_choice(keras):
    from keras.src.utils.argument_validation import validate_string_arg

    choices = ("nearest", "bilinear")
    ours, theirs = messages(
        lambda: validation.check_choice("nearst", choices, "UpSampling2D", "interpolation"),
        lambda: validate_string_arg("nearst", choices, "UpSampling2D", "interpolation"),
    )
    assert ours == theirs
    validation.check_choice("nearest", choices, "UpSampling2D", "interpolation")


# Numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filters", [0, -3])
def test_filters(keras, filters):
    ours, theirs = messages(lambda: validation.check_positive(filters, "filters"), conv2d(keras, filters=filters))
    assert ours == theirs


@pytest.mark.parametrize("filters", [4.0, float("nan"), "4", None, True, (4,)])
def test_filters_that_are_no_integer(filters):
    with pytest.raises(ValueError, match="Invalid value for argument `filters`"):
        validation.check_positive(filters, "filters")


def test_a_float_that_is_whole_is_explained():
    with pytest.raises(ValueError, match=r"write 4 in place of 4\.0"):
        validation.check_positive(4.0, "filters")


@pytest.mark.parametrize("groups", [0, -1, 3])
def test_groups(keras, groups):
    ours, theirs = messages(lambda: validation.check_groups(groups, 4), conv2d(keras, groups=groups))
    assert ours == theirs


def test_channels(keras):
    ours, theirs = messages(
        lambda: validation.check_channels(3, 2, (None, 8, 8, 3)),
        lambda: conv2d(keras, groups=2)().build((None, 8, 8, 3)),
    )
    assert ours == theirs
    validation.check_channels(4, 2, (None, 8, 8, 4))
    with pytest.raises(ValueError, match=r"The number of input channels must be known\. Received: input_shape="):
        validation.check_channels(None, 1, (None, None))


def test_counts_are_python_ints():
    for count in (validation.check_positive(np.int64(4), "filters"), validation.check_groups(np.uint8(2), 4)):
        assert type(count) is int


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, True), (np.int32(3), True), (True, False), (np.bool_(True), False), (3.0, False), ("3", False), (None, False)],
)
def test_is_integer(value, expected):
    assert validation.is_integer(value) is expected


# Convolutions ---------------------------------------------------------------------------------------------------------


def test_strides_and_dilation(keras):
    ours, theirs = messages(
        lambda: validation.check_strides_and_dilation((2, 2), (2, 2), "same"),
        conv2d(keras, strides=2, dilation_rate=2),
    )
    assert ours == theirs
    validation.check_strides_and_dilation((1, 1), (2, 2), "same")
    validation.check_strides_and_dilation((2, 2), (1, 1), "valid")
    validation.check_strides_and_dilation((2, 2), (2, 2), ((0, 0), (0, 0)))


# Shapes and dtypes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), [None, 3], (np.int64(4), 0), np.array([2, 3]), range(3)])
def test_shapes_are_those_of_keras(keras, shape):
    from keras.src.backend.common.variables import standardize_shape

    found = validation.standardize_shape(shape)
    assert found == standardize_shape(shape)
    assert all(type(size) in (int, type(None)) for size in found)


@pytest.mark.parametrize("shape", [None, 3, (3, 3, 3, 4.0), (3, "a"), (None, -1), (2, float("nan")), (2, [3])])
def test_shape_errors_are_those_of_keras(keras, shape):
    from keras.src.backend.common.variables import standardize_shape

    ours, theirs = messages(lambda: validation.standardize_shape(shape), lambda: standardize_shape(shape))
    assert ours == theirs


def test_the_shape_of_a_variable_is_known(keras):
    ours, theirs = messages(
        lambda: validation.standardize_shape((None, 3), "dense/kernel"),
        lambda: keras.layers.Dense(3, name="dense").build((None, None)),
    )
    assert ours == theirs
    assert validation.standardize_shape((2, 3), "dense/kernel") == (2, 3)


@pytest.mark.parametrize("dtype", ["float32", np.float64, np.dtype("uint8"), bool, int, float, np.int8, "int", None])
def test_dtypes_are_those_of_keras(keras, dtype):
    assert validation.standardize_dtype(dtype) == keras.backend.standardize_dtype(dtype)


def test_dtype_of_torch(keras):
    torch = pytest.importorskip("torch")
    assert validation.standardize_dtype(torch.float16) == "float16"


@pytest.mark.parametrize("dtype", ["float31", "float", "float32,(1000,)f4", "O"])
def test_dtype_errors_are_those_of_keras(keras, dtype):
    ours, theirs = messages(
        lambda: validation.standardize_dtype(dtype),
        lambda: keras.backend.standardize_dtype(dtype),
    )
    assert ours == theirs


def raise_(error):
    raise error
