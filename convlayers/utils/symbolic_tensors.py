"""Questions about symbolic tensors."""

from convlayers.symbolic import KerasTensor


def is_keras_tensor(x):
    """Returns whether `x` is a symbolic tensor: what `Input` returns, and what layers that are called on it return."""
    return isinstance(x, KerasTensor)


def get_source_inputs(tensor):
    """Returns, as a list, the symbolic tensors of the inputs that a symbolic tensor is computed from."""
    if not isinstance(tensor, KerasTensor):
        return tensor
    if tensor.node is None or not tensor.node.inputs:
        return [tensor]
    sources = [source for x in tensor.node.inputs for source in get_source_inputs(x)]
    return list({id(source): source for source in sources}.values())
