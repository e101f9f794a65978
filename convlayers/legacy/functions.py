"""`K.placeholder`, `K.function` and `K.gradients`: parts of a graph as functions on arrays, as in Keras 1 and 2."""

import contextlib
import typing

import numpy as np

from convlayers.autograd import Tape, Tensor, current_tape, value_of
from convlayers.layers import Input
from convlayers.legacy.gradients import gradients_of
from convlayers.legacy.graph_calls import MixedTensors, tensors_before
from convlayers.legacy.second_gradients import differentiable_gradients, read
from convlayers.models import Model
from convlayers.nested import flatten, map_structure
from convlayers.symbolic import FunctionCall, KerasTensor, Node


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """Returns a symbolic tensor, for which `function` takes an array.

    Args:
        shape: with the batch; None stands for any size.
        ndim: the number of axes, in place of `shape`.
        dtype, sparse, name: as of `keras.Input`.

    Raises:
        ValueError: if there is neither.
    """
    if shape is None and ndim is None:
        raise ValueError("`keras.backend.placeholder` takes a `shape`, or the number of axes as `ndim`. Received: neither.")
    shape = (None,) * ndim if shape is None else tuple(shape)
    return Input(batch_shape=shape, dtype=dtype, sparse=sparse, name=name)


class Update(typing.NamedTuple):
    """What a `function` does besides.

    Attributes:
        tensors: list of symbolic tensors.
        assign: function that is called with their values.
    """

    tensors: list
    assign: typing.Callable


def update(variable, new):
    """Gives a variable a value; if that is a symbolic tensor, returns what `function` takes among its `updates`."""
    return Update([new], variable.assign) if isinstance(new, KerasTensor) else variable.assign(new)


def function(inputs, outputs, updates=None, name=None, **kwargs):
    """Returns a function from a list of arrays to a list of arrays: what `outputs` are for these `inputs`.

    Args:
        inputs: list of symbolic tensors, of an `Input` or from the middle of a model. `K.learning_phase()` may be among them:
            then 1 at its place lets layers do what they do while training, 0 what they do otherwise.
        outputs: list of symbolic tensors, variables and arrays; or one, which is returned as it is.
        updates: list of pairs of a variable and the symbolic tensor whose value it gets in each call, after the outputs are
            computed; of what `K.update` returns for such a pair; and of what `optimizer.get_updates` returns.
        name, kwargs: taken for compatibility, without effect.
    """
    updates = [part if isinstance(part, Update) else update(*part) for part in updates or ()]
    wanted = outputs, [part.tensors for part in updates]
    symbols = [tensor for tensor in flatten(wanted) if isinstance(tensor, KerasTensor)]
    tensors = [tensor for tensor in flatten(inputs) if isinstance(tensor, KerasTensor)]
    given = set(map(id, tensors))
    sources = tensors_before(symbols, lambda tensor: id(tensor) in given or _is_source(tensor))
    held = [source for source in sources if _held(source) is not None and id(source) not in given]
    model = Model([*tensors, *held], symbols) if symbols else None

    def call(arrays):
        arrays = list(arrays) if isinstance(inputs, (list, tuple)) else [arrays]
        pairs = list(zip(flatten(inputs), arrays, strict=True))
        phase = any(bool(value) for tensor, value in pairs if not isinstance(tensor, KerasTensor))
        arrays = [value for tensor, value in pairs if isinstance(tensor, KerasTensor)] + list(map(_held, held))
        values = iter(flatten(model(arrays, training=phase)) if model is not None else ())
        found = map_structure(lambda x: next(values) if isinstance(x, KerasTensor) else np.array(value_of(x)), wanted)
        for part, new in zip(updates, found[1], strict=True):
            part.assign(*new)
        return found[0]

    return call


def _is_source(tensor):
    return tensor.node is None or not tensor.node.inputs


def _held(tensor):
    """Returns the array of an `Input(tensor=array)`, None for another symbolic tensor."""
    return None if tensor.node is None else vars(tensor.node.operation).get("held_array")


def gradients(loss, variables):
    """Returns, as a list, symbolic tensors for the gradients of a symbolic tensor, or of its sum.

    Args:
        loss: symbolic tensor.
        variables: one or a list of symbolic tensors that `loss` is computed from, or of variables.

    Raises:
        TypeError: if `loss` is an array.
    """
    if not isinstance(loss, KerasTensor):
        raise MixedTensors(
            "`keras.backend.gradients` takes a symbolic tensor, such as `model.output`. "
            f"Received: loss of type {type(loss)}\nFor those of arrays, use `tf.GradientTape`."
        )
    variables = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    tensors = [variable for variable in variables if isinstance(variable, KerasTensor)]
    known = set(map(id, tensors))
    sources = tensors_before(loss, lambda tensor: id(tensor) in known or _is_source(tensor))
    others = [source for source in sources if id(source) not in known]
    behind = Model([*tensors, *others], loss)

    def gradient(xs):
        outer = current_tape()
        if outer is not None:  # in training: the gradients may be a part of what is differentiated
            outer.calls = outer.calls or {}
        with contextlib.nullcontext(outer) if outer is not None else Tape() as tape:
            watched = [read(x) if isinstance(x, Tensor) else tape.watch(x) for x in xs[: len(tensors)]]
            y = behind([*watched, *xs[len(tensors) :]])
        watched = iter(watched)
        wanted = [next(watched) if isinstance(variable, KerasTensor) else variable for variable in variables]
        if outer is None:
            found = gradients_of(tape, y, wanted)
        else:
            found = differentiable_gradients(tape, [y], [np.ones(y.shape, y.dtype)], wanted)
        if any(gradient is None for gradient in found):
            raise ValueError(f"{loss!r} does not depend on all of the tensors that its gradients are asked for.")
        return tuple(found)

    outputs = tuple(KerasTensor(variable.shape, variable.dtype) for variable in variables)
    return list(Node(FunctionCall(gradient), ([*tensors, *others],), {}, outputs).outputs)


def updates_of(optimizer, *args, loss=None, params=None, constraints=None):
    """Returns what `function` takes as `updates` to train with an optimizer.

    Args:
        args: the loss and the variables, as in Keras 2; or the variables, a dict or list without effect and the loss, as in
            Keras 1.
        loss: symbolic tensor.
        params: list of variables.
        constraints: taken for compatibility: variables have their own.
    """
    if len(args) == 3:
        params, _, loss = args
    else:
        loss, params = (*args, *[part for part in (loss, params) if part is not None])
    return [Update(gradients(loss, params), lambda *found: optimizer.apply(found, params))]
