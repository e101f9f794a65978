"""Cells made of cells: parameters, modes, training."""

from collections import OrderedDict

import numpy as np
import pytest

from convlayers import losses, ops, optimizers
from convlayers.mindspore import nn


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.rest = nn.SequentialCell(nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(), nn.Dropout(p=0.5), nn.Dense(64, 2))
        self.modes = []

    def construct(self, x):
        self.modes = [*self.modes, self.training]
        return self.rest(self.norm(self.conv(x)))


def test_cells_and_parameters():
    net = Net()
    assert [type(cell).__name__ for cell in net.cells()] == ["Conv2d", "BatchNorm2d", "SequentialCell"]
    names = ["conv.weight", "norm.gamma", "norm.beta", "norm.moving_mean", "norm.moving_variance"]
    assert list(net.parameters_dict()) == [*names, "rest.4.weight", "rest.4.bias"]
    assert [p.name for p in net.trainable_params()] == ["weight", "gamma", "beta", "weight", "bias"]
    assert [p.name for p in net.untrainable_params()] == ["moving_mean", "moving_variance"]
    assert len(list(net.get_parameters())) == 7


def test_modes():
    net = Net()
    x = np.random.default_rng(0).normal(size=(3, 1, 8, 8)).astype("float32")
    np.testing.assert_array_equal(net(x), net(x))
    net.set_train()
    assert not np.array_equal(net(x), net(x))
    net.forward(x, training=False)
    assert net.training
    net.set_train(False)
    np.testing.assert_array_equal(net(x), net(x))
    net.forward(x)
    assert not net.training
    assert net.modes == [False, False, True, True, False, False, False, True]


def test_the_mode_is_restored_after_an_error():
    net = Net()
    with pytest.raises(ValueError):
        net.forward(np.zeros((1, 2, 8, 8), "float32"))
    assert not net.training


def test_sequential_cell():
    cells = [nn.Dense(3, 4), nn.ReLU(), nn.Dense(4, 2)]
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    expected = cells[2](cells[1](cells[0](x)))
    named = OrderedDict(zip("abc", cells, strict=True))
    for net in (nn.SequentialCell(*cells), nn.SequentialCell(cells), nn.SequentialCell(named)):
        np.testing.assert_array_equal(net(x), expected)
    assert list(net.parameters_dict()) == ["a.weight", "a.bias", "c.weight", "c.bias"]
    assert len(net) == 3
    assert net[-1] is cells[2]
    assert list(net) == cells
    np.testing.assert_array_equal(net[:2](x), cells[1](cells[0](x)))
    net.append(nn.Softmax())
    np.testing.assert_allclose(net(x).sum(axis=1), 1, rtol=1e-6)


def test_a_cell_is_replaced():
    net = nn.SequentialCell([nn.Dense(3, 4), nn.Dropout(0.5), nn.Dense(4, 2)])
    net[-1] = nn.Dense(4, 5)
    assert net(np.ones((1, 3), "float32")).shape == (1, 5)
    assert [p.shape for p in net.trainable_params()] == [(4, 3), (4,), (5, 4), (5,)]
    assert list(net.parameters_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_cells_behind_a_slice_have_names_of_their_own():
    net = nn.SequentialCell([nn.Dense(3, 4), nn.Dropout(0.5), nn.Dense(4, 2)])[1:]
    net.append(nn.ReLU())
    assert list(net.cells()) == list(net)
    assert len(net.parameters_dict()) == 2


def test_parameters_keep_their_order_in_long_sequences():
    net = nn.SequentialCell([nn.Dense(2, 2, weight_init=index) for index in range(12)])
    assert [p.value.flat[0] for p in net.trainable_params()[::2]] == list(range(12))


def test_a_sequential_cell_trains():
    """A corner of the image is bright, or the opposite one is."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 64)
    x = generator.normal(0, 0.1, (64, 1, 8, 8)).astype("float32")
    x[labels == 0, 0, :3, :3] += 1
    x[labels == 1, 0, -3:, -3:] += 1
    net = nn.SequentialCell(
        nn.Conv2d(1, 4, 3, weight_init="he_uniform"),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AvgPool2d(2, 2),
        nn.Flatten(),
        nn.Dense(64, 2),
    )
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = optimizers.Adam(0.01)
    history = []
    for _ in range(30):
        logits, backward = net.forward(x)
        history.append(float(loss(labels, logits)))
        backward((ops.softmax(logits) - ops.one_hot(labels, 2)) / len(x))
        parameters = net.trainable_params()
        optimizer.apply([p.grad for p in parameters], parameters)
        for p in parameters:
            p.grad = None
    assert history[-1] < 0.1 * history[0]
    assert (net(x).argmax(axis=1) == labels).mean() == 1
