"""What a row of the table of models means: the layers with their shapes, initial weights and arithmetic."""

from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

import numpy as np

from benchmarks.layer_case import conv, depthwise, pool

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D")


class Description(NamedTuple):
    """A layer as the table writes it."""

    kind: str
    options: dict


class Residual(NamedTuple):
    """Two ways for the same input; their outputs are added and rectified."""

    main: list
    shortcut: list


class Layer(NamedTuple):
    """A described layer in its place in a model. Shapes are without the batch.

    A residual block has the kind "Residual", and lists of layers in its options `main` and `shortcut`.
    """

    name: str
    kind: str
    options: dict
    input_shape: tuple
    output_shape: tuple


def layer(kind, **options):
    """Returns the description of a layer, in Keras's words."""
    return Description(kind, options)


@dataclass(frozen=True)
class Model:
    """A classifier, described.

    Args:
        input_shape: the shape of one image.
        classes: the number of classes. Labels are integers, the last activation is softmax.
        optimizer: "sgd" (with Nesterov momentum), "rmsprop" or "adam".
        layers: descriptions and residual blocks.
        learning_rate: so small that hundreds of steps on one batch change next to nothing: a model that has learnt its
            batch by heart, or diverged, computes with denormal numbers or NaN, which take other times.
    """

    input_shape: tuple
    classes: int
    optimizer: str
    layers: list
    learning_rate: float = 1e-6

    def placed(self):
        """Returns the list of layers with their names and shapes."""
        return _place(self.layers, self.input_shape, "")[0]

    def repeatable(self):
        """Returns the same model for the comparison of answers: without Dropout, and with the one optimizer whose
        formula is the same everywhere (others place their epsilon differently)."""
        layers = [each for each in self.layers if each[0] != "Dropout"]
        return replace(self, optimizer="sgd", learning_rate=0.01, layers=layers)

    def leaves(self):
        """Returns all layers in order, those of residual blocks among them."""
        return list(_leaves(self.placed()))


@dataclass(frozen=True, kw_only=True)
class ModelCase:
    """One model on one batch: a step of training ("train_on_batch"), `model.predict(x)` or `model(x)` ("call")."""

    name: str
    family: str
    action: str
    model: Model
    batch: int
    quick: bool

    @property
    def directions(self):
        return ("both",) if self.action == "train_on_batch" else ("forward",)

    def operations(self, direction):
        """Multiplications and additions of convolutions and dense layers. The first layer's input needs no gradient."""
        costs = [_operations(leaf) for leaf in self.model.leaves()]
        passes = 1 if direction == "forward" else 3
        return self.batch * (passes * sum(costs) - (costs[0] if passes == 3 else 0))

    def traffic(self, direction, itemsize):
        """None: the arrays between layers are each library's own affair."""
        return None

    def arrays(self, dtype):
        """Returns images and labels, the same ones at every call."""
        random = np.random.default_rng(20)
        x = random.random((self.batch, *self.model.input_shape), dtype="float32").astype(dtype)
        return x, random.integers(0, self.model.classes, self.batch)


def initial_weights(model, dtype):
    """Returns {name of layer: list of arrays} in Keras's order and layouts, the same ones at every call."""
    random = np.random.default_rng(20)
    weights = {}
    for leaf in model.leaves():
        if leaf.kind == "BatchNormalization":
            one, zero = np.ones(leaf.input_shape[-1], dtype), np.zeros(leaf.input_shape[-1], dtype)
            weights[leaf.name] = [one, zero, zero, one]
        elif leaf.kind in (*CONVOLUTIONS, "Dense"):
            shape = _kernel_shape(leaf)
            fan_in = _as_case(*leaf[1:4]).fan_in if leaf.kind in CONVOLUTIONS else shape[0]
            kernel = random.standard_normal(shape) * fan_in**-0.5
            bias = np.zeros(leaf.output_shape[-1])
            arrays = [kernel, bias] if leaf.options.get("use_bias", True) else [kernel]
            weights[leaf.name] = [array.astype(dtype) for array in arrays]
    return weights


def _place(descriptions, shape, prefix):
    placed = []
    for index, description in enumerate(descriptions):
        if isinstance(description, Residual):
            name = f"{prefix}{index}_residual"
            main, output_shape = _place(description.main, shape, f"{name}_main_")
            shortcut, _ = _place(description.shortcut, shape, f"{name}_shortcut_")
            placed.append(Layer(name, "Residual", {"main": main, "shortcut": shortcut}, shape, output_shape))
        else:
            kind, options = description
            output_shape = _output_shape(kind, options, shape)
            placed.append(Layer(f"{prefix}{index}_{kind.lower()}", kind, options, shape, output_shape))
        shape = output_shape
    return placed, shape


def _output_shape(kind, options, shape):
    match kind:
        case "Conv2D" | "DepthwiseConv2D":
            return _as_case(kind, options, shape).output_shape[1:]
        case "MaxPooling2D":
            return pool("", "max_pool", 1, shape[:-1], shape[-1], options["pool_size"]).output_shape[1:]
        case "GlobalAveragePooling2D":
            return shape[-1:]
        case "Flatten":
            return (prod(shape),)
        case "Dense":
            return (options["units"],)
    return shape


def _leaves(layers):
    for placed in layers:
        if placed.kind == "Residual":
            yield from _leaves(placed.options["main"])
            yield from _leaves(placed.options["shortcut"])
        else:
            yield placed


def _as_case(kind, options, shape):
    how = {"stride": options.get("strides", 1), "padding": options.get("padding", "valid")}
    *size, channels = shape
    if kind == "DepthwiseConv2D":
        return depthwise("", 1, tuple(size), channels, options["kernel_size"], **how)
    return conv("", 1, tuple(size), channels, options["filters"], options["kernel_size"], **how)


def _kernel_shape(leaf):
    if leaf.kind in CONVOLUTIONS:
        return _as_case(*leaf[1:4]).kernel_shape
    return (leaf.input_shape[-1], leaf.options["units"])


def _operations(leaf):
    if leaf.kind not in (*CONVOLUTIONS, "Dense"):
        return 0
    pixels = prod(leaf.output_shape[:-1])
    return 2 * pixels * prod(_kernel_shape(leaf))
