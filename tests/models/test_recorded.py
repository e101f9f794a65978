"""Steps of training that are recorded do what the general way does, bit by bit, and notice every change."""

import itertools

import numpy as np
import pytest

import convlayers as keras
from convlayers import layers, losses, ops
from convlayers.models import recorded_calls
from convlayers.models.compile_loss import CompileLoss
from convlayers.models.recorded import RecordedTraining

FIRST = {"data_format": "channels_first"}
# What is between an input of 8 x 8 x 4 and Dense(3).
NETWORKS = {
    "one of each": lambda: [
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Conv2D(8, 3),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dropout(0.5, seed=1),
        layers.Dense(16, activation="relu"),
    ],
    "strides, dilation, groups": lambda: [
        layers.Conv2D(8, 3, strides=2, groups=2, activation="tanh"),
        layers.Conv2D(8, 2, dilation_rate=2, use_bias=False),
        layers.Flatten(),
    ],
    "activations": lambda: [
        layers.Conv2D(8, 3, activation="gelu"),
        layers.Activation("silu"),
        layers.LeakyReLU(),
        layers.Softmax(),
        layers.Flatten(),
    ],
    "depthwise and separable": lambda: [
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.SeparableConv2D(8, 3),
        layers.GlobalMaxPooling2D(),
    ],
    "transposed": lambda: [layers.Conv2DTranspose(5, 3, strides=2, activation="relu"), layers.GlobalAveragePooling2D()],
    "padded": lambda: [
        layers.ZeroPadding2D(1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(scale=False),
        layers.ReLU(),
        layers.AveragePooling2D(2),
        layers.Flatten(),
    ],
    "pooled": lambda: [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, padding="same"),
        layers.ReLU(6),
        layers.MaxPooling2D(3, 2, "same"),
        layers.Flatten(),
    ],
    "sequences": lambda: [
        layers.Reshape((64, 4)),
        layers.Conv1D(8, 3, padding="causal"),
        layers.MaxPooling1D(),
        layers.GlobalAveragePooling1D(),
    ],
    "volumes": lambda: [
        layers.Reshape((4, 4, 4, 4)),
        layers.Conv3D(8, 3, activation="sigmoid"),
        layers.BatchNormalization(),
        layers.GlobalMaxPooling3D(),
    ],
    "channels first": lambda: [
        layers.Permute((3, 1, 2)),
        layers.Conv2D(8, 3, **FIRST),
        layers.BatchNormalization(axis=1),
        layers.MaxPooling2D(**FIRST),
        layers.Flatten(**FIRST),
    ],
    "frozen": lambda: [
        layers.Conv2D(8, 3, trainable=False),
        layers.BatchNormalization(trainable=False),
        layers.Conv2D(8, 3),
        layers.Flatten(),
    ],
    "what is not recorded": lambda: [
        layers.Conv2D(8, 3),
        layers.GaussianNoise(0.1, seed=1),
        layers.Lambda(lambda x: x * 2),
        layers.Flatten(),
    ],
}
RECORDED = set(NETWORKS) - {"what is not recorded"}


def make(name, dtype="float32", **options):
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((8, 8, 4), dtype=dtype), *NETWORKS[name](), layers.Dense(3, activation="softmax")])
    options = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **options}
    model.compile(**options)
    return model


def batches(count, samples=4):
    generator = np.random.default_rng(0)
    return [
        (generator.normal(size=(samples, 8, 8, 4)).astype(keras.config.floatx()), generator.integers(0, 3, samples))
        for _ in range(count)
    ]


def train(model, data, before_step=None):
    """Returns the logs of each step, and then all that the model is."""
    logs = []
    for step, batch in enumerate(data):
        if before_step is not None:
            before_step(model, step)
        logs.append(model.train_on_batch(*batch))
    states = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables, *model.metrics_variables)]
    return logs, states


def are_recorded(model):
    """Returns for each recording of a model, with its loss or without, whether it can be made again."""
    recorded = vars(model._network._recorded)
    kinds = [recorded[kind]._calls for kind in ("_comparisons", "_predictions") if kind in recorded]
    return [call._complete for calls in kinds for call in calls.values() if call is not None]


def assert_same_as_the_general_way(monkeypatch, make_model, data, before_step=None):
    """Returns the model that was trained by recordings, if it was."""
    model = make_model()
    logs, states = train(model, data, before_step)
    with monkeypatch.context() as context:
        context.setattr(RecordedTraining, "_is_known", lambda self, x: False)
        context.setattr(CompileLoss, "_loss_by_recording", lambda self, y_true, y_pred: None)
        expected_logs, expected_states = train(make_model(), data, before_step)
    assert logs == expected_logs
    assert len(states) == len(expected_states)
    for state, expected in zip(states, expected_states, strict=True):
        np.testing.assert_array_equal(state, expected)
    return model


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


def set_attribute(layer, name, value):
    return lambda model: setattr(model.layers[layer], name, value)


def freeze_all_but_the_last(model):
    model.trainable = False
    model.layers[-1].trainable = True
    model.layers[-1].bias.trainable = True


def freeze_a_variable(model):
    model.layers[0].bias.trainable = False


def regularize_a_variable(model):
    model.layers[0].kernel.regularizer = keras.regularizers.L2(0.1)


def make_the_loss_larger(model):
    model.compute_loss = lambda *args, **kwargs: ops.multiply(type(model).compute_loss(model, *args, **kwargs), 2)


# Layers are those of "one of each".
CHANGES = {
    "trainable": set_attribute(0, "trainable", False),
    "trainable of the model": freeze_all_but_the_last,
    "trainable of a variable": freeze_a_variable,
    "trainable of a normalization": set_attribute(1, "trainable", False),
    "activation": set_attribute(0, "activation", keras.activations.tanh),
    "a user's activation": set_attribute(0, "activation", lambda x: ops.relu(x) * 2),
    "momentum": set_attribute(1, "momentum", 0.5),
    "rate": set_attribute(6, "rate", 0.25),
    "call": set_attribute(4, "call", lambda x: ops.relu(x) + 1),
    "learning rate": lambda model: model.optimizer.learning_rate.assign(0.1),
    "regularizer of a variable": regularize_a_variable,
    "loss that is computed": make_the_loss_larger,
    "another loss": lambda model: model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True)),
    "weights": lambda model: model.set_weights([weight * 0.5 for weight in model.get_weights()]),
    "loss": lambda model: model.compile("sgd", losses.SparseCategoricalCrossentropy(reduction="sum")),
    "optimizer": lambda model: model.compile(keras.optimizers.RMSprop(), "sparse_categorical_crossentropy"),
    "winograd": lambda model: keras.config.set_winograd(False),
    "predictions": lambda model: model.predict(batches(1)[0][0], verbose=0),
    "evaluation": lambda model: model.evaluate(*batches(1, 3)[0], verbose=0),
}


def changed_at_step_4(name):
    def change(model, step):
        if step == 4:
            CHANGES[name](model)

    return change


@pytest.mark.parametrize("name", CHANGES)
def test_changes_between_steps_are_seen(name, monkeypatch):
    try:
        assert_same_as_the_general_way(monkeypatch, lambda: make("one of each"), batches(8), changed_at_step_4(name))
    finally:
        keras.config.set_winograd(True)


def test_a_change_makes_a_difference():
    """What the test above relies on: recordings that are not forgotten would give other numbers."""
    _, unchanged = train(make("one of each"), batches(8))
    for name in ("momentum", "rate", "trainable", "regularizer of a variable", "loss that is computed", "another loss"):
        _, states = train(make("one of each"), batches(8), changed_at_step_4(name))
        assert any(not np.array_equal(one, other) for one, other in zip(states, unchanged, strict=True)), name


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
    assert_same_as_the_general_way(monkeypatch, lambda: make("one of each", optimizer=OPTIMIZERS[name]()), batches(7))


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


def test_layers_of_a_subclass_are_not_recorded(monkeypatch):
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


@pytest.mark.parametrize("loss", ["mse", "categorical_crossentropy", losses.SparseCategoricalCrossentropy(from_logits=True)])
def test_other_losses(loss, monkeypatch):
    data = batches(5)
    if isinstance(loss, str):
        data = [(x, np.eye(3, dtype="float32")[y]) for x, y in data]
    model = assert_same_as_the_general_way(monkeypatch, lambda: make("one of each", loss=loss), data)
    # Of the network alone: a loss of class numbers that is not known shows when it is tried.
    assert are_recorded(model) == ([True] if isinstance(loss, str) else [False, True])


@pytest.mark.parametrize("name", ["reduction", "epsilon", "shape of labels"])
def test_changes_of_the_loss_are_seen(name, monkeypatch):
    loss = losses.SparseCategoricalCrossentropy()

    def change(model, step):
        loss.reduction = "sum" if name == "reduction" and step >= 4 else "sum_over_batch_size"
        keras.config.set_epsilon(0.3 if name == "epsilon" and step >= 4 else 1e-7)

    data = batches(8)
    if name == "shape of labels":
        data[4:] = [(x, y[:, None].astype("float32")) for x, y in data[4:]]
    try:
        assert_same_as_the_general_way(monkeypatch, lambda: make("one of each", loss=loss), data, change)
    finally:
        keras.config.set_epsilon(1e-7)


def test_a_loss_that_is_computed_twice_in_a_step(monkeypatch):
    class Twice(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            one = super().compute_loss(x, y, y_pred, sample_weight, training)
            return one + 0.5 * super().compute_loss(x, (y + 1) % 3, y_pred, sample_weight, training)

    def make_model():
        keras.utils.set_random_seed(0)
        model = Twice([keras.Input((8, 8, 4)), layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    assert_same_as_the_general_way(monkeypatch, make_model, batches(6))


def test_narrow_types_are_not_recorded(monkeypatch):
    def make_model():
        keras.utils.set_random_seed(0)
        conv = layers.Conv2D(8, 3, dtype="mixed_float16")
        model = keras.Sequential([keras.Input((8, 8, 4)), conv, layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    assert are_recorded(assert_same_as_the_general_way(monkeypatch, make_model, batches(5))) == []
