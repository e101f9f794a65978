"""Calls of TensorFlow's functions on symbolic tensors: a file has them as layers, and they become calls of ops."""

import numpy as np

from convlayers import nested
from convlayers.models.tensorflow_ops import sizes
from convlayers.models.tensorflow_ops.arguments import unknown
from convlayers.models.tensorflow_ops.nodes import read_node
from convlayers.models.tensorflow_ops.table import ON_NUMBERS, TABLE
from convlayers.symbolic import KerasTensor

# How many there are in a computation with shapes at the most.
_MOST_NUMBERS = 1000


class Call:
    """What became of a call: its `outputs`, which may be of several nodes, or plain numbers where only shapes are asked for."""

    def __init__(self, outputs):
        self.outputs = outputs


def call_function(entry, number, args, kwargs):
    """Calls what a function of TensorFlow is here.

    Args:
        entry: what the file has about it.
        number: how often it was called before.
        args, kwargs: its arguments, with symbolic tensors, or whole numbers that follow from their shapes, among them.

    Returns:
        A `Call`.

    Raises:
        TypeError: if there is no translation of the function, or of one of its arguments.
        ValueError: if the function can't have such arguments.
    """
    symbol = entry["config"].get("function")
    if symbol is None:
        symbol, args, kwargs = read_node(entry["config"], args)
    function = TABLE.get(symbol)
    if function is None:
        raise unknown("function", f"tf.{symbol}", TABLE)
    # A name for the graph of TensorFlow; and what later versions left out where it says nothing.
    kwargs = {key: value for key, value in kwargs.items() if key != "name" and value is not None}
    leaves = nested.flatten((args, kwargs))
    if not any(isinstance(leaf, KerasTensor) for leaf in leaves):
        _check_numbers(symbol, leaves)
    try:
        outputs = sizes.call(function, args, kwargs)
    except (ArithmeticError, AttributeError, LookupError) as error:
        raise ValueError(f"The file is damaged: `tf.{symbol}` can't have the arguments there. {error!r}") from error
    name = entry["name"].replace("/", "_")
    _name_nodes(outputs, leaves, f"{name}.call{number}" if number else name)
    return Call(outputs)


def _check_numbers(symbol, leaves):
    """Arrays of any size could be had from a file otherwise."""
    if symbol.removeprefix("compat.v1.") not in ON_NUMBERS or sum(map(_size, leaves)) > _MOST_NUMBERS:
        raise TypeError(f"Not allowed: a file calls `tf.{symbol}` without a tensor of its graph.")


def _size(leaf):
    return np.size(leaf.samples[0] if isinstance(leaf, sizes.Sizes) else leaf)


def _name_nodes(outputs, leaves, name):
    """Gives the last node the name of the layer in the file, and the others that name with a number."""
    seen = {id(tensor.tensor if isinstance(tensor, sizes.Sizes) else tensor) for tensor in leaves}
    nodes, tensors = [], nested.flatten(outputs)
    while tensors:
        tensor = tensors.pop(0)
        if isinstance(tensor, sizes.Sizes):
            tensor = tensor.tensor
        if isinstance(tensor, KerasTensor) and id(tensor) not in seen and tensor.node is not None:
            seen.add(id(tensor))
            if tensor.node not in nodes:
                nodes.append(tensor.node)
                tensors += tensor.node.inputs
    for number, node in enumerate(nodes):
        node.operation.name = f"{name}.{number}" if number else name
