"""Rows of the table: ops of neural networks."""

import numpy as np

from tests.ops.rows.row import LABELS, Row, fractions, numbers, positive, probabilities


def rows_with_parameters():
    x = numbers(3, 4)
    yield Row("leaky_relu", (x,), {"negative_slope": 0.3})
    yield Row("elu", (x,), {"alpha": 0.7})
    yield Row("celu", (x,), {"alpha": 0.7})
    yield Row("gelu", (x,), {"approximate": False})
    yield Row("mish", (x,), like_keras=False)
    yield Row("threshold", (x, 0.3, -1.0))
    yield Row("soft_shrink", (x,), {"threshold": 0.3})
    yield Row("hard_shrink", (x,), {"threshold": 0.3})
    yield Row("squareplus", (x,), {"b": 2})
    yield Row("glu", (x,), {"axis": 1})
    yield Row("cast", (x, "float64"))
    yield Row("convert_to_tensor", (x,))
    yield Row("array", (x,))
    yield Row("moments", (numbers(2, 3, 4), [0, 2]))
    yield Row("moments", (numbers(2, 3, 4), [1]), {"keepdims": True})
    for axis in (1, -1, 2):
        of_axis = np.empty((2, 3, 4)).shape[axis]
        vectors = [numbers(of_axis), positive(of_axis)]
        yield Row("batch_normalization", (numbers(2, 3, 4), *vectors, axis))
        vectors += [axis, numbers(of_axis), numbers(of_axis), 1e-2]
        yield Row("batch_normalization", (numbers(2, 3, 4), *vectors))
    yield Row("layer_normalization", (numbers(2, 3, 4),))
    yield Row("layer_normalization", (numbers(2, 3, 4), numbers(4), numbers(4)), {"epsilon": 1e-2})
    yield Row("layer_normalization", (numbers(2, 3, 4), numbers(3, 4), numbers(3, 4)), {"axis": [1, 2]})
    yield Row("layer_normalization", (numbers(2, 3, 4), numbers(3), None), {"axis": 1}, like_keras=False)
    yield Row("rms_normalization", (numbers(2, 3, 4),))
    yield Row("rms_normalization", (numbers(2, 3, 4),), {"axis": 1}, like_keras=False)
    yield Row("rms_normalization", (numbers(2, 3, 4), numbers(4)))
    yield Row("rms_normalization", (numbers(2, 3, 4), numbers(3, 4)), {"axis": [-1, 1]}, like_keras=False)
    yield Row("layer_normalization", (numbers(2, 3, 4, 2), numbers(3, 2), numbers(3, 2)), {"axis": [3, 1]})
    yield Row("group_normalization", (numbers(2, 3, 6), numbers(6), numbers(6)), {"groups": 2}, like_keras=False)
    yield Row("group_normalization", (numbers(2, 4, 3, 2), None, numbers(4)), {"groups": 4, "axis": 1}, like_keras=False)
    yield Row("group_normalization", (numbers(2, 6),), {"groups": 3, "epsilon": 0.1}, like_keras=False)
    yield Row("group_normalization", (numbers(2, 48), numbers(48), numbers(48)), {"groups": 3}, like_keras=False)
    for slopes in ((4,), (3, 4), (1, 4), (3, 1), (1,), (1, 1, 4), (2, 3, 4), (2, 1, 1)):
        yield Row("prelu", (numbers(2, 3, 4), numbers(*slopes)), like_keras=False)
    for order in (1, 2, 3):
        yield Row("normalize", (numbers(2, 3, 4),), {"axis": 1, "order": order})
    yield Row("normalize", (numbers(2, 3, 4),), {"axis": (0, 2)})


def rows_of_crossentropies():
    for from_logits in (True, False):
        x = numbers(3, 4) if from_logits else probabilities(3, 4)
        kwargs = {"from_logits": from_logits}
        yield Row("categorical_crossentropy", (probabilities(3, 4), x), kwargs)
        yield Row("categorical_crossentropy", (np.eye(4, dtype="int32")[LABELS], x), kwargs)
        yield Row("categorical_crossentropy", (probabilities(3, 4), x), {**kwargs, "axis": 0})
        yield Row("sparse_categorical_crossentropy", (LABELS, x), kwargs)
        yield Row("sparse_categorical_crossentropy", (LABELS[:, np.newaxis], x), kwargs)
        yield Row("sparse_categorical_crossentropy", (LABELS.astype("uint8"), x), kwargs)
        y = numbers(3, 4) if from_logits else (fractions(3, 4) + 1) / 2
        yield Row("binary_crossentropy", (fractions(3, 4) ** 2, y), kwargs)
    yield Row("sparse_categorical_crossentropy", (LABELS, positive(3, 4)))
    yield Row("sparse_categorical_crossentropy", (LABELS[:, np.newaxis], positive(3, 3, 1)), {"axis": 1})
    yield Row("sparse_categorical_crossentropy", (np.array(1), positive(4)))
    sequences = np.array([[1, 2, 2], [3, 0, 0]])
    for lengths in ([3, 1], [2, 0]):
        yield Row("ctc_loss", (sequences, numbers(2, 6, 4), np.array(lengths), np.array([6, 4])))
    yield Row("ctc_loss", (sequences + 1, numbers(2, 6, 5), np.array([3, 1]), np.array([5, 6])), {"mask_index": 4})


def rows():
    yield from rows_with_parameters()
    yield from rows_of_crossentropies()
