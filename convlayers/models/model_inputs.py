"""From what a user passes to a model to a list of arrays, one for each input, as its graph was built for."""

import math
import warnings

import numpy as np

from convlayers import nested, ops
from convlayers.autograd import Operand
from convlayers.layers.input_spec import wrong_number_of_inputs
from convlayers.layers.mask_passing import copy_mask
from convlayers.models.graph import leaves_with_paths
from convlayers.narrow_types import numpy_dtype
from convlayers.symbolic import KerasTensor
from convlayers.validation import did_you_mean


class ModelInputs:
    """The inputs that a model was made with.

    Args:
        structure: the symbolic tensor of an `Input`, or a list, tuple or dict of them.
        model_name: for messages.
    """

    def __init__(self, structure, model_name):
        self.structure = structure
        self.tensors = nested.flatten(structure)
        self._model_name = model_name
        self._names = [tensor.node.operation.name for tensor in self.tensors]
        self._paths = [path for path, _ in leaves_with_paths(structure)]
        self._ndim = self.tensors[0].ndim if len(self.tensors) == 1 else None
        self._dtype = numpy_dtype(self.tensors[0].dtype)

    def takes(self, x):
        """Whether inputs are the only array, and need no conversion."""
        return type(x) is np.ndarray and x.ndim == self._ndim and x.dtype == self._dtype

    def flatten(self, inputs):
        """Returns the arrays in the order of the tensors, of their dtype and rank.

        Args:
            inputs: an array, or a structure of arrays. A dict may take the place of a list, with the names of the inputs as
                keys; an array, that of a list of one.

        Raises:
            ValueError: if they are others than the model has, or of another rank.
        """
        if self.takes(inputs):
            return [inputs]
        flat = self.match(inputs)
        fitted = [self._fit(x, index) for index, x in enumerate(flat)]
        for x, y in zip(flat, fitted, strict=True):
            copy_mask(x, y)
        return fitted

    def match(self, inputs):
        """Returns the inputs in the order of the tensors, otherwise as they are."""
        flat = self._match_dict(inputs) if isinstance(inputs, dict) else self._match_list(inputs)
        self._warn_of_another_structure(inputs)
        for x, tensor in zip(flat, self.tensors, strict=True):
            if x is None and not tensor.node.operation.optional:
                raise ValueError(
                    f"The input '{tensor.name}' is not optional, but None was passed. Please provide a valid tensor."
                )
        return flat

    def _warn_of_another_structure(self, inputs):
        """Warns if the inputs are in another structure. One array for a list of one is no other, nor are names for a list."""
        structure = self.structure
        if isinstance(structure, dict):
            fits = isinstance(inputs, dict) and inputs.keys() == structure.keys()
        else:
            fits = isinstance(structure, (list, tuple)) or not isinstance(inputs, (list, tuple))
        # Symbolic calls tell nothing: they are followed by others.
        if not fits and not any(isinstance(x, KerasTensor) for x in nested.flatten(inputs)):
            warnings.warn(f"{_OTHER_STRUCTURE}\n{self._compare(inputs)}", stacklevel=5)

    def _compare(self, inputs):
        expected = nested.map_structure(lambda tensor: tensor.name, self.structure)
        return f"Expected: {expected}\nReceived: inputs={nested.map_structure(_describe, inputs)}"

    def _match_list(self, inputs):
        flat = nested.flatten(inputs)
        if len(flat) != len(self.tensors):
            raise wrong_number_of_inputs(self._model_name, self._names, flat)
        keys = list(self.structure) if isinstance(self.structure, dict) else []
        if keys != sorted(keys) and not isinstance(inputs, dict):
            raise ValueError(f"{_OTHER_STRUCTURE}\n{self._compare(inputs)}")
        return flat

    def _match_dict(self, inputs):
        names = sorted(self.structure) if isinstance(self.structure, dict) else self._names
        if any(isinstance(inputs.get(name), (dict, list, tuple)) for name in names):
            return self._match_list(inputs)
        for name in names:
            if name not in inputs:
                raise ValueError(
                    f'Missing data for input "{name}". You passed a data dictionary with keys {list(inputs)}. '
                    f"Expected the following keys: {names}" + did_you_mean(name, inputs)
                )
        return [inputs[name] for name in names]

    def _fit(self, x, index):
        """Returns `x` with the dtype and the rank of an input: an axis of size 1 at the end may be missing or too many."""
        tensor = self.tensors[index]
        if x is None:
            return None
        if not isinstance(x, Operand):
            x = np.asarray(x)
        if not (isinstance(x, Operand) and x.symbolic) and x.dtype != tensor.dtype:
            x = ops.cast(x, tensor.dtype)
        if x.ndim == tensor.ndim:
            return x
        if x.ndim == tensor.ndim + 1 and x.shape[-1] == 1:
            return ops.squeeze(x, axis=-1)
        if x.ndim == tensor.ndim - 1 and tensor.shape[-1] == 1:
            return ops.expand_dims(x, axis=-1)
        raise ValueError(
            f"Invalid input shape for input {_describe(x)} with name '{tensor.name}' and path '{self._paths[index]}'. Expected "
            f"shape {tensor.shape}, but input has incompatible shape {tuple(x.shape)}" + _advice(tuple(x.shape), tensor.shape)
        )


def _advice(shape, expected):
    if _fits(shape, expected[1:]):
        return "\nThe first axis is the batch. A single sample becomes a batch of one with `x[None]`."
    if _fits(shape, expected[:-1]):
        return f"\nAn axis of size {expected[-1]} is missing at the end: the channels, where they come last."
    if len(shape) == 2 and None not in expected[1:] and shape[1] == math.prod(expected[1:]):
        return f"\nAs many numbers are in `x.reshape({(-1, *expected[1:])})`, where the channels of a pixel lie together."
    return ""


def _fits(shape, expected):
    return len(shape) == len(expected) and all(b in (None, a) for a, b in zip(shape, expected, strict=True))


_OTHER_STRUCTURE = "The structure of `inputs` doesn't match the expected structure."


def _describe(x):
    return f"Tensor(shape={tuple(x.shape)})" if hasattr(x, "shape") else str(type(x))
