"""The demonstration: the convnet of Chollet's "Deep Learning with Python" learns to read handwritten digits."""

import os

import numpy as np

from convlayers import Input, Model, layers, models, random
from convlayers.datasets import mnist


def add_arguments(parser):
    """Adds the arguments of `python -m convlayers demo`."""
    parser.add_argument("--folder", default=".", help="where digits.keras and digits.png are written (default: here)")
    parser.add_argument("--epochs", type=int, default=5, help="how often the digits are gone through (default: 5)")
    parser.add_argument("--data", help="path of Keras's mnist.npz, to train on all of MNIST")


def main(options):
    """What `python -m convlayers demo` does."""
    return run(options.folder, options.epochs, options.data)


def run(folder=".", epochs=5, data=None):
    """Trains the network, saves it, reads it back, and draws what happened.

    Args:
        folder: where `digits.keras` and `digits.png` are written; it is made if it is not there.
        epochs: how often the digits are gone through.
        data: path of an `mnist.npz`; by default the 4,000 + 1,000 digits that are installed with the package.

    Returns:
        0, or 1 if the model that was read back does not predict the same.
    """
    os.makedirs(folder, exist_ok=True)
    random.set_random_seed(1)
    (train_images, train_labels), (test_images, test_labels) = mnist.load_data(data) if data else mnist.load_sample()
    train_images, test_images = to_inputs(train_images), to_inputs(test_images)

    model = build()
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    history = model.fit(train_images, train_labels, epochs=epochs, batch_size=64, validation_data=(test_images, test_labels))
    _, accuracy = model.evaluate(test_images, test_labels, verbose=0)
    print(f"\nTest accuracy: {accuracy:.3f} on {len(test_images):,} digits that the network has never seen")

    path = os.path.join(folder, "digits.keras")
    model.save(path)
    probabilities = model.predict(test_images, verbose=0)
    again = models.load_model(path).predict(test_images, verbose=0)
    identical = np.array_equal(probabilities, again)
    print(f"Saved as {path} and read back: predictions are {'identical' if identical else 'NOT identical'}")
    try:
        print(f"Drawn as {draw(history, test_images, test_labels, probabilities, os.path.join(folder, 'digits.png'))}")
    except ImportError:
        print("No picture: that takes matplotlib (pip install matplotlib)")
    return 0 if identical else 1


def build():
    """Returns the network: three convolutions, 104,202 parameters (Deep Learning with Python, 2nd edition, listing 8.1)."""
    inputs = Input(shape=(28, 28, 1))
    x = layers.Conv2D(filters=32, kernel_size=3, activation="relu")(inputs)
    x = layers.MaxPooling2D(pool_size=2)(x)
    x = layers.Conv2D(filters=64, kernel_size=3, activation="relu")(x)
    x = layers.MaxPooling2D(pool_size=2)(x)
    x = layers.Conv2D(filters=128, kernel_size=3, activation="relu")(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    return Model(inputs=inputs, outputs=outputs, name="digits")


def to_inputs(images):
    """Returns images of bytes, (n, 28, 28), as inputs of the network: (n, 28, 28, 1), from 0 to 1."""
    return images[..., None].astype("float32") / 255


def draw(history, images, labels, probabilities, path, most=24):
    """Draws the learning curves, and the digits that were read wrong with what they were taken for. Returns the path."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    FigureCanvasAgg(figure)
    curves, digits = figure.subfigures(1, 2, width_ratios=[2, 3])
    epochs = np.array(history.epoch) + 1
    for axes, name in zip(curves.subplots(2, 1, sharex=True), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, history.history[name], "o-", label="training")
        axes.plot(epochs, history.history[f"val_{name}"], "s--", label="test")
        axes.set_ylabel(name)
        axes.grid(alpha=0.3)
        axes.legend()
    axes.set_xlabel("epoch")
    axes.set_xticks(epochs)

    guesses = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(guesses != labels)
    digits.suptitle(f"{len(wrong)} of {len(labels):,} digits read wrong: what each is, and what it was taken for")
    for number, axes in enumerate(digits.subplots(4, most // 4).flat):
        axes.axis("off")
        if number < min(len(wrong), most):
            digit = wrong[number]
            axes.imshow(images[digit, ..., 0], cmap="gray_r")
            axes.set_title(f"{labels[digit]}, taken for {guesses[digit]}", fontsize=8)
    figure.savefig(path, dpi=120)
    return path
