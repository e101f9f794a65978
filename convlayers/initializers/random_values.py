"""Initializers that draw random numbers."""

import math

import numpy as np

from convlayers import random
from convlayers.initializers.initializer import Initializer
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import did_you_mean, is_integer

# The standard deviation of a normal distribution of deviation 1 that is cut off at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


class RandomInitializer(Initializer):
    """Base class of those that draw numbers.

    Args:
        seed: an int or None for the same numbers in each call of this initializer, a `SeedGenerator` for others.
    """

    def __init__(self, seed=None):
        if not (seed is None or is_integer(seed) or isinstance(seed, (dict, random.SeedGenerator))):
            raise ValueError(
                f"`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer. Received: seed={seed}"
            )
        self._given_seed = seed
        if seed is None:
            seed = random.make_default_seed()
        self.seed = deserialize_keras_object(seed) if isinstance(seed, dict) else seed

    def get_config(self):
        return {"seed": serialize_keras_object(self._given_seed)}


class RandomNormal(RandomInitializer):
    """Normally distributed numbers.

    Args:
        mean, stddev: of the distribution.
        seed: int, `SeedGenerator` or None.
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Normally distributed numbers, none further from the mean than two standard deviations.

    Args:
        mean, stddev: of the distribution before it is cut off.
        seed: int, `SeedGenerator` or None.
    """

    def __call__(self, shape, dtype=None):
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(RandomInitializer):
    """Numbers between two bounds, all equally likely.

    Args:
        minval, maxval: the bounds.
        seed: int, `SeedGenerator` or None.
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self):
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class VarianceScaling(RandomInitializer):
    """Random numbers whose variance, `scale / n`, follows from the shape of the weight.

    Args:
        scale: a number above 0.
        mode: what `n` is. "fan_in": how many weights one output sums; "fan_out": how many weights one input reaches;
            "fan_avg": the mean of both.
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: int, `SeedGenerator` or None.
        input_axes, output_axes: lists of the axes that count for `fan_in` and `fan_out`, where they are not those of a
            dense layer or a convolution.
    """

    def __init__(
        self,
        scale=1.0,
        mode="fan_in",
        distribution="truncated_normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ):
        distribution = "truncated_normal" if distribution.lower() == "normal" else distribution.lower()
        modes = ("fan_in", "fan_out", "fan_avg")
        distributions = ("uniform", "truncated_normal", "untruncated_normal")
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in modes:
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use one of {modes}" + did_you_mean(mode, modes))
        if distribution not in distributions:
            raise ValueError(
                f"Invalid `distribution` argument: {distribution}.Please use one of {distributions}"
                + did_you_mean(distribution, distributions)
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, self.seed)

    def get_config(self):
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    """A variance scaling that is known by a name: the class says which.

    Args:
        seed, input_axes, output_axes: as for `VarianceScaling`.
    """

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(self._scale, self._mode, self._distribution, seed, input_axes, output_axes)

    def get_config(self):
        names = ("seed", "input_axes", "output_axes")
        return {name: value for name, value in super().get_config().items() if name in names}


class GlorotUniform(_NamedScaling):
    """Glorot and Bengio 2010, "Xavier": uniform with variance 2 / (fan_in + fan_out)."""

    _scale, _mode, _distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(_NamedScaling):
    """Glorot and Bengio 2010, "Xavier": normal with variance 2 / (fan_in + fan_out)."""

    _scale, _mode, _distribution = 1.0, "fan_avg", "truncated_normal"


class HeUniform(_NamedScaling):
    """He et al. 2015, for relu: uniform with variance 2 / fan_in."""

    _scale, _mode, _distribution = 2.0, "fan_in", "uniform"


class HeNormal(_NamedScaling):
    """He et al. 2015, for relu: normal with variance 2 / fan_in."""

    _scale, _mode, _distribution = 2.0, "fan_in", "truncated_normal"


class LecunUniform(_NamedScaling):
    """LeCun et al. 1998: uniform with variance 1 / fan_in."""

    _scale, _mode, _distribution = 1.0, "fan_in", "uniform"


class LecunNormal(_NamedScaling):
    """LeCun et al. 1998, Klambauer et al. 2017, for selu: normal with variance 1 / fan_in."""

    _scale, _mode, _distribution = 1.0, "fan_in", "truncated_normal"


class Orthogonal(RandomInitializer):
    """Saxe et al. 2014: a random matrix with orthogonal columns, or rows if it has fewer of them.

    A weight of more than two axes counts as a matrix of `shape[-1]` columns.

    Args:
        gain: what it is multiplied by.
        seed: int, `SeedGenerator` or None.
    """

    def __init__(self, gain=1.0, seed=None):
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(
                f"The tensor to initialize must be at least two-dimensional. Received: shape={shape} of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        matrix = random.normal((max(rows, columns), min(rows, columns)), dtype=dtype, seed=self.seed)
        q, r = np.linalg.qr(matrix)
        # The signs make all orthogonal matrices equally likely.
        q *= np.sign(np.diag(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


def compute_fans(shape, input_axes=None, output_axes=None):
    """Returns how many weights one output sums and how many weights one input reaches.

    Args:
        shape: the shape of a weight; of more than two axes, that of a convolution, (*kernel_size, channels, filters).
        input_axes, output_axes: the axes to count, if both are given.
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    window = math.prod(shape[:-2])
    return int(window * shape[-2]), int(window * shape[-1])
