"""Rows of the table: layers in `convlayers/layers/reshaping`."""

from tests.layers.rows.row import Row


def rows():
    return [
        Row("Cropping1D", {}, (2, 5, 4), (2, 3, 4)),
        Row("Cropping1D", {"cropping": (0, 2)}, (2, 5, 4), (2, 3, 4)),
        Row("Cropping2D", {}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("Cropping2D", {"cropping": 1}, (2, 5, 4, 3), (2, 3, 2, 3)),
        Row("Cropping2D", {"cropping": ((0, 1), (2, 0))}, (2, 5, 4, 3), (2, 4, 2, 3)),
        Row("Cropping3D", {}, (2, 4, 5, 3, 2), (2, 2, 3, 1, 2)),
        Row("Cropping3D", {"cropping": ((1, 1), (0, 0), (1, 1))}, (2, 4, 5, 3, 2), (2, 2, 5, 1, 2)),
        Row("Permute", {"dims": (2, 1)}, (2, 3, 4), (2, 4, 3)),
        Row("Permute", {"dims": (3, 1, 2)}, (2, 3, 4, 5), (2, 5, 3, 4)),
        Row("RepeatVector", {"n": 3}, (2, 5), (2, 3, 5)),
        Row("Flatten", {}, (3, 4, 5), (3, 20)),
        Row("Flatten", {}, (3,), (3, 1)),
        Row("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5), (2, 60)),
        Row("Reshape", {"target_shape": (3, 4)}, (2, 12), (2, 3, 4)),
        Row("Reshape", {"target_shape": (-1, 2)}, (2, 3, 4), (2, 6, 2)),
        Row("Reshape", {"target_shape": ()}, (2, 1), (2,)),
        Row("UpSampling1D", {"size": 3}, (2, 3, 4), (2, 9, 4)),
        Row("UpSampling2D", {}, (2, 3, 4, 5), (2, 6, 8, 5)),
        Row("UpSampling2D", {"size": (3, 1)}, (2, 3, 4, 17), (2, 9, 4, 17)),
        Row("UpSampling2D", {"interpolation": "bilinear"}, (2, 3, 4, 5), (2, 6, 8, 5), rounds_integers=True),
        Row(
            "UpSampling2D",
            {"interpolation": "bicubic"},
            (2, 3, 4, 5),
            (2, 6, 8, 5),
            like_pytorch=False,
            rounds_integers=True,
        ),
        Row("UpSampling3D", {"size": (1, 2, 3)}, (2, 3, 4, 2, 1), (2, 3, 8, 6, 1)),
        Row("ZeroPadding1D", {}, (2, 3, 4), (2, 5, 4)),
        Row("ZeroPadding1D", {"padding": (1, 2)}, (2, 3, 4), (2, 6, 4)),
        Row("ZeroPadding2D", {}, (2, 3, 4, 5), (2, 5, 6, 5)),
        Row("ZeroPadding2D", {"padding": 2}, (2, 3, 4, 5), (2, 7, 8, 5)),
        Row("ZeroPadding2D", {"padding": (1, 0)}, (2, 3, 4, 5), (2, 5, 4, 5)),
        Row("ZeroPadding2D", {"padding": ((0, 1), (2, 3))}, (2, 3, 4, 5), (2, 4, 9, 5)),
        Row("ZeroPadding3D", {}, (2, 3, 4, 2, 1), (2, 5, 6, 4, 1)),
        Row("ZeroPadding3D", {"padding": ((0, 1), (2, 0), (0, 0))}, (2, 3, 4, 2, 1), (2, 4, 6, 2, 1)),
    ]
