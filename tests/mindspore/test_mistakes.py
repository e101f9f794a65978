"""Mistakes with cells: MindSpore's exceptions, and its messages where they are known."""

import inspect

import numpy as np
import pytest

from convlayers.mindspore import nn


@pytest.mark.parametrize(
    ("make", "error", "line"),
    [
        (
            lambda: nn.Conv2d(0, 4, 3),
            ValueError,
            "For 'Conv2d', the 'in_channels' must be int and must > 0, but got '0' with type 'int'.",
        ),
        (lambda: nn.Conv2d(1.5, 4, 3), TypeError, "For 'Conv2d', the 'in_channels' must be int, but got 'float'"),
        (
            lambda: nn.Conv2d(3, 4, 0),
            ValueError,
            "For 'Conv2d', the 'kernel_size item' must be int and must > 0, but got '0' with type 'int'.",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3, group=2),
            ValueError,
            "For 'Conv2d', the attr 'in_channels' must be divisible by attr 'group', but got 'in_channels': 3 and 'group': 2.",
        ),
        (
            lambda: nn.Conv2d(4, 3, 3, group=2),
            ValueError,
            "For 'Conv2d', the 'out_channels' must be divisible by attr 'group', but got 'out_channels': 3 and 'group': 2.",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3, padding="1"),
            TypeError,
            "For 'Conv2d', the type of 'padding' must be int or tuple(int), but got str.",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3, padding=1),
            ValueError,
            "For 'Conv2D', the 'pad' must be zero or (0, 0, 0, 0) when 'pad_mode' is not \"pad\", but got 'pad' is "
            "(1, 1, 1, 1) and 'pad_mode' is same.",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3, pad_mode="pad", padding=-1),
            ValueError,
            "For 'Conv2d', the 'padding item' must be int and must >= 0, but got '-1' with type 'int'.",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3, pad_mode="smae"),
            ValueError,
            "For 'Conv2D', the 'pad_mode' must be str and must be in '['valid', 'same', 'pad']', but got 'smae'.",
        ),
        (lambda: nn.Conv2d(3, 4, 3, has_bias=1), TypeError, "For 'Conv2d', the 'has_bias' must be a bool, but got int."),
        (
            lambda: nn.Conv2d(3, 4, 3, data_format="CHW"),
            ValueError,
            "For 'Conv2d', the 'format' must be str and must be in '['NCHW', 'NHWC']', but got 'CHW'.",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3)(np.zeros((1, 8, 8, 3))),
            ValueError,
            "For 'Conv2D', 'C_in' of input 'x' shape divide by parameter 'group' must be equal to 'C_in' of input 'weight' "
            "shape: 3, but got 'C_in' of input 'x' shape: 8, and 'group': 1.",
        ),
        (
            lambda: nn.MaxPool2d(0),
            ValueError,
            "For 'MaxPool2d', the 'kernel_size item' must be int and must > 0, but got '0' with type 'int'.",
        ),
        (
            lambda: nn.MaxPool2d(2, padding=1),
            ValueError,
            "For MaxPool2d, the parameter 'padding', 'dilation', 'return_indices', 'ceil_mode' can not be set to non-default "
            "value when pad_mode is not 'pad', but got pad_mode:valid.",
        ),
        (
            lambda: nn.AvgPool2d(2, pad_mode="full"),
            ValueError,
            "For 'AvgPool2d', the 'pad_mode' must be str and must be in '['VALID', 'SAME', 'PAD']', but got 'FULL'.",
        ),
        (
            lambda: nn.AvgPool2d(2, divisor_override=-3),
            ValueError,
            "For 'AvgPool2d', the 'divisor_override' must be int and must >= 0, but got '-3' with type 'int'.",
        ),
        (
            lambda: nn.Dense(3, 4, activation=3),
            TypeError,
            "For 'Dense', the 'activation' must be str or Cell or Primitive, but got int.",
        ),
        (
            lambda: nn.Dense(3, 4, weight_init="nromal"),
            ValueError,
            "For 'initializer', the class corresponding to 'nromal' was not found.",
        ),
        (
            lambda: nn.Dense(3, 4, weight_init=None),
            TypeError,
            "For 'initializer', the type of the 'init' argument must be 'Tensor', 'number', 'string' or 'initializer', but got",
        ),
        (
            lambda: nn.Dense(3, 4)(np.zeros((2, 4))),
            ValueError,
            "For 'MatMul', the input dimensions must be equal, but got 'x1_col': 4 and 'x2_row': 3.",
        ),
        (
            lambda: nn.BatchNorm2d(0),
            ValueError,
            "For 'BatchNorm2d', the 'num_features' must be int and must > 0, but got '0' with type 'int'.",
        ),
        (
            lambda: nn.BatchNorm2d(3, momentum=2),
            ValueError,
            "For 'BatchNorm2d', the 'momentum' should be a number in range [0, 1], but got 2.",
        ),
        (lambda: nn.BatchNorm2d(3, momentum="0.9"), TypeError, "For 'BatchNorm2d', the 'momentum' must be float, but got str."),
        (lambda: nn.BatchNorm2d(3, eps=None), TypeError, "For 'BatchNorm2d', the 'eps' must be float, but got NoneType."),
        (lambda: nn.BatchNorm2d(3, affine=1), TypeError, "For 'BatchNorm2d', the 'affine' must be a bool, but got int."),
        (
            lambda: nn.BatchNorm2d(3, use_batch_statistics=1),
            ValueError,
            "For 'BatchNorm2d', the 'use_batch_statistics' should be a boolean value or None, but got 1.",
        ),
        (
            lambda: nn.BatchNorm2d(3)(np.zeros((2, 3))),
            ValueError,
            "For 'BatchNorm2d', the in_shape must have 4 dims, but got 2.",
        ),
        (lambda: nn.Dropout(p=1), ValueError, "For 'Dropout', the 'p' must be a number in range [0, 1), but got 1."),
        (lambda: nn.Dropout(1.5), ValueError, "For 'Dropout', the 'keep_prob' must be a number in range (0, 1], but got 1.5."),
        (lambda: nn.Flatten(1.0), TypeError, "For 'flatten', both 'start_dim' and 'end_dim' must be int, but got float."),
        (lambda: nn.Flatten(2, 1)(np.zeros((2, 3, 4))), ValueError, "For 'flatten', 'start_dim' cannot come after 'end_dim'."),
        (
            lambda: nn.SequentialCell(3),
            TypeError,
            "For 'SequentialCell', the 'args[0]' must be list or orderedDict, but got int",
        ),
        (
            lambda: nn.SequentialCell(nn.ReLU(), 3),
            TypeError,
            "For 'SequentialCell', each cell should be subclass of Cell, but got int.",
        ),
        (
            lambda: nn.SequentialCell([nn.ReLU()]).__setitem__(1, nn.ReLU()),
            IndexError,
            "For 'SequentialCell', the value of 'index' should be a number in range [-1, 1), but got 1.",
        ),
        (lambda: nn.Cell()(np.zeros(3)), AttributeError, "For 'Cell', the method 'construct' is not defined."),
    ],
)
def test_mistakes(make, error, line):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).split("\n")[0].startswith(line)


def test_the_signature_of_a_convolution():
    assert str(inspect.signature(nn.Conv2d)) == (
        "(in_channels, out_channels, kernel_size, stride=1, pad_mode='same', padding=0, dilation=1, group=1, has_bias=False, "
        "weight_init='normal', bias_init='zeros', data_format='NCHW')"
    )


def test_images_in_the_other_format_are_recognized():
    with pytest.raises(ValueError, match="The input seems to be in the format NHWC."):
        nn.Conv2d(3, 4, 3)(np.zeros((1, 8, 8, 3)))
