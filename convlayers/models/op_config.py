"""Ops in a graph as plain data, as Keras writes them: `ops.mean(x, axis=1)` is

    {"module": "keras.src.ops.numpy", "class_name": "Mean", "config": {"name": "mean", "axis": 1, "keepdims": False},
     "registered_name": "Mean"}

and `x` is the argument of its node.
"""

import inspect

from convlayers import ops
from convlayers.naming import to_snake_case
from convlayers.symbolic import FunctionCall

# Keras keeps these as arguments of the node, and everything else in the config.
_ARRAYS = (
    "x x1 x2 x3 xs inputs arrays kernel depthwise_kernel pointwise_kernel bias condition indices values weights target "
    "output targets predictions start_indices updates mean variance operands variable fill_value constant_values rtol atol key"
)
_IN_THE_NODE = frozenset(_ARRAYS.split())
# In which of its modules Keras looks for an op, where that is not "numpy".
_MODULES = {
    "nn": "adaptive_average_pool adaptive_max_pool average_pool batch_normalization binary_crossentropy "
    "categorical_crossentropy celu conv conv_transpose depthwise_conv elu gelu glu hard_shrink hard_sigmoid hard_silu "
    "hard_tanh layer_normalization leaky_relu log_sigmoid log_softmax max_pool moments multi_hot normalize one_hot relu "
    "relu6 selu separable_conv sigmoid silu soft_shrink softmax softplus softsign sparse_categorical_crossentropy "
    "sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink threshold",
    "core": "cast convert_to_tensor scatter scatter_update slice slice_update stop_gradient unstack",
    "math": "erf erfinv in_top_k logsumexp rsqrt segment_max segment_sum top_k",
    "image": "affine_transform crop_images extract_patches pad_images resize rgb_to_grayscale",
    "linalg": "cholesky det eigh inv norm qr solve svd",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def encode_op(call):
    """Returns an op that is called in a graph as a dict, without its node.

    Args:
        call: a `FunctionCall`.
    """
    name = call.function.__name__
    class_name = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    settings = {key: value for key, value in _bind(call.nodes[0]).items() if key not in _IN_THE_NODE}
    return {
        "module": f"keras.src.ops.{_MODULE_OF.get(name, 'numpy')}",
        "class_name": class_name,
        "config": {"name": call.name, **settings},
        "registered_name": class_name,
    }


def op_arguments(node):
    """Returns the positional and keyword arguments that Keras has in the node of an op: its arrays."""
    arrays = tuple(value for key, value in _bind(node).items() if key in _IN_THE_NODE)
    while arrays and arrays[-1] is None:
        arrays = arrays[:-1]
    return arrays, {}


def is_op(entry):
    """Whether an entry in the config of a graph is an op, and not a layer."""
    return str(entry.get("module")).startswith(("keras.src.ops.", "keras.ops"))


def call_op(entry, args, kwargs):
    """Calls the op that an entry describes, on symbolic tensors. Returns the node.

    Raises:
        TypeError: if there is no such op.
    """
    name = to_snake_case(entry["class_name"])
    function = getattr(ops, name, None)
    if not inspect.isfunction(function):
        raise TypeError(f"Could not locate class '{entry['class_name']}'. There is no op `convlayers.ops.{name}`.")
    settings = {key: value for key, value in entry["config"].items() if key != "name"}
    if name == "get_item":  # JSON has no tuples, and a list would choose rows.
        args = [part if index == 0 or not isinstance(part, list) else tuple(part) for index, part in enumerate(args)]
    outputs = function(*args, **settings, **kwargs)
    node = (outputs[0] if isinstance(outputs, (list, tuple)) else outputs).node
    node.operation.name = entry["name"]
    return node


def _bind(node):
    call = node.operation
    assert isinstance(call, FunctionCall)
    bound = inspect.signature(call.function).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    return bound.arguments
