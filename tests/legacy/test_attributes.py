"""What layers, models and tensors had in Keras 1 and 2. It is there in scripts alone, so these are scripts."""

from tests.scripts.running import run_code

ATTRIBUTES = """
import keras
import numpy as np
from keras.layers import Conv2D, Flatten, Input
from keras.models import Model

image = Input((8, 8, 3))
conv = Conv2D(4, 3)
x = conv(image)
y = Flatten()(x)
model = Model(image, y)
assert conv.input_shape == (None, 8, 8, 3) and conv.output_shape == (None, 6, 6, 4)
assert model.layers[0].input is image and model.output_shape == (None, 144)
assert x.shape.as_list() == x.get_shape().as_list() == [None, 6, 6, 4] and x.shape.rank == 4 and x.shape[1:] == (6, 6, 4)
assert x._keras_shape == (None, 6, 6, 4)
assert conv.get_output_at(0) is x and conv.get_input_at(0) is image
shortened = Model(image, y)
shortened.outputs = [x]
assert shortened(np.ones((2, 8, 8, 3))).shape == (2, 6, 6, 4) and shortened(image).shape == (None, 6, 6, 4)
assert conv.kernel.get_shape().as_list() == conv.kernel.shape.as_list() == [3, 3, 3, 4]
shapes = []


def loss(y_true, y_pred):
    shapes.append(y_pred.shape.as_list())
    return keras.backend.mean(y_pred, axis=-1)


pixels = np.ones((2, 8, 8, 3), "float32")
model.compile("sgd", loss)
model.fit(pixels, np.ones((2, 144)), verbose=0)
assert set(map(tuple, shapes)) == {(2, 144)}
assert model(pixels).shape.as_list() == model(pixels).get_shape().as_list() == [2, 144]
assert type(Model(image, y, dynamic=True)) is type(model)


class Shaped(keras.layers.Layer):
    def build(self, batch_input_shape):
        assert batch_input_shape.as_list()[1:] == [8, 8, 3]

    def call(self, x):
        return x * 2

    def compute_output_shape(self, batch_input_shape):
        return batch_input_shape.as_list()[:-1] + [3]


assert Shaped()(image).shape == (None, 8, 8, 3) and keras.Sequential([Shaped()]).predict(pixels, verbose=0).max() == 2


class Largest(keras.metrics.Metric):
    def __init__(self):
        super().__init__()
        self.largest = self.add_weight("largest", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.largest.assign(keras.backend.max(y_pred))

    def result(self):
        return self.largest


metric = Largest()
metric.update_state(0, pixels * 3)
assert metric.result().numpy() == 3 and metric.weights == [metric.largest] and metric.largest.name == "largest"


class Scale(keras.layers.Layer):
    def build(self, input_shape):
        self.scale = keras.backend.variable(np.ones(input_shape[-1:]))
        self.trainable_weights = [self.scale]

    def call(self, x):
        return x * self.scale


scale = Scale()
scale(pixels)
assert scale.trainable_weights[0] is scale.scale and len(scale.weights) == 1
model = keras.Sequential([keras.layers.Dropout(0.5)])
assert (model(pixels, True) != pixels).any() and (model(pixels, False) == pixels).all()
metric = keras.metrics.Mean()
metric.update_state([2.0])
metric.reset_states()
assert metric.result() == 0
assert keras.losses.Reduction.NONE == "none" and keras.losses.MSE([1.0], [3.0]) == 4
assert isinstance(keras.optimizers.sgd(lr=0.5), keras.optimizers.SGD)
try:
    Conv2D(4, 3).output_shape
except AttributeError as error:
    assert "has never been called" in str(error)
"""

LOSSES = """
import numpy as np
from keras import backend as K
from keras.layers import Dense, Input, Lambda
from keras.models import Model

x = Input((4,))
h = Dense(2, use_bias=False, name="h")(x)
y = Dense(4, use_bias=False, name="y")(h)
data = np.random.RandomState(0).rand(16, 4).astype("float32")


def evaluate(**compiled):
    model.compile("sgd", **compiled)
    return model.evaluate(data, data, verbose=0)


# A function that sees a tensor in the middle of the model: it is called with as many samples as there are.
model = Model(x, y)
seen = lambda y_true, y_pred: K.mean(K.square(y_true - y_pred), axis=-1) + K.sum(K.abs(h), axis=-1)
hidden = Model(x, h).predict(data, verbose=0)
error = np.mean((data - model.predict(data, verbose=0)) ** 2)
expected = error + np.abs(hidden).sum(axis=-1).mean()
np.testing.assert_allclose(evaluate(loss=seen), expected, rtol=1e-5)
model.compile("sgd", seen)
before = model.get_weights()
assert model.fit(data, data, epochs=3, batch_size=16, verbose=0).history["loss"][-1] < expected
model.set_weights(before)
np.testing.assert_allclose(evaluate(loss="mse"), error, rtol=1e-5)

# A tensor that is the only loss, or added to others.
model = Model(x, y)
model.add_loss(K.mean(K.square(h)))
np.testing.assert_allclose(evaluate(), np.mean(hidden**2), rtol=1e-5)
np.testing.assert_allclose(evaluate(loss="mse"), error + np.mean(hidden**2), rtol=1e-5)
try:
    model.add_loss(3.0)
except NotImplementedError as refusal:
    assert "symbolic tensor" in str(refusal)
else:
    raise AssertionError

# Each step of training has it, and all metrics that are tensors.
model.add_metric(K.mean(h), name="seen", aggregation="mean")
model.compile("sgd", "mse")
for _ in range(3):
    expected = [*model.evaluate(data, data, verbose=0), np.mean(Model(x, h).predict(data, verbose=0))]
    logs = model.fit(data, data, batch_size=16, verbose=0).history
    np.testing.assert_allclose(logs["loss"] + logs["seen"] + logs["seen"], expected, rtol=1e-5)
"""

METRICS = """
import numpy as np
import keras


class Seeing(keras.layers.Layer):
    def call(self, inputs):
        self.add_metric(keras.backend.max(inputs), name="largest", aggregation="mean")
        return inputs


data = np.arange(8.0, dtype="float32").reshape(4, 2)
model = keras.Sequential([Seeing(), keras.layers.Dense(1)])
model.compile("sgd", "mse")
history = model.fit(data, data[:, :1], batch_size=2, epochs=2, shuffle=False, verbose=0).history
assert history["largest"] == [5, 5]
assert model.evaluate(data[:2], data[:2, :1], verbose=0, return_dict=True)["largest"] == 3
assert [metric.name for metric in model.layers[0].metrics] == ["largest"]
"""


def test_attributes(tmp_path):
    run_code(ATTRIBUTES, tmp_path)


def test_losses_of_symbolic_tensors(tmp_path):
    run_code(LOSSES, tmp_path)


def test_metrics_that_are_values(tmp_path):
    assert "a metric that is an attribute" in run_code(METRICS, tmp_path).stderr


ARGUMENTS = """
import keras
import tensorflow as tf

for where in (keras.preprocessing, tf.keras.utils):
    try:
        where.image_dataset_from_directory("none", smart_resize=True)
    except FileNotFoundError:
        continue
    raise AssertionError
"""


def test_arguments_of_functions(tmp_path):
    assert "write `crop_to_aspect_ratio=...`" in run_code(ARGUMENTS, tmp_path).stderr


def test_the_settings_file_of_keras_1(tmp_path, monkeypatch):
    (tmp_path / "keras.json").write_text('{"image_dim_ordering": "th", "backend": "theano"}')
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    run_code("from keras import backend as K\nassert K.image_data_format() == 'channels_first'", tmp_path)


FORGOTTEN = """
import keras


class Layer(keras.layers.Layer):
    def __init__(self):
        self.size = 3

    def call(self, x, training=None):
        return x


for arguments in ((), (True,)):
    try:
        Layer()(keras.ops.ones((2, 2)), *arguments)
    except RuntimeError as error:
        assert "you forgot to call `super().__init__()`" in str(error)
        continue
    raise AssertionError
"""


def test_a_layer_that_was_not_initialized_says_so(tmp_path):
    run_code(FORGOTTEN, tmp_path)
