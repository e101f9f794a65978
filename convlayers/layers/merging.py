"""Layers that make one array of several: a sum, a product, a concatenation."""

from functools import reduce

from convlayers import ops, shapes
from convlayers.layers.layer import Layer


class _Merge(Layer):
    """A function of a list of arrays. Subclasses define `_merge`.

    Arrays with fewer axes than others get axes of size 1 behind the batch; then shapes broadcast as in NumPy.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def build(self, input_shape):
        if not _is_list_of_shapes(input_shape):
            raise ValueError(
                f"A merge layer should be called on a list of inputs. Received: input_shape={input_shape} "
                f"(not a list of shapes)\nWrite `layer([a, b])` for two inputs a and b."
            )
        batch_sizes = _batch_sizes(input_shape)
        if len(batch_sizes) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {input_shape}\n"
                "The first axis is the batch: all inputs must have as many samples."
            )
        self.compute_output_shape(input_shape)

    def call(self, inputs):
        most = max(len(x.shape) for x in inputs)
        return self._merge([_with_axes(x, most) for x in inputs])

    def _merge(self, inputs):
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        batch_sizes = _batch_sizes(input_shape)
        batch = batch_sizes.pop() if len(batch_sizes) == 1 else None
        return (batch, *reduce(_broadcast, (tuple(shape[1:]) for shape in input_shape)))


def _is_list_of_shapes(input_shape):
    return bool(input_shape) and all(isinstance(shape, (list, tuple)) for shape in input_shape)


def _batch_sizes(input_shape):
    return {shape[0] for shape in input_shape if shape} - {None}


def _with_axes(x, rank):
    if len(x.shape) == rank:
        return x
    return ops.reshape(x, (x.shape[0], *[1] * (rank - len(x.shape)), *x.shape[1:]))


def _broadcast(shape1, shape2):
    rank = max(len(shape1), len(shape2))
    padded = ((1,) * (rank - len(shape)) + shape for shape in (shape1, shape2))
    sizes = []
    for size1, size2 in zip(*padded, strict=True):
        if None not in (size1, size2) and 1 not in (size1, size2) and size1 != size2:
            raise ValueError(f"Inputs have incompatible shapes. Received shapes {shape1} and {shape2}")
        sizes.append(None if None in (size1, size2) else size2 if size1 == 1 else size1)
    return tuple(sizes)


class Add(_Merge):
    """Adds arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Add()([np.ones((2, 3)), np.ones((2, 3))])[0]
    [2.0, 2.0, 2.0]
    """

    def _merge(self, inputs):
        return reduce(ops.add, inputs)


class Subtract(_Merge):
    """Subtracts the second of two arrays from the first.

    Input shape: a list of two arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Subtract()([np.ones((2, 3)), np.ones((2, 3))])[0]
    [0.0, 0.0, 0.0]
    """

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={input_shape}")

    def _merge(self, inputs):
        return ops.subtract(*inputs)


class Multiply(_Merge):
    """Multiplies arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Multiply()([np.full((2, 3), 2), np.full((2, 3), 4)])[0]
    [8, 8, 8]
    """

    def _merge(self, inputs):
        return reduce(ops.multiply, inputs)


class Average(_Merge):
    """Takes the mean of arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Average()([np.zeros((2, 3)), np.ones((2, 3))])[0]
    [0.5, 0.5, 0.5]
    """

    def _merge(self, inputs):
        return ops.divide(reduce(ops.add, inputs), len(inputs))


class Maximum(_Merge):
    """Takes the largest of arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Maximum()([np.zeros((2, 3)), np.ones((2, 3))])[0]
    [1.0, 1.0, 1.0]
    """

    def _merge(self, inputs):
        return reduce(ops.maximum, inputs)


class Minimum(_Merge):
    """Takes the smallest of arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Minimum()([np.zeros((2, 3)), np.ones((2, 3))])[0]
    [0.0, 0.0, 0.0]
    """

    def _merge(self, inputs):
        return reduce(ops.minimum, inputs)


class Concatenate(_Merge):
    """Puts arrays one behind the other along an axis.

    Args:
        axis: int, the axis.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: a list of arrays whose shapes differ on this axis only.

    Output shape: that of the inputs, with the sum of their sizes on this axis.

    Example:

    >>> Concatenate(axis=1)([np.zeros((2, 3, 5)), np.ones((2, 4, 5))]).shape
    (2, 7, 5)
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        others = [_without_axis(shape, self.axis) for shape in input_shape]
        if not all(_may_be_same(others[0], other) for other in others):
            raise ValueError(
                "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
                f"Received: input_shape={input_shape}\nThe concatenation axis is {self.axis}."
            )

    def call(self, inputs):
        return ops.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape):
        if not _is_list_of_shapes(input_shape):
            raise ValueError(
                f"A `Concatenate` layer should be called on a list of at least 1 input. Received: input_shape={input_shape}\n"
                "Write `layer([a, b])` for two inputs a and b."
            )
        for shape in input_shape:
            shapes.check_axis(self.axis, shape)
        sizes = [shape[self.axis] for shape in input_shape]
        output_shape = list(input_shape[0])
        output_shape[self.axis] = None if None in sizes else sum(sizes)
        return tuple(output_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _without_axis(shape, axis):
    return [size for index, size in enumerate(shape) if index != axis % len(shape)]


def _may_be_same(shape1, shape2):
    return len(shape1) == len(shape2) and all(
        size1 == size2 or None in (size1, size2) for size1, size2 in zip(shape1, shape2, strict=True)
    )


# The same as functions ------------------------------------------------------------------------------------------------


def add(inputs, **kwargs):
    """Returns `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """Returns `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """Returns `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """Returns `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """Returns `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """Returns `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """Returns `Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
