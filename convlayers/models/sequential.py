"""Models that are a stack of layers."""

import inspect

from convlayers.layers.core.input_layer import InputLayer
from convlayers.layers.layer import Layer
from convlayers.layers.mask_passing import with_masks
from convlayers.models.layer_entries import make_layer
from convlayers.models.model import Model
from convlayers.models.network import Network
from convlayers.naming import auto_name, name_scope
from convlayers.serialization import serialize_keras_object
from convlayers.symbolic import KerasTensor
from convlayers.validation import standardize_shape


class Sequential(Model):
    """A model that is a stack of layers: each takes what the one before it returns.

    The first may be an `Input`. Without one, the layers are built when the model is first called, or by `build`.

    Args:
        layers: list of layers.
        trainable: whether the weights are trained.
        name: the model's name.

    Raises:
        ValueError: if one of the layers is none, or does not fit the one before it, or if two have the same name.

    Example:

    >>> model = Sequential([Input((28, 28, 1)), Conv2D(32, 3, activation="relu"), Flatten(), Dense(10)])
    >>> model.output_shape
    (None, 10)
    """

    def __init__(self, layers=None, trainable=True, name=None):
        Layer.__init__(self, trainable=trainable, name=name)
        self._initialize_training()
        # The stack as a graph, once the shape of the inputs is known.
        self._network = None
        for layer in layers or ():
            self._put(layer)
        self._connect()

    def add(self, layer, rebuild=True):
        """Puts a layer on top of the stack.

        Args:
            layer: a layer, or the symbolic tensor of an `Input`.
            rebuild: whether to connect it at once, if the shape of the inputs is known.

        Raises:
            ValueError: if it is none, or does not fit the layer below it, or if its name is that of another.
        """
        height = len(self._layers)
        self._put(layer)
        try:
            if not rebuild:
                self._disconnect()
            elif self._network is None:
                self._connect()
            else:
                self._extend(self._layers[-1])
        except Exception:
            del self._layers[height:]
            raise

    def pop(self, rebuild=True):
        """Takes the top layer off the stack, and returns it.

        Args:
            rebuild: whether to connect the rest at once, if the shape of the inputs is known.

        Raises:
            IndexError: if there is none.
        """
        layer = self._layers.pop()
        self._disconnect()
        if rebuild:
            self._connect()
        return layer

    def _put(self, layer):
        """Appends a layer, after it was checked, and an `InputLayer` below it if its `input_shape` asks for one."""
        if isinstance(layer, KerasTensor) and layer.node is not None and isinstance(layer.node.operation, InputLayer):
            layer = layer.node.operation
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Only instances of `keras.Layer` can be added to a Sequential model. Received: {layer} (of type {type(layer)})"
                + (
                    f"\nThat is a class. A layer is made by calling it: `{layer.__name__}(...)`."
                    if isinstance(layer, type)
                    else ""
                )
            )
        if any(other.name == layer.name and other is not layer for other in self._layers):
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name '{layer.name}' is already the name of "
                "a layer in this model. Update the `name` argument to pass a unique name."
            )
        first = self._layers[0] if self._layers else None
        if isinstance(layer, InputLayer) and isinstance(first, InputLayer):
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use input shape {first.batch_shape}. You "
                "cannot add a different Input layer to it."
            )
        if first is None and layer._input_shape_argument is not None:
            self._layers.append(InputLayer(shape=layer._input_shape_argument))
        self._layers.append(layer)

    def _lock_state(self):
        """Does nothing: the stack may change."""

    # Building ---------------------------------------------------------------------------------------------------------

    def _disconnect(self):
        self._network = None
        self.built = False

    def _connect(self):
        """Builds the model if its first layer knows the shape of its inputs."""
        if len(self._layers) < 2:
            return
        first = self._layers[0]
        shape = first.batch_shape if isinstance(first, InputLayer) else getattr(first, "input_shape", None)
        if shape is not None:
            self.build(shape)

    def build(self, input_shape=None):
        """Builds the layers.

        Args:
            input_shape: the shape of the inputs with the batch, as None.

        Raises:
            ValueError: if there are no layers, or one does not fit the one below it, or there is an `Input` of another shape.
        """
        try:
            input_shape = standardize_shape(input_shape)
        except ValueError:
            # Several inputs: the layers are built when they are called.
            return
        if not self._layers:
            raise ValueError(f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`.")
        first = self._layers[0]
        if not isinstance(first, InputLayer):
            first = InputLayer(batch_shape=input_shape, dtype=first.compute_dtype)
        elif not _agree(first.batch_shape, input_shape):
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use input shape {first.batch_shape}. You "
                f"cannot build it with input_shape {input_shape}"
            )
        outputs = first.output
        try:
            for layer in self.layers:
                outputs = _call(layer, outputs)
        except NotImplementedError:
            # A layer that does not know the shape of its outputs: those behind it are built when they are called.
            return
        self._connect_to(first.output, outputs)
        if self._layers[0] is not first:
            self._layers.insert(0, first)

    def _extend(self, layer):
        """Connects one more layer to a model that is built."""
        graph = self._network.graph
        with name_scope.inside(self.name):
            outputs = _call(layer, graph.outputs)
        self._connect_to(graph.inputs, outputs)

    def _connect_to(self, inputs, outputs):
        # Keras has a functional model here, which takes a name: models to come are called as there.
        auto_name("functional")
        self._network = Network(inputs, outputs, self.name)

    # Calling ----------------------------------------------------------------------------------------------------------

    def call(self, inputs, training=None, mask=None):
        if mask is not None:
            inputs = with_masks(inputs, mask)
        if self._network is not None:
            return self._network(inputs, training)
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def _cast_input(self, x):
        # A model that knows its input casts to the type of that, as the network does.
        return super()._cast_input(x) if self._network is None else x

    def compute_output_spec(self, inputs, training=None, mask=None):
        if self._network is not None:
            return self._network.infer(inputs)
        for layer in self.layers:
            inputs = layer.symbolic_call(inputs)
        return inputs

    def compute_output_shape(self, input_shape):
        if self._network is not None:
            return self._network.infer_shapes(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    # Parts ------------------------------------------------------------------------------------------------------------

    @property
    def layers(self):
        """The layers, without the `InputLayer`."""
        return list(self._layers[1:] if self._layers and isinstance(self._layers[0], InputLayer) else self._layers)

    @layers.setter
    def layers(self, _):
        raise AttributeError(
            "`Sequential.layers` attribute is reserved and should not be used. Use `add()` and `pop()` to change the layers in "
            "this model."
        )

    # As of any layer, once the model is a layer of another one.

    @property
    def input(self):
        return super().input if self.nodes else self._built_network("input").graph.inputs

    @property
    def output(self):
        return super().output if self.nodes else self._built_network("output").graph.outputs

    @property
    def inputs(self):
        return list(self._built_network("inputs").graph.flat_inputs)

    @property
    def outputs(self):
        return list(self._built_network("outputs").graph.flat_outputs)

    @property
    def input_shape(self):
        return self._built_network("input shape").input_shape

    @property
    def output_shape(self):
        return self._built_network("output shape").output_shape

    def _built_network(self, what):
        if self._network is None:
            raise AttributeError(
                f"Sequential model '{self.name}' has no defined {what} yet.\nBegin the stack with `Input(shape)`, or call "
                "`model.build(input_shape)`."
            )
        return self._network

    # Config -----------------------------------------------------------------------------------------------------------

    def get_config(self):
        config = {**super().get_config(), "layers": [serialize_keras_object(layer) for layer in self._layers]}
        if self._network is not None:
            config["build_input_shape"] = self._layers[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns a model made from a config of `get_config`, of any version of Keras."""
        if isinstance(config, list):  # before Keras 2.2.3
            config = {"name": None, "layers": config}
        if "name" not in config:
            raise ValueError(
                "A Sequential model configuration must be a dictionary containing the 'name' and 'layers' keys. "
                f"Received: config={config}"
            )
        model = cls(name=config["name"])
        for index, entry in enumerate(config["layers"]):
            model.add(make_layer(entry, index, custom_objects), rebuild=False)
        model._connect()
        for _ in model.layers[1:] if model._network is not None else ():
            auto_name("functional")  # Keras connects the stack anew with each layer
        shape = config.get("build_input_shape")
        if model._network is None and isinstance(shape, (tuple, list)):
            model.build(shape)
        return model


def _agree(shape, other):
    """Whether two shapes may be those of the same array."""
    return len(shape) == len(other) and all(None in pair or len(set(pair)) == 1 for pair in zip(shape, other, strict=True))


def _call(layer, inputs):
    """Calls a layer on a symbolic tensor. An error about its arguments says that it may have only one."""
    try:
        return layer(inputs)
    except TypeError as error:
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        arguments = [argument for argument in inspect.signature(layer.call).parameters.values() if argument.kind in kinds]
        required = [argument for argument in arguments if argument.default is inspect.Parameter.empty]
        if not arguments:
            raise ValueError(
                "Layers added to a Sequential model should have a single positional argument, the input tensor. "
                f"Layer {type(layer).__name__} has no positional arguments."
            ) from error
        if len(required) > 1:
            raise ValueError(
                "Layers added to a Sequential model can only have a single required positional argument, the input tensor. "
                f"Layer {type(layer).__name__} has multiple required positional arguments: {required}"
            ) from error
        raise
