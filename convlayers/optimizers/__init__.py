"""Optimizers: how weights follow from gradients."""

from convlayers.optimizers import schedules as schedules
from convlayers.optimizers.adam import Adam as Adam
from convlayers.optimizers.optimizer import Optimizer as Optimizer
from convlayers.optimizers.rmsprop import RMSprop as RMSprop
from convlayers.optimizers.sgd import SGD as SGD
from convlayers.serialization import Family

_CLASSES = (Optimizer, SGD, RMSprop, Adam)
# In Keras, "sgd" and "SGD" are the same.
_family = Family(
    "keras.optimizers",
    "optimizer",
    {**{cls.__name__: cls for cls in _CLASSES}, **{cls.__name__.lower(): cls for cls in _CLASSES}},
    ignore_case=True,
)
serialize = _family.serialize
deserialize = _family.deserialize


def get(identifier):
    """Returns the optimizer that an argument means; None for None.

    Args:
        identifier: None, a name, an encoding (dict), a class, or an optimizer, which is returned as it is.

    Raises:
        ValueError: if it means none.
    """
    return identifier if isinstance(identifier, Optimizer) else _family.get(identifier)
