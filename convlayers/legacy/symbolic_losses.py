"""Losses that are, or refer to, symbolic tensors of a model: `vae.add_loss(kl_loss)`, and functions that see such tensors.

And metrics that are values: `model.add_metric(tensor, name)`, and `layer.add_metric(value, name)` in the `call` of a layer.
"""

import functools
import inspect

from convlayers import nested, ops
from convlayers.layers import Input, Layer
from convlayers.legacy.old_spelling import warn_of
from convlayers.metrics import Mean
from convlayers.models import Functional
from convlayers.models.compiled import Compiled
from convlayers.models.network import Network
from convlayers.models.steps import Steps
from convlayers.symbolic import KerasTensor


def accept_symbolic_losses():
    """Lets models be given losses and metrics that are made of their symbolic tensors."""
    Functional.add_loss = _add_loss
    Functional.add_metric = _add_metric_of_tensor
    Layer.add_metric = _add_metric
    Compiled.compile = _noting_loss(Compiled.compile)
    Compiled.compute_loss = _computing_noted_loss(Compiled.compute_loss)
    Steps._has_own_step = _knowing_noted_loss(Steps._has_own_step)


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


def _add(model, losses, metrics):
    old_losses, old_metrics = vars(model).get("_added_tensors", ([], {}))
    model._added_tensors = [*old_losses, *losses], {**old_metrics, **metrics}
    model._with_added = Network(model.input, [model.output, *model._added_tensors], model.name)
    # A `call` of its own, so that no recording of its layers alone takes its place.
    model.call = functools.partial(_call_and_add, model)


def _call_and_add(model, inputs, training=None, mask=None):
    outputs, losses, metrics = model._with_added(inputs, training)
    for loss in losses:
        Layer.add_loss(model, loss)
    for name, value in metrics.items():
        _add_metric(model, value, name)
    return outputs


def _add_metric(layer, value, name=None, aggregation=None):
    warn_of("layer.add_metric(value)", "a metric that is an attribute, and `self.metric.update_state(value)` in the `call`")
    metric = next((metric for metric in layer._metrics if metric.name == name), None)
    if metric is None:
        metric = Mean(name=name)
        layer._metrics.add(metric)
    metric.update_state(value)


def _noting_loss(compile):
    def compile_and_note(self, *args, **kwargs):
        compile(self, *args, **kwargs)
        self._loss_of_inputs = None
        # A model that is no graph has no tensors to be seen.
        if isinstance(self, Functional) and inspect.isfunction(self.loss) and _refers_to_tensors(self.loss):
            warn_of("a loss that sees symbolic tensors", "a layer that calls `self.add_loss(loss)` in its `call`")
            y_true = Input(batch_shape=self.output.shape)
            self._loss_of_inputs = Network([self.input, y_true], self.loss(y_true, self.output), self.name)

    compile_and_note.__signature__ = inspect.signature(compile)
    return compile_and_note


def _knowing_noted_loss(has_own_step):
    return lambda model: vars(model).get("_loss_of_inputs") is not None or has_own_step(model)


def _refers_to_tensors(function):
    names = inspect.getclosurevars(function)
    return any(isinstance(value, KerasTensor) for value in (*names.nonlocals.values(), *names.globals.values()))


def _computing_noted_loss(compute_loss):
    def compute(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        network = vars(self).get("_loss_of_inputs")
        if network is None:
            return compute_loss(self, x, y, y_pred, sample_weight, training)
        return sum(map(ops.sum, self.losses), start=ops.mean(network([x, y], training)))

    return compute
