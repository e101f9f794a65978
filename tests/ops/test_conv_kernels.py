"""The choice among convolution kernels."""

import functools

import numpy as np
import pytest

from convlayers import _native, config
from convlayers.ops.conv import conv_problem
from convlayers.ops.conv_kernels import choose
from convlayers.ops.conv_limits import winograd_cannot, winograd_grouped_cannot
from convlayers.ops.conv_problem import DIRECTIONS


def chosen(input_shape, channels, filters, padding, direction, strides=1, dilation=1, size=(3, 3)):
    """Returns the names of the functions that are chosen for a layer: another computes if the first may decline."""
    shapes = (*input_shape, channels), (*size, channels, filters)
    problem = conv_problem(*shapes, strides, padding, "channels_last", dilation, np.dtype("float32"))
    function = choose(problem, direction)
    functions = function.args if isinstance(function, functools.partial) else [function]
    return [function.__name__ for function in functions]


@pytest.fixture
def tiles():
    if _native.isa != "x86_64_amx":
        pytest.skip(f"{_native.isa} has no tiles of bfloat16")


@pytest.mark.parametrize(
    ("input_shape", "channels", "filters"),
    [((64, 13, 13), 64, 128), ((64, 5, 5), 128, 256), ((32, 10, 10), 32, 64), ((16, 14, 14), 64, 64), ((32, 9, 9), 48, 48)],
)
def test_gradients_for_inputs_with_more_tiles_than_outputs_have_are_computed_from_those(input_shape, channels, filters):
    *_, computes = chosen(input_shape, channels, filters, "valid", "backward_input")
    assert computes == "conv_winograd_backward_input"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_two_bfloat16_for_a_float32_are_taken_where_winograd_may_be(tiles, direction, monkeypatch):
    arguments = (16, 28, 28), 64, 64, "same", direction
    assert chosen(*arguments)[0] == f"conv_bf16x2_{direction}"
    assert "bf16x2" not in chosen(*arguments, strides=2)[0]
    monkeypatch.setattr(config, "winograd", lambda: False)
    assert chosen(*arguments)[0] == f"conv_bf16x3_{direction}"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pixels_that_cross_lines_of_the_cache_are_left_to_winograd(direction):
    assert "winograd" in chosen((16, 28, 28), 65, 65, "same", direction)[0]


def test_small_images_with_a_copy_for_each_tap_are_left_to_winograd():
    assert "winograd" in chosen((64, 5, 5), 32, 64, "valid", "forward")[0]


BEYOND_PLAIN = {
    "depth": {"input_shape": (1, 16, 56, 56), "channels": 32, "filters": 64, "size": (3, 3, 3)},
    "depth, many weights": {"input_shape": (1, 8, 14, 14), "channels": 256, "filters": 256, "size": (3, 3, 3)},
    "depth, many weights, few pixels": {"input_shape": (1, 4, 7, 7), "channels": 256, "filters": 256, "size": (3, 3, 3)},
    "depth, few pixels": {"input_shape": (1, 4, 7, 7), "channels": 64, "filters": 64, "size": (3, 3, 3)},
    "depth, few channels": {"input_shape": (1, 16, 24, 24), "channels": 16, "filters": 24, "size": (3, 3, 3)},
    "dilation": {"input_shape": (2, 64, 64), "channels": 64, "filters": 64, "dilation": 4},
    "dilation, many weights": {"input_shape": (2, 32, 32), "channels": 256, "filters": 256, "dilation": 2},
    "dilation of 5x5": {"input_shape": (2, 64, 64), "channels": 32, "filters": 64, "dilation": 2, "size": (5, 5)},
}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", BEYOND_PLAIN)
def test_depth_and_dilation_are_left_to_winograd_but_not_beside_tiles(name, direction, monkeypatch):
    layer = BEYOND_PLAIN[name]
    winograd = "winograd" in chosen(**layer, padding="same", direction=direction)[0]
    assert winograd == (_native.isa != "x86_64_amx")
    monkeypatch.setattr(config, "winograd", lambda: False)
    assert "winograd" not in chosen(**layer, padding="same", direction=direction)[0]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_dilation_whose_taps_lie_mostly_in_the_padding_is_left_to_whom_leaves_them_out(direction):
    layer = {"input_shape": (2, 33, 33), "channels": 256, "filters": 256, "dilation": 12}
    assert "winograd" not in chosen(**layer, padding="same", direction=direction)[0]


PARTS = {
    "along a row": {"input_shape": (8, 17, 17), "channels": 128, "filters": 128, "size": (1, 7)},
    "along both": {"input_shape": (2, 56, 56), "channels": 64, "filters": 64, "size": (7, 7)},
    "of every other tap": {"input_shape": (8, 35, 35), "channels": 64, "filters": 128, "size": (5, 5), "strides": 2},
}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", PARTS)
def test_kernels_in_parts_are_left_to_winograd_but_not_beside_tiles(name, direction):
    winograd = "winograd" in chosen(**PARTS[name], padding="same", direction=direction)[0]
    assert winograd == (_native.isa != "x86_64_amx")


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("input_shape", [(0, 9, 9), (2, 0, 9), (2, 9, 0)])
def test_images_without_pixels_are_not_left_to_winograd(input_shape, direction):
    problem = conv_problem((*input_shape, 64), (3, 3, 64, 64), 1, "same", "channels_last", 1, np.dtype("float32"))
    assert winograd_cannot(problem, direction)
    assert winograd_grouped_cannot(problem, direction)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_few_pixels_with_many_weights_are_left_to_winograd_without_tiles(direction):
    if _native.isa == "x86_64_amx":
        pytest.skip("tiles of bfloat16 are faster")
    assert chosen((1, 14, 14), 512, 512, "same", direction) == [f"conv_winograd_{direction}"]
    assert "winograd" not in chosen((1, 4, 4), 512, 512, "same", direction)[0]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("channels", "filters"), [(16, 16), (32, 64), (64, 32), (128, 128)])
def test_a_single_image_of_some_tiles_is_left_to_winograd_without_tiles(channels, filters, direction):
    if _native.isa == "x86_64_amx":
        pytest.skip("tiles of bfloat16 are faster")
    assert "winograd" in chosen((1, 14, 14), channels, filters, "same", direction)[0]


def test_few_pixels_are_not_worth_a_turned_kernel_that_stays_in_the_cache():
    assert "winograd" not in chosen((1, 5, 5), 64, 64, "same", "backward_input")[0]


def test_gradients_for_inputs_whose_products_are_half_in_the_padding_leave_these_out():
    if _native.isa == "x86_64_amx":
        pytest.skip("left as it was measured there")
    layer = {"input_shape": (256, 14, 14), "channels": 6, "filters": 16, "size": (5, 5), "padding": "valid"}
    assert chosen(**layer, direction="backward_input") != ["conv_few_backward_input"]


@pytest.mark.parametrize(("channels", "filters", "direction"), [(20, 2, "forward"), (2, 20, "backward_input")])
def test_where_pixels_have_few_results_vectors_are_pixels(channels, filters, direction):
    assert chosen((8, 40, 40), channels, filters, "same", direction) == [f"conv_to_few_{direction}"]


@pytest.mark.parametrize(("size", "kernel"), [(5, "conv_few"), (6, "conv_to_few")])
def test_a_few_pixels_are_not_put_into_vectors(size, kernel):
    if _native.isa == "x86_64_amx":
        pytest.skip("measured without tiles")
    assert chosen((1, size, size), 2, 16, "same", "backward_input") == [f"{kernel}_backward_input"]


@pytest.mark.parametrize("direction", ["forward", "backward_input"])
@pytest.mark.parametrize(
    ("depth", "results", "kernel"),
    [(16, 2, "conv_to_few"), (16, 8, "conv_few"), (12, 3, "conv_few"), (4, 8, "conv_few"), (32, 1, "conv_to_few")],
)
def test_windows_of_one_pixel_become_planes_where_that_takes_less_time(depth, results, kernel, direction):
    channels, filters = (depth, results) if direction == "forward" else (results, depth)
    assert chosen((8, 40, 40), channels, filters, "same", direction, size=(1, 1)) == [f"{kernel}_{direction}"]
    assert chosen((1, 7, 7), channels, filters, "same", direction, size=(1, 1)) == [f"conv_few_{direction}"]


@pytest.mark.parametrize("direction", ["backward_input", "backward_kernel"])
def test_gradients_with_few_filters_read_windows_of_them_in_place(direction):
    assert chosen((8, 40, 40), 24, 3, "same", direction)[0] == f"conv_few_{direction}"
