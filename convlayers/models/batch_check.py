"""A trial before the first step: bad labels are found out before they change a weight."""

import numpy as np

from convlayers import nested
from convlayers.autograd import value_of
from convlayers.data.batch_parts import batch_size_of, count_samples
from convlayers.data.packing import unpack_x_y_sample_weight
from convlayers.rollback import without_effect
from convlayers.symbolic import KerasTensor


def check_batch(model, data):
    """Builds a model for a batch, and tries the losses and metrics it was compiled with on its labels.

    It costs next to nothing for a batch of the same shapes and dtypes as the last that was found to fit.

    Args:
        model: the model.
        data: `x`, `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: if the parts have not as many samples, or don't fit the model.
    """
    leaves = [leaf for leaf in nested.flatten(data) if leaf is not None]
    shapes = [(leaf.shape[1:], leaf.dtype, len(leaf) == len(leaves[0])) for leaf in leaves]
    compilation = model._compilation
    if model.built and (compilation is None or compilation.known_batch == shapes):
        return
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    if not model._takes_own_batches():
        count_samples((x, y, sample_weight))
    if model._has_call() and not all(layer.built for layer in model._flatten_layers()):
        _build(model, x)
    if compilation is not None:
        # Nobody knows what a step of a user's own does with the labels.
        if not model._has_own_step():
            _try(model, x, y, sample_weight)
        compilation.known_batch = shapes


def check_labels(model, y):
    """Looks at all labels of an epoch, so that one that is wrong is found before the first step.

    Args:
        model: a model for which a batch was checked.
        y: arrays of labels, or None where they are not all there.

    Raises:
        ValueError: if the losses of the model can't take one of them.
    """
    compilation = model._compilation
    if y is not None and compilation is not None and compilation.loss is not None and not model._has_own_step():
        compilation.loss.check_labels(y)


def _build(model, x):
    try:
        model(nested.map_structure(_symbol, x))
    except Exception:
        # A step of a user's own may call the model on another part of the batch, and says itself what does not fit.
        if not model._takes_own_batches():
            raise


def _try(model, x, y, sample_weight):
    loss, metrics = model._compilation.loss, model._compilation.metrics
    y_pred = _predict_shapes(model, x)
    with np.errstate(all="ignore"):
        if loss is not None:
            loss.try_on(y, y_pred, sample_weight)
        if metrics is not None and y is not None and not metrics.metrics:
            metrics.update_state(y, y_pred, sample_weight)
            metrics.reset_state()


def _predict_shapes(model, x):
    """Returns predictions for a batch of which only the shapes are right: those for a few samples stand for all."""
    samples = batch_size_of(x) or 0
    few = min(samples, 2)
    with without_effect():
        try:
            y_pred = model(nested.map_structure(lambda array: None if array is None else array[:few], x), training=False)
        except Exception:
            model(x, training=False)  # whose error has the shapes that were given
            raise
    places = np.arange(samples) % max(few, 1)

    def repeat(prediction):
        prediction = value_of(prediction)
        return prediction[places] if prediction.ndim and len(prediction) == few else prediction

    return nested.map_structure(repeat, y_pred)


def _symbol(array):
    return None if array is None else KerasTensor(array.shape, array.dtype)
