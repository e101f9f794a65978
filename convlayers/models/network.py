"""A graph that can be called: from what a user passes to a model to what the model returns."""

import functools

from convlayers import nested
from convlayers.autograd import current_tape
from convlayers.layers.caller import is_training
from convlayers.models.graph import Graph, from_calls, to_calls
from convlayers.models.model_inputs import ModelInputs
from convlayers.models.program import Program
from convlayers.models.recorded import RecordedInference, RecordedTraining
from convlayers.symbolic import KerasTensor


class Network:
    """The layers between symbolic tensors as a function on arrays.

    Args:
        inputs, outputs: a symbolic tensor, or a list, tuple or dict of them.
        name: the model's, for messages.

    Raises:
        ValueError: if the outputs can't be computed from the inputs, or if two layers have the same name.
    """

    def __init__(self, inputs, outputs, name):
        self._name = name
        self.graph = Graph(inputs, outputs)
        self.inputs = ModelInputs(inputs, name)

    @functools.cached_property
    def _program(self):
        return Program(self.graph)  # when it is run: some models are only looked at, or a part of another

    @functools.cached_property
    def _recorded(self):
        return RecordedTraining(self.graph, self.inputs, self._program)

    @functools.cached_property
    def _recorded_inference(self):
        return RecordedInference(self.graph, self.inputs, self._program)

    def __reduce__(self):
        return _make_network, (*to_calls(self.graph), self._name)

    def __call__(self, inputs, training=None):
        """Returns the outputs, in the structure that was given for them; a list of one output as that output."""
        if not (training or is_training()) and current_tape() is None:
            y = self._recorded_inference.predict(inputs, training)
            if y is not None:
                return self._pack([y])
        return self._pack(self._program.run(self.inputs.flatten(inputs), training))

    def train(self, model, x):
        """Returns `model(x, training=True)` of the model that it is the network of, maybe by a recording. A tape records."""
        y = self._recorded.predict(x)
        return model(x, training=True) if y is None else self._pack([y])

    def train_to_loss(self, x, y_true, loss):
        """Returns what a call in training returns, and the loss, by a recording; None where there is none. A tape records."""
        results = self._recorded.predict_and_compare(x, y_true, loss)
        return None if results is None else (self._pack([results[0]]), results[1])

    def infer(self, inputs):
        """Returns, for symbolic tensors, what a call would return. The graph stays as it is."""
        flat = self.inputs.match(inputs)
        if all(x.shape == tensor.shape for x, tensor in zip(flat, self.inputs.tensors, strict=True)):
            return self._pack([KerasTensor(tensor.shape, tensor.dtype) for tensor in self.graph.flat_outputs])
        return self._pack(self._program.infer(flat))

    def infer_shapes(self, input_shape):
        """Returns the shapes of the outputs for inputs of given shapes, with the batch."""
        given = nested.flatten(nested.map_shapes(KerasTensor, input_shape))
        inputs = [KerasTensor(x.shape, tensor.dtype) for x, tensor in zip(given, self.inputs.tensors, strict=True)]
        return nested.map_structure(lambda tensor: tensor.shape, self._pack(self._program.infer(inputs)))

    @property
    def input_shape(self):
        return only(tensor.shape for tensor in self.graph.flat_inputs)

    @property
    def output_shape(self):
        return only(tensor.shape for tensor in self.graph.flat_outputs)

    def _pack(self, outputs):
        structure = self.graph.outputs
        if isinstance(structure, KerasTensor):
            return outputs[0]
        packed = nested.pack_like(structure, outputs)
        return packed[0] if isinstance(packed, (list, tuple)) and len(packed) == 1 else packed


def _make_network(calls, inputs, outputs, name):
    return Network(*from_calls(calls, inputs, outputs), name)


def only(things):
    """Returns several things as a list, and one as itself."""
    things = list(things)
    return things[0] if len(things) == 1 else things
