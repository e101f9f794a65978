"""Checkpoints of models that go beyond Keras."""

import numpy as np
import pytest

import convlayers as k
from convlayers import callbacks, layers


def fit(*used):
    x = k.Input((4, 4, 1))
    y = layers.Flatten()(layers.Conv2D(2, 3, padding="same", padding_mode="circular", name="torus")(x))
    model = k.Model(x, layers.Dense(1)(y))
    model.compile("sgd", "mse")
    return model.fit(np.ones((4, 4, 4, 1)), np.ones((4, 1)), epochs=1, verbose=0, callbacks=list(used))


def test_it_tells_at_once_what_cannot_be_saved(tmp_path):
    epochs = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: pytest.fail("an epoch was trained"))
    with pytest.raises(ValueError, match="Keras has nothing that does what 'torus' does"):
        fit(callbacks.ModelCheckpoint(tmp_path / "model.keras"), epochs)
    assert not list(tmp_path.iterdir())


def test_weights_can_be_saved(tmp_path):
    fit(
        callbacks.ModelCheckpoint(tmp_path / "model.weights.h5", save_weights_only=True),
        callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False),
    )
    assert {path.name for path in tmp_path.iterdir()} == {"model.weights.h5", "backup"}
