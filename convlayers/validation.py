"""Checks of arguments that several layers and ops share. Messages begin as Keras's, and go on to say what would do."""

import operator

import numpy as np

from convlayers import shapes
from convlayers.config import floatx

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

# What number types are called besides.
OTHER_NAMES_OF_DTYPES = {bool: "bool", int: "int32", float: "float32", str: "string", complex: "complex64", "int": "int32"}

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


def without_array(argument):
    """Returns an array as lists of numbers, which are what configs and messages have, and any other argument as it is."""
    return argument.tolist() if isinstance(argument, np.ndarray) else argument


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


def _want_an_integer(value):
    if not isinstance(value, float) or value <= 0 or not value.is_integer():
        return ""
    return f"\nIt must be an integer: write {int(value)} in place of {value}, or divide with `//` in place of `/`."


# Convolutions ---------------------------------------------------------------------------------------------------------


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


def check_result(result, function):
    """Returns what a function of a user's own returned.

    Raises:
        ValueError: if that is None.
    """
    if result is None:
        name = getattr(function, "__qualname__", type(function).__name__).rpartition("<locals>.")[2]
        raise ValueError(f"Invalid dtype: object\n`{name}` returned None. Is a `return` missing at its end?")
    return result


def standardize_dtype(dtype):
    """Returns the name of a dtype given as a name, NumPy dtype or Python type; `floatx()` for None.

    Raises:
        ValueError: if it is none of those in `DTYPES`.
    """
    if dtype is None:
        return floatx()
    name = OTHER_NAMES_OF_DTYPES.get(dtype, dtype)
    if not isinstance(name, str):
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise ValueError(f"Invalid dtype: {name}" + did_you_mean(name, DTYPES))
    return name
