"""Calls of functions on tensors that are recorded, and then made again without the Python between their kernels (launching.py).

The first call on inputs of one kind goes through the function as ever, the second does so while it is recorded, forward and
back, and the others are calls of kernels on the same arrays: numbers are those of the function, bit by bit. On a tape, such a
call is one op.
"""

import weakref

import numpy as np

from convlayers._native import memory
from convlayers.autograd import Tape, Tensor, current_tape, value_of
from convlayers.launching import Recording

# Bytes of arrays: with larger ones, Python takes a small part of the time, and they would be missing elsewhere.
MOST_BYTES = 1 << 23
MOST_CALLS = 4  # on inputs of several kinds, which are remembered


class RecordedCalls:
    """Recordings of one function."""

    def __init__(self):
        # By all that a recording depends on: None after the first call, then a `RecordedCall`.
        self._calls = {}

    def __reduce__(self):
        return RecordedCalls, ()  # What is recorded is about these very arrays.

    def __call__(self, function, inputs, state, weights=()):
        """Returns `function(*inputs)`, with its tensor on the tape that records; None where the function has to be called.

        Args:
            function: a function of arrays and tensors that returns a tensor and a list of others, of which only the values
                count: they may come as arrays.
            inputs: list of arrays and tensors.
            state: what else decides about what is done, besides the shapes and number types of the inputs.
            weights: list of the variables that the function reads. Their gradients are arrays that the next call writes to.
        """
        state = state, *[(x.shape, x.dtype) for x in inputs]
        if state not in self._calls:
            if len(self._calls) == MOST_CALLS:
                self._calls.clear()
            self._calls[state] = None
            return None
        call = self._calls[state]
        if call is None:
            call = self._calls[state] = RecordedCall(inputs, weights)
            return call.record(function, inputs)
        return call.repeat(inputs) if call.can_be_repeated() else None


class RecordedCall:
    """A call and its way back, as calls that read and write the same arrays each time.

    Args:
        inputs: list of arrays and tensors.
        weights: list of variables.
    """

    @memory.lasting
    def __init__(self, inputs, weights):
        self._inputs = [value_of(x).copy() for x in inputs]
        self._variables = [weight for weight in weights if weight.trainable]
        self._recording = Recording([*self._inputs, *[weight.value for weight in weights]], MOST_BYTES)
        # Whether all that was done is known; and the result of the last call, whose way back may still come while it lives.
        self._complete, self._last = False, None

    @memory.lasting
    def record(self, function, inputs):
        """Returns the results of the first call, whose way back is recorded, too."""
        outer, tape = current_tape(), Tape()
        # Tensors have the arrays of the recording, and lead to the inputs.
        pairs = zip(self._inputs, inputs, strict=True)
        operands = [outer.record([x], array, _same) if isinstance(x, Tensor) else array for array, x in pairs]
        with self._recording, tape:
            y, others = function(*operands)
        if not self._recording.complete or not isinstance(y, Tensor) or type(y.value) is not np.ndarray:
            outer.take_over(tape)
            return y, others
        self._forward, self._y, self._others = self._recording.take_calls(), y.value, [value_of(other) for other in others]
        sources = [x for x in operands if isinstance(x, Tensor)]

        @memory.lasting
        def backward(d_y):
            if self._recording is None:  # The tape was told to go back once more.
                return self._go_back(tape, y, d_y, sources)
            self._d_y = np.array(d_y)
            self._recording.add(self._d_y)
            with self._recording:
                gradients = self._go_back(tape, y, self._d_y, sources)
            count = len(self._variables)
            self._backward, self._gradients, self._d_inputs = self._recording.take_calls(), gradients[:count], gradients[count:]
            results = [self._y, *self._others, *[gradient for gradient in gradients if gradient is not None]]
            self._complete = all(map(self._recording.knows, results))
            self._recording = None
            return self._all_gradients()

        return self._on_tape(operands, backward)

    def _go_back(self, tape, y, d_y, sources):
        """Returns the gradients for the variables, to which the tape outside adds those that they have, and for the sources."""
        before = [variable.grad for variable in self._variables]
        for variable in self._variables:
            variable.grad = None
        d_sources = tape.backward([y], [d_y], sources, retain=True)
        gradients = [variable.grad for variable in self._variables]
        for variable, gradient in zip(self._variables, before, strict=True):
            variable.grad = gradient
        return gradients + d_sources

    def can_be_repeated(self):
        return self._complete and (self._last is None or self._last() is None)

    def repeat(self, inputs):
        """Returns the results for other inputs."""
        for array, x in zip(self._inputs, inputs, strict=True):
            array[...] = value_of(x)
        for function, arguments in self._forward:
            function(*arguments)
        return self._on_tape(inputs, self._repeat_backward)

    def _repeat_backward(self, d_y):
        self._d_y[...] = d_y
        for function, arguments in self._backward:
            function(*arguments)
        return self._all_gradients()

    def _all_gradients(self):
        return self._gradients + [None if d_x is None else d_x.copy() for d_x in self._d_inputs]

    def _on_tape(self, inputs, backward):
        y = self._y.copy()
        self._last = weakref.ref(y)
        sources = [*self._variables, *[x for x in inputs if isinstance(x, Tensor)]]
        return current_tape().record(sources, y, backward), [other.copy() for other in self._others]


class RecordedPrediction:
    """A call that is on no tape, of one version of the weights, as calls that read and write the same arrays each time.

    Args:
        x: array.
        weights: list of the variables that the call reads.
    """

    @memory.lasting
    def __init__(self, x, weights):
        self._x = x.copy()
        sources = [self._x, *[weight.value for weight in weights]]
        self._recording = Recording(sources, MOST_BYTES, for_other_weights=False)

    def record(self, program, training):
        """Returns the output of a `Program`, and whether it can be repeated."""
        with self._recording:
            [y] = program.run([self._x], training)
        complete = self._recording.complete and self._recording.knows(y)
        self._y, self._calls, self._recording = y, self._recording.take_calls(), None
        return y.copy(), complete

    def repeat(self, x):
        """Returns the result for another array."""
        self._x[...] = x
        for function, arguments in self._calls:
            function(*arguments)
        return self._y.copy()


def _same(d_y):
    return d_y
