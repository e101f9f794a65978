"""Gradients and parts of a network, as scripts of Keras 2 take them: feature maps, filters, class activation, a style, a VAE."""

from __future__ import print_function

import os

import keras
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.callbacks import ModelCheckpoint
from keras.datasets import cifar10
from keras.layers import Conv2D, Dense, Flatten, Input, Lambda, MaxPooling2D
from keras.models import Model, load_model

config = tf.ConfigProto()
config.gpu_options.allow_growth = True
K.set_session(tf.Session(config=config))
tf.set_random_seed(1)

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255

img = Input(shape=(32, 32, 3))
x = Conv2D(8, (3, 3), activation="relu", name="block1_conv1")(img)
x = MaxPooling2D((2, 2))(x)
x = Conv2D(8, (3, 3), activation="relu", name="block2_conv1")(x)
predictions = Dense(10, activation="softmax", name="predictions")(Flatten()(x))
model = Model(inputs=img, outputs=predictions)
model.compile(loss=keras.losses.sparse_categorical_crossentropy, optimizer=keras.optimizers.rmsprop(lr=1e-3), metrics=["acc"])
checkpoint = ModelCheckpoint("best.hdf5", monitor="val_acc", save_best_only=True, mode="max")
model.fit(x_train, y_train, batch_size=20, epochs=2, validation_data=(x_test, y_test), callbacks=[checkpoint], verbose=0)
model.save_weights("first_try.h5")
model.load_weights("first_try.h5")
print("files", sorted(name for name in os.listdir(".") if name.endswith("5")), load_model("best.hdf5").output_shape)
print("shapes", [layer.output_shape for layer in model.layers[:3]], model.layers[2].get_output_at(0).get_shape().as_list())

# Feature maps.
layer_dict = dict([(layer.name, layer) for layer in model.layers])
get_maps = K.function([model.layers[0].input, K.learning_phase()], [layer_dict["block1_conv1"].output])
print("maps", get_maps([x_test[:2], 0])[0].shape)

# What a filter responds to.
layer_output = layer_dict["block2_conv1"].output
loss = K.mean(layer_output[:, :, :, 0])
grads = K.gradients(loss, model.input)[0]
grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
iterate = K.function([model.input], [loss, grads])
image = np.random.RandomState(0).random_sample((1, 32, 32, 3)) * 0.1 + 0.5
losses = []
for i in range(5):
    loss_value, grads_value = iterate([image])
    image += grads_value * 0.1
    losses.append(loss_value)
print("response grows", losses[-1] > losses[0])

# Class activation.
class_output = model.output[:, np.argmax(model.predict(x_test[:1])[0])]
pooled_grads = K.mean(K.gradients(class_output, layer_output)[0], axis=(0, 1, 2))
pooled_grads_value, conv_layer_output_value = K.function([model.input], [pooled_grads, layer_output[0]])([x_test[:1]])
print("heatmap", np.mean(conv_layer_output_value * pooled_grads_value, axis=-1).shape)

# One image like another.
combination_image = K.placeholder((1, 32, 32, 3))
outputs = Model(model.input, layer_output)(K.concatenate([K.variable(x_test[:1]), combination_image], axis=0))
loss = K.variable(0.0)
loss = loss + K.sum(K.square(outputs[0] - outputs[1]))
f_outputs = K.function([combination_image], [loss] + K.gradients(loss, combination_image))
image = x_test[1:2].copy()
before = f_outputs([image])[0]
for i in range(5):
    image -= 0.01 * f_outputs([image])[1]
print("loss falls", f_outputs([image])[0] < before)

# An autoencoder with a loss of its own.
z_mean, z_log_var = Dense(2)(Flatten()(img)), Dense(2)(Flatten()(img))


def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(K.shape(z_mean)[0], 2), mean=0.0, stddev=1.0)
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


z = Lambda(sampling, output_shape=(2,))([z_mean, z_log_var])
decoded = Dense(3072, activation="sigmoid")(z)
vae = Model(img, decoded)
reconstruction_loss = keras.losses.mse(K.batch_flatten(img), decoded)
kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
vae.add_loss(K.mean(reconstruction_loss * 3072 + kl_loss))
vae.compile(optimizer="adam")
history = vae.fit(x_train, epochs=3, batch_size=20, validation_data=(x_test, None), verbose=0).history
print("vae", history["loss"][-1] < history["loss"][0], sorted(history), vae.predict(x_test[:2]).shape)
