"""Every convolution kernel of the list, in every direction, against the reference in float64."""

import functools
import itertools

import numpy as np
import pytest

from convlayers import _native, config
from convlayers.ops.conv_kernels import CONV_KERNELS, choose
from convlayers.ops.conv_limits import depthwise_cannot, to_few_cannot, winograd_grouped_cannot
from convlayers.ops.conv_problem import DIRECTIONS
from tests.kernels.conv_problems import PROBLEMS, problem


@functools.lru_cache(maxsize=1)  # the next test is mostly about the same problem
def draw(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


def of_planes(native, x):
    return native.array(x.transpose(0, 4, 1, 2, 3)).transpose(0, 2, 3, 4, 1)


def run(native, kernel, problem, direction, planes=False):
    """Returns what a kernel computes of random numbers, the same for all kernels.

    `planes`: what windows move over is channels first in memory.
    """
    x, weights, y, bias = map(native.array, draw(*problem[:3], problem.output_shape[-1:]))
    if planes and direction == "backward_input":
        y = of_planes(native, y)
    elif planes:
        x = of_planes(native, x)
    function = getattr(getattr(native, kernel), f"{kernel}_{direction}")
    description = problem.strides, problem.dilations, problem.pads, problem.groups
    if direction == "forward":
        result = native.empty(y.shape)
        done = function(x, weights, bias, result, *description, 1)  # 1 is relu
    elif direction == "backward_input":
        result = native.empty(x.shape)
        done = function(y, weights, result, *description)
    else:
        result = native.empty(weights.shape)
        done = function(x, y, result, *description)
    assert done is not False  # all numbers are finite
    return result


@pytest.fixture(scope="module")
def expected():
    """What the reference computes in float64, once for each problem and direction."""
    from tests.kernels.conftest import LOADABLE, Variant

    native = Variant(LOADABLE[0], "float64")
    known = {}

    def compute(name, direction):
        if (name, direction) not in known:
            known[name, direction] = run(native, "conv_reference", PROBLEMS[name], direction)
        return known[name, direction]

    return compute


KERNELS = [kernel for kernel in CONV_KERNELS if kernel.module != "conv_reference"]


def each_kernel_that_can(names):
    """Gives a test all kernels, problems and directions, but for those that a kernel cannot compute in any number type."""
    cases = [
        pytest.param(kernel, name, direction, id=f"{kernel.module}-{name}-{direction}")
        for kernel, name, direction in itertools.product(KERNELS, names, DIRECTIONS)
        if not kernel.cannot(PROBLEMS[name]._replace(dtype="float32"), direction)
    ]
    return pytest.mark.parametrize(("kernel", "name", "direction"), cases)


@each_kernel_that_can(PROBLEMS)
def test_kernels_compute_what_the_reference_does(native, kernel, name, direction, expected):
    problem = PROBLEMS[name]._replace(dtype=native.dtype.name)
    if kernel.cannot(problem, direction):
        pytest.skip(kernel.cannot(problem, direction))
    found, right = run(native, kernel.module, problem, direction), expected(name, direction)
    scale = np.abs(right).max(initial=0)
    # Winograd's transforms multiply rounding errors, and two bfloat16 are less than a float32; their bound is that of the
    # documentation, 5e-5 in float32.
    tolerance = 400 if "winograd" in kernel.module or kernel.module == "conv_bf16x2" else 40
    np.testing.assert_allclose(found, right, rtol=0, atol=tolerance * native.epsilon * max(scale, 1e-30))


@each_kernel_that_can(
    [
        "many pixels",
        "large weights",
        "few channels, 24 filters",
        "to few filters, blocks of rows",
        "from few channels, phases",
        "many tiles",
        "more tiles in than out",
        "more tiles in than out, many images",
        "64 channels",
        "deep transformed weights",
        "strides",
        "a dense layer, many features",
        "groups",
        "as many groups as channels",
        "groups, several blocks",
        "depthwise, more than a megabyte",
        "nine tiles",
        "many groups of a vector",
        "groups of 5x5",
        "a dilation of half the image",
        "a dilation of most of the image",
        "each output sees other taps",
        "3x3x3, many slices",
        "3x3x3, many weights",
        "3x3x3, no padding",
        "two rates of dilation",
        "groups of 5x5, dilation",
        "9 taps along a row",
        "7x7, many tiles",
        "5x5, many weights",
        "4x4, strides of 2",
    ]
)
def test_results_are_the_same_bits_for_any_number_of_threads(native, kernel, name, direction, threads):
    problem = PROBLEMS[name]._replace(dtype=native.dtype.name)
    if kernel.cannot(problem, direction):
        pytest.skip(kernel.cannot(problem, direction))
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(native, kernel.module, problem, direction))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@each_kernel_that_can(
    [
        "many tiles",
        "more tiles in than out",
        "blocks of uneven size",
        "strides",
        "groups",
        "depthwise, a vector",
        "a dilation of most of the image",
        "outputs that see nothing",
        "3x3x3, many slices",
        "3x3x3, slices of padding",
        "3x3x3, no padding",
    ]
)
def test_what_scratch_memory_held_before_does_not_matter(native, kernel, name, direction, threads):
    problem = PROBLEMS[name]._replace(dtype=native.dtype.name)
    if kernel.cannot(problem, direction):
        pytest.skip(kernel.cannot(problem, direction))
    with threads(2):
        before = run(native, kernel.module, problem, direction)
        function = getattr(getattr(native, kernel.module), f"{kernel.module}_{direction}")
        huge = [native.array(np.full(shape, 1e30)) for shape in problem[:3]]
        description = problem.strides, problem.dilations, problem.pads, problem.groups
        if direction == "forward":
            function(huge[0], huge[1], None, native.empty(problem.output_shape), *description, 0)
        elif direction == "backward_input":
            function(huge[2], huge[1], native.empty(problem.input_shape), *description)
        else:
            function(huge[0], huge[2], native.empty(problem.kernel_shape), *description)
        np.testing.assert_array_equal(run(native, kernel.module, problem, direction), before)


@pytest.mark.parametrize("behind", [(0, 0, 0), (0, 1, 1), (0, 2, 0), (0, 0, 5)], ids=str)
@pytest.mark.parametrize("pads", [(0, 0, 0), (0, 1, 1), (0, 0, 2)], ids=str)
def test_winograd_gradients_for_inputs_of_every_size(native, pads, behind):
    for size in range(3, 21):
        shape = problem((1, size, 23 - size), (1, 3, 3), 33, 35, pads=pads, behind=behind)._replace(dtype=native.dtype.name)
        found, right = (run(native, kernel, shape, "backward_input") for kernel in ("conv_winograd", "conv_reference"))
        np.testing.assert_allclose(found, right, rtol=0, atol=400 * native.epsilon * np.abs(right).max())


OF_PLANES = {
    **{name: PROBLEMS[name] for name in PROBLEMS if name.startswith("depthwise,") and PROBLEMS[name].input_shape[1] == 1},
    "as many groups as channels": PROBLEMS["as many groups as channels"],
    "5 rows at a time": problem((1, 14, 13), (1, 3, 3), 1, 1, groups=73, pads=(0, 1, 1), batch=3),
    "rows that move": problem((1, 61, 58), (1, 5, 5), 1, 1, groups=35, pads=(0, 2, 2)),
    "rows between windows": problem((1, 50, 33), (1, 2, 3), 1, 1, groups=40, strides=(1, 5, 4), batch=3),
    "windows in the padding": problem((1, 17, 9), (1, 3, 3), 1, 1, groups=16, pads=(0, 7, 0), behind=(0, 9, 0)),
    "a sequence": problem((1, 1, 700), (1, 1, 5), 1, 1, groups=48, pads=(0, 0, 4), behind=(0, 0, 0), batch=3),
    "dilation of planes": problem((1, 40, 31), (1, 3, 3), 1, 1, groups=67, dilations=(1, 9, 2), pads=(0, 9, 2)),
    "less than a vector": problem((1, 2, 3), (1, 2, 2), 1, 1, groups=33),
}


@pytest.mark.parametrize("direction", ["forward", "backward_kernel"])
@pytest.mark.parametrize(
    "name", [name for name in OF_PLANES if OF_PLANES[name].kernel_shape[3:] == (1, OF_PLANES[name].groups)]
)
def test_depthwise_of_planes(native, name, direction, threads):
    shape = OF_PLANES[name]._replace(dtype=native.dtype.name)
    if depthwise_cannot(shape, direction):
        pytest.skip(depthwise_cannot(shape, direction))
    right = run(native, "conv_reference", shape, direction)
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(native, "conv_depthwise", shape, direction, planes=True))
    np.testing.assert_allclose(results[0], right, rtol=0, atol=40 * native.epsilon * np.abs(right).max())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    if direction == "forward":  # each of them is the same sum
        np.testing.assert_array_equal(results[0], run(native, "conv_depthwise", shape, direction))


def test_depthwise_takes_no_other_order_in_memory(native):
    shape = OF_PLANES["5 rows at a time"]
    x = native.empty(shape.input_shape[::-1]).transpose()
    weights, y = native.empty(shape.kernel_shape), native.empty(shape.output_shape)
    description = shape.strides, shape.dilations, shape.pads, shape.groups
    with pytest.raises(ValueError, match="channels last in memory, or without depth and with channels first"):
        native.conv_depthwise.conv_depthwise_forward(x, weights, None, y, *description, 0)


TO_FEW_OF_PLANES = [
    *[name for name in PROBLEMS if name.startswith(("to ", "from few"))],
    "many pixels",
    "a kernel as large as the image",
    "padding beyond the kernel",
    "1x1, 193 pixels",
    "3x3, 1 channels",
    "outputs that see nothing",
    "no images",
]


@pytest.mark.parametrize("direction", ["forward", "backward_input"])
@pytest.mark.parametrize("name", TO_FEW_OF_PLANES)
def test_few_results_of_planes_are_those_of_pixels(native, name, direction, threads):
    shape = PROBLEMS[name]._replace(dtype=native.dtype.name)
    if to_few_cannot(shape, direction):
        pytest.skip(to_few_cannot(shape, direction))
    right = run(native, "conv_to_few", shape, direction)
    for count in (1, 2, 4):
        with threads(count):
            np.testing.assert_array_equal(run(native, "conv_to_few", shape, direction, planes=True), right)


@pytest.mark.parametrize("direction", ["forward", "backward_input"])
def test_few_results_of_no_other_order_in_memory(native, direction):
    shape = PROBLEMS["to 4 filters" if direction == "forward" else "from few channels, phases"]
    shape = shape._replace(dtype=native.dtype.name)
    source = shape.input_shape if direction == "forward" else shape.output_shape
    turned, weights = native.empty(source[::-1]).transpose(), native.empty(shape.kernel_shape)
    description = shape.strides, shape.dilations, shape.pads, shape.groups
    with pytest.raises(ValueError, match="the channels of a pixel, or the pixels of a row, together in memory"):
        if direction == "forward":
            native.conv_to_few.conv_to_few_forward(turned, weights, None, native.empty(shape.output_shape), *description, 0)
        else:
            native.conv_to_few.conv_to_few_backward_input(turned, weights, native.empty(shape.input_shape), *description)


@pytest.fixture(scope="module")
def large():
    """A dense layer with weights of more than 8 MB: x, weights and d_y, and what its passes give in float64."""
    rng = np.random.default_rng(0)
    x, weights, d_y = rng.normal(size=(7, 1030)), rng.normal(size=(1030, 2064)), rng.normal(size=(7, 2064))
    return (x, weights, d_y), (x @ weights, d_y @ weights.T, x.T @ d_y)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_large_weights_of_few_pixels(native, direction, large, threads):
    (x, weights, d_y), right = large[0], large[1][DIRECTIONS.index(direction)]
    x, weights, d_y = (native.array(array.reshape(1, 1, 1, *array.shape)) for array in (x, weights, d_y))
    given = {"forward": (x, weights, None), "backward_input": (d_y, weights), "backward_kernel": (x, d_y)}[direction]
    function = getattr(native.conv_few_pixels, f"conv_few_pixels_{direction}")
    results = []
    for count, lines in ((1, True), (2, True), (4, False)):
        memory = native.empty(right.size + 128)
        start = -memory.ctypes.data % 64 // memory.itemsize + (64 if lines else 1)  # whether its rows are whole lines
        found = memory[start : start + right.size].reshape(1, 1, 1, *right.shape)
        with threads(count):
            function(*given, found, (1, 1, 1), (1, 1, 1), (0, 0, 0), 1, *([0] if direction == "forward" else []))
        assert np.isnan(memory[:start]).all()
        assert np.isnan(memory[start + right.size :]).all()
        results.append(found[0, 0, 0])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_allclose(results[0], right, rtol=0, atol=40 * native.epsilon * np.abs(right).max())


@pytest.mark.parametrize("kernel", ["conv_direct", "conv_winograd"])
def test_sums_over_many_pixels_round_no_more_than_others(native, kernel):
    shape = problem((1, 2, 9000), (1, 2, 3), 70, 140, batch=4)._replace(dtype=native.dtype.name)
    third, seventh = native.array(1 / 3), native.array(1 / 7)
    found = native.empty(shape.kernel_shape)
    x, d_y = native.array(np.full(shape.input_shape, third)), native.array(np.full(shape.output_shape, seventh))
    description = shape.strides, shape.dilations, shape.pads, shape.groups
    getattr(getattr(native, kernel), f"{kernel}_backward_kernel")(x, d_y, found, *description)
    right = np.float64(third) * np.float64(seventh) * d_y[..., 0].size  # As all are equal, so are the signs of their errors.
    np.testing.assert_allclose(found, right, rtol=20 * native.epsilon)


@pytest.mark.parametrize("kernel", ["conv_direct", "conv_few_pixels"])
def test_deep_sums_round_no_more_than_others(native, kernel):
    shape = problem((1, 1, 8), (1, 1, 1), 18000, 8, batch=1)
    x, weights = native.array(np.full(shape.input_shape, 1 / 3)), native.array(np.full(shape.kernel_shape, 1 / 7))
    found = native.empty(shape.output_shape)
    description = shape.strides, shape.dilations, shape.pads, shape.groups
    getattr(getattr(native, kernel), f"{kernel}_forward")(x, weights, None, found, *description, 0)
    right = np.float64(x.flat[0]) * np.float64(weights.flat[0]) * 18000
    np.testing.assert_allclose(found, right, rtol=40 * native.epsilon)  # A single sum has 800 in float32.


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_two_bfloat16_stay_under_the_bound_where_all_errors_have_one_sign(native, direction):
    if native.dtype != "float32":
        pytest.skip("a float32 is split into bfloat16, no wider number")
    problem = PROBLEMS["64 channels"]
    worst = np.float32(1 + 2**-8 - 2**-16 + 2**-17 - 2**-23)  # as far as can be from two, and from one
    x, weights, d_y = (native.array(np.full(shape, worst)) for shape in problem[:3])
    given, shape = {
        "forward": ((x, weights, None), problem.output_shape),
        "backward_input": ((d_y, weights), problem.input_shape),
        "backward_kernel": ((x, d_y), problem.kernel_shape),
    }[direction]
    description = problem.strides, problem.dilations, problem.pads, problem.groups, *([0] if direction == "forward" else [])
    found, right = native.empty(shape), native.empty(shape)
    getattr(native.conv_bf16x2, f"conv_bf16x2_{direction}")(*given, found, *description)
    getattr(native.conv_bf16x3, f"conv_bf16x3_{direction}")(*given, right, *description)
    error = np.abs(found - right).max() / right.max()
    assert 1e-5 < error < 5e-5


@pytest.mark.parametrize("kernel", ["conv_direct", "conv_bf16x3"])
def test_taps_that_meet_only_padding_are_left_out(native, kernel):
    if kernel == "conv_bf16x3" and native.dtype != "float32":
        pytest.skip("a float32 is split into bfloat16, no wider number")
    problem = PROBLEMS["a dilation beyond the image"]
    *_, channels, filters = problem.kernel_shape
    weights = np.full(problem.kernel_shape, np.nan)
    weights[0, 1, 1] = 1
    weights, module = native.array(weights), getattr(native, kernel)
    description = problem.strides, problem.dilations, problem.pads, problem.groups
    y, d_x = native.empty(problem.output_shape), native.empty(problem.input_shape)
    getattr(module, f"{kernel}_forward")(native.array(np.ones(problem.input_shape)), weights, None, y, *description, 0)
    getattr(module, f"{kernel}_backward_input")(native.array(np.ones(problem.output_shape)), weights, d_x, *description)
    np.testing.assert_array_equal(y, channels)
    np.testing.assert_array_equal(d_x, filters)


def test_every_kernel_is_chosen_for_something():
    compiled = [kernel for kernel in KERNELS if hasattr(_native.kernels("float32"), kernel.module)]
    assert len(compiled) >= len(KERNELS) - 2  # tiles of bfloat16 are for some CPUs only
    for kernel in compiled:
        assert any(kernel.cannot(problem, direction) is None for problem in PROBLEMS.values() for direction in DIRECTIONS)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.module)
def test_nan_and_infinity_stay_where_they_belong(native, kernel, value):
    problem = PROBLEMS["many tiles"]._replace(dtype=native.dtype.name)
    if kernel.cannot(problem, "forward"):
        pytest.skip(kernel.cannot(problem, "forward"))
    if "winograd" in kernel.module:
        pytest.skip("Winograd's tiles spread them over their outputs, as the next test says")
    x = np.zeros(problem.input_shape)
    x[0, 0, 5, 5, 3] = value
    y = native.empty(problem.output_shape)
    function = getattr(getattr(native, kernel.module), f"{kernel.module}_forward")
    weights = native.array(np.ones(problem.kernel_shape))
    done = function(native.array(x), weights, None, y, problem.strides, problem.dilations, problem.pads, problem.groups, 0)
    if kernel.only_finite:
        assert done is False
        return
    spoiled = (~np.isfinite(y)).any(axis=-1)[0, 0]
    assert spoiled[4:7, 4:7].all()
    assert spoiled.sum() == 9


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["many tiles", "7x7", "9 taps along a row", "5x5, strides of 2", "two rates of dilation"])
@pytest.mark.parametrize("kernel", ["conv_winograd", "conv_winograd_grouped"])
def test_winograd_spreads_nan_and_infinity_over_the_tiles_that_see_them(native, kernel, name, value):
    problem = PROBLEMS[name]._replace(dtype=native.dtype.name)
    if kernel == "conv_winograd_grouped" and winograd_grouped_cannot(problem, "forward"):
        pytest.skip(winograd_grouped_cannot(problem, "forward"))
    x = np.zeros(problem.input_shape)
    x[0, 0, x.shape[2] // 2, x.shape[3] // 2, 3] = value
    description = problem.strides, problem.dilations, problem.pads, problem.groups
    spoiled = []
    for module in ("conv_reference", kernel):
        y, weights = native.empty(problem.output_shape), native.array(np.ones(problem.kernel_shape))
        getattr(getattr(native, module), f"{module}_forward")(native.array(x), weights, None, y, *description, 0)
        spoiled.append(~np.isfinite(y).all(axis=-1))
    right, found = spoiled
    assert found[right].all()
    assert not found[1:].any()
    axes = zip(
        np.argwhere(right).T[2:], np.argwhere(found).T[2:], problem.kernel_shape[1:], problem.dilations[1:], strict=False
    )
    for seen, reached, taps, dilation in axes:
        reach = 5 * dilation if taps > 1 else 0  # what a tile sees through six points
        assert seen.min() - reach <= reached.min() <= reached.max() <= seen.max() + reach


def test_nan_stays_in_the_slices_that_see_it(native):
    problem = PROBLEMS["3x3x3, many slices"]
    x = np.random.default_rng(0).normal(size=problem.input_shape)
    x[1, 4, 5, 6, 7] = np.nan
    y, weights = native.empty(problem.output_shape), native.array(np.ones(problem.kernel_shape))
    native.conv_winograd.conv_winograd_forward(
        native.array(x), weights, None, y, problem.strides, problem.dilations, problem.pads, 1, 0
    )
    spoiled = np.isnan(y).any(axis=(2, 3, 4))
    assert spoiled[1, 3:6].all()
    assert spoiled.sum() == 3


def test_numbers_that_a_kernel_leaves_are_computed_by_another(monkeypatch):
    problem = PROBLEMS["many tiles"]
    x = np.zeros(problem.input_shape, "float32")
    x[0, 0, 5, 5, 3] = np.inf
    y = np.empty(problem.output_shape, "float32")
    weights = np.ones(problem.kernel_shape, "float32")
    monkeypatch.setattr(config, "winograd", lambda: False)
    choose(problem, "forward")(x, weights, None, y, problem.strides, problem.dilations, problem.pads, problem.groups, 0)
    assert np.isposinf(y[0, 0, 4:7, 4:7]).all()
    assert np.isfinite(y).sum() == y.size - 9 * problem.output_shape[-1]
