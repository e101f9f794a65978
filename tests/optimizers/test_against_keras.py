"""Fifty steps with each optimizer and option, beside Keras: the same weights, the same variables, the same configs."""

import inspect
import re

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.optimizers import schedules
from convlayers.variables import Variable

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPES = {"dense_kernel": (3, 4, 5), "dense_bias": (7,), "scale": (), "matrix": (6, 4), "embedding": (2, 3)}
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
    ("AdamW", {}),
    ("AdamW", {"amsgrad": True, "weight_decay": 0.1}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-3}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.8, "epsilon": 1e-4}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.3, "l2_regularization_strength": 0.2}),
    ("Ftrl", {"learning_rate_power": -0.3, "l2_shrinkage_regularization_strength": 0.1, "beta": 0.5}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.6, "beta_2": 0.8}),
    ("Lamb", {}),
    ("Lamb", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5}),
    ("Adafactor", {}),
    ("Adafactor", {"relative_step": False, "clip_threshold": 0.5, "beta_2_decay": -0.5, "epsilon_1": 1e-5, "epsilon_2": 0.1}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "rms_rate": None, "ns_steps": 3, "adam_lr_ratio": 0.5, "adam_weight_decay": None}),
    ("Muon", {"exclude_layers": ["matrix"]}),
]
NAMES = sorted({name for name, _ in RULES})
# In float64, with numbers that float32 has as well: Keras rounds some of them to it.
BETAS = {"beta_1": 0.875, "beta_2": 0.9375, "epsilon": 2.0**-20}
MUON = {"adam_beta_1": 0.875, "adam_beta_2": 0.9375, "epsilon": 2.0**-20, "momentum": 0.9375, "rms_rate": None}
RULES_IN_FLOAT64 = [
    *((name, rule) for name, rule in RULES if name not in ("Ftrl", "Lamb", "Adafactor", "Muon")),
    ("Ftrl", {"l1_regularization_strength": 0.25, "l2_regularization_strength": 0.125}),
    ("Ftrl", {"learning_rate_power": -0.375, "l2_shrinkage_regularization_strength": 0.125, "beta": 0.5}),
    ("Lamb", BETAS),
    ("Adafactor", {"beta_2_decay": -0.75, "epsilon_1": 2.0**-40, "epsilon_2": 2.0**-9}),
    ("Muon", {"muon_a": 3.5, "muon_b": -4.75, "muon_c": 2.0, "adam_weight_decay": 0.125, "weight_decay": 0.25, **MUON}),
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

    def __init__(self, keras, name, arguments, constraint=None, dtype="float32"):
        self.rng = np.random.default_rng(0)
        self.dtype = dtype
        start = {name: self.normal(shape) for name, shape in SHAPES.items()}
        self.variables = [Variable(value, name=name) for name, value in start.items()]
        self.keras_variables = [keras.Variable(value, name=name) for name, value in start.items()]
        for variable in (*self.variables, *self.keras_variables):
            variable.constraint = constraint
        self.optimizer = getattr(optimizers, name)(**arguments)
        self.keras_optimizer = getattr(keras.optimizers, name)(**arguments)
        self.to_tensor = keras.ops.convert_to_tensor

    def normal(self, shape):
        return np.asarray(self.rng.standard_normal(shape), self.dtype)

    def run(self, steps):
        for _ in range(steps):
            grads = [self.normal(shape) for shape in SHAPES.values()]
            self.optimizer.apply(grads, self.variables)
            self.keras_optimizer.apply([self.to_tensor(grad) for grad in grads], self.keras_variables)

    def compare(self, tolerance=1e-5):
        ours = [*self.variables, *self.optimizer.variables]
        theirs = [*self.keras_variables, *self.keras_optimizer.variables]
        for one, other in zip(ours, theirs, strict=True):
            one, wanted = one.numpy(), other.numpy()
            scale = max(1, np.abs(wanted).max(initial=0))
            np.testing.assert_allclose(one, wanted, rtol=tolerance, atol=tolerance * scale, err_msg=other.name)


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


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.125, "use_ema": True, "ema_momentum": 0.9375}])
@pytest.mark.parametrize(("name", "rule"), RULES_IN_FLOAT64)
def test_fifty_steps_in_float64(keras, name, rule, options):
    pair = Pair(keras, name, {"learning_rate": 0.0078125, **rule, **options}, dtype="float64")
    pair.run(50)
    # Keras computes means and norms in float32, even of float64.
    pair.compare(1e-6 if name in ("Adafactor", "Muon") else 1e-9)


@pytest.mark.parametrize("name", NAMES)
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
    # Variables without a name are numbered.
    names, wanted = ([re.sub(r"^variable_\d+$", "variable", v.name) for v in column] for column in (ours, theirs))
    assert names == wanted
    assert [(v.dtype, v.shape) for v in ours] == [(v.dtype, tuple(v.shape)) for v in theirs]
    assert [v.path for v in ours if "variable" not in v.name] == [v.path for v in theirs if "variable" not in v.name]


@pytest.mark.parametrize("name", [*NAMES, "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"])
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


@pytest.mark.parametrize("name", NAMES)
def test_an_encoding_of_keras(keras, name):
    theirs = getattr(keras.optimizers, name)(learning_rate=0.5, name="mine")
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(again) is getattr(optimizers, name)
    assert again.get_config() == theirs.get_config()


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


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("AdamW", {"weight_decay": None}),
        ("Lion", {"beta_1": 0.0}),
        ("Ftrl", {"initial_accumulator_value": -1.0}),
        ("Ftrl", {"learning_rate_power": 0.5}),
        ("Ftrl", {"l1_regularization_strength": -1.0}),
        ("Ftrl", {"l2_regularization_strength": -1.0}),
        ("Ftrl", {"l2_shrinkage_regularization_strength": -1.0}),
        ("Adam", {"momentum": 0.5}),
    ],
)
def test_errors_of_each_optimizer_begin_as_keras_does(keras, name, arguments):
    with pytest.raises(ValueError) as theirs:
        getattr(keras.optimizers, name)(**arguments)
    with pytest.raises(ValueError) as ours:
        getattr(optimizers, name)(**arguments)
    assert str(ours.value).startswith(str(theirs.value))


@pytest.mark.parametrize(("name", "rule"), RULES, ids=["-".join([name, *rule]) for name, rule in RULES])
def test_training_goes_on_from_the_state_that_keras_saved(keras, name, rule):
    pair = Pair(keras, name, {"learning_rate": 0.01, **rule})
    pair.run(5)
    store = {}
    pair.keras_optimizer.save_own_variables(store)
    pair.optimizer = getattr(optimizers, name)(**rule)
    pair.optimizer.build(pair.variables)
    pair.optimizer.load_own_variables(store)
    for variable, other in zip(pair.variables, pair.keras_variables, strict=True):
        variable.assign(other.numpy())
    pair.run(5)
    pair.compare()


@pytest.mark.parametrize("options", [{}, {"use_ema": True, "weight_decay": 0.1, "gradient_accumulation_steps": 2}])
@pytest.mark.parametrize(("name", "rule"), [("SGD", {"momentum": 0.9}), ("Nadam", {}), ("Lamb", {}), ("Adafactor", {})])
def test_stateless_apply(keras, name, rule, options):
    pair = Pair(keras, name, {"learning_rate": 0.01, **rule, **options})
    pair.run(3)
    before = [variable.numpy() for variable in (*pair.variables, *pair.optimizer.variables)]
    gradients = [pair.normal(shape) for shape in SHAPES.values()]
    arrays = [[v.numpy() for v in variables] for variables in (pair.keras_optimizer.variables, pair.keras_variables)]
    ours = pair.optimizer.stateless_apply(arrays[0], gradients, arrays[1])
    tensors = [[pair.to_tensor(array) for array in column] for column in (arrays[0], gradients, arrays[1])]
    theirs = pair.keras_optimizer.stateless_apply(*tensors)
    for column, wanted in zip(ours, theirs, strict=True):
        for one, other in zip(column, wanted, strict=True):
            np.testing.assert_allclose(one, other.detach().numpy(), rtol=1e-5, atol=1e-5)
    after = [variable.numpy() for variable in (*pair.variables, *pair.optimizer.variables)]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_errors_of_stateless_apply_begin_as_keras_does(keras):
    def failures(module, variable):
        optimizer, texts = module.SGD(), []
        for arguments in (([], [], []), ([1, 2, 3], [], []), ([1, 2], [], [])):
            with pytest.raises(ValueError) as failure:
                optimizer.stateless_apply(*arguments)
            texts.append(str(failure.value))
            if not optimizer.built:
                optimizer.build([variable])
        return texts

    assert failures(optimizers, Variable(np.ones(3))) == failures(keras.optimizers, keras.Variable(np.ones(3)))


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
