"""Writes the inputs that fuzzing begins with: `python -m tests.saving.fuzz.seeds FOLDER [FILE...]`.

Files of Keras may be named; small models of our own are always among them.
"""

import os
import pickle
import sys
import zipfile

import numpy as np

import convlayers as k
from convlayers import layers


def main(folder, *files):
    os.makedirs(folder, exist_ok=True)
    for number, model in enumerate(_models()):
        model.compile("adam", "mse", metrics=["mae"])
        path = os.path.join(folder, f"ours{number}.keras")
        model.save(path)
        files = (*files, path)
    for path in files:
        _add(folder, path)
    for path in files[-len(_models()) :]:
        os.remove(path)
    _write(folder, "pickle", b"p", pickle.dumps({"0": np.ones((2, 3), "float32"), "1": np.arange(3)}))


def _models():
    image = k.Input((6, 6, 2))
    conv = layers.Conv2D(2, 3, padding="same", name="shared")
    x = layers.Add()([conv(image), conv(conv(image))])
    x = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(x))
    functional = k.Model(image, [layers.Dense(2, "softmax")(x), k.ops.mean(x, axis=1)])
    inner = k.Sequential([k.Input((3,)), layers.Dense(2, kernel_regularizer="l2"), layers.ReLU()])
    wide = [layers.SeparableConv2D(2, 3), layers.UpSampling2D(2), layers.Cropping2D(1), layers.Reshape((-1, 2))]
    return (
        functional,
        k.Sequential([k.Input((3,)), inner, layers.Reshape((1, 2)), layers.Conv1D(1, 1)]),
        k.Sequential([k.Input((8, 8, 1)), layers.RandomFlip(), *wide, layers.Dropout(0.5), layers.Flatten()]),
    )


def _add(folder, path):
    with open(path, "rb") as file:
        content = file.read()
    name = os.path.basename(path)
    if path.endswith(".keras"):
        _write(folder, name, b"z", content)
        with zipfile.ZipFile(path) as archive:
            _write(folder, f"{name}.json", b"j", archive.read("config.json"))
            _write(folder, f"{name}.weights.h5", b"h", archive.read("model.weights.h5"))
    else:
        _write(folder, name, b"h", content)
        if not path.endswith(".weights.h5"):
            _write(folder, f"{name}.model", b"m", content)


def _write(folder, name, kind, content):
    with open(os.path.join(folder, f"{name}.seed"), "wb") as file:
        file.write(kind + content)


if __name__ == "__main__":
    main(*sys.argv[1:])
