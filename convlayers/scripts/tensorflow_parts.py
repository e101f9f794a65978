"""What `tf` has and `keras.ops` has not, or not so."""

import contextlib
import logging
import threading

import numpy as np

from convlayers import ops, random
from convlayers.autograd import Tape, Tensor
from convlayers.nested import flatten, pack_like
from convlayers.variables import Variable

VERSION = "2.21.0"
AUTOTUNE = -1
newaxis = None

bool = "bool"
float16 = "float16"
float32 = "float32"
float64 = "float64"
int32 = "int32"
int64 = "int64"
string = "string"
uint8 = "uint8"


# Arrays ---------------------------------------------------------------------------------------------------------------


def constant(value, dtype=None, shape=None, name=None):
    """Returns an array; of a shape, in which a single number is repeated."""
    array = ops.convert_to_tensor(value, dtype=dtype)
    if shape is None:
        return array
    return ops.full(shape, array) if np.size(array) == 1 else ops.reshape(array, shape)


def argmax(input, axis=None, output_type=int64, name=None):
    """Returns where the largest numbers are, along the first axis by default."""
    return ops.cast(ops.argmax(input, axis=axis or 0), output_type)


def argmin(input, axis=None, output_type=int64, name=None):
    """Returns where the smallest numbers are, along the first axis by default."""
    return ops.cast(ops.argmin(input, axis=axis or 0), output_type)


def fill(dims, value, name=None):
    """Returns an array of one number, repeated."""
    return ops.full(dims, value, dtype=ops.convert_to_tensor(value).dtype)


def gather(params, indices, validate_indices=None, axis=0, batch_dims=0, name=None):
    """Returns the rows with some numbers, or what is along another axis."""
    return ops.take(params, indices, axis=axis)


def gelu(features, approximate=False, name=None):
    return ops.gelu(features, approximate=approximate)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """Returns an array with something around it: "CONSTANT", "REFLECT" or "SYMMETRIC"."""
    mode = mode.lower()
    return ops.pad(tensor, paddings, mode=mode, **({"constant_values": constant_values} if mode == "constant" else {}))


# Images ---------------------------------------------------------------------------------------------------------------


def flip_left_right(image):
    return ops.flip(image, axis=-2)


def random_flip_left_right(image, seed=None):
    """Returns an image, flipped or not."""
    return flip_left_right(image) if random.uniform((), seed=seed) < 0.5 else image


def grayscale_to_rgb(images, name=None):
    return ops.concatenate([images] * 3, axis=-1)


# Gradients ------------------------------------------------------------------------------------------------------------


class GradientTape:
    """Records what happens inside `with`, to differentiate it afterwards.

    Args:
        persistent: whether `gradient` may be called several times.
        watch_accessed_variables: taken for compatibility: trainable variables are watched.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._tape = None

    def __enter__(self):
        outer = _recording.stack[-1] if _recording.stack else None
        if outer is None:
            self._tape = Tape()
            self._tape.__enter__()
        else:
            # Of our tapes only the innermost records; of TensorFlow's, all do. So they share one, for which both may ask.
            self._tape = outer._tape
            self._persistent = outer._persistent = True
        _recording.stack.append(self)
        return self

    def __exit__(self, *exception):
        _recording.stack.pop()
        if not _recording.stack:
            self._tape.__exit__(*exception)

    def watch(self, tensor):
        """Not supported for arrays, which cannot be told apart later.

        Raises:
            NotImplementedError: unless it is a variable.
        """
        if not all(isinstance(leaf, Variable) for leaf in flatten(tensor)):
            raise NotImplementedError(
                "A tape does not watch arrays. Make a variable of it, `x = tf.Variable(x)`, and use that in place of the array."
            )

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=None):
        """Returns the gradients of a target, or of the sum of several, for variables.

        Args:
            target: tensor, or a structure of tensors.
            sources: variable, or a structure of variables.

        Returns:
            Arrays in the structure of `sources`, None where one had no part in the target.
        """
        targets = [leaf for leaf in flatten(target) if isinstance(leaf, Tensor)]
        # A tape of this package adds to `grad` of each variable that was used: here that is nobody's business.
        used = {source for inputs, *_ in self._tape._records for source in inputs if isinstance(source, Variable)}
        before = {variable: variable.grad for variable in used}
        for variable in used:
            variable.grad = None
        self._tape.backward(targets, [np.ones(leaf.shape, leaf.dtype) for leaf in targets], retain=self._persistent)
        gradients = [variable.grad if variable in used else None for variable in flatten(sources)]
        for variable, gradient in before.items():
            variable.grad = gradient
        return pack_like(sources, gradients)


class _Recording(threading.local):
    """The tapes of this thread that record."""

    def __init__(self):
        self.stack = []


_recording = _Recording()


def function(func=None, **kwargs):
    """Returns the function itself: there are no graphs to make of it."""
    return func if func is not None else function


# The machine ----------------------------------------------------------------------------------------------------------


def set_seed(seed):
    """Makes all random numbers that follow the same in each run."""
    random.set_random_seed(seed)


def list_devices(device_type=None):
    """Returns the devices: one CPU."""
    return [] if device_type not in (None, "CPU") else ["/physical_device:CPU:0"]


def no_effect(*args, **kwargs):
    """Does nothing: there is one device, and nothing to set."""


def device(device_name):
    """Returns a context in which nothing is different."""
    return contextlib.nullcontext()


def is_gpu_available(*args, **kwargs):
    """Returns False."""
    return False


def gpu_device_name():
    """Returns the name of no device."""
    return ""


def get_logger():
    """Returns the logger that scripts silence."""
    return logging.getLogger("tensorflow")
