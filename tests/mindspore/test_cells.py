"""Cells of MindSpore against PyTorch, with the same weights and the same padding."""

import numpy as np
import pytest

from convlayers.mindspore import nn

torch = pytest.importorskip("torch")
F = torch.nn.functional


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def check(cell, x, peer, *parameters):
    """Compares outputs, and the gradients for the input and the parameters, with those of PyTorch."""
    y, backward = cell.forward(x)
    leaves = [torch.tensor(np.array(array), requires_grad=True) for array in (x, *parameters)]
    expected = peer(*leaves)
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-4, atol=1e-5)
    d_y = draw(*y.shape, seed=1)
    d_x = backward(d_y)
    expected.backward(torch.tensor(d_y))
    np.testing.assert_allclose(d_x, leaves[0].grad.numpy(), rtol=1e-4, atol=1e-4)
    for parameter, leaf in zip(cell.trainable_params(), leaves[1:], strict=True):
        np.testing.assert_allclose(parameter.grad, leaf.grad.numpy(), rtol=1e-4, atol=1e-4)


def same_pads(x, kernel_size, stride, dilation):
    """What PyTorch's `pad` takes for pad_mode="same": left, right, top, bottom. An odd pixel goes behind."""
    pads = []
    for length, size in zip(x.shape[:1:-1], kernel_size[::-1], strict=True):
        total = max(0, (-(-length // stride) - 1) * stride + (size - 1) * dilation + 1 - length)
        pads += [total // 2, total - total // 2]
    return pads


# Convolution ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel_size", [3, (2, 4)])
@pytest.mark.parametrize(("stride", "dilation", "group"), [(1, 1, 1), (2, 1, 2), (1, 2, 1), (2, 2, 4)])
@pytest.mark.parametrize(("pad_mode", "padding"), [("same", 0), ("valid", 0), ("pad", 2), ("pad", (1, 0, 2, 3))])
def test_conv2d(kernel_size, stride, dilation, group, pad_mode, padding):
    cell = nn.Conv2d(4, 8, kernel_size, stride, pad_mode, padding, dilation, group, True, bias_init="normal")
    x = draw(2, 4, 11, 10)
    if pad_mode == "same":
        pads = same_pads(x, cell.kernel_size, stride, dilation)
    else:
        top, bottom, left, right = padding if isinstance(padding, tuple) else (padding,) * 4
        pads = [left, right, top, bottom]
    check(
        cell,
        x,
        lambda x, weight, bias: F.conv2d(F.pad(x, pads), weight, bias, stride, 0, dilation, group),
        cell.weight.value,
        cell.bias.value,
    )


def test_conv2d_parameters():
    cell = nn.Conv2d(6, 8, (3, 5), group=2)
    assert [(name, p.shape) for name, p in cell.parameters_and_names()] == [("weight", (8, 3, 3, 5))]
    assert cell.bias is None
    assert 0.008 < cell.weight.value.std() < 0.012
    last = nn.Conv2d(6, 8, (3, 5), group=2, data_format="NHWC")
    assert last.weight.shape == (8, 3, 5, 3)
    last.weight.assign(np.moveaxis(cell.weight.value, 1, -1))
    x = draw(2, 6, 7, 8)
    np.testing.assert_allclose(np.moveaxis(last(np.moveaxis(x, 1, -1)), -1, 1), cell(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["xavier_uniform", "HeUniform", "he_normal"])
def test_initializers_count_inputs_and_outputs(name):
    weight = nn.Conv2d(20, 60, 5, weight_init=name).weight.value
    fan_in, fan_out = 20 * 25, 60 * 25
    variance = 2 / (fan_in + fan_out) if "xavier" in name else 2 / fan_in
    np.testing.assert_allclose(weight.var(), variance, rtol=0.05)


def test_initial_values():
    assert (nn.Dense(3, 2, weight_init=0.5).weight.value == 0.5).all()
    values = np.arange(6.0).reshape(2, 3)
    for array in (values, values.tolist(), tuple(values.tolist()), torch.tensor(values)):
        np.testing.assert_array_equal(nn.Dense(3, 2, weight_init=array).weight.value, values)


# Pooling --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, (2, 3)])
def test_pooling_without_padding(stride):
    x = draw(2, 3, 8, 9)
    check(nn.MaxPool2d(3, stride), x, lambda x: F.max_pool2d(x, 3, stride))
    check(nn.AvgPool2d((3, 2), stride), x, lambda x: F.avg_pool2d(x, (3, 2), stride))


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pooling_with_padding_same(stride):
    x = draw(2, 3, 8, 9)
    pads = same_pads(x, (3, 3), stride, 1)
    padded = torch.nn.ConstantPad2d(pads, -torch.inf)
    check(nn.MaxPool2d(3, stride, "same"), x, lambda x: F.max_pool2d(padded(x), 3, stride))

    def average(x):
        return F.avg_pool2d(F.pad(x, pads), 3, stride) / F.avg_pool2d(F.pad(torch.ones_like(x), pads), 3, stride)

    check(nn.AvgPool2d(3, stride, "SAME"), x, average)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("padding", [1, (1, 0)])
def test_pooling_with_given_padding(padding, ceil_mode):
    x = draw(2, 3, 8, 9)
    for dilation in (1, (2, 1)):
        cell = nn.MaxPool2d(3, 2, "pad", padding, dilation, ceil_mode=ceil_mode)
        check(cell, x, lambda x, dilation=dilation: F.max_pool2d(x, 3, 2, padding, dilation, ceil_mode))
    for counted in (True, False):
        cell = nn.AvgPool2d(3, 2, "pad", padding, ceil_mode, counted)
        check(cell, x, lambda x, counted=counted: F.avg_pool2d(x, 3, 2, padding, ceil_mode, counted))


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_sums_with_a_divisor_of_ones_own(stride):
    x = draw(2, 3, 8, 9)
    check(
        nn.AvgPool2d((3, 2), stride, divisor_override=5),
        x,
        lambda x: F.avg_pool2d(x, (3, 2), stride, divisor_override=5),
    )
    for ceil_mode in (False, True):
        cell = nn.AvgPool2d(3, stride, "pad", (1, 0), ceil_mode, divisor_override=5)
        check(cell, x, lambda x, ceil=ceil_mode: F.avg_pool2d(x, 3, stride, (1, 0), ceil, divisor_override=5))
    pads = same_pads(x, (3, 3), stride, 1)
    check(
        nn.AvgPool2d(3, stride, "same", divisor_override=5),
        x,
        lambda x: F.avg_pool2d(F.pad(x, pads), 3, stride, divisor_override=5),
    )
    np.testing.assert_array_equal(nn.AvgPool2d(3, stride, divisor_override=0)(x), nn.AvgPool2d(3, stride)(x))


def test_indices_of_maxima():
    x = draw(2, 3, 8, 9)
    y, indices = nn.MaxPool2d(3, 2, "pad", 1, return_indices=True)(x)
    expected, expected_indices = F.max_pool2d(torch.tensor(x), 3, 2, 1, return_indices=True)
    np.testing.assert_array_equal(y, expected.numpy())
    np.testing.assert_array_equal(indices, expected_indices.numpy())


def test_pooling_of_one_image():
    x = draw(3, 8, 9)
    for cell in (nn.MaxPool2d(2, 2), nn.AvgPool2d(2, 2)):
        np.testing.assert_array_equal(cell(x), cell(x[None])[0])


# Others ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)])
def test_dense(shape):
    cell = nn.Dense(3, 4, bias_init="normal", activation="relu")
    check(cell, draw(*shape), lambda x, w, b: F.relu(F.linear(x, w, b)), cell.weight.value, cell.bias.value)


def test_batch_norm():
    """MindSpore's momentum is what stays, PyTorch's what is new; and the variance is that of the batch as it is."""
    cell = nn.BatchNorm2d(3, eps=1e-3, momentum=0.8, gamma_init="normal", beta_init="uniform")
    assert [name for name, _ in cell.parameters_and_names()] == ["gamma", "beta", "moving_mean", "moving_variance"]
    x = 3 * draw(4, 3, 5, 6) + 1
    check(
        cell,
        x,
        lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, True, 0.2, 1e-3),
        cell.gamma.value,
        cell.beta.value,
    )
    np.testing.assert_allclose(cell.moving_mean.value, 0.2 * x.mean(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(cell.moving_variance.value, 0.8 + 0.2 * x.var(axis=(0, 2, 3)), rtol=1e-5)
    state = [torch.tensor(p.numpy()) for p in (cell.moving_mean, cell.moving_variance, cell.gamma, cell.beta)]
    np.testing.assert_allclose(cell(x), F.batch_norm(torch.tensor(x), *state, eps=1e-3).numpy(), rtol=1e-4, atol=1e-5)
    last = nn.BatchNorm2d(3, eps=1e-3, data_format="NHWC")
    last.set_weights(cell.get_weights())
    np.testing.assert_allclose(last(np.moveaxis(x, 1, -1)), np.moveaxis(cell(x), 1, -1), rtol=1e-5, atol=1e-6)


def test_batch_statistics_on_demand():
    x = 3 * draw(4, 3, 5, 6) + 1
    always, never = nn.BatchNorm2d(3, use_batch_statistics=True), nn.BatchNorm2d(3, use_batch_statistics=False)
    np.testing.assert_allclose(always(x).mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(never.forward(x)[0], x, rtol=1e-4)


@pytest.mark.parametrize(
    ("cell", "peer"),
    [
        (nn.ReLU(), F.relu),
        (nn.ReLU6(), F.relu6),
        (nn.Sigmoid(), torch.sigmoid),
        (nn.Tanh(), torch.tanh),
        (nn.LeakyReLU(), lambda x: F.leaky_relu(x, 0.2)),
        (nn.ELU(), F.elu),
        (nn.GELU(), lambda x: F.gelu(x, approximate="tanh")),
        (nn.GELU(False), F.gelu),
        (nn.Softmax(), lambda x: F.softmax(x, -1)),
        (nn.Softmax(axis=1), lambda x: F.softmax(x, 1)),
        (nn.Flatten(), lambda x: torch.flatten(x, 1)),
        (nn.Flatten(0, 1), lambda x: torch.flatten(x, 0, 1)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_cells_without_parameters(cell, peer):
    check(cell, draw(2, 3, 4), peer)


def test_dropout():
    x = np.ones((50, 40), "float32")
    cell = nn.Dropout(p=0.25)
    np.testing.assert_array_equal(cell(x), x)
    y = cell.set_train()(x)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert 0.2 < (y == 0).mean() < 0.3
    assert 0.6 < (nn.Dropout(0.3).set_train()(x) == 0).mean() < 0.8
