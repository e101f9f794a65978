"""What callbacks had in Keras 1 and 2."""

from tests.scripts.running import run_code

PROGRAM = """
import os
import numpy as np
from keras.callbacks import BaseLogger, Callback, TensorBoard
from keras.layers import Dense
from keras.models import Sequential
from convlayers.callbacks import event_writer

event_writer._PACKAGES = ()  # as where none is installed
x, y = np.random.rand(16, 3), np.random.rand(16, 1)


class Monitor(BaseLogger):
    def __init__(self):
        super(Monitor, self).__init__()
        self.losses = []

    def on_epoch_end(self, epoch, logs={}):
        self.losses.append(logs["loss"])


class Validate(Callback):
    def __init__(self, model):
        super().__init__()
        self.model = model  # it is given later, too

    def on_epoch_end(self, epoch, logs={}):
        inputs, labels = self.validation_data[:2]
        assert (inputs == x[:8]).all() and (labels == y[:8]).all()
        self.called = True


model = Sequential([Dense(1, input_dim=3)])
model.compile("sgd", "mse")
monitor, validate = Monitor(), Validate(model)
board = TensorBoard("logs", histogram_freq=1, profile_batch=(2, 3))
history = model.fit(x, y, epochs=2, verbose=0, validation_data=(x[:8], y[:8]), callbacks=[monitor, validate, board])
assert monitor.losses == history.history["loss"] and validate.called
assert not os.path.exists("logs")
"""


def test_callbacks(tmp_path):
    warned = run_code(PROGRAM, tmp_path).stderr
    assert warned.count("The callback `TensorBoard` writes nothing") == 1
    assert "`TensorBoard(profile_batch=...)`" in warned
