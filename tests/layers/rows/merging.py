"""Rows of the table: layers in `convlayers/layers/merging`."""

from tests.layers.rows.row import Row


def rows():
    pair, image = [(2, 3, 4)] * 2, (2, 3, 4, 5)
    return [
        *(Row(name, {}, pair, (2, 3, 4)) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
        *(Row(name, {}, [image] * 3, image) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
        Row("Add", {}, [(2, 3, 4), (2, 1, 4)], (2, 3, 4)),
        Row("Multiply", {}, [image, (2, 5)], image),
        Row("Concatenate", {}, pair, (2, 3, 8)),
        Row("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4), (2, 2, 4)], (2, 6, 4)),
        Row("Concatenate", {"axis": -2}, [image], image),
    ]
