"""Rows of the table: layers in `convlayers/layers/merging`."""

from tests.layers.rows.row import Row


def rows():
    pair, image = [(2, 3, 4)] * 2, (2, 3, 4, 5)
    return [
        Row("Dot", {"axes": 1}, [(3, 4), (3, 4)], (3, 1)),
        Row("Dot", {"axes": (1, 2)}, [(2, 3, 5), (2, 4, 3)], (2, 5, 4)),
        Row("Dot", {"axes": -1, "normalize": True}, [(2, 3, 5), (2, 4, 5)], (2, 3, 4)),
        Row("Dot", {"axes": [2, 1]}, [(2, 3, 4, 5), (2, 4)], (2, 3, 5)),
        *(Row(name, {}, pair, (2, 3, 4)) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
        *(Row(name, {}, [image] * 3, image) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
        Row("Add", {}, [(2, 3, 4), (2, 1, 4)], (2, 3, 4)),
        Row("Multiply", {}, [image, (2, 5)], image),
        Row("Concatenate", {}, pair, (2, 3, 8)),
        Row("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4), (2, 2, 4)], (2, 6, 4)),
        Row("Concatenate", {"axis": -2}, [image], image),
    ]
