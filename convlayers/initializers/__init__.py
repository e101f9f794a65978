"""Initializers: functions from a shape and a dtype to the first values of a weight."""

import numpy as np

from convlayers.autograd import Operand, value_of
from convlayers.families import Family
from convlayers.initializers.constant_values import Constant, Identity, Ones, Zeros
from convlayers.initializers.initializer import Initializer
from convlayers.initializers.random_values import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from convlayers.initializers.stft import STFT
from convlayers.registry import subclasses_in, table_of
from convlayers.serialization import serialize_keras_object

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = IdentityInitializer = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = OrthogonalInitializer = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
stft = STFTInitializer = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

_family = Family(
    "keras.initializers",
    "initializer",
    table_of(
        *subclasses_in(globals(), Initializer).values(),
        IdentityInitializer=Identity,
        OrthogonalInitializer=Orthogonal,
        STFTInitializer=STFT,
        normal=RandomNormal,
        uniform=RandomUniform,
        one=Ones,
        zero=Zeros,
    ),
)
deserialize = _family.deserialize


def serialize(initializer):
    """Returns the encoding of an initializer."""
    return serialize_keras_object(initializer)


def get(identifier):
    """Returns the initializer that an argument means; None for None.

    Args:
        identifier: a name such as "he_normal", an encoding (dict), a class, a function of `shape` and `dtype`, or an
            array of the shape of the weight.

    Raises:
        ValueError: if it means none.
    """
    if isinstance(identifier, (np.ndarray, np.generic, Operand)):
        return Constant(np.asarray(value_of(identifier)))
    return _family.get(identifier)
