"""Files of weights under the names that scripts of Keras 1 and 2 give them."""

from tests.scripts.running import run_code

FILES = """
import os
import h5py
import numpy as np
from keras.callbacks import ModelCheckpoint
from keras.layers import Dense
from keras.models import Sequential, load_model

x, y = np.random.rand(16, 3), np.random.rand(16, 1)
model = Sequential([Dense(4, input_dim=3, name="first"), Dense(1, name="second")])
model.compile("sgd", "mse")
best = ModelCheckpoint("best.hdf5", save_best_only=True)
each = ModelCheckpoint("weights-{epoch:02d}.h5", save_weights_only=True)
model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y), callbacks=[best, each])
assert sorted(os.listdir(".")) == ["best.hdf5", "script.py", "weights-01.h5", "weights-02.h5"]
weights = model.get_weights()
model.load_weights("weights-01.h5")
assert not (model.get_weights()[0] == weights[0]).all()
model.load_weights("weights-02.h5", by_name=True)
assert all((a == b).all() for a, b in zip(model.get_weights(), weights))
with h5py.File("weights-02.h5", "r") as file:  # as Keras 2 writes it
    assert [np.char.decode(np.bytes_(name)) for name in file.attrs["layer_names"]] == ["first", "second"]
loaded = load_model("best.hdf5")
assert loaded.compiled and loaded.evaluate(x, y, verbose=0) > 0
model.save("model.keras")
assert load_model("model.keras").optimizer.iterations == model.optimizer.iterations
"""


def test_names_of_files(tmp_path):
    result = run_code(FILES, tmp_path)
    assert "`ModelCheckpoint('....hdf5')` is from older versions" in result.stderr
    assert "`save_weights('....h5')` is from older versions" in result.stderr


CHECKPOINTS = """
import os
import numpy as np
import tensorflow as tf

x, y = np.random.rand(16, 3), np.random.rand(16, 1)
model = tf.keras.Sequential([tf.keras.layers.Dense(4, input_shape=(3,)), tf.keras.layers.Dense(1)])
model.compile("sgd", "mse")
path = "training/cp-{epoch:04d}.ckpt"
callbacks = [tf.keras.callbacks.ModelCheckpoint(path, save_weights_only=True)]
model.save_weights(path.format(epoch=0))
first = model.get_weights()
model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
last = model.get_weights()
assert sorted(os.listdir("training")) == [f"cp-000{epoch}.ckpt.weights.h5" for epoch in range(3)]
assert tf.train.latest_checkpoint("training") == "training/cp-0002.ckpt"
model.load_weights("training/cp-0000.ckpt").expect_partial()
assert all((a == b).all() for a, b in zip(model.get_weights(), first))
model.load_weights(tf.train.latest_checkpoint("training"))
assert all((a == b).all() for a, b in zip(model.get_weights(), last))
try:
    model.load_weights("training/cp-0009.ckpt")
except ValueError as error:
    assert "File format not supported: filepath=training/cp-0009.ckpt" in str(error)
else:
    raise AssertionError
"""


def test_names_of_checkpoints(tmp_path):
    result = run_code(CHECKPOINTS, tmp_path)
    assert "`ModelCheckpoint('...')` is from older versions" in result.stderr
    assert "`save_weights('...')` is from older versions" in result.stderr
    assert "`.weights.h5`. That is behind the name of this file" in result.stderr


FOLDERS = """
import os
import numpy as np
import tensorflow as tf

x, y = np.random.rand(16, 3), np.random.rand(16, 1)
model = tf.keras.Sequential([tf.keras.layers.Dense(4, input_shape=(3,)), tf.keras.layers.Dense(1)])
model.compile("adam", "mse")
model.save("saved/before", save_format="tf")
for _ in range(2):
    model.fit(x, y, verbose=0)
    model.save("saved/model")
    loaded = tf.keras.models.load_model("saved/model")
    assert os.path.isdir("saved/model") and (loaded.predict(x) == model.predict(x)).all()
    assert loaded.optimizer.iterations == model.optimizer.iterations
assert tf.keras.models.load_model("saved/before").optimizer.iterations == 0

model.save("detector.model", save_format="h5")
tf.keras.models.save_model(model, "other.model", save_format="h5")
with open("detector.model", "rb") as file:
    assert file.read(4) == b"\\x89HDF" and not os.path.exists("detector.model.h5")
for name in ("detector.model", "other.model"):
    assert (tf.keras.models.load_model(name).predict(x) == model.predict(x)).all()
tf.keras.models.save_model(model, "saved/function")
assert (tf.keras.models.load_model("saved/function").predict(x) == model.predict(x)).all()

callbacks = [tf.keras.callbacks.ModelCheckpoint(name) for name in ("each_{epoch}", "last")]
model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
assert os.path.isdir("each_1") and os.path.isdir("each_2")
assert (tf.keras.models.load_model("last").predict(x) == model.predict(x)).all()
"""

LAMBDAS = """
import numpy as np
from keras.callbacks import ModelCheckpoint
from keras.layers import Dense, Input, Lambda
from keras.models import Model, load_model

x, y = np.random.rand(16, 3), np.random.rand(16, 1)
inputs = Input((3,))
scale = 255
model = Model(inputs, Dense(1)(Lambda(lambda t: t / scale)(inputs)))
model.compile("sgd", "mse")
model.fit(x, y, epochs=1, verbose=0, validation_data=(x, y), callbacks=[ModelCheckpoint("best.h5", save_best_only=True)])
model.save("last.keras")
for path in ("best.h5", "last.keras"):
    np.testing.assert_array_equal(load_model(path).predict(x), model.predict(x))
    other = load_model(path, custom_objects={model.layers[1].name: lambda t: 0 * t})
    np.testing.assert_array_equal(other.layers[1](x), 0 * x)

# What another process wrote has no code.
import os
os.rename("last.keras", "other.keras")
try:
    load_model("other.keras")
except ValueError as error:
    assert "custom_objects={'lambda': function}" in str(error)
else:
    raise AssertionError
"""


def test_lambdas_of_this_process(tmp_path):
    run_code(LAMBDAS, tmp_path)


NEVER_CALLED = """
import numpy as np
import keras


class Pair(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(2), keras.layers.Dense(1)


pairs = [Pair(), Pair()]
try:
    pairs[0].save_weights("nothing.weights.h5")
except ValueError as error:
    assert "has not yet been built" in str(error)
for pair in pairs:
    pair.second(pair.first(np.ones((1, 3))))
pairs[0].save_weights("pair")
pairs[1].load_weights("pair")
for one, other in zip(*(pair.get_weights() for pair in pairs), strict=True):
    np.testing.assert_array_equal(one, other)
"""


def test_models_that_are_never_called(tmp_path):
    run_code(NEVER_CALLED, tmp_path)


def test_models_in_folders(tmp_path):
    result = run_code(FOLDERS, tmp_path)
    assert result.stderr.count("`save('...')` is from older versions of Keras. Today, write a name that ends in `.keras`.") == 1


WITHOUT_CONFIG = """
import numpy as np
from tensorflow import keras


class Autoencoder(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, inputs):
        return self.decoder(self.encoder(inputs))


def make():
    halves = [keras.Sequential([keras.layers.Dense(2, input_shape=(3,))]), keras.Sequential([keras.layers.Dense(3)])]
    return Autoencoder(*halves)


model, x = make(), np.random.rand(16, 3).astype("float32")
model.compile("sgd", "mse")
checkpoint = keras.callbacks.ModelCheckpoint("checkpoint", save_best_only=True, monitor="loss")
model.fit(x, x, epochs=2, verbose=0, callbacks=[checkpoint])
model.save("models/whole")
for folder in ("checkpoint", "models/whole"):
    other = make()
    other(x)
    other.load_weights(folder).expect_partial()
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
"""


def test_models_without_a_config_in_folders(tmp_path):
    result = run_code(WITHOUT_CONFIG, tmp_path)
    assert "must override `get_config()`" in result.stderr and "`load_weights` of a model that is made anew" in result.stderr
