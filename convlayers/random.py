"""Random numbers: reproducible from a seed, and, unless they say otherwise, those of Keras with its NumPy backend."""

import math
import random as python_random

import numpy as np

from convlayers import _native
from convlayers.config import floatx
from convlayers.naming import auto_name
from convlayers.narrow_types import to_dtype
from convlayers.registry import register_family
from convlayers.validation import is_integer, standardize_dtype
from convlayers.variables import Variable


class SeedGenerator:
    """A sequence of seeds: gives each call of a random function other numbers, the same in each run of the program.

    Args:
        seed: int; by default a number that `set_random_seed` or Python's `random.seed` decides.
        name: its name; "seed_generator" by default.
        kwargs: `backend`, taken for compatibility.

    Attributes:
        state: a `Variable` of two integers, the seed and how many seeds were given out.

    Raises:
        ValueError: if the seed is not an integer, or for any other argument.

    Example:

    >>> seeds = SeedGenerator(42)
    >>> a = normal((2, 3), seed=seeds)
    >>> b = normal((2, 3), seed=seeds)   # other numbers
    """

    def __init__(self, seed=None, name=None, **kwargs):
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
        if seed is not None and not is_integer(seed):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = seed
        state = [make_default_seed() if seed is None else _to_32_bits(seed), 0]
        self.state = Variable(np.array(state, np.uint32), trainable=False, name="seed_generator_state")
        self.state.path = f"{self.name}/seed_generator_state"

    def next(self, ordered=True):
        """Returns the next seed, an array of two integers.

        Args:
            ordered: whether only the second number changes, by 1.
        """
        now = self.state.numpy()
        if ordered:
            self.state.assign(now + _NEXT)  # which goes on at 0 behind the last of 32 bits
        else:
            self.state.assign((now.astype(np.int64) + 1) * 5387 % 933199)
        return now

    def get_config(self):
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


_NEXT = np.array([0, 1], np.uint32)


def _to_32_bits(seed):
    """Seeds are 32 bits, as in Keras; a negative one stands for its bits."""
    return int(seed) & 0xFFFFFFFF


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


def global_seed_generator():
    """Returns what gives seeds to calls that are given none."""
    global _unseeded
    _unseeded = _unseeded or SeedGenerator()
    return _unseeded


def draw_seed(seed=None):
    """Returns what one call of a random function depends on: an array of two integers.

    Args:
        seed: an int, for the same numbers each time; a `SeedGenerator`, for the next ones of its sequence; or None, for
            others each time.

    Raises:
        ValueError: if it is anything else.
    """
    if seed is None:
        return global_seed_generator().next(ordered=False)
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if is_integer(seed):
        return np.array([_to_32_bits(seed), 0], np.uint32)
    raise ValueError(
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed} (of type {type(seed)})"
    )


def generator(seed=None):
    """Returns a NumPy generator for a seed as in `draw_seed`."""
    return np.random.default_rng(draw_seed(seed))


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns an array of normally distributed numbers."""
    return to_dtype(generator(seed).normal(mean, stddev, shape), standardize_dtype(dtype))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns an array of normally distributed numbers, none further from the mean than two standard deviations."""
    source = generator(seed)
    size = math.prod(shape)
    found = np.empty(0)
    while found.size < size:
        deviations = source.standard_normal(size)
        found = np.append(found, deviations[abs(deviations) <= 2])
    return to_dtype(mean + stddev * found[:size], standardize_dtype(dtype)).reshape(shape)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Returns an array of numbers, `minval` and more and less than `maxval`, all equally likely.

    Raises:
        ValueError: if the dtype is not one of floats.
    """
    if "float" not in standardize_dtype(dtype):
        raise ValueError(f"`keras.random.uniform` requires a floating point `dtype`. Received: dtype={dtype} ")
    return to_dtype(generator(seed).uniform(minval, maxval, shape), standardize_dtype(dtype))


def uniform_by_kernel(shape, minval, maxval, seed=None):
    """Returns numbers as `uniform` does, in `floatx()`, but other ones: without a generator of NumPy, which takes long to make.

    Where these are a few, as one for each image, it takes a tenth of the time.
    """
    dtype = floatx()
    numbers = np.empty(shape, dtype if dtype == "float64" else "float32")
    _native.kernels(numbers.dtype).uniform.uniform(*draw_seed(seed).tolist(), minval, maxval, numbers)
    return to_dtype(numbers, dtype)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Returns an array of integers, `minval` and more and less than `maxval`, all equally likely.

    Raises:
        ValueError: if the dtype is not one of integers.
    """
    _check_integers(dtype, "randint")
    return generator(seed).integers(minval, maxval, shape, dtype=dtype)


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Returns an array of numbers between 0 and 1 with a beta distribution.

    Args:
        alpha, beta: numbers above 0, or arrays that broadcast to the shape.
    """
    return to_dtype(generator(seed).beta(alpha, beta, shape), standardize_dtype(dtype))


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Returns an array of how many of `counts` trials succeed, each with a probability.

    Args:
        counts, probabilities: numbers, or arrays that broadcast to the shape.
    """
    return to_dtype(generator(seed).binomial(counts, probabilities, shape), standardize_dtype(dtype))


def gamma(shape, alpha, dtype=None, seed=None):
    """Returns an array of numbers with a gamma distribution of scale 1.

    Args:
        alpha: number above 0, or an array that broadcasts to the shape.
    """
    return to_dtype(generator(seed).gamma(alpha, 1.0, shape), standardize_dtype(dtype))


def categorical(logits, num_samples, dtype="int32", seed=None):
    """Returns the numbers of classes, drawn with the probabilities `softmax(logits)`: an array (batch, num_samples).

    Args:
        logits: array (batch, classes).

    Raises:
        ValueError: if it has another number of axes, or the dtype is not one of integers.
    """
    if np.ndim(logits) != 2:
        raise ValueError(
            f"`logits` should be a 2-D tensor with shape [batch_size, num_classes]. Received: logits={logits}\n"
            "A single row `x` of logits is given as `x[None]`."
        )
    _check_integers(dtype, "categorical")
    source = generator(seed)
    logits = np.asarray(logits, float)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    return np.array([source.choice(len(row), num_samples, p=row) for row in probabilities]).astype(dtype)


def shuffle(x, axis=0, seed=None):
    """Returns a copy of an array with its entries along an axis in random order."""
    return generator(seed).permuted(np.asarray(x), axis=axis)


def dropout(inputs, rate, noise_shape=None, seed=None):
    """Returns an array with a part set to 0 at random, and the rest multiplied by `1 / (1 - rate)`: see `ops.dropout`."""
    from convlayers import ops

    return ops.dropout(inputs, rate, noise_shape, seed)


def _check_integers(dtype, name):
    if not standardize_dtype(dtype).startswith(("int", "uint")):
        raise ValueError(f"`keras.random.{name}` requires an integer `dtype`. Received: dtype={dtype} ")
