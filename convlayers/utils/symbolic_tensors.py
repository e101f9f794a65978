"""Questions about symbolic tensors."""

from convlayers.symbolic import KerasTensor


def is_keras_tensor(x):
    """Returns whether `x` is a symbolic tensor: what `Input` returns, and what layers that are called on it return."""
    return isinstance(x, KerasTensor)


def get_source_inputs(tensor):
    """Returns, as a list, the symbolic tensors of the inputs that a symbolic tensor is computed from."""
    if not isinstance(tensor, KerasTensor):
        return tensor
    sources, seen, waiting = [], set(), [tensor]
    while waiting:
        x = waiting.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if x.node is None or not x.node.inputs:
            sources.append(x)
        else:
            waiting += reversed(x.node.inputs)
    return sources
