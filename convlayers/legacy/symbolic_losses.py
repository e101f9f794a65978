"""Losses that are, or refer to, symbolic tensors of a model: `vae.add_loss(kl_loss)`, and functions that see such tensors.

And metrics that are values: `model.add_metric(tensor, name)`, and `layer.add_metric(value, name)` in the `call` of a layer.
"""

import functools
import inspect
import types

from convlayers import nested
from convlayers.layers import Input, Layer
from convlayers.legacy.graph_calls import GraphCall
from convlayers.legacy.old_spelling import warn_of
from convlayers.metrics import Mean
from convlayers.models import Functional
from convlayers.models.compiled import Compiled
from convlayers.models.network import Network
from convlayers.models.steps import Steps
from convlayers.symbolic import KerasTensor
from convlayers.user_code import is_ours


def accept_symbolic_losses():
    """Lets models be given losses and metrics that are made of their symbolic tensors."""
    Functional.add_loss = _add_loss
    Functional.add_metric = _add_metric_of_tensor
    Layer.add_metric = _add_metric
    Compiled.compile = _seeing_tensors(Compiled.compile)
    Steps._has_own_step = _calling_first(Steps._has_own_step)


def _add_loss(model, loss, inputs=None):
    losses = nested.flatten(loss)
    if not all(isinstance(part, KerasTensor) for part in losses):
        raise NotImplementedError(
            "A functional model has no `call` to add a loss in. Call `self.add_loss(loss)` in the `call` of a layer of it, or "
            f"pass a symbolic tensor that is computed from its inputs. Received: a loss of type {type(loss)}"
        )
    warn_of("model.add_loss(tensor)", "a layer that calls `self.add_loss(loss)` in its `call`")
    _add(model, losses, {})


def _add_metric_of_tensor(model, value, name=None, aggregation=None):
    if isinstance(value, KerasTensor):
        warn_of("model.add_metric(tensor)", "a layer that has a metric, and updates its state in its `call`")
        _add(model, [], {name or value.name: value})
    else:
        _add_metric(model, value, name)


class _Added:
    """Symbolic tensors that are computed with the outputs of a model.

    Attributes:
        losses: list of those that are added to the loss.
        metrics: dict of those that are metrics.
        seen: list of those that functions of the loss take for values.
        values: those of the last call, for the tensors in `seen`, by their `id`.
    """

    def __init__(self):
        self.losses, self.metrics, self.seen, self.values = [], {}, [], {}


def _add(model, losses=(), metrics=None, seen=None):
    added = vars(model).setdefault("_added_tensors", _Added())
    added.losses += losses
    added.metrics.update(metrics or {})
    added.seen = added.seen if seen is None else seen
    network = Network(model.input, (model.output, added.losses, added.metrics, added.seen), model.name)
    # A `call` of its own, so that no recording of its layers alone takes its place.
    vars(model)["call"] = functools.partial(_call_and_add, model, network, added)


def _call_and_add(model, network, added, inputs, training=None, mask=None):
    outputs, losses, metrics, seen = network(inputs, training)
    for loss in losses:
        Layer.add_loss(model, loss)
    for name, value in metrics.items():
        _add_metric(model, value, name)
    added.values = dict(zip(map(id, added.seen), seen, strict=True))
    return outputs


def _add_metric(layer, value, name=None, aggregation=None):
    warn_of("layer.add_metric(value)", "a metric that is an attribute, and `self.metric.update_state(value)` in the `call`")
    metric = next((metric for metric in layer._metrics if metric.name == name), None)
    if metric is None:
        metric = Mean(name=name)
        layer._metrics.add(metric)
    metric.update_state(value)


def _seeing_tensors(compile):
    @functools.wraps(compile)
    def compile_and_see(self, optimizer="rmsprop", loss=None, *args, **kwargs):
        # A model that is no graph has no tensors to be seen.
        if loss is not None and isinstance(self, Functional):
            seen = []
            loss = _with_seen(self, loss, seen)
            if seen or "_added_tensors" in vars(self):
                _add(self, seen=seen)
        compile(self, optimizer, loss, *args, **kwargs)

    return compile_and_see


def _calling_first(has_own_step):
    # There are values of tensors once the model was called: until then, nobody tries its losses on labels.
    return lambda model: bool("_added_tensors" in vars(model) and model._added_tensors.seen) or has_own_step(model)


def _with_seen(model, loss, seen):
    """Returns the losses of `compile`, functions that take symbolic tensors for values among them.

    Args:
        model: the model.
        loss: one, or a list or dict of them.
        seen: list, to which these tensors are added.
    """
    if isinstance(loss, dict):
        outputs = dict(zip(model.output_names, model.outputs, strict=True))
        return {name: _seeing(model, part, outputs[name], seen) if name in outputs else part for name, part in loss.items()}
    if isinstance(loss, (list, tuple)):
        if len(loss) != len(model.outputs):  # which is an error that `compile` knows
            return loss
        return [_seeing(model, part, y_pred, seen) for part, y_pred in zip(loss, model.outputs, strict=True)]
    each = [_seeing(model, loss, y_pred, seen) for y_pred in model.outputs]
    return each if seen and len(each) > 1 else each[0]


def _seeing(model, loss, y_pred, seen):
    """Returns a loss; for a function that takes symbolic tensors, one that takes the values that they have."""
    if not _refers_to_tensors(loss, set()):
        return loss
    y_true = Input(batch_shape=y_pred.shape)
    try:
        traced = GraphCall(loss, y_true, y_pred)
    except Exception:  # a function for arrays only, which is called on them
        return loss
    others = [tensor for tensor in traced.sources if tensor is not y_true and tensor is not y_pred]
    if not others:
        return loss
    warn_of("a loss that sees symbolic tensors", "a layer that calls `self.add_loss(loss)` in its `call`")
    seen += others
    labels, predictions = id(y_true), id(y_pred)

    def loss_of_values(y_true, y_pred):
        return traced({**model._added_tensors.values, labels: y_true, predictions: y_pred})[0]

    return functools.update_wrapper(loss_of_values, loss)


def _refers_to_tensors(value, known):
    """Returns whether a value is a symbolic tensor, or a function that has one, or that calls such a function."""
    if id(value) in known:
        return False
    known.add(id(value))
    if isinstance(value, (list, tuple, dict)):
        return any(_refers_to_tensors(part, known) for part in nested.flatten(value))
    if isinstance(value, functools.partial):
        return _refers_to_tensors([value.func, value.args, value.keywords], known)
    if isinstance(value, types.MethodType):
        return _refers_to_tensors([value.__func__, vars(value.__self__)], known)
    if isinstance(value, types.FunctionType) and not is_ours(value):
        names = inspect.getclosurevars(value)
        return _refers_to_tensors([*names.nonlocals.values(), *names.globals.values()], known)
    return isinstance(value, KerasTensor)
