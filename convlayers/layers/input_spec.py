"""What a layer expects of its inputs, checked before it does any work."""

from convlayers import nested
from convlayers.validation import standardize_shape


class InputSpec:
    """Specifies the rank, dtype and shape of an input of a layer.

    Args:
        dtype: the expected dtype, as a string.
        shape: the expected shape; None within it stands for any size.
        ndim: the expected rank.
        max_ndim: the highest rank allowed.
        min_ndim: the lowest rank allowed.
        axes: dict that maps axes to the sizes they must have.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or too many.
        name: the key of this input, where inputs are a dict.
        optional: whether None may be given.

    Raises:
        TypeError: if `axes` is no dict of axes.
        ValueError: if there is an axis in it that no input has.
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        optional=False,
    ):
        self.dtype = dtype
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = ndim if shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = _checked_axes(axes, self.ndim or max_ndim)
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self):
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in self.get_config().items() if value)})"

    def get_config(self):
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def mismatch(self, shape, dtype):
        """Returns None where an input fits, else what was expected and found, in Keras's words."""
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim and not self.allow_last_axis_squeeze:
            return f"expected ndim={self.ndim}, found ndim={ndim}. Full shape received: {shape}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={ndim}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={ndim}. Full shape received: {shape}"
        if self.dtype is not None and dtype != self.dtype:
            return f"expected dtype={self.dtype}, found dtype={dtype}"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return f"expected axis {axis} of input shape to have value {size}, but received input with shape {shape}"
        if self.shape is not None and not self._fits_shape(shape):
            return f"expected shape={self.shape}, found shape={shape}"
        return None

    def _fits_shape(self, shape):
        expected = self.shape
        if self.allow_last_axis_squeeze:
            shape = shape[:-1] if shape and shape[-1] == 1 else shape
            expected = expected[:-1] if expected and expected[-1] == 1 else expected
        # The rank was checked before; that of a model's inputs is checked by the model.
        return all(a == b or a is None or b is None for a, b in zip(shape, expected, strict=False))


def _checked_axes(axes, ndim):
    try:
        axes = {int(axis): size for axis, size in (axes or {}).items()}
    except (AttributeError, TypeError, ValueError):
        raise TypeError(f"Argument `axes` must be a dict with integer keys. Received: axes={axes}") from None
    if axes and ndim is not None and max(axes) >= ndim:
        raise ValueError(f"Axis {max(axes)} is greater than the maximum allowed value: {ndim - 1}")
    return axes


def assert_input_compatibility(input_spec, inputs, layer_name):
    """Checks the inputs of a layer.

    Args:
        input_spec: None, an `InputSpec`, or a structure of them like that of the inputs.
        inputs: an array or tensor, or a structure of them.
        layer_name: for the message.

    Raises:
        ValueError: if an input does not fit.
    """
    if input_spec is None:
        return
    if isinstance(input_spec, InputSpec) and hasattr(inputs, "shape"):
        specs, inputs = (input_spec,), (inputs,)
    else:
        specs, inputs = nested.flatten(input_spec), nested.flatten(inputs)
    if len(inputs) != len(specs):
        raise wrong_number_of_inputs(layer_name, [spec and spec.name for spec in specs], inputs)
    for index, (spec, x) in enumerate(zip(specs, inputs, strict=True)):
        if spec is None or (x is None and spec.optional):
            continue
        if not hasattr(x, "shape"):
            raise ValueError(
                f"Inputs to a layer should be tensors. Got '{x}' (of type {type(x)}) as input for layer '{layer_name}'."
            )
        mismatch = spec.mismatch(tuple(x.shape), x.dtype)
        if mismatch:
            raise ValueError(
                f"Input {index} with name '{spec.name}' of layer '{layer_name}' is incompatible with the layer: "
                f"{mismatch}{_advice(spec, tuple(x.shape))}"
            )


def wrong_number_of_inputs(layer_name, names, inputs):
    """Returns the error to raise if there are more or fewer inputs than a layer takes.

    Args:
        layer_name: the layer's name.
        names: the names of the inputs that it takes, None for those that have none.
        inputs: list of those that were given.
    """
    if not all(names):
        shapes = [getattr(x, "shape", type(x)) for x in inputs]
        return ValueError(
            f'Layer "{layer_name}" expects {len(names)} input(s), but it received {len(inputs)} input tensors. '
            f"Inputs received: {shapes}"
        )
    example = ", ".join(f"'{name}': ..." for name in names)
    return ValueError(
        f'Layer "{layer_name}" expects {len(names)} named input(s) with keys {names}, but it received {len(inputs)} input '
        f"tensors. Pass inputs as a dict, e.g. `layer({{{example}}})`.\nOr pass a list of as many arrays, in that order."
    )


def _advice(spec, shape):
    rank = spec.ndim or spec.min_ndim
    if rank is not None and len(shape) == rank - 1:
        return (
            f"\nThe first axis is the batch and the last (or second) the channels. A single sample becomes a batch with "
            f"`x[None]`, images without a channel axis get one with `x[..., None]`: shape {(*shape, 1)}."
        )
    for axis, size in spec.axes.items():
        other = 1 if axis in (-1, len(shape) - 1) else -1
        if size is not None and len(shape) > 2 and shape[other] == size:
            return (
                f"\nAxis {other} has that size: the channels seem to be in the other order. "
                f"Pass data_format='{'channels_first' if other == 1 else 'channels_last'}' to the layer, or move them with "
                f"`np.moveaxis(x, {other}, {axis})`."
            )
    return ""
