"""Models of `convlayers.applications` are those of Keras: structure, predictions, training, files."""

import contextlib
import inspect
import json

import numpy as np
import pytest

import convlayers
from convlayers import applications, models, optimizers
from convlayers.deferred_initialization import initialized_later
from tests.applications.small_models import ARGUMENTS, SMALL_MODELS
from tests.applications.structure import DIGESTS, digest, names, structure

EXPECTED = json.loads(DIGESTS.read_text())


@pytest.mark.parametrize("name", names(applications))
def test_structure_of_every_model(name):
    assert _without_weights(getattr(applications, name), weights=None, measure=digest) == EXPECTED[name]


def test_no_model_is_missing():
    assert names(applications) == sorted(EXPECTED)


@pytest.mark.parametrize("name", [name for name in SMALL_MODELS if name != "vgg16"])
def test_structure_and_predictions(keras, name):
    model, peer = _with_the_same_weights(keras, name)
    assert structure(model) == structure(peer)
    x = _images(model)
    np.testing.assert_allclose(_predict(model, x), _predict(peer, x), rtol=0, atol=1e-4 * np.abs(_predict(peer, x)).max())


@pytest.mark.parametrize("pooling", ["avg", "max", None])
@pytest.mark.parametrize("name", ["convnext", "mobilenet_v3 small", "resnet", "vgg16"])
def test_structure_without_a_classifier(keras, name, pooling):
    model, peer = _both(keras, name, include_top=False, pooling=pooling)
    assert structure(model) == structure(peer)


@pytest.mark.parametrize("name", ["convnext", "mobilenet_v2", "mobilenet_v3 large"])
def test_files_go_both_ways(keras, name, tmp_path):
    model, peer = _with_the_same_weights(keras, name)
    x = _images(model)
    expected = _predict(peer, x)
    peer.save(tmp_path / "theirs.keras")
    model.save(tmp_path / "ours.keras")
    loaded, loaded_by_peer = models.load_model(tmp_path / "theirs.keras"), keras.models.load_model(tmp_path / "ours.keras")
    for reader in (loaded, loaded_by_peer):
        np.testing.assert_allclose(_predict(reader, x), expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["resnet", "convnext"])
def test_a_training_step(keras, name):
    """Models without dropout move like Keras's."""
    model, peer = _with_the_same_weights(keras, name)
    x, y = _images(model, count=8), np.arange(8) % 5
    before = [weight.copy() for weight in model.get_weights()]
    for trained, library in ((model, convlayers), (peer, keras)):
        trained.compile(library.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
        trained.train_on_batch(x, y)
    for was, weight, expected in zip(before, model.get_weights(), peer.get_weights(), strict=True):
        step = np.abs(expected - was).max()
        np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=2e-3 * step + 1e-6)


@pytest.mark.parametrize("name", ["efficientnet", "mobilenet_v3 large"])
def test_training_lowers_the_loss(name):
    convlayers.utils.set_random_seed(1)
    model = SMALL_MODELS[name][0](**ARGUMENTS)
    model.compile(optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    x, y = _images(model, count=8), np.arange(8) % 5
    losses = [model.train_on_batch(x, y) for _ in range(8)]
    assert np.isfinite(losses).all()
    assert min(losses[4:]) < losses[0]


@pytest.mark.parametrize("name", names(applications))
def test_signature(keras, name):
    ours, theirs = getattr(applications, name), getattr(keras.applications, name)
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    assert ours.__name__ == ours.__qualname__ == name
    assert ours.__doc__.startswith(f"Returns the model {name}.")


def test_modules(keras):
    """Each module has the public names that Keras's has."""
    modules = [name for name, value in vars(keras.applications).items() if inspect.ismodule(value)]
    assert len(modules) == 17
    for module in modules:
        theirs = {name for name in dir(getattr(keras.applications, module)) if not name.startswith("_")}
        assert theirs <= set(dir(getattr(applications, module))), module


def test_channels_first(keras):
    for library in (convlayers, keras):
        library.config.set_image_data_format("channels_first")
    try:
        for name in ("efficientnet", "mobilenet_v3 large"):
            model, peer = _with_the_same_weights(keras, name, input_shape=(3, 32, 32))
            assert structure(model) == structure(peer)
            x = _images(model)
            np.testing.assert_allclose(_predict(model, x), _predict(peer, x), rtol=0, atol=1e-4)
    finally:
        for library in (convlayers, keras):
            library.config.set_image_data_format("channels_last")


class _EnoughError(Exception):
    pass


def _without_weights(make, measure, **arguments):
    """Returns what is measured of a model whose weights never get their values: those of some would fill gigabytes."""
    convlayers.utils.clear_session()
    with contextlib.suppress(_EnoughError), initialized_later():
        result = measure(make(**arguments))
        raise _EnoughError
    return result


def _both(keras, name, **arguments):
    """Returns the model of both libraries."""
    for library in (convlayers, keras):
        library.utils.clear_session()
    ours, theirs = SMALL_MODELS[name]
    return ours(**ARGUMENTS | arguments), theirs(keras, **ARGUMENTS | arguments)


def _with_the_same_weights(keras, name, **arguments):
    """Returns the model of both libraries, with the same random weights."""
    model, peer = _both(keras, name, **arguments)
    generator = np.random.default_rng(0)
    weights = [_random_weight(weight, generator) for weight in model.weights]
    model.set_weights(weights)
    peer.set_weights(weights)
    return model, peer


def _random_weight(weight, generator):
    """Returns numbers that keep the scale of what goes through."""
    if weight.path.endswith(("variance", "gamma")):
        return generator.uniform(0.5, 1.5, weight.shape).astype("float32")
    if len(weight.shape) < 2:
        return np.asarray(generator.normal(0, 0.1, weight.shape), weight.dtype)
    fan_in = np.prod(weight.shape[:-1]) if "depthwise" not in weight.path else np.prod(weight.shape[:-2])
    return generator.normal(0, 1 / np.sqrt(fan_in), weight.shape).astype("float32")


def _images(model, count=2):
    return np.random.default_rng(2).uniform(0, 255, (count, *model.input_shape[1:])).astype("float32")


def _predict(model, x):
    outputs = model(x, training=False)
    return np.asarray(outputs.detach() if hasattr(outputs, "detach") else outputs)
