"""What `compile` was told about losses, matched with the outputs of the model."""

from collections import namedtuple

import numpy as np

from convlayers import config, losses, metrics, nested, ops
from convlayers.autograd import Tensor, current_tape, value_of
from convlayers.masks import remembered_masks
from convlayers.models.outputs import Outputs, follow, is_nested, leaf_paths
from convlayers.models.recorded_calls import RecordedCalls
from convlayers.user_code import is_ours

# Losses of which all is done by kernels.
_BY_KERNELS = (losses.sparse_categorical_crossentropy,)


def hold_metrics(loss_weights):
    """Whether `loss_weights` are metrics, as names, functions or objects: what Keras 2 took in their place."""
    return any(isinstance(weight, str) or callable(weight) for weight in nested.flatten(loss_weights))


class CompileLoss:
    """The losses of all outputs as one.

    Args:
        loss, loss_weights: the arguments of `compile`.
        output_names: the names of the model's outputs, if it knows them.

    Attributes:
        metrics: the mean of each loss, if there are several.
    """

    # What belongs together: where it is in the outputs, the loss, its weight in the sum, its name in the logs, and the shape
    # of predictions (None for several outputs).
    Loss = namedtuple("Loss", ["path", "loss", "weight", "name", "shape"])
    Loss.__qualname__ = "CompileLoss.Loss"  # where pickles find it

    def __init__(self, loss, loss_weights=None, output_names=None):
        if loss_weights and not isinstance(loss_weights, (list, tuple, dict, float)):
            raise ValueError(
                "Expected `loss_weights` argument to be a float (single output case) or a list, tuple, or dict (multiple "
                f"output case). Received instead: loss_weights={loss_weights} of type {type(loss_weights)}"
            )
        if hold_metrics(loss_weights):
            raise ValueError(
                f"`loss_weights` must be numbers. Received: loss_weights={loss_weights}\n"
                "The third argument of `compile` is `loss_weights`. Metrics have a name: `metrics=[...]`."
            )
        self._loss, self._loss_weights = loss, loss_weights
        self._output_names = output_names
        self._outputs = None
        self.metrics = []

    @property
    def built(self):
        return self._outputs is not None

    @property
    def variables(self):
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true, y_pred):
        """Chooses the losses for labels and predictions of these shapes."""
        outputs = Outputs(y_pred, self._output_names)
        places = outputs.pack(range(outputs.count))
        found = list(_spread(*self._by_output(outputs), places, ()))
        covered = {place for path, *_ in found for place in nested.flatten(follow(path, places))}
        self._wanted = [place in covered for place in range(outputs.count)]
        labels, names = outputs.pack(outputs.match_labels(y_true, self._wanted)), outputs.pack(outputs.names)
        self._losses = []
        for path, identifier, weight in found:
            predictions = follow(path, y_pred)
            loss = losses.resolve(identifier, follow(path, labels), predictions)
            name = _name_loss(path, follow(path, names), loss)
            shape = None if is_nested(predictions) else tuple(predictions.shape)
            self._losses.append(self.Loss(path, loss, weight, name, shape))
        several = len(self._losses) > 1
        path, loss, weight, *_ = self._losses[0] if len(self._losses) == 1 else (None,) * 3
        by_kernels = is_ours(type(loss)) and getattr(loss, "fn", None) in _BY_KERNELS
        self._only = loss if path == () and weight is None and by_kernels else None
        self._recorded = RecordedCalls()
        self.metrics = [metrics.Mean(name=f"{loss.name}_loss") for loss in self._losses] if several else []
        self._outputs = outputs

    def _by_output(self, outputs):
        """Returns the losses, and their weights in the same structure. Those in a dict of names are in the order of outputs."""
        loss, weights = self._loss, self._loss_weights
        if isinstance(loss, dict) and not isinstance(outputs.structure, dict) and self._output_names:
            if set(loss) != set(outputs.names):
                raise ValueError(
                    f"Expected keys {outputs.names} in loss dict, but found loss.keys()={list(loss)}\n"
                    "For an output without one, give None."
                )
            loss = [loss[name] for name in outputs.names]
            if isinstance(weights, dict) and set(weights) == set(outputs.names):
                weights = [weights[name] for name in outputs.names]
        if not is_nested(loss):
            loss = outputs.pack([loss] * outputs.count)
        elif isinstance(loss, (list, tuple)):
            _check_count(loss, outputs)
        if weights is None:
            return loss, nested.map_structure(lambda _: None, loss)
        if outputs.has_unknown(weights):
            raise ValueError(
                f"Expected keys {outputs.names} in loss_weights dict, but found loss_weights.keys()={list(weights)}"
            )
        flat, count = nested.flatten(weights), len(nested.flatten(loss))
        if len(flat) != count:
            raise ValueError(
                f"`loss_weights` must match the number of losses, got {count} losses and {len(flat)} weights."
                f"\nGive a number for each of the losses. Received: loss={self._loss}, loss_weights={self._loss_weights}"
            )
        return loss, nested.pack_like(loss, flat)

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the weighted sum of the losses of a batch, None if no output has one."""
        loss = self._loss_by_recording(y_true, y_pred) if sample_weight is None else None
        if loss is not None:
            return loss
        values = self.try_on(y_true, y_pred, sample_weight)
        for metric, value in zip(self.metrics, values, strict=False):
            metric.update_state(value_of(value), sample_weight=len(value_of(nested.flatten(y_pred)[0])))
        weighted = [
            value if loss.weight is None else ops.multiply(value, loss.weight)
            for value, loss in zip(values, self._losses, strict=True)
        ]
        return sum(weighted[1:], start=weighted[0]) if weighted else None

    def _loss_by_recording(self, y_true, y_pred):
        """Returns the loss by a recording (recorded_calls.py), None where it has to be computed."""
        settings = self.settings_to_record(y_true)
        if settings is None or type(y_pred) is not Tensor or current_tape() is None:
            return None
        results = self._recorded(lambda *pair: (self.compute_only(*pair), []), [y_true, y_pred], settings)
        return None if results is None else results[0]

    def settings_to_record(self, y_true):
        """Returns what the loss depends on besides labels and predictions, None where not all that is done is known."""
        if self._outputs is None or self._only is None or type(y_true) is not np.ndarray or remembered_masks:
            return None
        return self._only.reduction, config.epsilon(), config.floatx()

    def compute_only(self, y_true, y_pred):
        """Returns the loss of a batch, where there is one loss."""
        [loss] = self.try_on(y_true, y_pred)
        return loss

    def try_on(self, y_true, y_pred, sample_weight=None):
        """Returns the losses of a batch as a list, without their weights."""
        if y_true is None:
            raise ValueError("The model was compiled with a `loss`, so it needs labels. Received: y=None.")
        if self._outputs is None:
            self.build(y_true, y_pred)
        outputs = self._outputs
        y_true = outputs.pack(outputs.match_labels(y_true, self._wanted))
        y_pred = outputs.pack(outputs.flatten(y_pred))
        weights = outputs.pack(outputs.spread_weights(sample_weight, self._wanted))
        return [
            _as_floatx(loss(follow(path, y_true), follow(path, y_pred), _first(follow(path, weights))))
            for path, loss, *_ in self._losses
        ]

    def check_labels(self, y_true):
        """Looks at all labels of an epoch, arrays in the structure of those of a batch, which was tried before.

        Raises:
            ValueError: if a loss can't take one of them.
        """
        labels = self._outputs.pack(self._outputs.match_labels(y_true, self._wanted))
        for path, loss, _, _, shape in self._losses:
            if shape is not None:
                losses.check_labels(loss, follow(path, labels), shape)


def _check_count(loss, outputs):
    wanted = len(outputs.structure) if is_nested(outputs.structure) else 1
    # For a list of outputs, what is too much is said by where it is.
    if len(loss) < wanted or (len(loss) > wanted and not isinstance(outputs.structure, (list, tuple))):
        raise ValueError(f"`loss` must have an entry for each of the model's outputs {outputs.names}. Received: loss={loss}")


def _spread(loss, weights, outputs, path):
    """Yields paths into the outputs, and the loss and the weight for what is there.

    Args:
        loss: a loss, or a structure of losses. None is no loss.
        weights: the same structure of weights.
        outputs: the outputs below the path.
        path: tuple of keys and places.

    Raises:
        KeyError: if there is a loss for what is no output.
    """
    if loss is None:
        return
    if not is_nested(loss):
        yield path, loss, weights
        return
    ordered = isinstance(loss, (list, tuple))
    if ordered and not any(map(is_nested, loss)) and len(loss) == len(nested.flatten(outputs)):
        loss, weights = nested.pack_like(outputs, loss), nested.pack_like(outputs, weights)
        for leaf in leaf_paths(outputs):
            if follow(leaf, loss) is not None:
                yield (*path, *leaf), follow(leaf, loss), follow(leaf, weights)
    elif ordered and not isinstance(outputs, type(loss)):
        # Several losses for the same output, or for all of a tuple of outputs (then they are a list).
        for part, weight in zip(loss, weights, strict=True):
            yield from _spread(part, weight, outputs, path)
    else:
        if not ordered and not isinstance(outputs, dict):
            raise KeyError(
                f"The path: {path} in the `loss` argument, can't be found in the model's output (`y_pred`). The losses "
                f"there have names, {list(loss)}, but the outputs have none: give losses as a list, in the order of outputs."
            )
        for step in range(len(loss)) if ordered else loss:
            if loss[step] is None:
                continue
            if step not in (range(len(outputs)) if ordered else outputs):
                raise KeyError(
                    f"The path: {(*path, step)} in the `loss` argument, can't be found in either the model's output (`y_pred`) "
                    "or in the labels (`y_true`)."
                )
            yield from _spread(loss[step], weights[step], outputs[step], (*path, step))


def _name_loss(path, name, loss):
    """Returns what the loss at a path is called: by the keys of the path, and where it ends with a place, by the output."""
    if is_nested(name):
        names = list(name) if isinstance(name, dict) else nested.flatten(name)
        return "/".join(map(str, path)) or (loss.name if None in names else "_".join(names))
    if path and not isinstance(path[-1], int):
        return "/".join(map(str, path))
    return "/".join(map(str, (*path[:-1], loss.name if name is None else name)))


def _first(weights):
    return nested.flatten(weights)[0] if is_nested(weights) else weights


def _as_floatx(loss):
    return loss if loss.dtype == config.floatx() else ops.cast(loss, config.floatx())
