"""Rows of the table: layers in `convlayers/layers/pooling`."""

from tests.layers.rows.row import Row


def rows():
    found = []
    for kind in ("Max", "Average"):
        found += [
            Row(f"{kind}Pooling1D", {"pool_size": 2}, (2, 7, 3), (2, 3, 3)),
            Row(f"{kind}Pooling1D", {"pool_size": 3, "strides": 2}, (2, 8, 3), (2, 3, 3)),
            Row(f"{kind}Pooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, (2, 7, 3), (2, 7, 3)),
            Row(f"{kind}Pooling2D", {"pool_size": 2}, (2, 6, 7, 3), (2, 3, 3, 3)),
            Row(f"{kind}Pooling2D", {"pool_size": (3, 2), "strides": (2, 1)}, (2, 7, 5, 17), (2, 3, 4, 17)),
            Row(f"{kind}Pooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (2, 7, 5, 3), (2, 4, 3, 3)),
            Row(
                f"{kind}Pooling2D",
                {"pool_size": (2, 3), "strides": (2, 3), "padding": "same"},
                (2, 5, 4, 3),
                (2, 3, 2, 3),
                like_pytorch=kind == "Max",
            ),
            Row(f"{kind}Pooling3D", {"pool_size": 2}, (2, 4, 5, 6, 2), (2, 2, 2, 3, 2)),
            Row(
                f"{kind}Pooling3D", {"pool_size": 3, "strides": (1, 2, 3), "padding": "same"}, (1, 3, 5, 6, 2), (1, 3, 3, 2, 2)
            ),
            Row(f"Adaptive{kind}Pooling1D", {"output_size": 4}, (2, 8, 3), (2, 4, 3)),
            Row(f"Adaptive{kind}Pooling1D", {"output_size": (3,)}, (2, 7, 3), (2, 3, 3)),
            Row(f"Adaptive{kind}Pooling2D", {"output_size": 3}, (2, 6, 9, 17), (2, 3, 3, 17)),
            Row(f"Adaptive{kind}Pooling2D", {"output_size": (5, 4)}, (2, 7, 3, 3), (2, 5, 4, 3)),
            Row(f"Adaptive{kind}Pooling3D", {"output_size": 2}, (2, 5, 4, 3, 3), (2, 2, 2, 2, 3)),
            Row(f"Adaptive{kind}Pooling3D", {"output_size": (1, 2, 3)}, (2, 3, 5, 4, 3), (2, 1, 2, 3, 3)),
            Row(f"Global{kind}Pooling1D", {}, (2, 5, 3), (2, 3)),
            Row(f"Global{kind}Pooling1D", {"keepdims": True}, (2, 5, 3), (2, 1, 3)),
            Row(f"Global{kind}Pooling2D", {}, (2, 4, 5, 3), (2, 3)),
            Row(f"Global{kind}Pooling2D", {"keepdims": True}, (2, 4, 5, 3), (2, 1, 1, 3)),
            Row(f"Global{kind}Pooling3D", {}, (2, 3, 4, 2, 3), (2, 3)),
            Row(f"Global{kind}Pooling3D", {"keepdims": True}, (2, 3, 4, 2, 3), (2, 1, 1, 1, 3)),
        ]
    return found
