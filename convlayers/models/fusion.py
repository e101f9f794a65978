"""Neighbouring layers that are computed at once: an activation with what is before it, and more.

Padding and activation are a part of what the kernels of convolutions do anyway, forward and backward. With its moving averages,
batch normalization is a factor and a term for each channel. Where no gradient is wanted, the weights and the bias of the
convolution before it can have them already (Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, section 3.2). So three or four passes over memory become one. Other layers that end with a
pass over their outputs take the activation behind them along, too. Where only the largest of several outputs is taken further,
the way back of bias and activation is that of this one.
"""

import itertools

import numpy as np

from convlayers import activations, layers
from convlayers._native import memory
from convlayers.autograd import Tensor, current_tape
from convlayers.launching import add_source
from convlayers.masks import remembered_masks
from convlayers.ops.bias_activation import fused_code
from convlayers.ops.dense import dense
from convlayers.ops.layout import KERNEL_DTYPES
from convlayers.ops.merging import add_activation
from convlayers.ops.normalization import batch_normalization_activation
from convlayers.variables import Variable

MOST_FUSED = 5
_ARRAYS = frozenset((np.ndarray, Tensor))
# Layers of a subclass may do something else in their `call`.
_PADDINGS = frozenset((layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D))
_CONVOLUTIONS = frozenset(
    (
        layers.Conv1D,
        layers.Conv2D,
        layers.Conv3D,
        layers.DepthwiseConv1D,
        layers.DepthwiseConv2D,
        layers.SeparableConv1D,
        layers.SeparableConv2D,
    )
)
_POOLED = frozenset((layers.Conv1D, layers.Conv2D, layers.Conv3D))
_POOLINGS = frozenset((layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D))
_TRANSPOSED = frozenset((layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose))


class FusedConvolution:
    """A convolution with what is before and behind it, called as a layer on the inputs of the first of them.

    Layers are asked at each call for their weights and settings, which may change.

    Args:
        convolution: the layer.
        padding, normalization, activation, pooling: the layers around it, or None.
    """

    def __init__(self, padding, convolution, normalization, activation, pooling):
        self._padding, self._convolution = padding, convolution
        self._normalization, self._activation, self._pooling = normalization, activation, pooling
        self._folded = None, None

    def __call__(self, x, training=None):
        layer, pooling, ends = self._convolution, self._pooling, self._normalization is self._activation is None
        known = type(x) in _ARRAYS and x.dtype is layer._input_dtype and not remembered_masks
        activation = layer.activation if self._activation is None else _function_of(self._activation)
        if known and activation is not None and (ends or _is_linear(layer)):
            kernel, bias = (layer.last_kernel, layer.bias) if self._normalization is None else self._fold()
            padding = layer.padding if self._padding is None else self._padding.pairs
            pool = {} if pooling is None else {"pool": (pooling.pool_size, pooling.strides, pooling.padding)}
            try:
                layer._check_input(x)
                return layer.convolve(x, padding, kernel, bias, activation, **pool)
            except ValueError:
                pass  # Shapes that do not fit: the layer that finds it says its name.
        for layer in (self._padding, self._convolution, self._normalization, self._activation, pooling):
            if layer is not None:
                x = layer(x, training=training)
        return x

    def _fold(self):
        """Returns the kernel and the bias with which outputs are normalized. They are kept until a weight changes."""
        layer, norm = self._convolution, self._normalization
        weights = layer.last_kernel, layer.bias, norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance
        state = norm.epsilon, *[None if weight is None else weight.version for weight in weights]
        known, folded = self._folded
        if known != state:
            folded = _fold(layer, norm)
            self._folded = state, folded  # Both at once: another thread may be asking.
        kernel, bias = folded
        add_source(kernel.value)
        add_source(bias)
        return folded


class FusedActivation:
    """A layer that takes the activation behind it along, called as the first of them.

    Args:
        layer: one of those in the table below.
        activation: the layer behind it.
    """

    def __init__(self, layer, activation):
        self._layer, self._activation = layer, activation
        self._compute = _ACTIVATED[type(layer)]

    def __call__(self, inputs, training=None):
        layer, activation = self._layer, _function_of(self._activation)
        arrays = inputs if type(inputs) is list else [inputs]
        known = all(type(x) in _ARRAYS and x.dtype is layer._input_dtype and x.shape == arrays[0].shape for x in arrays)
        if known and not remembered_masks and activation is not None and _is_linear(layer):
            try:
                if layer.input_spec is not None:
                    layer._check_input(inputs)
                outputs = self._compute(layer, inputs, activation, training)
                if outputs is not None:
                    return outputs
            except ValueError:
                pass  # As above.
        return self._activation(layer(inputs, training=training), training=training)


def _add(layer, inputs, activation, training):
    return add_activation(inputs, activation)


def _dense(layer, inputs, activation, training):
    return dense(inputs, layer.kernel, layer.bias, activation)


def _normalize(layer, inputs, activation, training):
    """Returns None for what is left to the layers."""
    if layer.takes_statistics(inputs, training):
        known = not layer.renorm and fused_code(activation, computed_again=True) is not None
        return layer.normalize_batch(inputs, activation) if known else None
    if current_tape() is not None:
        return None
    vectors = layer.moving_mean, layer.moving_variance, layer.axis, layer.beta, layer.gamma
    return batch_normalization_activation(inputs, *vectors, layer.epsilon, activation)


_ACTIVATED = {layers.Add: _add, layers.BatchNormalization: _normalize, layers.Dense: _dense}


@memory.lasting
def _fold(layer, norm):
    factors = 1 / np.sqrt(norm.moving_variance.value + np.float64(norm.epsilon))
    if norm.gamma is not None:
        factors *= norm.gamma.value
    terms = -norm.moving_mean.value * factors
    if norm.beta is not None:
        terms += norm.beta.value
    if layer.bias is not None:
        terms += layer.bias.value * factors
    dtype = layer.last_kernel.value.dtype
    # As a variable, what kernels make of it is kept.
    return Variable.owning(layer.scale_kernel(factors.astype(dtype)), "folded"), terms.astype(dtype)


def fuse(operations, gradient):
    """Returns a fused operation in the place of some that follow one another, each the only one that reads what the last gave.

    Args:
        operations: list of layers and other operations.
        gradient: whether a gradient may be wanted, or the statistics of batches.

    Returns:
        An operation, and how many of the first ones it computes; None and 0 where there is nothing to be fused.
    """
    plain = itertools.takewhile(is_plain, operations)
    rest = list(itertools.takewhile(lambda layer: layer.dtype == operations[0].dtype, plain))
    total = len(rest)
    padding = rest.pop(0) if rest and type(rest[0]) in _PADDINGS else None
    if rest and _takes(rest[0], padding):
        convolution, normalization, activation, pooling = rest.pop(0), None, None, None
        if _is_linear(convolution):
            if rest and not gradient and _normalizes_channels_of(rest[0], convolution):
                normalization = rest.pop(0)
            if rest and _function_of(rest[0]) is not None:
                activation = rest.pop(0)
        if rest and _pools_outputs_of(rest[0], convolution):
            pooling = rest.pop(0)
        if total - len(rest) > 1:
            return FusedConvolution(padding, convolution, normalization, activation, pooling), total - len(rest)
    elif padding is None and len(rest) > 1:
        layer, activation = rest[:2]
        if type(layer) in _ACTIVATED and _is_linear(layer) and _function_of(activation) is not None:
            return FusedActivation(layer, activation), 2
    return None, 0


def is_plain(layer):
    """Whether a call of a layer is its computation in a number type of the kernels, and nothing else."""
    return (
        isinstance(layer, layers.Layer)
        and layer._input_dtype in KERNEL_DTYPES
        and not layer._has_context
        and layer.activity_regularizer is None
        and "call" not in vars(layer)
    )


def _takes(layer, padding):
    """Whether a layer is a convolution, for which a padding in front of it can be put into its own."""
    if type(layer) not in _CONVOLUTIONS | _TRANSPOSED or layer.padding_mode != "zeros":
        return False
    if padding is None:
        return True
    return type(layer) in _CONVOLUTIONS and layer.padding == "valid" and layer.data_format == padding.data_format


def _normalizes_channels_of(layer, convolution):
    if type(layer) is not layers.BatchNormalization:
        return False
    rank = convolution.rank + 2
    return layer.axis % rank == (rank - 1 if convolution.data_format == "channels_last" else 1)


def _pools_outputs_of(layer, convolution):
    if type(layer) not in _POOLINGS or type(convolution) not in _POOLED or layer.data_format != convolution.data_format:
        return False
    return isinstance(layer.padding, str) and not layer._beyond_keras()


def _is_linear(layer):
    """Whether a layer has no activation of its own."""
    return getattr(layer, "activation", activations.linear) is activations.linear


def _function_of(layer):
    """Returns the activation that a layer applies, None for another layer."""
    if type(layer) is layers.Activation:
        return layer.activation
    if type(layer) is layers.ReLU and not layer.negative_slope and not layer.threshold:
        return {None: activations.relu, 6: activations.relu6}.get(layer.max_value)
    return None
