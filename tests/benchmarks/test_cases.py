"""The table is well-formed, and its arithmetic is that of the layers."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cases import CASES, FAMILIES, LAYER_CASES, named, select
from benchmarks.layer_case import POOLINGS, conv, depthwise, pool
from benchmarks.model_case import Layer, ModelCase
from benchmarks.models import MNIST_CONVNET, MODEL_CASES, SMALL_RESNET
from benchmarks.targets import TARGETS
from tests.benchmarks.reference import windows

SMALL = [
    conv("valid", 2, (7, 5), 3, 4, padding="valid"),
    conv("same", 1, (6, 6), 2, 3, 5),
    conv("stride", 1, (7, 8), 2, 3, stride=(2, 3)),
    conv("dilated", 1, (9, 9), 2, 2, dilation=2, padding="valid"),
    conv("grouped", 1, (5, 5), 6, 4, groups=2),
    conv("one", 2, (11,), 2, 3, 4, stride=3),
    conv("three", 1, (4, 5, 3), 2, 2, 2, padding="valid"),
    depthwise("depthwise", 1, (6, 6), 3, stride=2),
    pool("pool", "max_pool", 1, (7, 7), 3, 3, stride=2),
]


def test_names_are_unique():
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
def test_layer_is_possible(case):
    assert min(case.output_shape) >= 1
    assert case.channels % case.groups == 0 and case.filters % case.groups == 0
    assert case.layer in ("conv", "conv_transpose", "depthwise", *POOLINGS)
    assert case.padding in ("valid", "same")
    # Small enough for a call of milliseconds.
    assert (case.operations("forward") or 0) < 12e9
    assert case.traffic("forward", 4) < 100e6


def test_quick_selection_has_every_family():
    assert {case.family for case in select(quick=True)} == set(FAMILIES)


def test_families_hold_what_they_say():
    for case in LAYER_CASES:
        is_3x3 = case.layer == "conv" and case.window == (3, 3) and set(case.strides + case.dilation) == {1}
        is_3x3 = is_3x3 and case.groups == 1 and min(case.channels, case.filters) >= 32
        odd = case.name.startswith("odd/")
        assert (case.family == "3x3") == (is_3x3 and not odd), case.name
        assert (case.family == "depthwise") == (case.layer == "depthwise"), case.name
        assert (case.family == "grouped") == (case.layer == "conv" and case.groups > 1), case.name
        assert (case.family == "transposed") == case.transposed, case.name
        assert (case.family == "pooling") == case.pooling, case.name
        assert (case.family == "1d-3d") == (case.rank != 2 and not case.pooling), case.name


def test_targets_have_cases():
    rows = [{"case": case.name, "family": case.family, "direction": way} for case in CASES for way in case.directions]
    for target in TARGETS:
        assert any(target.covers(row) for row in rows), target


def test_select():
    assert select(["depthwise"], ["mobilenetv2/block1_", "odd/"]) == [
        named("mobilenetv2/block1_stride2"),
        named("odd/channels20"),
    ]
    assert select() == CASES


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_operations_are_those_of_plain_loops(case):
    taps = sum(1 for _ in windows(case))
    pairs = case.channels if case.layer == "depthwise" else case.channels * case.filters // case.groups
    count = None if case.pooling else 2 * case.batch * taps * pairs
    assert case.operations("forward") == count
    if count:
        assert case.operations("both") == 3 * count
        assert replace(case, first=True).operations("both") == 2 * count


def test_a_transposed_convolution_is_one_back():
    for case in LAYER_CASES:
        if case.transposed:
            assert (case.back.input_shape, case.back.output_shape) == (case.output_shape, case.input_shape), case.name
            taps = 2 * case.batch * np.prod(case.size) * np.prod(case.window)
            assert case.operations("forward") == taps * case.channels * case.filters


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_windows_fit(case):
    """No window begins before the front padding or ends after the padding behind, and one more would not fit."""
    axes = zip(case.size, case.output_size, case.spans, case.strides, case.pads, strict=True)
    for length, out, span, stride, (front, behind) in axes:
        assert (out - 1) * stride + span <= length + front + behind
        if case.padding == "valid":
            assert out * stride + span > length and (front, behind) == (0, 0)
        else:
            assert out == -(-length // stride)


def test_traffic_counts_input_and_output():
    case = pool("pool", "max_pool", 2, (4, 4), 3, 2)
    assert case.traffic("forward", 4) == 4 * (2 * 4 * 4 * 3 + 2 * 2 * 2 * 3)
    assert case.traffic("both", 8) == 4 * case.traffic("forward", 4)


def test_arrays_are_the_same_at_every_call():
    first, second = (named("lenet/conv2").arrays("float32") for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_shapes_of_a_described_model():
    shapes = [layer.output_shape for layer in MNIST_CONVNET.placed()]
    assert shapes == [(26, 26, 64), (13, 13, 64), (11, 11, 128), (5, 5, 128), (3, 3, 256), (256,), (10,)]


def test_operations_of_a_described_model():
    first, others = 26 * 26 * 9 * 1 * 64, 11 * 11 * 9 * 64 * 128 + 3 * 3 * 9 * 128 * 256 + 256 * 10
    case = ModelCase(name="", family="", action="train_on_batch", model=MNIST_CONVNET, batch=5, quick=False)
    assert case.operations("forward") == 5 * 2 * (first + others)
    assert case.operations("both") == 5 * 2 * (2 * first + 3 * others)


def test_names_in_a_described_model_are_unique():
    for case in MODEL_CASES:
        names = [leaf.name for leaf in case.model.leaves()]
        assert len(set(names)) == len(names)


def test_repeatable_model_has_no_dropout():
    assert any(leaf.kind == "Dropout" for leaf in named("training/vgg_like_dropout").model.leaves())
    repeatable = named("training/vgg_like_dropout").model.repeatable()
    assert not any(leaf.kind == "Dropout" for leaf in repeatable.leaves())
    assert repeatable.optimizer == "sgd"


def test_residual_ways_meet():
    def blocks(layers):
        return [layer for layer in layers if layer.kind == "Residual"]

    found = blocks(SMALL_RESNET.placed())
    assert found
    for block in found:
        ends = [block.options[way][-1].output_shape for way in ("main", "shortcut")]
        assert isinstance(block, Layer) and ends[0] == ends[1] == block.output_shape
