"""Makes classes of layers that are Keras's, and compute on our kernels."""

import functools

from convlayers.keras_layers.computations import in_kernels
from convlayers.keras_layers.installed import keras, tensors
from convlayers.layers.signatures import ConstructorSignature

# What a class of Keras has been replaced by.
FASTER = {}


def faster(base, computation):
    """Returns a subclass of a Keras layer that differs in `call` only.

    It does not say so in files: there it is the class of Keras, so that they can be read where there is nothing but Keras.

    Args:
        base: a class of `keras.layers`.
        computation: a `Computation`.
    """

    # Keras lets subclasses of a convolution say here what is computed.
    convolution_op = getattr(base, "convolution_op", None)

    @functools.wraps(base.call)
    def call(self, inputs, *args, **kwargs):
        weights = [getattr(self, name) for name in computation.weights]
        operands = [inputs, *(None if weight is None else keras.ops.convert_to_tensor(weight) for weight in weights)]
        known, activation = in_kernels(getattr(self, "activation", None))
        masked = any(argument is not None for argument in (*args, *kwargs.values()))
        overridden = getattr(type(self), "convolution_op", None) is not convolution_op
        if masked or overridden or not tensors.fits(operands) or computation.differs(self, inputs.shape):
            return base.call(self, inputs, *args, **kwargs)
        function = functools.partial(computation.function, self, activation)
        outputs = tensors.compute(function, operands, computation.keeps_output or activation is not None)
        return outputs if known else self.activation(outputs)

    docstring = f"{base.__doc__}\n\nComputed by the kernels of convlayers where they can, as `convlayers.keras_layers` says.\n"
    names = {"call": call, "__doc__": docstring, "__module__": "keras.layers", "__signature__": ConstructorSignature()}
    FASTER[base] = type(base.__name__, (base,), names)
    return FASTER[base]
