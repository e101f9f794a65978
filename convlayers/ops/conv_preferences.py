"""Where another convolution kernel is the better choice than one that can compute a problem (conv_limits.py).

All functions take a problem and a direction, and return None, or the reason: settings, accuracy, speed.

Borders were measured. They have names, in front of the rules for a kernel, and comments on what they give, and where: on
Sapphire Rapids, which has tiles of bfloat16, or on Zen 4, which has none. The numbers of a formula were fitted together,
and its function tells how well. docs/convolution_speed.md has all that was tried.
"""

import math

import numpy as np

from convlayers import _native, config
from convlayers.ops.conv_costs import has_copies_for_taps, pixels_cost, tiles_cost, vectors_cost
from convlayers.ops.conv_limits import bf16_cannot, few_pixels_cannot, winograd_grouped_cannot
from convlayers.ops.conv_products import products_inside, winograd_products, winograd_tiles

# What a choice depends on, of a machine: these, and whether it has tiles of bfloat16.
_HAS_32_REGISTERS = _native.isa in ("x86_64_v4", "x86_64_amx")
_VECTOR_BYTES = 64 if _HAS_32_REGISTERS else 32 if _native.isa == "x86_64_v3" else 16


def _has_tiles(problem, direction):
    """Whether tiles of bfloat16 can compute this."""
    return bf16_cannot(problem, direction) is None


def _whole(numbers, block):
    """Returns how many numbers whole blocks have."""
    return math.ceil(numbers / block) * block


# Algorithms that round more than sums of products ---------------------------------------------------------------------


def _rounds_too_much(problem):
    """Why algorithms that round as Winograd's does are not wanted, or None."""
    if not config.winograd():
        return "turned off by `config.set_winograd(False)` or CONVLAYERS_WINOGRAD=0"
    if problem.dtype != "float32":
        return "float64 is for those who want the last digit"
    return None


def _is_no_plain_3x3(problem):
    """Why this is no convolution of images with kernels of 3x3 whose taps are neighbours, or None."""
    if problem.kernel_shape[:3] != (1, 3, 3):
        return "only kernels of 3x3"
    if problem.strides != (1, 1, 1) or problem.dilations != (1, 1, 1) or problem.groups != 1:
        return "only without strides, dilation and groups"
    if problem.input_shape[1] != 1 or problem.output_shape[1] != 1 or max(problem.pads) > 2:
        return "only images, padded by at most 2 pixels"
    return None


# Tiles of bfloat16: conv_bf16x2, conv_bf16x3 --------------------------------------------------------------------------

# Sapphire Rapids: from here on 1.0 to 1.6 times as fast as Winograd's algorithm. Gradients for kernels of 16 or 24 channels
# are 0.7 to 0.9 times as fast.
TILES_FROM_CHANNELS = {"forward": 16, "backward_input": 16, "backward_kernel": 32}
TILES_FROM_FILTERS = 16
# With other pixels than those of multiples of these numbers, rows of tiles cross lines of the cache. So do gradients for
# kernels of 40 channels: 0.7 to 0.9.
NUMBERS_IN_LINE = {"forward": 4, "backward_input": 4, "backward_kernel": 16}
# Pairs of a channel and a filter that are worth a copy of the source for each tap.
COPIES_FROM_PAIRS = 64 * 64
# Of memory, which no layer takes much more of beside its arrays.
MOST_BYTES = 8_000_000
# Sapphire Rapids: up to here vectors are 1.1 to 1.35 times as fast for images that leave the cache, for others at most a few
# percent slower.
SHORT_TO_DEPTH = 192


def bf16x2_should_not(problem, direction):
    if reason := _rounds_too_much(problem) or _is_no_plain_3x3(problem):
        return reason
    channels, filters = problem.kernel_shape[3:]
    if channels < TILES_FROM_CHANNELS[direction] or filters < TILES_FROM_FILTERS:
        return "too few channels or filters to fill tiles"
    if has_copies_for_taps(problem, direction) and channels * filters < COPIES_FROM_PAIRS:
        return "too few products of a number for a copy of it for each tap"
    if problem.depth(direction) % NUMBERS_IN_LINE[direction]:
        return "pixels whose numbers tiles would have to read from two lines of the cache"
    if not (few_pixels_cannot(problem, direction) or few_pixels_should_not(problem, direction)):
        return "too few pixels to be worth splitting the weights"
    return _bf16_takes_too_much(problem, direction)


def bf16x3_should_not(problem, direction):
    if reason := _bf16_takes_too_much(problem, direction):
        return reason
    side_by_side = 1 < problem.taps <= math.prod(problem.strides)
    if direction == "backward_input" and side_by_side and problem.depth(direction) <= SHORT_TO_DEPTH:
        return "windows side by side: each pixel takes one product of a split window, which is short"
    if tiles_cost(problem, direction) >= vectors_cost(problem, direction):
        return "too few channels or filters to fill tiles"
    return None


def _bf16_takes_too_much(problem, direction):
    depth = problem.depth(direction)
    if 384 * depth + max(4 << 20, 192 * problem.taps * depth) > MOST_BYTES:
        return "64 split windows and the weights of 32 filters would take more than 8 MB"
    return None


# Winograd's algorithm: conv_winograd ----------------------------------------------------------------------------------

# With fewer, conv_winograd_grouped is faster. It takes no slices of the depth, and these share what is transformed: Zen 4,
# 3x3x3 is 1.3 times as fast as by conv_direct.
WINOGRAD_FROM_CHANNELS = 32
WINOGRAD_IN_DEPTH_FROM_CHANNELS = 16


def winograd_should_not(problem, direction):
    if reason := _rounds_too_much(problem):
        return reason
    fewest = WINOGRAD_FROM_CHANNELS if problem.kernel_shape[0] == 1 else WINOGRAD_IN_DEPTH_FROM_CHANNELS
    if min(problem.kernel_shape[3:]) < fewest:
        return "too few channels or filters to be worth the transforms"
    if winograd_grouped_cannot(problem, direction) is None and _is_faster_at_hand(problem, direction):
        return "conv_winograd_grouped, which has all of a kernel at hand, is faster"
    if _has_tiles(problem, direction):
        if _is_no_plain_3x3(problem):
            return "left to tiles of bfloat16, beside which it has not been measured"
        slower = _is_slower_than_tiles(problem, direction)
    else:
        slower = _is_slower_than_vectors(problem, direction)
    return "too few pixels to be worth the transforms" if slower else None


def _is_slower_than_vectors(problem, direction):
    """Zen 4: with this, 420 shapes in three directions take 1.4 % longer than with the best kernel each, with AVX2 1.8 %."""
    products, weights = winograd_products(problem, direction)
    # In products of vectors: a product of transformed numbers, and to transform a weight. Strides divide them among parts.
    product, weight = 1.2, 10
    if max(problem.strides) > 1:
        product, weight = 1.6, 14
        if direction == "backward_input" and not _HAS_32_REGISTERS:
            product = 2
    return product * products + weight * weights > products_inside(problem)


def _is_slower_than_tiles(problem, direction):
    """Sapphire Rapids: layers of few pixels, which this leaves to tiles, are 1.1 to 1.3 times as fast there."""
    # In products of vectors: one of transformed tiles takes longer where the transformed kernel leaves the cache, and to
    # transform a kernel as long as 28 tiles. A product of split numbers takes half, and to split a kernel as long as 35
    # pixels.
    product = 1.25 if math.prod(problem.kernel_shape[3:]) < 29_000 else 1.9
    tiles = _whole(_winograd_tiles(problem, direction), 12)
    return 36 * (product * tiles + 28) > 9 * (problem.pixels(direction) / 1.9 + 35)


def _winograd_tiles(problem, direction):
    """The tiles of 4x4 outputs in conv_winograd. Gradients for the input are computed from the tiles of either side."""
    inputs, outputs = (winograd_tiles(shape, 3, problem.dilations) for shape in (problem.input_shape, problem.output_shape))
    if direction != "backward_input":
        return outputs
    return min(inputs, outputs) if problem.dilations[1:] == (1, 1) else inputs


# Winograd's algorithm for kernels that stay at hand: conv_winograd_grouped --------------------------------------------

# Sapphire Rapids: a single group of fewer pairs of a channel and a filter is 1.1 to 1.6 times as fast as in conv_winograd.
AT_HAND_TO_PAIRS = 64 * 64
# And one of fewer than these, 1.1 to 2.1 times, where panels of conv_winograd are not full.
AT_HAND_BESIDE_PANELS_TO_PAIRS = 20_000
# Zen 4: conv_winograd is faster with fewer tiles. With 16 registers, also with more in gradients for inputs.
AT_HAND_FROM_TILES = 16
AT_HAND_TO_TILES = math.inf if _HAS_32_REGISTERS else 64
# Sapphire Rapids: gradients for inputs from so many times fewer tiles are 1.1 to 2.4 times as fast in conv_winograd.
FEWER_TILES = 1.2
# Of a group's kernel and 32 of its tiles. Each is transformed into 36, of four bytes.
MOST_NUMBERS_OF_GROUP = 52_000


def winograd_grouped_should_not(problem, direction):
    if reason := _rounds_too_much(problem):
        return reason
    taps, channels, filters = problem.kernel_shape[1], problem.kernel_shape[3], problem.kernel_shape[4] // problem.groups
    dilated = max(problem.dilations) > 1
    if problem.groups == 1:
        wide = min(channels, filters) >= WINOGRAD_FROM_CHANNELS
        if taps == 3 and wide and not _is_faster_at_hand(problem, direction):
            return "channels and filters enough for conv_winograd"
        if (taps == 5 or dilated) and _has_tiles(problem, direction):
            return "tiles of bfloat16 are as fast, and more accurate"
    if channels * filters + 32 * (channels + filters) > MOST_NUMBERS_OF_GROUP:
        return "a group and 32 of its tiles would take more than 8 MB once they are transformed"
    if _is_grouped_slower_than_vectors(problem, direction, dilated):
        return "too few pixels to be worth the transforms"
    return None


def _is_grouped_slower_than_vectors(problem, direction, dilated):
    """Zen 4: with this, 142 layers in three directions take 2.0 % longer than with the best kernel each, with AVX2 2.4 %."""
    shape = problem.input_shape if direction == "backward_input" else problem.output_shape
    tiles = winograd_tiles(shape, problem.kernel_shape[1], problem.dilations)
    # In products of vectors: those of a tile, and to transform a kernel, which is kept forward.
    product, kernel = (1.5, 40) if _has_tiles(problem, direction) else (1.6, 8 if direction == "forward" else 19)
    direct = 1.5 * products_inside(problem) if dilated else problem.taps * problem.pixels(direction)
    return 36 * (product * tiles + kernel) > direct


def _is_faster_at_hand(problem, direction):
    """Whether a single group is faster in conv_winograd_grouped than in conv_winograd."""
    if _takes_fewer_tiles(problem, direction):
        return False
    channels, filters = problem.kernel_shape[3:]
    pairs = channels * filters
    if not _has_tiles(problem, direction):
        tiles = _winograd_tiles(problem, direction)
        if tiles < AT_HAND_FROM_TILES:
            return False
        if direction == "backward_input":  # It turns kernels in less time.
            return pairs < AT_HAND_BESIDE_PANELS_TO_PAIRS and tiles < AT_HAND_TO_TILES
    if not _HAS_32_REGISTERS:
        return False
    if pairs < AT_HAND_TO_PAIRS:
        return True
    if direction == "backward_kernel":  # collected in blocks of 72 x 64
        return _whole(channels, 72) * _whole(filters, 64) >= 1.5 * pairs
    results = problem.results(direction)  # computed in panels of 32
    return pairs < AT_HAND_BESIDE_PANELS_TO_PAIRS and _whole(results, 32) > 1.05 * results


def _takes_fewer_tiles(problem, direction):
    """Whether conv_winograd computes a gradient for an input from tiles of the output which are few enough."""
    if direction != "backward_input" or problem.dilations != (1, 1, 1):
        return False
    channels = problem.kernel_shape[3]
    inputs, outputs = winograd_tiles(problem.input_shape), winograd_tiles(problem.output_shape)
    return inputs * channels > FEWER_TILES * outputs * _whole(channels, 32)


# Few pixels: conv_few_pixels ------------------------------------------------------------------------------------------

# Sapphire Rapids: with more, packed weights are faster. Gradients for kernels with 64 are 1.1 times as fast by AVX-512 here,
# but not by AVX2.
FEW_PIXELS = {"forward": 32, "backward_input": 32, "backward_kernel": 48}
# Windows that overlap are read again and again.
FEW_WINDOWS = math.inf if _HAS_32_REGISTERS else 12
# What gradients for inputs sum up, in vectors.
SUMS_FROM_FILTERS = 64


def few_pixels_should_not(problem, direction):
    if direction == "backward_input" and problem.kernel_shape[4] < SUMS_FROM_FILTERS:
        return "too few filters for sums of vectors"
    most = FEW_PIXELS[direction] if problem.taps == 1 else min(FEW_PIXELS[direction], FEW_WINDOWS)
    if problem.pixels("forward") > most:
        return "pixels enough to be worth packing the weights"
    return None


# Few channels or filters: conv_to_few, conv_few -----------------------------------------------------------------------

# For each result in a pixel. Zen 4: with fewer, conv_few takes half of the time.
TO_FEW_FROM_PIXELS = 16
# The numbers of a pixel for conv_few, with any weights and with few: more are packed for conv_direct.
FEW_NUMBERS, SOME_NUMBERS = 8, 32
FEW_WEIGHTS = 1 << 14
# Channels or filters, or else weights, in gradients for kernels of one pixel, whose windows stay where they are. Sapphire
# Rapids: within 2 % of the best choice.
FEW_OF_ONE_PIXEL = 48
FEW_WEIGHTS_OF_ONE_PIXEL = 1 << 13
# The part of products that is not in the padding. Zen 4: with half of them conv_grouped is 1.15 times as fast, by AVX2 1.2.
FEW_INSIDE = 0.62
# Of both channels and filters. Zen 4: here, conv_direct takes 0.85 to 1.2 of the time.
DIRECT_FROM_CHANNELS = 32


def to_few_should_not(problem, direction):
    lanes = _VECTOR_BYTES // np.dtype(problem.dtype).itemsize
    if 2 * problem.results(direction) > lanes:
        return "results enough for vectors of them"
    if _are_sooner_multiplied_than_moved(problem, direction, lanes):
        return "windows of one pixel, which take conv_few less time than to put them into planes"
    if _has_tiles(problem, direction):
        if tiles_cost(problem, direction) < pixels_cost(problem, direction):
            return "channels or results enough for tiles of bfloat16"
    elif problem.pixels(direction) < TO_FEW_FROM_PIXELS * problem.results(direction):
        return "too few pixels to be worth putting them into vectors"
    return None


def _are_sooner_multiplied_than_moved(problem, direction, lanes):
    """Whether conv_few is the faster one for windows of one pixel.

    Zen 4: it takes 0.6 of the time where this is true, by AVX2 0.75. With this, 78 pairs of channels and results, with 100 to
    50,000 pixels each, take 2 % longer than with the better kernel.
    """
    depth = problem.depth(direction)
    if problem.taps > 1 or max(problem.strides) > 1 or depth > SOME_NUMBERS:
        return False
    if problem.pixels(direction) < 32 * lanes or problem.results(direction) > max(lanes // 4, 2):
        return True
    # Pixels become planes by a shuffle for each pair of their numbers, but in fewer steps if they fill vectors.
    return lanes <= 2 * depth < 2 * lanes


def few_should_not(problem, direction):
    if not _has_few_numbers(problem, direction):
        return "weights enough to be multiplied in chunks, by packed windows"
    if _has_tiles(problem, direction):
        if tiles_cost(problem, direction) < vectors_cost(problem, direction):
            return "windows or filters enough for tiles of bfloat16"
    elif problem.strides == (1, 1, 1):
        if products_inside(problem) < FEW_INSIDE * problem.taps * problem.pixels(direction):
            return "half of the products are in the padding, which conv_grouped and conv_direct leave out"
        if problem.taps > 1 and min(problem.kernel_shape[3:]) >= DIRECT_FROM_CHANNELS:
            return "channels and filters enough for conv_direct"
    return None


def _has_few_numbers(problem, direction):
    """Whether windows, or weights, are so few numbers that packing them takes as long as multiplying them."""
    channels, filters = problem.kernel_shape[3:]
    if direction == "backward_kernel" and problem.taps == 1:
        return problem.weights <= FEW_WEIGHTS_OF_ONE_PIXEL or min(channels, filters) <= FEW_OF_ONE_PIXEL
    if direction == "backward_kernel" and problem.strides == (1, 1, 1) and filters <= FEW_NUMBERS:
        return True  # x and d_y exchange their roles
    depth = problem.depth(direction)
    return depth <= FEW_NUMBERS or (depth <= SOME_NUMBERS and problem.weights <= FEW_WEIGHTS)


# Groups: conv_grouped -------------------------------------------------------------------------------------------------

# Channels or filters of a group; more are enough for conv_direct. With 32 registers, neighbouring taps share what they load,
# for up to three vectors of filters.
GROUPED_TO_CHANNELS = 48 if _HAS_32_REGISTERS else 24
GROUPED_TO_CHANNELS_OF_ONE_TAP = GROUPED_TO_CHANNELS_OF_ONE_GROUP = 16


def grouped_should_not(problem, direction):
    if problem.groups == 1 and (max(problem.kernel_shape[3:]) > GROUPED_TO_CHANNELS_OF_ONE_GROUP or problem.taps == 1):
        return "only one group, and windows that are read in place or long enough"
    most = GROUPED_TO_CHANNELS_OF_ONE_TAP if problem.taps == 1 else GROUPED_TO_CHANNELS
    if max(problem.kernel_shape[3], problem.kernel_shape[4] // problem.groups) > most:
        return "groups are large enough for conv_direct"
    return None


# Where images are channels first: conv_depthwise, conv_to_few ---------------------------------------------------------

# The pixels of a few rows, of a block of channels, which should stay in L2, and the longest vector.
MOST_PIXELS_OF_PLANES, LEAST_PIXELS_OF_PLANES = 4096, 16


def depthwise_reads_planes(problem):
    """Whether planes are put together to pixels while they are read. Else images are transposed first."""
    (_, depth, height, width, _), taps = problem.input_shape, problem.kernel_shape
    if not depth == taps[0] == problem.output_shape[1] == 1:
        return False
    rows = min(height, problem.strides[1] + (taps[1] - 1) * problem.dilations[1] + 1)
    return height * width >= LEAST_PIXELS_OF_PLANES and rows * width <= MOST_PIXELS_OF_PLANES


def to_few_reads_planes(problem):
    """Slices that become images (conv_views.py) would not lie in the order of images then."""
    return problem.input_shape[1] == problem.output_shape[1] == 1


def reference_should_not(problem, direction):
    return "it is slow"
