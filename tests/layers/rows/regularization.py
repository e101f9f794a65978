"""Rows of the table: layers in `convlayers/layers/regularization`."""

from tests.layers.rows.row import Row


def rows():
    return [
        Row("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, (4, 6), (4, 6)),
        Row("AlphaDropout", {"rate": 0.5, "seed": 3}, (4, 6), (4, 6), random=True),
        Row("AlphaDropout", {"rate": 0.3, "seed": 3, "noise_shape": (None, 1, 4)}, (2, 3, 4), (2, 3, 4), random=True),
        Row("Dropout", {"rate": 0.5, "seed": 3}, (4, 6), (4, 6), random=True),
        Row("Dropout", {"rate": 0.3, "seed": 3, "noise_shape": (None, 1, 4)}, (2, 3, 4), (2, 3, 4), random=True),
        Row("Dropout", {"rate": 0}, (4, 6), (4, 6)),
        Row("GaussianDropout", {"rate": 0.3, "seed": 3}, (4, 6), (4, 6), random=True),
        Row("GaussianDropout", {"rate": 0}, (4, 6), (4, 6)),
        Row("GaussianNoise", {"stddev": 0.3, "seed": 3}, (4, 6), (4, 6), random=True),
        Row("GaussianNoise", {"stddev": 0}, (4, 6), (4, 6)),
        Row("SpatialDropout1D", {"rate": 0.5, "seed": 3}, (2, 3, 4), (2, 3, 4), random=True),
        Row("SpatialDropout2D", {"rate": 0.5, "seed": 3}, (2, 3, 4, 5), (2, 3, 4, 5), random=True),
        Row("SpatialDropout3D", {"rate": 0.5, "seed": 3}, (2, 3, 4, 5, 3), (2, 3, 4, 5, 3), random=True),
    ]
