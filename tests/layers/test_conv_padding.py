"""What convolution layers can do beyond Keras: numbers as padding, and borders that are not zeros. PyTorch has both."""

import json

import numpy as np
import pytest

from convlayers import layers, saving, serialization
from convlayers.models import Model

RANDOM = np.random.default_rng(0)
MODES = ("zeros", "reflect", "replicate", "circular")


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def peer(torch, layer, padding, padding_mode, strides, dilation, groups):
    """Returns a function that computes with PyTorch what a `Conv1D`, `Conv2D` or `Conv3D` computes."""
    functions = torch.nn.functional

    def run(x, kernel, bias):
        modes = {"zeros": "constant"}
        pads = [pad for pair in reversed(padding) for pad in pair]
        x = functions.pad(x.movedim(-1, 1), pads, modes.get(padding_mode, padding_mode))
        convolve = (functions.conv1d, functions.conv2d, functions.conv3d)[layer.rank - 1]
        return convolve(x, kernel.movedim((-1, -2), (0, 1)), bias, strides, 0, dilation, groups).movedim(1, -1)

    return run


def check_against(torch, run, layer, x):
    """Asserts that a layer gives the numbers of `run`, and its gradients."""
    y, backward = layer.forward(x)
    d_y = RANDOM.normal(size=y.shape)
    d_x = backward(d_y)
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, *layer.get_weights())]
    expected = run(*leaves)
    expected.backward(torch.tensor(d_y))
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-10, atol=1e-10)
    for leaf, gradient in zip(leaves, [d_x, *(variable.grad for variable in layer.weights)], strict=True):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-10, atol=1e-10)


IMAGES = {1: (2, 7, 4), 2: (2, 6, 5, 4), 3: (2, 4, 5, 6, 4)}


@pytest.mark.parametrize("padding_mode", MODES)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("rank", "padding", "pairs"),
    [
        (1, 2, ((2, 2),)),
        (1, ((0, 3),), ((0, 3),)),
        (2, 0, ((0, 0), (0, 0))),
        (2, [1, 2], ((1, 1), (2, 2))),
        (2, ((1, 0), [3, 4]), ((1, 0), (3, 4))),
        (3, (1, 0, (2, 3)), ((1, 1), (0, 0), (2, 3))),
    ],
)
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 2), (3, 1)])
def test_convolution_of_pytorch(torch, rank, padding, pairs, padding_mode, data_format, strides, dilation):
    x = RANDOM.normal(size=IMAGES[rank])
    options = {"strides": strides, "dilation_rate": dilation, "groups": 2, "data_format": data_format, "dtype": "float64"}
    layer = (layers.Conv1D, layers.Conv2D, layers.Conv3D)[rank - 1](6, 2, padding=padding, padding_mode=padding_mode, **options)
    run = peer(torch, layer, pairs, padding_mode, strides, dilation, 2)
    if data_format == "channels_first":
        x = np.ascontiguousarray(np.moveaxis(x, -1, 1))
        last = run
        run = lambda x, *weights: last(x.movedim(1, -1), *weights).movedim(-1, 1)  # noqa: E731
    layer.build(x.shape)
    layer.bias.assign(RANDOM.normal(size=6))
    check_against(torch, run, layer, x)


@pytest.mark.parametrize("padding_mode", MODES)
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4])
def test_same_padding_of_pytorch(torch, padding_mode, kernel_size):
    layer = layers.Conv2D(5, kernel_size, padding="same", padding_mode=padding_mode, dtype="float64")
    module = torch.nn.Conv2d(4, 5, kernel_size, padding="same", padding_mode=padding_mode, dtype=torch.float64)

    def run(x, kernel, bias):
        weights = {"weight": kernel.movedim((-1, -2), (0, 1)), "bias": bias}
        return torch.func.functional_call(module, weights, x.movedim(-1, 1)).movedim(1, -1)

    layer.build(IMAGES[2])
    check_against(torch, run, layer, RANDOM.normal(size=IMAGES[2]))


@pytest.mark.parametrize("padding_mode", MODES)
def test_depthwise_and_separable(torch, padding_mode):
    functions = torch.nn.functional
    options = {"depth_multiplier": 2, "padding": ((1, 2), 3), "padding_mode": padding_mode, "strides": 2, "dtype": "float64"}

    def depthwise(x, kernel, bias=None):
        pads, mode = (3, 3, 1, 2), {"zeros": "constant"}.get(padding_mode, padding_mode)
        kernel = kernel.movedim((-2, -1), (0, 1)).reshape(8, 1, 2, 2)
        return functions.conv2d(functions.pad(x.movedim(-1, 1), pads, mode), kernel, bias, stride=2, groups=4)

    def separable(x, kernel, pointwise, bias):
        return functions.conv2d(depthwise(x, kernel), pointwise.movedim((-1, -2), (0, 1)), bias).movedim(1, -1)

    for layer, run in (
        (layers.DepthwiseConv2D(2, **options), lambda *arrays: depthwise(*arrays).movedim(1, -1)),
        (layers.SeparableConv2D(3, 2, **options), separable),
    ):
        layer.build(IMAGES[2])
        check_against(torch, run, layer, RANDOM.normal(size=IMAGES[2]))


def test_same_with_strides_pads_what_keras_pads():
    """Which is more behind, where the number is odd."""
    x = RANDOM.normal(size=(1, 5, 6, 2))
    layer = layers.Conv2D(3, (4, 2), strides=2, padding="same", padding_mode="circular", dtype="float64")
    other = layers.Conv2D(3, (4, 2), strides=2, dtype="float64")
    layer.build(x.shape), other.build(x.shape)
    other.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(x), other(np.pad(x, ((0, 0), (1, 2), (0, 0), (0, 0)), "wrap")), rtol=1e-12)


def test_causal_with_the_first_step_in_front():
    x = RANDOM.normal(size=(1, 5, 2))
    layer = layers.Conv1D(3, 3, padding="causal", padding_mode="replicate", dtype="float64")
    y = layer(x)
    np.testing.assert_allclose(layer(np.concatenate([x[:, :1], x], axis=1))[:, 1:], y, rtol=1e-12)
    np.testing.assert_allclose(layer(x[:, :2]), y[:, :2], rtol=1e-12)


ROWS = [
    (
        layers.Conv1D,
        {"filters": 3, "kernel_size": 3, "padding": 1, "strides": 2, "dilation_rate": 2},
        (None, None, 4),
        (2, 9, 4),
    ),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "padding": ((0, 1), (2, 3))}, (None, None, 8, 4), (2, 7, 8, 4)),
    (
        layers.Conv2D,
        {"filters": 3, "kernel_size": 3, "padding": "same", "strides": 2, "padding_mode": "reflect"},
        (None, None, None, 4),
        (2, 7, 8, 4),
    ),
    (
        layers.DepthwiseConv2D,
        {"kernel_size": 3, "padding": [2, 1], "padding_mode": "circular"},
        (None, None, 8, 4),
        (2, 7, 8, 4),
    ),
    (layers.SeparableConv1D, {"filters": 3, "kernel_size": 3, "padding": [(4, 0)]}, (None, None, 4), (2, 9, 4)),
    (layers.Conv2DTranspose, {"filters": 6, "kernel_size": 3, "strides": 2, "padding": 1}, (None, None, 5, 4), (2, 4, 5, 4)),
    (layers.Conv2DTranspose, {"filters": 6, "kernel_size": 3, "groups": 2}, (None, 4, None, 4), (2, 4, 5, 4)),
]
every_row = pytest.mark.parametrize(("layer", "arguments", "unknown", "known"), ROWS, ids=str)


@every_row
def test_unknown_sizes(layer, arguments, unknown, known):
    """Sizes are None where they follow an unknown one, and right where they do not; a model takes any."""
    inputs = layers.Input(unknown[1:])
    outputs = layer(**arguments)(inputs)
    model = Model(inputs, outputs)
    y = model(np.ones(known, "float32"))
    assert len(y.shape) == len(outputs.shape)
    assert [b is None for b in outputs.shape] == [a is None for a in unknown[:-1]] + [False]
    assert all(found is None or found == size for found, size in zip(outputs.shape, y.shape, strict=True))
    assert tuple(layer(**arguments).compute_output_shape(known)) == y.shape


@every_row
def test_configuration(layer, arguments, unknown, known):
    """In JSON, lists; what is not used is not written, so that Keras reads what it can do."""
    one = layer(**arguments)
    x = np.ones(known, "float32")
    y = one(x)
    config = json.loads(json.dumps(serialization.serialize_keras_object(one)))
    assert ("padding_mode" in config["config"]) == ("padding_mode" in arguments)
    assert "groups" in config["config"] or "groups" not in arguments
    other = serialization.deserialize_keras_object(config)
    assert other.get_config() == one.get_config()
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(other(x), y)


def test_files(tmp_path):
    inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding=((1, 0), 2), padding_mode="replicate", strides=2, dilation_rate=2)(inputs)
    model = Model(inputs, layers.Conv2DTranspose(2, 2, groups=2)(x))
    saving.save_model(model, tmp_path / "model.keras", format="convlayers")
    images = RANDOM.normal(size=(2, 8, 8, 3)).astype("float32")
    np.testing.assert_array_equal(saving.load_model(tmp_path / "model.keras")(images), model(images))


def test_what_keras_has_is_written_as_keras_writes_it():
    for layer in (layers.Conv2D(3, 3), layers.DepthwiseConv1D(3), layers.Conv3DTranspose(3, 3)):
        assert "padding_mode" not in layer.get_config()
        assert layer.get_config()["padding"] == "valid"
    assert "groups" not in layers.Conv2DTranspose(3, 3).get_config()


def test_a_layer_that_is_refused_its_border_stays_unbuilt():
    layer = layers.Conv2D(3, 3, padding=3, padding_mode="reflect")
    with pytest.raises(ValueError, match="too small"):
        layer(np.ones((1, 3, 8, 2), "float32"))
    assert not layer.built
    assert layer(np.ones((1, 4, 8, 2), "float32")).shape == (1, 8, 12, 3)
    with pytest.raises(ValueError, match="too small"):
        layer(np.ones((1, 8, 3, 2), "float32"))


def test_the_help_of_a_layer_describes_its_arguments():
    for layer in (layers.Conv1D, layers.Conv3D, layers.DepthwiseConv2D, layers.SeparableConv1D, layers.Conv2DTranspose):
        sections = [line.split(":")[0] for line in layer.__doc__.splitlines() if line[:1].isupper() and ":" in line]
        assert sections == ["Args", "Input shape", "Output shape", "Beyond Keras", "Weights", "Raises", "Example"]
        assert "\n    kernel_size: int or tuple of ints" in layer.__doc__


@pytest.mark.parametrize(
    ("mistake", "mended"),
    [
        (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), "padding=0"),
        (lambda: layers.Conv2D(4, 3, padding=(1, 2, 3)), "padding=(1, 1)"),
        (lambda: layers.Conv2D(4, 5)(np.ones((2, 3, 32, 32))), "look like channels_first: (2, 3, 32, 32). If they are, set"),
        (lambda: layers.Conv2D(4, 5, data_format="channels_first")(np.ones((2, 32, 32, 3))), "set data_format='channels_last'"),
        (lambda: layers.Conv2D(4, 5)(np.ones((2, 32, 4, 2))), "A kernel that spans 5x5 pixels does not fit an input of 32x4"),
        (lambda: layers.Conv2D(4, 3, padding=4, padding_mode="circular")(np.ones((1, 3, 9, 2))), "'replicate' any number"),
    ],
)
def test_messages_say_what_would_do(mistake, mended):
    with pytest.raises(ValueError) as error:
        mistake()
    assert mended in str(error.value).split("\n", 1)[1]
