"""Fifty steps of training beside Keras: the same weights and batches give the same losses, metrics and final weights."""

import numpy as np
import pytest

import convlayers

# Keras's own variables are not up to date with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STEPS, BATCH = 50, 16
OPTIMIZERS = [
    ("SGD", {"learning_rate": 0.05}),
    ("SGD", {"learning_rate": 0.02, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"learning_rate": 0.001}),
    ("RMSprop", {"learning_rate": 0.001, "momentum": 0.5, "centered": True}),
    ("Adam", {"learning_rate": 0.001}),
    ("Adam", {"learning_rate": 0.001, "amsgrad": True}),
    ("Adam", {"learning_rate": 0.001, "clipnorm": 0.5, "weight_decay": 0.01}),
]
# A bias before a normalization has a gradient of 0 but for rounding errors, which some optimizers would blow up.
UNBIASED = {"use_bias": False}


def digits(count=STEPS * BATCH, seed=0):
    """Returns images with a bright patch at one of five places, and which place it is."""
    rng = np.random.default_rng(seed)
    images = rng.normal(0, 0.3, (count, 12, 12, 1))
    labels = rng.integers(0, 5, count)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 4, 3:9] += 1
    return images.astype("float32"), labels


def convnet(library, **outer):
    layers = library.layers
    return library.Sequential(
        [
            library.Input((12, 12, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Conv2D(8, 3, padding="same", **UNBIASED),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Dropout(0),
            layers.Flatten(),
            layers.Dense(16, activation="tanh", kernel_regularizer="l2"),
            layers.Dense(5, activation="softmax"),
        ],
        **outer,
    )


def pair(keras, make=convnet):
    """Returns our model and Keras's with the same weights."""
    convlayers.utils.set_random_seed(1)
    ours, theirs = make(convlayers), make(keras)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def assert_same_training(ours, theirs, x, y):
    """Trains both for `STEPS` batches, and compares the loss and the accuracy of each step, and the weights."""
    results = []
    for model in (ours, theirs):
        batches = [slice(start, start + BATCH) for start in range(0, len(x), BATCH)]
        results.append([model.train_on_batch(x[batch], y[batch]) for batch in batches])
    np.testing.assert_allclose(*results, atol=1e-4)
    assert_same_weights(ours, theirs)
    # Something was learned, or sameness would say little.
    losses = np.array(results[0])[:, 0]
    assert len(losses) == STEPS
    assert losses[-5:].mean() < 0.9 * losses[:5].mean()


def assert_same_weights(ours, theirs, tolerance=1e-4):
    for our_weight, their_weight in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our_weight, their_weight, atol=tolerance)


@pytest.mark.parametrize(("name", "arguments"), OPTIMIZERS, ids=lambda value: str(value))
def test_each_optimizer_trains_as_in_keras(keras, name, arguments):
    ours, theirs = pair(keras)
    for library, model in ((convlayers, ours), (keras, theirs)):
        optimizer = getattr(library.optimizers, name)(**arguments)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert_same_training(ours, theirs, *digits())


def class_numbers(y):
    return y


def one_hot(y):
    return np.eye(5, dtype="float32")[y]


def yes_or_no(y):
    return (y > 2).astype("float32")[:, None]


def signs(y):
    return yes_or_no(y) * 2 - 1


def sizes(y):
    return y.astype("float32")[:, None] + 1


def sequences(y):
    return np.stack([y, y], axis=1)


# Each loss, with the activation and the units of the last layer, and what it takes as labels.
LOSSES = [
    ("BinaryCrossentropy", "sigmoid", 1, yes_or_no),
    ("BinaryFocalCrossentropy", "sigmoid", 1, yes_or_no),
    ("CTC", "linear", 60, sequences),
    ("CategoricalCrossentropy", "softmax", 5, one_hot),
    ("CategoricalFocalCrossentropy", "softmax", 5, one_hot),
    ("CategoricalGeneralizedCrossEntropy", "softmax", 5, class_numbers),
    ("CategoricalHinge", "linear", 5, one_hot),
    ("Circle", "unit", 5, class_numbers),
    ("CosineSimilarity", "linear", 5, one_hot),
    ("Dice", "sigmoid", 1, yes_or_no),
    ("Hinge", "tanh", 1, signs),
    ("Huber", "linear", 1, sizes),
    ("KLDivergence", "softmax", 5, one_hot),
    ("LogCosh", "linear", 1, sizes),
    ("MeanAbsoluteError", "linear", 1, sizes),
    ("MeanAbsolutePercentageError", "linear", 1, sizes),
    ("MeanSquaredError", "linear", 1, sizes),
    ("MeanSquaredLogarithmicError", "softplus", 1, sizes),
    ("Poisson", "softplus", 1, sizes),
    ("SparseCategoricalCrossentropy", "softmax", 5, class_numbers),
    ("SquaredHinge", "tanh", 1, signs),
    ("Tversky", "sigmoid", 1, yes_or_no),
]


def test_no_loss_of_keras_is_left_out(keras):
    known = {name for name in dir(keras.losses) if isinstance(getattr(keras.losses, name), type)}
    assert known - {"Loss"} == {row[0] for row in LOSSES}


@pytest.mark.parametrize(("loss", "activation", "units", "convert"), LOSSES, ids=[row[0] for row in LOSSES])
def test_each_loss_trains_as_in_keras(keras, loss, activation, units, convert):
    def make(library):
        layers = library.layers
        inputs = library.Input((12, 12, 1))
        x = layers.Conv2D(4, 3, activation="relu")(inputs)
        x = layers.Flatten()(layers.AveragePooling2D(2)(layers.Conv2D(8, 3, strides=2, activation="relu")(x)))
        x = layers.Dense(units, activation=None if activation == "unit" else activation)(x)
        if activation == "unit":
            x = layers.UnitNormalization()(x)
        return library.Model(inputs, layers.Reshape((12, 5))(x) if loss == "CTC" else x)

    ours, theirs = pair(keras, make)
    x, y = digits()
    results = []
    for library, model in ((convlayers, ours), (keras, theirs)):
        model.compile(library.optimizers.Adam(0.003), getattr(library.losses, loss)())
        batches = [slice(start, start + BATCH) for start in range(0, len(x), BATCH)]
        results.append([model.train_on_batch(x[batch], convert(y)[batch]) for batch in batches])
    assert len(results[0]) == STEPS
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-4)
    assert_same_weights(ours, theirs)
    assert np.mean(results[0][-5:]) < np.mean(results[0][:5])


def test_fit_and_evaluate_give_the_history_of_keras(keras):
    ours, theirs = pair(keras)
    x, y = digits(200)
    weights = np.linspace(0.5, 1.5, len(x)).astype("float32")
    histories = []
    for model in (ours, theirs):
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
        histories.append(
            model.fit(
                x,
                y,
                sample_weight=weights,
                batch_size=32,
                epochs=3,
                shuffle=False,
                validation_split=0.3,
                validation_freq=2,
                verbose=0,
            )
        )
    assert list(histories[0].history) == list(histories[1].history)
    assert histories[0].epoch == histories[1].epoch
    for name, values in histories[0].history.items():
        np.testing.assert_allclose(values, histories[1].history[name], atol=1e-4, err_msg=name)
    np.testing.assert_allclose(ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), atol=1e-4)
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-4)


def test_class_weights_count_as_in_keras(keras):
    ours, theirs = pair(keras)
    x, y = digits(64)
    losses = []
    for model in (ours, theirs):
        model.compile("sgd", "sparse_categorical_crossentropy")
        arguments = {"class_weight": {0: 2.0, 3: 0.1}, "shuffle": False, "verbose": 0}
        losses.append(model.fit(x, y, **arguments).history["loss"])
    np.testing.assert_allclose(*losses, atol=1e-5)


def two_headed(library):
    layers = library.layers
    image = library.Input((12, 12, 1), name="image")
    number = library.Input((3,), name="number")
    shared = layers.Dense(6, activation="relu", name="shared")
    x = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3, name="conv")(image)), number])
    x = shared(layers.Dense(6, name="middle")(shared(layers.Dense(6, name="first")(x))))
    outputs = [layers.Dense(5, activation="softmax", name="place")(x), layers.Dense(1, name="size")(x)]
    return library.Model([image, number], outputs)


COMPILATIONS = [
    {"loss": ["sparse_categorical_crossentropy", "mse"]},
    {"loss": {"size": "mse", "place": "sparse_categorical_crossentropy"}, "loss_weights": {"size": 0.3, "place": 2.0}},
    {
        "loss": ["sparse_categorical_crossentropy", "mae"],
        "loss_weights": [1.0, 0.5],
        "metrics": [["accuracy"], ["mae", "mse"]],
        "weighted_metrics": {"size": ["mse"]},
    },
    {"loss": [None, "mse"], "metrics": {"place": "acc"}},
    {"loss": ["sparse_categorical_crossentropy", "mse"], "metrics": ["accuracy", "mae"], "weighted_metrics": ["acc", "mae"]},
]


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("compilation", COMPILATIONS, ids=lambda compilation: ", ".join(compilation))
def test_several_outputs_train_as_in_keras(keras, compilation):
    ours, theirs = pair(keras, two_headed)
    x, y = digits(64)
    numbers = np.random.default_rng(1).normal(size=(64, 3)).astype("float32")
    inputs, labels = {"image": x, "number": numbers}, [y, y[:, None].astype("float32")]
    results = []
    for model in (ours, theirs):
        model.compile("sgd", **compilation)
        history = model.fit(inputs, labels, epochs=2, shuffle=False, validation_split=0.25, verbose=0).history
        results.append((history, model.evaluate(inputs, labels, verbose=0), model.train_on_batch(inputs, labels)))
    assert list(results[0][0]) == list(results[1][0])
    for name, values in results[0][0].items():
        np.testing.assert_allclose(values, results[1][0][name], rtol=1e-4, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(results[0][2], results[1][2], rtol=1e-4, atol=1e-4)


def test_a_frozen_layer_stays_as_in_keras(keras):
    ours, theirs = pair(keras)
    x, y = digits(64)
    for model in (ours, theirs):
        model.layers[0].trainable = False
        model.layers[2].trainable = False  # BatchNormalization: frozen, it uses its averages in training too.
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x, y, shuffle=False, verbose=0)
    assert_same_weights(ours, theirs, 1e-5)
