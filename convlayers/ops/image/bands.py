"""How an axis is resized: the neighbours that each new place is made of, and their weights.

Places are those of pixels with an extent, as in Keras on TensorFlow and JAX: the center of pixel i lies at i + 0.5, and the
borders of the image stay where they are.
"""

import functools
import math

import numpy as np

INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")


class Band:
    """A linear map along an axis in which each output depends on neighbouring inputs.

    Attributes:
        inputs: the length of the axis before.
        starts: for each output, its first input.
        weights: array of shape (outputs, taps), the weights of this input and of those behind it.
    """

    def __init__(self, inputs, starts, weights):
        """Keeps only taps that some output needs.

        Args:
            inputs: the length of the axis before.
            starts: places, which may lie outside of the axis where the weights are 0.
            weights: an array, or a list of rows.
        """
        used = weights != 0
        first = np.where(used.any(axis=1), used.argmax(axis=1), 0)
        last = weights.shape[1] - 1 - used[:, ::-1].argmax(axis=1)
        taps = int(np.where(used.any(axis=1), last - first + 1, 1).max(initial=1))
        places = starts + first
        # A tap beyond the end would be read, though its weight is 0.
        self.starts = np.clip(places, 0, inputs - taps).astype(np.intp)
        columns = (self.starts - starts)[:, None] + np.arange(taps)
        inside = (columns >= 0) & (columns < weights.shape[1])
        self.inputs = inputs
        self.weights = np.where(inside, np.take_along_axis(weights, columns * inside, axis=1), 0)

    def for_kernel(self, dtype):
        """Returns starts and weights, as a kernel of this dtype takes them."""
        return self.starts, self._weights_of_float32 if dtype == np.float32 else self.weights

    @functools.cached_property
    def _weights_of_float32(self):
        return self.weights.astype(np.float32)

    @functools.cached_property
    def transposed(self):
        """The map of the gradients: what each input gets from the outputs."""
        outputs = len(self.starts)
        target, tap = np.nonzero(self.weights)
        source = self.starts[target] + tap
        first, last = np.full(self.inputs, outputs), np.full(self.inputs, -1)
        np.minimum.at(first, source, target)
        np.maximum.at(last, source, target)
        starts = np.where(last >= 0, first, 0)
        weights = np.zeros((self.inputs, max(1, int((last - first).max(initial=0)) + 1)))
        weights[source, target - starts[source]] = self.weights[target, tap]
        return Band(outputs, starts, weights)


UNCHANGED = Band(1, np.zeros(1, np.intp), np.ones((1, 1)))  # what to do to an axis of length 1


@functools.lru_cache(maxsize=256)
def resizing(inputs, outputs, interpolation, antialias):
    """Returns the band that resizes an axis."""
    if interpolation == "nearest":
        return Band(inputs, nearest_places(inputs, outputs), np.ones((outputs, 1)))
    if inputs == outputs:
        return Band(inputs, np.arange(inputs), np.ones((inputs, 1)))
    return scaling(inputs, outputs, outputs / inputs, 0.0, interpolation, antialias)


@functools.lru_cache(maxsize=256)
def filtering(inputs, weights, padding="zeros"):
    """Returns the band that correlates an axis with a filter.

    Args:
        inputs: the length of the axis.
        weights: tuple of floats, the filter.
        padding: what lies beyond the ends: "zeros"; "mirror", the axis mirrored at its first and last place; or "valid",
            nothing, so that there are fewer outputs.
    """
    half = (len(weights) - 1) // 2
    if padding == "valid":
        outputs = max(0, inputs - len(weights) + 1)
        return Band(inputs, np.arange(outputs), np.broadcast_to(weights, (outputs, len(weights))))
    starts = np.arange(inputs) - half
    neighbours = starts[:, None] + np.arange(len(weights))
    inside = (neighbours >= 0) & (neighbours < inputs)
    rows = np.where(inside, weights, 0.0)
    if padding == "mirror":
        for output, tap in np.argwhere(~inside):
            place = abs(neighbours[output, tap])
            mirrored = min(place, 2 * (inputs - 1) - place)
            rows[output, mirrored - starts[output]] += weights[tap]
    return Band(inputs, starts, rows)


def nearest_places(inputs, outputs):
    """Returns the pixel that each new pixel is a copy of."""
    places = np.floor((np.arange(outputs, dtype=np.float32) + 0.5) * inputs / outputs)
    return np.minimum(places.astype(np.intp), inputs - 1)


def scaling(inputs, outputs, scale, translation, interpolation, antialias):
    """Returns the band that scales an axis, and then moves it.

    Args:
        inputs, outputs: lengths of the axis.
        scale: how much longer things become.
        translation: how far they move, in new pixels.
        interpolation: one of `INTERPOLATIONS` but "nearest".
        antialias: whether pixels that become smaller are averaged, so that none is left out.
    """
    function, radius = _FUNCTIONS[interpolation]
    spread = max(1 / scale, 1.0) if antialias else 1.0
    places = (np.arange(outputs) + 0.5) / scale - translation / scale - 0.5
    starts = np.ceil(places - radius * spread).astype(np.intp)
    neighbours = starts[:, None] + np.arange(math.floor(2 * radius * spread) + 1)
    weights = function(np.abs(places[:, None] - neighbours) / spread)
    weights = np.where((neighbours >= 0) & (neighbours < inputs), weights, 0)
    totals = weights.sum(axis=1, keepdims=True)
    shared = np.abs(totals) > 1000 * np.finfo(np.float32).eps
    weights = np.where(shared, weights / np.where(shared, totals, 1), 0)
    inside = (places >= -0.5) & (places <= inputs - 0.5)
    return Band(inputs, starts, np.where(inside[:, None], weights, 0))


# Weights by distance --------------------------------------------------------------------------------------------------


def _triangle(x):
    return np.maximum(0, 1 - x)


def _cubic(x):
    """Keys' function, with a = -0.5."""
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def _lanczos(x, radius):
    waves = radius * np.sin(np.pi * x) * np.sin(np.pi * x / radius)
    weights = np.where(x > 1e-3, waves / np.where(x != 0, np.pi**2 * x**2, 1), 1)
    return np.where(x > radius, 0, weights)


# The function of the distance, and from which distance on it is 0.
_FUNCTIONS = {
    "bilinear": (_triangle, 1),
    "bicubic": (_cubic, 2),
    "lanczos3": (functools.partial(_lanczos, radius=3), 3),
    "lanczos5": (functools.partial(_lanczos, radius=5), 5),
}
