"""Scripts as they were published for Keras 1, Keras 2 and TensorFlow, with less data and fewer epochs, run as they are."""

import pytest

from tests.scripts.running import HERE, python

# For each, what it prints, and the warnings that it gets: parts of them.
PROGRAMS = {
    "keras1_mnist_cnn": (
        ["(600, 28, 28, 1)", "Epoch 3/3", "Test accuracy: 0."],
        ["`Conv2D(32, (3, 3))`", "`padding=...`", "`epochs=...`", "`from keras.utils import to_categorical`"],
    ),
    "keras1_vgg_functional": (
        ["history: 2 2", "classes: (64,) (64, 4)", "merged: [(None, 8, 16, 16), (None, 4, 16, 16)]"],
        [
            "`from keras.layers import Flatten`",
            "`strides=...`",
            "`AveragePooling2D(pool_size=2)`",
            "`units=...`",
            "`rate=...`",
            "`learning_rate=...`",
            "`Concatenate(axis=1)(inputs)`",
            "`kernel_size=(nb_row, nb_col)`",
            "`history['accuracy']`",
            "`monitor='val_accuracy'`",
            "`model.predict(x).argmax(axis=-1)`",
            "`inputs=...`",
            "`keras.constraints.max_norm`",
        ],
    ),
    "keras2_mnist_cnn": (["Epoch 3/3", "Test accuracy: 0."], ["`learning_rate=...`", "InverseTimeDecay(0.001"]),
    "keras2_cifar10_cnn": (["Using real-time data augmentation.", "Saved trained model", "Test accuracy:"], ["`fit`"]),
    "keras2_callbacks": (
        ["'acc', ", "'val_acc', ", "epoch,acc,", "same: True", "lr: True"],
        ["`from keras.layers import Rescaling`", "`optimizer.learning_rate`"],
    ),
    "book_cats_vs_dogs": (
        [
            "Found 80 images belonging to 2 classes.",
            "data batch shape: (20, 64, 64, 3)",
            "labels batch shape: (20,)",
            "epochs: 3 3 3 3",
            "classes: {'cats': 0, 'dogs': 1}",
            "first activation: (1, 62, 62, 32)",
        ],
        ["`fit`"],
    ),
    "tf_keras_unet": (["GPUs 0", "dice improved: True", "masks (16, 32, 32, 1)", "mean True"], ["`keras.ops.sum`"]),
    "tf_keras_transfer_learning": (["GPU available: False", "frozen: True", "moved: True", "sums [1.0"], []),
    "tf_quickstart_and_dcgan": (
        [
            "logits (1, 10) 1.0",
            "first loss True",
            "probabilities [1. 1. 1. 1. 1.]",
            "custom (10, 10) ['kernel']",
            "epoch 1 True True",
            "discriminator learns: True",
            "generated (1, 28, 28, 1) (1, 1)",
        ],
        ["`add_weight(..., name=name)`"],
    ),
    "keras2_what_a_network_sees": (
        [
            "files ['best.hdf5', 'first_try.h5'] (None, 10)",
            "shapes [(None, 32, 32, 3), (None, 30, 30, 8), (None, 15, 15, 8)] [None, 15, 15, 8]",
            "maps (2, 30, 30, 8)",
            "response grows True",
            "heatmap (13, 13)",
            "loss falls True",
            "vae True ['loss', 'val_loss'] (2, 3072)",
        ],
        [
            "nothing in its place: it has no effect",
            "`keras.optimizers.RMSprop`",
            "`layer.output.shape`",
            "`layer.nodes[i]`",
            "a name that ends in `.keras`, or in `.weights.h5` for weights",
            "a name that ends in `.weights.h5`. This file is written as Keras 2 did",
            "a layer that calls `self.add_loss(loss)` in its `call`",
        ],
    ),
    "tf_images_and_gradients": (
        [
            "replicas 1",
            "batches 10",
            "batch float32 (20, 32, 32, 3) (20, 1) True",
            "custom ['accuracy', 'loss'] True",
            "misled True",
            "heatmap (30, 30) 1.0",
            "dream True True",
        ],
        ["`model.compute_loss(x, y, y_pred)`", "`model.compute_metrics(x, y, y_pred)`"],
    ),
    "tf_keras_custom_train_step": (["loss fell: True ['loss', 'mae']", "Epoch 2, Loss: "], []),
}
NEED = {"book_cats_vs_dogs": "PIL"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, tmp_path):
    if name in NEED:
        pytest.importorskip(NEED[name])
    result = python("-m", "convlayers", str(HERE / "programs" / f"{name}.py"), cwd=tmp_path, data=True)
    assert result.returncode == 0, result.stdout + result.stderr
    printed, warned = PROGRAMS[name]
    for text in printed:
        assert text in result.stdout
    for text in warned:
        assert text in result.stderr
    lines = [line for line in result.stderr.splitlines() if "OldSpelling" in line]
    assert len(lines) == len(set(lines))
    # Warnings are where the script has what they are about.
    assert all(f"{name}.py" in line for line in lines)
