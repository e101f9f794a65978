"""`tf.GradientTape`."""

import threading

import numpy as np

from convlayers.autograd import Tape, Tensor, current_tape
from convlayers.legacy.gradients import gradients_of
from convlayers.legacy.second_gradients import differentiable_gradients
from convlayers.nested import flatten, pack_like
from convlayers.scripts.tensorflow.eager import EagerArray, WatchedArray, as_eager
from convlayers.variables import Variable


class UnconnectedGradients:
    """The values of the argument `unconnected_gradients` of `GradientTape.gradient`."""

    NONE = "none"
    ZERO = "zero"


class GradientTape:
    """Records what happens inside `with`, to differentiate it afterwards.

    Args:
        persistent: whether `gradient` may be called several times.
        watch_accessed_variables: taken for compatibility: trainable variables are watched.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._tape = None
        self._watched = []

    def __enter__(self):
        outer = _recording.stack[-1] if _recording.stack else None
        if outer is None:
            self._tape = Tape()
            self._tape.__enter__()
        else:
            # Of our tapes only the innermost records; of TensorFlow's, all do. So they share one, for which both may ask.
            self._tape = outer._tape
            self._persistent = outer._persistent = True
            self._tape.calls = self._tape.calls or {}
        _recording.stack.append(self)
        return self

    def __exit__(self, *exception):
        _recording.stack.pop()
        for array in self._watched:
            array.__class__ = EagerArray
        if not _recording.stack:
            self._tape.__exit__(*exception)

    def watch(self, tensor):
        """Lets what is computed from arrays be recorded, from here on.

        Args:
            tensor: array, or a structure of arrays, that `tf` or a model has made. Variables and tensors are watched anyway.

        Raises:
            TypeError: if it is an array that NumPy has made, which cannot be told from others.
        """
        for leaf in flatten(tensor):
            if type(leaf) is EagerArray:
                leaf.__class__ = WatchedArray
                self._watched.append(leaf)
            elif not isinstance(leaf, (Variable, Tensor, WatchedArray)):
                raise TypeError(
                    f"Passed in object {leaf!r} of type {type(leaf).__name__!r}, not tf.Tensor or tf.Variable or "
                    "ExtensionType.\n"
                    "Make one of it, `x = tf.constant(x)`, and use that in place of the array."
                )

    def watched_variables(self):
        """Returns the variables that were used so far, in the order in which they were."""
        used = (leaf for inputs, *_ in self._tape._records for leaf in inputs if isinstance(leaf, Variable))
        return tuple({id(variable): variable for variable in used}.values())

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=None):
        """Returns the gradients of a target, or of the sum of several.

        Args:
            target: tensor, or a structure of tensors.
            sources: variable, tensor or watched array, or a structure of such.
            output_gradients: gradients for the target, in its structure; ones by default.
            unconnected_gradients: "none", or "zero" for zeros in place of None.

        Returns:
            Arrays in the structure of `sources`, None where one had no part in the target.
        """
        if current_tape() is self._tape and self._tape.calls is not None:
            gradients = _gradients_with_gradients(self._tape, target, sources, output_gradients)
        else:
            gradients = as_eager(gradients_of(self._tape, target, sources, output_gradients, retain=self._persistent))
        if unconnected_gradients == "zero":
            pairs = zip(flatten(gradients), flatten(sources), strict=True)
            filled = [np.zeros(source.shape, source.dtype) if gradient is None else gradient for gradient, source in pairs]
            gradients = as_eager(pack_like(gradients, filled))
        return gradients


def _gradients_with_gradients(tape, target, sources, output_gradients):
    targets, leaves = flatten(target), flatten(sources)
    weights = [None] * len(targets) if output_gradients is None else flatten(output_gradients)
    pairs = [(y, np.ones(y.shape, y.dtype) if d is None else d) for y, d in zip(targets, weights, strict=True)]
    pairs = [pair for pair in pairs if isinstance(pair[0], Tensor)]
    gradients = differentiable_gradients(tape, [y for y, _ in pairs], [d_y for _, d_y in pairs], leaves)
    return pack_like(sources, [as_eager(gradient) for gradient in gradients])


class _Recording(threading.local):
    """The tapes of this thread that record."""

    def __init__(self):
        self.stack = []


_recording = _Recording()
