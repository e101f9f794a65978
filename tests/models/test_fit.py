"""Training, evaluation and prediction: callbacks, logs, steps of a user's own."""

import gc
import weakref

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, losses, metrics, ops
from convlayers.autograd import Tape, current_tape
from convlayers.callbacks import Callback, CallbackList, History

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


def regression(cls=Sequential, **compilation):
    model = cls([Input((4,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compilation})
    return model


# Events and logs ------------------------------------------------------------------------------------------------------


def test_events_are_those_of_keras(keras):
    def run(library, base):
        events = []

        class Recorder(base):
            pass

        for event in ("train_begin", "train_end", "test_begin", "test_end", "predict_begin", "predict_end"):
            setattr(Recorder, f"on_{event}", lambda self, logs=None, event=event: events.append((event, sorted(logs or {}))))
        for event in ("epoch", "train_batch", "test_batch", "predict_batch"):
            for edge in ("begin", "end"):
                setattr(
                    Recorder,
                    f"on_{event}_{edge}",
                    lambda self, n, logs=None, name=f"{event}_{edge}": events.append((name, n, sorted(logs or {}))),
                )
        model = library.Sequential([library.Input((4,)), library.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        arguments = {"batch_size": 8, "verbose": 0, "callbacks": [Recorder()]}
        model.fit(X, Y, epochs=2, validation_data=(X, Y), validation_freq=2, **arguments)
        model.evaluate(X, Y, **arguments)
        model.predict(X, **arguments)
        return events

    assert run(convlayers, Callback) == run(keras, keras.callbacks.Callback)


def test_history_and_its_parameters():
    model = regression(metrics=["mae"])
    history = model.fit(X, Y, batch_size=8, epochs=5, initial_epoch=2, verbose=0, validation_split=0.2, validation_freq=[4])
    assert isinstance(history, History)
    assert history is model.history
    assert history.epoch == [2, 3, 4]
    assert history.params == {"verbose": 0, "epochs": 5, "steps": 2}
    assert {name: len(values) for name, values in history.history.items()} == {
        "loss": 3,
        "mae": 3,
        "val_loss": 1,
        "val_mae": 1,
    }
    assert all(type(value) is float for values in history.history.values() for value in values)


def test_a_callback_can_stop_training():
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    class StopAtOnce(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    model = regression()
    assert model.fit(X, Y, epochs=9, callbacks=[Stop()], verbose=0).epoch == [0, 1]
    assert model.fit(X, Y, batch_size=1, callbacks=StopAtOnce(), verbose=0).epoch == [0]
    assert int(model.optimizer.iterations.value) == 2 + 1


def test_a_list_of_callbacks_may_be_given():
    model = regression()
    model.fit(X, Y, verbose=0, callbacks=CallbackList([History()], model=model, epochs=1, steps=1, verbose=0))


def test_no_epochs():
    model = regression()
    assert model.fit(X, Y, epochs=0, verbose=0).history == {}


# Results --------------------------------------------------------------------------------------------------------------


def test_evaluate_gives_means_over_all_samples():
    model = regression(metrics=["mae"])
    error = X @ model.get_weights()[0] - Y
    expected = [(error**2).mean(), np.abs(error).mean()]
    for batch_size in (3, 20):
        np.testing.assert_allclose(model.evaluate(X, Y, batch_size=batch_size, verbose=0), expected, rtol=1e-5)
    logs = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs == pytest.approx({"loss": expected[0], "mae": expected[1]}, rel=1e-5)
    np.testing.assert_allclose(model.test_on_batch(X, Y), expected, rtol=1e-5)
    assert isinstance(regression().evaluate(X, Y, verbose=0), float)


def test_predict_gives_the_structure_of_the_outputs():
    x = Input((4,))
    one, other = layers.Dense(1)(x), layers.Dense(2)(x)
    for outputs in ([one, other], {"one": one, "other": other}):
        model = Model(x, outputs)
        predictions = model.predict(X, batch_size=3, verbose=0)
        assert type(predictions) is type(outputs)
        for part, whole in zip(convlayers.nested.flatten(predictions), convlayers.nested.flatten(model(X)), strict=True):
            assert type(part) is np.ndarray
            np.testing.assert_allclose(part, whole, rtol=1e-5)
        assert type(model.predict_on_batch(X)) is type(outputs)


def test_loss_is_the_one_before_the_step():
    model = regression()
    before = model.test_on_batch(X, Y)
    assert model.train_on_batch(X, Y) == pytest.approx(before)
    assert model.train_on_batch(X, Y, return_dict=True)["loss"] < before


def test_words_stand_for_what_the_labels_call_for():
    x = np.random.default_rng(1).normal(size=(12, 4))
    cases = [
        (1, "sigmoid", np.arange(12) % 2, "BinaryAccuracy"),
        (3, "softmax", np.arange(12) % 3, "SparseCategoricalAccuracy"),
        (3, "softmax", (np.arange(12) % 3)[:, None], "SparseCategoricalAccuracy"),
        (3, "softmax", np.eye(3)[np.arange(12) % 3], "CategoricalAccuracy"),
    ]
    for units, activation, y, expected in cases:
        model = Sequential([Input((4,)), layers.Dense(units, activation=activation)])
        model.compile("sgd", "crossentropy", metrics=["accuracy"], weighted_metrics=["acc"])
        history = model.fit(x, y, verbose=0).history
        assert list(history) == ["acc", "accuracy", "loss"]
        assert [type(metric).__name__ for metric in model.metrics[1].metrics] == [expected] * 2


def test_regularizers_and_added_losses_count():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(inputs) * 0 + 7.0)
            return inputs

    model = Sequential([Input((4,)), layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l1"), Penalty()])
    model.compile("sgd", "mse")
    kernel, bias = model.get_weights()
    y_pred = X @ kernel + bias
    expected = ((y_pred - Y) ** 2).mean() + 0.01 * (kernel**2).sum() + 0.01 * np.abs(y_pred).sum() / len(X) + 7
    assert model.test_on_batch(X, Y) == pytest.approx(expected, rel=1e-5)
    assert model.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-5)
    assert len(model.losses) == 3


def test_a_model_may_have_only_added_losses():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs)))
            return inputs

    model = Sequential([Input((4,)), layers.Dense(2), Penalty()])
    model.compile("sgd")
    history = model.fit(X, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


# Steps of a user's own ------------------------------------------------------------------------------------------------


def test_a_step_of_ones_own():
    class Mine(Model):
        def train_step(self, data):
            x, y = data
            with Tape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            tape.backward([loss], [np.ones(())])
            variables = self.trainable_variables
            self.optimizer.apply([variable.grad for variable in variables], variables)
            for variable in variables:
                variable.grad = None
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    inputs = Input((4,))
    mine = Mine(inputs, layers.Dense(1)(inputs))
    mine.compile("sgd", "mse", metrics=["mae"])
    plain = Model(inputs, layers.Dense(1)(inputs))
    plain.set_weights(mine.get_weights())
    plain.compile("sgd", "mse", metrics=["mae"])
    histories = [model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history for model in (mine, plain)]
    assert histories[0]["loss"] == pytest.approx(histories[1]["loss"], rel=1e-5)
    assert histories[0]["mae"] == pytest.approx(histories[1]["mae"], rel=1e-5)


def test_an_autoencoder_makes_its_own_labels():
    class Auto(Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return ops.mean(ops.square(y_pred - x))

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            self.seen.update_state(len(x))
            return {**self.get_metrics_result(), "twice": 2.0}

    model = Auto([Input((4,)), layers.Dense(4)])
    model.seen = metrics.Sum(name="seen")
    model.compile("sgd")
    history = model.fit(X, batch_size=8, epochs=2, verbose=0).history
    assert history["seen"] == [20, 20]
    assert history["twice"] == [2, 2]
    assert history["loss"][1] < history["loss"][0]


def test_a_model_without_call_may_have_a_step():
    class Pair(Model):
        def __init__(self):
            super().__init__()
            self.one, self.other = layers.Dense(1), layers.Dense(1)

        def train_step(self, data):
            self.steps = getattr(self, "steps", 0) + 1
            return {"score": 0.5}

    model = Pair()
    model.compile(optimizer="adam")
    assert model.fit(X, batch_size=5, verbose=0).history == {"score": [0.5]}
    assert model.steps == 4


def test_functions_as_losses_and_metrics():
    def error(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    model = regression(loss=error, metrics=[error, losses.MeanSquaredError()])
    logs = model.test_on_batch(X, Y, return_dict=True)
    assert list(logs) == ["error", "loss", "mean_squared_error"]
    assert logs["error"] == pytest.approx(logs["loss"])


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_models_are_compiled_first(method):
    model = Sequential([Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"^You must call `compile\(\)` before using the model"):
        getattr(model, method)(X, Y)


@pytest.mark.parametrize(
    ("compilation", "message"),
    [
        ({"loss": None}, r"^No loss to compute. Provide a `loss` argument in `compile\(\)`"),
        ({"loss": "mes"}, "^Could not interpret loss identifier: mes"),
        ({"metrics": ["acuracy"]}, "^Could not interpret metric identifier: acuracy"),
        ({"loss": {"other": "mse"}}, r"^Expected keys .* in loss dict, but found loss.keys\(\)=\['other'\]"),
        ({"loss": ["mse", "mae"]}, "^`loss` must have an entry for each of the model's outputs"),
        ({"loss": losses.MeanSquaredError(reduction=None)}, r"^The loss must be a scalar.*shape \(20,\)"),
    ],
)
def test_mistakes_in_compile_are_found_before_training(compilation, message):
    x = Input((4,))
    model = Model(x, layers.Dense(1, name="out")(x))
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.compile(**{"optimizer": "sgd", "loss": "mse", **compilation})
        model.fit(X, Y, batch_size=20, verbose=0)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.parametrize(
    ("compilation", "message"),
    [
        ({"optimizer": "sdg"}, "^Could not interpret optimizer identifier: sdg"),
        ({"metrics": "mae"}, "^Expected `metrics` argument to be a list, tuple, or dict. Received instead: metrics=mae"),
        ({"weighted_metrics": "mae"}, "^Expected `weighted_metrics` argument to be a list"),
        ({"loss_weights": "a"}, "^Expected `loss_weights` argument to be a float"),
    ],
)
def test_a_failed_compile_leaves_the_old_one(compilation, message):
    model = regression()
    with pytest.raises(ValueError, match=message):
        model.compile(**{"optimizer": "adam", "loss": "mae", **compilation})
    assert model.loss == "mse"
    assert type(model.optimizer).__name__ == "SGD"


def test_unknown_arguments():
    with pytest.raises(ValueError, match="^Arguments not recognized: {'foo': 1}"):
        regression().evaluate(X, Y, foo=1)


def test_a_model_without_weights_warns():
    model = Sequential([Input((4,)), layers.ReLU()])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="^The model does not have any trainable weights"):
        model.train_on_batch(X, X)


# Compiling ------------------------------------------------------------------------------------------------------------


def test_compile_config_makes_the_same_compilation():
    model = regression(optimizer="adam", loss="mae", metrics=["mse"], loss_weights=[2.0])
    config = model.get_compile_config()
    assert config["loss"] == "mae"
    assert config["optimizer"]["class_name"] == "Adam"
    copy = Sequential([Input((4,)), layers.Dense(1)])
    assert copy.get_compile_config() == {}
    assert not copy.compiled
    copy.compile_from_config(config)
    assert copy.compiled
    assert copy.optimizer.built
    copy.set_weights(model.get_weights())
    assert copy.test_on_batch(X, Y) == model.test_on_batch(X, Y)


def test_metrics_are_listed_in_the_order_of_keras():
    x = Input((4,))
    model = Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    model.extra = metrics.Mean(name="extra")
    model.compile("sgd", "mse", metrics=["mae", "mse"])
    model.fit(X, [Y, Y], verbose=0)
    assert model.metrics_names == ["loss", "compile_metrics", "a_loss", "b_loss", "extra"]
    logs = model.evaluate(X, [Y, Y], verbose=0, return_dict=True)
    assert sorted(logs) == ["a_loss", "a_mae", "b_loss", "b_mse", "extra", "loss"]


def test_freezing_takes_effect():
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


# Memory ---------------------------------------------------------------------------------------------------------------


def test_a_step_keeps_nothing_of_its_batch():
    class Tracked(np.ndarray):
        pass

    model = Sequential([Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    for step in (model.train_on_batch, model.test_on_batch, lambda x, y: model.predict(x, verbose=0)):
        x = X.copy().view(Tracked)
        alive = weakref.ref(x)
        step(x, Y)
        del x
        gc.collect()
        assert alive() is None
    assert all(variable.grad is None for variable in model.weights)


def test_a_loop_of_predictions_does_not_grow():
    import tracemalloc

    model = regression()

    def predict():
        for _ in range(200):
            model.predict(X[:1], verbose=0)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    predict()
    growth = predict() - predict()
    tracemalloc.stop()
    # An array per prediction would be 20 kB and more.
    assert abs(growth) < 8000


# How many steps -------------------------------------------------------------------------------------------------------


class Steps(Callback):
    def __init__(self):
        super().__init__()
        self.begins, self.ends = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.begins.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(batch)

    on_test_batch_begin = on_predict_batch_begin = on_train_batch_begin
    on_test_batch_end = on_predict_batch_end = on_train_batch_end


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_callbacks_hear_of_several_steps_at_once(method):
    results = []
    for at_once in (1, 3):
        convlayers.utils.set_random_seed(0)
        model, steps = regression(steps_per_execution=at_once), Steps()
        arguments = dict(x=X, batch_size=4, verbose=0, callbacks=[steps])
        result = getattr(model, method)(**(arguments if method == "predict" else {"y": Y, **arguments}))
        results.append(result.history["loss"] if method == "fit" else result)
    assert (steps.begins, steps.ends) == ([0, 3], [2, 5])
    np.testing.assert_array_equal(*results)


def test_epochs_and_steps_can_be_limited_for_a_trial(monkeypatch):
    monkeypatch.setattr(
        convlayers.config, "_settings", {**convlayers.config._settings, "max_epochs": 2, "max_steps_per_epoch": 3}
    )
    steps = Steps()
    with pytest.warns(UserWarning) as warned:
        history = regression().fit(X, Y, batch_size=2, epochs=5, verbose=0, callbacks=[steps])
    assert {str(warning.message) for warning in warned} >= {"Limiting epochs to 2", "Limiting steps_per_epoch to 3"}
    assert history.epoch == [0, 1]
    assert steps.begins == [0, 1, 2] * 2


def test_weights_are_given_in_one_way():
    model = regression(loss="binary_crossentropy")
    message = "^Arguments `sample_weight` and `class_weight` cannot be specified at the same time. Received: sample_weight="
    with pytest.raises(ValueError, match=message):
        model.train_on_batch(X, Y, sample_weight=np.ones(20), class_weight={0: 1.0})


def test_weights_have_the_structure_of_the_labels():
    inputs = Input((4,))
    model = Model(inputs, {"a": layers.Dense(1)(inputs), "b": layers.Dense(1)(inputs)})
    model.compile("sgd", "mse")
    model.fit(X, {"a": Y, "b": Y}, sample_weight={"a": np.ones(20), "b": np.zeros(20)}, verbose=0)
    with pytest.raises(ValueError, match="^You should provide one `sample_weight` array per output in `y`. The two structures"):
        model.fit(X, {"a": Y, "b": Y}, sample_weight={"a": np.ones(20)}, verbose=0)


def test_training_goes_on_after_an_interruption():
    class Interruption(Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    model = regression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=2, verbose=0, callbacks=[Interruption()])
    assert all(variable.grad is None for variable in model.variables)
    losses = model.fit(X, Y, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_an_interruption_within_a_step_leaves_no_tape_behind():
    class Fragile(layers.Layer):
        def call(self, x):
            raise KeyboardInterrupt

    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    fragile = Fragile()
    model.layers[0].call = fragile.call
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(X, Y)
    assert current_tape() is None


def test_the_logs_of_an_epoch_are_the_results_of_the_metrics():
    """As in Keras: a step that returns the loss of its batch under the name of the metric is not what is kept."""

    class Own(Sequential):
        def train_step(self, data):
            logs = super().train_step(data)
            return dict.fromkeys(logs, -1.0)

    model = Own([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history["loss"][0] > 0

    class Others(Own):
        def train_step(self, data):
            return {"mine": 7.0, **super().train_step(data)}

    model = Others([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history == {"loss": [-1.0], "mine": [7.0]}


def test_no_data_for_a_required_input():
    x = Input((3,), name="x")
    model = Model(x, layers.Dense(1)(x))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"^The input 'x' is not optional, but None was passed\."):
        model.fit([None], np.ones((4, 1)), verbose=0)


def test_a_loss_as_an_attribute_of_a_subclass():
    class Denoiser(Sequential):
        def __init__(self, layers):
            super().__init__(layers)
            self.loss = losses.MeanAbsoluteError()

        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return self.loss(x, y_pred)

    x = np.full((4, 3), 2.0, "float32")
    model = Denoiser([layers.Dense(3, kernel_initializer="zeros")])
    model.compile("sgd")
    assert model.fit(x, verbose=0).history["loss"] == [2.0]
    model.compile("sgd", "mse")
    assert model.loss == "mse"
