"""How many products convolutions take, which the choice among kernels counts."""

import pytest

from convlayers.ops.conv_problem import DIRECTIONS
from convlayers.ops.conv_products import products_inside, winograd_products
from tests.kernels.conv_problems import problem

# For an output, with images that tiles fill: the points of a tile that meet a part of the kernel, for each of its outputs.
PRODUCTS = {
    "3x3": (problem((1, 12, 12), (1, 3, 3), pads=(0, 1, 1)), 36 / 16),
    "2x2": (problem((1, 15, 15), (1, 2, 2), behind=(0, 1, 1)), 36 / 25),
    "5x5": (problem((1, 12, 12), (1, 5, 5), pads=(0, 2, 2)), 36 / 4),
    "7x7, four taps and three": (problem((1, 12, 12), (1, 7, 7), pads=(0, 3, 3)), 11**2 / 9),
    "1x7": (problem((1, 1, 12), (1, 1, 7), pads=(0, 0, 3)), 11 / 3),
    "9 taps, three times three": (problem((1, 1, 12), (1, 1, 9), pads=(0, 0, 4)), 18 / 4),
    "dilation": (problem((1, 16, 16), (1, 3, 3), dilations=(1, 2, 2), pads=(0, 2, 2)), 36 / 16),
}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_winograds_algorithm(name, direction):
    layer, of_output = PRODUCTS[name]
    products, _ = winograd_products(layer, direction)
    assert products == pytest.approx(of_output * layer.pixels("forward"))


def test_strides_divide_taps_among_parts():
    layer = problem((1, 24, 24), (1, 5, 5), strides=(1, 2, 2), pads=(0, 2, 2), behind=(0, 1, 1))
    # Three even taps and two odd ones: the second part has no product at infinity.
    assert winograd_products(layer, "forward") == (layer.pixels("forward") * 11**2 / 16, 12**2)
    # Every other pixel of every other row, with the taps of one parity: tiles of four outputs for three taps, of five for two.
    assert winograd_products(layer, "backward_input") == (2 * (6 * 3 + 6 * 3) ** 2, 12**2)


def test_products_in_the_padding_do_not_count():
    assert products_inside(problem((1, 4, 4), (1, 3, 3), pads=(0, 1, 1), batch=1)) == 10 * 10
    assert products_inside(problem((1, 4, 4), (1, 3, 3), dilations=(1, 4, 4), pads=(0, 4, 4), batch=1)) == 4 * 4
