"""Random numbers as functions of TensorFlow draw them: other ones in each call, also in predictions.

Layers of Keras draw none while a model predicts, and there are no random ops in files of Keras 3, so these can't be saved.
"""

import numpy as np

from convlayers import ops, random
from convlayers.models.tensorflow_ops.arguments import as_ints
from convlayers.models.tensorflow_ops.sizes import parts_of, shape_of, takes_sizes, when_run
from convlayers.symbolic import KerasTensor


class _Draw:
    """A random function in a graph.

    Args:
        function: one of `convlayers.random`, whose first argument is a shape.
        seed: int; 0 or None for another in each run of the program.
        settings: the other arguments of the function.
    """

    why_not_in_files = (
        "Files of Keras 3 have no random ops. Write a layer that draws the numbers, as with a `keras.random.SeedGenerator`, "
        "or save the weights alone with `model.save_weights(path)` and keep the file that the model came from."
    )

    def __init__(self, function, seed, **settings):
        self.__name__ = function.__name__
        self._function = function
        self._settings = {"seed": random.SeedGenerator(seed or None), **settings}

    def __call__(self, shape):
        return self._function(tuple(as_ints(shape)), **self._settings)

    def on(self, shape, dtype):
        """Returns the tensor of a call on a shape, of which a part follows from the inputs of the model."""
        parts = parts_of(shape)
        if all(isinstance(part, int) for part in parts):
            raise TypeError(
                f"There is no translation of random numbers of a shape that no input has a part in. Received: {parts}"
            )
        return when_run(self, (shape,), KerasTensor([part if isinstance(part, int) else None for part in parts], dtype))


@takes_sizes
def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None):
    drawn = _Draw(random.normal, seed).on(shape, "float32")
    return ops.cast(ops.add(ops.multiply(drawn, stddev), mean), dtype)


@takes_sizes
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None):
    drawn = _Draw(random.truncated_normal, seed).on(shape, "float32")
    return ops.cast(ops.add(ops.multiply(drawn, stddev), mean), dtype)


@takes_sizes
def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None):
    maxval = 1 if maxval is None else maxval
    if "int" in dtype:
        return _Draw(random.randint, seed, minval=minval, maxval=maxval, dtype=dtype).on(shape, dtype)
    return ops.add(ops.multiply(_Draw(random.uniform, seed).on(shape, dtype), maxval - minval), float(minval))


@takes_sizes
def uniform_int(shape, minval, maxval, dtype="int32", seed=None):
    return uniform(shape, minval, maxval, dtype, seed)


@takes_sizes
def dropout(x, rate=None, noise_shape=None, seed=None, keep_prob=None):
    """It drops in predictions as well: TensorFlow does not know of training."""
    rate = 1 - keep_prob if rate is None else rate
    if not rate:
        return x
    evenly = uniform(shape_of(x) if noise_shape is None else noise_shape, seed=seed)
    return ops.where(ops.greater_equal(evenly, rate), ops.divide(x, 1 - rate), np.zeros((), x.dtype))
