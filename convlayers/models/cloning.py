"""Copies of models with new layers."""

import functools

from convlayers import nested
from convlayers.layers.core.input_layer import Input, InputLayer
from convlayers.layers.core.lambda_layer import Lambda
from convlayers.models.functional import Functional, is_made_of_a_graph
from convlayers.models.sequential import Sequential
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.symbolic import FunctionCall, KerasTensor


def clone_model(model, input_tensors=None, clone_function=None, call_function=None, recursive=False, **kwargs):
    """Returns a model like another, with new layers and so with new weights.

    Args:
        model: the model.
        input_tensors: symbolic tensors to begin with, in the structure of `model.input`; by default new placeholders.
        clone_function: function of a layer that returns the layer to take its place: by default, one made from its config. It
            is not called for `InputLayer`s.
        call_function: function `call_function(layer, *args, **kwargs)` that calls each new layer, for models that are graphs.
            It may put other layers before it or behind it.
        recursive: whether the layers of stacks and graphs in the model are cloned one by one, too.

    Returns:
        A model of the same class; compiled alike, if the model is compiled.

    Raises:
        ValueError: if an argument does not fit the kind of the model.

    Example:

    >>> copy = clone_model(model)
    >>> copy.set_weights(model.get_weights())
    """
    cache = kwargs.pop("cache", None)
    if kwargs:
        raise ValueError(f"Unexpected keyword argument(s): {tuple(kwargs)}")
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "`call_function` argument is not supported with Sequential models.  In a Sequential model, layers aren't "
                "called at model-construction time (they're merely listed). Use `call_function` with Functional models only. "
                f"Received model of type '{type(model).__name__}', with call_function={call_function}"
            )
        clone = _clone_stack(model, _Cloning(clone_function, None, recursive, cache), input_tensors)
    elif isinstance(model, Functional):
        clone = _clone_graph(model, _Cloning(clone_function, call_function, recursive, cache), input_tensors)
    else:
        _refuse_for_subclasses(model, input_tensors, clone_function, call_function)
        return deserialize_keras_object(serialize_keras_object(model), {type(model).__name__: type(model)})
    if model.compiled:
        clone.compile_from_config(model.get_compile_config())
    return clone


class _Cloning:
    """What becomes of each layer. One that is there twice is cloned once."""

    def __init__(self, clone_function, call_function, recursive, cache):
        self._clone = clone_function or _make_again
        self._recursive = recursive
        self._known = {} if cache is None else cache
        self._call_function = call_function

    def clone(self, layer):
        if id(layer) not in self._known:
            self._known[id(layer)] = self._clone_once(layer)
        return self._known[id(layer)]

    def call(self, operation, args, kwargs):
        """Calls the clone of a layer; an op is called as it is, and keeps its name."""
        function = _by_its_name(operation) if isinstance(operation, FunctionCall) else self.clone(operation)
        if self._call_function is None:
            return function(*args, **kwargs)
        return self._call_function(function, *args, **kwargs)

    def _clone_once(self, layer):
        if not self._recursive or not isinstance(layer, (Sequential, Functional)):
            return self._clone(layer)
        calls = {} if isinstance(layer, Sequential) else {"call_function": self._call_function}
        return clone_model(layer, clone_function=self._clone, recursive=True, cache=self._known, **calls)


def _by_its_name(operation):
    @functools.wraps(operation.function)
    def function(*args, **kwargs):
        outputs = operation.function(*args, **kwargs)
        nested.flatten(outputs)[0].node.operation.name = operation.name
        return outputs

    return function


def _clone_stack(model, cloning, input_tensors):
    new_layers = [cloning.clone(layer) for layer in model.layers]
    first = model._layers[0] if model._layers else None
    known = {"name": first.name, "optional": first.optional} if isinstance(first, InputLayer) else {}
    if input_tensors is not None:
        new_layers.insert(0, Input(tensor=_single_tensor(input_tensors), **known))
    elif known:
        new_layers.insert(0, Input(batch_shape=first.batch_shape, dtype=first.dtype, **known))
    return Sequential(new_layers, name=model.name, trainable=model.trainable)


def _single_tensor(input_tensors):
    if isinstance(input_tensors, (list, tuple)):
        if len(input_tensors) != 1:
            raise ValueError("Argument `input_tensors` must contain a single tensor.")
        input_tensors = input_tensors[0]
    if not isinstance(input_tensors, KerasTensor):
        raise ValueError(
            f"Argument `input_tensors` must be a KerasTensor. Received invalid value: input_tensors={input_tensors}"
        )
    return input_tensors


def _clone_graph(model, cloning, input_tensors):
    if input_tensors is None:
        input_tensors = nested.map_structure(lambda x: Input(batch_shape=x.shape, dtype=x.dtype, name=x.name), model.input)
    else:
        _check_input_tensors(input_tensors, model.input)
    graph = model._network.graph
    clones = {id(x): tensor for x, tensor in zip(graph.flat_inputs, nested.flatten(input_tensors), strict=True)}

    def of(leaf):
        return clones[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

    for node in graph.nodes:
        if node.inputs:
            args, kwargs = nested.map_structure(of, (tuple(node.args), node.kwargs))
            outputs = cloning.call(node.operation, args, kwargs)
            clones.update(
                (id(x), tensor) for x, tensor in zip(nested.flatten(node.outputs), nested.flatten(outputs), strict=True)
            )
    kind = type(model) if is_made_of_a_graph(type(model)) else Functional
    return kind(input_tensors, nested.map_structure(of, model.output), name=model.name)


def _check_input_tensors(input_tensors, expected):
    if not all(isinstance(x, KerasTensor) for x in nested.flatten(input_tensors)):
        raise ValueError(
            f"All entries in `input_tensors` must be KerasTensors. Received invalid values: inputs_tensors={input_tensors}"
        )
    if _structure(input_tensors) != _structure(expected):
        raise ValueError(
            f"`input_tensors` must have the same structure as model.input\nReference structure: {expected}\n"
            f"Received structure: {input_tensors}"
        )


def _structure(tensors):
    return nested.map_structure(lambda _: None, tensors)


def _refuse_for_subclasses(model, input_tensors, clone_function, call_function):
    if clone_function or input_tensors:
        raise ValueError(
            "Arguments `clone_function` and `input_tensors` are only supported for Sequential models or Functional models. "
            f"Received model of type '{type(model).__name__}', with clone_function={clone_function} and "
            f"input_tensors={input_tensors}"
        )
    if call_function is not None:
        raise ValueError(
            "Argument `call_function` is only supported for Functional models. Received model of type "
            f"'{type(model).__name__}', with call_function={call_function}"
        )


def _make_again(layer):
    config = layer.get_config()
    if isinstance(layer, Lambda):
        # The function is at hand. Its name in the config stands for it only where it is registered.
        config = {**config, "function": layer.function}
    return type(layer).from_config(config)
