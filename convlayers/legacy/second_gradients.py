"""Gradients that have gradients, for a tape inside another one.

The way back is computed by what the tape outside records. No op needs another kernel for that: where an op is linear in an
array, the gradient for that array is linear in the gradient for the result, and the way back from it is the op itself. So the
two passes of a convolution give its second gradients too. Ops that go element by element have the derivative as a formula, or
as constant factors where it is the same to both sides. Others are written in terms of these, or refuse.
"""

import inspect

import numpy as np

from convlayers import _native, ops
from convlayers.autograd import Operand, Tensor, differentiable, value_of
from convlayers.nested import flatten
from convlayers.ops.bias_activation import LINEAR, fused_code
from convlayers.ops.conv import _conv
from convlayers.ops.conv_transpose import _conv_transpose
from convlayers.ops.cutting import _unstack
from convlayers.ops.dense import _dense
from convlayers.ops.linear import batch_dot
from convlayers.ops.normalization import batch_normalization_training
from convlayers.ops.reductions import euclidean_norm
from convlayers.ops.shaping import _stack


@differentiable
def read(x):
    """Returns an array as it is: what is computed from the result is not computed from the array's other uses."""
    return x, lambda d_y: d_y


# Linear in all arrays together: by the names of these arguments.
_LINEAR = {
    **dict.fromkeys((ops.add, ops.subtract), ("x1", "x2")),
    ops.where: ("x1", "x2"),
    **dict.fromkeys((ops.concatenate, _stack), ("xs",)),
    **dict.fromkeys((ops.sum, ops.mean, ops.cumsum, ops.pad, ops.cast, ops.copy, ops.diagonal, ops.tril, ops.triu), ("x",)),
    **dict.fromkeys((ops.reshape, ops.ravel, ops.squeeze, ops.expand_dims, ops.broadcast_to, ops.transpose), ("x",)),
    **dict.fromkeys((ops.moveaxis, ops.swapaxes, ops.flip, ops.roll, ops.repeat, ops.tile, ops.take, ops.get_item), ("x",)),
    **dict.fromkeys((ops.split, _unstack, read), ("x",)),
    **dict.fromkeys((ops.average_pool, ops.global_average_pool), ("inputs",)),
}
# Linear in each array, if the others stay what they are.
_MULTILINEAR = {
    **dict.fromkeys((ops.multiply, ops.matmul, ops.tensordot, batch_dot), ("x1", "x2")),
    **dict.fromkeys((_conv, _conv_transpose, _dense), ("inputs", "kernel")),
}
# What these add besides, and what of their arguments the product alone goes without.
_PRODUCT_ALONE = {"bias": None, "activation": LINEAR, "kept": None, "pool": None}
# Element by element, with a slope that does not change near a number.
_OF_PIECES = {ops.relu, ops.relu6, ops.leaky_relu, ops.hard_tanh, ops.hard_sigmoid, ops.dropout, ops.clip}
# Element by element: the derivative by what was given and what came out.
_DERIVATIVES = {
    ops.sigmoid: lambda x, y: y * (1 - y),
    ops.tanh: lambda x, y: 1 - y * y,
    ops.softplus: lambda x, y: ops.sigmoid(x),
    ops.silu: lambda x, y: y + ops.sigmoid(x) * (1 - y),
    ops.rsqrt: lambda x, y: -0.5 * y / x,
}


def _slope(code, y):
    """Returns the derivative of an activation that kernels apply to their results, by these; None if there is no formula."""
    if code in _FUSED_OF_PIECES:
        values = np.ascontiguousarray(y.value)
        slope = np.empty_like(values)
        kernels = _native.kernels(values.dtype).elementwise
        kernels.activation_backward(code, values.reshape(-1), np.ones(values.size, values.dtype), slope.reshape(-1))
        return slope
    return _FUSED[code](None, y) if code in _FUSED else None


_FUSED = {
    **{fused_code(op): _DERIVATIVES[op] for op in (ops.sigmoid, ops.tanh)},
    fused_code(ops.softplus): lambda x, y: 1 - ops.exp(-y),
    fused_code(ops.elu): lambda x, y: ops.where(y > 0, 1, y + 1),
}
_FUSED_OF_PIECES = {fused_code(op) for op in _OF_PIECES} - {None}


def _softmax(x, axis=-1):
    e = ops.exp(ops.subtract(x, ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))))
    return e / ops.sum(e, axis=axis, keepdims=True)


def _variance(x, axis=None, keepdims=False):
    return ops.mean(ops.square(x - ops.mean(x, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)


def _batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    def along_axis(vector):
        return ops.reshape(vector, [-1 if place == axis % len(x.shape) else 1 for place in range(len(x.shape))])

    y = (x - along_axis(mean)) * along_axis(ops.rsqrt(variance + epsilon))
    y = y if scale is None else y * along_axis(scale)
    return y if offset is None else y + along_axis(offset)


def _batch_normalization_training(x, offset=None, scale=None, axis=-1, epsilon=1e-3, activation=None):
    axes = [place for place in range(len(x.shape)) if place != axis % len(x.shape)]
    mean, variance = ops.mean(x, axes), _variance(x, axes)
    y = _batch_normalization(x, mean, variance, axis, offset, scale, epsilon)
    return y if activation is None else activation(y)


# Written in terms of the others.
_COMPOSED = {
    ops.batch_normalization: _batch_normalization,
    batch_normalization_training: _batch_normalization_training,
    **dict.fromkeys((ops.divide, ops.true_divide), lambda x1, x2: ops.multiply(x1, ops.reciprocal(x2))),
    ops.softmax: _softmax,
    ops.var: _variance,
    ops.std: lambda x, axis=None, keepdims=False: ops.sqrt(_variance(x, axis, keepdims)),
    euclidean_norm: lambda x, axis=None, keepdims=False: ops.sqrt(ops.sum(ops.square(x), axis, keepdims)),
}


def differentiable_gradients(tape, targets, d_targets, sources):
    """Returns the gradients of targets for sources as tensors on the same tape, None where there are none.

    Args:
        tape: a `Tape` that records, and has the `calls` of what led from the sources to the targets.
        targets: list of tensors.
        d_targets: list of the gradients for them.
        sources: list of variables, tensors and watched arrays.
    """
    led_to, steps = set(sources), []
    for number, record in enumerate(tape._records):
        if any(x is not None and x in led_to for x in record[0]):
            led_to.update(flatten(record[1]))
            steps.append((number, record))
    sums = {}
    for target, d_target in zip(targets, d_targets, strict=True):
        _add(sums, target, d_target)
    for number, record in reversed(steps):
        d_outputs = [sums.get(output) for output in flatten(record[1])]
        if any(d_output is not None for d_output in d_outputs):
            step = _Step(tape, record, tape.calls.get(number), d_outputs)
            for place, x in enumerate(record[0]):
                if x is not None and x in led_to:
                    _add(sums, x, step.gradient_for(place))
    return [sums.get(source) for source in sources]


def _add(sums, x, gradient):
    if gradient is not None:
        sums[x] = ops.add(sums[x], gradient) if x in sums else gradient


class _Step:
    """The way back through one op.

    Args:
        tape: the tape that records it.
        record: what the tape has of the op.
        call: the op, its positional and its other arguments; None if the tape does not know them.
        d_outputs: list of the gradients for its results.
    """

    def __init__(self, tape, record, call, d_outputs):
        self._tape, self._d_outputs = tape, d_outputs
        self._inputs, self._outputs, self._backward, _, self._overwrites = record
        self._op, args, kwargs = call or (None, (), {})
        if call:
            arguments = inspect.signature(self._op).bind(*args, **kwargs)
            arguments.apply_defaults()
            self._arguments = arguments.arguments
            self._names = ["xs"] * len(self._inputs) if "xs" in self._arguments else list(self._arguments)

    def gradient_for(self, place):
        op, formula = self._op, getattr(self._op, "derivative", _DERIVATIVES.get(self._op))
        if op in _LINEAR and self._names[place] in _LINEAR[op]:
            return self._of_linear(place)
        if op in _MULTILINEAR:
            return self._of_product(place)
        if formula is not None:
            return ops.multiply(self._d_outputs[0], formula(next(iter(self._arguments.values())), self._outputs))
        if op in _OF_PIECES:
            slope = self._go_back(self._backward, [np.ones_like(self._outputs.value)])[place]()
            return ops.multiply(self._d_outputs[0], slope)
        if op is ops.power and place == 0:
            base, exponent = self._arguments.values()
            return ops.multiply(
                self._d_outputs[0], exponent * ops.power(base, ops.where(exponent == 0, exponent, exponent - 1))
            )
        if op in _COMPOSED:
            return self._of_composed(place)
        if op is ops.max_pool:  # which numbers are the largest does not change near them
            return self._without_gradient(place, of=self._d_outputs)
        return self._without_gradient(place)

    def _of_linear(self, place):
        zeros = dict.fromkeys(_LINEAR[self._op], 0)
        if self._names[place] == "xs":
            arrays = [np.zeros_like(value_of(x)) for x in self._arguments["xs"]]
            return self._transposed(place, [], lambda v: {"xs": [*arrays[:place], v, *arrays[place + 1 :]]})
        name = self._names[place]
        return self._transposed(place, [], lambda v: {**zeros, name: v})

    def _of_product(self, place):
        name, factors = self._names[place], _MULTILINEAR[self._op]
        alone = {key: value for key, value in _PRODUCT_ALONE.items() if key in self._arguments}
        code, d_outputs = self._arguments.get("activation", LINEAR), self._d_outputs
        slope = None if code == LINEAR else _slope(code, self._outputs)
        if (slope is None) != (code == LINEAR) or self._arguments.get("pool") is not None:
            return self._without_gradient(place)
        if slope is not None:
            d_outputs = [ops.multiply(d_outputs[0], slope)]
        if name == "bias":
            zeros = np.zeros_like(value_of(self._arguments[factors[0]]))
            return self._transposed(place, [], lambda v: {**alone, "bias": v, factors[0]: zeros}, d_outputs)
        others = [other for other, key in enumerate(self._names) if key in factors and other != place]
        return self._transposed(place, others, lambda v: {**alone, name: v}, d_outputs)

    def _transposed(self, place, others, changed, d_outputs=None):
        """Returns the gradient for an array in which the op is linear, whose own way back is the op.

        Args:
            place: the number of the array.
            others: numbers of the arrays that the gradient depends on, too.
            changed: function of a value for the array that returns the arguments of the op that are others than they were.
            d_outputs: gradients for the results, before an activation.
        """
        d_outputs = d_outputs or self._d_outputs
        d_values = [value_of(d_output) for d_output in d_outputs]

        def forward(v):
            arguments = {name: value_of(x) for name, x in self._arguments.items()} | changed(v)
            return self._op.__wrapped__(*inspect.BoundArguments(inspect.signature(self._op), arguments).args)

        def backward(v):
            results, again = forward(v)
            results = results if isinstance(self._outputs, tuple) else (results,)
            gradients = self._go_back(again, d_values) if others else ()
            return (*results, *[gradients[other] for other in others])

        result = self._go_back(self._backward, [value_of(d_output) for d_output in self._d_outputs])[place]()
        inputs = [x if isinstance(x, Tensor) else None for x in d_outputs] + [self._inputs[other] for other in others]
        return self._record(inputs, result, backward)

    def _of_composed(self, place):
        y = _COMPOSED[self._op](**self._arguments)
        # Of several results, statistics are behind the first: no gradient passes through them.
        return differentiable_gradients(self._tape, [y], self._d_outputs[:1], [self._inputs[place]])[0]

    def _without_gradient(self, place, of=None):
        name = getattr(self._op, "__name__", "a function").lstrip("_")

        def backward(d_gradient):
            raise NotImplementedError(
                f"The gradient of a gradient of `{name}` was asked for, from a tape around the one that gave it. There is none "
                "here. Use `tf.stop_gradient(gradient)` where it is to count as a constant."
            )

        result = self._go_back(self._backward, [value_of(d_output) for d_output in self._d_outputs])[place]()
        inputs = (*self._inputs, *self._d_outputs) if of is None else of
        return self._record([x if isinstance(x, Operand) else None for x in inputs], result, backward)

    def _record(self, inputs, result, backward):
        """Returns a gradient on the tape; one that depends on no tensor, as it is."""
        return self._tape.record(inputs, result, backward) if any(x is not None for x in inputs) else result

    def _go_back(self, backward, d_outputs):
        """Returns what a backward pass makes of gradients: for each array a function that returns that for it."""
        several = isinstance(self._outputs, tuple)
        d_y = tuple(d_outputs) if several else d_outputs[0]
        gradients = backward(d_y, (False,) * len(d_outputs) if several else False) if self._overwrites else backward(d_y)
        gradients = gradients if type(gradients) in (tuple, list) else (gradients,)
        return [gradient if callable(gradient) else lambda gradient=gradient: gradient for gradient in gradients]
