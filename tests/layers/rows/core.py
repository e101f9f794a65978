"""Rows of the table: layers in `convlayers/layers/core`."""

from tests.layers.rows.row import Row


def rows():
    return [
        Row("Dense", {"units": 3}, (4, 5), (4, 3)),
        Row("Dense", {"units": 3, "activation": "softmax"}, (4, 5), (4, 3)),
        Row("Dense", {"units": 20, "activation": "relu", "use_bias": False}, (2, 3, 5), (2, 3, 20)),
        Row(
            "Dense",
            {
                "units": 2,
                "activation": "tanh",
                "kernel_initializer": "he_uniform",
                "bias_initializer": "ones",
                "kernel_regularizer": "l2",
                "bias_regularizer": "l1",
                "activity_regularizer": "l2",
                "kernel_constraint": "non_neg",
                "bias_constraint": "max_norm",
            },
            (4, 5),
            (4, 2),
        ),
    ]
