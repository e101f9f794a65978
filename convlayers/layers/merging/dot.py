"""Products of vectors, sample by sample."""

from convlayers import ops
from convlayers.layers.merging.merge import Merge
from convlayers.ops.linear import batch_dot


class Dot(Merge):
    """Sums the products of two arrays along an axis of each, for each sample.

    Args:
        axes: int, the axis of both, or a tuple of two ints. 0, the batch, can't be summed.
        normalize: whether the vectors along these axes are divided by their lengths first: the result is the cosine of the
            angle between them.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: a list of two arrays, whose sizes on these axes are the same.

    Output shape: (batch, axes of the first, axes of the second), without those that are summed; (batch, 1) if none is left.

    Raises:
        TypeError: if `axes` is neither an int nor a list or tuple.
        ValueError: if it has not two ints. When called, if the inputs are no list of two, or their sizes differ.

    Example:

    >>> Dot(axes=(1, 2))([np.ones((2, 3, 5)), np.ones((2, 10, 3))]).shape
    (2, 5, 10)
    """

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        _check_axes(axes)
        self.axes = axes
        self.normalize = normalize

    def build(self, input_shape):
        shape1, shape2 = _check_pair(input_shape)
        axis1, axis2 = self._axes_of(shape1, shape2)
        if shape1[axis1] != shape2[axis2]:
            given1, given2 = (axis1, axis2) if isinstance(self.axes, int) else self.axes
            raise ValueError(
                f"Incompatible input shapes: axis values {shape1[axis1]} (at axis {given1}) != {shape2[axis2]} "
                f"(at axis {given2}). Full input shapes: {shape1}, {shape2}"
            )

    def call(self, inputs):
        x1, x2 = inputs
        axis1, axis2 = self._axes_of(x1.shape, x2.shape)
        _check_arrays(x1.shape, x2.shape, axis1, axis2)
        if self.normalize:
            x1, x2 = ops.normalize(x1, axis1), ops.normalize(x2, axis2)
        y = batch_dot(x1, x2, axis1, axis2)
        return y if y.ndim > 1 else ops.reshape(y, (-1, 1))

    def _axes_of(self, shape1, shape2):
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return tuple(axis % len(shape) if axis < 0 else axis for axis, shape in zip(axes, (shape1, shape2), strict=True))

    def compute_output_shape(self, input_shape):
        shape1, shape2 = map(list, _check_pair(input_shape))
        axis1, axis2 = self._axes_of(shape1, shape2)
        del shape1[axis1], shape2[axis2]
        output_shape = (*shape1, *shape2[1:])
        return output_shape if len(output_shape) > 1 else (*output_shape, 1)

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def dot(inputs, axes=-1, **kwargs):
    """Returns `Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)


def _check_axes(axes):
    if isinstance(axes, int):
        return
    if not isinstance(axes, (list, tuple)):
        raise TypeError(f"Invalid type for argument `axes`: it should be a list or an int. Received: axes={axes}")
    if len(axes) != 2:
        raise ValueError(f"Invalid format for argument `axes`: it should contain two elements. Received: axes={axes}")
    if not all(isinstance(axis, int) for axis in axes):
        raise ValueError(f"Invalid format for argument `axes`: list elements should be integers. Received: axes={axes}")


def _check_pair(input_shape):
    if not input_shape or not isinstance(input_shape[0], (list, tuple)) or len(input_shape) != 2:
        raise ValueError(
            f"A `Dot` layer should be called on a list of 2 inputs. Received: input_shape={input_shape}\n"
            "Write `layer([a, b])` for the inputs a and b."
        )
    return input_shape


def _check_arrays(shape1, shape2, axis1, axis2):
    if len(shape1) < 2 or len(shape2) < 2:
        raise ValueError(f"Cannot do batch_dot on inputs with rank < 2. Received inputs with shapes {shape1} and {shape2}.")
    if shape1[0] != shape2[0]:
        raise ValueError(
            f"Cannot do batch_dot on inputs with different batch sizes. Received inputs with shapes {shape1} and {shape2}."
        )
    if 0 in (axis1, axis2):
        raise ValueError(
            "Cannot perform batch_dot over axis 0. If your inputs are not batched, add a dummy batch dimension to your inputs "
            "using keras.ops.expand_dims(x, 0)"
        )
    if shape1[axis1] != shape2[axis2]:
        raise ValueError(
            f"Cannot do batch_dot on inputs with shapes {shape1} and {shape2} with axes={[axis1, axis2]}. x.shape[{axis1}] != "
            f"y.shape[{axis2}] ({shape1[axis1]} != {shape2[axis2]})."
        )
