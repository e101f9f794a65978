"""Models that are a graph of layers."""

import inspect
import warnings

from convlayers import nested
from convlayers.layers.call_arguments import lists_to_arrays
from convlayers.layers.core.input_layer import Input
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.mask_passing import with_masks
from convlayers.models.graph import cut_out, is_placeholder
from convlayers.models.graph_config import GRAPH_KEYS, decode_graph, encode_graph
from convlayers.models.model import Model
from convlayers.models.network import Network
from convlayers.symbolic import KerasTensor


class Functional(Model):
    """A model made of symbolic tensors: what `Model(inputs, outputs)` returns.

    Args:
        inputs: the symbolic tensor of an `Input`, or a list, tuple or dict of them. Tensors from the middle of other models
            may be given too: the new model begins there, and shares the layers.
        outputs: the symbolic tensors that are computed from them, in a structure of any kind.
        name: the model's name.
        kwargs: arguments of `Layer`.

    Call arguments:
        inputs: arrays in the structure of `inputs`; a list may be replaced by a dict with the names of the inputs as keys. An
            axis of size 1 at the end may be missing or too many. Numbers of other types are converted.
        training: True or False for all layers, None for each layer's own.
        mask: the masks of the inputs, in their structure, None for an input that has none or has it with it.

    Raises:
        ValueError: if the outputs can't be computed from the inputs, or if two layers have the same name. When called, if the
            arrays are not such as the model takes.

    Example:

    >>> x = Input(shape=(28, 28, 1))
    >>> y = Dense(10, activation="softmax")(Flatten()(x))
    >>> model = Model(x, y)
    """

    def __init__(self, inputs, outputs, name=None, trainable=None, **kwargs):
        _check_tensors(inputs, outputs)
        Layer.__init__(self, name=name, **kwargs)
        self._initialize_training()
        self._network = Network(*_start_at_inputs(inputs, outputs), self.name)
        if trainable is not None:
            self.trainable = trainable  # while it has no layers yet: they keep their own
        for layer in self.layers:
            self._layers.add(layer)
        self.input_spec = _input_specs(self.input)
        self.output_names = [tensor.node.operation.name for tensor in self.outputs]
        self.build(None)

    def build(self, input_shape):
        """Does nothing: the layers were built when they were called."""

    def _lock_state(self):
        """Does nothing: other layers may be attached to the model."""

    @property
    def operations(self):
        """The layers and ops of the graph, in Keras's order."""
        return list(self._network.graph.operations)

    @Model.layers.getter
    def layers(self):
        return [operation for operation in self._network.graph.operations if isinstance(operation, Layer)]

    @property
    def input(self):
        return self._network.graph.inputs

    @property
    def output(self):
        return self._network.graph.outputs

    @property
    def inputs(self):
        return list(self._network.graph.flat_inputs)

    @property
    def outputs(self):
        return list(self._network.graph.flat_outputs)

    @property
    def input_shape(self):
        return self._network.input_shape

    @property
    def output_shape(self):
        return self._network.output_shape

    def call(self, inputs, training=None, mask=None):
        return self._network(inputs if mask is None else with_masks(inputs, mask), training)

    def compute_output_spec(self, inputs, training=None, mask=None):
        return self._network.infer(inputs)

    def compute_output_shape(self, input_shape):
        return self._network.infer_shapes(input_shape)

    def _cast_input(self, x):
        # Each input has a dtype of its own, to which the network casts.
        return x

    def _convert_arguments(self, args, kwargs):
        if args:
            arrays = [self._convert_input(x) for x in self._network.inputs.match(lists_to_arrays(args[0]))]
            args = (nested.pack_like(self.input, arrays), *args[1:])
        return args, kwargs

    def _writes_masks(self, args, kwargs):
        return True

    def add_loss(self, loss):
        raise NotImplementedError(
            "A functional model has no `call` to add a loss in. Call `self.add_loss(loss)` in the `call` of a layer of it."
        )

    def get_config(self):
        if not is_made_of_a_graph(type(self)):
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **encode_graph(self._network.graph)}


def is_graph_config(cls, config):
    """Whether a config is that of a graph, and a class of models can be made of it."""
    return all(key in config for key in GRAPH_KEYS) and is_made_of_a_graph(cls)


def make_from_graph_config(cls, config, custom_objects=None):
    """Returns a model of class `cls` made from a config of `Functional.get_config`."""
    inputs, outputs = decode_graph(config, custom_objects)
    rest = {key: value for key, value in config.items() if key not in GRAPH_KEYS}
    return cls(inputs=inputs, outputs=outputs, **rest)


def is_made_of_a_graph(cls):
    """Whether a class of models takes the arguments of `Functional`."""
    if cls in (Model, Functional):
        return True
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    kinds = {parameter.kind for parameter in parameters}
    takes_all = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds
    return takes_all or [parameter.name for parameter in parameters[:3]] == ["inputs", "outputs", "name"]


def _check_tensors(inputs, outputs):
    for name, structure in (("inputs", inputs), ("outputs", outputs)):
        leaves = nested.flatten(structure)
        if not leaves:
            raise ValueError(f"`{name}` argument cannot be empty. Received:\ninputs={inputs}\noutputs={outputs}")
        for leaf in leaves:
            if not isinstance(leaf, KerasTensor):
                raise ValueError(
                    f"All `{name}` values must be KerasTensors. Received: {name}={structure} including invalid value {leaf} "
                    f"of type {type(leaf)}\nSuch tensors come from `Input(shape)`, and from layers that are called on them."
                )
    if isinstance(inputs, dict):
        for key, tensor in inputs.items():
            if isinstance(tensor, KerasTensor) and key != tensor.name:
                warnings.warn(
                    "When providing `inputs` as a dict, all keys in the dict must match the names of the corresponding "
                    f"tensors. Received key '{key}' mapping to value {tensor} which has name '{tensor.name}'. Change the "
                    f"tensor name to '{key}' (via `Input(..., name='{key}')`)",
                    stacklevel=4,
                )


def _start_at_inputs(inputs, outputs):
    if all(is_placeholder(tensor) for tensor in nested.flatten(inputs)):
        return inputs, outputs
    return cut_out(inputs, outputs, Input)


def _input_specs(structure):
    """Returns what each input must be like, None for inputs in a dict of dicts or lists."""
    if isinstance(structure, dict):
        if not all(isinstance(tensor, KerasTensor) for tensor in structure.values()):
            return None
        named = [(name, structure[name]) for name in sorted(structure)]
    else:
        named = [(tensor.node.operation.name, tensor) for tensor in nested.flatten(structure)]
    return [
        InputSpec(
            shape=(None, *tensor.shape[1:]),
            allow_last_axis_squeeze=True,
            name=name,
            optional=tensor.node.operation.optional,
        )
        for name, tensor in named
    ]
