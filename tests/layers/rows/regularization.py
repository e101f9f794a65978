"""Rows of the table: layers in `convlayers/layers/regularization`."""

from tests.layers.rows.row import Row


def rows():
    return [
        Row("Dropout", {"rate": 0.5, "seed": 3}, (4, 6), (4, 6), random=True),
        Row("Dropout", {"rate": 0.3, "seed": 3, "noise_shape": (None, 1, 4)}, (2, 3, 4), (2, 3, 4), random=True),
        Row("Dropout", {"rate": 0}, (4, 6), (4, 6)),
    ]
