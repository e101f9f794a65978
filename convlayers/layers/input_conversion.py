"""What a layer is called on becomes arrays of its number type."""

import numpy as np

from convlayers import nested, ops
from convlayers.autograd import Operand, Tensor, value_of
from convlayers.layers.call_arguments import lists_to_arrays
from convlayers.layers.mask_passing import copy_mask
from convlayers.narrow_types import to_dtype, without_bfloat16
from convlayers.symbolic import KerasTensor

ARRAYS = np.ndarray, Tensor


class InputConverter:
    """The part of `Layer` that converts inputs. `_input_dtype` is the type that they get."""

    def _is_ready(self, x):
        """Whether an input needs no conversion: an array or tensor of the layer's type, or a list of such."""
        dtype = self._input_dtype
        if type(x) is not list:
            return type(x) in ARRAYS and x.dtype is dtype
        for part in x:  # which takes less time than `all`
            if type(part) not in ARRAYS or part.dtype is not dtype:
                return False
        return bool(x)

    def _convert_input(self, x):
        """Returns what a user gave as an array that kernels read: of the layer's type, in the machine's byte order."""
        converted = self._to_array(x)
        if self.autocast and isinstance(converted, (np.ndarray, np.generic, Operand)):
            converted = self._cast_input(converted)
        copy_mask(x, converted)
        return converted

    def _to_array(self, x):
        if isinstance(x, Operand):
            return x
        if not isinstance(x, (np.ndarray, np.generic)):
            if not hasattr(x, "__array__"):
                return x
            x = np.asarray(x)
        if x.dtype is self._input_dtype:
            return x
        x = without_bfloat16(x)
        if x.dtype.kind not in "fiub":
            raise ValueError(
                f"Invalid dtype: {x.dtype}\nLayer '{self.name}' takes arrays of numbers. Ragged lists, strings and objects "
                "become arrays of numbers with `np.array(x, dtype='float32')` once all parts have the same shape."
            )
        return x.astype(x.dtype.newbyteorder("="), copy=False)

    def _cast_input(self, x):
        """Returns an array or tensor of floats in the layer's type, and any other as it is."""
        # Those that are symbolic, `symbolic_call` casts.
        if x.dtype is self._input_dtype or isinstance(x, KerasTensor) or value_of(x).dtype.kind != "f":
            return x
        return (ops.cast if isinstance(x, Operand) else to_dtype)(x, self.compute_dtype)

    def _convert_arguments(self, args, kwargs):
        args = tuple(nested.map_structure(self._convert_input, lists_to_arrays(argument)) for argument in args)
        kwargs = {key: nested.map_structure(self._convert_input, value) for key, value in kwargs.items()}
        self._check_positional(args)
        return args, kwargs

    def _check_positional(self, args):
        for leaf in nested.flatten(list(args)):
            if leaf is not None and not hasattr(leaf, "shape"):
                raise ValueError(
                    "Only input tensors may be passed as positional arguments. The following argument value should be passed "
                    f"as a keyword argument: {leaf} (of type {type(leaf)})"
                )
