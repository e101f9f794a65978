"""Models that are saved and loaded here: nothing is lost, and training goes on as if it had never stopped."""

import json
import zipfile

import numpy as np
import pytest

import convlayers as k
from tests.saving import zoo

every_model = pytest.mark.parametrize("make", zoo.MODELS, ids=lambda make: make.__name__)
trained = [make for make in zoo.MODELS if make is not zoo.channels_first]  # it has no weights
every_trained_model = pytest.mark.parametrize("make", trained, ids=lambda make: make.__name__)


def same(some, others):
    some, others = list(some), list(others)
    return len(some) == len(others) and all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def structure(filepath):
    with zipfile.ZipFile(filepath) as archive:
        return json.loads(archive.read("config.json"))


# Whole models -----------------------------------------------------------------------------------------------------------


@every_model
def test_a_model_comes_back_as_it_was(make, tmp_path):
    model, inputs = make(k), zoo.inputs_for(make)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert type(again) is type(model)
    assert not again.compiled
    assert same(zoo.values(again.weights), zoo.values(model.weights))
    assert same(zoo.predict(again, inputs), zoo.predict(model, inputs))
    again.save(tmp_path / "again.keras")
    assert structure(tmp_path / "again.keras") == structure(tmp_path / "model.keras")


@every_trained_model
def test_training_goes_on_where_it_stopped(make, tmp_path):
    model, inputs = make(k), zoo.inputs_for(make)
    zoo.compile_model(model, inputs)
    zoo.train(model, inputs)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert same(zoo.values(again.optimizer.variables), zoo.values(model.optimizer.variables))
    assert zoo.train(again, inputs) == zoo.train(model, inputs)
    assert same(zoo.values(again.weights), zoo.values(model.weights))


OPTIMIZERS = {
    "sgd": lambda: k.optimizers.SGD(0.01),
    "momentum": lambda: k.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "rmsprop": lambda: k.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "amsgrad": lambda: k.optimizers.Adam(0.01, amsgrad=True),
    "schedule": lambda: k.optimizers.Adam(k.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)),
    "average": lambda: k.optimizers.SGD(0.01, use_ema=True, ema_momentum=0.9),
    "accumulation": lambda: k.optimizers.SGD(0.01, momentum=0.9, gradient_accumulation_steps=2),
    "clipping": lambda: k.optimizers.Adam(0.01, clipnorm=0.1, weight_decay=0.1),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_state_of_each_optimizer_comes_back(optimizer, tmp_path):
    model, inputs = zoo.stack(k), zoo.inputs_for(zoo.stack)
    zoo.compile_model(model, inputs, optimizer())
    zoo.train(model, inputs)  # an odd number of steps: in the middle of an accumulation
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert zoo.train(again, inputs, 5) == zoo.train(model, inputs, 5)
    assert same(zoo.values(again.weights), zoo.values(model.weights))


def test_a_learning_rate_that_was_changed_comes_back_without_training(tmp_path, recwarn):
    model = zoo.stack(k)
    model.compile(k.optimizers.Adam(0.01), "mse")
    model.optimizer.learning_rate = 0.125
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert again.optimizer.learning_rate.numpy() == 0.125
    assert not recwarn.list


def test_a_frozen_layer_stays_frozen(tmp_path):
    model, inputs = zoo.nested(k), zoo.inputs_for(zoo.nested)
    model.get_layer("late").layers[0].trainable = False
    zoo.compile_model(model, inputs)
    zoo.train(model, inputs)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert [variable.trainable for variable in again.weights] == [variable.trainable for variable in model.weights]
    assert zoo.train(again, inputs) == zoo.train(model, inputs)
    assert same(zoo.values(again.weights), zoo.values(model.weights))


def test_losses_and_metrics_come_back(tmp_path):
    model = zoo.stack(k)
    model.compile(
        k.optimizers.RMSprop(0.01),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", k.metrics.SparseTopKCategoricalAccuracy(2, name="top")],
        weighted_metrics=["accuracy"],
    )
    x, y = zoo.inputs_for(zoo.stack), np.array([0, 1, 2])
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert again.evaluate(x, y, verbose=0, return_dict=True) == model.evaluate(x, y, verbose=0, return_dict=True)
    assert again.loss.get_config() == model.loss.get_config()


def test_a_layer_that_is_in_two_models_stays_one(tmp_path):
    block = k.Sequential([k.Input((4,)), k.layers.Dense(4)], name="block")
    inner_inputs = k.Input((4,))
    inner = k.Model(inner_inputs, k.layers.ReLU()(block(inner_inputs)), name="inner")
    inputs = k.Input((4,))
    model = k.Model(inputs, block(inner(inputs)))
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert again.get_layer("inner").get_layer("block") is again.get_layer("block")
    x = np.ones((2, 4), "float32")
    assert same(zoo.predict(again, x), zoo.predict(model, x))


def test_a_model_that_is_not_compiled_after_loading_has_no_optimizer(tmp_path):
    model, inputs = zoo.stack(k), zoo.inputs_for(zoo.stack)
    zoo.compile_model(model, inputs)
    zoo.train(model, inputs)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras", compile=False)
    assert not again.compiled
    assert same(zoo.predict(again, inputs), zoo.predict(model, inputs))


def test_a_folder_holds_what_the_file_holds(tmp_path):
    model, inputs = zoo.branches(k), zoo.inputs_for(zoo.branches)
    folder = tmp_path / "model"
    for _ in range(2):  # the second time over the first
        model.save(folder, zipped=False)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "metadata.json", "model.weights.h5"]
    assert same(zoo.predict(k.models.load_model(folder), inputs), zoo.predict(model, inputs))


def test_a_model_that_is_not_built_is_saved_with_a_warning(tmp_path):
    model = k.Sequential([k.layers.Dense(3)])
    with pytest.warns(UserWarning, match="You are saving a model that has not yet been built") as warned:
        model.save(tmp_path / "model.keras")
    assert warned[0].filename == __file__
    again = k.models.load_model(tmp_path / "model.keras")
    assert again(np.ones((1, 2), "float32")).shape == (1, 3)


# Classes and functions of one's own -------------------------------------------------------------------------------------


@pytest.fixture
def classes():
    """Registered classes, forgotten after the test."""
    known = dict(k.saving.get_custom_objects())
    yield zoo.subclasses(k)
    k.saving.get_custom_objects().clear()
    k.saving.get_custom_objects().update(known)


def trained_subclass(classes):
    model, inputs = classes["Branches"](units=5), np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    model(inputs)
    zoo.compile_model(model, inputs)
    zoo.train(model, inputs)
    return model, inputs


def test_a_registered_subclass_comes_back(classes, tmp_path):
    model, inputs = trained_subclass(classes)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert type(again) is classes["Branches"]
    assert same(zoo.predict(again, inputs), zoo.predict(model, inputs))
    assert zoo.train(again, inputs) == zoo.train(model, inputs)
    assert same(zoo.values(again.weights), zoo.values(model.weights))


def test_a_subclass_that_is_only_passed_comes_back(classes, tmp_path):
    model, inputs = trained_subclass(classes)
    model.save(tmp_path / "model.keras")
    k.saving.get_custom_objects().clear()
    with pytest.raises(TypeError, match="Could not locate class 'Branches'"):
        k.models.load_model(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras", custom_objects=classes)
    assert same(zoo.predict(again, inputs), zoo.predict(model, inputs))
    with k.saving.CustomObjectScope(classes):
        assert k.models.load_model(tmp_path / "model.keras").count_params() == model.count_params()


def test_a_layer_may_have_its_own_way_of_saving(tmp_path):
    class Halved(k.layers.Layer):
        """Writes half of what it has, and something that is no weight."""

        def build(self, input_shape):
            self.factor = self.add_weight(shape=(4,), initializer="ones", name="factor")
            self.note = 0

        def call(self, inputs):
            return inputs * self.factor

        def save_own_variables(self, store):
            super().save_own_variables(store)
            assert list(store.keys()) == ["0"]
            store["note"] = np.array(7)
            store["half"] = self.factor.numpy()[:2]

        def load_own_variables(self, store):
            assert sorted(store.keys()) == ["0", "half", "note"]
            self.factor.assign(np.tile(store["half"], 2))
            self.note = int(store["note"])

    layer = Halved()
    model = k.Sequential([k.Input((4,)), layer])
    layer.factor.assign([1, 2, 3, 4])
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras", custom_objects={"Halved": Halved}).layers[0]
    assert again.note == 7
    assert again.factor.numpy().tolist() == [1, 2, 1, 2]


def test_weights_that_a_file_does_not_have_get_their_initial_values(tmp_path):
    class Forgetful(k.layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=(4,), initializer=k.initializers.Constant(3.0), name="factor")

        def call(self, inputs):
            return inputs * self.factor

        def save_own_variables(self, store):
            pass

        def load_own_variables(self, store):
            pass

    model = k.Sequential([k.Input((4,)), Forgetful()])
    model.layers[0].factor.assign([5, 5, 5, 5])
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras", custom_objects={"Forgetful": Forgetful})
    assert again.layers[0].factor.numpy().tolist() == [3, 3, 3, 3]


def half_squared(y_true, y_pred):
    return k.ops.mean(k.ops.square(y_true - y_pred), axis=-1) / 2


def test_a_loss_that_is_not_known_warns_and_does_not_keep_the_weights(tmp_path):
    model, inputs = zoo.stack(k), zoo.inputs_for(zoo.stack)
    model.compile("adam", half_squared)
    labels = np.zeros((3, 5), "float32")
    model.train_on_batch(inputs, labels)
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="could not be compiled as it was saved") as warned:
        again = k.models.load_model(tmp_path / "model.keras")
    assert warned[0].filename == __file__
    assert not again.compiled
    assert same(zoo.predict(again, inputs), zoo.predict(model, inputs))
    again = k.models.load_model(tmp_path / "model.keras", custom_objects={"half_squared": half_squared})
    assert again.evaluate(inputs, labels, verbose=0) == model.evaluate(inputs, labels, verbose=0)
