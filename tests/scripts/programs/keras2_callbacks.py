import keras
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, CSVLogger, LambdaCallback
from keras.layers.experimental.preprocessing import Rescaling
from keras.layers.merge import add
from keras.models import Model, load_model
from keras.layers import *

np.random.seed(7)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = np.expand_dims(x_train, -1)
x_test = np.expand_dims(x_test, -1)

inputs = Input(shape=(28, 28, 1))
x = Rescaling(1. / 255)(inputs)
x = Conv2D(8, 3, padding='same', activation='relu')(x)
shortcut = x
x = SeparableConv2D(8, 3, padding='same', activation='relu')(x)
x = add([x, shortcut])
x = MaxPool2D()(x)
x = GlobalAveragePooling2D()(x)
outputs = Dense(10, activation='softmax')(x)
model = Model(inputs, outputs)
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['acc'])

seen = []
callbacks = [
    EarlyStopping(monitor='val_loss', patience=2, restore_best_weights=True),
    ModelCheckpoint('weights.{epoch:02d}.h5', monitor='val_acc', save_best_only=False, verbose=1),
    ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=5, min_lr=0.001),
    CSVLogger('training.log'),
    LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(sorted(logs))),
]
history = model.fit(x_train, y_train, batch_size=64, epochs=2, callbacks=callbacks,
                    validation_data=(x_test, y_test), workers=1, use_multiprocessing=False)
print(seen[0])
print(open('training.log').readline().strip())
again = load_model('weights.%02d.h5' % (1 + np.argmin(history.history['val_loss'])))
print('same:', np.allclose(again.predict(x_test[:8]), model.predict(x_test[:8]), atol=1e-5))
print('lr:', float(keras.backend.get_value(model.optimizer.lr)) > 0)
keras.backend.clear_session()
