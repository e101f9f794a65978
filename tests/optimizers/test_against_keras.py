"""Fifty steps with each optimizer and option, beside Keras: the same weights, the same variables, the same configs."""

import inspect

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.optimizers import schedules
from convlayers.variables import Variable

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPES = {"dense/kernel": (3, 4, 5), "dense/bias": (7,), "scale": ()}
RULES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5}),
    ("Adam", {"amsgrad": True}),
]
OPTIONS = [
    {},
    {"weight_decay": 0.01},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.7},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7},
    {"loss_scale_factor": 8.0},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 3, "use_ema": True, "ema_overwrite_frequency": 2, "weight_decay": 0.1},
]


class Pair:
    """One optimizer of ours and one of Keras's, with the same variables."""

    def __init__(self, keras, name, arguments, constraint=None):
        self.rng = np.random.default_rng(0)
        start = {name: self.normal(shape) for name, shape in SHAPES.items()}
        self.variables = [Variable(value, name=name) for name, value in start.items()]
        self.keras_variables = [keras.Variable(value, name=name.replace("/", "_")) for name, value in start.items()]
        for variable in (*self.variables, *self.keras_variables):
            variable.constraint = constraint
        self.optimizer = getattr(optimizers, name)(**arguments)
        self.keras_optimizer = getattr(keras.optimizers, name)(**arguments)
        self.to_tensor = keras.ops.convert_to_tensor

    def normal(self, shape):
        return np.asarray(self.rng.standard_normal(shape), "float32")

    def run(self, steps):
        for _ in range(steps):
            grads = [self.normal(shape) for shape in SHAPES.values()]
            self.optimizer.apply(grads, self.variables)
            self.keras_optimizer.apply([self.to_tensor(grad) for grad in grads], self.keras_variables)

    def compare(self):
        ours = [*self.variables, *self.optimizer.variables]
        theirs = [*self.keras_variables, *self.keras_optimizer.variables]
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5, atol=1e-5, err_msg=other.name)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options) or "plain")
@pytest.mark.parametrize(("name", "rule"), RULES, ids=["-".join([name, *rule]) for name, rule in RULES])
def test_fifty_steps(keras, name, rule, options):
    pair = Pair(keras, name, {"learning_rate": 0.01, **rule, **options})
    pair.run(50)
    pair.compare()
    for optimizer, variables in (
        (pair.optimizer, pair.variables),
        (pair.keras_optimizer, pair.keras_variables),
    ):
        optimizer.finalize_variable_values(variables)
    pair.compare()


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam"])
def test_fifty_steps_with_a_schedule(keras, name):
    arguments = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}
    pair = Pair(keras, name, {})
    pair.optimizer.learning_rate = schedules.ExponentialDecay(**arguments)
    pair.keras_optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(**arguments)
    pair.run(50)
    pair.compare()


def test_constraints_apply_after_the_update(keras):
    pair = Pair(keras, "SGD", {"learning_rate": 0.5}, constraint=lambda w: w * (w > 0))
    pair.run(3)
    pair.compare()
    assert min(variable.numpy().min() for variable in pair.variables) == 0


@pytest.mark.parametrize(("name", "rule"), RULES)
@pytest.mark.parametrize("options", [{}, {"use_ema": True, "gradient_accumulation_steps": 2}])
def test_variables_have_keras_names_and_order(keras, name, rule, options):
    arguments = {"name": "optimizer", **rule, **options}
    pair = Pair(keras, name, arguments)
    pair.optimizer.build(pair.variables)
    pair.keras_optimizer.build(pair.keras_variables)
    ours, theirs = pair.optimizer.variables, pair.keras_optimizer.variables
    assert [(v.name, v.dtype, v.shape) for v in ours] == [(v.name, v.dtype, tuple(v.shape)) for v in theirs]
    assert [v.path for v in ours] == [v.path for v in theirs]


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam"])
def test_signature(keras, name):
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (optimizers, keras.optimizers))
    wanted = [(p.name, p.default, p.kind) for p in theirs.parameters.values()]
    assert [(p.name, p.default, p.kind) for p in ours.parameters.values()] == wanted


def test_signature_of_the_base_class(keras):
    ours, theirs = (inspect.signature(cls.__init__) for cls in (optimizers.Optimizer, keras.optimizers.Optimizer))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [(p.name, p.default) for p in theirs.parameters.values()]


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_config(keras, name, rule):
    arguments = {"name": "mine", "learning_rate": 0.3, "clipnorm": 1.5, **rule}
    ours, theirs = (getattr(module, name)(**arguments).get_config() for module in (optimizers, keras.optimizers))
    assert list(ours.items()) == list(theirs.items())


def test_config_with_a_schedule(keras):
    def make(module):
        return module.Adam(module.schedules.PolynomialDecay(0.1, 100), name="mine").get_config()

    assert make(optimizers) == make(keras.optimizers)


@pytest.mark.parametrize(
    "arguments",
    [
        {"lr": 0.1},
        {"learning_rate": 1},
        {"learning_rate": "0.1"},
        {"clipnorm": 1.0, "clipvalue": 1.0},
        {"gradient_accumulation_steps": 1},
        {"use_ema": True, "ema_momentum": 1.5},
        {"use_ema": True, "ema_overwrite_frequency": 0.5},
        {"momentum": 2.0},
        {"momentum": 1},
    ],
)
def test_errors_of_arguments_begin_as_keras_does(keras, arguments):
    with pytest.raises(ValueError) as theirs:
        keras.optimizers.SGD(**arguments)
    with pytest.raises(ValueError) as ours:
        optimizers.SGD(**arguments)
    assert str(ours.value).startswith(str(theirs.value))


def test_errors_of_apply_begin_as_keras_does(keras):
    def failures(module, variable, stranger):
        optimizer = module.SGD(name="sgd")
        with pytest.raises(ValueError) as unbuilt:
            optimizer.apply([variable.numpy()])
        optimizer.build([variable])
        with pytest.raises(ValueError) as too_many:
            optimizer.apply([variable.numpy()] * 2)
        with pytest.raises(ValueError) as unknown:
            optimizer.apply([variable.numpy()], [stranger])
        with pytest.raises(ValueError) as nothing:
            optimizer.apply([None], [variable])
        # A variable prints differently.
        prefix, _, rest = str(unknown.value).partition("This optimizer")
        return [str(unbuilt.value), str(too_many.value), prefix[:17], rest, str(nothing.value)]

    ours = failures(optimizers, Variable(np.ones(3)), Variable(np.ones(3)))
    theirs = failures(keras.optimizers, keras.Variable(np.ones(3)), keras.Variable(np.ones(3)))
    for one, other in zip(ours, theirs, strict=True):
        assert one.startswith(other)
