"""Every layer computes what Keras computes on PyTorch, and has the same gradients, arguments and names."""

import inspect

import numpy as np
import pytest

from tests.keras_layers.rows import NAMES, ROWS, input_shape

every_row = pytest.mark.parametrize(("name", "options"), ROWS, ids=str)
every_format = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
every_name = pytest.mark.parametrize("name", NAMES)

TOLERANCES = {"float32": 2e-5, "float64": 1e-12}


def a_pair(keras, fast, name, options, shape):
    """Returns a layer of Keras and ours, with the same random weights."""
    pair = [getattr(library, name)(**options) for library in (keras.layers, fast)]
    draw = np.random.default_rng(0)
    for layer in pair:
        layer.build(shape)
    for ours, theirs in zip(pair[1].weights, pair[0].weights, strict=True):
        ours.assign(draw.normal(size=ours.shape) / 3)
        theirs.assign(ours)
    return pair


def results(layer, array, in_memory):
    """Returns the outputs of a layer, the gradient for its inputs and those for its weights."""
    import torch

    x = torch.from_numpy(array)
    if in_memory == "transposed":
        x = x.transpose(1, -1).contiguous().transpose(1, -1)
    elif in_memory == "with gaps":
        x = torch.stack([x, x], -1)[..., 0]
    x.requires_grad_()
    y = layer(x)
    y.backward(torch.from_numpy(np.random.default_rng(1).normal(size=tuple(y.shape)).astype(array.dtype)))
    return [y.detach().numpy(), x.grad.numpy(), *(weight.value.grad.numpy() for weight in layer.weights)]


def are_shifted(name, options):
    """Whether windows are elsewhere in older versions of Keras, which compute these themselves."""
    return name.endswith("Transpose") and options.get("padding") == "same" and options.get("strides", 1) > 1


@every_row
@every_format
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("in_memory", ["in order", "transposed", "with gaps"])
def test_outputs_and_gradients_are_those_of_keras(keras, fast, computed, name, options, data_format, dtype, in_memory):
    shape = input_shape(name, data_format)
    theirs, ours = a_pair(keras, fast, name, {**options, "data_format": data_format, "dtype": dtype}, shape)
    x = np.random.default_rng(2).normal(size=shape).astype(dtype)
    # Keras takes global means in float32.
    tolerance = TOLERANCES["float32" if name.startswith("GlobalAverage") else dtype]
    for our, their in zip(results(ours, x, in_memory), results(theirs, x, in_memory), strict=True):
        assert (our.shape, our.dtype) == (their.shape, their.dtype)
        np.testing.assert_allclose(our, their, rtol=tolerance, atol=tolerance * max(1, np.abs(their).max()))
    assert computed or (are_shifted(name, options) and int(keras.__version__.split(".")[1]) < 15)


@every_row
def test_predictions_are_the_outputs(fast, computed, name, options):
    import torch

    shape = input_shape(name, "channels_last")
    layer, x = getattr(fast, name)(**options), torch.randn(shape)
    expected = layer(x)
    with torch.no_grad():
        outputs = layer(x)
    assert len(computed) == 2 or are_shifted(name, options)
    assert not outputs.requires_grad
    assert torch.equal(outputs, expected)


@every_name
def test_a_layer_is_keras_in_all_but_its_computation(keras, fast, name):
    theirs, ours = getattr(keras.layers, name), getattr(fast, name)
    assert issubclass(ours, theirs)
    assert ours.__name__ == name
    assert inspect.signature(ours.__init__) == inspect.signature(theirs.__init__)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs.__init__).parameters)[1:]
    assert inspect.signature(ours.call) == inspect.signature(theirs.call)


@pytest.mark.parametrize("alias", ["Convolution2D", "MaxPool2D", "AvgPool1D", "GlobalMaxPool2D"])
def test_other_names_of_keras_are_the_same_layers(keras, fast, alias):
    assert getattr(fast, alias) is getattr(fast, getattr(keras.layers, alias).__name__)


def test_any_other_layer_is_that_of_keras(keras, fast):
    assert fast.Dense is keras.layers.Dense
    with pytest.raises(AttributeError, match="nor has keras.layers"):
        fast.Denser  # noqa: B018


def test_every_activation_is_that_of_keras(keras, fast):
    import torch

    x = torch.randn(2, 6, 6, 3)
    for name, activation in inspect.getmembers(keras.activations, inspect.isfunction):
        if name in ("get", "serialize", "deserialize", "glu", "threshold"):
            continue
        theirs, ours = a_pair(keras, fast, "Conv2D", {"filters": 4, "kernel_size": 3, "activation": activation}, x.shape)
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5, msg=name)


def test_a_sigmoid_leaves_the_logits_for_losses(fast):
    import torch

    outputs = fast.Conv2D(2, 3, activation="sigmoid")(torch.ones(1, 4, 4, 3))
    assert torch.equal(torch.sigmoid(outputs._keras_logits), outputs)


def test_nothing_is_copied(fast):
    import torch

    x = torch.randn(2, 6, 6, 3)
    layer = fast.Conv2D(4, 3)
    layer.build(x.shape)
    from convlayers.keras_layers import torch_tensors

    pointers = []
    outputs = torch_tensors.compute(lambda *arrays: pointers.extend(a.ctypes.data for a in arrays) or arrays[0], [x], False)
    assert pointers == [x.data_ptr()] == [outputs.data_ptr()]
    first = torch.randn(2, 3, 6, 6).contiguous(memory_format=torch.channels_last)
    outputs = fast.Conv2D(4, 3, data_format="channels_first")(first)
    assert outputs.is_contiguous(memory_format=torch.channels_last)
