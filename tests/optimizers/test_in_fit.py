"""Models that are trained with each optimizer, beside Keras; their files, read by both libraries."""

import numpy as np
import pytest

import convlayers
from tests.callbacks.either_package import Library, X, Y, weights_of
from tests.optimizers.names import NAMES_IN_KERAS

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MAKERS = {
    **{name: lambda module, name=name: getattr(module, name)(0.0625, name="mine") for name in NAMES_IN_KERAS},
    "schedule": lambda module: module.Adam(module.schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3)),
    "average": lambda module: module.SGD(0.125, momentum=0.5, nesterov=True, use_ema=True, ema_overwrite_frequency=4),
    "accumulated": lambda module: module.RMSprop(0.125, gradient_accumulation_steps=2, global_clipnorm=1.0),
    "scaled": lambda module: module.LossScaleOptimizer(module.Adam(0.125), dynamic_growth_steps=5),
    "several": lambda module: module.MultiOptimizer(
        module.OptimizerMap(module.SGD(0.25), {".*bias": module.Adam(0.125, name="bias")})
    ),
}


@pytest.fixture(scope="module")
def libraries(keras):
    return Library(convlayers), Library(keras)


@pytest.mark.parametrize("name", MAKERS)
def test_fit(libraries, name):
    ours, theirs = (
        library.fit([], library.make_model(MAKERS[name](library.optimizers)), epochs=4, validation_data=None)
        for library in libraries
    )
    for one, other in zip(weights_of(ours), weights_of(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.history.history["loss"], theirs.history.history["loss"], rtol=1e-4)


def test_weights_stay_without_a_step(libraries):
    library = libraries[0]
    model = library.make_model(MAKERS["average"](library.optimizers))
    before = weights_of(model)
    library.fit([], model, epochs=2, initial_epoch=2)
    for one, other in zip(before, weights_of(model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_goes_on_in_the_other_library(libraries, keras, name, tmp_path):
    path = str(tmp_path / "model.keras")
    loads = [convlayers.models.load_model, keras.models.load_model]
    for library, load in zip(libraries, loads[::-1], strict=True):
        model = library.fit([], library.make_model(MAKERS[name](library.optimizers)), epochs=2, validation_data=None)
        model.save(path)
        other = load(path)
        states = [[np.asarray(v) for v in each.optimizer.variables] for each in (model, other)]
        for one, two in zip(*states, strict=True):
            np.testing.assert_array_equal(one, two)
        for each in (model, other):
            each.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0)
        for one, two in zip(weights_of(model), weights_of(other), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
