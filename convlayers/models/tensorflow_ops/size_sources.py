"""Where a tensor has a size from that is known only when the model runs: mostly from an input, for the number of samples.

So the sizes of two tensors are known to be the same, as in `tf.reshape(y, [tf.shape(x)[0], -1])`.
"""

import math

from convlayers.symbolic import FunctionCall

# Modules of functions of which each result comes from the numbers at the same place.
_ELEMENTWISE = {f"convlayers.ops.{name}" for name in ("activations", "arithmetic", "bitwise", "comparison", "pointwise")}
# Other ops that return as many samples as they are given.
_KEEP_SAMPLES = (
    "average_pool cast conv conv_transpose depthwise_conv expand_dims flip log_softmax max max_pool mean min ones_like prod "
    "resize separable_conv softmax squeeze sum transpose zeros_like"
)


def source_of(tensor, axis):
    """Returns the tensor that a tensor has the size of an axis from. Layers return as many samples as they are given."""
    while True:
        given = next((given for given in tensor.node.inputs if _passes_size(tensor.node, given, tensor, axis)), None)
        if given is None:
            return tensor
        tensor = given


def _passes_size(node, given, tensor, axis):
    if not isinstance(node.operation, FunctionCall):
        return axis == 0 and given.shape[:1] == tensor.shape[:1] == (None,)
    if node.operation.function.__module__ in _ELEMENTWISE and given.shape == tensor.shape:
        return True
    # With nothing else unknown, it is the number of samples.
    alone = all(one.shape[:1] == (None,) and None not in one.shape[1:] for one in (given, tensor))
    return axis == 0 and alone and _keeps_samples(node, given, tensor)


def _keeps_samples(node, given, tensor):
    """Whether the call of an op on samples returns as many, if the number of those that come out is not known."""
    name = node.operation.function.__name__
    if name == "reshape":
        return math.prod(given.shape[1:]) == math.prod(tensor.shape[1:])
    if name == "get_item":
        key = node.args[1] if len(node.args) > 1 else None
        first = key[0] if isinstance(key, tuple) and key else key
        return first is Ellipsis or (isinstance(first, slice) and first == slice(None))
    return name in _KEEP_SAMPLES.split()
