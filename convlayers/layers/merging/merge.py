"""What layers have in common that combine arrays number by number."""

from functools import reduce

from convlayers import ops
from convlayers.layers.layer import Layer


class Merge(Layer):
    """A function of a list of arrays. Subclasses define `_merge`.

    Arrays with fewer axes than others get axes of size 1 behind the batch; then shapes broadcast as in NumPy.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._makes_masks = False  # Inputs without masks give outputs without.

    def build(self, input_shape):
        if not is_list_of_shapes(input_shape):
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
        rank = inputs[0].ndim
        for x in inputs:
            if x.ndim != rank:
                return self._merge(_with_as_many_axes(inputs))
        return self._merge(inputs)

    def _merge(self, inputs):
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        batch_sizes = _batch_sizes(input_shape)
        batch = batch_sizes.pop() if len(batch_sizes) == 1 else None
        return (batch, *reduce(_broadcast, (tuple(shape[1:]) for shape in input_shape)))

    def compute_mask(self, inputs, mask=None):
        """Returns where one of the inputs counts, None if one of them has no mask: it counts everywhere."""
        if mask is None:
            return None
        check_masks(inputs, mask)
        return None if any(part is None for part in mask) else reduce(ops.logical_or, mask)


def check_masks(inputs, mask):
    """Raises an error if there is not one mask, or None, for each input."""
    if not isinstance(mask, (list, tuple)):
        raise ValueError(f"`mask` should be a list. Received: mask={mask}")
    if not isinstance(inputs, (list, tuple)):
        raise ValueError(f"`inputs` should be a list. Received: inputs={inputs}")
    if len(mask) != len(inputs):
        raise ValueError(
            f"The lists `inputs` and `mask` should have the same length. Received: inputs={inputs} of length {len(inputs)}, "
            f"and mask={mask} of length {len(mask)}"
        )


def is_list_of_shapes(input_shape):
    return bool(input_shape) and all(isinstance(shape, (list, tuple)) for shape in input_shape)


def _batch_sizes(input_shape):
    return {shape[0] for shape in input_shape if shape} - {None}


def _with_as_many_axes(inputs):
    rank = max(x.ndim for x in inputs)
    return [ops.reshape(x, (x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:])) if x.ndim < rank else x for x in inputs]


def _broadcast(shape1, shape2):
    if len(shape1) < len(shape2):
        shape1, shape2 = shape2, shape1
    sizes = []
    for size1, size2 in zip(shape1, (1,) * (len(shape1) - len(shape2)) + shape2, strict=True):
        if None not in (size1, size2) and 1 not in (size1, size2) and size1 != size2:
            raise ValueError(f"Inputs have incompatible shapes. Received shapes {shape1} and {shape2}")
        sizes.append(None if None in (size1, size2) else size2 if size1 == 1 else size1)
    return tuple(sizes)
