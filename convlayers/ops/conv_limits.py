"""What each convolution kernel cannot compute. What it can, but should not, is told by conv_preferences.py.

All functions take a problem and a direction, and return None, or the reason. A kernel's tests run for all that it can, so a
limit is here because of the kernel's code, never because of its speed.
"""

from convlayers import _native

# How many weights fit the memory of kernels that keep all of them at once.
ALL_WEIGHTS = 1 << 16


def bf16_cannot(problem, direction):
    """Of both kernels on tiles of bfloat16."""
    if problem.dtype != "float32":
        return "a float32 is split into bfloat16, no wider number"
    if problem.groups != 1:
        return "no groups"
    if not hasattr(_native.kernels(problem.dtype), "conv_bf16x3"):
        return f"{_native.isa} has no tiles of bfloat16"
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


def few_pixels_cannot(problem, direction):
    if problem.groups != 1:
        return "no groups"
    if problem.taps == 1 and _reaches_into_padding(problem):
        return "a window of one pixel needs no padding"
    if direction == "backward_input" and not problem.taps == max(problem.strides) == 1:
        return "this gradient is computed for windows of one pixel only"
    if direction == "backward_input" and problem.kernel_shape[3] < 16:
        return "fewer channels than rows of weights in a register tile"
    return None


def to_few_cannot(problem, direction):
    if direction == "backward_kernel":
        return "no gradient for the kernel"
    if problem.groups != 1:
        return "no groups"
    if direction == "forward" and problem.strides != (1, 1, 1):
        return "only without strides: vectors hold neighbouring windows"
    if problem.results(direction) > 8:
        return "more results in a pixel than a register tile has"
    if problem.weights > ALL_WEIGHTS:
        return "it keeps all weights at once"
    return None


def few_cannot(problem, direction):
    if problem.groups != 1:
        return "no groups"
    if direction == "backward_input" and problem.strides != (1, 1, 1):
        return "the gradient for the input only without strides"
    if problem.weights > ALL_WEIGHTS:
        return "it keeps all weights at once, and their gradients 16 times"
    return None


def depthwise_cannot(problem, direction):
    if not problem.groups == problem.input_shape[-1] == problem.output_shape[-1]:
        return "only one channel and one filter in each group"
    if problem.groups < 16:
        return "fewer channels than the longest vector holds: the last vector is moved back to end with the last channel"
    return None


def _has_no_pixels(problem):
    """Why there are no tiles at all, or None."""
    return "no image without pixels" if 0 in (*problem.input_shape, *problem.output_shape) else None


def _is_padded_beyond_reach(problem):
    """Whether there are more zeros in front than a window that begins with a pixel reaches beyond it."""
    axes = zip(problem.pads, problem.kernel_shape[:3], problem.dilations, strict=True)
    return any(pad > (taps - 1) * dilation for pad, taps, dilation in axes)


def _reaches_into_padding(problem):
    """Whether a window begins before an input or behind it: all there is to see of windows of one pixel."""
    axes = zip(problem.input_shape[1:4], problem.output_shape[1:4], problem.strides, problem.pads, strict=True)
    return any(pad > 0 or (outputs - 1) * stride >= length for length, outputs, stride, pad in axes)
