"""How much is added or taken away at each side of each spatial axis, as an argument of layers."""

from convlayers import shapes
from convlayers.validation import is_integer, without_array

_ENTRIES = ("1st", "2nd", "3rd")
_WRONG_LENGTH = {
    2: "`{name}` should have two elements. Received: {name}={value}.",
    3: "`{name}` should have 3 elements. Received: {value}.",
}


def standardize_pairs(value, rank, name, wrong_type):
    """Returns an argument such as `padding` as a tuple with a pair of ints for each axis.

    Args:
        value: an int, for all sides; a tuple with an int for each axis, for its two sides; or a tuple of pairs.
        rank: the number of axes, 2 or 3.
        name: the argument's name, for messages.
        wrong_type: the message for what is none of these.

    Raises:
        ValueError: if it is anything else.
    """
    value = without_array(value)
    if is_integer(value):
        value = (value,) * rank
    if not hasattr(value, "__len__"):
        raise ValueError(wrong_type)
    if len(value) != rank:
        raise ValueError(_WRONG_LENGTH[rank].format(name=name, value=value))
    return tuple(
        shapes.standardize_tuple(pair, 2, f"{entry} entry of {name}", allow_zero=True)
        for pair, entry in zip(value, _ENTRIES, strict=False)
    )
