"""What users pass to a layer: arrays, lists of numbers, and structures of them."""

import numpy as np

from convlayers import nested


def lists_to_arrays(argument):
    """Turns lists of numbers, however deep, into arrays; lists of arrays stay lists."""
    if isinstance(argument, dict):
        return {key: lists_to_arrays(part) for key, part in argument.items()}
    if not isinstance(argument, (list, tuple)):
        return argument
    leaves = nested.flatten(argument)
    if leaves and all(isinstance(leaf, (int, float, np.number)) for leaf in leaves):
        try:
            return np.array(argument)
        except ValueError as error:
            raise ValueError(f"A list given as an input is ragged: its rows have different lengths. {error}") from None
    parts = [lists_to_arrays(part) for part in argument]
    return tuple(parts) if isinstance(argument, tuple) else parts


def consists_of_arrays(argument):
    """Whether an argument of a call is an input: an array, or a structure of arrays in which some may be missing."""
    leaves = nested.flatten(argument)
    if not all(leaf is None or hasattr(leaf, "shape") for leaf in leaves):
        return False
    return not leaves or any(leaf is not None for leaf in leaves)


def shape_of(x):
    return tuple(x.shape) if hasattr(x, "shape") else None
