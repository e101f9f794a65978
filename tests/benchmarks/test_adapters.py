"""What is timed is right: every library's answers against plain loops in float64."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cases import KEEPING_CASES, named
from benchmarks.layer_case import adaptive_pool, conv, conv_transpose, depthwise, pool
from benchmarks.libraries import ADAPTERS, Unavailable, open_adapter
from benchmarks.model_case import initial_weights
from benchmarks.models import SMALL_RESNET, prediction, training
from tests.benchmarks.reference import convolution, pooling, transposed_convolution

CONVOLUTIONS = [
    conv("plain", 2, (6, 7), 3, 5),
    conv("first", 2, (8, 8), 1, 4, padding="valid", first=True),
    conv("oblong", 1, (9, 9), 4, 4, (1, 7)),
    conv("stride", 1, (9, 9), 4, 6, stride=2, padding="valid"),
    conv("asymmetric", 1, (8, 8), 4, 6, stride=2),
    conv("dilated", 1, (9, 9), 4, 4, dilation=2),
    conv("grouped", 1, (5, 5), 6, 4, groups=2),
    conv("one", 2, (11,), 2, 3, 4, padding="valid"),
    conv("three", 1, (4, 5, 3), 2, 3, 3),
    depthwise("depthwise", 1, (6, 6), 3),
    depthwise("depthwise_stride", 1, (7, 7), 5, 5, stride=2, padding="valid"),
]
TRANSPOSED = [
    conv_transpose("plain", 2, (4, 3), 5, 4, 2, stride=2),
    conv_transpose("overlapping", 2, (4, 5), 3, 2, 4, stride=2),
    conv_transpose("asymmetric", 1, (4, 5), 3, 2, 3, stride=2),
    conv_transpose("valid", 1, (3, 3), 3, 2, 3, stride=2, padding="valid"),
    conv_transpose("gaps", 1, (3, 3), 3, 2, 1, stride=3, padding="valid", first=True),
    conv_transpose("one", 2, (5,), 3, 2, 3, stride=1),
    conv_transpose("three", 1, (3, 2, 2), 3, 2, 2, stride=2),
]
POOLINGS = [
    pool("max", "max_pool", 2, (7, 7), 3, 2),
    pool("max_same", "max_pool", 1, (6, 6), 2, 3, stride=1, padding="same"),
    pool("average", "average_pool", 2, (6, 8), 3, 2),
    pool("average_same", "average_pool", 1, (6, 6), 2, 3, stride=1, padding="same"),
    pool("one", "max_pool", 2, (9,), 3, 2),
    pool("three", "average_pool", 1, (4, 4, 6), 3, 2),
    adaptive_pool("max", "adaptive_max_pool", 2, (7, 8), 3, (3, 4)),
    adaptive_pool("average", "adaptive_average_pool", 2, (9, 4), 3, (4, 2)),
    adaptive_pool("one", "adaptive_average_pool", 2, (9,), 3, 4),
    adaptive_pool("three", "adaptive_max_pool", 1, (4, 5, 6), 3, 2),
]


@pytest.fixture(params=list(ADAPTERS))
def adapter(request, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    try:
        return open_adapter(request.param, threads=1)
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("case", CONVOLUTIONS + TRANSPOSED + POOLINGS, ids=lambda case: f"{case.layer}_{case.name}")
def test_layer(adapter, case, direction):
    if adapter.lacks(case):
        pytest.skip(adapter.lacks(case))
    answers = adapter.prepare(case, "float32", direction).answers()
    expected = (pooling if case.pooling else transposed_convolution if case.transposed else convolution)(case)
    if case.first:
        del expected["input gradient"]
    assert answers.keys() == ({"output"} if direction == "forward" else expected.keys())
    for what, answer in answers.items():
        np.testing.assert_allclose(answer, expected[what], rtol=1e-4, atol=1e-4, err_msg=what)


@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("case", KEEPING_CASES, ids=lambda case: case.name)
def test_layers_that_keep_the_shape_agree(case, direction):
    """A few samples of each, in two libraries."""
    case, answers = replace(case, input_shape=(3, *case.input_shape[1:])), []
    for library in ("convlayers", "torch"):
        try:
            answers.append(open_adapter(library, threads=1).prepare(case, "float64", direction).answers())
        except Unavailable as error:
            pytest.skip(str(error))
    ours, theirs = answers
    assert ours.keys() == theirs.keys()
    assert len(ours) > (0 if case.random else 1 if direction == "both" else 0)
    for what, answer in ours.items():
        np.testing.assert_allclose(answer, theirs[what], rtol=1e-9, atol=1e-9, err_msg=what)


@pytest.mark.parametrize("direction", ["forward", "both"])
def test_a_call_can_be_repeated(adapter, direction):
    """Gradients are reset between calls, not added up."""
    case = CONVOLUTIONS[0]
    work = adapter.prepare(case, "float32", direction)
    first = {what: answer.copy() for what, answer in work.answers().items()}
    work.run()
    for what, answer in work.answers().items():
        np.testing.assert_array_equal(answer, first[what], err_msg=what)


@pytest.mark.parametrize("action", ["train_on_batch", "predict", "call"])
def test_model_runs(adapter, action):
    kind = training if action == "train_on_batch" else lambda *args: prediction("", action, *args[1:])
    case = kind("", SMALL_RESNET, 2)
    if adapter.lacks(case):
        pytest.skip(adapter.lacks(case))
    work = adapter.prepare(case, "float32", case.directions[0])
    work.run()
    answers = work.answers()
    np.testing.assert_allclose(answers["predictions"].sum(axis=-1), 1, rtol=1e-5)
    if action == "train_on_batch":
        assert np.isfinite(answers["losses"]).all() and len(set(answers["losses"])) == len(answers["losses"])


@pytest.mark.parametrize("name", ["training/mnist_convnet", "training/vgg_like_dropout", "training/small_resnet"])
def test_libraries_learn_alike(name, monkeypatch):
    """The same losses over some steps from the same weights, in any two libraries that are installed."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    case, losses = named(name), {}
    for library in ("convlayers", "torch", "keras"):
        try:
            adapter = open_adapter(library, threads=1)
        except Unavailable:
            continue
        if adapter.lacks(case) is None:
            losses[library] = adapter.prepare(case, "float32", "both").answers()["losses"]
    if len(losses) < 2:
        pytest.skip("needs two libraries")
    first, *others = losses.values()
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-4)


def test_initial_weights_are_the_same_at_every_call():
    first, second = (initial_weights(SMALL_RESNET, "float32") for _ in range(2))
    assert first.keys() == second.keys()
    assert all((a == b).all() for name in first for a, b in zip(first[name], second[name], strict=True))
