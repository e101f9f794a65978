"""Every convolution kernel of the list, in every direction, against the reference in float64."""

import functools
import itertools

import numpy as np
import pytest

from convlayers import config
from convlayers.ops.conv_kernels import CONV_KERNELS, DIRECTIONS, ConvProblem, choose

# Around the register tiles (12 x 32, 6 x 16, 6 x 8 and their halves), the chunk of the depth (384), and blocks of 64 and 72.
CHANNELS = (1, 3, 7, 16, 17, 33, 73, 385)
FILTERS = (1, 6, 8, 15, 31, 32, 33, 65)


def problem(
    image, taps, channels=5, filters=4, strides=(1, 1, 1), dilations=(1, 1, 1), pads=(0, 0, 0), behind=None, groups=1, batch=2
):
    behind = pads if behind is None else behind
    outputs = [
        (size + before + after - (tap - 1) * dilation - 1) // stride + 1
        for size, before, after, tap, dilation, stride in zip(image, pads, behind, taps, dilations, strides, strict=True)
    ]
    return ConvProblem(
        input_shape=(batch, *image, channels * groups),
        kernel_shape=(*taps, channels, filters * groups),
        output_shape=(batch, *outputs, filters * groups),
        strides=strides,
        dilations=dilations,
        pads=pads,
        groups=groups,
        dtype="float32",
    )


def _problems():
    one = (1, 1, 1)
    for channels in CHANNELS:
        yield f"3x3, {channels} channels", problem((1, 6, 9), (1, 3, 3), channels, 5, pads=(0, 1, 1))
    for filters in FILTERS:
        yield f"3x3, {filters} filters", problem((1, 6, 9), (1, 3, 3), 5, filters, pads=(0, 1, 1))
    for pixels in (1, 11, 12, 13, 25, 191, 192, 193, 385):
        yield f"1x1, {pixels} pixels", problem((1, 1, pixels), one, 7, 33, batch=1)
        yield f"3 taps, {pixels} pixels", problem((1, 1, pixels), (1, 1, 3), 2, 9, pads=(0, 0, 1), batch=1)
    for pixels in (1, 6, 13, 31):
        yield f"a dense layer, {pixels} samples", problem((1, 1, pixels), one, 61, 130, batch=1)
    yield "a dense layer, many features", problem((1, 1, 5), one, 1035, 64, batch=1)
    yield "outputs far fewer than inputs", problem((1, 5, 6), (1, 3, 4), 40, 35, batch=7)
    yield "a large dilation", problem((1, 7, 9), (1, 3, 3), 33, 34, dilations=(1, 4, 5), pads=(0, 4, 5), batch=3)
    yield "a large dilation and strides", problem((1, 19, 17), (1, 3, 2), 36, 34, dilations=(1, 5, 6), strides=(1, 2, 3))
    yield (
        "blocks of uneven size",
        problem((1, 20, 42), (1, 5, 4), 96, 35, dilations=(1, 2, 1), pads=(0, 1, 2), behind=(0, 2, 1), batch=2),
    )
    yield (
        "outputs that seem to lie evenly",
        problem(
            (2, 8, 10), (1, 3, 3), 96, 16, strides=(1, 1, 3), dilations=(1, 2, 1), pads=(0, 0, 2), behind=(0, 1, 2), batch=5
        ),
    )
    yield "one long axis", problem((1, 1, 4500), (1, 1, 3), 33, 32, pads=(0, 0, 1), batch=1)
    yield "many pixels", problem((1, 70, 70), (1, 3, 3), 4, 3, batch=3)
    yield "large weights", problem((1, 3, 3), (1, 3, 3), 800, 300, pads=(0, 1, 1))
    yield "a deep window", problem((1, 5, 4), (1, 5, 4), 900, 8, batch=3)
    yield "the image of a tile", problem((1, 4, 4), (1, 3, 3), 34, 66, pads=(0, 1, 1), batch=5)
    yield "uneven padding", problem((1, 8, 5), (1, 3, 3), 34, 66, pads=(0, 2, 0), behind=(0, 0, 2))
    yield "many tiles", problem((1, 41, 23), (1, 3, 3), 40, 70, pads=(0, 1, 1), batch=4)
    # Their gradients for the input have more tiles than outputs have, and Winograd's kernel computes them from those.
    yield "more tiles in than out", problem((1, 41, 22), (1, 3, 3), 40, 70, batch=3)
    yield "more tiles in than out, many images", problem((1, 13, 14), (1, 3, 3), 70, 65, batch=13)
    yield "64 channels", problem((1, 13, 22), (1, 3, 3), 64, 64, pads=(0, 1, 1), batch=2)
    yield "deep transformed weights", problem((1, 9, 9), (1, 3, 3), 300, 140, pads=(0, 1, 1))
    yield "strides", problem((1, 11, 13), (1, 3, 2), strides=(1, 2, 3), pads=(0, 1, 0))
    yield "strides beyond the kernel", problem((1, 11, 13), (1, 2, 1), strides=(1, 3, 4))
    yield "strides of 1x1", problem((1, 9, 8), one, 65, 33, strides=(1, 2, 2))
    yield "dilation", problem((1, 12, 11), (1, 3, 3), dilations=(1, 2, 3), pads=(0, 2, 1))
    yield "dilation and strides", problem((1, 14, 15), (1, 3, 3), dilations=(1, 2, 3), strides=(1, 3, 2), pads=(0, 3, 1))
    yield "padding beyond the kernel", problem((1, 3, 4), (1, 2, 2), pads=(0, 4, 5))
    yield "padding behind only, beyond the kernel", problem((1, 4, 5), (1, 3, 3), 34, 34, behind=(0, 4, 7))
    yield "1x1, padding behind only", problem((1, 1, 3), one, 33, 34, behind=(0, 0, 5))
    yield "1x1, padding behind only, many pixels", problem((1, 14, 15), one, 65, 34, behind=(0, 3, 2))
    yield "1x1, strides, padding", problem((1, 9, 8), one, 20, 33, strides=(1, 2, 3), pads=(0, 1, 2), behind=(0, 4, 0))
    # Taps that only some outputs see, or none: boxes of outputs, down to single pixels, and tiles of several boxes.
    yield "a dilation beyond the image", problem((1, 7, 6), (1, 3, 3), 33, 34, dilations=(1, 8, 9), pads=(0, 8, 9))
    yield "a dilation of half the image", problem((1, 13, 12), (1, 3, 3), 40, 35, dilations=(1, 6, 6), pads=(0, 6, 6), batch=3)
    yield "a dilation of most of the image", problem((1, 20, 20), (1, 3, 3), 64, 65, dilations=(1, 12, 15), pads=(0, 12, 15))
    yield "a dilation of rows only", problem((1, 30, 20), (1, 3, 3), 96, 64, dilations=(1, 12, 1), pads=(0, 12, 1), batch=1)
    yield "wide groups, dilation", problem((1, 7, 9), (1, 3, 3), 33, 17, groups=2, dilations=(1, 5, 4), pads=(0, 5, 4))
    yield "each output sees other taps", problem((1, 6, 5), (1, 7, 6), 20, 33, pads=(0, 3, 2), behind=(0, 3, 3), batch=3)
    yield "outputs that see nothing", problem((1, 2, 3), (1, 3, 3), 33, 34, dilations=(1, 2, 2), pads=(0, 11, 9))
    yield (
        "strides, dilation and much padding",
        problem((1, 9, 8), (1, 4, 3), 33, 34, strides=(1, 2, 3), dilations=(1, 3, 5), pads=(0, 9, 9), behind=(0, 4, 10)),
    )
    yield "a causal axis", problem((1, 1, 40), (1, 1, 4), 33, 34, dilations=(1, 1, 9), pads=(0, 0, 27), behind=(0, 0, 0))
    yield "three short axes", problem((3, 4, 5), (3, 3, 3), 20, 33, pads=(1, 1, 1))
    yield "three axes, dilation", problem((4, 5, 6), (3, 3, 3), 64, 33, dilations=(3, 2, 4), pads=(3, 2, 4))
    yield "taps along the depth", problem((6, 7, 9), (3, 1, 1), 40, 33, pads=(1, 0, 0))
    yield (
        "taps along the depth and the width, strides, dilation",
        problem((9, 5, 8), (3, 1, 2), 33, 34, strides=(2, 2, 1), dilations=(2, 1, 3), pads=(3, 0, 1), behind=(4, 0, 2)),
    )
    yield "a kernel as large as the image", problem((1, 5, 6), (1, 5, 6))
    yield "groups", problem((1, 7, 7), (1, 3, 3), 3, 5, groups=4, pads=(0, 1, 1))
    yield "wide groups", problem((1, 5, 7), (1, 3, 3), 33, 34, groups=2, strides=(1, 2, 1))
    yield "as many groups as channels", problem((1, 9, 8), (1, 3, 3), 1, 1, groups=19, pads=(0, 1, 1))
    yield "depthwise, few channels", problem((1, 9, 8), (1, 2, 3), 1, 1, groups=4)
    yield "depthwise, a vector", problem((1, 9, 8), (1, 2, 3), 1, 1, groups=16)
    yield "depthwise, several filters", problem((1, 9, 8), (1, 5, 3), 1, 3, groups=17, strides=(1, 2, 2), pads=(0, 2, 1))
    yield "depthwise, dilation", problem((1, 9, 8), (1, 3, 3), 1, 1, groups=33, dilations=(1, 2, 2), pads=(0, 2, 2))
    yield "depthwise, more than a megabyte", problem((1, 45, 47), (1, 3, 3), 1, 1, groups=68, pads=(0, 1, 1))
    yield "depthwise, every other pixel of a megabyte", problem((1, 47, 45), (1, 5, 5), 1, 1, groups=67, strides=(1, 2, 2))
    # Vectors of filters of one group, of several groups, or of several pixels; the last vector is not full.
    for channels, filters, groups in (
        (4, 4, 9),
        (2, 2, 17),
        (8, 8, 5),
        (1, 3, 33),
        (3, 1, 33),
        (5, 3, 7),
        (3, 7, 5),
        (12, 12, 3),
        (17, 20, 2),
        (1, 1, 3),
        (1, 2, 2),
    ):
        shape = problem((1, 9, 16), (1, 3, 3), channels, filters, groups=groups, pads=(0, 1, 1))
        yield f"{groups} groups of {channels} channels and {filters} filters", shape
    yield "groups, strides", problem((1, 13, 17), (1, 3, 3), 4, 4, groups=8, strides=(1, 2, 2), pads=(0, 1, 1))
    yield "groups, strides beyond the kernel", problem((1, 13, 17), (1, 2, 3), 4, 4, groups=8, strides=(1, 3, 1))
    yield "groups, dilation", problem((1, 13, 17), (1, 3, 3), 4, 4, groups=8, dilations=(1, 2, 2), pads=(0, 4, 1))
    yield "groups, three axes", problem((4, 5, 9), (2, 3, 3), 4, 4, groups=4, strides=(1, 2, 1), pads=(1, 1, 1))
    yield "groups, padding beyond the kernel", problem((1, 2, 3), (1, 3, 3), 4, 4, groups=8, pads=(0, 5, 9))
    yield "groups, several blocks", problem((1, 60, 8), (1, 3, 3), 4, 4, groups=64, pads=(0, 1, 1))
    yield "few channels, strides", problem((1, 9, 31), (1, 3, 2), 1, 1, groups=3, strides=(1, 2, 3), pads=(0, 1, 1))
    # Bundles of groups, the last of which is smaller; groups that are divided into blocks; both sizes of tiles.
    yield "many groups of a vector", problem((1, 17, 9), (1, 3, 3), 16, 17, groups=9, pads=(0, 1, 1))
    yield "groups that are divided", problem((1, 9, 10), (1, 3, 3), 97, 100, groups=2, pads=(0, 0, 2), behind=(0, 1, 1))
    yield "groups of 5x5", problem((1, 11, 13), (1, 5, 5), 20, 33, groups=3, pads=(0, 2, 4), behind=(0, 1, 2))
    yield "one axis", problem((1, 1, 40), (1, 1, 5), 6, 7, strides=(1, 1, 2), dilations=(1, 1, 3), pads=(0, 0, 12))
    yield "three axes", problem((5, 6, 7), (2, 3, 3), strides=(2, 1, 2), dilations=(1, 2, 1), pads=(1, 2, 0))
    for taps in (2, 5, 7, 8, 10, 11):
        yield f"few channels, {taps} taps", problem((1, 9, 31), (1, 3, taps), 1, 20, pads=(0, 1, 2))
    for filters in (6, 24, 40, 72):
        yield f"few channels, {filters} filters", problem((1, 29, 27), (1, 3, 3), 3, filters, strides=(1, 2, 1), pads=(0, 1, 0))
    yield "few channels, a long row", problem((1, 1, 5000), (1, 1, 9), 2, 12, pads=(0, 0, 4), batch=1)
    yield "few channels, narrow", problem((3, 40, 1), (2, 3, 1), 4, 18, pads=(0, 1, 0), dilations=(1, 3, 1))
    yield "no images", problem((1, 6, 6), (1, 3, 3), 33, 33, batch=0)


PROBLEMS = dict(_problems())


@functools.lru_cache(maxsize=1)  # the next test is mostly about the same problem
def draw(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


def run(native, kernel, problem, direction):
    """Returns what a kernel computes of random numbers, the same for all kernels."""
    x, weights, y, bias = map(native.array, draw(*problem[:3], problem.output_shape[-1:]))
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
        "many groups of a vector",
        "groups of 5x5",
        "a dilation of half the image",
        "a dilation of most of the image",
        "each output sees other taps",
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


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_two_bfloat16_stay_under_the_bound_where_all_errors_have_one_sign(native, direction):
    if native.dtype != "float32":
        pytest.skip("three bfloat16 make a float32, not more")
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
        pytest.skip("three bfloat16 make a float32, not more")
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
    for kernel in KERNELS:
        assert any(kernel.cannot(problem, direction) is None for problem in PROBLEMS.values() for direction in DIRECTIONS)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.module)
def test_nan_and_infinity_stay_where_they_belong(native, kernel, value):
    problem = PROBLEMS["many tiles"]._replace(dtype=native.dtype.name)
    if kernel.cannot(problem, "forward"):
        pytest.skip(kernel.cannot(problem, "forward"))
    if "winograd" in kernel.module:
        pytest.skip("Winograd's tiles spread them over their 16 outputs")
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
