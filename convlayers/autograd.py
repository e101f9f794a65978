"""The tape: how functions on arrays become differentiable.

An op is written once, as its forward pass and, beside it, its backward pass:

    @differentiable
    def relu(x):
        y = np.maximum(x, 0)

        def backward(d_y):
            return d_y * (y > 0)

        return y, backward

Called on plain arrays it returns `y`. Called on a `Tensor` (or a trainable `Variable`) while a `Tape` records, it returns a
`Tensor` and the tape keeps `backward`. Called on a symbolic tensor, it adds a node to a model's graph (`symbolic.py`).
`Tape.backward` runs what was kept in reverse order, which is a topological order, and adds gradients where paths meet.

Rules for an op:

* Its arrays are its leading positional parameters, or one list of arrays as the first, which is then called `xs`.
* `backward` returns one gradient for one array, else a tuple in the order of the arrays, None where there is none.
* A gradient that costs real work is returned as a function of no arguments. It is called only if that gradient is wanted:
  the first layer of a network never computes the gradient for the images.
* A gradient has the shape of its array. Its dtype may be another: the tape converts it.
* `backward` keeps what it refers to in memory until it has run: a shape where the shape will do, not the array.
* An op without a gradient returns None in place of `backward`.
* With several outputs, `y` is a tuple, and `backward` gets a tuple of gradients, None for an output that nothing used.
* `@differentiable(new_gradients=True)` is a promise: every gradient is an array that nothing else refers to, unlike those
  of an addition, which are what `backward` was given. The tape may write to such arrays.
* With `overwrites=True`, `backward` gets a second argument: whether the gradient that it is given is such an array, which
  will not be used any more, so that it may write its own there; with several outputs, a tuple of these.

The scheme is reverse-mode differentiation on a Wengert list (Griewank and Walther, Evaluating Derivatives, section 3.2).
"""

import functools
import inspect
import operator
import threading

import numpy as np

from convlayers._native import memory
from convlayers.launching import compute, launch


class Operand:
    """Anything but a plain array that an op takes: a `Tensor`, a `Variable`, or a symbolic tensor.

    Arithmetic operators, comparison, slicing and what NumPy's functions do with it are attached by `ops.operators`.
    """

    __slots__ = ()

    symbolic = False

    def __array__(self, dtype=None, copy=None):
        if self.symbolic:
            raise ValueError(
                "A KerasTensor is symbolic: it's a placeholder for a shape an a dtype. It doesn't have any actual "
                "numerical value. You cannot convert it to a NumPy array."
            )
        if isinstance(self, Tensor):
            raise TypeError(
                "A tensor that is being differentiated was given to a NumPy function, which would lose its gradient. "
                "Use the function of the same name in `convlayers.ops`, or `ops.stop_gradient(x)` for its values."
            )
        return np.array(self.value, dtype=dtype, copy=copy)


class Tensor(Operand):
    """An array on a tape."""

    __slots__ = ("value",)

    requires_gradient = True
    # Known by its identity, whatever `==` is for arrays.
    __hash__ = object.__hash__

    def __init__(self, value):
        self.value = value

    shape = property(operator.attrgetter("value.shape"))
    ndim = property(operator.attrgetter("value.ndim"))
    dtype = property(operator.attrgetter("value.dtype"))

    def __len__(self):
        return len(self.value)

    def __repr__(self):
        return f"<Tensor shape={self.shape}, dtype={self.dtype}>"


class Tape:
    """Records the ops that run inside `with Tape() as tape:`, to run their backward passes later.

    Tapes nest; the innermost records. Each thread has its own.
    """

    def __init__(self):
        self._records = []
        # A dict here is told, by the number of the record, what each op was called with. Gradients of gradients need that.
        self.calls = None

    def __enter__(self):
        _recording.stack.append(self)
        return self

    def __exit__(self, *exception):
        _recording.stack.pop()

    @staticmethod
    def watch(array):
        """Returns `array` as a `Tensor`, so that its gradient is computed."""
        return Tensor(array)

    def record(self, inputs, y, backward, new_gradients=False, overwrites=False):
        """Keeps one op: its inputs in order (None where no gradient is wanted), its backward pass, and what it promises."""
        several = type(y) is not np.ndarray and isinstance(y, (tuple, list))
        outputs = tuple([Tensor(part) for part in y]) if several else Tensor(y)
        self._records.append((inputs, outputs, backward, new_gradients, overwrites))
        return outputs

    def take_over(self, other):
        """Goes on with what another tape has recorded."""
        self._records += other._records

    @memory.pooled
    def backward(self, targets, d_targets, sources=(), retain=False):
        """Adds to `variable.grad` of every variable that was used, and returns the gradients of `sources`.

        Args:
            targets: list of tensors to differentiate. Arrays among them (nothing trainable led to them) are skipped.
            d_targets: list of arrays, the gradient for each of them.
            sources: list of tensors from `watch`.
            retain: keep the records, so that `backward` can be called again. Otherwise the memory of the forward pass is
                given back as the backward pass proceeds.

        Returns:
            A list of arrays, one for each of `sources`, None where it had no part in the targets.
        """
        # For each tensor the sum of its gradients so far, and whether nothing else refers to that array.
        sums = {}
        for target, d_target in zip(targets, d_targets, strict=True):
            if isinstance(target, Tensor):
                sums[target] = _add(sums.get(target), d_target.astype(target.dtype, copy=False), False)
        records = list(self._records) if retain else self._records
        while records:
            inputs, outputs, backward, new_gradients, overwrites = records.pop()
            if type(outputs) is tuple:
                known = len(sums)
                pairs = [sums.pop(output, _NOTHING) for output in outputs]
                if len(sums) == known:
                    continue
                d_outputs, owned = zip(*pairs, strict=True)
                del pairs
            else:
                d_outputs, owned = sums.pop(outputs, _NOTHING)
                if d_outputs is None:
                    continue
            d_inputs = backward(d_outputs, owned) if overwrites else backward(d_outputs)
            # What the gradients below do not refer to is let go before they take memory.
            del outputs, backward, d_outputs
            if type(d_inputs) is not tuple and type(d_inputs) is not list:
                d_inputs = (d_inputs,)
            # There are inputs without gradients behind the arrays, or gradients of arguments that were left out.
            for source, gradient in zip(inputs, d_inputs, strict=False):
                if source is None or gradient is None:
                    continue
                if type(gradient) is not np.ndarray and callable(gradient):
                    gradient = gradient()
                dtype = source.value.dtype
                if gradient.dtype is not dtype:
                    gradient = gradient.astype(dtype, copy=False)
                if type(source) is Tensor:
                    sums[source] = _add(sums.get(source), gradient, new_gradients)
                else:
                    source.grad = gradient if source.grad is None else compute(np.add, source.grad, gradient)
            del d_inputs, gradient
        return [sums.get(source, _NOTHING)[0] for source in sources]


def _add(before, gradient, owned):
    """Returns the sum of a tensor's gradients, and whether nothing else refers to that array.

    Args:
        before: such a pair, None for the first gradient.
        gradient: what is added.
        owned: whether nothing else refers to it.
    """
    # What has no axes may be a scalar, to which nothing can be written.
    owned = owned and type(gradient) is np.ndarray
    if before is None:
        return gradient, owned
    # In place only where the array is the tape's own: a backward pass may return the very array it was given.
    total, total_owned = before
    out = total if total_owned else gradient if owned else None
    if out is None:
        total = compute(np.add, total, gradient)
    else:
        launch(np.add, total, gradient, out)
        total = out
    return total, type(total) is np.ndarray


_NOTHING = None, False


class _Recording(threading.local):
    def __init__(self):
        self.stack = []


_recording = _Recording()


def current_tape():
    """Returns the tape that records in this thread, or None."""
    stack = _recording.stack
    return stack[-1] if stack else None


def value_of(x):
    """Returns the plain array behind a tensor or variable; anything else as it is."""
    if type(x) is np.ndarray:  # what most of them are
        return x
    return x.value if isinstance(x, Operand) and not x.symbolic else x


# What most arguments are, by type: it takes Python longer to see that they are no instances of a class.
_NO_OPERANDS = frozenset((np.ndarray, int, float, bool, str, type(None)))


# What is none, and holds none, in the place of an array.
_NO_ARRAYS = _NO_OPERANDS | {tuple}


def differentiable(forward=None, *, new_gradients=False, overwrites=False):
    """Makes an op of a function that returns its result and its backward pass. The module's docstring has the rules."""
    if forward is None:
        return functools.partial(differentiable, new_gradients=new_gradients, overwrites=overwrites)
    signature = inspect.signature(forward)
    takes_list = next(iter(signature.parameters)) == "xs"
    passed_over = _NO_OPERANDS if takes_list else _NO_ARRAYS

    @functools.wraps(forward)
    def op(*args, **kwargs):
        if kwargs:
            for argument in kwargs.values():
                if type(argument) not in passed_over and _is_operand(argument):
                    bound = signature.bind(*args, **kwargs)
                    if bound.kwargs:  # behind an argument that is not given, nothing counts as positional
                        bound.apply_defaults()
                    args, kwargs = bound.args, bound.kwargs
                    break
        for argument in args:
            kind = type(argument)
            if kind not in passed_over and (kind is Tensor or _is_operand(argument)):
                return differentiate(args, kwargs)
        return forward(*args, **kwargs)[0]

    def differentiate(args, kwargs):
        values = [*args[0]] if takes_list else [*args]
        inputs = [None] * len(values)
        wanted = False
        for place, x in enumerate(values):
            kind = type(x)
            if kind in _NO_ARRAYS:
                continue
            if isinstance(x, Operand):
                if x.symbolic:
                    return x.apply(op, args, kwargs)
                values[place] = x.value
                if x.requires_gradient:
                    inputs[place] = x
                    wanted = True
            elif kind is list and not takes_list and _is_operand(x):
                return differentiate((*args[:place], _stack(x), *args[place + 1 :]), kwargs)
        y, backward = forward(values, *args[1:], **kwargs) if takes_list else forward(*values, **kwargs)
        if not wanted or backward is None:
            return y
        stack = _recording.stack
        tape = stack[-1] if stack else None
        if tape is None:
            return y
        if tape.calls is not None:
            tape.calls[len(tape._records)] = op, args, kwargs
        return tape.record(inputs, y, backward, new_gradients, overwrites)

    return op


def _is_operand(argument):
    if isinstance(argument, Operand):
        return True
    if not isinstance(argument, (list, tuple)):
        return False
    for part in argument:  # noqa: SIM110 (this is called for each tuple among the arguments, where `any` would take long)
        if isinstance(part, Operand):
            return True
    return False


@differentiable
def _stack(xs):
    """Makes one tensor of a list of tensors that was given in the place of an array."""
    return np.stack(xs), tuple
