"""A data set as two."""

import numpy as np
import pytest

from convlayers import Input, Sequential, layers
from convlayers.utils import PyDataset, split_dataset

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10)


def test_arrays_are_divided():
    left, right = split_dataset(X, left_size=0.8)
    assert (len(left), len(right)) == (8, 2)
    np.testing.assert_array_equal(np.stack(list(right)), X[8:])
    left, right = split_dataset((X, Y), left_size=2, right_size=3)
    assert [int(y) for _, y in left] == [0, 1]
    assert [int(y) for _, y in right] == [2, 3, 4]
    left, right = split_dataset([X, Y], right_size=0.5, shuffle=True, seed=3)
    order = [int(y) for _, y in (*left, *right)]
    assert sorted(order) == list(range(10)) != order


def test_data_sets_are_divided():
    torch = pytest.importorskip("torch")
    dataset = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    left, _ = split_dataset(dataset, left_size=3)
    assert [int(y) for _, y in left] == [0, 1, 2]

    class Batches(PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, number):
            return X[2 * number : 2 * number + 2], Y[2 * number : 2 * number + 2]

    _, right = split_dataset(Batches(), right_size=3)
    assert [int(y) for _, y in right] == [7, 8, 9]


def test_a_model_trains_on_the_parts():
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    train, test = split_dataset((X, Y), left_size=0.7)
    history = model.fit(train.shuffle().batch(2), validation_data=test.batch(3), verbose=0)
    assert history.params["steps"] == 4
    assert "val_loss" in history.history


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "^At least one of the `left_size` or `right_size` must be specified"),
        ({"left_size": 10}, ValueError, "^`left_size` should be either a positive integer smaller than 10, or a float within"),
        ({"right_size": 1.5}, ValueError, "^`right_size` should be either a positive integer"),
        ({"left_size": 0.6, "right_size": 0.6}, ValueError, "^The sum of `left_size` and `right_size` is greater than 1"),
        (
            {"left_size": 6, "right_size": 6},
            ValueError,
            "^The sum of `left_size` and `right_size` should be smaller than the 10",
        ),
        ({"left_size": 0.01}, ValueError, "^With `dataset` of length=10, `left_size`=0 and `right_size`=10."),
        ({"left_size": "a"}, TypeError, "^Invalid `left_size` Type. Expected: int or float or None, Received: type.left_size"),
    ],
)
def test_mistakes(arguments, error, message):
    with pytest.raises(error, match=message):
        split_dataset(X, **arguments)
    with pytest.raises(TypeError, match="^Unsupported dataset type: <class 'int'>"):
        split_dataset(3, left_size=1)
