"""Checks of arguments that several layers and ops share. Messages begin as Keras's, and go on to say what would do."""

import operator

import numpy as np

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
    return ValueError(f"Unrecognized keyword arguments passed to {class_name}: {unknown}{hints}")


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


def _want_an_integer(value):
    if not isinstance(value, float) or value <= 0 or not value.is_integer():
        return ""
    return f"\nIt must be an integer: write {int(value)} in place of {value}, or divide with `//` in place of `/`."


# Arguments of convolutions and pooling --------------------------------------------------------------------------------

_PADDING_LAYERS = (
    "\nFor a given number of pixels, put a `ZeroPadding1D`, `ZeroPadding2D` or `ZeroPadding3D` layer in front of a "
    "layer with padding='valid'."
)


def standardize_padding(padding, allow_causal=False):
    """Returns the `padding` argument in lower case.

    Args:
        padding: "valid" or "same".
        allow_causal: whether "causal" is allowed too, as for 1-D convolutions.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(padding, (list, tuple)):
        raise ValueError(f"`padding` must be either `'valid'` or `'same'`. Received {padding}." + _PADDING_LAYERS)
    choices = ("valid", "same", "causal") if allow_causal else ("valid", "same")
    name = str(padding).lower()
    if name not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(
            f"The `padding` argument must be a list/tuple or one of {{{allowed}}}. Received: {name}" + _explain_padding(name)
        )
    return name


def _explain_padding(name):
    if name == "causal":
        return "\n'causal' keeps each output from seeing what comes later, so it is for 1-D convolutions only."
    if name.lstrip("-").isdigit():
        return _PADDING_LAYERS
    return (
        did_you_mean(name, ("valid", "same"))
        + "\n'valid' adds nothing at the border; 'same' adds zeros, so that outputs are as large as inputs / strides."
    )


def check_strides_and_dilation(strides, dilation_rate):
    """Checks that strides and dilation are not used together, as Keras's convolution layers do.

    Raises:
        ValueError: if they are.
    """
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
            f"Received: strides={strides} and dilation_rate={dilation_rate}\n"
            "Use two layers, or `ops.conv`, which can do both at once."
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
        raise ValueError(f"Cannot convert '{shape}' to a shape." + f"\nA shape of one axis is written ({shape},).")
    shape = tuple(shape)
    sizes = []
    for size in shape:
        if size is not None:
            try:
                size = operator.index(size)
            except TypeError:
                raise ValueError(
                    f"Cannot convert '{shape}' to a shape. Found invalid dimension '{size}' of type '{type(size)}'. "
                ) from None
            if size < 0:
                raise ValueError(f"Cannot convert '{shape}' to a shape. Negative dimensions are not allowed.")
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
