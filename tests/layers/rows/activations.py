"""Rows of the table: layers in `convlayers/layers/activations`."""

from tests.layers.rows.row import Row


def rows():
    return [
        Row("Activation", {"activation": "relu"}, (3, 4), (3, 4)),
        Row("Activation", {"activation": "sigmoid"}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("Activation", {"activation": "softmax"}, (3, 4), (3, 4)),
        Row("ELU", {}, (3, 4), (3, 4)),
        Row("ELU", {"alpha": 0.7}, (2, 3, 4), (2, 3, 4)),
        Row("LeakyReLU", {}, (3, 4), (3, 4)),
        Row("LeakyReLU", {"negative_slope": 0.1}, (2, 3, 4), (2, 3, 4)),
        Row("PReLU", {}, (3, 4), (3, 4)),
        Row("PReLU", {"shared_axes": [1, 2]}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("PReLU", {"shared_axes": 3, "alpha_regularizer": "l2"}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("PReLU", {"shared_axes": [2], "alpha_constraint": "non_neg"}, (2, 3, 4), (2, 3, 4)),
        Row("ReLU", {}, (3, 4), (3, 4)),
        Row("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.5}, (2, 3, 4), (2, 3, 4)),
        Row("Softmax", {}, (3, 4), (3, 4)),
        Row("Softmax", {"axis": 1}, (2, 3, 4), (2, 3, 4)),
        Row("Softmax", {"axis": [1, 2]}, (2, 3, 4), (2, 3, 4)),
    ]
