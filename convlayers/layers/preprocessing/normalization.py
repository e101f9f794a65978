"""Inputs with a mean of 0 and a variance of 1."""

import itertools
import math

import numpy as np

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.config import epsilon
from convlayers.layers.layer import Layer
from convlayers.ops.image.scaling import scale_and_shift


class Normalization(Layer):
    """Subtracts the mean from inputs and divides them by the standard deviation, as these are in the data.

    Mean and variance are arguments, or `adapt(data)` computes them; then they are weights, and are saved with the model.

    Args:
        axis: the axis or axes that have a mean and a variance for each place; None for one mean and variance of all.
        mean, variance: numbers, or arrays with a number for each place along `axis`.
        invert: whether to do the reverse: to multiply by the standard deviation and add the mean.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if mean and variance do not belong together, or not to the axis.

    Example:

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 7.0], [2.0, 9.0], [0.0, 7.0], [2.0, 9.0]]))
    >>> layer(np.array([[0.0, 7.0]]))
    [[-1.0, -1.0]]
    """

    supports_masking = True

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self._given_moments = None
        self._check_moments()

    def _check_moments(self):
        mean, variance = self.input_mean, self.input_variance
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )
        if np.shape(mean) != np.shape(variance):
            raise ValueError(
                "When setting values directly, `mean` and `variance` must have the same shape. Received: "
                f"mean shape {np.shape(mean)} and variance shape {np.shape(variance)}"
            )
        if len(np.shape(mean)) > len(self.axis):
            raise ValueError(
                f"The rank of `mean` must be less than or equal to the number of axes ({len(self.axis)}). Received: "
                f"mean shape {np.shape(mean)} for axis {self.axis}"
            )

    def build(self, input_shape):
        ndim = len(input_shape)
        if any(not -ndim <= axis < ndim for axis in self.axis):
            raise ValueError(
                f"All `axis` values must be in the range [-ndim, ndim). Received inputs with ndim={ndim}, "
                f"while axis={self.axis}"
            )
        self._kept = sorted(axis % ndim for axis in self.axis)
        for axis in self._kept:
            if input_shape[axis] is None:
                raise ValueError(
                    f"All `axis` values to be kept must have a known shape. Received axis={self.axis}, "
                    f"inputs.shape={input_shape}, with unknown axis at index {axis}"
                )
        self._input_shape = tuple(input_shape)
        self._reduced = tuple(axis for axis in range(ndim) if axis not in self._kept)
        # As they are broadcast to the inputs.
        self._moments_shape = tuple(size if axis in self._kept else 1 for axis, size in enumerate(input_shape))
        if self.input_mean is None:
            shape = tuple(input_shape[axis] for axis in self._kept)
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            # Files of Keras have it.
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        else:
            self._given_moments = [self._along_kept_axes(given) for given in (self.input_mean, self.input_variance)]

    def _along_kept_axes(self, given):
        """Returns a mean or variance that was given, of the rank of the inputs: its axes are the last ones that are kept."""
        given = np.asarray(value_of(given))
        shape = [1] * len(self._moments_shape)
        for axis, size in zip(reversed(self._kept), reversed(given.shape), strict=False):
            shape[axis] = size
        return np.broadcast_to(given.reshape(shape), self._moments_shape).astype(self._array_dtype)

    @property
    def mean(self):
        """The mean, of the rank of the inputs; None before the layer is built."""
        return self._moment(0)

    @property
    def variance(self):
        """The variance, of the rank of the inputs; None before the layer is built."""
        return self._moment(1)

    def _moment(self, index):
        if self._given_moments is not None:
            return self._given_moments[index]
        if not self.built:
            return None
        weight = (self.adapt_mean, self.adapt_variance)[index]
        return weight.value.reshape(self._moments_shape).astype(self._array_dtype, copy=False)

    def call(self, inputs):
        mean, variance = self.mean, self.variance
        deviation = np.maximum(np.sqrt(variance), np.asarray(epsilon(), self._array_dtype))
        if self.invert:
            return scale_and_shift(inputs, deviation, mean, self._array_dtype)
        inputs = ops.cast(inputs, self.compute_dtype)
        if len(self._kept) == 1 and self._array_dtype in ("float32", "float64"):
            # Counted from the end: there may be more axes in front than in what was adapted to.
            axis = self._kept[0] - len(self._moments_shape)
            return ops.batch_normalization(inputs, mean.ravel(), np.square(deviation).ravel(), axis, epsilon=0)
        return (inputs - mean) / deviation

    def compute_output_shape(self, input_shape):
        return input_shape

    # Adapting ---------------------------------------------------------------------------------------------------------

    def adapt(self, data):
        """Computes mean and variance.

        Args:
            data: an array, or something that gives batches: a list, a generator, a `PyDataset`. Of a batch that is a tuple, the
                first part counts.

        Raises:
            TypeError, ValueError: if it is none of these, or its shape does not fit.
        """
        batches = iter([data] if hasattr(data, "shape") else _batches_in(data))
        first = next(batches, None)
        if first is None:
            raise ValueError(
                "adapt() received an empty iterable (no batches). Expected at least one batch. Pass a non-empty iterable of "
                "arrays or tensors, e.g. layer.adapt([x]) or layer.adapt(list_of_batches)."
            )
        if not hasattr(first, "shape"):
            raise TypeError(
                "adapt() expects an iterable that yields arrays or tensors with a `.shape` attribute (e.g. numpy arrays or "
                f"backend tensors). Got an element of type {type(first).__name__}. Ensure each yielded element is array-like "
                "with a `.shape` attribute."
            )
        if not self.built:
            self.build(tuple(first.shape))
        elif not self._fits(first.shape):
            raise ValueError(
                f"The layer was built with input_shape={self._input_shape}, but adapt() is being called with data with "
                f"an incompatible shape, data.shape={tuple(first.shape)}"
            )
        mean, variance = self._moments_of(itertools.chain([first], batches))
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def _fits(self, shape):
        return len(shape) == len(self._input_shape) and all(shape[axis] == self._input_shape[axis] for axis in self._kept)

    def _moments_of(self, batches):
        """Returns mean and variance of all batches together."""
        count, mean, variance = 0, 0.0, 0.0
        for batch in batches:
            if not self._fits(batch.shape):
                raise ValueError(
                    f"adapt() yielded a batch with incompatible shape. Expected {self._input_shape}, got {tuple(batch.shape)}."
                )
            batch = np.asarray(value_of(batch))
            # Means over many numbers are not taken in float32.
            batch_mean = np.mean(batch, axis=self._reduced, dtype=np.float64)
            batch_variance = np.var(batch, axis=self._reduced, dtype=np.float64)
            size = math.prod(batch.shape[axis] for axis in self._reduced)
            count += size
            share = size / count
            new_mean = mean * (1 - share) + batch_mean * share
            variance = (variance + (mean - new_mean) ** 2) * (1 - share) + (
                batch_variance + (batch_mean - new_mean) ** 2
            ) * share
            mean = new_mean
        return mean, variance

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
        }


def _batches_in(data):
    """Yields the arrays in something that gives batches."""
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        batches = (data[index] for index in range(len(data)))
    elif hasattr(data, "__iter__"):
        batches = iter(data)
    else:
        raise TypeError(
            f"Unsupported data type: {type(data)}. `adapt` supports `np.ndarray`, backend tensors, `tf.data.Dataset`, "
            "`keras.utils.PyDataset`, and iterables of batches (e.g. list, generator)."
        )
    for batch in batches:
        yield batch[0] if isinstance(batch, (tuple, list)) and batch else batch
