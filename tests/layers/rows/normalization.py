"""Rows of the table: layers in `convlayers/layers/normalization`.

Not among them: batch renormalization, whose gradient leaves out a part of it, and `SpectralNormalization`, which takes a layer.
"""

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
        Row("GroupNormalization", {"groups": 2}, (4, 6), (4, 6)),
        Row("GroupNormalization", {"groups": 3}, (4, 60), (4, 60)),
        Row("GroupNormalization", {"groups": 2, "scale": False}, (4, 32), (4, 32)),
        Row("GroupNormalization", {"groups": 3, "epsilon": 0.1}, (2, 3, 4, 6), (2, 3, 4, 6)),
        Row("GroupNormalization", {"groups": 2, "axis": 1, "center": False}, (2, 4, 3, 5), (2, 4, 3, 5)),
        Row("GroupNormalization", {"groups": -1, "axis": -2, "scale": False}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("GroupNormalization", {"groups": 1, "center": False, "scale": False}, (2, 3, 4), (2, 3, 4)),
        Row("LayerNormalization", {}, (4, 5), (4, 5)),
        Row("LayerNormalization", {"axis": [1, 2], "epsilon": 0.1}, (2, 3, 4), (2, 3, 4)),
        Row("LayerNormalization", {"axis": [3, 1]}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("LayerNormalization", {"axis": [2, 3], "center": False}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("LayerNormalization", {"scale": False}, (2, 3, 4), (2, 3, 4)),
        Row("LayerNormalization", {"scale": False, "center": False, "gamma_regularizer": "l2"}, (2, 3, 4), (2, 3, 4)),
        Row("RMSNormalization", {}, (4, 5), (4, 5)),
        Row("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, (2, 3, 4), (2, 3, 4)),
        Row("UnitNormalization", {}, (4, 5), (4, 5)),
        Row("UnitNormalization", {"axis": [1, 3]}, (2, 3, 4, 5), (2, 3, 4, 5)),
    ]
