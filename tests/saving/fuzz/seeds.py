"""Writes the inputs that fuzzing begins with: `python -m tests.saving.fuzz.seeds FOLDER [FILE...]`.

Files of Keras may be named; small models of our own are always among them.
"""

import os
import pickle
import sys
import tempfile
import zipfile

import numpy as np

import convlayers as k
from convlayers import layers
from tests.saving.fuzz.targets import SHARD_SIZE, model_for_weights


def main(folder, *files):
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as ours:
        for path in (*files, *_files(ours)):
            _add(folder, path)
    _write(folder, "pickle", b"p", pickle.dumps({"0": np.ones((2, 3), "float32"), "1": np.arange(3)}))


def _files(folder):
    """Writes models of ours in each format. Returns the paths."""
    for number, model in enumerate(_models()):
        model.compile("adam", "mse", metrics=["mae"])
        model.save(os.path.join(folder, f"ours{number}.keras"))
    model = model_for_weights()
    for format in ("keras3", "keras3.11", "keras2", "convlayers"):
        model.save(os.path.join(folder, f"{format}.keras"), format=format)
        if format != "convlayers":
            model.save(os.path.join(folder, f"{format}.h5"), format=format)
    model.save_weights(os.path.join(folder, "keras3.weights.h5"))
    k.saving.save_weights(model, os.path.join(folder, "keras2.weights.h5"), format="keras2")
    model.save_weights(os.path.join(folder, "shards.weights.json"), max_shard_size=SHARD_SIZE)
    return [entry.path for entry in os.scandir(folder) if not entry.name.startswith("shards_")]


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
        _pipeline(),
    )


def _pipeline():
    """Layers that prepare images, a model called twice, ops with arguments, and ends with names."""
    left, right = k.Input((8, 8, 3), name="left"), k.Input((8, 8, 3), name="right")
    inner_image = k.Input((6, 6, 3))
    inner = k.Model(inner_image, layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(inner_image)), name="inner")
    prepare = k.Sequential([layers.Rescaling(1 / 255), layers.CenterCrop(6, 6), layers.Normalization(mean=0.5, variance=2.0)])
    features = [inner(prepare(image)) for image in (left, right)]
    near = k.ops.expand_dims(k.ops.sum(k.ops.square(features[0] - features[1]), axis=-1), 1)
    far = layers.Discretization([0.0, 1.0])(k.ops.concatenate(features, axis=-1) * 2)
    return k.Model({"left": left, "right": right}, {"near": near, "far": far})


def _add(folder, path):
    with open(path, "rb") as file:
        content = file.read()
    name = os.path.basename(path)
    if path.endswith(".keras"):
        _write(folder, name, b"z", content)
        with zipfile.ZipFile(path) as archive:
            kind = b"k" if b'"keras_version": "2' in archive.read("metadata.json") else b"j"
            _write(folder, f"{name}.json", kind, archive.read("config.json"))
            _write(folder, f"{name}.weights.h5", b"h", archive.read("model.weights.h5"))
    elif path.endswith(".weights.json"):
        _write(folder, name, b"s", content)
    else:
        _write(folder, name, b"h", content)
        kind = b"w" if path.endswith(".weights.h5") else b"m"
        _write(folder, f"{name}.model", kind, content)


def _write(folder, name, kind, content):
    with open(os.path.join(folder, f"{name}.seed"), "wb") as file:
        file.write(kind + content)


if __name__ == "__main__":
    main(*sys.argv[1:])
