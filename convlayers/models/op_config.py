"""Ops in a graph as plain data, as Keras writes them: `ops.mean(x, axis=1)` is

    {"module": "keras.src.ops.numpy", "class_name": "Mean", "config": {"name": "mean", "axis": 1, "keepdims": False},
     "registered_name": "Mean"}

and `x` is the argument of its node.
"""

import inspect
import itertools

from convlayers import nested, ops
from convlayers.config import standardize_data_format
from convlayers.naming import to_snake_case
from convlayers.symbolic import FunctionCall, KerasTensor, nodes_between

# Keras keeps these as arguments of the node, and everything else in the config.
_ARRAYS = (
    "x x1 x2 x3 xs inputs arrays kernel depthwise_kernel pointwise_kernel bias condition indices values weights target "
    "output targets predictions start_indices updates mean variance operands variable fill_value constant_values rtol atol key "
    "images array transform coordinates start_points end_points a b data segment_ids start stop sorted_sequence "
    "image1 image2 y"
)
_IN_THE_NODE = frozenset(_ARRAYS.split())
# In which of its modules Keras looks for an op, where that is not "numpy".
_MODULES = {
    "nn": "adaptive_average_pool adaptive_max_pool average_pool batch_normalization binary_crossentropy "
    "categorical_crossentropy celu conv conv_transpose depthwise_conv elu gelu glu hard_shrink hard_sigmoid hard_silu "
    "hard_tanh layer_normalization leaky_relu log_sigmoid log_softmax max_pool moments multi_hot normalize one_hot relu "
    "relu6 selu separable_conv sigmoid silu soft_shrink softmax softplus softsign sparse_categorical_crossentropy "
    "sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink threshold "
    "ctc_loss depth_to_space fold psnr rms_normalization space_to_depth unfold",
    "core": "cast cond convert_to_tensor fori_loop map saturate_cast scan scatter scatter_update slice slice_update "
    "stop_gradient switch unstack vectorized_map while_loop",
    "math": "cdist erf erfc erfinv extract_sequences in_top_k logdet logsumexp rsqrt segment_max segment_min segment_prod "
    "segment_sum top_k",
    "image": "affine_transform crop_images elastic_transform extract_patches gaussian_blur hsv_to_rgb map_coordinates "
    "pad_images perspective_transform resize rgb_to_grayscale rgb_to_hsv scale_and_translate sobel_edges ssim",
    "linalg": "cholesky cholesky_inverse det eigh inv lstsq lu_factor matrix_rank norm pinv qr solve solve_triangular svd",
    "einops": "rearrange",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}
# Classes of Keras that are not called by the words of the op.
_CLASSES = {
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_loss": "CTCLoss",
    "hsv_to_rgb": "HSVToRGB",
    "isin": "IsIn",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "svd": "SVD",
}
# Parts of ops that stand in graphs for the whole: they have its arguments, or some of them.
_WHOLES = {"euclidean_norm": "norm", "_patches": "extract_patches"}
_OP_OF = {class_name: name for name, class_name in _CLASSES.items()}


def location_in_keras(name):
    """Returns the name of the class that Keras has for an op, and the module that it is in."""
    name = _whole(name)
    class_name = _CLASSES.get(name) or "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return class_name, f"keras.src.ops.{_MODULE_OF.get(name, 'numpy')}"


def encode_op(call):
    """Returns an op that is called in a graph as a dict, without its node.

    Args:
        call: a `FunctionCall`.

    Raises:
        ValueError: if it is no op of Keras.
    """
    name = call.function.__name__
    op = None if hasattr(call, "why_not_in_files") else _find_op(_whole(name))
    if op is None:
        why = getattr(call, "why_not_in_files", f"Write a layer that calls what has made '{call.name}'.")
        raise ValueError(f"There is no op '{name}' in files of Keras. It is '{call.name}' in the model. {why}")
    class_name, module = location_in_keras(name)
    # What an op is computed by may do more at once, as a convolution with an activation.
    parameters = inspect.signature(op).parameters.values()
    known = {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD} - _in_the_node(name)
    # Keras has no arguments that must be named: those are ours, and written only when used.
    unused = {parameter.name: parameter.default for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    settings = {
        key: value
        for key, value in _bind(call.nodes[0]).items()
        if key in known and not (key in unused and value == unused[key])
    }
    for key, value in settings.items():
        if any(isinstance(leaf, KerasTensor) for leaf in nested.flatten(value)):
            raise ValueError(
                f"The argument `{key}` of the op '{name}', which is '{call.name}' in the model, is a tensor. Files of Keras "
                "have numbers there. Use ops that take arrays, as `minimum` and `maximum` in the place of `clip`, or write a "
                f"layer that calls it. Received: {key}={value}"
            )
    if "data_format" in settings:
        # Keras looks up its own default before it makes the op.
        settings["data_format"] = standardize_data_format(settings["data_format"])
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": call.name, **settings},
        "registered_name": class_name,
    }


def can_be_written(node):
    """Returns whether files can have a node: that of a layer, or of an op of Keras with numbers where Keras has numbers."""
    if isinstance(node.operation, FunctionCall):
        try:
            encode_op(node.operation)
        except ValueError:
            return False
    return True


def op_arguments(node):
    """Returns the positional and keyword arguments that Keras has in the node of an op: its arrays."""
    arrays, names = (), _in_the_node(node.operation.function.__name__)
    for key, value in _bind(node).items():
        if key in names:
            arrays += value if key == "operands" else (value,)
    while arrays and arrays[-1] is None:
        arrays = arrays[:-1]
    return arrays, {}


def _in_the_node(name):
    """Returns the arguments of an op that are in its node, if it has them."""
    # What lies outside of an image is no array.
    return _IN_THE_NODE - {"fill_value"} if _MODULE_OF.get(_whole(name)) == "image" else _IN_THE_NODE


def is_op(entry):
    """Whether an entry in the config of a graph is an op of Keras 3, and not a layer."""
    if "module" in entry:
        return str(entry["module"]).startswith(("keras.src.ops.", "keras.ops"))
    # In HDF5 files nothing has a module. What tells the op `Add` from the layer is that layers may be trained.
    class_name, config = entry.get("class_name"), entry.get("config")
    has_names = isinstance(class_name, str) and isinstance(config, dict)
    return has_names and "trainable" not in config and _find_op(_op_name(class_name)) is not None


def call_op(entry, args, kwargs, taken=()):
    """Calls the op that an entry describes, on symbolic tensors. Returns its outputs, which may be of several nodes.

    Args:
        entry: what the file has about it.
        args, kwargs: its arguments.
        taken: names that other nodes have.

    Raises:
        TypeError: if there is no such op.
    """
    name = _op_name(entry["class_name"])
    function = _find_op(name)
    if function is None:
        raise TypeError(f"Could not locate class '{entry['class_name']}'. There is no op `convlayers.ops.{name}`.")
    settings = {key: value for key, value in entry["config"].items() if key != "name"}
    if name == "get_item":  # JSON has no tuples, and a list would choose rows.
        args = [part if index == 0 or not isinstance(part, list) else tuple(part) for index, part in enumerate(args)]
    leaves = nested.flatten((args, settings, kwargs))
    _check_arguments(name, leaves)
    outputs = _call(function, args, {**settings, **kwargs})
    name_nodes(outputs, leaves, entry["name"], taken)
    return outputs


def name_nodes(outputs, given, name, taken=()):
    """Gives the node that makes the first of some outputs a name, and the others before it that name with a number.

    Args:
        outputs: structure of tensors, all of one call in a file.
        given: what the call was given. Nodes that make tensors of it have names.
        name: the name of the call.
        taken: names that are not given.
    """
    names = (f"{name}.{number}" for number in itertools.count(1))
    for index, node in enumerate(nodes_between(outputs, given)):
        node.operation.name = next(free for free in names if free not in taken) if index else name


def _op_name(class_name):
    return _OP_OF.get(class_name) or to_snake_case(class_name)


def _whole(name):
    return _WHOLES.get(name) or name.removeprefix("_")


def _find_op(name):
    function = getattr(ops, name, None) or getattr(ops.image, name, None)
    return function if inspect.isfunction(function) else None


def _call(function, arrays, settings):
    """Calls an op with the arrays of its node and the settings of its config, which may stand before them."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        first = [settings.pop(parameter.name) for parameter in parameters if parameter.name in settings]
        return function(*first, *arrays)
    in_the_node = _in_the_node(function.__name__)
    names = [parameter.name for parameter in parameters if parameter.name in in_the_node]
    if len(names) < len(arrays):
        return function(*arrays, **settings)
    return function(**dict(zip(names, arrays, strict=False)), **settings)


def _check_arguments(name, leaves):
    """Loops that never end, and arrays of any size, could be had from a file otherwise."""
    if any(callable(leaf) for leaf in leaves):
        raise TypeError(f"Not allowed: a file calls `convlayers.ops.{name}` with a function.")
    if not any(isinstance(leaf, KerasTensor) for leaf in leaves):
        raise TypeError(f"Not allowed: a file calls `convlayers.ops.{name}` without a tensor of its graph.")


def _bind(node):
    call = node.operation
    assert isinstance(call, FunctionCall)
    bound = inspect.signature(call.function).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    return bound.arguments
