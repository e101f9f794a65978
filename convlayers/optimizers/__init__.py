"""Optimizers: how weights follow from gradients."""

from convlayers.optimizers import schedules as schedules
from convlayers.optimizers.adam import Adam
from convlayers.optimizers.optimizer import Optimizer
from convlayers.optimizers.rmsprop import RMSprop
from convlayers.optimizers.sgd import SGD
from convlayers.serialization import Family

_classes = {cls.__name__: cls for cls in (Optimizer, SGD, RMSprop, Adam)}
# In Keras, "sgd" and "SGD" are the same.
_family = Family(
    "keras.optimizers",
    "optimizer",
    {**_classes, **{name.lower(): cls for name, cls in _classes.items()}},
    base=Optimizer,
    ignore_case=True,
)
get = _family.get
serialize = _family.serialize
deserialize = _family.deserialize
