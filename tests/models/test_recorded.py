"""Steps of training that are recorded do what the general way does, bit by bit."""

import itertools

import numpy as np
import pytest

import convlayers as keras
from convlayers import layers
from convlayers.models import recorded_calls
from convlayers.models.recorded import RecordedTraining
from tests.models.recorded_networks import (
    NETWORKS,
    RECORDED,
    are_recorded,
    assert_same_as_the_general_way,
    batches,
    make,
    train,
)


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx("float32")


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_of_the_general_way(name, dtype, monkeypatch):
    model = assert_same_as_the_general_way(monkeypatch, lambda: make(name, dtype), batches(5))
    assert are_recorded(model) == [True] * (name in RECORDED)


def residual(data_format=None):
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    x = inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(4, 1)(x))]))
    x = layers.Concatenate()([x, layers.MaxPooling2D(3, 1, "same")(x)])
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_gradients_that_meet(monkeypatch):
    model = assert_same_as_the_general_way(monkeypatch, residual, batches(5))
    assert are_recorded(model) == [True]


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "clipped": lambda: keras.optimizers.Adam(global_clipnorm=0.1),
    "decay": lambda: keras.optimizers.AdamW(weight_decay=0.1),
    "averages": lambda: keras.optimizers.RMSprop(use_ema=True, ema_overwrite_frequency=3),
    "accumulated": lambda: keras.optimizers.Adam(gradient_accumulation_steps=2),
    "schedule": lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    "scaled loss": lambda: keras.optimizers.Adam(loss_scale_factor=8.0),
    "outside": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()),
    "not by a kernel of its own": lambda: keras.optimizers.Muon(exclude_layers=["dense"]),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name, monkeypatch):
    model = assert_same_as_the_general_way(monkeypatch, lambda: make("one of each", optimizer=OPTIMIZERS[name]()), batches(7))
    # What scales losses from outside is no kernel, and gets gradients of its own.
    assert are_recorded(model) == ([] if name == "outside" else [True])


def test_weights_and_regularizers(monkeypatch):
    def make_model():
        keras.utils.set_random_seed(0)
        regularized = layers.Conv2D(8, 3, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="max_norm")
        model = keras.Sequential([keras.Input((8, 8, 4)), regularized, layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        return model

    data = [(*batch, np.linspace(0.5, 2, 4).astype("float32")) for batch in batches(5)]
    assert are_recorded(assert_same_as_the_general_way(monkeypatch, make_model, data)) == [True]


def test_weights_beside_the_network_have_losses_too(monkeypatch):
    class WithAnother(keras.Sequential):
        def __init__(self, *args):
            super().__init__(*args)
            self.another = layers.Dense(3, kernel_regularizer="l2")
            self.another.build((None, 5))

    def make_model():
        keras.utils.set_random_seed(0)
        model = WithAnother([keras.Input((8, 8, 4)), layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    assert are_recorded(assert_same_as_the_general_way(monkeypatch, make_model, batches(5))) == [True]


def test_shapes_take_turns(monkeypatch):
    data = [batch for pair in zip(batches(4, 4), batches(4, 3), strict=True) for batch in pair]
    model = assert_same_as_the_general_way(monkeypatch, lambda: make("one of each"), data)
    assert are_recorded(model) == [True, True]


def test_fit_is_recorded(monkeypatch):
    x, y = batches(1, 30)[0]

    def history_of(model):
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0, validation_split=0.2)
        return history.history, model.get_weights()

    model = make("one of each")
    history, weights = history_of(model)
    assert are_recorded(model) == [True]
    monkeypatch.setattr(RecordedTraining, "_is_known", lambda self, x: False)
    expected, expected_weights = history_of(make("one of each"))
    assert history == expected
    assert all(map(np.array_equal, weights, expected_weights))


def test_what_a_users_metric_keeps_is_not_written_to():
    kept = []

    def metric(y_true, y_pred):
        kept.append(y_pred)
        return np.zeros(len(y_pred), "float32")

    model = make("one of each", metrics=[metric])
    for x, y in batches(5):
        model.train_on_batch(x, y)
    assert are_recorded(model) == [True]
    predictions = kept[-5:]
    assert all(not np.shares_memory(one, other) for one, other in itertools.pairwise(predictions))
    assert not np.array_equal(predictions[-1], predictions[-2])


def test_a_users_optimizer_may_keep_gradients():
    class Keeping(keras.optimizers.Adam):
        def apply(self, grads, trainable_variables=None):
            kept.append(list(grads))
            super().apply(grads, trainable_variables)

    kept = []
    model = make("one of each", optimizer=Keeping())
    for x, y in batches(4):
        model.train_on_batch(x, y)
    assert not any(np.shares_memory(one, other) for one, other in zip(kept[-1], kept[-2], strict=True))


def test_layers_of_a_subclass_are_not_recorded():
    class Counting(layers.Dense):
        def call(self, inputs):
            counts.append(len(inputs))
            return super().call(inputs)

    counts = []
    model = keras.Sequential([keras.Input((8, 8, 4)), layers.Flatten(), Counting(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.train_on_batch(*batches(1)[0])
    counts.clear()
    for batch in batches(4):
        model.train_on_batch(*batch)
    assert counts == [4] * 4


def test_a_model_with_a_call_of_its_own_is_not_recorded():
    class Doubling(keras.Sequential):
        def call(self, inputs, training=None):
            counts.append(training)
            return super().call(inputs, training=training)

    counts = []
    model = Doubling([keras.Input((8, 8, 4)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.train_on_batch(*batches(1)[0])
    counts.clear()
    for batch in batches(4):
        model.train_on_batch(*batch)
    assert counts == [True] * 4


def test_large_arrays_are_not_kept(monkeypatch):
    monkeypatch.setattr(recorded_calls, "MOST_BYTES", 1000)
    model = assert_same_as_the_general_way(monkeypatch, lambda: make("one of each"), batches(4))
    assert are_recorded(model) == [False, False]


def test_a_step_that_fails_is_not_repeated(monkeypatch):
    model = make("one of each")
    x, y = batches(1)[0]
    model.train_on_batch(x, y)
    with pytest.raises(ValueError, match="outside the valid range"):
        model.train_on_batch(x, y + 7)
    before = model.get_weights()
    with pytest.raises(ValueError, match="outside the valid range"):
        model.train_on_batch(x, y + 7)
    averages = [index for index, weight in enumerate(model.weights) if "moving" in weight.path]
    for index, (one, other) in enumerate(zip(before, model.get_weights(), strict=True)):
        assert index in averages or np.array_equal(one, other)
    assert np.isfinite(model.train_on_batch(x, y)[0])


def test_a_copy_has_its_own_arrays():
    model = make("one of each")
    data = batches(4)
    train(model, data)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    train(copy, data)
    assert all(map(np.array_equal, before, model.get_weights()))
