"""What optimizers took and had in Keras 1 and 2: `lr` and `decay`."""

import functools
import inspect

from convlayers import optimizers
from convlayers.legacy.old_spelling import warn_of
from convlayers.optimizers.schedules import InverseTimeDecay


def accept_old_optimizers():
    """Lets optimizers take the arguments of Keras 1 and 2, and have their attribute `lr`."""
    for name in dir(optimizers):
        optimizer = getattr(optimizers, name)
        if isinstance(optimizer, type) and issubclass(optimizer, optimizers.Optimizer):
            optimizer.__init__ = _translating(name, optimizer.__init__)
    optimizers.Optimizer.lr = property(_get_lr, _set_lr)


def _named_small(name):
    def optimizer(*args, **kwargs):
        warn_of(f"keras.optimizers.{name.lower()}", f"`keras.optimizers.{name}`")
        return getattr(optimizers, name)(*args, **kwargs)

    return optimizer


# What old scripts find in `keras.optimizers`.
ADDED = {
    name.lower(): _named_small(name) for name in ("Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD")
}


def _translating(class_name, init):
    signature = inspect.signature(init)
    default = getattr(signature.parameters.get("learning_rate"), "default", None)

    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        if "lr" in kwargs:
            warn_of(f"{class_name}(lr=...)", "`learning_rate=...`")
            kwargs["learning_rate"] = float(kwargs.pop("lr"))
        if "epsilon" in kwargs and kwargs["epsilon"] is None:
            warn_of(f"{class_name}(epsilon=None)", "nothing in its place: it is the default")
            del kwargs["epsilon"]
        if kwargs.get("decay"):
            # The learning rate of the step: lr / (1 + decay * step).
            rate = args[0] if args else kwargs.get("learning_rate", default)
            schedule = f"keras.optimizers.schedules.InverseTimeDecay({rate}, decay_steps=1, decay_rate={kwargs['decay']})"
            warn_of(f"{class_name}(decay=...)", f"`learning_rate={schedule}`")
            args, kwargs["learning_rate"] = args[1:], InverseTimeDecay(rate, decay_steps=1, decay_rate=kwargs["decay"])
            args, kwargs = (), {**dict(zip(list(signature.parameters)[2:], args, strict=False)), **kwargs}
        kwargs.pop("decay", None)
        init(self, *args, **kwargs)

    __init__.__signature__ = signature
    return __init__


def _get_lr(optimizer):
    warn_of("optimizer.lr", "`optimizer.learning_rate`")
    return optimizer.learning_rate


def _set_lr(optimizer, value):
    warn_of("optimizer.lr", "`optimizer.learning_rate`")
    optimizer.learning_rate = value
