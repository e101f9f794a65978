"""Networks whose calls are recorded (recorded_calls.py) as long as nothing but numbers changes."""

import threading

from convlayers import activations, config, layers
from convlayers.masks import remembered_masks
from convlayers.models.fusion import is_plain
from convlayers.models.recorded_calls import MOST_BYTES, MOST_CALLS, RecordedCalls, RecordedPrediction
from convlayers.symbolic import KerasTensor
from convlayers.user_code import is_ours

# Layers of a subclass may do in their `call` what no kernel does. Among these are none that decide by their numbers.
_LAYERS = frozenset(
    (
        layers.Activation,
        layers.Add,
        layers.AveragePooling1D,
        layers.AveragePooling2D,
        layers.AveragePooling3D,
        layers.BatchNormalization,
        layers.Concatenate,
        layers.Conv1D,
        layers.Conv1DTranspose,
        layers.Conv2D,
        layers.Conv2DTranspose,
        layers.Conv3D,
        layers.Conv3DTranspose,
        layers.Dense,
        layers.DepthwiseConv1D,
        layers.DepthwiseConv2D,
        layers.Dropout,
        layers.Flatten,
        layers.GlobalAveragePooling1D,
        layers.GlobalAveragePooling2D,
        layers.GlobalAveragePooling3D,
        layers.GlobalMaxPooling1D,
        layers.GlobalMaxPooling2D,
        layers.GlobalMaxPooling3D,
        layers.LeakyReLU,
        layers.MaxPooling1D,
        layers.MaxPooling2D,
        layers.MaxPooling3D,
        layers.Permute,
        layers.ReLU,
        layers.Reshape,
        layers.SeparableConv1D,
        layers.SeparableConv2D,
        layers.Softmax,
        layers.ZeroPadding1D,
        layers.ZeroPadding2D,
        layers.ZeroPadding3D,
    )
)


_CALLED = object()


class _RecordedNetwork:
    """A network of layers that are known to do in their calls what kernels do.

    Args:
        graph, inputs, program: those of the network.
    """

    def __init__(self, graph, inputs, program):
        self._inputs, self._program = inputs, program
        operations = [node.operation for node in graph.nodes if node.inputs]
        once = len(set(operations)) == len(operations)
        single = isinstance(graph.inputs, KerasTensor) and len(graph.flat_outputs) == 1
        known = single and once and all(type(operation) in _LAYERS for operation in operations)
        self._layers = operations if known else []
        self._changes = None

    def _is_known(self, x):
        """Whether all that a call with these inputs does can be recorded, as far as the layers tell."""
        if not self._layers or not self._inputs.takes(x) or remembered_masks:
            return False
        changes = sum([layer._attributes_set for layer in self._layers])
        if changes != self._changes:
            self._changes = changes
            self._weights = [weight for layer in self._layers for weight in layer.weights]
            self._are_as_their_classes = all(map(_does_as_its_class, self._layers))
            self._begin_anew()
        return self._are_as_their_classes

    def _begin_anew(self):
        """Forgets what was recorded before somebody set an attribute of a layer."""
        raise NotImplementedError


class RecordedTraining(_RecordedNetwork):
    """Calls of a network in training: those of `Steps.train_step`."""

    def predict(self, x):
        """Returns the output for an array, a tensor on the tape that records; None where the model has to be called."""
        if not self._is_known(x):
            return None
        results = self._predictions(self._run, [x], self._state(), self._weights)
        return None if results is None else results[0]

    def predict_and_compare(self, x, y_true, loss):
        """Returns the output for an array, of which only the value counts, and the loss, a tensor on the tape that records.

        Args:
            x, y_true: arrays.
            loss: a `CompileLoss`.

        Returns:
            A tuple, or None where the model and the loss have to be called.
        """
        settings = loss.settings_to_record(y_true)
        if settings is None or not self._is_known(x):
            return None

        def run(x, y_true):
            y_pred, _ = self._run(x)
            return loss.compute_only(y_true, y_pred), [y_pred]

        results = self._comparisons(run, [x, y_true], (self._state(), loss, settings), self._weights)
        if results is None:
            return None
        loss, [y_pred] = results
        return y_pred, loss

    def _state(self):
        """Returns what may change without an attribute of a layer being set."""
        return config.winograd(), *[weight.trainable for weight in self._weights]

    def _begin_anew(self):
        self._predictions, self._comparisons = RecordedCalls(), RecordedCalls()

    def _run(self, x):
        [y] = self._program.run([x], training=True)
        return y, []


class RecordedInference(_RecordedNetwork):
    """Calls of a network in inference, on no tape. What is recorded is about one version of the weights."""

    def __init__(self, graph, inputs, program):
        super().__init__(graph, inputs, program)
        self._state = None
        self._lock = threading.Lock()

    def predict(self, x, training):
        """Returns the output for an array; None where the network has to be run.

        Args:
            x: array.
            training: False for all layers, or None, which leaves each its own.
        """
        # A recording is for one thread at a time: others do not wait for it.
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._predict(x, training) if self._is_known(x) and x.nbytes <= MOST_BYTES else None
        finally:
            self._lock.release()

    def _predict(self, x, training):
        state = config.winograd(), *[weight.version for weight in self._weights]
        kind = x.shape, training
        if state != self._state or (kind not in self._calls and len(self._calls) == MOST_CALLS):
            self._state = state
            self._begin_anew()
        if kind not in self._calls:
            self._calls[kind] = _CALLED
            return None
        call = self._calls[kind]
        if call is _CALLED:
            call = RecordedPrediction(x, self._weights)
            y, complete = call.record(self._program, training)
            self._calls[kind] = call if complete else None
            return y
        return None if call is None else call.repeat(x)

    def _begin_anew(self):
        # By what calls differ in: `_CALLED` after the first, which leaves with the weights what is kept of them; then a
        # `RecordedPrediction`, or None where there can be none.
        self._calls = {}


def _does_as_its_class(layer):
    return is_plain(layer) and is_ours(getattr(layer, "activation", activations.linear))
