"""Rows of the table: layers in `convlayers/layers/normalization`."""

from tests.layers.rows.row import Row


def rows():
    return [
        Row("BatchNormalization", {}, (4, 5), (4, 5)),
        Row("BatchNormalization", {"momentum": 0.9, "epsilon": 0.01}, (3, 4, 5, 2), (3, 4, 5, 2)),
        Row("BatchNormalization", {"axis": 1}, (3, 2, 4, 5), (3, 2, 4, 5)),
        Row("BatchNormalization", {"center": False}, (4, 3, 5), (4, 3, 5)),
        Row("BatchNormalization", {"scale": False}, (4, 3, 5), (4, 3, 5)),
        Row("BatchNormalization", {"scale": False, "center": False}, (2, 3, 4, 5, 3), (2, 3, 4, 5, 3)),
        Row(
            "BatchNormalization",
            {
                "beta_initializer": "ones",
                "gamma_initializer": "zeros",
                "moving_mean_initializer": "ones",
                "moving_variance_initializer": "zeros",
                "beta_regularizer": "l1",
                "gamma_regularizer": "l2",
                "beta_constraint": "non_neg",
                "gamma_constraint": "max_norm",
            },
            (4, 5),
            (4, 5),
        ),
    ]
