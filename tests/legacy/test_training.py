"""What models and optimizers took and had in Keras 1 and 2."""

from tests.scripts.running import run_code

PROGRAM = """
import warnings
import numpy as np
from keras.models import Sequential, Model
from keras.layers import Dense
import keras
from keras import optimizers, callbacks, backend as K

x = np.random.RandomState(0).normal(size=(40, 4)).astype("float32")
y = (x.sum(axis=1) > 0).astype("float32")
model = Sequential([Dense(1, activation="sigmoid", input_dim=4)])
model.compile(optimizers.SGD(lr=1), "binary_crossentropy", metrics=["accuracy"])
assert K.get_value(model.optimizer.lr) == 1
model.optimizer.lr = 0.25
assert float(model.optimizer.learning_rate.value) == 0.25
K.set_value(model.optimizer.lr, 0.5)
assert float(model.optimizer.learning_rate.value) == 0.5

history = model.fit(x, y, nb_epoch=2, verbose=0, validation_data=(x, y), max_q_size=3).history
assert history["acc"] == history["accuracy"] and len(history["val_acc"]) == 2
try:
    history["nothing"]
except KeyError as error:
    assert error.args == ("nothing",)

def batches(size):
    while True:
        yield x[:size], y[:size]

# Samples are counted in batches, of the size that the generator has.
steps = []
count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
test_steps = []
count_test = callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: test_steps.append(batch))
model.fit_generator(batches(8), samples_per_epoch=40, nb_epoch=2, verbose=0, callbacks=[count, count_test],
                    validation_data=batches(20), nb_val_samples=40)
assert steps == [0, 1, 2, 3, 4] * 2, steps
assert test_steps == [0, 1] * 2, test_steps
del steps[:]
model.fit_generator(batches(8), 3, 1, 0, [count])
assert steps == [0, 1, 2]
assert len(model.evaluate_generator(batches(8), val_samples=24)) == 2
assert model.predict_generator(batches(8), steps=2).shape == (16, 1)
classes = model.predict_classes(x)
assert classes.shape == (40, 1) and classes.dtype == "int32"
assert (classes == (model.predict(x, verbose=0) > 0.5)).all() and (model.predict_proba(x) == model.predict(x)).all()

# Images that are changed at random have no end.
from keras.preprocessing.image import ImageDataGenerator
flow = ImageDataGenerator().flow(x.reshape(40, 2, 2, 1), y, batch_size=16)
images = Sequential([keras.layers.Flatten(), Dense(1)])
images.compile("sgd", "mse")
del steps[:]
images.fit_generator(flow, steps_per_epoch=5, epochs=2, verbose=0, callbacks=[count], validation_data=flow, validation_steps=7)
assert steps == [0, 1, 2, 3, 4] * 2

# Metrics were the third argument, and one of them was no list.
images.compile("sgd", "mse", ["mae"], [0.5], sample_weight_mode="temporal")
assert images.metrics_names == ["loss", "compile_metrics"]
images.fit(flow, verbose=0)
assert images.metrics_names == ["loss", "mae"] and images.get_compile_config()["loss_weights"] == [0.5]
model.compile("sgd", "mse", metrics="mae")
results = model.evaluate(x, y, verbose=0)
results = dict(zip(model.metrics_names, results))
assert abs(results["mae"] - np.abs(model.predict(x, verbose=0)[:, 0] - y).mean()) < 1e-5
z = keras.Input((4,))
two = Model(z, [Dense(1, name="a")(z), Dense(1, name="b")(z)])
two.compile("sgd", {"a": "mse", "b": "mae"}, {"b": "mse"})
results = two.evaluate(x, [y, y], verbose=0, return_dict=True)
assert two.metrics_names == ["loss", "a_loss", "b_loss", "b_mse"] and sorted(results) == sorted(two.metrics_names)
assert two.evaluate(x, [y, y], verbose=0) == [results[name] for name in two.metrics_names]

# Metrics of each output.
two.compile("sgd", ["mse", "mse"], metrics=["mae"])
two.evaluate(x, [y, y], verbose=0)
assert two.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_mae"], two.metrics_names
two.compile("sgd", ["mse", "mse"], metrics=["mae", "mse"])
two.evaluate(x, [y, y], verbose=0)
assert two.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_mse"], two.metrics_names

# Numbers of batches that are floats.
del steps[:], test_steps[:]
model.fit(batches(8), steps_per_epoch=np.ceil(20 / 8.0), validation_data=batches(8), validation_steps=1.5, verbose=0,
          callbacks=[count, count_test])
assert steps == [0, 1, 2] and test_steps == [0, 1], (steps, test_steps)
assert len(model.predict_generator(batches(8), np.ceil(12 / 8.0))) == 16

# decay: lr / (1 + decay * step)
one = optimizers.SGD(lr=0.5, decay=0.1)
for expected in (0.5, 0.5 / 1.1, 0.5 / 1.2):
    np.testing.assert_allclose(float(one._learning_rate_now()), expected, rtol=1e-6)
    assert float(one.learning_rate) == 0.5
    one._iterations.assign_add(1)
# Callbacks and scripts set what decays.
one.learning_rate = 0.25
np.testing.assert_allclose(float(one._learning_rate_now()), 0.25 / 1.3, rtol=1e-6)
keras.backend.set_value(one.lr, 1.0)
np.testing.assert_allclose(float(one._learning_rate_now()), 1 / 1.3, rtol=1e-6)
assert one.get_config()["learning_rate"]["config"]["initial_learning_rate"] == 1.0
model.compile(optimizers.SGD(lr=0.5, decay=0.1), "mse")
rates = []
model.fit(x, y, epochs=3, batch_size=20, verbose=0, callbacks=[
    callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
    callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))])
np.testing.assert_allclose(rates, [0.25, 0.125, 0.0625])
scaled = optimizers.LossScaleOptimizer(optimizers.SGD(lr=0.5))
assert scaled.get_scaled_loss(np.float32(2)) == 2 * scaled.initial_scale and scaled.get_unscaled_gradients([x])[0] is x
model.train_on_batch(x, y, class_weight=[{0: 1.0}, {0: 0.5}])
adam = optimizers.Adam(0.01, 0.8, decay=0.1, epsilon=None)
assert adam.beta_1 == 0.8 and abs(float(adam.learning_rate) - 0.01) < 1e-9 and adam.epsilon == 1e-7
assert optimizers.Adam(lr=0.01, decay=0.0).get_config()["learning_rate"] - 0.01 < 1e-9
assert optimizers.Adam.from_config(optimizers.Adam(lr=0.01).get_config()).beta_1 == 0.9
callbacks.ModelCheckpoint("x.keras", period=1)
model.save("model.keras")
from keras.models import load_model
assert load_model("model.keras").predict(x).shape == (40, 1)
"""


def test_training(tmp_path):
    warned = run_code(PROGRAM, tmp_path).stderr
    for today in (
        "`learning_rate=...`",
        "`metrics=...`",
        "`metrics=['name']`",
        "`optimizer.learning_rate`",
        "`epochs=...`",
        "`history['accuracy']`",
        "`steps_per_epoch=...`, a number of batches",
        "`validation_steps=...`, a number of batches",
        "`steps=...`, a number of batches",
        "`steps_per_epoch=5`, but there are 3 batches",
        "InverseTimeDecay(0.5, decay_steps=1, decay_rate=0.1)",
        "`metrics=[[...], [...]]`, a list for each output",
        "`steps_per_epoch=math.ceil(...)`, a whole number",
        "As a list, it has no effect",
        "`evaluate`",
        "`predict`",
    ):
        assert today in warned, today
