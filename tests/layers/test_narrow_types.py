"""Layers of 16 bits: each row of the table against Keras, under each policy."""

import numpy as np
import pytest

from convlayers import layers, nested
from convlayers.dtype_policies import DTypePolicy
from convlayers.narrow_types import array_dtype
from tests.layers.table import ROWS, built, calmly, draw

POLICIES = ["float16", "mixed_float16", "bfloat16", "mixed_bfloat16"]

# Half a unit in the last place of 1. PyTorch rounds to 16 bits after each operation, here layers round what they return.
ROUNDING = {"float16": 2**-11, "bfloat16": 2**-8}

every_policy = pytest.mark.parametrize("policy", POLICIES)
every_row = pytest.mark.parametrize("row", ROWS, ids=str)
row_trained_alike = pytest.mark.parametrize("row", [row for row in ROWS if row.like_pytorch and not row.random], ids=str)


def assert_near(received, expected, policy, roundings):
    """Asserts that results differ by no more than some roundings of numbers of the size of the largest."""
    tolerance = roundings * ROUNDING[DTypePolicy(policy).compute_dtype]
    expected = np.asarray(expected, "float64")
    largest = np.abs(expected).max(initial=1)
    np.testing.assert_allclose(np.asarray(received, "float64"), expected, rtol=tolerance, atol=tolerance * largest)


def pair(row, policy, keras):
    """Returns the layer of a row and that of Keras, with the same weights."""
    layer, peer = built(row, dtype=policy), built(row, keras.layers, dtype=policy)
    if hasattr(peer, "finalize_state"):
        peer.finalize_state()
    return layer, peer


def narrow(array, policy):
    """Returns an array as it is seen by a layer that has a policy."""
    import torch

    return torch.tensor(array).to(getattr(torch, DTypePolicy(policy).compute_dtype)) if array.dtype.kind == "f" else array


def far_from_corners(row, inputs, policy):
    """Returns which outputs are on the same side of the corner of `relu`, however they are rounded: CPUs differ in that."""
    if row.arguments.get("activation") != "relu":
        return True
    before = np.abs(built(row, dtype="float32", activation=None)(inputs))
    return before > 6 * ROUNDING[DTypePolicy(policy).compute_dtype] * before.max()


@every_policy
@every_row
def test_outputs_of_keras(row, policy, keras):
    inputs = draw(row, "float32")
    layer, peer = pair(row, policy, keras)
    for name in ("compute_dtype", "variable_dtype", "dtype", "input_dtype"):
        assert getattr(layer, name) == getattr(peer, name)
    assert [variable.dtype for variable in layer.weights] == [variable.dtype for variable in peer.weights]
    output = calmly(row, layer, inputs)
    try:
        expected = calmly(row, peer, inputs)
    except NotImplementedError:  # PyTorch has it for 32 bits only
        expected = keras.ops.cast(calmly(row, built(row, keras.layers, dtype="float32"), inputs), layer.compute_dtype)
    assert output.dtype == array_dtype(keras.backend.standardize_dtype(expected.dtype))
    if row.like_pytorch:
        assert_near(output, keras.ops.convert_to_numpy(expected), policy, roundings=6)


@every_policy
@row_trained_alike
def test_gradients_of_keras(row, policy, keras):
    """Forward and backward pass, training, against PyTorch's own automatic differentiation."""
    import torch

    inputs = draw(row, "float32")
    layer, peer = pair(row, policy, keras)
    outputs, backward = layer.forward(inputs, training=True)
    d_outputs = np.random.default_rng(2).normal(size=outputs.shape).astype("float32")
    d_outputs *= far_from_corners(row, inputs, policy)
    d_inputs = backward(d_outputs)
    leaves = [narrow(x, policy) for x in nested.flatten(inputs)]
    leaves = [x.requires_grad_() if isinstance(x, torch.Tensor) else torch.tensor(x) for x in leaves]
    try:
        peer_outputs = peer(nested.pack_like(inputs, leaves), training=True)
    except NotImplementedError:
        return
    peer_outputs.backward(torch.tensor(d_outputs).to(peer_outputs.dtype))
    for x, d_x in zip(leaves, nested.flatten(d_inputs), strict=True):
        if not row.integers:
            assert d_x.dtype == (array_dtype(layer.compute_dtype) if layer.autocast else "float32")
            assert_near(d_x, x.grad.float().numpy(), policy, roundings=20)
    for variable, peer_variable in zip(layer.trainable_weights, peer.trainable_weights, strict=True):
        assert variable.grad.dtype == array_dtype(variable.dtype)
        assert_near(variable.grad, peer_variable.value.grad.float().numpy(), policy, roundings=20)
    # What a training step changed besides, such as moving means.
    for value, peer_value in zip(layer.get_weights(), peer.get_weights(), strict=True):
        assert_near(value, peer_value, policy, roundings=4)


@pytest.mark.parametrize("make", [lambda: layers.Conv2D(2, 2, dtype="float16"), lambda: layers.Dense(2, dtype="float16")])
def test_integers_become_numbers_of_the_layers_type(make):
    layer, x = make(), np.arange(2 * 4 * 4 * 3, dtype="uint8").reshape(2, 4, 4, 3)
    y = layer(x)
    assert y.dtype == "float16"
    np.testing.assert_array_equal(y, layer(x.astype("float16")))
