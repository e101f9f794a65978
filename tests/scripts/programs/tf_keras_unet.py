import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras.layers import Input, Conv2D, MaxPooling2D, Conv2DTranspose, concatenate, BatchNormalization, Activation, Dropout
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

gpus = tf.config.list_physical_devices('GPU')
for gpu in gpus:
    tf.config.experimental.set_memory_growth(gpu, True)
tf.random.set_seed(42)
print("TensorFlow", tf.__version__, "GPUs", len(gpus))

IMG_WIDTH = IMG_HEIGHT = 32
smooth = 1.


def dice_coef(y_true, y_pred):
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2. * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def dice_coef_loss(y_true, y_pred):
    return 1 - dice_coef(y_true, y_pred)


def conv2d_block(input_tensor, n_filters, kernel_size=3, batchnorm=True):
    x = Conv2D(filters=n_filters, kernel_size=(kernel_size, kernel_size),
               kernel_initializer='he_normal', padding='same')(input_tensor)
    if batchnorm:
        x = BatchNormalization()(x)
    x = Activation('relu')(x)
    return x


def get_unet(input_img, n_filters=8, dropout=0.1):
    c1 = conv2d_block(input_img, n_filters * 1)
    p1 = MaxPooling2D((2, 2))(c1)
    p1 = Dropout(dropout)(p1)
    c2 = conv2d_block(p1, n_filters * 2)
    p2 = MaxPooling2D((2, 2))(c2)
    p2 = Dropout(dropout)(p2)
    c3 = conv2d_block(p2, n_filters * 4)
    u8 = Conv2DTranspose(n_filters * 2, (3, 3), strides=(2, 2), padding='same')(c3)
    u8 = concatenate([u8, c2])
    c8 = conv2d_block(u8, n_filters * 2)
    u9 = Conv2DTranspose(n_filters * 1, (3, 3), strides=(2, 2), padding='same')(c8)
    u9 = concatenate([u9, c1], axis=3)
    c9 = conv2d_block(u9, n_filters * 1)
    outputs = Conv2D(1, (1, 1), activation='sigmoid')(c9)
    return Model(inputs=[input_img], outputs=[outputs])


rng = np.random.RandomState(0)
X = np.zeros((64, IMG_HEIGHT, IMG_WIDTH, 1), dtype=np.float32)
y = np.zeros((64, IMG_HEIGHT, IMG_WIDTH, 1), dtype=np.float32)
for i in range(64):
    r, c = rng.randint(4, 20, 2)
    y[i, r:r + 8, c:c + 8] = 1
    X[i] = y[i] + rng.normal(0, 0.1, y[i].shape)

dataset = tf.data.Dataset.from_tensor_slices((X[:48], y[:48]))
dataset = dataset.shuffle(48).map(lambda a, b: (tf.cast(a, tf.float32), b), num_parallel_calls=tf.data.AUTOTUNE)
dataset = dataset.batch(8).prefetch(tf.data.AUTOTUNE)

K.clear_session()
input_img = Input((IMG_HEIGHT, IMG_WIDTH, 1), name='img')
model = get_unet(input_img)
model.compile(optimizer=Adam(learning_rate=1e-2), loss=dice_coef_loss, metrics=[dice_coef])
callbacks = [
    EarlyStopping(patience=10, verbose=1),
    ReduceLROnPlateau(factor=0.1, patience=5, min_lr=0.00001, verbose=1),
    ModelCheckpoint('model-unet.h5', verbose=1, save_best_only=True, save_weights_only=False),
]
with tf.device('/CPU:0'):
    results = model.fit(dataset, epochs=4, callbacks=callbacks, validation_data=(X[48:], y[48:]))
preds = model.predict(X[48:], verbose=1)
preds_t = (preds > 0.5).astype(np.uint8)
print('dice improved:', results.history['dice_coef'][-1] > results.history['dice_coef'][0])
print('masks', preds_t.shape)
best = tf.keras.models.load_model('model-unet.h5', custom_objects={'dice_coef_loss': dice_coef_loss, 'dice_coef': dice_coef})
print('mean', float(tf.reduce_mean(best(X[:1]))) >= 0)
