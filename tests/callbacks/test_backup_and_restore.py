"""`BackupAndRestore`: trainings of both libraries that are interrupted at the same batch."""

import json
import os

import pytest

from tests.callbacks.either_package import rounded, weights_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Interruption(Exception):
    pass


def interrupted_at(library, epoch, batch):
    now = {}

    def begin(number, logs=None):
        now["epoch"] = number

    def end(number, logs=None):
        if (now["epoch"], number) == (epoch, batch):
            raise Interruption

    return library.callbacks.LambdaCallback(on_epoch_begin=begin, on_train_batch_end=end)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"save_freq": 2},
        {"double_checkpoint": True, "delete_checkpoint": False},
    ],
)
def test_backup_and_restore(same, arguments):
    def run(library):
        def make_model():
            return library.make_model(library.optimizers.Adam(0.125, name="adam"))

        model = make_model()
        with pytest.raises(Interruption):
            backup = library.callbacks.BackupAndRestore("backup", **arguments)
            library.fit([interrupted_at(library, 3, 1), backup], model)
        with open("backup/training_metadata.json") as file:
            state = json.load(file)
        files = sorted(os.listdir("backup"))
        model = make_model()
        library.fit([library.callbacks.BackupAndRestore("backup", **arguments)], model)
        return state, files, model.history.epoch, rounded(weights_of(model))

    (state, _, epochs, _), _, _ = same(run)
    assert state["epoch"] == 3 and epochs == [3, 4, 5]


def test_a_damaged_backup(same):
    def run(library):
        callback = library.callbacks.BackupAndRestore("backup", double_checkpoint=True, delete_checkpoint=False)
        library.fit([callback], epochs=3)
        with open("backup/latest.weights.h5", "wb") as file:
            file.write(b"half")
        model = library.fit([library.callbacks.BackupAndRestore("backup", double_checkpoint=True)])
        return model.history.epoch, rounded(weights_of(model))

    (epochs, _), _, _ = same(run)
    assert epochs == [2, 3, 4, 5]


def test_errors_of_backups_begin_as_keras_does(libraries, tmp_path):
    for library in libraries:
        with pytest.raises(ValueError, match=r"^Empty `backup_dir` argument passed$"):
            library.callbacks.BackupAndRestore("")
        with pytest.raises(ValueError, match=r"^Invalid value for argument `save_freq`\. Received: save_freq=batch"):
            library.callbacks.BackupAndRestore("x", save_freq="batch")
