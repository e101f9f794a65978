"""The names of optimizers that have a rule of their own."""

from convlayers import optimizers

_AROUND_OTHERS = optimizers.Optimizer, optimizers.LossScaleOptimizer, optimizers.MultiOptimizer
NAMES = [
    name
    for name, cls in vars(optimizers).items()
    if isinstance(cls, type) and issubclass(cls, optimizers.Optimizer) and cls not in _AROUND_OTHERS
]
NAMES_IN_KERAS = [name for name in NAMES if name != "ScheduleFreeAdamW"]
