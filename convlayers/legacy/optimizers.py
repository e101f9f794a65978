"""What optimizers took and had in Keras 1 and 2: `lr` and `decay`."""

import functools
import inspect

from convlayers import config, optimizers
from convlayers.legacy.functions import updates_of
from convlayers.legacy.old_spelling import warn_of
from convlayers.optimizers.schedules import InverseTimeDecay
from convlayers.variables import Variable


def accept_old_optimizers():
    """Lets optimizers take the arguments of Keras 1 and 2, and have their attribute `lr`."""
    for name in dir(optimizers):
        optimizer = getattr(optimizers, name)
        if isinstance(optimizer, type) and issubclass(optimizer, optimizers.Optimizer):
            optimizer.__init__ = _translating(name, optimizer.__init__)
    optimizers.Optimizer.lr = property(_get_lr, _set_lr)
    optimizers.Optimizer.get_updates = updates_of
    optimizers.LossScaleOptimizer.get_scaled_loss = _get_scaled_loss
    optimizers.LossScaleOptimizer.get_unscaled_gradients = _get_unscaled_gradients
    # Of an optimizer with `decay`, the learning rate is what decays, and can be set.
    today = optimizers.Optimizer.learning_rate
    optimizers.Optimizer._learning_rate_now = _decayed(optimizers.Optimizer._learning_rate_now)
    optimizers.Optimizer.learning_rate = property(
        lambda optimizer: today.fget(optimizer) if (rate := _decaying(optimizer)) is None else rate,
        lambda optimizer, value: _set_learning_rate(optimizer, value, today.fset),
    )


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
            rate = Variable(rate, dtype=config.floatx(), trainable=False, name="learning_rate")
            args, kwargs["learning_rate"] = args[1:], InverseTimeDecay(rate, decay_steps=1, decay_rate=kwargs["decay"])
            args, kwargs = (), {**dict(zip(list(signature.parameters)[2:], args, strict=False)), **kwargs}
        kwargs.pop("decay", None)
        init(self, *args, **kwargs)

    __init__.__signature__ = signature
    return __init__


def _decaying(optimizer):
    """Returns the variable that `decay` makes smaller from step to step, None if there is no `decay`."""
    rate = getattr(optimizer._learning_rate, "initial_learning_rate", None)
    return rate if isinstance(rate, Variable) else None


def _decayed(learning_rate_now):
    def _learning_rate_now(optimizer):
        if _decaying(optimizer) is None:
            return learning_rate_now(optimizer)
        return optimizer._learning_rate(optimizer._iterations.value[()])

    return _learning_rate_now


def _set_learning_rate(optimizer, value, set_today):
    rate = _decaying(optimizer)
    if rate is None or callable(value):
        set_today(optimizer, value)
    else:
        rate.assign(value)


def _get_scaled_loss(optimizer, loss):
    warn_of("optimizer.get_scaled_loss(loss)", "`optimizer.scale_loss(loss)`")
    return optimizer.scale_loss(loss)


def _get_unscaled_gradients(optimizer, grads):
    warn_of("optimizer.get_unscaled_gradients(grads)", "nothing in its place: `optimizer.apply` divides them")
    return grads


def _get_lr(optimizer):
    warn_of("optimizer.lr", "`optimizer.learning_rate`")
    return optimizer.learning_rate


def _set_lr(optimizer, value):
    warn_of("optimizer.lr", "`optimizer.learning_rate`")
    optimizer.learning_rate = value
