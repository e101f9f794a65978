"""`K.placeholder`, `K.function` and `K.gradients`: parts of a graph as functions on arrays, as in Keras 1 and 2."""

from convlayers.autograd import Tape, value_of
from convlayers.layers import Input
from convlayers.legacy.gradients import gradients_of
from convlayers.models import Model
from convlayers.nested import flatten, map_structure
from convlayers.symbolic import FunctionCall, KerasTensor, Node
from convlayers.utils import get_source_inputs


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """Returns a symbolic tensor, for which `function` takes an array.

    Args:
        shape: with the batch; None stands for any size.
        ndim: the number of axes, in place of `shape`.
        dtype, sparse, name: as of `keras.Input`.
    """
    shape = (None,) * ndim if shape is None else tuple(shape)
    return Input(batch_shape=shape, dtype=dtype, sparse=sparse, name=name)


def function(inputs, outputs, updates=None, name=None, **kwargs):
    """Returns a function from a list of arrays to a list of arrays: what `outputs` are for these `inputs`.

    Args:
        inputs: list of symbolic tensors, of an `Input` or from the middle of a model. `K.learning_phase()` may be among them:
            then 1 at its place lets layers do what they do while training, 0 what they do otherwise.
        outputs: list of symbolic tensors, variables and arrays; or one, which is returned as it is.
        updates: taken for compatibility; must be empty.
        name, kwargs: taken for compatibility, without effect.

    Raises:
        NotImplementedError: if there are `updates`.
    """
    if updates:
        raise NotImplementedError(
            "`keras.backend.function` makes no functions that train. Use `model.train_on_batch(x, y)`, or a `tf.GradientTape`."
        )
    tensors = [tensor for tensor in flatten(inputs) if isinstance(tensor, KerasTensor)]
    computed = [output for output in flatten(outputs) if isinstance(output, KerasTensor)]
    model = Model(tensors, computed) if computed else None

    def call(arrays):
        arrays = list(arrays) if isinstance(inputs, (list, tuple)) else [arrays]
        phase = [value for value, tensor in zip(arrays, flatten(inputs), strict=True) if not isinstance(tensor, KerasTensor)]
        arrays = [value for value, tensor in zip(arrays, flatten(inputs), strict=True) if isinstance(tensor, KerasTensor)]
        values = iter(flatten(model(arrays, training=any(map(bool, phase)))) if model is not None else ())
        return map_structure(lambda output: next(values) if isinstance(output, KerasTensor) else value_of(output), outputs)

    return call


def gradients(loss, variables):
    """Returns, as a list, symbolic tensors for the gradients of a symbolic tensor, or of its sum.

    Args:
        loss: symbolic tensor.
        variables: one or a list of symbolic tensors that `loss` is computed from, or of variables.

    Raises:
        TypeError: if `loss` is an array.
    """
    if not isinstance(loss, KerasTensor):
        raise TypeError(
            "`keras.backend.gradients` takes a symbolic tensor, such as `model.output`. "
            f"Received: loss of type {type(loss)}\nFor those of arrays, use `tf.GradientTape`."
        )
    variables = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    tensors = [variable for variable in variables if isinstance(variable, KerasTensor)]
    sources = get_source_inputs(loss)
    others = [source for source in sources if not any(source is tensor for tensor in tensors)]
    before = Model(sources, tensors) if tensors else None
    behind = Model([*tensors, *others], loss)

    def gradient(xs):
        known = dict(zip(map(id, sources), xs, strict=True))
        values = flatten(before(list(xs))) if tensors else []
        with Tape() as tape:
            watched = [tape.watch(value) for value in values]
            y = behind([*watched, *(known[id(source)] for source in others)])
        watched = iter(watched)
        wanted = [next(watched) if isinstance(variable, KerasTensor) else variable for variable in variables]
        found = gradients_of(tape, y, wanted)
        if any(gradient is None for gradient in found):
            raise ValueError(f"{loss!r} does not depend on all of the tensors that its gradients are asked for.")
        return tuple(found)

    outputs = tuple(KerasTensor(variable.shape, variable.dtype) for variable in variables)
    return list(Node(FunctionCall(gradient), (sources,), {}, outputs).outputs)
