import os

import numpy as np
from keras.preprocessing import image

# The pictures of this test: cats are bright, dogs are dark.
base_dir = os.path.join(os.getcwd(), 'cats_and_dogs_small')
rng = np.random.RandomState(0)
for part, count in (('train', 40), ('validation', 20)):
    for name, level in (('cats', 160), ('dogs', 40)):
        folder = os.path.join(base_dir, part, name)
        os.makedirs(folder)
        for number in range(count):
            pixels = rng.randint(0, 80, (60 + number % 3, 70, 3)) + level
            image.save_img(os.path.join(folder, '%s.%d.jpg' % (name[:-1], number)), pixels, scale=False)

train_dir = os.path.join(base_dir, 'train')
validation_dir = os.path.join(base_dir, 'validation')

from keras import layers
from keras import models

model = models.Sequential()
model.add(layers.Conv2D(32, (3, 3), activation='relu',
                        input_shape=(64, 64, 3)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation='relu'))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(128, (3, 3), activation='relu'))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(64, activation='relu'))
model.add(layers.Dense(1, activation='sigmoid'))
model.summary()

from keras import optimizers

model.compile(loss='binary_crossentropy',
              optimizer=optimizers.RMSprop(lr=1e-3),
              metrics=['acc'])

from keras.preprocessing.image import ImageDataGenerator

train_datagen = ImageDataGenerator(
    rescale=1./255,
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,)

# Note that the validation data should not be augmented!
test_datagen = ImageDataGenerator(rescale=1./255)

train_generator = train_datagen.flow_from_directory(
        # This is the target directory
        train_dir,
        # All images will be resized to 64x64
        target_size=(64, 64),
        batch_size=20,
        # Since we use binary_crossentropy loss, we need binary labels
        class_mode='binary')

validation_generator = test_datagen.flow_from_directory(
        validation_dir,
        target_size=(64, 64),
        batch_size=20,
        class_mode='binary')

for data_batch, labels_batch in train_generator:
    print('data batch shape:', data_batch.shape)
    print('labels batch shape:', labels_batch.shape)
    break

history = model.fit_generator(
      train_generator,
      steps_per_epoch=4,
      epochs=3,
      validation_data=validation_generator,
      validation_steps=2)

model.save('cats_and_dogs_small_1.h5')

acc = history.history['acc']
val_acc = history.history['val_acc']
loss = history.history['loss']
val_loss = history.history['val_loss']
print('epochs:', len(acc), len(val_acc), len(loss), len(val_loss))
print('classes:', train_generator.class_indices)

# Visualizing intermediate activations
from keras.models import load_model

model = load_model('cats_and_dogs_small_1.h5')
img = image.load_img(os.path.join(validation_dir, 'cats', 'cat.3.jpg'), target_size=(64, 64))
img_tensor = np.expand_dims(image.img_to_array(img), axis=0) / 255.
layer_outputs = [layer.output for layer in model.layers[:6]]
activation_model = models.Model(inputs=model.input, outputs=layer_outputs)
activations = activation_model.predict(img_tensor)
print('first activation:', activations[0].shape)
