"""Checks of arguments that several layers and ops share. Messages begin as Keras's, and go on to say what would do."""

import operator

import numpy as np

from convlayers import shapes
from convlayers.config import floatx, standardize_data_format  # noqa: F401 - the second is one of the checks too

DTYPES = (
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "bool",
    "string",
    "complex64",
    "complex128",
)

_PYTHON_DTYPES = {bool: "bool", int: "int32", float: "float32", str: "string", complex: "complex64", "int": "int32"}

# What arguments were called in Keras 1 and 2, and are called in PyTorch.
_NEW_NAMES = {
    "alpha": "negative_slope",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "batch_input_shape": "an `Input(batch_shape=...)` before the layer",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "decay": "a schedule of `keras.optimizers.schedules` as `learning_rate`",
    "dilation": "dilation_rate",
    "dim_ordering": "data_format",
    "eps": "epsilon",
    "filter_length": "kernel_size",
    "gamma_init": "gamma_initializer",
    "in_channels": "nothing: the number of input channels is taken from the inputs",
    "in_features": "nothing: the number of input features is taken from the inputs",
    "init": "kernel_initializer",
    "kernel_dim1": "kernel_size",
    "kernel_dim2": "kernel_size",
    "kernel_dim3": "kernel_size",
    "length": "size",
    "lr": "learning_rate",
    "nb_col": "kernel_size",
    "nb_filter": "filters",
    "nb_row": "kernel_size",
    "out_channels": "filters",
    "out_features": "units",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "weights": "`layer.set_weights(weights)` after the layer is built",
}


# Names ----------------------------------------------------------------------------------------------------------------


def did_you_mean(name, names):
    """Returns a line to end a message with: the known name that is most like an unknown one. Empty if none is."""
    import difflib

    known = {str(candidate).lower(): str(candidate) for candidate in names}
    close = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.6)
    return f"\nDid you mean '{known[close[0]]}'?" if close else ""


class _Brief(str):
    """Text that stands in a list as it is."""

    __repr__ = str.__str__


def brief(value):
    """Returns a value that a message can show: for an array, its shape, and of a long list, the beginning."""
    if isinstance(value, np.ndarray) and value.ndim:
        return _Brief(f"array of shape {value.shape} and dtype {value.dtype}")
    if isinstance(value, dict):
        return {key: brief(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        more = [_Brief(f"... {len(value)} in all")] if len(value) > 50 else []
        return type(value)([*map(brief, value[:50] if not more else value[:5]), *more])
    return value


def check_choice(value, choices, caller_name, name):
    """Checks an argument that is one of several strings.

    Raises:
        ValueError: if it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"Unknown value for `{name}` argument of {caller_name}. Allowed values are: {choices}. "
            f"Received: {name}={value}" + did_you_mean(value, choices)
        )


def unrecognized_arguments(class_name, unknown, known=()):
    """Returns the error to raise if keyword arguments are left over.

    Args:
        class_name: the class that they were passed to.
        unknown: dict of what is left.
        known: the names of the arguments that there are.
    """
    hints = "".join(hint_at_argument(name, known) for name in unknown)
    return ValueError(f"Unrecognized keyword arguments passed to {class_name}: {brief(unknown)}{hints}")


def hint_at_argument(name, known):
    new_name = _NEW_NAMES.get(name)
    if new_name is None:
        return did_you_mean(name, known)
    if known and new_name.isidentifier() and new_name not in known:
        return ""
    return f"\nIn place of `{name}`, use {f'`{new_name}`' if new_name.isidentifier() else new_name}."


# Numbers --------------------------------------------------------------------------------------------------------------


def is_integer(value):
    """Whether a value is an int, of Python or NumPy, and not a bool or a float."""
    if isinstance(value, (bool, np.bool_)):
        return False
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def check_positive(value, name):
    """Returns a count, such as `filters`, as an int.

    Raises:
        ValueError: if it is not an int above 0.
    """
    if not is_integer(value) or value <= 0:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected a strictly positive value. Received {name}={value}."
            + _want_an_integer(value)
        )
    return int(value)


def check_groups(groups, filters):
    """Returns `groups` as an int.

    Raises:
        ValueError: if it is not an int above 0 that divides `filters`.
    """
    if not is_integer(groups) or groups <= 0:
        raise ValueError(
            f"The number of groups must be a positive integer. Received: groups={groups}." + _want_an_integer(groups)
        )
    if filters % groups != 0:
        raise ValueError(
            "The number of filters must be evenly divisible by the number of groups. "
            f"Received: groups={groups}, filters={filters}.\n"
            f"Each group makes filters / groups of the outputs. Use a multiple of {groups} as `filters`."
        )
    return int(groups)


def check_channels(channels, groups, input_shape):
    """Checks that the number of input channels is known, and a multiple of `groups`.

    Raises:
        ValueError: if it is not.
    """
    if channels is None:
        raise ValueError(
            f"The number of input channels must be known. Received: input_shape={input_shape}\n"
            "The size of the kernel follows from it: give the input a known size on this axis, as in "
            "`Input((28, 28, 3))`."
        )
    if channels % groups != 0:
        raise ValueError(
            "The number of input channels must be evenly divisible by the number of groups. "
            f"Received groups={groups}, but the input has {channels} channels (full input shape is {input_shape})."
        )


def check_kernel_channels(kernel_channels, kernel_shape, input_shape, data_format):
    """Checks that inputs have the channels that a kernel is for; where both are known.

    Raises:
        ValueError: if they have not.
    """
    _, _, channels = shapes.split_shape(input_shape, data_format)
    if None not in (channels, kernel_channels) and channels != kernel_channels:
        raise ValueError(
            "The number of input channels must match the kernel's input channels. "
            f"Received: input channels={channels}, kernel input channels={kernel_channels}, data_format='{data_format}'.\n"
            f"The kernel has the shape {kernel_shape}, the inputs {input_shape}."
            + shapes.hint_at_data_format(input_shape, data_format)
        )


def _want_an_integer(value):
    if not isinstance(value, float) or value <= 0 or not value.is_integer():
        return ""
    return f"\nIt must be an integer: write {int(value)} in place of {value}, or divide with `//` in place of `/`."


# Arguments of convolutions and pooling --------------------------------------------------------------------------------


def without_array(argument):
    """Returns an array as lists of numbers, which are what configs and messages have, and any other argument as it is."""
    return argument.tolist() if isinstance(argument, np.ndarray) else argument


def standardize_padding(padding, rank, allow_causal=False):
    """Returns the `padding` argument of a convolution: a string in lower case, or a tuple with a pair of ints for each axis.

    Args:
        padding: "valid" or "same"; or, for given numbers of pixels, an int for all sides, an iterable of ints, one for both
            sides of each axis, or an iterable of pairs (in front, behind), one for each axis.
        rank: the number of spatial axes.
        allow_causal: whether "causal" is allowed too, as for 1-D convolutions.

    Raises:
        ValueError: for anything else.
    """
    padding = without_array(padding)
    if is_integer(padding) or isinstance(padding, (list, tuple)):
        return _standardize_pads(padding, rank)
    choices = ("valid", "same", "causal") if allow_causal else ("valid", "same")
    name = str(padding).lower()
    if name not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(
            f"The `padding` argument must be a list/tuple or one of {{{allowed}}}. Received: {name}" + _explain_padding(name)
        )
    return name


def _standardize_pads(padding, rank):
    axes = (padding,) * rank if is_integer(padding) else padding
    pads = tuple([(axis, axis) if is_integer(axis) else axis for axis in axes])
    well_formed = len(pads) == rank and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pads)
    if not well_formed or not all(is_integer(pad) and pad >= 0 for pair in pads for pad in pair):
        raise ValueError(
            f"`padding` must be either `'valid'` or `'same'`. Received {padding}.\n"
            f"Or numbers of pixels that are not negative: one int for all sides, as in padding=1, a tuple of {rank} ints, one "
            f"for both sides of each axis, as in padding={(1,) * rank}, or a tuple of {rank} pairs (in front, behind), as in "
            f"padding={((0, 1),) * rank}."
        )
    return tuple([(int(front), int(behind)) for front, behind in pads])


def standardize_pool_pads(padding, pool_size, dilation_rate):
    """Returns the `padding` argument of pooling: "valid" or "same", or a tuple with a pair of ints for each axis.

    Args:
        padding: as for `standardize_padding`.
        pool_size, dilation_rate: tuples of ints.

    Raises:
        ValueError: for anything else, or if a window could lie outside of the input.
    """
    padding = without_array(padding)
    if not is_integer(padding) and not isinstance(padding, (list, tuple)):
        return shapes.standardize_pool_padding(padding)
    pads = _standardize_pads(padding, len(pool_size))
    spans = tuple(map(shapes.dilated_size, pool_size, dilation_rate))
    if any(pad >= span for pair, span in zip(pads, spans, strict=True) for pad in pair):
        raise ValueError(
            f"`padding` must be smaller than the window, which spans {spans} pixels. Received: padding={padding}\n"
            "A window that lies outside of the input has neither a largest value nor a mean."
        )
    return pads


def _explain_padding(name):
    if name == "causal":
        return "\n'causal' keeps each output from seeing what comes later, so it is for 1-D convolutions only."
    return (
        did_you_mean(name, ("valid", "same"))
        + "\n'valid' adds nothing at the border; 'same' adds zeros, so that outputs are as large as inputs / strides; an int "
        "adds so many pixels at each side."
    )


def check_padding_mode(padding_mode, padding, modes, class_name):
    """Returns the `padding_mode` argument of a convolution.

    Args:
        padding: its `padding`, as `standardize_padding` returns it.
        modes: those that there are.
        class_name: for the message.

    Raises:
        ValueError: for another, or for one that takes pixels from behind if padding is causal.
    """
    check_choice(padding_mode, modes, class_name, "padding_mode")
    if padding == "causal" and padding_mode in ("reflect", "circular"):
        raise ValueError(
            "With padding='causal' no output sees later inputs, but these are what padding_mode='reflect' and 'circular' put "
            f"in front. Use 'zeros' or 'replicate'. Received: padding_mode={padding_mode}"
        )
    return padding_mode


def standardize_output_padding(output_padding, strides):
    """Returns the `output_padding` argument of a transposed convolution as a tuple of ints, or None.

    Args:
        strides: tuple of ints.

    Raises:
        ValueError: if it is neither None, an int nor a tuple of as many ints as there are strides, or not below the strides.
    """
    if output_padding is None:
        return None
    sizes = shapes.standardize_tuple(output_padding, len(strides), "output_padding", allow_zero=True)
    for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True)):
        if size >= stride:
            raise ValueError(
                "`output_padding` must be strictly less than `strides` for all dimensions. "
                f"At dimension {axis}, `output_padding` is {size} but `strides` is {stride}. "
                f"Received: output_padding={sizes}, strides={strides}\n"
                "It tells apart the sizes that a convolution with these strides turns into the same one."
            )
    return sizes


def check_strides_and_dilation(strides, dilation_rate, padding):
    """Checks that strides and dilation are not used together with a `padding` that Keras has: its layers refuse that.

    Raises:
        ValueError: if they are.
    """
    if isinstance(padding, str) and max(strides) > 1 and max(dilation_rate) > 1:
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
            f"Received: strides={strides} and dilation_rate={dilation_rate}\n"
            "With numbers as padding they go together: padding=0 is what 'valid' means, padding=1 adds a pixel at each side."
        )


# Shapes and dtypes ----------------------------------------------------------------------------------------------------


def standardize_shape(shape, variable_path=None):
    """Returns a shape as a tuple of ints and None.

    Args:
        shape: an iterable of ints and None.
        variable_path: the variable that it is the shape of, if it is one's. None is not allowed in it then.

    Raises:
        ValueError: if it is no such thing.
    """
    if shape is None:
        raise ValueError("Undefined shapes are not supported.")
    if not hasattr(shape, "__iter__"):
        raise ValueError(f"Cannot convert '{brief(shape)}' to a shape.\nA shape of one axis is written ({brief(shape)},).")
    shape = tuple(shape)
    sizes = []
    for size in shape:
        if size is not None:
            try:
                size = operator.index(size)
            except TypeError:
                raise ValueError(
                    f"Cannot convert '{brief(shape)}' to a shape. Found invalid dimension '{brief(size)}' of type "
                    f"'{type(size)}'. "
                ) from None
            if size < 0:
                raise ValueError(f"Cannot convert '{brief(shape)}' to a shape. Negative dimensions are not allowed.")
        sizes.append(size)
    if variable_path is not None and None in sizes:
        raise ValueError(
            "Shapes used to initialize variables must be fully-defined (no `None` dimensions). "
            f"Received: shape={shape} for variable path='{variable_path}'\n"
            "The size of a weight follows from the inputs: give the input a known size on this axis. After `Flatten`, "
            "that takes an `Input(shape)` without None."
        )
    return tuple(sizes)


def standardize_dtype(dtype):
    """Returns the name of a dtype given as a name, NumPy dtype or Python type; `floatx()` for None.

    Raises:
        ValueError: if it is none of those in `DTYPES`.
    """
    if dtype is None:
        return floatx()
    name = _PYTHON_DTYPES.get(dtype, dtype)
    if not isinstance(name, str):
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise ValueError(f"Invalid dtype: {name}" + did_you_mean(name, DTYPES))
    return name
