"""Layers with random arguments, some of them wrong, beside Keras: configs, shapes, numbers, gradients and exceptions."""

import json
import re

import numpy as np
import pytest

import convlayers
from tests.layers.mistakes.mistake import message_in_call

torch = pytest.importorskip("torch")

DRAWS = 30
ACTIVATIONS = [None, "relu", "tanh", "gelu", "softmax", "mish", "hard_swish", "log_sigmoid"]
WRONG = [0, -1, 2.5, (1, 1, 1, 1)]


class Draw:
    """Random arguments. `spatial` and `channels_last` shapes are small, so that many of them do not fit."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def one_of(self, *choices):
        return choices[self.generator.integers(len(choices))]

    def chance(self, probability):
        return bool(self.generator.random() < probability)

    def sizes(self, rank, low, high):
        """An int or a tuple of them, rarely something wrong."""
        if self.chance(0.04):
            return self.one_of(*WRONG)
        many = tuple(int(size) for size in self.generator.integers(low, high, rank))
        return many[0] if self.chance(0.5) else many

    def shape(self, rank, low=2, high=9):
        return (2, *(int(size) for size in self.generator.integers(low, high, rank)), self.one_of(1, 2, 3, 4, 6))

    def some_of(self, **arguments):
        return {name: value for name, value in arguments.items() if self.chance(0.8)}


def convolution(draw, rank, **others):
    arguments = {
        "padding": draw.one_of("valid", "same"),
        "data_format": draw.one_of(None, "channels_last", "channels_first"),
        "activation": draw.one_of(*ACTIVATIONS),
        "use_bias": draw.chance(0.6),
        "bias_constraint": draw.one_of(None, "non_neg"),
        **{"strides" if draw.chance(0.5) else "dilation_rate": draw.sizes(rank, 1, 4)},
    }
    return {"kernel_size": draw.sizes(rank, 1, 5), **draw.some_of(**arguments), **others}, draw.shape(rank)


def filters(draw):
    return draw.one_of(1, 2, 3, 4, 6, 0) if draw.chance(0.1) else draw.one_of(1, 2, 3, 4, 6)


def borders(draw, rank):
    """What is cut off or added at the sides of each axis."""
    pairs = tuple((draw.one_of(0, 1, 2), draw.one_of(0, 1)) for _ in range(rank))
    return draw.one_of(1, draw.one_of(0, 2, -1), pairs[0] if rank == 1 else pairs)


def any_shape(draw, low=2, high=5):
    return (2, *(int(size) for size in draw.generator.integers(1, 6, draw.generator.integers(low - 1, high))))


def normalization(draw, axis):
    arguments = {"axis": axis, "epsilon": draw.one_of(1e-3, 1e-5), "center": draw.chance(0.7), "scale": draw.chance(0.7)}
    return draw.some_of(**arguments), any_shape(draw)


def of_rank(rank):
    """Returns {layer: function of a `Draw` that returns arguments and an input shape} for images of a rank."""
    formats = (None, "channels_last", "channels_first")
    families = {
        "Conv": lambda draw: convolution(
            draw, rank, filters=filters(draw), groups=draw.one_of(1, 1, 2, 3), kernel_regularizer="l2"
        ),
        "Conv{}Transpose": lambda draw: convolution(draw, rank, filters=filters(draw)),
        "MaxPooling": lambda draw: (
            draw.some_of(
                pool_size=draw.sizes(rank, 1, 4), padding=draw.one_of("valid", "same"), data_format=draw.one_of(*formats)
            ),
            draw.shape(rank),
        ),
        "AveragePooling": lambda draw: (
            {"pool_size": draw.sizes(rank, 1, 4), "strides": draw.sizes(rank, 1, 4), "data_format": draw.one_of(*formats)},
            draw.shape(rank),
        ),
        "GlobalMaxPooling": lambda draw: (
            draw.some_of(keepdims=draw.chance(0.5), data_format=draw.one_of(*formats)),
            draw.shape(rank),
        ),
        "Cropping": lambda draw: ({"cropping": borders(draw, rank)}, draw.shape(rank)),
        "ZeroPadding": lambda draw: ({"padding": borders(draw, rank)}, draw.shape(rank)),
        "UpSampling": lambda draw: ({"size": draw.one_of(1, 2, 3)}, draw.shape(rank)),
    }
    if rank < 3:
        families["DepthwiseConv"] = lambda draw: convolution(draw, rank, depth_multiplier=draw.one_of(1, 1, 2, 0))
        families["SeparableConv"] = lambda draw: convolution(draw, rank, filters=filters(draw), depth_multiplier=2)
    return {(name if "{}" in name else name + "{}").format(f"{rank}D"): family for name, family in families.items()}


FAMILIES = {
    **of_rank(1),
    **of_rank(2),
    **of_rank(3),
    "BatchNormalization": lambda draw: normalization(draw, draw.one_of(-1, 1, 2, -2, 7)),
    "LayerNormalization": lambda draw: normalization(draw, draw.one_of(-1, (-1, -2), 7)),
    "UnitNormalization": lambda draw: (draw.some_of(axis=draw.one_of(-1, 1)), any_shape(draw)),
    "Dense": lambda draw: (
        {
            "units": draw.one_of(1, 3, 0, "3", 4),
            **draw.some_of(activation=draw.one_of(*ACTIVATIONS), use_bias=draw.chance(0.5)),
        },
        any_shape(draw),
    ),
    "Reshape": lambda draw: ({"target_shape": draw.one_of((-1,), (1, -1), (2, -1), (3, 3), (-1, -1))}, any_shape(draw)),
    "Permute": lambda draw: ({"dims": draw.one_of((1, 2), (2, 1), (0, 1), (1, 1))}, draw.shape(1)),
    "ReLU": lambda draw: (
        draw.some_of(max_value=draw.one_of(None, 1.0, -1.0), negative_slope=0.2, threshold=draw.one_of(0.0, 0.5)),
        any_shape(draw),
    ),
    "PReLU": lambda draw: (draw.some_of(shared_axes=draw.one_of(None, [1], [1, 2])), any_shape(draw)),
}


def first_line(error):
    """Returns what an exception says, in NumPy's words for PyTorch's shapes."""
    text = re.sub("\x1b\\[\\d*m", "", message_in_call(error))
    text = text.replace("value >= 0", "value > 0")  # Keras lets strides of pooling be 0
    return re.sub(r"torch\.Size\(\[([\d, ]*)\]\)", r"(\1)", text).split("\n")[0].strip()


def attempt(function, *args, **kwargs):
    """Returns what a function returns or raises, and whether it raises."""
    try:
        return function(*args, **kwargs), False
    except Exception as error:
        return error, True


def both(ours, theirs):
    """Returns the results of two functions, None for both if they raise the same exception."""
    (our_result, we_raise), (their_result, they_raise) = attempt(ours), attempt(theirs)
    from_torch = they_raise and isinstance(their_result, (RuntimeError, IndexError, TypeError))
    if we_raise and they_raise and not from_torch:
        assert type(our_result) is type(their_result)
        # Keras lists the members of a set, in any order.
        if "one of {" not in str(their_result):
            assert first_line(our_result) == first_line(their_result)
    if we_raise or they_raise:
        # We refuse earlier some of what Keras lets pass until it is built or called, and need not fail where PyTorch does.
        assert from_torch or we_raise
        return None
    return our_result, their_result


def plain(config):
    return json.loads(json.dumps(config, default=str).replace("convlayers.layers", "keras.src.layers"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FAMILIES)
def test_random_arguments(keras, name):
    compared = [compare(convlayers.layers, keras.layers, name, Draw(seed)) for seed in range(DRAWS)]
    assert sum(compared) >= DRAWS // 6


def compare(our_layers, their_layers, name, draw):
    """Compares a layer with one draw of arguments. Returns whether it came to numbers."""
    arguments, shape = FAMILIES[name](draw)
    arguments = {**arguments, "name": "layer", "dtype": "float64"}
    pair = both(lambda: getattr(our_layers, name)(**arguments), lambda: getattr(their_layers, name)(**arguments))
    if pair is None:
        return False
    ours, theirs = pair
    assert plain(ours.get_config()) == plain(theirs.get_config()), arguments
    open_shape = (None, *(None if draw.chance(0.2) else size for size in shape[1:-1]), shape[-1])
    shapes = both(lambda: ours.compute_output_shape(open_shape), lambda: theirs.compute_output_shape(open_shape))
    assert shapes is None or tuple(shapes[0]) == tuple(shapes[1]), (arguments, open_shape)
    if both(lambda: ours.build(shape), lambda: theirs.build(shape)) is None:
        return False
    return compare_numbers(ours, theirs, draw, shape, arguments)


def compare_numbers(ours, theirs, draw, shape, arguments):
    """Compares outputs and gradients. Returns whether the layers took the input."""
    weights = [np.abs(draw.generator.normal(size=weight.shape)) for weight in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = draw.generator.normal(size=shape)
    leaf = torch.tensor(x, requires_grad=True)
    results = both(lambda: ours.forward(x, training=False), lambda: theirs(leaf))
    if results is None:
        return False
    (y, backward), expected = results
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-5, atol=1e-5, err_msg=str(arguments))
    d_y = draw.generator.normal(size=y.shape)
    leaves = [leaf, *(weight.value for weight in theirs.trainable_weights)]
    d_expected = torch.tensor(d_y, dtype=expected.dtype)
    gradients, refused = attempt(torch.autograd.grad, expected, leaves, d_expected, allow_unused=True)
    if refused:  # PyTorch's own trouble with the layout of memory
        assert "contiguous" in str(gradients)
        return True
    found = [backward(d_y), *(weight.grad for weight in ours.trainable_weights)]
    for one, other in zip(found, gradients, strict=True):
        if other is not None:
            np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-4, err_msg=str(arguments))
    return True
