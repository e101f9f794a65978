"""Optimizers: how weights follow from gradients."""

from convlayers.families import Family
from convlayers.optimizers import legacy, schedules
from convlayers.optimizers.adadelta import Adadelta
from convlayers.optimizers.adafactor import Adafactor
from convlayers.optimizers.adagrad import Adagrad
from convlayers.optimizers.adam import Adam
from convlayers.optimizers.adamax import Adamax
from convlayers.optimizers.adamw import AdamW
from convlayers.optimizers.ftrl import Ftrl
from convlayers.optimizers.lamb import Lamb
from convlayers.optimizers.lion import Lion
from convlayers.optimizers.loss_scale_optimizer import LossScaleOptimizer
from convlayers.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from convlayers.optimizers.muon import Muon
from convlayers.optimizers.nadam import Nadam
from convlayers.optimizers.optimizer import Optimizer
from convlayers.optimizers.rmsprop import RMSprop
from convlayers.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from convlayers.optimizers.sgd import SGD
from convlayers.registry import subclasses_in
from convlayers.serialization import serialize_keras_object

_classes = {**subclasses_in(globals(), Optimizer), "OptimizerMap": OptimizerMap}
# In Keras, "sgd" and "SGD" are the same.
_family = Family(
    "keras.optimizers",
    "optimizer",
    {**_classes, **{name.lower(): cls for name, cls in _classes.items()}},
    base=Optimizer,
    ignore_case=True,
)
get = _family.get
deserialize = _family.deserialize


def serialize(optimizer):
    """Returns the encoding of an optimizer."""
    return serialize_keras_object(optimizer)
