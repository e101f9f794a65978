"""What layers, models, metrics and symbolic tensors had in Keras 1 and 2: `layer.output_shape`, `tensor.get_shape()`..."""

import functools

from convlayers import nested, ops
from convlayers.autograd import Tensor
from convlayers.layers import InputLayer, Layer, call_signature
from convlayers.legacy.old_spelling import warn_of
from convlayers.metrics import Metric
from convlayers.models import Functional, Model
from convlayers.models.network import Network
from convlayers.symbolic import KerasTensor
from convlayers.variables import Variable


class TensorShape(tuple):
    """A shape that can be asked for itself as a list, as those of TensorFlow can. So can its parts."""

    __slots__ = ()

    rank = ndims = property(len)

    def __getitem__(self, key):
        part = super().__getitem__(key)
        return TensorShape(part) if isinstance(key, slice) else part

    def as_list(self):
        """Returns the sizes as a list, with None for what is not known."""
        return list(self)


def as_list(shape):
    """Returns the attribute `shape` of a class of arrays as one that can be asked for a list."""
    return property(lambda x: TensorShape(shape.__get__(x)), shape.__set__)


def accept_old_attributes():
    """Lets layers, models, metrics and symbolic tensors have what they had in Keras 1 and 2."""
    Functional.outputs = Functional.outputs.setter(_set_outputs)
    InputLayer.input = InputLayer.output
    Layer.input_shape = property(lambda layer: _shapes("input_shape", layer.input))
    Layer.output_shape = property(lambda layer: _shapes("output_shape", layer.output))
    Layer.trainable_weights = Layer.trainable_weights.setter(_take_weights)
    Layer.get_input_at = lambda layer, node_index: _only(_node(layer, "get_input_at", node_index).inputs)
    Layer.get_output_at = lambda layer, node_index: _node(layer, "get_output_at", node_index).outputs
    Metric.reset_states = _reset_states
    Metric.weights = property(lambda metric: metric.variables)
    Model.compiled_loss = property(_CompiledLoss)
    Model.compiled_metrics = property(_CompiledMetrics)
    KerasTensor._keras_shape = property(_keras_shape)
    Layer.__call__ = _naming_truth_values(Layer.__call__)
    _let_shapes_be_lists()


def _shapes(name, tensors):
    warn_of(f"layer.{name}", f"`layer.{name.removesuffix('_shape')}.shape`")
    return nested.map_structure(lambda tensor: tuple(tensor.shape), tensors)


def _keras_shape(tensor):
    warn_of("tensor._keras_shape", "`tensor.shape`")
    return tuple(tensor.shape)


def _node(layer, name, index):
    warn_of(f"layer.{name}(i)", "`layer.nodes[i]`, which has `inputs` and `outputs`")
    return layer.nodes[index]


def _take_weights(layer, weights):
    # They are the layer's already, as whatever becomes an attribute of it.
    warn_of("layer.trainable_weights = weights", "`self.add_weight(...)`")


def _set_outputs(model, outputs):
    warn_of("model.outputs = tensors", "`Model(model.inputs, tensors)`")
    model._network = Network(model.input, outputs, model.name)
    model.output_names = [tensor.node.operation.name for tensor in model.outputs]


def _only(tensors):
    return tensors[0] if len(tensors) == 1 else tensors


def _reset_states(metric):
    warn_of("metric.reset_states()", "`metric.reset_state()`")
    metric.reset_state()


def _naming_truth_values(call):
    @functools.wraps(call)
    def __call__(self, *args, **kwargs):
        first = next((place for place, value in enumerate(args) if isinstance(value, bool)), None)
        if first is None or self._call_signature is None:  # None where `super().__init__()` was forgotten
            return call(self, *args, **kwargs)
        names = self._call_signature.names[first : len(args)]
        if len(names) == len(args) - first:
            warn_of("layer(x, True)", f"`layer(x, {names[0]}=True)`")
            args, kwargs = args[:first], {**dict(zip(names, args[first:], strict=True)), **kwargs}
        return call(self, *args, **kwargs)

    return __call__


class _CompiledLoss:
    """The losses of `compile`, as a function."""

    def __init__(self, model):
        self._model = model

    def __call__(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        warn_of("model.compiled_loss", "`model.compute_loss(x, y, y_pred)`, which adds the losses of layers")
        compilation = self._model._compilation
        loss = sum(map(ops.sum, regularization_losses or ()), start=compilation.loss(y_true, y_pred, sample_weight))
        compilation.loss_tracker.update_state(ops.stop_gradient(loss))
        return loss

    @property
    def metrics(self):
        return [self._model._compilation.loss_tracker, *self._model._compilation.loss.metrics]


class _CompiledMetrics:
    """The metrics of `compile`, as one."""

    def __init__(self, model):
        self._model = model

    @property
    def metrics(self):
        metrics = self._model._compilation.metrics
        return [] if metrics is None else [metrics]

    def update_state(self, y_true, y_pred, sample_weight=None):
        warn_of("model.compiled_metrics", "`model.compute_metrics(x, y, y_pred)`, which returns the logs")
        for metric in self.metrics:
            metric.update_state(y_true, y_pred, sample_weight)


def _let_shapes_be_lists():
    for kind in (KerasTensor, Tensor, Variable):
        kind.shape = as_list(kind.shape)
        kind.get_shape = lambda x: x.shape
    shape_of = call_signature.shape_of
    call_signature.shape_of = lambda x: TensorShape(shape_of(x))
