"""`ScheduleFreeAdamW` against its formulas.

Keras on PyTorch is no measure here: it takes the old `momentum` for a copy where it is the variable itself, which by then has
changed. On backends whose arrays cannot be written to, it computes what these formulas say.
"""

import inspect

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.variables import Variable


@pytest.mark.parametrize(
    ("rule", "warmup"),
    [({}, 0), ({"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4}, 20), ({"weight_decay": 0.5}, 3)],
)
def test_fifty_steps(rule, warmup):
    rng = np.random.default_rng(0)
    y = rng.standard_normal((3, 4))
    variable = Variable(y, dtype="float64", name="kernel")
    settings = {"learning_rate": 0.0078125, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "weight_decay": 0, **rule}
    optimizer = optimizers.ScheduleFreeAdamW(**{**settings, "warmup_steps": warmup})
    x, z, v = y, y, 0
    for step in range(1, 51):
        gradient = rng.standard_normal(y.shape)
        optimizer.apply([gradient], [variable])
        decayed = y * (1 - settings["weight_decay"] * settings["learning_rate"])
        rate = settings["learning_rate"] * (min(step / warmup, 1) if warmup else 1)
        v = settings["beta_2"] * v + (1 - settings["beta_2"]) * gradient**2
        # The average follows from what weight decay made of the weights.
        x = (decayed - (1 - settings["beta_1"]) * z) / settings["beta_1"]
        z = z - rate * gradient / (np.sqrt(v / (1 - settings["beta_2"] ** step)) + settings["epsilon"])
        x = x + (z - x) / step
        y = (1 - settings["beta_1"]) * z + settings["beta_1"] * x
        np.testing.assert_allclose(variable.value, y, rtol=1e-10)
    for state, wanted in zip(optimizer.variables[2:], (z, v), strict=True):
        np.testing.assert_allclose(state.value, wanted, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_signature_config_and_names_are_keras(keras):
    ours, theirs = (module.ScheduleFreeAdamW for module in (optimizers, keras.optimizers))
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    assert list(ours(name="mine").get_config().items()) == list(theirs(name="mine").get_config().items())
    pair = ours(name="mine"), theirs(name="mine")
    for optimizer, kind in zip(pair, (Variable, keras.Variable), strict=True):
        optimizer.build([kind(np.ones(3), name="kernel"), kind(np.ones(3), name="bias")])
    assert [v.path for v in pair[0].variables] == [v.path for v in pair[1].variables]
