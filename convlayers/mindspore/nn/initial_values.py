"""The first values of parameters: MindSpore's names and numbers."""

import numpy as np

from convlayers import initializers
from convlayers.validation import did_you_mean

_BY_NAME = {
    "normal": initializers.RandomNormal(0.0, 0.01),
    "truncatednormal": initializers.TruncatedNormal(0.0, 0.01),
    "uniform": initializers.RandomUniform(-0.07, 0.07),
    "xavier_uniform": initializers.GlorotUniform(),
    "xavieruniform": initializers.GlorotUniform(),
    "he_uniform": initializers.HeUniform(),
    "heuniform": initializers.HeUniform(),
    "he_normal": initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal"),
    "henormal": initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal"),
    "zeros": initializers.Zeros(),
    "zero": initializers.Zeros(),
    "ones": initializers.Ones(),
    "one": initializers.Ones(),
}


class InitialValue(initializers.Initializer):
    """Makes the first values of a parameter.

    Args:
        init: the name of a distribution, in any case, a number, an array of any kind, or an initializer of convlayers.
        from_keras: the order of the axes that turns a weight in the layout of Keras, in which initializers count the inputs
            and outputs of a neuron, to that of MindSpore; None for no change.

    Raises:
        TypeError: if `init` is none of these.
        ValueError: if there is no such distribution. When called, if the array has another shape.
    """

    def __init__(self, init, from_keras=None):
        self.init = init
        self.from_keras = from_keras
        if not isinstance(init, (str, int, float, list, tuple)) and not hasattr(init, "__array__") and not callable(init):
            raise TypeError(
                "For 'initializer', the type of the 'init' argument must be 'Tensor', 'number', 'string' or 'initializer', "
                f"but got {type(init).__name__}."
            )
        if isinstance(init, str) and init.lower() not in _BY_NAME:
            raise ValueError(
                f"For 'initializer', the class corresponding to '{init}' was not found." + did_you_mean(init, _BY_NAME)
            )

    def __call__(self, shape, dtype=None):
        if isinstance(self.init, (int, float, np.number)):
            return np.full(shape, self.init, dtype)
        if isinstance(self.init, (list, tuple)) or hasattr(self.init, "__array__"):
            return self._given(tuple(shape), dtype)
        initializer = _BY_NAME[self.init.lower()] if isinstance(self.init, str) else self.init
        if self.from_keras is None:
            return initializer(shape, dtype)
        keras_shape = [shape[axis] for axis in np.argsort(self.from_keras)]
        return np.ascontiguousarray(np.transpose(initializer(keras_shape, dtype), self.from_keras))

    def _given(self, shape, dtype):
        values = np.array(self.init, dtype)
        if values.shape != shape:
            raise ValueError(
                f"For 'initializer', the shape of the 'init' must be same as the 'shape', but got the shape of 'init': "
                f"{list(values.shape)}, 'shape': {list(shape)}."
            )
        return values
