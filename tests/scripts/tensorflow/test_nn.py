"""`tf.nn`: what PyTorch and NumPy say of the same. All were compared with TensorFlow 2.15 besides."""

import numpy as np
import pytest

from convlayers import ops
from convlayers.scripts.tensorflow.faces import find_tensorflow
from tests.scripts.running import run_code

nn = find_tensorflow("tensorflow.nn")
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2, 9, 10, 3)).astype("float32")
W = RANDOM.normal(size=(3, 3, 3, 4)).astype("float32")


def test_strides_and_paddings_in_all_forms():
    expected = ops.conv(X, W, 2, "same")
    for strides in (2, [2], [2, 2], [1, 2, 2, 1]):
        np.testing.assert_array_equal(nn.conv2d(X, W, strides, "SAME"), expected)
    np.testing.assert_array_equal(nn.conv2d(X, W, 1, [[0, 0], [1, 1], [1, 1], [0, 0]]), ops.conv(X, W, 1, "same"))
    first = nn.conv2d(X.transpose(0, 3, 1, 2), W, [1, 1, 2, 2], "SAME", data_format="NCHW")
    np.testing.assert_allclose(np.transpose(first, (0, 2, 3, 1)), expected, rtol=1e-5, atol=1e-5)
    assert nn.conv2d(X, W, 1, "VALID", dilations=2).shape == (2, 5, 6, 4)


def test_pooling():
    blocks = X[:, :8].reshape(2, 4, 2, 5, 2, 3)
    np.testing.assert_array_equal(nn.max_pool2d(X, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), blocks.max(axis=(2, 4)))
    np.testing.assert_allclose(nn.avg_pool2d(X, 2, 2, "VALID"), blocks.mean(axis=(2, 4)), rtol=1e-4, atol=1e-6)


def test_pooling_over_channels():
    received = nn.max_pool2d(X, ksize=(1, 1, 1, 3), strides=(1, 1, 1, 3), padding="VALID")
    np.testing.assert_array_equal(received, X.max(axis=-1, keepdims=True))
    with pytest.raises(ValueError, match="sizes of 1 along the batch and the channels"):
        nn.conv2d(X, W, [1, 1, 1, 2], "SAME")


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("size", [(9, 10), (10, 9)])
def test_transpose(padding, size):
    # <conv(a), b> = <a, transpose(b)>, for each of the shapes that have this output.
    a = RANDOM.normal(size=(2, *size, 3)).astype("float32")
    y = nn.conv2d(a, W, 2, padding)
    b = RANDOM.normal(size=y.shape).astype("float32")
    back = nn.conv2d_transpose(b, W, a.shape, 2, padding)
    assert back.shape == a.shape
    np.testing.assert_allclose(np.sum(y * b), np.sum(a * back), rtol=1e-3)


def test_normalization():
    torch = pytest.importorskip("torch")
    received = nn.local_response_normalization(X, 2, 1.0, 1e-2 / 5, 0.75)
    expected = torch.nn.functional.local_response_norm(torch.tensor(X).permute(0, 3, 1, 2), 5, 1e-2, 0.75, 1.0)
    np.testing.assert_allclose(received, expected.permute(0, 2, 3, 1), rtol=1e-4)
    np.testing.assert_allclose(nn.batch_normalization(X, 0.5, 2.0, 0.1, 1.5, 0.25), (X - 0.5) + 0.1, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(nn.l2_normalize(X), X / np.linalg.norm(X), rtol=1e-5)
    np.testing.assert_allclose(nn.l2_normalize(X, axis=-1), X / np.linalg.norm(X, axis=-1, keepdims=True), rtol=1e-4)


def test_losses():
    probabilities = np.exp(X) / np.exp(X).sum(axis=-1, keepdims=True)
    labels = RANDOM.integers(0, 3, X.shape[:-1])
    expected = -np.log(np.take_along_axis(probabilities, labels[..., None], -1)[..., 0])
    np.testing.assert_allclose(nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=X), expected, rtol=1e-4)
    one_hot = np.eye(3, dtype="float32")[labels]
    np.testing.assert_allclose(nn.softmax_cross_entropy_with_logits(one_hot, X), expected, rtol=1e-4)
    binary = np.maximum(X, 0) - X * one_hot + np.log1p(np.exp(-np.abs(X)))
    np.testing.assert_allclose(nn.sigmoid_cross_entropy_with_logits(labels=one_hot, logits=X), binary, rtol=1e-4)
    np.testing.assert_allclose(nn.l2_loss(X), np.sum(X**2) / 2, rtol=1e-5)


def test_losses_of_parts_of_a_batch():
    assert nn.compute_average_loss(np.array([1.0, 3.0]), global_batch_size=4) == 1
    assert nn.compute_average_loss(np.array([1.0, 3.0]), sample_weight=np.array([1.0, 2.0])) == 3.5
    assert nn.scale_regularization_loss(np.array([1.0, 2.0])) == 3


def test_bias():
    np.testing.assert_allclose(nn.bias_add(X, np.arange(3.0)), X + np.arange(3), rtol=1e-6)
    received = nn.bias_add(X.transpose(0, 3, 1, 2), np.arange(3.0), data_format="NCHW")
    np.testing.assert_allclose(received, (X + np.arange(3)).transpose(0, 3, 1, 2), rtol=1e-6)


ACTIVATIONS = """
import numpy as np
import tensorflow as tf
from tensorflow.keras import activations, layers
from convlayers import activations as behind
for function in (tf.nn.relu, activations.relu, "relu", tf.keras.activations.get("relu")):
    layer = layers.Conv2D(3, 3, activation=function)
    assert layer.activation is behind.relu and layer.get_config()["activation"] == "relu", function
assert activations.softmax(tf.constant([[1.0, 1.0]])).numpy().tolist() == [[0.5, 0.5]]
for name in "elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign swish tanh".split():
    x = np.linspace(-3, 8, 24, dtype="float32").reshape(4, 6)
    function = getattr(tf.nn, name)
    np.testing.assert_allclose(layers.Activation(function)(x), function(x), rtol=1e-6, atol=1e-7, err_msg=name)
def relu(x):
    return x + 1
assert layers.Activation(relu).activation is relu
"""


def test_activations_are_those_of_keras(tmp_path):
    run_code(ACTIVATIONS, tmp_path)
