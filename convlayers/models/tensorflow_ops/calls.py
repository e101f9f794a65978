"""Calls of TensorFlow's functions on symbolic tensors: a file has them as layers, and they become calls of ops."""

import contextlib
import math

import numpy as np

from convlayers import nested
from convlayers.models.layer_entries import DAMAGE
from convlayers.models.op_config import name_nodes
from convlayers.models.tensorflow_ops import sizes
from convlayers.models.tensorflow_ops.arguments import unknown
from convlayers.models.tensorflow_ops.nodes import read_node
from convlayers.models.tensorflow_ops.table import ON_NUMBERS, TABLE
from convlayers.symbolic import KerasTensor


def call_function(entry, number, args, kwargs):
    """Calls what a function of TensorFlow is here.

    Args:
        entry: what the file has about it.
        number: how often it was called before.
        args, kwargs: its arguments, with symbolic tensors, or whole numbers that follow from their shapes, among them.

    Returns:
        The outputs, which may be of several nodes, or plain numbers where only shapes are asked for.

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
    if not isinstance(kwargs, dict):
        raise TypeError(f"Expected: a dict of the arguments of `tf.{symbol}`. Received: {kwargs}")
    # A name for the graph of TensorFlow; and what later versions left out where it says nothing.
    kwargs = {key: value for key, value in kwargs.items() if key != "name" and value is not None}
    leaves = nested.flatten((args, kwargs))
    if not any(isinstance(leaf, KerasTensor) for leaf in leaves):
        _check_numbers(symbol, [*args, *kwargs.values()])
    try:
        outputs = sizes.call(function, args, kwargs)
    except (TypeError, ValueError) as error:
        if f"tf.{symbol}`" in str(error):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{error}\nThis is what a call of `tf.{symbol}` has come to.") from error
    except DAMAGE as error:
        raise ValueError(f"The config is damaged: `tf.{symbol}` can't have the arguments there. {error!r}") from error
    name = entry["name"].replace("/", "_")
    given = [tensor for leaf in leaves for tensor in sizes.sources_of(leaf)]
    name_nodes(nested.map_structure(sizes.as_tensor, outputs), given, f"{name}.call{number}" if number else name)
    return outputs


def _check_numbers(symbol, arguments):
    """Arrays of any size could be had from a file otherwise."""
    if not {symbol, symbol.removeprefix("compat.v1.")} & ON_NUMBERS:
        raise TypeError(f"Not allowed: a file calls `tf.{symbol}` without a tensor of its graph.")
    shapes = [shape for argument in arguments for shape in _shapes_of(argument)]
    with contextlib.suppress(ValueError):  # They may have to be joined, and not computed with.
        shapes.append(np.broadcast_shapes(*shapes))
    sizes.check_size([sum(map(math.prod, shapes))])


def _shapes_of(argument):
    leaves = nested.flatten(argument)
    if any(isinstance(leaf, (sizes.Sizes, np.ndarray)) for leaf in leaves):
        return [np.shape(leaf.samples[0] if isinstance(leaf, sizes.Sizes) else leaf) for leaf in leaves]
    try:
        return [np.shape(argument)]
    except ValueError:  # lists of different lengths
        return [(len(leaves),)]
