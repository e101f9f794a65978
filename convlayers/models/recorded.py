"""Steps of training that are recorded, and then made again without the Python between their kernels (launching.py).

The first step on inputs of one shape goes through layers and ops as ever, the second does so while it is recorded, and the
others are calls of kernels on the same arrays: numbers, weights and what is drawn at random are those of the general way, bit
by bit. On a tape, such a step is one op, whose operands are the weights. What is outside of the network (loss, metrics,
optimizer) is not recorded.
"""

from convlayers import activations, config, layers
from convlayers._native import memory
from convlayers.autograd import Tape, Tensor, current_tape
from convlayers.launching import Recording
from convlayers.masks import remembered_masks
from convlayers.models.fusion import is_plain
from convlayers.symbolic import KerasTensor
from convlayers.user_code import is_ours

# Bytes of arrays: with larger ones, Python takes a small part of the time, and they would be missing elsewhere.
MOST_BYTES = 1 << 23
MOST_STEPS = 4  # of several shapes or settings, which are remembered

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
    """Calls of a network in training, of which each goes back before the next one comes: those of `Steps.train_step`.

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
        self._weights, self._changes = [], None
        # By the shape of inputs and all else that a recording depends on: None after the first step, then a `RecordedStep`.
        self._steps = {}

    def __call__(self, x):
        """Returns the output for an array as a tensor on the tape that records; None where the model has to be called."""
        if not self._layers or not self._inputs.takes(x) or remembered_masks:
            return None
        changes = sum([layer._changes for layer in self._layers])
        if changes != self._changes:
            self._begin_anew(changes)
        state = x.shape, tuple([weight.trainable for weight in self._weights]), config.winograd()
        if state not in self._steps:
            if len(self._steps) == MOST_STEPS:
                self._steps.clear()
            self._steps[state] = None
            return None
        step = self._steps[state]
        if step is None and all(map(_does_as_its_class, self._layers)):
            step = self._steps[state] = RecordedStep(self._weights, x)
            return step.record(self._program)
        return step.repeat(x) if step is not None and step.complete else None

    def _begin_anew(self, changes):
        """Forgets what was recorded before somebody set an attribute of a layer."""
        self._changes, self._steps = changes, {}
        self._weights = [weight for layer in self._layers for weight in layer.weights]


class RecordedStep:
    """A call of a network and its way back, as calls that read and write the same arrays each time.

    Args:
        weights: list of the network's variables.
        x: an array of inputs.

    Attributes:
        complete: whether the step can be repeated.
    """

    @memory.lasting
    def __init__(self, weights, x):
        self.complete = False
        self._variables = [weight for weight in weights if weight.trainable]
        self._x = x.copy()
        self._recording = Recording([self._x, *[weight.value for weight in weights]], MOST_BYTES)
        self._tape = Tape()

    @memory.lasting
    def record(self, program):
        """Returns the output of the first call, whose way back is recorded, too."""
        with self._recording, self._tape:
            [self._y] = program.run([self._x], training=True)
        if not isinstance(self._y, Tensor):
            return self._y
        self._forward = self._recording.take_calls()
        return current_tape().record(self._variables, self._y.value.copy(), self._record_backward)

    @memory.lasting
    def _record_backward(self, d_y):
        self._d_y = d_y.copy()
        self._recording.add(self._d_y)
        # The tape around this one adds to gradients itself, in the order that it has.
        before = [variable.grad for variable in self._variables]
        for variable in self._variables:
            variable.grad = None
        with self._recording:
            self._tape.backward([self._y], [self._d_y])
        self._gradients = [variable.grad for variable in self._variables]
        for variable, gradient in zip(self._variables, before, strict=True):
            variable.grad = gradient
        self._backward = self._recording.take_calls()
        self._y, results = self._y.value, [self._y.value, *[gradient for gradient in self._gradients if gradient is not None]]
        self.complete = all(map(self._recording.knows, results))
        self._recording = self._tape = None
        return self._gradients

    def repeat(self, x):
        """Returns the output for other inputs. Gradients are arrays that the next step writes to."""
        self._x[...] = x
        for function, arguments in self._forward:
            function(*arguments)
        return current_tape().record(self._variables, self._y.copy(), self._repeat_backward)

    def _repeat_backward(self, d_y):
        self._d_y[...] = d_y
        for function, arguments in self._backward:
            function(*arguments)
        return self._gradients


def _does_as_its_class(layer):
    return is_plain(layer) and is_ours(getattr(layer, "activation", activations.linear))
