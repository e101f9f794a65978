import os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.get_logger().setLevel('ERROR')
print('GPU available:', tf.test.is_gpu_available())

keras.utils.set_random_seed(0)
(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x[..., None] / 255.0, x_test[..., None] / 255.0

# A base that knows small digits.
base_model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, strides=2, activation='relu'),
    layers.BatchNormalization(),
    layers.Conv2D(32, 3, strides=2, activation='relu'),
], name='base')
source = keras.Sequential([base_model, layers.GlobalAveragePooling2D(), layers.Dense(5, activation='softmax')])
source.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
source.fit(x[y < 5], y[y < 5], epochs=2, verbose=2)

# Freeze the base model
base_model.trainable = False
before = [w.copy() for w in base_model.get_weights()]

inputs = keras.Input(shape=(28, 28, 1))
# We make sure that the base_model is running in inference mode here,
# by passing `training=False`. This is important for fine-tuning.
x_ = base_model(inputs, training=False)
x_ = keras.layers.GlobalAveragePooling2D()(x_)
x_ = keras.layers.Dropout(0.2)(x_)
outputs = keras.layers.Dense(10)(x_)
model = keras.Model(inputs, outputs)
model.summary(show_trainable=True)
model.compile(optimizer=keras.optimizers.Adam(),
              loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=[keras.metrics.SparseCategoricalAccuracy()])
history = model.fit(x, y, epochs=2, validation_split=0.1, verbose=2)
print('frozen:', all(np.array_equal(a, b) for a, b in zip(before, base_model.get_weights())))

# Fine-tune
base_model.trainable = True
model.compile(optimizer=keras.optimizers.Adam(1e-5),  # Very low learning rate
              loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=[keras.metrics.SparseCategoricalAccuracy()])
model.fit(x, y, epochs=1, verbose=2)
print('moved:', not any(np.array_equal(a, b) for a, b in zip(before[:2], base_model.get_weights()[:2])))
probability_model = keras.Sequential([model, layers.Softmax()])
predictions = probability_model.predict(x_test[:5])
print('sums', np.round(predictions.sum(axis=1), 3).tolist(), np.argmax(predictions, axis=1).shape)
