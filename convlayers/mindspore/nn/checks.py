"""Checks of arguments, with MindSpore's exceptions and messages."""

from numbers import Real

from convlayers.validation import is_integer


def check_positive_int(value, name, cell_name):
    """Returns an int above 0.

    Raises:
        TypeError: if it is no int.
        ValueError: if it is not above 0.
    """
    return _check_int(value, name, cell_name, smallest=1, wanted="> 0")


def check_non_negative_int(value, name, cell_name):
    """Returns an int that is not below 0. Raises as `check_positive_int`."""
    return _check_int(value, name, cell_name, smallest=0, wanted=">= 0")


def _check_int(value, name, cell_name, smallest, wanted):
    if not is_integer(value) and not isinstance(value, bool):
        raise TypeError(f"For '{cell_name}', the '{name}' must be int, but got '{type(value).__name__}'")
    if isinstance(value, bool) or value < smallest:
        raise (TypeError if isinstance(value, bool) else ValueError)(
            f"For '{cell_name}', the '{name}' must be int and must {wanted}, "
            f"but got '{value}' with type '{type(value).__name__}'."
        )
    return int(value)


def check_pair(value, name, cell_name):
    """Returns two ints above 0, of an int, or a tuple or list of one or two.

    Raises:
        TypeError: if it is none of these.
        ValueError: if there are more, or one is not above 0.
    """
    numbers = check_ints(value, name, cell_name, lengths=(1, 2))
    return tuple(check_positive_int(number, f"{name} item", cell_name) for number in numbers * (2 // len(numbers)))


def check_ints(value, name, cell_name, lengths):
    """Returns an int, or a tuple or list of as many as `lengths` allow, as a tuple. Raises as `check_pair`."""
    if is_integer(value):
        return (value,)
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"For '{cell_name}', the type of '{name}' must be int or tuple(int), but got {type(value).__name__}.")
    if len(value) not in lengths:
        allowed = " or ".join(map(str, lengths))
        raise ValueError(f"For '{cell_name}', the length of '{name}' must be {allowed}, but got {len(value)}.")
    return tuple(value)


def check_string(value, choices, name, cell_name):
    """Returns one of several strings.

    Raises:
        ValueError: if it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"For '{cell_name}', the '{name}' must be str and must be in '{choices}', but got '{value}'.")
    return value


def check_bool(value, name, cell_name):
    """Returns a bool.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(value, bool):
        raise TypeError(f"For '{cell_name}', the '{name}' must be a bool, but got {type(value).__name__}.")
    return value


def check_number(value, name, cell_name):
    """Returns a number, no bool.

    Raises:
        TypeError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"For '{cell_name}', the '{name}' must be float, but got {type(value).__name__}.")
    return value


def check_data_format(value, cell_name):
    """Returns the Keras name of "NCHW" or "NHWC". Raises as `check_string`."""
    check_string(value, ["NCHW", "NHWC"], "format", cell_name)
    return "channels_first" if value == "NCHW" else "channels_last"
