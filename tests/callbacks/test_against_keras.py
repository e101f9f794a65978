"""Each callback in a training of both libraries: the same calls, the same decisions, the same texts, the same files."""

import inspect

import numpy as np
import pytest

from convlayers import callbacks
from tests.callbacks.either_package import X, Y, rounded, weights_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = [
    *("BackupAndRestore", "CSVLogger", "EarlyStopping", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint"),
    *("ReduceLROnPlateau", "RemoteMonitor", "SwapEMAWeights", "TensorBoard", "TerminateOnNaN"),
]
VALUES = [0.5, 0.4, 0.41, 0.399, 0.42, 0.43]


@pytest.mark.parametrize("name", NAMES)
def test_signature(keras, name):
    ours, theirs = getattr(callbacks, name), getattr(keras.callbacks, name)
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))


# Calls ----------------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("arguments", [{}, {"validation_data": None}, {"validation_freq": 2}, {"steps_per_epoch": 2}])
def test_the_same_calls_in_the_same_order(same, arguments):
    def run(library):
        calls = []

        class Recorder(library.callbacks.Callback):
            def __getattribute__(self, name):
                if not name.startswith("on_"):
                    return super().__getattribute__(name)

                def record(*args, logs=None):
                    *number, last = (*args, logs) if logs is not None or not args or isinstance(args[-1], int) else args
                    names = sorted(last) if last else last
                    calls.append((name, *number, names, rounded((last or {}).get(key, 0) for key in ("loss", "val_loss"))))

                return record

        model = library.make_model(metrics=["mae"])
        library.fit([Recorder()], model, epochs=3, **arguments)
        model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=[Recorder()])
        model.predict(X, batch_size=5, verbose=0, callbacks=[Recorder()])
        return [call for call in calls if call[0] not in ("on_batch_begin", "on_batch_end")]

    calls, _, _ = same(run)
    assert len(calls) > 30


def test_functions_as_a_callback(same):
    def run(library):
        calls = []
        functions = {
            name: lambda *args, name=name, logs=None: calls.append((name, *args[:1]))
            for name in ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end", "on_test_batch_end")
        }
        library.fit([library.callbacks.LambdaCallback(**functions)], epochs=2)
        return [(name, *(arg for arg in args if isinstance(arg, int))) for name, *args in calls]

    same(run)


# What ends or slows down training -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"patience": 1},
        {"patience": 2, "restore_best_weights": True},
        {"patience": 2, "min_delta": 0.01},
        {"patience": 1, "mode": "max"},
        {"patience": 2, "mode": "max", "restore_best_weights": True},
        {"patience": 1, "baseline": 0.3, "restore_best_weights": True},
        {"patience": 1, "baseline": 0.45},
        {"patience": 1, "start_from_epoch": 3},
        {"patience": 10, "restore_best_weights": True},
    ],
)
def test_early_stopping(same, arguments):
    def run(library):
        early = library.callbacks.EarlyStopping(verbose=1, **arguments)
        model = library.fit([library.scripted(val_loss=VALUES), early])
        state = early.stopped_epoch, early.wait, early.best, early.best_epoch
        return state, model.history.epoch, rounded(weights_of(model))

    same(run)


@pytest.mark.parametrize(
    "arguments",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5, "cooldown": 1},
        {"patience": 1, "factor": 0.5, "min_lr": 0.05},
        {"patience": 1, "min_delta": 0.2},
        {"patience": 1, "mode": "max", "factor": 0.5},
    ],
)
def test_reduce_lr_on_plateau(same, arguments):
    def run(library):
        reduce = library.callbacks.ReduceLROnPlateau(verbose=1, **arguments)
        model = library.fit([library.scripted(val_loss=VALUES), reduce])
        return reduce.best, reduce.wait, reduce.cooldown_counter, rounded([model.history.history["learning_rate"]])

    _, out, _ = same(run)
    assert "ReduceLROnPlateau reducing learning rate to " in out


@pytest.mark.parametrize("schedule", [lambda epoch, rate: rate * 0.5, lambda epoch: 0.5**epoch], ids=["rate", "epoch"])
def test_learning_rate_scheduler(same, schedule):
    def run(library):
        model = library.fit([library.callbacks.LearningRateScheduler(schedule, verbose=1)], epochs=3)
        return rounded(weights_of(model)), model.history.history["learning_rate"], list(model.history.history)

    _, out, _ = same(run)
    assert out.startswith("\nEpoch 1: LearningRateScheduler setting learning rate to ")


def test_learning_rates_of_several_optimizers(same):
    def run(library):
        module = library.optimizers
        parts = {".*bias": module.SGD(0.25, name="bias")}
        optimizer = module.MultiOptimizer(module.OptimizerMap(module.SGD(0.125, name="rest"), parts))
        both = [
            library.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5, verbose=1),
            library.scripted(val_loss=VALUES),
            library.callbacks.ReduceLROnPlateau(patience=1, verbose=1),
        ]
        model = library.fit(both, library.make_model(optimizer), epochs=4)
        return rounded(weights_of(model)), sorted(model.history.history)

    _, out, _ = same(run)
    assert "setting bias learning rate to" in out and "reducing rest learning rate" in out


@pytest.mark.parametrize("raise_error", [False, True])
def test_terminate_on_nan(same, raise_error):
    def run(library):
        batches = []
        watch = library.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
        y = Y.copy()
        y[5] = np.inf
        try:
            library.make_model().fit(
                X, y, batch_size=4, shuffle=False, verbose=0, callbacks=[watch, library.callbacks.TerminateOnNaN(raise_error)]
            )
        except RuntimeError as error:
            return batches, str(error)
        return batches, None

    (batches, error), _, _ = same(run)
    assert batches == [0, 1] and (error is not None) == raise_error


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"])
def test_a_metric_that_is_not_there_is_worth_a_warning(libraries, name, tmp_path):
    texts = []
    for library in libraries:
        kind = getattr(library.callbacks, name)
        extra = {"filepath": str(tmp_path / "x.keras"), "save_best_only": True} if name == "ModelCheckpoint" else {}
        with pytest.warns(UserWarning) as warned:
            library.fit([kind(monitor="val_acc", mode="max", **extra)], epochs=1)
        texts.append([str(one.message) for one in warned if "val_acc" in str(one.message)])
    assert texts[0] == texts[1] and len(texts[0]) == 1


def test_the_direction_of_a_metric(libraries):
    for library in libraries:
        for name, worse in (("mae", VALUES[::-1]), ("accuracy", VALUES)):
            model = library.make_model(metrics=[name])
            early = library.callbacks.EarlyStopping(monitor=f"val_{name}", patience=0)
            library.fit([library.scripted(**{f"val_{name}": sorted(worse, reverse=name == "accuracy")}), early], model)
            assert early.stopped_epoch == 1
        with pytest.raises(ValueError, match="EarlyStopping callback received monitor=val_x, but Keras isn't able to"):
            library.fit([library.callbacks.EarlyStopping(monitor="val_x")], epochs=1)
        with pytest.warns(UserWarning, match="EarlyStopping mode 'least' is unknown, fallback to auto mode"):
            library.callbacks.EarlyStopping(mode="least")


# What writes files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"filepath": "model.keras"},
        {"filepath": "best/{epoch:02d}-{val_loss:.2f}.keras", "save_best_only": True},
        {"filepath": "{epoch:02d}-{val_loss:.2f}.weights.h5", "save_weights_only": True},
        {"filepath": "max-{epoch}.weights.h5", "save_weights_only": True, "save_best_only": True, "mode": "max"},
        {"filepath": "{epoch}-{batch}.weights.h5", "save_weights_only": True, "save_freq": 4},
        {"filepath": "t-{epoch}.weights.h5", "save_weights_only": True, "save_best_only": True, "initial_value_threshold": 0.4},
        {"filepath": "b-{batch:d}.keras", "save_freq": 2},
    ],
)
def test_model_checkpoint(same, arguments):
    def run(library):
        checkpoint = library.callbacks.ModelCheckpoint(verbose=1, **arguments)
        library.fit([library.scripted(val_loss=VALUES), checkpoint])
        return checkpoint.best

    _, out, files = same(run)
    assert files and "saving model to" in out


def test_each_library_reads_the_checkpoints_of_the_other(libraries, tmp_path, keras):
    import convlayers

    loads = [convlayers.models.load_model, keras.models.load_model]
    for library, load in zip(libraries, loads[::-1], strict=True):
        path = str(tmp_path / "model.keras")
        model = library.make_model(library.optimizers.Nadam(0.125))
        library.fit([library.callbacks.ModelCheckpoint(path)], model)
        other = load(path)
        for one, two in zip(weights_of(model), weights_of(other), strict=True):
            np.testing.assert_array_equal(one, two)
        assert len(other.optimizer.variables) == len(model.optimizer.variables)
        assert int(np.asarray(other.optimizer.iterations)) == 18


def test_errors_of_checkpoints_begin_as_keras_does(libraries, tmp_path):
    (tmp_path / "folder.keras").mkdir()

    def failures(library):
        for arguments in (
            {"filepath": "model.keras", "save_freq": "batch"},
            {"filepath": "model.h5", "save_weights_only": True},
            {"filepath": "model"},
        ):
            with pytest.raises(ValueError) as failure:
                library.callbacks.ModelCheckpoint(**arguments)
            yield str(failure.value)
        with pytest.raises(KeyError) as failure:
            library.fit([library.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}-{mape}.keras"))], epochs=1)
        yield failure.value.args[0]
        with pytest.raises(OSError) as failure:
            library.fit([library.callbacks.ModelCheckpoint(str(tmp_path / "folder.keras"))], epochs=1)
        yield str(failure.value)[:70]

    ours, theirs = map(failures, libraries)
    for one, other in zip(ours, theirs, strict=True):
        assert one.startswith(other)


@pytest.mark.parametrize("arguments", [{}, {"separator": ";"}, {"append": True}])
def test_csv_logger(same, arguments):
    logs = {"loss": [0.5, 1.0, float("nan")], "names": ["a", [1, 2], np.float32(0.5)]}

    def run(library):
        logger = library.callbacks.CSVLogger("training.csv", **arguments)
        for _ in range(2):
            library.fit([library.scripted(**logs), logger], epochs=3, validation_data=None)
        with open("training.csv", "rb") as file:
            return file.read()

    text, _, _ = same(run)
    assert text.count(b"\r\n") == (7 if "append" in arguments else 4)


def test_csv_logger_has_columns_for_a_later_validation(same):
    def run(library):
        logs = {"loss": [0.5, 1.0], "val_loss": [0.25, 0.75]}
        late = library.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch == 0 and logs.pop("val_loss"))
        library.fit([library.scripted(**logs), late, library.callbacks.CSVLogger("training.csv")], epochs=2)
        with open("training.csv", "rb") as file:
            return file.read()

    text, _, _ = same(run)
    assert text == b"epoch,loss,val_loss\r\n0,0.5,NA\r\n1,1.0,0.75\r\n"
