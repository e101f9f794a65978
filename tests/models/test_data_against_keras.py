"""Data of all kinds and all arguments of `fit`, beside Keras: the same history, results and predictions."""

import numpy as np
import pytest

import convlayers

# Keras's own variables are not up to date with NumPy; and it warns of each default `shuffle=True` that has no effect.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning"),
    pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4)).astype("float32")
LABELS = rng.integers(0, 3, 30)
WEIGHTS = rng.uniform(0.2, 2, 30).astype("float32")


def classifier(library):
    layers = library.layers
    return library.Sequential([library.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(3, activation="softmax")])


def pair(keras, make=classifier, **compilation):
    """Returns our model and Keras's with the same weights, compiled alike."""
    models = [make(convlayers), make(keras)]
    models[1].set_weights(models[0].get_weights())
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
    for library, model in zip((convlayers, keras), models, strict=True):
        model.compile(library.optimizers.SGD(0.1), **{**settings, **compilation})
    return models


def assert_same_logs(ours, theirs):
    assert list(ours) == list(theirs)
    for name, values in ours.items():
        np.testing.assert_allclose(values, theirs[name], rtol=1e-4, atol=1e-5, err_msg=name)


def assert_same_fit(models, **arguments):
    """Trains both; values of the arguments that are functions are called with the library."""
    histories = []
    for library, model in zip((convlayers, models[1]), models, strict=True):
        given = {key: value(library) if callable(value) else value for key, value in arguments.items()}
        histories.append(model.fit(**{"shuffle": False, "verbose": 0, **given}))
    assert histories[0].epoch == histories[1].epoch
    assert_same_logs(histories[0].history, histories[1].history)


ARRAYS = dict(x=X, y=LABELS, batch_size=7)
ARGUMENTS = {
    "class weights": dict(**ARRAYS, epochs=2, class_weight={0: 0.3, 2: 3.0}),
    "sample weights": dict(**ARRAYS, sample_weight=WEIGHTS, validation_split=0.2),
    "resumed": dict(**ARRAYS, initial_epoch=2, epochs=4),
    "nothing to do": dict(**ARRAYS, initial_epoch=4, epochs=4),
    "steps": dict(**ARRAYS, steps_per_epoch=2, epochs=5),
    "steps alone": dict(x=X, y=LABELS, steps_per_epoch=4, epochs=2),
    "validation": dict(**ARRAYS, epochs=3, validation_data=(X[:9], LABELS[:9], WEIGHTS[:9]), validation_batch_size=4),
    "some validation": dict(
        **ARRAYS, epochs=4, validation_data=[X[:9], LABELS[:9]], validation_steps=1, validation_freq=[1, 4]
    ),
    "rare validation": dict(**ARRAYS, epochs=5, validation_split=0.5, validation_freq=2),
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments(keras, arguments):
    assert_same_fit(pair(keras), **arguments)


def batches(weights=False, endless=False):
    while True:
        for start in range(0, 30, 7):
            part = slice(start, start + 7)
            yield (X[part], LABELS[part], WEIGHTS[part]) if weights else (X[part], LABELS[part])
        if not endless:
            return


@pytest.mark.parametrize("weights", [False, True])
def test_generators(keras, weights):
    assert_same_fit(pair(keras), x=lambda library: batches(weights))
    models = pair(keras)
    assert_same_fit(
        models,
        x=lambda library: batches(weights, endless=True),
        steps_per_epoch=3,
        epochs=3,
    )
    ours, theirs = (model.evaluate(batches(weights), return_dict=True, verbose=0) for model in models)
    assert_same_logs(ours, theirs)
    ours, theirs = (model.predict(batches(), steps=3, verbose=0) for model in models)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("class_weight", [None, {1: 4.0}], ids=str)
def test_data_sets_of_keras(keras, class_weight):
    def make(library):
        class Numbered((convlayers if library is convlayers else keras).utils.PyDataset):
            def __len__(self):
                return 5

            def __getitem__(self, number):
                part = slice(7 * number, 7 * number + 7)
                return X[part], LABELS[part]

        return Numbered()

    assert_same_fit(pair(keras), x=make, validation_data=make, epochs=2, class_weight=class_weight)


def test_data_loaders(keras):
    torch = pytest.importorskip("torch")
    dataset = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(LABELS))
    loader = torch.utils.data.DataLoader(dataset, batch_size=7)
    models = pair(keras)
    assert_same_fit(models, x=loader, validation_data=loader, epochs=2)
    message = "^Argument `class_weight` is not supported for torch DataLoader inputs."
    for model in models:
        with pytest.raises(ValueError, match=message):
            model.fit(loader, class_weight={0: 1.0}, verbose=0)


def named_heads(library):
    layers = library.layers
    first, second = library.Input((4,), name="first"), library.Input((4,), name="second")
    joined = layers.Concatenate()([first, second])
    outputs = {"kind": layers.Dense(3, activation="softmax", name="kind")(joined), "size": layers.Dense(1, name="size")(joined)}
    return library.Model({"first": first, "second": second}, outputs)


def test_dicts(keras):
    models = pair(
        keras,
        named_heads,
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.2},
        metrics={"size": ["mae"]},
        weighted_metrics={"kind": ["accuracy"]},
    )
    x, y = {"first": X, "second": X[::-1]}, {"kind": LABELS, "size": X[:, :1]}
    weights = {"kind": WEIGHTS, "size": WEIGHTS[::-1]}
    assert_same_fit(models, x=x, y=y, batch_size=8, epochs=2, sample_weight=weights, validation_split=0.3)
    ours, theirs = (model.evaluate(x, y, sample_weight=weights, return_dict=True, verbose=0) for model in models)
    assert_same_logs(ours, theirs)
    ours, theirs = (model.predict(x, batch_size=8, verbose=0) for model in models)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5)


@pytest.mark.parametrize(
    "arguments", [{}, {"sample_weight": WEIGHTS}, {"class_weight": {0: 2.0, 1: 0.5}}], ids=["plain", "sample", "class"]
)
def test_single_batches(keras, arguments):
    models = pair(keras)
    for _ in range(2):
        ours, theirs = (model.train_on_batch(X, LABELS, return_dict=True, **arguments) for model in models)
        assert_same_logs(ours, theirs)
        ours, theirs = (model.train_on_batch(X, LABELS, **arguments) for model in models)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    ours, theirs = (model.test_on_batch(X, LABELS, sample_weight=WEIGHTS) for model in models)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    ours, theirs = (model.predict_on_batch(X) for model in models)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


MISTAKES = {
    "both weights": dict(**ARRAYS, sample_weight=WEIGHTS, class_weight={0: 1.0}),
    "lengths": dict(x=X, y=LABELS[:4]),
    "frequency": dict(**ARRAYS, validation_data=(X, LABELS), validation_freq="often"),
    "labels of a generator": dict(x=lambda library: batches(), y=LABELS),
    "weights of a generator": dict(x=lambda library: batches(), class_weight={0: 1.0}),
    "an empty generator": dict(x=lambda library: (batch for batch in ())),
    "a generator of lists": dict(x=lambda library: ([X, LABELS] for _ in range(2))),
    "four parts": dict(x=X, y=LABELS, validation_data=(X, LABELS, WEIGHTS, WEIGHTS)),
    "a number": dict(x=3),
}


@pytest.mark.parametrize("arguments", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_have_the_type_and_first_words_of_keras(keras, arguments):
    errors = []
    for library, model in zip((convlayers, keras), pair(keras), strict=True):
        given = {key: value(library) if callable(value) else value for key, value in arguments.items()}
        with pytest.raises(Exception) as caught:
            model.fit(**{"verbose": 0, **given})
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1])
    first_words = [str(error).split("Received")[0].split("\n")[0][:70] for error in errors]
    assert first_words[0] == first_words[1]
