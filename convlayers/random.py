"""Random numbers: reproducible from a seed, and the same as those of Keras with its NumPy backend."""

import math
import random as python_random

import numpy as np

from convlayers.naming import auto_name
from convlayers.serialization import register_family
from convlayers.validation import is_integer, standardize_dtype


class SeedGenerator:
    """A sequence of seeds: gives each call of a random function other numbers, the same in each run of the program.

    Args:
        seed: int; by default a number that `set_random_seed` or Python's `random.seed` decides.
        name: its name; "seed_generator" by default.

    Raises:
        ValueError: if the seed is not an integer.

    Example:

    >>> seeds = SeedGenerator(42)
    >>> a = normal((2, 3), seed=seeds)
    >>> b = normal((2, 3), seed=seeds)   # other numbers
    """

    def __init__(self, seed=None, name=None):
        if seed is not None and not is_integer(seed):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = seed
        self.state = [make_default_seed() if seed is None else int(seed), 0]

    def next(self):
        """Returns the next seed: a list of two ints, for `numpy.random.default_rng`."""
        seed, count = self.state
        self.state = [seed, count + 1]
        return [seed, count]

    def get_config(self):
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


register_family("keras.random", {"SeedGenerator": SeedGenerator})

_unseeded = None  # gives seeds to calls without one; made at the first of them


def make_default_seed():
    """Returns a number that follows from Python's `random.seed`."""
    return python_random.randint(1, 10**9)


def set_random_seed(seed):
    """Sets the seeds of Python, NumPy and this package, so that the program does the same in each run.

    Args:
        seed: int.

    Raises:
        ValueError: if it is not an integer.
    """
    if not is_integer(seed):
        raise ValueError(f"Expected `seed` argument to be an integer. Received: seed={seed} (of type {type(seed)})")
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    reset_unseeded()


def reset_unseeded():
    """Starts anew what gives seeds to calls that are given none."""
    global _unseeded
    _unseeded = None


def generator(seed=None):
    """Returns a NumPy generator.

    Args:
        seed: an int, for the same numbers each time; a `SeedGenerator`, for the next ones of its sequence; or None, for
            others each time.

    Raises:
        ValueError: if it is anything else.
    """
    global _unseeded
    if seed is None:
        _unseeded = _unseeded or SeedGenerator()
        seed = _unseeded
    if isinstance(seed, SeedGenerator):
        return np.random.default_rng(seed.next())
    if is_integer(seed):
        # Seeds are 32 bits, as in Keras; a negative one stands for its bits.
        return np.random.default_rng([int(seed) & 0xFFFFFFFF, 0])
    raise ValueError(
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed} (of type {type(seed)})"
    )


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns an array of normally distributed numbers."""
    return generator(seed).normal(mean, stddev, shape).astype(standardize_dtype(dtype))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns an array of normally distributed numbers, none further from the mean than two standard deviations."""
    source = generator(seed)
    size = math.prod(shape)
    found = np.empty(0)
    while found.size < size:
        deviations = source.standard_normal(size)
        found = np.append(found, deviations[abs(deviations) <= 2])
    return (mean + stddev * found[:size]).astype(standardize_dtype(dtype)).reshape(shape)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Returns an array of numbers, `minval` and more and less than `maxval`, all equally likely."""
    return generator(seed).uniform(minval, maxval, shape).astype(standardize_dtype(dtype))


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Returns an array of integers, `minval` and more and less than `maxval`, all equally likely.

    Raises:
        ValueError: if the dtype is not one of integers.
    """
    if not standardize_dtype(dtype).startswith(("int", "uint")):
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype} ")
    return generator(seed).integers(minval, maxval, shape, dtype=dtype)


def shuffle(x, axis=0, seed=None):
    """Returns a copy of an array with its entries along an axis in random order."""
    return generator(seed).permuted(np.asarray(x), axis=axis)


def dropout_mask(shape, rate, seed=None):
    """Returns an array of booleans, False with a probability of `rate`.

    The probability is exact to 1 / 65536: each boolean takes 16 random bits, a quarter of the time of a float.
    """
    size = math.prod(shape)
    bits = generator(seed).bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size]
    dropped = round(rate * 65536)
    return (bits >= dropped).reshape(shape)
