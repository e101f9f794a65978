"""`tf.random`: random numbers, those of a generator, and those that depend on a pair of seeds only."""

import numpy as np

from convlayers import ops, random
from convlayers.autograd import value_of
from convlayers.scripts.tensorflow.dtypes import float32
from convlayers.scripts.tensorflow.eager import as_eager


def stateless_uniform(shape, seed, minval=0, maxval=None, dtype="float32", name=None, alg=None):
    """Returns random numbers: floats from 0 to 1 unless bounds are given, or integers below `maxval`."""
    return _uniform(_random(seed), shape, minval, maxval, dtype)


def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None, alg=None):
    """Returns normally distributed random numbers."""
    return _random(seed).normal(mean, stddev, shape).astype(str(dtype))


def split(seed, num=2, alg=None):
    """Returns so many pairs of seeds that are made of one."""
    return _random(seed).integers(0, 2**31, (num, 2))


class Generator:
    """Random numbers of their own.

    Args:
        state: what NumPy makes a generator of.
    """

    def __init__(self, state=None, alg=None):
        self._random = np.random.default_rng(state)

    @classmethod
    def from_seed(cls, seed, alg=None):
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        return cls()

    def reset_from_seed(self, seed):
        """Begins anew with a seed."""
        self._random = np.random.default_rng(seed)

    def split(self, count=1):
        """Returns a list of generators, each with random numbers of its own."""
        return [Generator(state) for state in self._random.integers(0, 2**63, count).tolist()]

    def make_seeds(self, count=1):
        """Returns pairs of seeds, one in each column."""
        return as_eager(self._random.integers(0, 2**31, (2, count)))

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        """Returns normally distributed random numbers."""
        return as_eager(self._random.normal(mean, stddev, shape).astype(str(dtype)))

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None):
        """Returns random numbers: floats from 0 to 1 unless bounds are given, or integers below `maxval`."""
        return as_eager(_uniform(self._random, shape, minval, maxval, dtype))


_global = Generator()


def get_global_generator():
    """Returns the generator that all parts of a script share."""
    return _global


def _random(seed):
    return np.random.default_rng(np.asarray(value_of(seed)).astype("uint64").tolist())


def _uniform(random, shape, minval, maxval, dtype):
    dtype = np.dtype(str(dtype))
    if dtype.kind in "iu":
        return random.integers(minval, maxval, shape, dtype)
    return random.uniform(minval, 1.0 if maxval is None else maxval, shape).astype(dtype)


def uniform(shape, minval=0, maxval=None, dtype=float32, seed=None, name=None):
    """Returns random numbers: floats from 0 to 1 unless bounds are given, or integers below `maxval`."""
    if "int" in dtype:
        return random.randint(shape, minval, maxval, dtype=dtype, seed=seed)
    return random.uniform(shape, minval, 1.0 if maxval is None else maxval, dtype=dtype, seed=seed)


def gamma(shape, alpha, beta=None, dtype=float32, seed=None, name=None):
    """Returns random numbers with a gamma distribution: arrays of a shape, for each `alpha` and `beta` one."""
    alpha, scale = np.broadcast_arrays(alpha, np.divide(1.0, 1.0 if beta is None else beta))
    return ops.multiply(random.gamma((*shape, *alpha.shape), alpha, dtype=dtype, seed=seed), ops.cast(scale, dtype))


def set_seed(seed):
    """Makes all random numbers that follow the same in each run."""
    random.set_random_seed(seed)
