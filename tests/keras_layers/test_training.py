"""Training by Keras and by PyTorch's own loops."""

import numpy as np
import pytest


def a_network(keras, layers):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.DepthwiseConv2D(3, padding="same"),
            keras.layers.BatchNormalization(),
            layers.SeparableConv2D(24, 3, strides=2, padding="same", activation="elu"),
            layers.Conv2DTranspose(8, 2, strides=2),
            layers.AveragePooling2D(2),
            layers.GlobalAveragePooling2D(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )


def some_data():
    draw = np.random.default_rng(0)
    labels = draw.integers(4, size=64)
    return draw.normal(size=(64, 16, 16, 3)).astype("float32") + labels[:, None, None, None], labels


def test_fit_has_the_same_losses(keras, fast, computed):
    curves = []
    for layers in (keras.layers, fast):
        network = a_network(keras, layers)
        network.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
        history = network.fit(*some_data(), batch_size=16, epochs=4, shuffle=False, verbose=0, validation_split=0.25)
        curves.append([history.history["loss"], history.history["val_loss"]])
    assert computed
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-4)
    assert curves[1][0][-1] < curves[1][0][0]


def test_what_is_frozen_has_no_gradient(fast):
    import torch

    layer, x = fast.Conv2D(4, 3, activation="relu"), torch.randn(2, 6, 6, 3)
    layer.build(x.shape)
    layer.bias.trainable = False
    layer(x).sum().backward()
    assert layer.kernel.value.grad is not None
    assert layer.bias.value.grad is None
    layer.trainable = False
    assert not layer(x).requires_grad


def test_a_graph_can_be_retained(fast):
    import torch

    layer, x = fast.SeparableConv2D(4, 3, activation="relu"), torch.randn(2, 6, 6, 3, requires_grad=True)
    y = layer(x).sum()
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    torch.testing.assert_close(x.grad, 2 * first)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_gradients_that_are_not_contiguous(fast):
    import torch

    layer, x = fast.Conv2D(4, 3, use_bias=False), torch.randn(2, 6, 6, 3)
    layer(x).sum().backward()  # the gradient is a single number, seen at each place
    gradient = layer.kernel.value.grad.clone()
    layer.kernel.value.grad = None
    y = layer(x)
    y.backward(torch.ones_like(y))
    torch.testing.assert_close(layer.kernel.value.grad, gradient)


@pytest.mark.parametrize("activation", [None, "relu"])
def test_what_a_gradient_needs_cannot_be_overwritten(fast, activation):
    import torch

    layer, x = fast.Conv2D(4, 3, activation=activation), torch.randn(2, 6, 6, 3)
    y = layer(x)
    y += 1
    if activation is None:
        y.sum().backward()
    else:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


def test_a_weight_that_changed_before_the_backward_pass(fast):
    import torch

    layer, x = fast.Conv2D(4, 3), torch.randn(2, 6, 6, 3, requires_grad=True)
    y = layer(x)
    layer.kernel.assign(layer.kernel * 2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_second_derivatives_are_refused(fast):
    import torch

    layer, x = fast.Conv2D(4, 3), torch.randn(2, 6, 6, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad((layer(x) ** 2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_lora(keras, fast, computed):
    import torch

    layer, x = fast.Conv2D(4, 3), torch.randn(2, 6, 6, 3)
    layer.build(x.shape)
    layer.enable_lora(2)
    layer(x).sum().backward()
    assert computed
    assert layer.lora_kernel_b.value.grad.abs().sum() > 0
