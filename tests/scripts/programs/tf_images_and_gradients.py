"""Gradients for images, and images that are changed, as scripts of TensorFlow 2 have them."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(0)
(train_images, train_labels), _ = tf.keras.datasets.cifar10.load_data()

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = tf.keras.Sequential(
        [
            tf.keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, activation="relu", name="last_conv"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
print("replicas", strategy.num_replicas_in_sync)


def augment(image, label):
    image = tf.image.convert_image_dtype(image, tf.float32)
    image = tf.image.resize_with_crop_or_pad(image, 36, 36)
    image = tf.image.random_crop(image, size=[32, 32, 3])
    image = tf.image.random_brightness(image, max_delta=0.1)
    image = tf.image.random_flip_left_right(image)
    return tf.clip_by_value(image, 0.0, 1.0), label


dataset = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).filter(lambda image, label: label[0] < 10)
dataset = dataset.shuffle(200).map(augment, num_parallel_calls=tf.data.AUTOTUNE).batch(20).prefetch(tf.data.AUTOTUNE)
print("batches", tf.data.experimental.cardinality(dataset))
for images, labels in dataset.take(1):
    print("batch", images.numpy().dtype, images.shape, labels.numpy().shape, isinstance(images, tf.Tensor))


class CustomModel(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


custom = CustomModel(model.inputs, model.outputs)
custom.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = custom.fit(dataset, epochs=3, verbose=0).history
print("custom", sorted(history), history["loss"][-1] < history["loss"][0])

# An image that misleads the network.
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
image = tf.cast(train_images[:1], tf.float32) / 255.0
label = tf.constant([int(train_labels[0, 0])])
with tf.GradientTape() as tape:
    tape.watch(image)
    loss = loss_object(label, model(image))
signed_grad = tf.sign(tape.gradient(loss, image))
adversarial = tf.clip_by_value(image + 0.05 * signed_grad, 0, 1)
print("misled", float(loss_object(label, model(adversarial))) > float(loss))

# Where the network looks.
grad_model = tf.keras.models.Model(model.inputs, [model.get_layer("last_conv").output, model.output])
with tf.GradientTape() as tape:
    last_conv_layer_output, preds = grad_model(image)
    pred_index = tf.argmax(preds[0])
    class_channel = preds[:, pred_index]
grads = tape.gradient(class_channel, last_conv_layer_output)
pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2))
heatmap = tf.squeeze(last_conv_layer_output[0] @ pooled_grads[..., tf.newaxis])
heatmap = tf.maximum(heatmap, 0) / tf.math.reduce_max(heatmap)
print("heatmap", heatmap.numpy().shape, float(tf.reduce_max(heatmap)))

# A dream.
dream = tf.convert_to_tensor(image)
responses = []
for step in range(4):
    with tf.GradientTape() as tape:
        tape.watch(dream)
        response = tf.math.reduce_mean(grad_model(dream)[0])
    gradient = tape.gradient(response, dream)
    gradient /= tf.math.reduce_std(gradient) + 1e-8
    dream += gradient * 0.05
    responses.append(response.numpy())
print("dream", responses == sorted(responses), image.numpy().max() <= 1)
