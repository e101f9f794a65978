"""Losses between the layers of a graph, as TensorFlow and Keras 2 have them."""

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_number_or_array

_EPSILON = 1e-7


def sigmoid_cross_entropy(labels=None, logits=None):
    labels = as_number_or_array(labels)
    return ops.add(ops.subtract(ops.relu(logits), ops.multiply(logits, labels)), ops.softplus(ops.negative(ops.abs(logits))))


def softmax_cross_entropy(labels=None, logits=None, axis=-1, dim=None):
    axis = axis if dim is None else dim
    return ops.negative(ops.sum(ops.multiply(as_number_or_array(labels), ops.log_softmax(logits, axis)), axis=axis))


def softmax_cross_entropy_of_node(features, labels):
    """Nodes return the gradient, too, which only TensorFlow uses."""
    return softmax_cross_entropy(labels, features), ops.subtract(ops.softmax(features), labels)


def sparse_softmax_cross_entropy(labels=None, logits=None):
    chosen = ops.one_hot(as_number_or_array(labels, "int32"), logits.shape[-1], dtype=logits.dtype)
    return softmax_cross_entropy(chosen, logits)


def weighted_cross_entropy(labels=None, logits=None, pos_weight=1.0):
    weights = ops.add(ops.multiply(labels, pos_weight - 1), 1.0)
    rest = ops.multiply(weights, ops.softplus(ops.negative(logits)))
    return ops.add(ops.multiply(ops.subtract(1.0, labels), logits), rest)


def binary_crossentropy(target, output, from_logits=False):
    if from_logits:
        return sigmoid_cross_entropy(target, output)
    target, output = as_number_or_array(target), ops.clip(output, _EPSILON, 1 - _EPSILON)
    yes = ops.multiply(target, ops.log(ops.add(output, _EPSILON)))
    no = ops.multiply(ops.subtract(1.0, target), ops.log(ops.add(ops.subtract(1.0, output), _EPSILON)))
    return ops.negative(ops.add(yes, no))


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    return ops.categorical_crossentropy(as_number_or_array(target), output, from_logits, axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1, ignore_class=None):
    if ignore_class is not None:
        raise TypeError(f"There is no translation of sparse_categorical_crossentropy with ignore_class={ignore_class}.")
    return ops.sparse_categorical_crossentropy(as_number_or_array(target, "int64"), output, from_logits, axis)


def l2_loss(t):
    return ops.multiply(ops.sum(ops.square(t)), 0.5)
