"""Training, evaluation and prediction: events, logs, steps, results, and what is left of them."""

import gc
import weakref

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers
from convlayers.autograd import current_tape
from convlayers.callbacks import Callback, CallbackList, History
from tests.models.regression import X, Y, regression

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


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
    model, history = regression(), History()
    model.fit(X, Y, verbose=0, callbacks=CallbackList([history], model=model, epochs=1, steps=1, verbose=0))
    assert len(history.history["loss"]) == 1


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


def test_an_epoch_is_made_of_whole_executions():
    model, steps = regression(steps_per_execution=2), Steps()
    with pytest.warns(UserWarning, match="ran out of data"):
        model.fit(X[:20], Y[:20], batch_size=2, steps_per_epoch=5, epochs=2, verbose=0, callbacks=[steps])
    # Six batches, then the four that are left.
    assert (steps.begins, steps.ends) == ([0, 2, 4, 0, 2], [1, 3, 5, 1, 3])
    assert int(model.optimizer.iterations) == 10


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


# What is given --------------------------------------------------------------------------------------------------------


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


def test_no_data_for_a_required_input():
    x = Input((3,), name="x")
    model = Model(x, layers.Dense(1)(x))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"^The input 'x' is not optional, but None was passed\."):
        model.fit([None], np.ones((4, 1)), verbose=0)


def test_unknown_arguments():
    with pytest.raises(ValueError, match="^Arguments not recognized: {'foo': 1}"):
        regression().evaluate(X, Y, foo=1)


# What is left behind --------------------------------------------------------------------------------------------------


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
