"""Optimizers made of others, beside Keras: `LossScaleOptimizer`, `MultiOptimizer`."""

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.variables import Variable

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = ("encoder_kernel", "encoder_bias", "kernel")


@pytest.fixture(params=["ours", "keras"])
def library(request, keras):
    """The module of optimizers, the class of variables, and what makes gradients of arrays. All tests here hold for both."""
    if request.param == "ours":
        return optimizers, Variable, np.asarray
    return keras.optimizers, keras.Variable, keras.ops.convert_to_tensor


def variables_of(library):
    return [library[1](np.ones(3, "float32"), name=name) for name in NAMES]


def gradients_of(library, value=1.0):
    return [library[2](np.full(3, value, "float32")) for _ in NAMES]


def values_of(variables):
    return [float(np.ravel(variable.numpy())[0]) for variable in variables]


# Loss scale -----------------------------------------------------------------------------------------------------------


def test_the_loss_scale_grows_and_shrinks(library):
    module = library[0]
    variables = variables_of(library)
    optimizer = module.LossScaleOptimizer(
        module.SGD(0.5, name="inner"), initial_scale=4.0, dynamic_growth_steps=3, name="scaled"
    )
    assert float(optimizer.scale_loss(np.float32(2))) == 8
    seen = []
    for value in (4.0, 4.0, 4.0, np.inf, 4.0, np.nan, 4.0):
        optimizer.apply(gradients_of(library, value), variables)
        seen.append((values_of(variables)[0], *values_of([optimizer.dynamic_scale, optimizer.step_counter])))
    assert seen == [
        (0.5, 4, 1),
        (0.0, 4, 2),
        (-0.5, 8, 0),
        (-0.5, 4, 0),
        (-1.0, 4, 1),
        (-1.0, 2, 0),
        (-2.0, 2, 1),
    ]
    assert float(np.asarray(optimizer.scale_loss(np.float32(2)))) == 4
    assert [v.path for v in optimizer.variables] == [
        "scaled/iteration",
        "scaled/learning_rate",
        "scaled/step_counter",
        "scaled/dynamic_scale",
        "inner/iteration",
        "inner/learning_rate",
    ]
    assert int(optimizer.iterations.numpy()) == 5
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate.numpy()) == 0.25


def test_config_of_the_loss_scale(keras):
    def make(module):
        return module.LossScaleOptimizer(module.Adam(0.5, name="inner"), initial_scale=2.0, name="mine")

    ours, theirs = make(optimizers), make(keras.optimizers)
    config, wanted = ours.get_config(), theirs.get_config()
    assert config.pop("inner_optimizer")["config"] == wanted.pop("inner_optimizer")["config"]
    assert config == wanted
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(again.inner_optimizer) is optimizers.Adam and again.get_config() == ours.get_config()


@pytest.mark.parametrize("arguments", [{"dynamic": False}, {"clipnorm": 1.0}, {"use_ema": True}, {"rate": 1, "speed": 2}])
def test_errors_of_the_loss_scale_are_keras(keras, arguments):
    texts = []
    for module in (optimizers, keras.optimizers):
        with pytest.raises(ValueError) as failure:
            module.LossScaleOptimizer(module.SGD(), **arguments)
        texts.append(str(failure.value))
    assert texts[0] == texts[1]
    optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=None, use_ema=False, ema_momentum=0.99)


def test_state_of_the_loss_scale_goes_through_a_store(library):
    module = library[0]
    optimizer = module.LossScaleOptimizer(module.SGD(0.5, momentum=0.5), initial_scale=4.0)
    optimizer.apply(gradients_of(library), variables_of(library))
    store = {}
    optimizer.save_own_variables(store)
    again = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, momentum=0.5))
    again.build([Variable(np.ones(3, "float32"), name=name) for name in NAMES])
    again.load_own_variables(store)
    assert values_of(again.variables) == values_of(optimizer.variables)


def test_stateless_apply_of_the_loss_scale(library):
    module, _, to_tensor = library
    variables = variables_of(library)
    optimizer = module.LossScaleOptimizer(module.SGD(0.5), initial_scale=4.0)
    optimizer.build(variables)
    state = [to_tensor(v.numpy()) for v in optimizer.variables]
    for gradient, weight, scale in ((4.0, 0.5, 4.0), (np.inf, 1.0, 2.0)):
        trained, own = optimizer.stateless_apply(
            state, gradients_of(library, gradient), [to_tensor(v.numpy()) for v in variables]
        )
        values = [float(np.ravel(np.asarray(array))[0]) for array in (trained[0], own[3])]
        assert values == [weight, scale]
    assert values_of(variables) == [1, 1, 1]


# Several optimizers ---------------------------------------------------------------------------------------------------


def make_map(module):
    return module.OptimizerMap(module.SGD(1.0, name="rest"), {"encoder_.*": module.SGD(0.25, name="encoder")})


def test_each_variable_gets_its_optimizer(library):
    module = library[0]
    variables = variables_of(library)
    optimizer = module.MultiOptimizer(make_map(module), name="multi")
    optimizer.apply(gradients_of(library), variables)
    assert values_of(variables) == [0.75, 0.75, 0.0]
    assert [inner.name for inner in optimizer.optimizers] == ["encoder", "rest"]
    assert [v.path for v in optimizer.variables] == [
        *("multi/iteration", "multi/learning_rate"),
        *("encoder/iteration", "encoder/learning_rate"),
        *("rest/iteration", "rest/learning_rate"),
    ]
    assert int(optimizer.iterations.numpy()) == 1
    optimizer.loss_scale_factor = 2.0
    assert [inner.loss_scale_factor for inner in optimizer.optimizers] == [2, 2]
    optimizer.apply(gradients_of(library, 2.0), variables)
    assert values_of(variables) == [0.5, 0.5, -1.0]


def test_a_function_names_the_optimizers(library):
    module = library[0]
    variables = variables_of(library)
    one, other = module.SGD(1.0), module.SGD(0.5, use_ema=True)
    optimizer = module.MultiOptimizer(lambda variable: one if "bias" in variable.path else other)
    optimizer.apply(gradients_of(library), variables)
    assert values_of(variables) == [0.5, 0, 0.5]
    optimizer.finalize_variable_values(variables)
    assert optimizer.optimizers[0] is other


def test_learning_rates_belong_to_the_inner_optimizers(library):
    module = library[0]
    optimizer = module.MultiOptimizer(make_map(module))
    with pytest.raises(AttributeError, match="Learning rate cannot be accessed on a MultiOptimizer"):
        optimizer.learning_rate  # noqa: B018
    with pytest.raises(AttributeError, match="Learning rate cannot be set on a MultiOptimizer"):
        optimizer.learning_rate = 0.5


def test_what_a_map_refuses(library):
    module = library[0]
    map = make_map(module)
    with pytest.raises(ValueError, match="already exists in the OptimizerMap"):
        map["encoder_.*"] = module.SGD()
    with pytest.raises(ValueError, match="key must be a string"):
        map[3] = module.SGD()
    with pytest.raises(ValueError, match="optimizer must be a Keras Optimizer instance"):
        map["x"] = "sgd"
    with pytest.raises(ValueError, match=r"optimizer cannot be LossScaleOptimizer\."):
        map["x"] = module.LossScaleOptimizer(module.SGD())
    with pytest.raises(ValueError, match=r"optimizer cannot be MultiOptimizer\."):
        map["x"] = module.MultiOptimizer(map)
    map["encoder_b.*"] = module.SGD()
    with pytest.raises(ValueError, match="Multiple optimizers assigned to variable encoder_bias"):
        map["encoder_bias"]
    del map["encoder_b.*"]
    assert len(map) == 1 and list(map) == ["encoder_.*"]
    with pytest.raises(TypeError, match="default_optimizer must be a Keras Optimizer instance"):
        module.OptimizerMap("sgd")
    with pytest.raises(TypeError, match="optimizer_map must be a dictionary"):
        module.OptimizerMap(module.SGD(), ["sgd"])


def test_what_the_optimizer_of_several_refuses(library):
    module = library[0]
    variables = variables_of(library)
    with pytest.raises(ValueError, match="is not an Optimizer instance"):
        module.MultiOptimizer(lambda variable: "sgd").build(variables)
    inner = module.LossScaleOptimizer(module.SGD())
    with pytest.raises(ValueError, match="LossScaleOptimizer cannot be used inside an MultiOptimizer"):
        module.MultiOptimizer(lambda variable: inner).build(variables)
    optimizer = module.MultiOptimizer(make_map(module))
    with pytest.raises(ValueError, match="When passing `grads` without `variables`"):
        optimizer.apply(gradients_of(library))
    optimizer.build(variables)
    with pytest.raises(ValueError, match=r"must match trainable variables one-to-one\. Received 1 gradients and 3"):
        optimizer.apply(gradients_of(library)[:1])


def test_config_of_several(keras):
    ours, theirs = (module.MultiOptimizer(make_map(module), name="mine") for module in (optimizers, keras.optimizers))
    assert ours.get_config()["name"] == theirs.get_config()["name"] == "mine"
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert again.get_config() == ours.get_config()
    assert [inner.get_config() for inner in again.optimizers] == [inner.get_config() for inner in ours.optimizers]
