"""Transposed convolution: the passes of a convolution with their roles exchanged.

The convolution is the one for which this output is an input. So the output is that convolution's gradient for its input, the
gradient for the input is that convolution, and the gradient for the kernel is its own, with the two arrays exchanged. Nothing
is put between the pixels for the strides, and no windows are copied out.
"""

import functools

from convlayers import config, shapes, validation
from convlayers.autograd import differentiable
from convlayers.config import DATA_FORMATS, standardize_data_format
from convlayers.launching import empty, launch
from convlayers.ops.bias_activation import LINEAR, add_bias_activation, fused_code
from convlayers.ops.conv import rank_of_kernel
from convlayers.ops.conv_kernels import reads_planes
from convlayers.ops.conv_passes import conv_passes
from convlayers.ops.conv_plan import ConvPlan
from convlayers.ops.conv_problem import ConvProblem
from convlayers.ops.conv_types import in_type_of_which, kernel_arrays
from convlayers.ops.layout import contiguous, image_layout, shape_for_users, to_3d
from convlayers.padding import standardize_padding


def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """Adds up windows: each input pixel multiplies a kernel, which is added to the outputs from `strides` times its place on.

    Args:
        inputs: array of shape (batch, *spatial, channels), with one, two or three spatial axes;
            (batch, channels, *spatial) for "channels_first".
        kernel: array of shape (*kernel_size, filters, channels), whatever the data format.
        strides: int or tuple of ints, one for each spatial axis.
        padding: "valid" (outputs hold all windows), "same" (outputs are as large as inputs * strides), or numbers of pixels
            that are cut off: an int for all sides, a tuple of ints, one for both sides of each axis, or a tuple of pairs
            (in front, behind).
        output_padding: int or tuple of ints: how many more pixels there are behind the output of
            (inputs - 1) * strides + kernel_size pixels for "valid", of (inputs - 1) * strides + kernel_size % 2 for "same".
            By default as many as give the sizes said above.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.
        dilation_rate: int or tuple of ints: the distance of the kernel's taps.

    Returns:
        Array of shape (batch, *new spatial, filters), or with the filters first as the channels in the inputs.

    Raises:
        ValueError: if shapes do not fit together.

    Example:

    >>> conv_transpose(np.ones((1, 14, 14, 8), "float32"), np.ones((3, 3, 4, 8), "float32"), 2, "same").shape
    (1, 28, 28, 4)
    """
    return conv_transpose_bias_activation(
        inputs,
        kernel,
        None,
        shapes.hashable(strides),
        shapes.hashable(padding),
        shapes.hashable(output_padding),
        data_format,
        shapes.hashable(dilation_rate),
    )


def conv_transpose_bias_activation(
    inputs,
    kernel,
    bias,
    strides=1,
    padding="valid",
    output_padding=None,
    data_format=None,
    dilation_rate=1,
    activation=None,
    groups=1,
):
    """Returns `activation(conv_transpose(inputs, kernel) + bias)`.

    Args:
        kernel: array of shape (*kernel_size, filters / groups, channels).
        bias: array of shape (filters,), or None.
        strides, padding, output_padding, dilation_rate: a string, an int, or a tuple.
        activation: a function, or None.
        groups: int. Channels and filters are divided into so many groups, each on its own.
        The others as for `conv_transpose`.
    """
    code = fused_code(activation)
    y = _conv_transpose(
        inputs,
        kernel,
        bias,
        strides,
        padding,
        output_padding,
        data_format,
        dilation_rate,
        groups,
        LINEAR if code is None else code,
    )
    return activation(y) if code is None else y


@differentiable(new_gradients=True, overwrites=True)
def _conv_transpose(inputs, kernel, bias, strides, padding, output_padding, data_format, dilation_rate, groups, activation):
    given = in_type_of_which(inputs, kernel)
    inputs, kernel, bias = kernel_arrays(inputs, kernel, bias)
    if data_format not in DATA_FORMATS:  # Layers pass one that is: a call costs more than this.
        data_format = standardize_data_format(data_format)
    numbers = strides, padding, output_padding, data_format, dilation_rate, groups
    plans = _plan((inputs.shape, kernel.shape, *numbers, inputs.dtype), config.winograd())
    return conv_passes(plans, given, inputs, kernel, bias, activation)


@functools.lru_cache(maxsize=4096)
def _plan(arguments, winograd):
    """Returns a `_TransposedPlan`, and the layouts of the inputs and of the outputs."""
    # The setting is an argument for the cache only: `choose` asks for it itself.
    problem = conv_transpose_problem(*arguments)
    input_shape, _, _, _, _, data_format, _, _, dtype = arguments
    output_shape = shape_for_users(problem.input_shape, len(input_shape), data_format)
    layouts = [image_layout(shape, data_format, dtype) for shape in (input_shape, output_shape)]
    return _TransposedPlan(problem), *layouts


class _TransposedPlan(ConvPlan):
    """A transposed convolution, by the passes of the convolution for which its output is an input."""

    @functools.cached_property
    def reads_planes(self):
        return self._patches is None and reads_planes(self._problem, "backward_input")

    def forward(self, x, weights, bias, activation, kept=None):
        if self._patches is None:
            y = super().backward_input(x, weights)
            add_bias_activation(activation, y, bias)
            return y
        y = empty(self.input_shape, self._dtype)
        launch(functools.partial(self._patches, bias=bias, activation=activation), x, weights, y)
        return y

    def backward_input(self, d_y, weights):
        return super().forward(d_y, weights, None, LINEAR)

    def backward_kernel(self, x, d_y):
        return super().backward_kernel(d_y, contiguous(x))


def conv_transpose_problem(
    input_shape, kernel_shape, strides, padding, output_padding, data_format, dilation_rate, groups, dtype
):
    """Checks the arguments of a transposed convolution, and returns the convolution for which the output is an input.

    Raises:
        ValueError: if they do not fit together.
    """
    rank = rank_of_kernel(kernel_shape)
    shapes.check_kernel_rank(kernel_shape, input_shape)
    strides = shapes.standardize_tuple(strides, rank, "strides")
    dilation_rate = shapes.standardize_tuple(dilation_rate, rank, "dilation_rate")
    padding = standardize_padding(padding, rank)
    *kernel_size, filters, kernel_channels = kernel_shape
    batch, spatial, channels = shapes.split_shape(input_shape, data_format)
    validation.check_kernel_channels(kernel_channels, kernel_shape, input_shape, data_format)
    validation.check_channels(channels, groups, input_shape)
    if output_padding is not None:
        output_padding = shapes.standardize_tuple(output_padding, rank, "output_padding", allow_zero=True)
    output_shape = shapes.compute_conv_transpose_output_shape(
        input_shape, kernel_size, filters * groups, strides, padding, output_padding, data_format, dilation_rate
    )
    _, output_spatial, _ = shapes.split_shape(output_shape, data_format)
    return ConvProblem(
        input_shape=(batch, *to_3d(output_spatial), filters * groups),
        kernel_shape=(*to_3d(kernel_size), filters, channels),
        output_shape=(batch, *to_3d(spatial), channels),
        strides=to_3d(strides),
        dilations=to_3d(dilation_rate),
        pads=to_3d(shapes.conv_transpose_crops(kernel_size, strides, padding, output_padding, dilation_rate), 0),
        groups=groups,
        dtype=dtype.name,
    )
