"""Files between convlayers and Keras: both ways, and compared member by member."""

import io
import json
import zipfile

import numpy as np
import pytest

import convlayers
from tests.saving import zoo

every_model = pytest.mark.parametrize("make", zoo.MODELS, ids=lambda make: make.__name__)
trained = [make for make in zoo.MODELS if make is not zoo.channels_first]  # it has no weights
every_trained_model = pytest.mark.parametrize("make", trained, ids=lambda make: make.__name__)
both_ways = pytest.mark.parametrize("writer", ["convlayers", "keras"])


# Of Keras itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Skipping variable loading")


@pytest.fixture
def libraries(keras):
    """Both libraries by name. What they register is forgotten after the test."""
    libraries = {"convlayers": convlayers, "keras": keras}
    tables = [library.saving.get_custom_objects() for library in libraries.values()]
    known = [dict(table) for table in tables]
    yield libraries
    for table, before in zip(tables, known, strict=True):
        table.clear()
        table.update(before)


def make_and_train(k, make, optimizer="adam"):
    model, inputs = make(k), zoo.inputs_for(make)
    if model.weights:
        zoo.compile_model(model, inputs, optimizer(k) if callable(optimizer) else optimizer)
        zoo.train(model, inputs)
    return model, inputs


def close(some, others, tolerance):
    some, others = list(some), list(others)
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# Loading ----------------------------------------------------------------------------------------------------------------


@both_ways
@every_model
def test_a_file_of_one_library_loads_in_the_other(make, writer, libraries, tmp_path):
    k, other = libraries.pop(writer), *libraries.values()
    model, inputs = make_and_train(k, make)
    model.save(tmp_path / "model.keras")
    again = other.models.load_model(tmp_path / "model.keras")
    close(zoo.values(again.weights), zoo.values(model.weights), 0)
    close(zoo.predict(again, inputs), zoo.predict(model, inputs), 1e-5)


OPTIMIZERS = {
    "sgd": lambda k: k.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda k: k.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda k: k.optimizers.Adam(0.01, epsilon=1e-3),
    "amsgrad": lambda k: k.optimizers.Adam(0.01, amsgrad=True, epsilon=1e-3),
    "schedule": lambda k: k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)),
    "average": lambda k: k.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9),
    "accumulation": lambda k: k.optimizers.SGD(0.05, momentum=0.9, gradient_accumulation_steps=2),
}


@both_ways
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_goes_on_in_the_other_library(optimizer, writer, libraries, tmp_path):
    k, other = libraries.pop(writer), *libraries.values()
    model, inputs = make_and_train(k, zoo.branches, optimizer)
    model.save(tmp_path / "model.keras")
    again = other.models.load_model(tmp_path / "model.keras")
    close(zoo.values(again.optimizer.variables), zoo.values(model.optimizer.variables), 0)
    np.testing.assert_allclose(zoo.train(again, inputs), zoo.train(model, inputs), rtol=1e-5)
    close(zoo.values(again.weights), zoo.values(model.weights), 1e-5)
    close(zoo.values(again.optimizer.variables), zoo.values(model.optimizer.variables), 1e-5)


@both_ways
@every_trained_model
def test_weights_alone_go_from_one_library_to_the_other(make, writer, libraries, tmp_path):
    k, other = libraries.pop(writer), *libraries.values()
    model, inputs = make_and_train(k, make)
    again, _ = make_and_train(other, make)
    model.save_weights(tmp_path / "model.weights.h5")
    again.load_weights(tmp_path / "model.weights.h5")
    close(zoo.values(again.weights), zoo.values(model.weights), 0)
    close(zoo.values(again.optimizer.variables), zoo.values(model.optimizer.variables), 0)
    close(zoo.predict(again, inputs), zoo.predict(model, inputs), 1e-5)


@both_ways
def test_losses_and_metrics_mean_the_same_in_the_other_library(writer, libraries, tmp_path):
    k, other = libraries.pop(writer), *libraries.values()
    model = zoo.stack(k)
    model.compile(
        k.optimizers.RMSprop(0.01),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", k.metrics.SparseTopKCategoricalAccuracy(2, name="top")],
        weighted_metrics=["accuracy"],
    )
    x, y = zoo.inputs_for(zoo.stack), np.array([0, 1, 2])
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    found = other.models.load_model(tmp_path / "model.keras").evaluate(x, y, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-5)


@both_ways
def test_classes_of_ones_own_go_from_one_library_to_the_other(writer, libraries, tmp_path):
    for library in libraries.values():
        zoo.subclasses(library)
    k, other = libraries.pop(writer), *libraries.values()
    inputs = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    model = k.saving.get_custom_objects()["zoo>Branches"](units=5)
    model(inputs)
    zoo.compile_model(model, inputs)
    zoo.train(model, inputs)
    model.save(tmp_path / "model.keras")
    again = other.models.load_model(tmp_path / "model.keras")
    assert type(again).__name__ == "Branches"
    close(zoo.predict(again, inputs), zoo.predict(model, inputs), 1e-5)
    close(zoo.values(again.optimizer.variables), zoo.values(model.optimizer.variables), 0)


# The same model, written by both -------------------------------------------------------------------------------------------


def on_two_levels(k):
    shared, (inner_input, x) = k.layers.Conv2D(2, 3, padding="same", name="shared"), (k.Input((6, 6, 2)) for _ in range(2))
    inner = k.Model(inner_input, k.layers.ReLU()(shared(inner_input)), name="inner")
    return k.Model(x, shared(inner(x)))


def on_three_levels(k):
    shared = k.layers.Conv2D(2, 3, padding="same", name="shared")
    inner_input, middle_input, x = (k.Input((6, 6, 2)) for _ in range(3))
    inner = k.Model(inner_input, shared(inner_input), name="inner")
    middle = k.Model(middle_input, k.layers.Add()([inner(middle_input), shared(middle_input)]), name="middle")
    return k.Model(x, middle(shared(inner(x))))


def a_model_on_two_levels(k):
    inner_input, middle_input, x = (k.Input((6, 6, 2)) for _ in range(3))
    encoder = k.Model(inner_input, k.layers.Conv2D(2, 3, padding="same")(inner_input), name="encoder")
    middle = k.Model(middle_input, k.layers.ReLU()(encoder(middle_input)), name="middle")
    return k.Model(x, middle(encoder(x)))


def in_two_stacks(k):
    shared, x = k.layers.Conv2D(2, 3, padding="same", name="shared"), k.Input((6, 6, 2))
    one, other = (k.Sequential([k.Input((6, 6, 2)), shared], name=name) for name in ("one", "other"))
    return k.Model(x, k.layers.Add()([one(x), k.layers.ReLU()(other(x))]))


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("make", [on_two_levels, on_three_levels, a_model_on_two_levels, in_two_stacks])
def test_a_layer_that_several_models_share(keras, tmp_path, make, ending):
    """Keras does not read most of these files: it makes several layers of the one."""
    model, images = make(keras), np.random.default_rng(0).normal(size=(2, 6, 6, 2)).astype("float32")
    model.compile("adam", "mse")
    model.train_on_batch(images, images)
    model.save(tmp_path / f"model.{ending}")
    loaded = convlayers.models.load_model(tmp_path / f"model.{ending}")
    assert len(loaded.weights) == len(model.weights) == 2
    for _ in range(2):
        close([loaded.predict(images, verbose=0)], [model.predict(images, verbose=0)], 1e-5)
        loaded.train_on_batch(images, images)
        model.train_on_batch(images, images)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_copies_of_a_layer_stay_several(tmp_path, ending):
    """Here in two branches of the same weights, one of which is trained."""
    k, x = convlayers, convlayers.Input((6, 6, 2))
    first, second = (k.Sequential([k.Input((6, 6, 2)), k.layers.Conv2D(2, 3, name="same")], name=name) for name in "ab")
    second.set_weights(first.get_weights())
    model = k.Model(x, k.layers.Add()([first(x), second(x)]))
    for trainable in (True, False):
        model.trainable = trainable
        model.compile("adam", "mse")
        model.save(tmp_path / f"model.{ending}")
        assert len(k.models.load_model(tmp_path / f"model.{ending}").weights) == 4


# What Keras writes and convlayers does not: arguments that older versions don't know, and those marks of shared objects that
# say nothing, since number types are equal or not.
NOT_WRITTEN = {"input_axes", "output_axes", "quantization_config", "renorm", "renorm_clipping", "renorm_momentum", "optional"}


def comparable(part):
    """Returns the config of a model without what may be different."""
    if isinstance(part, list):
        return [comparable(item) for item in part]
    if isinstance(part, float):
        return float(np.float32(part))
    if not isinstance(part, dict):
        return part
    part = {key: comparable(item) for key, item in part.items() if key not in NOT_WRITTEN | {"shared_object_id"}}
    if part.get("class_name") in ("Flatten", "ZeroPadding3D"):
        part.pop("build_config", None)  # they have no weights to build
    if "torch" in str(part.get("module")):
        # Optimizers of the PyTorch backend, which other backends can't read, are named after it.
        part.update(module="keras.optimizers", registered_name=None)
    return part


def tree(content):
    """Returns the groups and data sets of an HDF5 file: their attributes, shapes and number types."""
    h5py = pytest.importorskip("h5py")
    found = {}

    def visit(name, node):
        shape = (node.shape, node.dtype) if isinstance(node, h5py.Dataset) else None
        found[name] = shape, dict(node.attrs)

    with h5py.File(io.BytesIO(content)) as file:
        found["/"] = None, dict(file.attrs)
        file.visititems(visit)
    return found


@every_model
def test_the_file_is_as_keras_writes_it(make, libraries, tmp_path):
    archives = []
    for name, library in libraries.items():
        library.utils.clear_session()  # names of layers begin anew
        model, _ = make_and_train(library, make)
        model.save(tmp_path / f"{name}.keras", **({"format": "keras3.11"} if library is convlayers else {}))
        archives.append(zipfile.ZipFile(tmp_path / f"{name}.keras"))
    ours, keras = archives
    assert ours.namelist() == keras.namelist()
    assert {info.compress_type for info in ours.infolist()} == {zipfile.ZIP_STORED}
    ours_metadata, keras_metadata = (json.loads(archive.read("metadata.json")) for archive in archives)
    assert ours_metadata.keys() == keras_metadata.keys()
    assert len(ours_metadata["date_saved"]) == len(keras_metadata["date_saved"])
    ours_config, keras_config = (comparable(json.loads(archive.read("config.json"))) for archive in archives)
    assert ours_config == keras_config
    assert tree(ours.read("model.weights.h5")) == tree(keras.read("model.weights.h5"))


def test_the_weights_of_a_subclass_are_where_keras_has_them(libraries, tmp_path):
    trees = []
    for name, library in libraries.items():
        library.utils.clear_session()
        model = zoo.subclasses(library)["Branches"](name="branches")
        model(np.zeros((1, 4), "float32"))
        model.compile("adam", "mse")
        model.save_weights(tmp_path / f"{name}.weights.h5")
        trees.append(tree((tmp_path / f"{name}.weights.h5").read_bytes()))
    assert trees[0] == trees[1]
    assert "deep/container_1/dense/vars/0" in trees[0]


def test_ops_in_an_hdf5_file_of_keras(libraries, tmp_path):
    """Keras names no modules in such files, and can't read them itself."""
    k, ours = libraries["keras"], libraries["convlayers"]
    x = inputs = k.Input((6, 5, 2))
    x = k.layers.Identity()(x) * k.layers.Dense(2)(x) + 1.0
    x = k.layers.Add()([x, k.ops.clip(x[:, 1:-1, ::2], -1.0, 1.0)[:, :1, :1]])
    model = k.Model(inputs, k.layers.Conv2D(3, 3)(-x))
    model.save(tmp_path / "model.h5")
    images = np.random.default_rng(0).normal(size=(2, 6, 5, 2)).astype("float32")
    expected = model.predict(images, verbose=0)
    close([ours.models.load_model(tmp_path / "model.h5").predict(images, verbose=0)], [expected], 1e-5)
