"""Arguments as files have them: arrays are lists."""

import numpy as np

from convlayers.autograd import value_of
from convlayers.symbolic import KerasTensor
from convlayers.validation import did_you_mean


def as_number_or_array(value, dtype="float32"):
    """Returns a list of numbers as an array; a tensor or a number as it is."""
    return np.array(value, dtype) if isinstance(value, (list, tuple)) else value


# Of functions that take any number of arguments.
LOST_ARGUMENTS = (
    "The file does not say all arguments of `tf.{0}`: Keras 2 wrote only the first. Build the model in Python, as with "
    "`convlayers.ops.{0}`, and load its weights with `model.load_weights(path)`."
)


class NotKnownError(TypeError):
    """A tensor stands where ops take numbers."""


def as_ints(value):
    """Returns whole numbers, which may be arrays, as ints: one, or a list of them; None as it is.

    Raises:
        NotKnownError: for a symbolic tensor.
    """
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, KerasTensor):
        raise NotKnownError(
            "There is no translation of a call that takes numbers from a tensor of the graph where `convlayers.ops` take them "
            f"from the program. Received: {value}"
        )
    if isinstance(value, (list, tuple)):
        return [as_ints(part) for part in value]
    return np.asarray(value_of(value)).tolist()


def check_unused(function, **arguments):
    """Raises a `TypeError` for arguments that say something, and that there is no translation of."""
    said = {key: value for key, value in arguments.items() if value}
    if said:
        raise TypeError(f"There is no translation of `tf.{function}` with {said} to `convlayers.ops`.")


def unknown(kind, name, names):
    """Returns the error for a function that is not in the table with `names`."""
    suggestion = did_you_mean(name.removeprefix("tf."), names)
    return TypeError(
        f"Could not locate {kind} '{name}'. There is no translation of it to `convlayers.ops`.{suggestion}\n"
        "Build the model in Python with a layer of your own in its place, and load its weights with "
        "`model.load_weights(path)`."
    )
