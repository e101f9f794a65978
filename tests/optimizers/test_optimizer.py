"""What optimizers do besides their rules: learning rates, failed calls, weight decay, state, names."""

import warnings

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.optimizers import schedules
from convlayers.variables import Variable
from tests.optimizers.names import NAMES

ONES = np.ones(3, "float32")


@pytest.fixture
def variable():
    return Variable(np.zeros(3), dtype="float32", name="bias")


# Learning rate --------------------------------------------------------------------------------------------------------


def test_the_learning_rate_is_a_variable_that_can_be_set(variable):
    optimizer = optimizers.SGD(0.5)
    optimizer.learning_rate = 0.25
    assert optimizer.learning_rate.numpy() == 0.25
    optimizer.apply([ONES], [variable])
    np.testing.assert_array_equal(variable.numpy(), -0.25 * ONES)


def test_a_function_gives_the_learning_rate(variable):
    rates = iter([1.0, 10.0])
    optimizer = optimizers.SGD(lambda: next(rates))
    optimizer.apply([ONES], [variable])
    optimizer.apply([ONES], [variable])
    np.testing.assert_array_equal(variable.numpy(), -11 * ONES)
    assert [v.name for v in optimizer.variables] == ["iteration"]


def test_a_schedule_replaces_the_variable_and_then_no_number_can_be_set():
    optimizer = optimizers.SGD(0.5)
    optimizer.learning_rate = schedules.ExponentialDecay(0.1, 10, 0.5)
    assert [v.name for v in optimizer.variables] == ["iteration"]
    assert optimizer.learning_rate == np.float32(0.1)
    with pytest.raises(TypeError, match="created with a `LearningRateSchedule` object"):
        optimizer.learning_rate = 0.1


# Gradients ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gradient",
    [
        [1, 2, 3],
        np.array([1, 2, 3]),
        np.array([1.0, 2, 3], ">f8"),
        np.array([3.0, 2, 1], "float32")[::-1],
        np.array([[1.0, 0], [2, 0], [3, 0]])[:, 0],
    ],
)
def test_gradients_of_any_kind_of_array(variable, gradient):
    optimizers.SGD(1.0).apply([gradient], [variable])
    np.testing.assert_array_equal(variable.numpy(), [-1, -2, -3])


def test_gradients_in_fortran_order():
    variable = Variable(np.zeros((2, 3)), dtype="float32")
    gradient = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    optimizers.SGD(1.0).apply([gradient], [variable])
    np.testing.assert_array_equal(variable.numpy(), -gradient)


def test_an_update_is_seen_by_what_watches_the_variable(variable):
    optimizer = optimizers.Adam()
    optimizer.build([variable])
    versions = [v.version for v in (variable, *optimizer.variables[2:])]
    optimizer.apply([ONES])
    assert [v.version for v in (variable, *optimizer.variables[2:])] == [version + 1 for version in versions]


def test_the_gradients_are_not_written_to(variable):
    gradient = 5 * ONES
    optimizer = optimizers.Adam(clipnorm=1.0, loss_scale_factor=2.0)
    optimizer.apply([gradient], [variable])
    np.testing.assert_array_equal(gradient, 5 * ONES)


def test_variables_without_gradient_stay_and_are_named(variable):
    other = Variable(np.ones(3), dtype="float32", name="kernel")
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['kernel'\]"):
        optimizers.SGD(1.0).apply([ONES, None], [variable, other])
    np.testing.assert_array_equal(other.numpy(), ONES)
    np.testing.assert_array_equal(variable.numpy(), -ONES)


def test_no_gradients_are_no_step(variable):
    optimizer = optimizers.SGD()
    optimizer.build([variable])
    optimizer.apply([])
    assert optimizer.iterations.numpy() == 0


def test_apply_gradients_takes_pairs(variable):
    steps = optimizers.SGD(1.0).apply_gradients(zip([ONES], [variable], strict=True))
    assert steps.numpy() == 1
    np.testing.assert_array_equal(variable.numpy(), -ONES)


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ([ONES, np.ones(4)], r"Expected shape \(5,\), for variable 'kernel'. Received shape \(4,\)"),
        ([ONES], "Received: 1 gradients for 2 variables"),
        ([None, None], "No gradients provided for any variable."),
    ],
)
def test_a_failed_call_changes_nothing(variable, built, grads, message):
    variables = [variable, Variable(np.ones(5), dtype="float32", name="kernel")]
    optimizer = optimizers.Adam(use_ema=True)
    if built:
        optimizer.build(variables)
    before = [v.numpy() for v in (*variables, *optimizer.variables)]
    with pytest.raises(ValueError, match=message):
        optimizer.apply(grads, variables)
    assert optimizer.built == built
    after = [v.numpy() for v in (*variables, *optimizer.variables)]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("option", [{}, {"clipnorm": 1.0}, {"clipvalue": 1.0}, {"global_clipnorm": 1.0}])
def test_nan_is_not_hidden(option):
    variable = Variable(np.zeros(3), dtype="float32")
    optimizers.SGD(1.0, **option).apply([np.array([np.nan, 1, 1], "float32")], [variable])
    assert np.isnan(variable.numpy()[0])


def test_float64_variables():
    variable = Variable(np.zeros(3), dtype="float64")
    optimizer = optimizers.Adam(0.5)
    optimizer.apply([ONES], [variable])
    # epsilon shows: the root of the mean square is sqrt(0.001)
    np.testing.assert_allclose(variable.numpy(), -0.5 / (1 + 1e-7 / np.sqrt(0.001)), rtol=1e-12)
    assert {v.dtype for v in optimizer.variables[2:]} == {"float64"}


@pytest.mark.parametrize("name", NAMES)
def test_float16_variables_are_computed_in_float32(name):
    narrow, wide = (Variable(np.ones((2, 3)), dtype=dtype, name="kernel") for dtype in ("float16", "float32"))
    gradient = np.linspace(0.5, 1.5, 6, dtype="float16").reshape(2, 3)
    for variable in (narrow, wide):
        optimizer = getattr(optimizers, name)(0.25, clipnorm=1.0, weight_decay=0.125, use_ema=True)
        optimizer.apply([gradient], [variable])
        optimizer.finalize_variable_values([variable])
    assert narrow.dtype == "float16"
    np.testing.assert_allclose(narrow.value, wide.value, rtol=2e-3, atol=2e-3)


# Weight decay ---------------------------------------------------------------------------------------------------------


def test_variables_can_be_excluded_from_weight_decay():
    kernel, bias, gamma = (Variable(np.ones(2), dtype="float32", name=name) for name in ("kernel", "bias", "gamma"))
    optimizer = optimizers.SGD(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[gamma], var_names=["bias"])
    optimizer.apply([np.zeros(2)] * 3, [kernel, bias, gamma])
    assert [v.numpy()[0] for v in (kernel, bias, gamma)] == [0.5, 1, 1]
    # Keras does so after it is built, too.
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    optimizer.apply([np.zeros(2)] * 3, [kernel, bias, gamma])
    assert [v.numpy()[0] for v in (kernel, bias, gamma)] == [0.5, 0.5, 0.5]


def test_scale_loss():
    assert optimizers.SGD(loss_scale_factor=8.0).scale_loss(np.float32(2)) == 16
    assert optimizers.SGD().scale_loss(2.0) == 2


@pytest.mark.parametrize("rule", [optimizers.AdamW, optimizers.Muon])
def test_weight_decay_of_a_rule_of_the_users_own(rule):
    class Still(rule):
        def update_step(self, gradient, variable, learning_rate):
            pass

    kernel, bias = (Variable(np.ones(2), dtype="float32", name=name) for name in ("kernel", "bias"))
    optimizer = Still(0.5, weight_decay=0.25, **({"adam_weight_decay": 0.25} if rule is optimizers.Muon else {}))
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([np.ones(2)] * 2, [kernel, bias])
    assert [v.numpy()[0] for v in (kernel, bias)] == [0.875, 1]


# Averages -------------------------------------------------------------------------------------------------------------


def test_averages_of_other_variables_are_refused(variable):
    optimizer = optimizers.SGD(use_ema=True)
    optimizer.apply([ONES], [variable])
    with pytest.raises(ValueError, match=r"The length of model variables \(2\) to override does not match"):
        optimizer.finalize_variable_values([variable, variable])


# State, configs, names ------------------------------------------------------------------------------------------------


def test_state_goes_through_a_store(variable):
    optimizer = optimizers.Adam(0.5)
    optimizer.apply([ONES], [variable])
    store = {}
    optimizer.save_own_variables(store)
    other = optimizers.Adam(0.1)
    other.build([Variable(np.zeros(3), dtype="float32", name="bias")])
    other.load_own_variables(store)
    for one, two in zip(optimizer.variables, other.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_store_of_another_optimizer_is_skipped(variable):
    optimizer = optimizers.SGD(0.5)
    optimizer.build([variable])
    with pytest.warns(UserWarning, match=r"because it has 2 variables whereas the saved optimizer has 3 variables"):
        optimizer.load_own_variables({"0": 1, "1": 0.1, "2": 0})
    assert optimizer.iterations.numpy() == 0


def test_set_weights(variable):
    optimizer = optimizers.SGD(0.5, momentum=0.9)
    with pytest.raises(ValueError, match="on an optimizer that has not yet been built"):
        optimizer.set_weights([])
    optimizer.build([variable])
    with pytest.raises(ValueError, match=r"bias_momentum has shape \(3,\) not compatible with provided weight shape"):
        optimizer.set_weights([np.array(7), np.array(0.1), np.ones(2)])
    with pytest.raises(ValueError, match=r"has 3 variables\. Received: a list of 2 weights"):
        optimizer.set_weights([np.array(7), np.array(0.1)])
    assert optimizer.iterations.numpy() == 0
    optimizer.set_weights([np.array(7), np.array(0.25), ONES])
    assert [v.numpy().sum() for v in optimizer.variables] == [7, 0.25, 3]


@pytest.mark.parametrize("identifier", ["rmsprop", "RMSprop", "RMSPROP", {"class_name": "rmsprop", "config": {}}])
def test_get(identifier):
    assert type(optimizers.get(identifier)) is optimizers.RMSprop


def test_get_returns_optimizers_as_they_are():
    optimizer = optimizers.SGD()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_is_known_by_its_name(name):
    assert type(optimizers.get(name)) is type(optimizers.get(name.lower())) is getattr(optimizers, name)
    again = optimizers.deserialize(optimizers.serialize(getattr(optimizers, name)(name="mine")))
    assert again.get_config() == getattr(optimizers, name)(name="mine").get_config()


def test_optimizers_of_keras_2_tell_what_to_use():
    with pytest.raises(ImportError, match=r"(?s)`keras.optimizers.legacy` is not supported in Keras 3.*`learning_rate`"):
        optimizers.legacy.Adam(lr=0.1)


@pytest.mark.parametrize("identifier", ["adamm", 3, abs])
def test_get_refuses_the_rest(identifier):
    with pytest.raises(ValueError, match="Could not interpret optimizer identifier: "):
        optimizers.get(identifier)


@pytest.mark.parametrize("rate", [0.25, schedules.CosineDecay(0.1, 100)])
def test_round_trip(rate):
    optimizer = optimizers.Adam(rate, beta_1=0.5, amsgrad=True, clipnorm=1.0, name="mine")
    encoding = optimizers.serialize(optimizer)
    assert encoding["module"] == "keras.optimizers" and encoding["class_name"] == "Adam"
    again = optimizers.deserialize(encoding)
    assert type(again) is optimizers.Adam
    assert again.get_config() == optimizer.get_config()


def test_unknown_arguments_get_a_hint():
    with pytest.raises(ValueError, match=r"(?s)Argument\(s\) not recognized: {'lr': 0.1}.*`learning_rate`"):
        optimizers.SGD(lr=0.1)
    with pytest.raises(ValueError, match=r"(?s)not recognized: {'momentun': 0.1}.*Did you mean 'momentum'?"):
        optimizers.SGD(momentun=0.1)


def test_decay_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="Argument `decay` is no longer supported and will be ignored."):
        optimizers.SGD(decay=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers.SGD(decay=None)


def test_names_and_initializers_of_added_variables_must_match(variable):
    with pytest.raises(ValueError, match="The number of provided names must match"):
        optimizers.SGD().add_optimizer_variables([variable], ["m", "v"], ["zeros"])
    ones, zeros = optimizers.SGD().add_optimizer_variables([variable], ["m", "v"], ["ones", "zeros"])
    assert ones[0].numpy().sum() == 3 and zeros[0].numpy().sum() == 0


@pytest.mark.parametrize("name", ["clipnorm", "clipvalue", "global_clipnorm"])
@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_limits_of_gradients_may_come_from_numpy(name, dtype):
    results = []
    for limit in (2, np.dtype(dtype).type(2)):
        variable = Variable(np.ones(3, "float32"))
        optimizers.SGD(0.1, **{name: limit}).apply([np.full(3, 5, "float32")], [variable])
        results.append(variable.numpy())
    np.testing.assert_array_equal(*results)
