"""Nodes of TensorFlow's graphs as files have them, in the layers of the class `TensorFlowOpLayer`.

    {"node_def": {"op": "Mean", "input": ["x", "Mean/reduction_indices"], "attr": {"keep_dims": {"b": true}}},
     "constants": {"1": [1, 2]}}

What such a node takes is, by its place, among the `constants` or else a tensor of the model.
"""

import base64

from convlayers import nested
from convlayers.models.tensorflow_ops.arguments import check_unused, unknown
from convlayers.models.tensorflow_ops.raw_ops import RAW_OPS

# What has no part in the numbers, or follows from the inputs. Names with an underscore in front are TensorFlow's own.
_OF_NO_EFFECT = ("N", "incompatible_shape_error", "message", "num", "seed2", "shape", "use_cudnn_on_gpu", "validate_indices")


def read_node(config, tensors):
    """Returns the name of the function of TensorFlow that a node is a call of, and its arguments.

    Args:
        config: what the file has about it.
        tensors: the tensors that it takes, in a structure.

    Raises:
        TypeError: if there is no translation of the node.
    """
    node = _as_dict(config["node_def"], "node_def")
    op = node.get("op")
    raw_op = RAW_OPS.get(op) if isinstance(op, str) else None
    if raw_op is None:
        raise unknown("op", str(op), RAW_OPS)
    attributes = {key: _value_of(_as_dict(value, key)) for key, value in _as_dict(node.get("attr", {}), "attr").items()}
    said = {
        key: value
        for key, value in attributes.items()
        if key not in (*raw_op.attributes, *_OF_NO_EFFECT) and key[:1] != "_" and not isinstance(value, _DType)
    }
    check_unused(f"raw_ops.{op}", **said)
    args, kwargs = raw_op.name_inputs(_join(nested.flatten(tensors), _as_dict(config.get("constants") or {}, "constants")))
    named = {argument: attributes[key] for key, argument in raw_op.attributes.items() if key in attributes}
    return raw_op.function, args, {**kwargs, **named}


def _join(tensors, constants):
    """Returns all inputs of a node in their order."""
    inputs = list(tensors)
    for place, value in sorted((int(place), value) for place, value in constants.items()):
        inputs.insert(place, value)
    return inputs


def _as_dict(value, name):
    if not isinstance(value, dict):
        raise TypeError(
            f"`{name}` of a `TensorFlowOpLayer` must be a dict. Received: {str(value)[:100]} (of type {type(value)})"
        )
    return value


# Attributes -----------------------------------------------------------------------------------------------------------


class _DType(str):
    """The name of a dtype. Attributes that are dtypes mostly say what the inputs are."""


def _value_of(attribute):
    """Returns the value of an attribute: JSON has its kind beside it, whole numbers as text, and text as base64."""
    for kind, value in attribute.items():
        if kind == "list":
            return [_VALUES[kind](part) for kind, parts in _as_dict(value, kind).items() for part in parts if kind in _VALUES]
        if kind in _VALUES:
            return _VALUES[kind](value)
    return attribute


def _as_text(value):
    return base64.b64decode(value, validate=True).decode()


def _as_dtype(value):
    name = str(value).removeprefix("DT_").lower()
    return _DType({"float": "float32", "double": "float64", "half": "float16"}.get(name, name))


_VALUES = {"b": bool, "i": int, "f": float, "s": _as_text, "type": _as_dtype}
