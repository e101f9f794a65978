from keras.models import Sequential, Model
from keras.layers.core import Flatten, Dense, Dropout, Lambda
from keras.layers.convolutional import Convolution2D, MaxPooling2D, ZeroPadding2D, AveragePooling2D
from keras.layers.normalization import BatchNormalization
from keras.layers.advanced_activations import LeakyReLU, PReLU
from keras.layers import Input, merge, Activation
from keras.optimizers import SGD
from keras.regularizers import l2
from keras.callbacks import EarlyStopping, ModelCheckpoint, LearningRateScheduler
from keras.constraints import maxnorm
from keras import backend as K
import numpy as np

K.set_image_dim_ordering('th')
np.random.seed(0)


def VGG(weights_path=None):
    model = Sequential()
    model.add(ZeroPadding2D((1, 1), input_shape=(3, 32, 32)))
    model.add(Convolution2D(8, 3, 3, activation='relu'))
    model.add(ZeroPadding2D((1, 1)))
    model.add(Convolution2D(8, 3, 3, activation='relu', init='glorot_uniform', W_regularizer=l2(0.001)))
    model.add(MaxPooling2D((2, 2), strides=(2, 2)))
    model.add(Convolution2D(16, 3, 3, border_mode='same', subsample=(2, 2), bias=True))
    model.add(BatchNormalization(mode=0, axis=1))
    model.add(LeakyReLU(alpha=0.1))
    model.add(AveragePooling2D())
    model.add(Flatten())
    model.add(Dense(output_dim=32, init='he_normal', W_constraint=maxnorm(3)))
    model.add(Activation('relu'))
    model.add(Dropout(p=0.5))
    model.add(Dense(4, activation='softmax'))
    if weights_path:
        model.load_weights(weights_path)
    return model


model = VGG()
sgd = SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(optimizer=sgd, loss='categorical_crossentropy', metrics=['accuracy'])

labels = np.arange(64) % 4
X = np.random.rand(64, 3, 32, 32).astype('float32') + labels[:, None, None, None]
Y = np.eye(4)[labels]
hist = model.fit(X, Y, nb_epoch=2, batch_size=16, verbose=2, validation_split=0.25,
                 callbacks=[ModelCheckpoint('best.h5', monitor='val_acc', mode='max', save_best_only=True)])
print('history:', len(hist.history['acc']), len(hist.history['val_acc']))


def batches():
    while True:
        for start in range(0, 64, 16):
            yield X[start:start + 16], Y[start:start + 16]


model.fit_generator(batches(), samples_per_epoch=4, nb_epoch=1, verbose=0)
classes = model.predict_classes(X, batch_size=32)
proba = model.predict_proba(X, batch_size=32)
print('classes:', classes.shape, proba.shape)

# Inception-like block with merge
img = Input(shape=(3, 16, 16))
tower_1 = Convolution2D(4, 1, 1, border_mode='same', activation='relu')(img)
tower_2 = Convolution2D(nb_filter=4, nb_row=3, nb_col=3, border_mode='same', activation='relu')(img)
out = merge([tower_1, tower_2], mode='concat', concat_axis=1)
res = merge([tower_1, tower_2], mode='sum')
model = Model(input=img, output=[out, res])
print('merged:', model.output_shape)
