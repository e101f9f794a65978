"""Learning rates that change from step to step. They are computed in `floatx()`, as in Keras."""

import math

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.registry import register_family
from convlayers.serialization import deserialize_keras_object, serialize_keras_object


class LearningRateSchedule:
    """Base class: a subclass defines `__call__(step)`, and `get_config()` if it is to be saved.

    Example:

    class Halving(LearningRateSchedule):
        def __init__(self, initial_learning_rate):
            self.initial_learning_rate = initial_learning_rate

        def __call__(self, step):
            return self.initial_learning_rate * 0.5 ** (step // 1000)

    optimizer = SGD(Halving(0.1))
    """

    def __call__(self, step):
        raise NotImplementedError(f"Learning rate schedule '{self.__class__.__name__}' must override `__call__(self, step)`.")

    def get_config(self):
        raise NotImplementedError(
            f"Learning rate schedule '{self.__class__.__name__}' must override `get_config()` in order to be serializable."
        )

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _real(number):
    """Returns a number or variable as a NumPy scalar of `floatx()`, many of them as an array."""
    return np.dtype(config.floatx()).type(value_of(number))


def _check_steps(name, steps):
    if steps <= 0:
        raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={steps}")


class _DecayByPeriods(LearningRateSchedule):
    """A schedule that tells a learning rate by how many times `decay_steps` steps have passed."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase, name):
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def _periods(self, step):
        periods = _real(step) / _real(self.decay_steps)
        return np.floor(periods) if self.staircase else periods

    def get_config(self):
        return {
            # A variable where a script sets it.
            "initial_learning_rate": float(value_of(self.initial_learning_rate)),
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class ExponentialDecay(_DecayByPeriods):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: float, the learning rate of the first step.
        decay_steps: int above 0, the steps in which it is multiplied by `decay_rate` once.
        decay_rate: float.
        staircase: whether it changes only every `decay_steps` steps.
        name: string, "ExponentialDecay" by default.

    Example:

    optimizer = SGD(ExponentialDecay(0.1, decay_steps=1000, decay_rate=0.96))
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step):
        return _real(self.initial_learning_rate) * _real(self.decay_rate) ** self._periods(step)


class InverseTimeDecay(_DecayByPeriods):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`. Arguments as for `ExponentialDecay`."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step):
        return _real(self.initial_learning_rate) / (1 + _real(self.decay_rate) * self._periods(step))


class PiecewiseConstantDecay(LearningRateSchedule):
    """One value up to and including the step of each boundary, and a last one after them.

    Args:
        boundaries: list of ints in rising order.
        values: list of floats, one more than there are boundaries.
        name: string, "PiecewiseConstant" by default.

    Example:

    optimizer = SGD(PiecewiseConstantDecay([1000, 2000], [0.1, 0.05, 0.01]))
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of length {len(values)}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step):
        return _real(np.take(self.values, np.searchsorted(self.boundaries, value_of(step))))

    def get_config(self):
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """From one learning rate to another along a power of the steps that are left.

    Args:
        initial_learning_rate: float, the learning rate of the first step.
        decay_steps: int above 0, the steps until `end_learning_rate` is reached.
        end_learning_rate: float.
        power: float. 1, the default, is a straight line.
        cycle: whether it starts again when the end is reached, with twice the steps, then three times ...
        name: string, "PolynomialDecay" by default.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
    ):
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step):
        step, steps = _real(step), _real(self.decay_steps)
        if self.cycle:
            steps = steps * np.maximum(1, np.ceil(step / steps))
        remaining = 1 - np.minimum(step, steps) / steps
        initial, end = _real(self.initial_learning_rate), _real(self.end_learning_rate)
        return (initial - end) * remaining ** _real(self.power) + end

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class CosineDecay(LearningRateSchedule):
    """Half a cosine from one learning rate to a fraction of it, after a linear warm-up if there is one.

    Args:
        initial_learning_rate: float, the learning rate of the first step.
        decay_steps: int above 0, the steps from the highest learning rate to the lowest.
        alpha: float, the lowest as a fraction of the highest.
        name: string, "CosineDecay" by default.
        warmup_target: float, the learning rate that the warm-up ends with; None for no warm-up.
        warmup_steps: int, the steps from `initial_learning_rate` to `warmup_target`.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None, warmup_steps=0):
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step, highest = _real(step), _real(self.initial_learning_rate)
        if self.warmup_target is not None:
            start, highest = highest, _real(self.warmup_target)
            warmup_steps = _real(self.warmup_steps)
            if step < warmup_steps:
                return (highest - start) * (step / warmup_steps) + start
            step = step - warmup_steps
        steps = _real(self.decay_steps)
        cosine = _real(0.5) * (1 + np.cos(_real(math.pi) * (np.minimum(step, steps) / steps)))
        return highest * (_real(1 - self.alpha) * cosine + _real(self.alpha))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine from the learning rate to a fraction of it, again and again.

    Args:
        initial_learning_rate: float, the learning rate of the first step.
        first_decay_steps: int above 0, the steps of the first period.
        t_mul: float, how much longer each period is than the one before.
        m_mul: float, by what the learning rate at the start of each period is multiplied.
        alpha: float, the lowest learning rate as a fraction of the first.
        name: string, "SGDRDecay" by default.
    """

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        _check_steps("first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self._t_mul = t_mul
        self._m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step):
        # How far it has come, measured in first periods, then in restarts and the present period.
        progress = _real(step) / _real(self.first_decay_steps)
        ratio = _real(self._t_mul)
        if ratio == 1:
            restarts = np.floor(progress)
            progress = progress - restarts
        else:
            restarts = np.floor(np.log(1 - progress * (1 - ratio)) / np.log(ratio))
            progress = (progress - (1 - ratio**restarts) / (1 - ratio)) / ratio**restarts
        height = _real(self._m_mul) ** restarts
        cosine = _real(0.5) * height * (1 + np.cos(_real(math.pi) * progress))
        alpha = _real(self.alpha)
        return _real(self.initial_learning_rate) * ((1 - alpha) * cosine + alpha)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self._t_mul,
            "m_mul": self._m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }


_SCHEDULES = (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
register_family("keras.optimizers.schedules", {schedule.__name__: schedule for schedule in _SCHEDULES})


def serialize(learning_rate_schedule):
    """Returns the encoding of a schedule."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config, custom_objects=None):
    """Returns the schedule that an encoding describes."""
    return deserialize_keras_object(config, custom_objects)
