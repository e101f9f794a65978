"""Schedules against Keras's, over all steps, and what they refuse."""

import inspect

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.optimizers import schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 20], "values": [0.1, 0.05, 0.01]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 11, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.1, "warmup_steps": 6}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.9}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "m_mul": 0.8, "alpha": 0.1}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_every_step_and_the_config(keras, name, arguments):
    ours, theirs = (getattr(module, name)(**arguments) for module in (schedules, keras.optimizers.schedules))
    for step in range(60):
        np.testing.assert_allclose(ours(step), float(theirs(step)), rtol=1e-5, atol=1e-8, err_msg=f"step {step}")
    assert list(ours.get_config().items()) == list(theirs.get_config().items())
    assert ours(np.int32(3)).dtype == "float32"


@pytest.mark.parametrize(("name", "arguments"), [case for case in CASES if "warmup_steps" not in case[1]])
def test_many_steps_at_once(name, arguments):
    schedule = getattr(schedules, name)(**arguments)
    np.testing.assert_allclose(schedule(np.arange(60)), [schedule(step) for step in range(60)], rtol=1e-6)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES} | {"LearningRateSchedule"}))
def test_signature(keras, name):
    ours, theirs = (getattr(module, name) for module in (schedules, keras.optimizers.schedules))
    assert inspect.signature(ours) == inspect.signature(theirs)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_round_trip(name, arguments):
    schedule = getattr(schedules, name)(**arguments)
    again = schedules.deserialize(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_errors_begin_as_keras_does(keras, name, arguments):
    arguments = {key: -1 if key.endswith("decay_steps") else [1] if key == "boundaries" else value
                 for key, value in arguments.items()}  # fmt: skip
    with pytest.raises(ValueError) as theirs:
        getattr(keras.optimizers.schedules, name)(**arguments)
    with pytest.raises(ValueError) as ours:
        getattr(schedules, name)(**arguments)
    assert str(ours.value).startswith(str(theirs.value))


def test_a_schedule_of_the_user():
    class Halving(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5**step

    optimizer = optimizers.SGD(Halving())
    assert optimizer.learning_rate == 1
    with pytest.raises(NotImplementedError, match=r"'Halving' must override `get_config\(\)`"):
        optimizer.get_config()


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError, match=r"must override `__call__\(self, step\)`"):
        schedules.LearningRateSchedule()(0)
