"""Networks in training, whose calls are recorded (recorded_calls.py) as long as nothing but numbers changes."""

from convlayers import activations, config, layers
from convlayers.masks import remembered_masks
from convlayers.models.fusion import is_plain
from convlayers.models.recorded_calls import RecordedCalls
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


class RecordedTraining:
    """Calls of a network in training: those of `Steps.train_step`.

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

    def __call__(self, x):
        """Returns the output for an array, a tensor on the tape that records; None where the model has to be called."""
        if not self._layers or not self._inputs.takes(x) or remembered_masks:
            return None
        changes = sum([layer._attributes_set for layer in self._layers])
        if changes != self._changes:
            self._begin_anew(changes)
        if not self._are_as_their_classes:
            return None
        state = config.winograd(), *[weight.trainable for weight in self._weights]
        return self._calls(self._run, [x], state, self._weights)

    def _begin_anew(self, changes):
        """Forgets what was recorded before somebody set an attribute of a layer."""
        self._changes, self._calls = changes, RecordedCalls()
        self._weights = [weight for layer in self._layers for weight in layer.weights]
        self._are_as_their_classes = all(map(_does_as_its_class, self._layers))

    def _run(self, x):
        [y] = self._program.run([x], training=True)
        return y


def _does_as_its_class(layer):
    return is_plain(layer) and is_ours(getattr(layer, "activation", activations.linear))
