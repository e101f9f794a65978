"""Convolutions as others of the same numbers: slices of the depth as images, or as rows."""

import functools

from convlayers.ops.conv_kernels import choose, keeps_weights
from convlayers.ops.conv_limits import winograd_cannot
from convlayers.ops.conv_preferences import winograd_should_not

# The first arguments of a kernel, as fields of a problem; None is the bias.
_ARRAYS = {
    "forward": ("input_shape", "kernel_shape", None, "output_shape"),
    "backward_input": ("output_shape", "kernel_shape", "input_shape"),
    "backward_kernel": ("input_shape", "output_shape", "kernel_shape"),
}


def choose_for_view(problem, direction):
    """Returns a function that computes a problem, by the kernel that is the best one for it or for another view of it."""
    view = _view(problem, direction)
    function = choose(view, direction)
    if view is problem:
        return function
    shapes = [field and getattr(view, field) for field in _ARRAYS[direction]]
    return functools.partial(_compute_view, function, shapes, (view.strides, view.dilations, view.pads, view.groups))


def view_keeps_weights(problem):
    """Returns whether what computes a problem forward also takes the argument `kept`, a `Kept` for packed weights."""
    return keeps_weights(_view(problem, "forward"))


def _view(problem, direction):
    return _slices_as_images(problem) or _slices_as_rows(problem, direction) or problem


def _slices_as_images(problem):
    """Returns the problem with slices as further images, where none is added to another; else None."""
    (n, depth, *inputs), (_, outputs_depth, *outputs) = problem.input_shape, problem.output_shape
    alone = problem.kernel_shape[0] == problem.strides[0] == 1 and problem.pads[0] == 0 and depth == outputs_depth
    if not alone or depth == 1:
        return None
    return problem._replace(
        input_shape=(n * depth, 1, *inputs), output_shape=(n * depth, 1, *outputs), dilations=(1, *problem.dilations[1:])
    )


def _slices_as_rows(problem, direction):
    """Returns the problem with slices as rows of an image, where a pixel meets none but those in front of it and behind it.

    This is for Winograd's algorithm, which has tiles of rows, but not of slices; else None.
    """
    (n, depth, *inputs, channels), (_, outputs_depth, *outputs, filters) = problem.input_shape, problem.output_shape
    taps, *others = problem.kernel_shape
    alone = others[:2] == [1, 1] and problem.strides[1:] == (1, 1) and problem.pads[1:] == (0, 0) and inputs == outputs
    if not alone or taps == 1:
        return None
    pixels = inputs[0] * inputs[1]
    rows = problem._replace(
        input_shape=(n, 1, depth, pixels, channels),
        kernel_shape=(1, taps, *others[1:]),
        output_shape=(n, 1, outputs_depth, pixels, filters),
        strides=(1, problem.strides[0], 1),
        dilations=(1, problem.dilations[0], 1),
        pads=(0, problem.pads[0], 0),
    )
    return rows if winograd_cannot(rows, direction) is winograd_should_not(rows, direction) is None else None


def _compute_view(function, shapes, description, *arguments, **kept):
    views = [
        array if shape is None else array.reshape(shape) for array, shape in zip(arguments[: len(shapes)], shapes, strict=True)
    ]
    function(*views, *description, *arguments[len(shapes) + len(description) :], **kept)
