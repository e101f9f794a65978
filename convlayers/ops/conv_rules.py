"""What each convolution kernel can not compute, and where another one is the better choice (conv_kernels.py has the list).

All take a problem and a direction, and return None, or the reason. Numbers were measured, as docs/convolution_speed.md tells.
"""

import math

import numpy as np

from convlayers import _native, config
from convlayers.ops.conv_costs import (
    has_copies_for_taps,
    pixels_cost,
    products_inside,
    tiles_along,
    tiles_cost,
    vectors_cost,
    winograd_products,
)

_HAS_32_REGISTERS = _native.isa in ("x86_64_v4", "x86_64_amx")
_VECTOR_BYTES = 64 if _HAS_32_REGISTERS else 32 if _native.isa == "x86_64_v3" else 16


def never(problem, direction):
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


def winograd_cannot(problem, direction):
    if reason := _has_no_pixels(problem):
        return reason
    if problem.groups != 1:
        return "no groups"
    if problem.kernel_shape[1:3] == (1, 1):
        return "a single tap has nothing to transform"
    if problem.strides[0] != 1:
        return "no strides along the depth"
    axes = zip(problem.strides, problem.dilations, problem.kernel_shape[:3], strict=True)
    if any(stride > 1 and (dilation > 1 or stride > taps) for stride, dilation, taps in axes):
        return "no strides with dilation, or beyond the kernel"
    if _is_padded_beyond_reach(problem):
        return "only padded by at most what a window reaches beyond a pixel"
    if problem.kernel_shape[0] == 1 and problem.input_shape[1] != problem.output_shape[1]:
        return "no slices of padding beside a single tap along the depth"
    return None


def _has_no_pixels(problem):
    """Why there are no tiles at all, or None."""
    return "no image without pixels" if 0 in (*problem.input_shape, *problem.output_shape) else None


def _is_padded_beyond_reach(problem):
    axes = zip(problem.pads, problem.kernel_shape[:3], problem.dilations, strict=True)
    return any(pad > (taps - 1) * dilation for pad, taps, dilation in axes)


def _rounds_too_much(problem):
    """Why algorithms that round as Winograd's does are not wanted, or None."""
    if not config.winograd():
        return "turned off by `config.set_winograd(False)` or CONVLAYERS_WINOGRAD=0"
    if problem.dtype != "float32":
        return "float64 is for those who want the last digit"
    return None


def winograd_should_not(problem, direction):
    if reason := _rounds_too_much(problem):
        return reason
    # Slices of the depth share what is transformed. Without it, conv_winograd_grouped is faster where there are fewer.
    if min(problem.kernel_shape[3:]) < (32 if problem.kernel_shape[0] == 1 else 16):
        return "too few channels or filters to be worth the transforms"
    if winograd_grouped_cannot(problem, direction) is None and _is_faster_at_hand(problem, direction):
        return "conv_winograd_grouped, which has all of a kernel at hand, is faster"
    if bf16_cannot(problem, direction) is not None:
        # As measured: a product of transformed numbers takes 1.2 times as long as one of vectors, 1.6 where a stride divides
        # them among parts, and to make a transformed weight as long as ten products of vectors, or fourteen.
        products, weights = winograd_products(problem, direction)
        strided = max(problem.strides) > 1
        product, weight = (1.6, 14) if strided else (1.2, 10)
        if strided and direction == "backward_input" and not _HAS_32_REGISTERS:
            product = 2
        if product * products + weight * weights > products_inside(problem):
            return "too few pixels to be worth the transforms"
        return None
    if _is_no_plain_3x3(problem):
        return "left to tiles of bfloat16, beside which it has not been measured"
    # In multiplications for each pair of a channel and a filter, as measured: a product of transformed tiles takes 1.25 times
    # as long as one of vectors, 1.9 where the transformed kernel leaves the cache; to transform a kernel, as long as 28 tiles.
    # Products of split numbers take half, but to split a kernel takes as long as 35 pixels.
    n, _, h, w, _ = problem.input_shape if direction == "backward_input" else problem.output_shape
    product = 1.25 if math.prod(problem.kernel_shape[3:]) < 29_000 else 1.9
    if 36 * (product * _whole(_winograd_tiles(problem, direction), 12) + 28) > 9 * (n * h * w / 1.9 + 35):
        return "too few pixels to be worth the transforms"
    return None


def _tiles_of(shape, dilations=(1, 1, 1)):
    """The number of tiles of 4x4 pixels that a slice of images is divided into."""
    n, _, h, w, _ = shape
    return n * tiles_along(h, 4, dilations[1]) * tiles_along(w, 4, dilations[2])


def _winograd_tiles(problem, direction):
    """The number of tiles in conv_winograd. Gradients for the input are computed from the tiles of either side."""
    inputs, outputs = (_tiles_of(shape, problem.dilations) for shape in (problem.input_shape, problem.output_shape))
    if direction != "backward_input":
        return outputs
    return min(inputs, outputs) if problem.dilations[1:] == (1, 1) else inputs


def _takes_fewer_tiles(problem, direction):
    """Whether the gradient for an input takes so many tiles less in conv_winograd that this is the fastest, as measured."""
    if direction != "backward_input" or problem.dilations != (1, 1, 1):
        return False
    channels = problem.kernel_shape[3]
    return _tiles_of(problem.input_shape) * channels > 1.2 * _tiles_of(problem.output_shape) * _whole(channels, 32)


def _is_faster_at_hand(problem, direction):
    """Whether a single group is faster in conv_winograd_grouped, as measured: 1.1 to 1.6 times."""
    if _takes_fewer_tiles(problem, direction):
        return False
    channels, filters = problem.kernel_shape[3:]
    if bf16_cannot(problem, direction) is not None:
        tiles = _winograd_tiles(problem, direction)
        if tiles < 16:
            return False
        if direction == "backward_input":  # It turns kernels in less time.
            return channels * filters < 20_000 and (_HAS_32_REGISTERS or tiles < 64)
    if not _HAS_32_REGISTERS:
        return False
    if channels * filters < 64 * 64:
        return True
    if direction != "backward_kernel":
        # Of the panels of 32 results of conv_winograd, the last one may be nearly empty.
        results = channels if direction == "backward_input" else filters
        return channels * filters < 20_000 and _whole(results, 32) > 1.05 * results
    # Of the blocks of 72 x 64 in which conv_winograd collects gradients, the last ones may be nearly empty.
    return _whole(channels, 72) * _whole(filters, 64) >= 1.5 * channels * filters


def winograd_grouped_cannot(problem, direction):
    if reason := _has_no_pixels(problem):
        return reason
    if problem.kernel_shape[:3] not in ((1, 3, 3), (1, 5, 5)):
        return "only kernels of 3x3 and 5x5"
    if problem.strides != (1, 1, 1):
        return "only without strides"
    if problem.input_shape[1] != 1 or problem.output_shape[1] != 1 or _is_padded_beyond_reach(problem):
        return "only images, padded by at most what a window reaches beyond a pixel"
    if min(problem.kernel_shape[3], problem.kernel_shape[4] // problem.groups) < 16:
        return "fewer channels or filters in a group than the longest vector holds"
    return None


def winograd_grouped_should_not(problem, direction):
    if reason := _rounds_too_much(problem):
        return reason
    taps, channels, filters = problem.kernel_shape[1], problem.kernel_shape[3], problem.kernel_shape[4] // problem.groups
    if problem.groups == 1 and taps == 3 and min(channels, filters) >= 32 and not _is_faster_at_hand(problem, direction):
        return "channels and filters enough for conv_winograd"
    dilated = max(problem.dilations) > 1
    if problem.groups == 1 and (taps == 5 or dilated) and bf16_cannot(problem, direction) is None:
        return "tiles of bfloat16 are as fast, and more accurate"
    if channels * filters + 32 * (channels + filters) > 52_000:
        return "a group and 32 of its tiles would take more than 8 MB once they are transformed"
    n, _, h, w, _ = problem.input_shape if direction == "backward_input" else problem.output_shape
    # As measured, in multiplications for each pair of a channel and a filter, like those above.
    tiles = n * tiles_along(h, 7 - taps, problem.dilations[1]) * tiles_along(w, 7 - taps, problem.dilations[2])
    direct = 1.5 * products_inside(problem) if dilated else taps * taps * n * h * w
    if bf16_cannot(problem, direction) is None:
        transformed = 1.5 * tiles + 40
    else:  # Forward, transformed kernels are kept.
        transformed = 1.6 * tiles + (8 if direction == "forward" else 19)
    if 36 * transformed > direct:
        return "too few pixels to be worth the transforms"
    return None


def to_few_cannot(problem, direction):
    if direction == "backward_kernel":
        return "no gradient for the kernel"
    if problem.groups != 1:
        return "no groups"
    if direction == "forward" and problem.strides != (1, 1, 1):
        return "only without strides: vectors hold neighbouring windows"
    if _results(problem, direction) > 8:
        return "more results in a pixel than a register tile has"
    if math.prod(problem.kernel_shape) > 1 << 16:
        return "it keeps all weights at once"
    return None


def _results(problem, direction):
    """The numbers in a pixel of the result."""
    return problem.kernel_shape[3 if direction == "backward_input" else 4]


def _pixels(problem, direction):
    """How many pixels the result has."""
    return math.prod((problem.input_shape if direction == "backward_input" else problem.output_shape)[:4])


def to_few_should_not(problem, direction):
    if 2 * _results(problem, direction) > _VECTOR_BYTES // np.dtype(problem.dtype).itemsize:
        return "results enough for vectors of them"
    if bf16_cannot(problem, direction) is None:
        if tiles_cost(problem, direction) < pixels_cost(problem, direction):
            return "channels or results enough for tiles of bfloat16"
    elif _pixels(problem, direction) < 16 * _results(problem, direction):  # as measured
        return "too few pixels to be worth putting them into vectors"
    return None


def few_cannot(problem, direction):
    if problem.groups != 1:
        return "no groups"
    if direction == "backward_input" and problem.strides != (1, 1, 1):
        return "the gradient for the input only without strides"
    if math.prod(problem.kernel_shape) > 1 << 16:
        return "it keeps all weights at once, and their gradients 16 times"
    return None


def few_should_not(problem, direction):
    taps, channels, filters = math.prod(problem.kernel_shape[:3]), *problem.kernel_shape[3:]
    weights = taps * channels * filters
    depth = filters if direction == "backward_input" else channels
    few = depth <= 8 or (depth <= 32 and weights <= 1 << 14)
    if direction == "backward_kernel" and problem.strides == (1, 1, 1):
        few = few or filters <= 8  # x and d_y exchange their roles
    if direction == "backward_kernel" and taps == 1:
        # They stay where they are, whatever the windows.
        few = weights <= 1 << 13 or min(channels, filters) <= 48
    if not few:
        return "weights enough to be multiplied in chunks, by packed windows"
    if bf16_cannot(problem, direction) is None:
        if tiles_cost(problem, direction) < vectors_cost(problem, direction):
            return "windows or filters enough for tiles of bfloat16"
    elif problem.strides == (1, 1, 1):
        if products_inside(problem) < 0.62 * taps * _pixels(problem, direction):
            return "half of the products are in the padding, which conv_grouped and conv_direct leave out"
        if taps > 1 and min(channels, filters) >= 32:
            return "channels and filters enough for conv_direct"
    return None


def few_pixels_cannot(problem, direction):
    if problem.groups != 1:
        return "no groups"
    pixel = math.prod(problem.kernel_shape[:3]) == math.prod(problem.strides) == 1
    if problem.kernel_shape[:3] == (1, 1, 1) and _is_padded(problem):
        return "a window of one pixel needs no padding"
    if direction == "backward_input" and not pixel:
        return "this gradient is computed for windows of one pixel only"
    if direction == "backward_input" and problem.kernel_shape[3] < 16:
        return "fewer channels than rows of weights in a register tile"
    return None


def _is_padded(problem):
    """Whether a window begins before an input or behind it: all there is to see of windows of one pixel."""
    axes = zip(problem.input_shape[1:4], problem.output_shape[1:4], problem.strides, problem.pads, strict=True)
    return any(pad > 0 or (outputs - 1) * stride >= length for length, outputs, stride, pad in axes)


def few_pixels_should_not(problem, direction):
    if direction == "backward_input" and problem.kernel_shape[4] < 64:
        return "too few filters for sums of vectors"
    most = 48 if direction == "backward_kernel" else 32
    if math.prod(problem.kernel_shape[:3]) > 1 and not _HAS_32_REGISTERS:
        most = 12  # Windows that overlap are read again and again.
    if math.prod(problem.output_shape[:4]) > most:
        return "pixels enough to be worth packing the weights"
    return None


def bf16_cannot(problem, direction):
    if problem.dtype != "float32":
        return "a float32 is split into bfloat16, no wider number"
    if problem.groups != 1:
        return "no groups"
    if not hasattr(_native.kernels(problem.dtype), "conv_bf16x3"):
        return f"{_native.isa} has no tiles of bfloat16"
    return None


def bf16x2_should_not(problem, direction):
    if reason := _rounds_too_much(problem) or _is_no_plain_3x3(problem):
        return reason
    channels, filters = problem.kernel_shape[3:]
    depth = filters if direction == "backward_input" else channels
    if min(channels, filters) < 16 or (direction == "backward_kernel" and channels < 32):
        return "too few channels or filters to fill tiles"
    if has_copies_for_taps(problem, direction) and channels * filters < 64 * 64:
        return "too few products of a number for a copy of it for each tap"
    if depth % (16 if direction == "backward_kernel" else 4):
        return "pixels whose numbers tiles would have to read from two lines of the cache"
    if few_pixels_cannot(problem, direction) is few_pixels_should_not(problem, direction) is None:
        return "too few pixels to be worth splitting the weights"
    return _bf16_takes_too_much(problem, direction)


def _bf16_takes_too_much(problem, direction):
    *taps, channels, filters = problem.kernel_shape
    depth = filters if direction == "backward_input" else channels
    if 384 * depth + max(4 << 20, 192 * math.prod(taps) * depth) > 8_000_000:
        return "64 split windows and the weights of 32 filters would take more than 8 MB"
    return None


def bf16x3_should_not(problem, direction):
    if reason := _bf16_takes_too_much(problem, direction):
        return reason
    *taps, channels, filters = problem.kernel_shape
    depth = filters if direction == "backward_input" else channels
    if direction == "backward_input" and 1 < math.prod(taps) <= math.prod(problem.strides) and depth <= 192:
        # As measured: a quarter slower for images that leave the cache, and at most a few percent faster for others.
        return "windows side by side: each pixel takes one product of a split window, which is short"
    if tiles_cost(problem, direction) >= vectors_cost(problem, direction):
        return "too few channels or filters to fill tiles"
    return None


def _whole(numbers, block):
    return math.ceil(numbers / block) * block


def depthwise_cannot(problem, direction):
    if not problem.groups == problem.input_shape[-1] == problem.output_shape[-1]:
        return "only one channel and one filter in each group"
    if problem.groups < 16:
        return "fewer channels than the longest vector holds: the last vector is moved back to end with the last channel"
    return None


def grouped_should_not(problem, direction):
    if problem.groups == 1 and (max(problem.kernel_shape[3:]) > 16 or math.prod(problem.kernel_shape[:3]) == 1):
        return "only one group, and windows that are read in place or long enough"
    # As measured: with 32 registers, neighbouring taps share what they load, up to three vectors of filters.
    most = 16 if max(problem.kernel_shape[:3]) == 1 else 48 if _HAS_32_REGISTERS else 24
    if max(problem.kernel_shape[3], problem.kernel_shape[4] // problem.groups) > most:
        return "groups are large enough for conv_direct"
    return None


def reference_should_not(problem, direction):
    return "it is slow"
