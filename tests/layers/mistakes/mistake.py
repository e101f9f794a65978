"""What a mistake is: something that must raise, and what it must say."""

from dataclasses import dataclass

import numpy as np

IMAGE = np.zeros((2, 4, 4, 3), "float32")


@dataclass(frozen=True)
class Mistake:
    """Something that must raise.

    Attributes:
        what: what is wrong, in a word.
        make: function of `convlayers.layers` or `keras.layers`.
        error: the exception.
        line: the first line of its message.
        in_keras: what Keras raises; None where it raises nothing, or only what its backend happens to.
    """

    what: str
    make: callable
    error: type
    line: str
    in_keras: type | None = Exception

    def __str__(self):
        return self.what


def message_in_call(error):
    """Returns what an exception says, without the words around it where a `call` raises it."""
    text = str(error)
    return text.split("\n\n")[1] if text.startswith("Exception encountered when calling ") else text


def wrong_argument(what, make, line, in_keras=ValueError):
    return Mistake(what, make, ValueError, line, in_keras)


def window(name, value, why=""):
    return f"The `{name}` argument must be a tuple of 2 integers. Received {name}={value}{why}"


NOT_ABOVE_ZERO = ", including values {{{}}} that do not satisfy `value > 0`"


def called_twice(layer, first, second):
    layer(first)
    layer(second)
