"""What optimizers remember, in the orders in which versions of Keras have written it."""

import json
import warnings

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers.dtype_policies import reset_dtype_policy
from convlayers.saving.weights import find_what_follows, in_saved_order, variables_of_keras2


def built(optimizer):
    optimizer.build([k.Variable(np.ones(shape, "float32")) for shape in ((3, 4), (4,), (4, 2), (2,))])
    return optimizer


def names(variables):
    return [variable.name.split("_")[-1] for variable in variables]


def shapes(variables):
    return [variable.shape for variable in variables]


def test_averages_and_sums_of_gradients_in_turn():
    """As Keras 3.0 to 3.9 wrote them."""
    optimizer = built(k.optimizers.SGD(momentum=0.9, use_ema=True, gradient_accumulation_steps=2))
    of_weights = [(3, 4), (4,), (4, 2), (2,)]
    in_turn = [shape for shape in of_weights for _ in range(2)]
    found = in_saved_order(optimizer, [(), (), *in_turn, *of_weights])
    assert names(found)[2:] == ["average", "accumulator"] * 4 + ["momentum"] * 4
    assert in_saved_order(optimizer, [(), (), *of_weights * 3]) == optimizer.variables


@pytest.mark.parametrize("use_ema", [False, True])
def test_momentums_that_are_not_used(use_ema):
    """Keras 2 wrote them, last."""
    optimizer = built(k.optimizers.SGD(use_ema=use_ema))
    expected = variables_of_keras2(optimizer)
    assert in_saved_order(optimizer, [*shapes(expected), (3, 4), (4,), (4, 2), (2,)]) == expected
    with pytest.raises(ValueError, match="variables whereas the saved optimizer has"):
        in_saved_order(optimizer, [*shapes(expected), (3, 4), (4,), (4, 2)])


@pytest.mark.parametrize(
    "optimizer, is_written",
    [
        (lambda: k.optimizers.Nadam(), False),
        (lambda: k.optimizers.Adam(use_ema=True, gradient_accumulation_steps=2), False),
        (lambda: k.optimizers.Adam(use_ema=True), True),
        (lambda: k.optimizers.SGD(momentum=0.9), True),
    ],
)
def test_what_versions_have_in_another_order_is_left_out_for_all(tmp_path, keras, optimizer, is_written):
    model = k.Sequential([k.Input((3,)), k.layers.Dense(2)])
    model.compile(optimizer(), "mse")
    x, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras", format="keras3.0")
    for library in (k, keras):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loaded = library.models.load_model(tmp_path / "model.keras")
        told = [str(warning.message) for warning in caught if "Skipping variable loading for optimizer" in str(warning.message)]
        assert bool(told) != is_written
        assert int(loaded.optimizer.iterations) == is_written
        np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_what_is_missing_stays_an_error():
    optimizer = built(k.optimizers.Nadam())
    without = variables_of_keras2(optimizer)[:-1]
    with pytest.raises(ValueError, match="it has 11 variables whereas the saved optimizer has 8 variables"):
        in_saved_order(optimizer, shapes(without))


def test_adafactor_of_keras_2():
    found = in_saved_order(built(k.optimizers.Adafactor()), [(), (3,), (4,), (3, 4), (4,), (4,), (2,), (4, 2), (2,)])
    assert len(found) == 9 and found[0].name == "iteration"


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_an_optimizer_that_scaled_the_loss_in_keras_2(momentum):
    optimizer = built(k.optimizers.LossScaleOptimizer(k.optimizers.SGD(momentum=momentum)))
    found = in_saved_order(optimizer, [(), (3, 4), (4,), (4, 2), (2,)])
    assert found == variables_of_keras2(optimizer.inner_optimizer)


def test_ftrl_of_keras_2_10_and_before(tmp_path):
    """It is the one whose variables were in today's order even then: for each weight, all that is remembered."""
    model = k.Sequential([k.Input((3,)), k.layers.Dense(3), k.layers.Dense(3)])
    model.compile(k.optimizers.Ftrl(0.1), "mse")
    model.train_on_batch(np.ones((4, 3), "float32"), np.zeros((4, 3), "float32"))
    model.save(tmp_path / "model.h5", format="keras2")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        config = json.loads(file.attrs["training_config"])
        del config["optimizer_config"]["config"]["is_legacy_optimizer"]
        file.attrs["training_config"] = json.dumps(config)
    again = k.models.load_model(tmp_path / "model.h5")
    for one, other in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def nadam(**arguments):
    model = k.Sequential([k.Input((3,)), k.layers.Dense(1)])
    model.compile(k.optimizers.Nadam(0.01, **arguments), "mse")
    for _ in range(5):
        model.train_on_batch(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"))
    return model


@pytest.mark.parametrize("schedule_decay", [1.0, 0.004])
def test_what_follows_from_the_number_of_steps(schedule_decay):
    optimizer = nadam(schedule_decay=schedule_decay).optimizer
    product = float(optimizer._u_product.numpy())
    assert product == pytest.approx(np.prod([0.9 * (1 - 0.5 * 0.96 ** (schedule_decay * t)) for t in range(1, 6)]), rel=1e-6)
    optimizer._u_product.assign(1.0)
    find_what_follows(optimizer, optimizer.variables)
    assert float(optimizer._u_product.numpy()) == 1
    find_what_follows(optimizer, variables_of_keras2(optimizer))
    assert float(optimizer._u_product.numpy()) == pytest.approx(product, rel=1e-6)
    optimizer.iterations.assign(2**31 - 1)
    find_what_follows(optimizer, variables_of_keras2(optimizer))
    assert float(optimizer._u_product.numpy()) == 0


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_nadam_for_keras_2(tmp_path, ending):
    model = nadam()
    model.save(tmp_path / f"model.{ending}", format="keras2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = k.models.load_model(tmp_path / f"model.{ending}")
    for one, other in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-6)


@pytest.mark.parametrize("format", ["keras3", "keras2"])
def test_the_nadam_of_keras_1_is_not_in_files_for_others(tmp_path, format):
    model = nadam(schedule_decay=0.004)
    with pytest.warns(UserWarning, match="The file has `Nadam` without schedule_decay=0.004"):
        model.save(tmp_path / "model.keras", format=format)
    again = k.models.load_model(tmp_path / "model.keras")
    assert again.optimizer.get_config() == nadam().optimizer.get_config() | {"name": again.optimizer.name}
    assert int(again.optimizer.iterations) == 5


@pytest.mark.parametrize("writer", ["convlayers", "keras"])
def test_what_scales_the_loss_is_there_where_it_was(tmp_path, keras, writer):
    """The policy for new layers was that of float16 when the model was made, and is another one when it is read."""
    library = {"convlayers": k, "keras": keras}[writer]
    library.config.set_dtype_policy("mixed_float16")
    try:
        model = library.Sequential([library.Input((3,)), library.layers.Dense(2)])
        model.compile("adam", "mse")
    finally:
        keras.config.set_dtype_policy("float32")
        reset_dtype_policy()
    x, y = np.ones((4, 3), "float32"), np.zeros((4, 2), "float32")
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = k.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, k.optimizers.LossScaleOptimizer)
    for one, other in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        assert float(np.sum(one.numpy())) == pytest.approx(float(np.sum(other.numpy())), rel=1e-6)
    assert loaded.train_on_batch(x, y) == pytest.approx(float(model.train_on_batch(x, y)), rel=1e-3)
