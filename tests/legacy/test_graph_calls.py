"""Losses and layers that take tensors of the graph around them for values, as in Keras 1 and 2."""

from tests.scripts.running import run_code

LAYER = """
import keras
import numpy as np
from keras import backend as K, layers
from keras.models import Model

image = layers.Input((6, 6, 1))
features = layers.Flatten()(layers.Conv2D(4, 3, activation="tanh")(image))
z_mean, z_log_var = layers.Dense(2)(features), layers.Dense(2)(features)
decoder_input = layers.Input((2,))
decoder = Model(decoder_input, layers.Reshape((6, 6, 1))(layers.Dense(36, activation="sigmoid")(decoder_input)))
decoded = decoder(z_mean)


class VariationalLoss(layers.Layer):
    def vae_loss(self, x, decoded):
        error = keras.metrics.binary_crossentropy(K.flatten(x), K.flatten(decoded))
        return K.mean(error - 0.5 * K.mean(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1))

    def call(self, inputs):
        self.add_loss(self.vae_loss(*inputs), inputs=inputs)
        return inputs[0]


vae = Model(image, VariationalLoss(name="loss_layer")([image, decoded]))
assert [layer.name for layer in vae.layers][-1] == "loss_layer"
vae.compile(optimizer="rmsprop", loss=None)
data = np.random.RandomState(0).rand(20, 6, 6, 1).astype("float32")
mean, log_var, y = Model(image, [z_mean, z_log_var, decoded]).predict(data, verbose=0)
error = -np.mean(data * np.log(y) + (1 - data) * np.log(1 - y))
expected = error - 0.5 * np.mean(1 + log_var - mean**2 - np.exp(log_var))
np.testing.assert_allclose(vae.evaluate(data, None, batch_size=20, verbose=0), expected, rtol=1e-5)
assert vae.fit(data, None, epochs=4, batch_size=10, verbose=0).history["loss"][-1] < expected
np.testing.assert_array_equal(vae.predict(data, verbose=0), data)
"""


def test_layers_add_losses_of_tensors_around_them(tmp_path):
    run_code(LAYER, tmp_path)


PENALTY = """
from functools import partial
import numpy as np
from keras import backend as K, layers
from keras.models import Model
from keras.optimizers import SGD

image = layers.Input((5, 5, 1))
hidden = layers.Conv2D(3, 3, activation="tanh")(image)
critic = Model(image, layers.Dense(1)(layers.Flatten()(hidden)))
real, fake = layers.Input((5, 5, 1)), layers.Input((5, 5, 1))
between = layers.Average()([real, fake])


def penalty(y_true, y_pred, samples):
    gradient = K.gradients(y_pred, samples)[0]
    return K.mean(K.square(1 - K.sqrt(K.sum(K.square(gradient), axis=np.arange(1, len(gradient.shape))))))


def mean(y_true, y_pred):
    return K.mean(y_true * y_pred)


of_samples = partial(penalty, samples=between)
of_samples.__name__ = "penalty"
model = Model([real, fake], [critic(real), critic(fake), critic(between)])
model.compile(loss=[mean, mean, of_samples], loss_weights=[0, 0, 10], optimizer=SGD(0.01))
x = np.random.RandomState(0).rand(2, 4, 5, 5, 1).astype("float32")
labels = [np.ones((4, 1), "float32")] * 3


def loss():
    y, backward = critic.forward(x.mean(axis=0))
    gradient = backward(np.ones_like(y))
    for variable in critic.trainable_variables:
        variable.grad = None
    return 10 * np.mean((1 - np.sqrt((gradient**2).sum(axis=(1, 2, 3)))) ** 2)


np.testing.assert_allclose(model.evaluate(list(x), labels, verbose=0)[0], loss(), rtol=1e-5)
# The step goes along the gradient of the gradient: as differences of the loss have it.
kernel = critic.layers[1].kernel
before = kernel.numpy()
slopes = []
for move in 1e-2, -1e-2:
    moved = before.copy()
    moved[1, 1, 0, 2] += move
    kernel.assign(moved)
    slopes.append(loss())
kernel.assign(before)
first = loss()
model.train_on_batch(list(x), labels)
np.testing.assert_allclose((before - kernel.numpy())[1, 1, 0, 2] / 0.01, (slopes[0] - slopes[1]) / 2e-2, rtol=1e-2)
assert loss() < first
"""


def test_losses_take_gradients_for_tensors_of_the_model(tmp_path):
    run_code(PENALTY, tmp_path)


SWITCHES = """
import numpy as np
from keras import backend as K, layers
from keras.models import Model


def getwhere(x):
    y_prepool, y_postpool = x
    return K.gradients(K.sum(y_postpool), y_prepool)


image = layers.Input((6, 6, 1))
before = layers.Conv2D(2, 3, padding="same")(image)
after = layers.MaxPooling2D(2)(before)
for shape in {}, {"output_shape": lambda x: x[0]}:
    where = layers.Lambda(getwhere, name="where", **shape)([before, after])
    model = Model(image, layers.multiply([layers.UpSampling2D(2)(after), where]))
    x = np.random.RandomState(0).rand(3, 6, 6, 1).astype("float32")
    y, found = Model(image, [before, after]).predict(x, verbose=0)
    largest = np.repeat(np.repeat(found, 2, 1), 2, 2)
    np.testing.assert_allclose(model.predict(x, verbose=0), np.where(y == largest, y, 0), rtol=1e-6)
    model.compile("sgd", "mse")
    losses = model.fit(x, np.ones((3, 6, 6, 2)), epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
"""


def test_layers_take_gradients_between_their_inputs(tmp_path):
    run_code(SWITCHES, tmp_path)
