"""What a row of the table of ops is, and the numbers for it.

Arrays are float64. They keep away from places where a function has a corner: those have tests of their own.
"""

from dataclasses import dataclass, field

import numpy as np

from convlayers import nested

RNG = np.random.default_rng(1)
# Irregular numbers from -2 to 2, none near another or near a multiple of 0.5, where the corners of activations are.
_grid = np.arange(-1.98, 2, 0.02) + 0.005 * np.sin(np.arange(199))
_grid = _grid[np.abs(_grid - np.round(2 * _grid) / 2) > 0.004]


def words(text):
    return text.split()


def numbers(*shape):
    """Distinct numbers between -2 and 2."""
    return RNG.choice(_grid, shape, replace=False)


def positive(*shape):
    """Distinct numbers between 0.2 and 2.2, none of them among `numbers`."""
    return np.abs(numbers(*shape)) + 0.205


def fractions(*shape):
    """Distinct numbers between -0.9 and 0.9."""
    return numbers(*shape) * 0.45


def probabilities(*shape):
    """Rows of numbers that add up to 1."""
    x = positive(*shape)
    return x / x.sum(axis=-1, keepdims=True)


LABELS = np.array([2, 0, 1])
MASK = np.array([[True, False, True, False]])


@dataclass(frozen=True)
class Row:
    name: str
    arguments: tuple
    kwargs: dict = field(default_factory=dict)
    like_keras: bool = True  # whether keras.ops has it, and it works there with these arguments

    @property
    def id(self):
        shapes = nested.map_structure(lambda x: getattr(x, "shape", x), self.arguments)
        return f"{self.name}{shapes}{self.kwargs or ''}".replace(" ", "")
