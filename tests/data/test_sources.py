"""What `fit`, `evaluate` and `predict` take as data, and what they refuse."""

import random

import numpy as np
import pytest

from convlayers import Input, Model, Sequential, layers
from convlayers.data.batch_parts import class_weight_to_sample_weights, split
from convlayers.data.epochs import Epochs
from convlayers.data.sources import make_batches

X = np.arange(40, dtype="float32").reshape(10, 4)
Y = np.arange(10, dtype="float32")[:, None]


def regression(**compilation):
    model = Sequential([Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", **compilation)
    return model


def batches(*data, **arguments):
    return list(make_batches(*data, **arguments))


# Arrays ---------------------------------------------------------------------------------------------------------------


def test_arrays_are_cut_into_batches():
    found = batches(X, Y, batch_size=4)
    assert [len(x) for x, _ in found] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), X)
    assert make_batches(X, Y, batch_size=4).num_batches == 3
    assert make_batches(X).num_batches == 1
    assert [len(x) for x in batches(X, steps=5)] == [2] * 5


def test_parts_that_are_not_there_are_left_out():
    (x,) = batches(X)
    np.testing.assert_array_equal(x, X)
    (((_, second),),) = batches([X, Y])
    np.testing.assert_array_equal(second, Y)
    assert len(batches(X, Y)[0]) == 2
    assert len(batches(X, Y, Y[:, 0])[0]) == 3


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_shuffling_keeps_samples_and_labels_together(shuffle):
    np.random.seed(1)
    data = make_batches(X, Y, Y[:, 0], batch_size=4, shuffle=shuffle)
    for _ in range(2):
        parts = [np.concatenate(column) for column in zip(*data, strict=True)]
        order = parts[1][:, 0].astype(int)
        assert sorted(order) == list(range(10))
        assert list(order) != list(range(10))
        np.testing.assert_array_equal(parts[0], X[order])
        np.testing.assert_array_equal(parts[2], order)
    if shuffle == "batch":
        assert sorted(order[:4]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "x",
    [
        X.tolist(),
        X.astype("float64"),
        X.astype(">f8"),
        X.astype(">i4"),
        X.astype("uint8"),
        np.asfortranarray(X),
        np.repeat(X, 2, axis=0)[::2],
        X.astype("float16"),
    ],
    ids=["list", "float64", "big-endian", "big-endian integers", "bytes", "fortran", "strided", "float16"],
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_arrays_of_all_kinds_train_alike(x, shuffle):
    results = []
    for data in (X, x):
        np.random.seed(3)
        model = regression()
        model.fit(data, Y, batch_size=3, epochs=2, shuffle=shuffle, verbose=0)
        results.append((model.get_weights()[0], model.evaluate(data, Y, verbose=0), model.predict(data, verbose=0)))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_lists_of_labels_and_read_only_arrays():
    x = X.copy()
    x.flags.writeable = False
    model = regression()
    model.fit(x, Y[:, 0].tolist(), sample_weight=[1.0] * 10, verbose=0)
    assert np.isfinite(model.evaluate(x, Y.tolist(), verbose=0))


def test_objects_that_can_become_arrays():
    class Wrapped:
        def __init__(self, array):
            self.array = array

        def __array__(self, dtype=None, copy=None):
            return self.array

    assert regression().predict(Wrapped(X), verbose=0).shape == (10, 1)


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X)
    frame["label"] = Y[:, 0]
    ((x, y),) = batches(frame[[0, 1, 2, 3]], frame["label"])
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_the_last_part_is_split_off_before_shuffling():
    (x, _, weight), (val_x, val_y, val_weight) = split((X, [Y, Y], None), 0.25)
    np.testing.assert_array_equal(x, X[:7])
    np.testing.assert_array_equal(val_x, X[7:])
    np.testing.assert_array_equal(val_y[1], Y[7:])
    assert weight is val_weight is None
    seen = []

    class Spy(Sequential):
        def test_step(self, data):
            seen.append(data[1])
            return super().test_step(data)

    model = Spy([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, validation_split=0.3, verbose=0)
    np.testing.assert_array_equal(np.concatenate(seen), Y[7:])


def test_class_weights():
    weights = {0: 2.0, 2: 5.0}
    np.testing.assert_array_equal(class_weight_to_sample_weights(np.array([0, 1, 2, 0]), weights), [2, 1, 5, 2])
    np.testing.assert_array_equal(class_weight_to_sample_weights(np.array([[0], [2]]), weights), [2, 5])
    np.testing.assert_array_equal(class_weight_to_sample_weights(np.eye(3), weights), [2, 1, 5])


@pytest.mark.parametrize("kind", [dict, list])
def test_class_weights_of_several_outputs(kind):
    labels, weights = {"a": np.array([0, 1, 1]), "b": np.eye(3)}, {"b": {0: 2, 2: 5}}
    if kind is list:
        labels, weights = list(labels.values()), [None, weights["b"]]
    ((_, _, found),) = batches(X[:3], labels, class_weight=weights)
    found = list(found.values()) if kind is dict else found
    np.testing.assert_array_equal(found, [[1, 1, 1], [2, 1, 5]])


def test_class_weights_of_several_outputs_are_weights_of_samples():
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0}
    labels, losses = [Y, Y % 2], []
    for weights in ({"class_weight": [{3: 2.0}, {1: 0.5}]}, {"sample_weight": [1 + (Y[:, 0] == 3), 1 - Y[:, 0] % 2 / 2]}):
        x = Input((4,))
        model = Model(x, [layers.Dense(1, kernel_initializer="ones")(x) for _ in range(2)])
        model.compile("sgd", "mse")
        losses.append(model.fit(X / 40, labels, **weights, **arguments).history["loss"])
    assert losses[0] == losses[1]


# Batches that others make ---------------------------------------------------------------------------------------------


def generate(count, *, weights=False):
    for start in range(count):
        batch = X[start : start + 2], Y[start : start + 2]
        yield (*batch, np.ones(2)) if weights else batch


class Loader:
    """As a PyTorch DataLoader: iterated over again in each epoch, and gives lists."""

    def __init__(self):
        self.epochs = 0

    def __len__(self):
        return 3

    def __iter__(self):
        self.epochs += 1
        return ([x, y] for x, y in generate(3))


class Numbered:
    """As a PyDataset."""

    def __init__(self):
        self.asked, self.events = [], []

    def __len__(self):
        return 4

    def __getitem__(self, number):
        self.asked.append(number)
        return X[number : number + 2], Y[number : number + 2]

    def on_epoch_end(self):
        self.events.append("end")


def test_generators():
    model = regression()
    assert len(model.fit(generate(3), verbose=0).history["loss"]) == 1
    assert len(model.fit(generate(6, weights=True), steps_per_epoch=2, epochs=3, verbose=0).epoch) == 3
    assert model.predict(generate(4), verbose=0).shape == (8, 1)
    assert model.predict(((x,) for x, _ in generate(4)), steps=2, verbose=0).shape == (4, 1)
    np.testing.assert_allclose(model.evaluate(generate(3), verbose=0), model.evaluate(Loader(), verbose=0))


def test_a_generator_that_ends_early_warns():
    model = regression()
    with pytest.warns(UserWarning, match="^Your input ran out of data; interrupting training"):
        model.fit(generate(3), steps_per_epoch=2, epochs=2, verbose=0)


def test_iterables_are_gone_over_in_each_epoch():
    loader = Loader()
    regression().fit(loader, epochs=2, verbose=0, validation_data=Loader())
    # And for the model to see what its data is like.
    assert loader.epochs == 1 + 2
    assert regression().fit(zip([X[:4], X[4:8]], [Y[:4], Y[4:8]], strict=True), verbose=0).params["steps"] is None


def test_data_sets_with_numbered_batches():
    data = Numbered()
    random.seed(0)
    regression().fit(data, epochs=3, verbose=0)
    # The first batch is made once more, for the model to see what its data is like.
    assert [sorted(data.asked[start : start + 4]) for start in (1, 5, 9)] == [[0, 1, 2, 3]] * 3
    assert data.asked[1:] != [0, 1, 2, 3] * 3
    assert data.events == ["end"] * 4
    data = Numbered()
    regression().evaluate(data, verbose=0)
    assert data.asked == [0, 0, 1, 2, 3]
    ones, weighted = regression(), regression()
    ones.fit(Numbered(), shuffle=False, verbose=0)
    weighted.fit(Numbered(), shuffle=False, verbose=0, class_weight=dict.fromkeys(range(10), 0.5))
    assert not np.allclose(ones.get_weights()[0], weighted.get_weights()[0])


def test_a_pytorch_data_loader():
    torch = pytest.importorskip("torch")
    dataset = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(dataset, batch_size=4)
    one, other = regression(), regression()
    one.fit(loader, epochs=2, verbose=0, shuffle=False)
    other.fit(X, Y, batch_size=4, epochs=2, verbose=0, shuffle=False)
    np.testing.assert_allclose(one.get_weights()[0], other.get_weights()[0], rtol=1e-5)
    np.testing.assert_allclose(one.predict(torch.tensor(X), verbose=0), other.predict(X, verbose=0), rtol=1e-5)


def test_an_epoch_goes_on_where_the_last_one_ended():
    epochs = Epochs(make_batches(X, batch_size=2), steps=2)
    firsts = [[int(batch[0, 0]) for batch in epochs] for _ in range(2)]
    assert firsts == [[0, 8], [16, 24]]
    with pytest.warns(UserWarning, match="ran out of data"):
        assert [int(batch[0, 0]) for batch in epochs] == [32]
    assert [int(batch[0, 0]) for batch in epochs] == [0, 8]


@pytest.mark.parametrize("data", [(X, Y), Loader()], ids=["arrays", "iterable"])
def test_each_validation_is_on_the_same_samples(data):
    model = regression()
    model.optimizer.learning_rate = 0.0
    losses = model.fit(X, Y, epochs=3, validation_data=data, validation_batch_size=3, validation_steps=2, verbose=0)
    assert len(set(losses.history["val_loss"])) == 1


def test_peeking_takes_nothing_away():
    epochs = Epochs(make_batches(X, batch_size=4))
    assert epochs.peek()[0, 0] == 0
    assert len(list(epochs)) == 3
    assert len(list(epochs)) == 3


# Errors ---------------------------------------------------------------------------------------------------------------

two_headed = Input((4,))
TWO_HEADED = Model(two_headed, [layers.Dense(1)(two_headed), layers.Dense(1)(two_headed)])
TWO_HEADED.compile("sgd", "mse")

ERRORS = {
    "lengths": (
        dict(x=X, y=Y[:4]),
        r"^Data cardinality is ambiguous. Make sure all arrays contain the same number of samples."
        r"'x' sizes: 10\n'y' sizes: 4\n",
    ),
    "length of weights": (dict(x=X, y=Y, sample_weight=np.ones(3)), r"'sample_weight' sizes: 3"),
    "objects": (dict(x=np.array([[1, 2], [3]], dtype=object), y=Y[:2]), "^Invalid dtype: object"),
    "strings": (dict(x=np.array(["a", "b"]), y=Y[:2]), "^Invalid dtype: <U1"),
    "ragged": (dict(x=[[1, 2], [3]], y=Y[:2]), "ragged"),
    "a number": (dict(x=3, y=4), r"^Unrecognized data type: x=3 \(of type <class 'int'>\)"),
    "nothing": (dict(), "^Unrecognized data type: x=None"),
    "empty": (dict(x=X[:0], y=Y[:0]), "^num_samples should be a positive integer value, but got num_samples=0"),
    "no labels": (dict(x=X), "so it needs labels"),
    "shape of inputs": (dict(x=X[:, :3], y=Y), "expected axis -1 of input shape to have value 4"),
    "both weights": (dict(x=X, y=Y, sample_weight=Y[:, 0], class_weight={0: 1}), "^You cannot `class_weight` and"),
    "batch size 0": (dict(x=X, y=Y, batch_size=0), "^batch_size should be a positive integer value, but got batch_size=0"),
    "batch size 2.5": (dict(x=X, y=Y, batch_size=2.5), "^batch_size should be a positive integer value"),
    "split": (dict(x=X, y=Y, validation_split=0.99), "^Training data contains 10 samples, which is not sufficient"),
    "split of more than all": (
        dict(x=X, y=Y, validation_split=1.5),
        "^`validation_split` must be between 0 and 1, received: 1.5",
    ),
    "split of a generator": (dict(x=generate(3), validation_split=0.5), "^Argument `validation_split` is only supported for"),
    "validation": (dict(x=X, y=Y, validation_data=(X, Y[:3])), "^Data cardinality is ambiguous"),
    "validation parts": (dict(x=X, y=Y, validation_data=(X, Y, Y, Y)), "^Data is expected to be in format `x`, `\\(x,\\)`"),
    "frequency": (dict(x=X, y=Y, validation_freq="a"), "^Expected `validation_freq` to be a list or int"),
    "empty generator": (dict(x=generate(0)), "the generator must yield at least one batch. Received an empty generator"),
    "generator of lists": (dict(x=([X, Y] for _ in range(2))), "the generator must return a tuple, either"),
    "generator and labels": (dict(x=generate(2), y=Y), "^When providing `x` as a generator, `y` should not be passed"),
    "generator and weights": (dict(x=generate(2), class_weight={0: 1}), "^Argument `class_weight` is not supported for"),
    "lengths in a batch": (dict(x=((X, Y[:3]) for _ in range(2))), "^Data cardinality is ambiguous"),
}


@pytest.mark.parametrize(("arguments", "message"), ERRORS.values(), ids=ERRORS)
def test_bad_data_is_refused_and_changes_nothing(arguments, message):
    model = regression()
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ValueError, match=message):
        model.fit(**arguments, verbose=0)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert model.history is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(y=Y), r"^y_true and y_pred have different structures.\ny_true: \*\ny_pred: \['\*', '\*'\]\n"),
        (dict(y=[Y, Y], class_weight={0: 1}), "^`class_weight` is only supported for Models with a single output"),
        (dict(y={"a": Y, "b": Y}, class_weight={"c": {0: 1}}), "Received: class_weight={'c': {0: 1}}$"),
        (dict(y=[Y, Y], sample_weight=np.ones((10, 3))), "^For a model with multiple outputs, when providing a single"),
    ],
)
def test_data_for_several_outputs(arguments, message):
    with pytest.raises(ValueError, match=message):
        TWO_HEADED.fit(X, **arguments, verbose=0)


def test_bad_labels_are_found_before_the_first_step():
    """BatchNormalization would have moved its averages by then."""
    model = Sequential([Input((4,)), layers.BatchNormalization(), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    before = [weight.copy() for weight in model.get_weights()]
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError):
            train(X, np.zeros((10, 4)))
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
