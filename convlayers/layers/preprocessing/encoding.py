"""Classes as rows of numbers: one for each class."""

from convlayers import ops


def encode(classes, output_mode, depth, dtype, count_weights=None):
    """Returns class numbers in another form.

    Args:
        classes: array of ints, with the batch first.
        output_mode: "int", as they are; "one_hot", a row for each; "multi_hot", a row for each sample, with a 1 for each class
            in it; or "count", the same with how often it is there.
        depth: how many classes there are.
        dtype: that of the result.
        count_weights: array of the shape of `classes`: how much each one counts.
    """
    if output_mode == "int":
        return ops.cast(classes, dtype)
    if not len(classes.shape):
        classes = ops.expand_dims(classes, -1)
    if output_mode == "multi_hot":
        return ops.multi_hot(classes, depth, dtype=dtype)
    if output_mode == "one_hot":
        return ops.one_hot(ops.squeeze(classes, -1) if _are_columns(classes.shape) else classes, depth, dtype=dtype)
    rows = ops.one_hot(classes, depth, dtype=dtype)
    if count_weights is not None:
        rows = rows * ops.expand_dims(count_weights, -1)
    return ops.sum(rows, axis=1 if len(classes.shape) > 1 else 0)


def encoded_shape(shape, output_mode, depth):
    """Returns the shape of what `encode` makes of class numbers of a shape, which may have `None` in it.

    For one number alone it is that of its row, as Keras declares it.
    """
    if output_mode == "int":
        return tuple(shape)
    shape = tuple(shape)
    if output_mode == "one_hot":
        return (*(shape[:-1] if _are_columns(shape) else shape), depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)


def _are_columns(shape):
    return len(shape) > 1 and shape[-1] == 1


def refuse_sparse(sparse):
    if sparse:
        raise ValueError("`sparse=True` cannot be used with backend numpy")
