"""Computing on the tensors of Keras's torch backend, and their gradients.

A tensor of the CPU and a NumPy array can share memory, whatever the order of the axes in it. So nothing is copied on the way in
or out, in either direction.
"""

import torch
from torch.autograd.function import once_differentiable

from convlayers._native import memory
from convlayers.autograd import Tape, Tensor

_DTYPES = (torch.float32, torch.float64)
_TYPES = (torch.Tensor, torch.nn.Parameter)


def fits(tensors):
    """Returns whether kernels can read these tensors (or None): on the CPU, with numbers, all of one of their number types.

    What stands for a tensor while PyTorch traces a program is none: then what is traced has to be PyTorch's own.
    """
    dtype = tensors[0].dtype
    if dtype not in _DTYPES or torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    return all(x is None or (type(x) in _TYPES and x.device.type == "cpu" and x.dtype is dtype) for x in tensors)


def compute(function, tensors, keeps_output):
    """Returns `function(*tensors)`, as a tensor that PyTorch can differentiate.

    Args:
        function: made of differentiable ops of `convlayers.ops`; takes and returns arrays.
        tensors: list of tensors and None.
        keeps_output: whether the gradient follows from the output, which nothing may overwrite before then.
    """
    if torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in tensors):
        return _Differentiable.apply(function, keeps_output, *tensors)
    return torch.from_numpy(_on_arrays(function, [_array(x) for x in tensors]))


class _Differentiable(torch.autograd.Function):
    """PyTorch's node for `function`: a tape, from its forward to its backward pass."""

    @staticmethod
    def forward(context, function, keeps_output, *tensors):
        context.function, context.count = function, len(tensors)
        context.recorded = _record(function, tensors, context.needs_input_grad[2:])
        outputs = torch.from_numpy(context.recorded[1].value)
        # PyTorch watches whether these are overwritten.
        context.save_for_backward(*tensors, *([outputs] if keeps_output else []))
        return outputs

    @staticmethod
    @once_differentiable
    def backward(context, d_outputs):
        # Raises an error if one was overwritten, or if this is a second pass through what was not retained.
        tensors = context.saved_tensors[: context.count]
        wanted = context.needs_input_grad[2:]
        # A tape lets go of what it has differentiated. Where the graph is retained, it is recorded anew.
        tape, y, sources = context.recorded or _record(context.function, tensors, wanted)
        context.recorded = None
        gradients = iter(tape.backward([y], [_array(d_outputs)], [x for x in sources if isinstance(x, Tensor)]))
        return None, None, *(torch.from_numpy(next(gradients)) if is_wanted else None for is_wanted in wanted)


def _record(function, tensors, wanted):
    """Returns a tape, what `function` returned on it, and its arguments, as tensors of the tape where gradients are wanted."""
    with Tape() as tape:
        sources = [tape.watch(_array(x)) if is_wanted else _array(x) for x, is_wanted in zip(tensors, wanted, strict=True)]
        return tape, _on_arrays(function, sources), sources


@memory.pooled
def _on_arrays(function, arrays):
    return function(*arrays)


def _array(tensor):
    return None if tensor is None else tensor.detach().numpy()
