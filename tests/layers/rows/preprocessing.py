"""Rows of the table: layers in `convlayers/layers/preprocessing`."""

from tests.layers.rows.row import Row

IMAGES = (2, 6, 7, 3)
ROTATION = {"factor": 0.1, "seed": 1}
# No number is clipped.
VALUES = {"value_range": (-100, 100), "seed": 1}


def rows():
    return [
        Row("CategoryEncoding", {"num_tokens": 5}, (2, 3), (2, 5), integers=5, like_pytorch=False),
        Row("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, (2, 1), (2, 5), integers=5, like_pytorch=False),
        Row("CategoryEncoding", {"num_tokens": 5, "output_mode": "count"}, (2, 3), (2, 5), integers=5, like_pytorch=False),
        Row("CenterCrop", {"height": 3, "width": 4}, IMAGES, (2, 3, 4, 3)),
        Row("CenterCrop", {"height": 8, "width": 4}, IMAGES, (2, 8, 4, 3)),
        Row("Normalization", {}, (4, 5, 3), (4, 5, 3)),
        Row("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 2.0, 1.0]}, (4, 5, 3), (4, 5, 3)),
        Row("Normalization", {"mean": [1.0, 2.0], "variance": [4.0, 2.0], "invert": True}, (4, 2), (4, 2)),
        Row("Normalization", {"axis": None, "mean": 2.0, "variance": 3.0}, (4, 2), (4, 2)),
        Row("Normalization", {"axis": (1, 3), "mean": 2.0, "variance": 3.0}, (2, 3, 4, 2), (2, 3, 4, 2)),
        Row("Rescaling", {"scale": 2.0, "offset": 1.5}, (3, 4), (3, 4)),
        Row("Rescaling", {"scale": [2.0, 3.0, 0.5], "offset": [1.0, 2.0, 3.0]}, IMAGES, IMAGES),
        Row("Resizing", {"height": 9, "width": 5}, IMAGES, (2, 9, 5, 3), rounds_integers=True),
        Row("Resizing", {"height": 3, "width": 4, "interpolation": "nearest"}, IMAGES, (2, 3, 4, 3)),
        Row("Resizing", {"height": 3, "width": 4, "antialias": True}, IMAGES, (2, 3, 4, 3), rounds_integers=True),
        Row(
            "Resizing",
            {"height": 6, "width": 3, "crop_to_aspect_ratio": True},
            IMAGES,
            (2, 6, 3, 3),
            rounds_integers=True,
        ),
        Row(
            "Resizing",
            {"height": 4, "width": 9, "pad_to_aspect_ratio": True, "fill_value": 1.0},
            IMAGES,
            (2, 4, 9, 3),
            rounds_integers=True,
        ),
        Row("AugMix", {"num_chains": 2, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandAugment", {"num_ops": 3, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row(
            "ContrastLimitedAdaptiveHistogramEqualization",
            {"tile_grid_size": (2, 2), "value_range": (-4, 4)},
            (2, 6, 8, 3),
            (2, 6, 8, 3),
            like_pytorch=False,
            rounds_integers=True,
        ),
        Row("MaxNumBoundingBoxes", {"max_number": 3}, IMAGES, IMAGES),
        Row("AutoContrast", {"value_range": (0, 1)}, IMAGES, IMAGES),
        Row("Equalization", {"value_range": (-4, 4)}, IMAGES, IMAGES, random_calls=True),
        Row("RandomInvert", {"factor": 0.5, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomPosterization", {"factor": 3, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("Solarization", {"threshold_factor": 0.5, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomGrayscale", {"factor": 1.0}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomHue", {"factor": 0.3, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomSaturation", {"factor": (0.2, 0.7), **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomColorDegeneration", {"factor": 0.7, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row(
            "RandomColorJitter",
            {"brightness_factor": 0.1, "saturation_factor": 0.3, "hue_factor": 0.1, **VALUES},
            IMAGES,
            IMAGES,
            random=True,
            random_calls=True,
        ),
        Row("RandomSharpness", {"factor": 0.7, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomGaussianBlur", {"kernel_size": 5, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("CutMix", {"seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("MixUp", {"alpha": 0.5, "seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomElasticTransform", VALUES, (2, 20, 20, 3), (2, 20, 20, 3), random=True, random_calls=True),
        Row("RandomPerspective", {"scale": 0.3, "seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomErasing", {"scale": (0.1, 0.5), **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomBrightness", {"factor": 0.2, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomContrast", {"factor": 0.2, **VALUES}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomCrop", {"height": 3, "width": 4, "seed": 1}, IMAGES, (2, 3, 4, 3), random=True, random_calls=True),
        Row("RandomFlip", {"seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomFlip", {"mode": "horizontal", "seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomRotation", ROTATION, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomRotation", {**ROTATION, "fill_mode": "constant"}, IMAGES, IMAGES, random=True, random_calls=True),
        Row("RandomShear", {"x_factor": 0.5, "seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
        Row(
            "RandomTranslation",
            {"height_factor": 0.2, "width_factor": (-0.1, 0.4), "seed": 1},
            IMAGES,
            IMAGES,
            random=True,
            random_calls=True,
        ),
        Row("RandomZoom", {"height_factor": 0.3, "seed": 1}, IMAGES, IMAGES, random=True, random_calls=True),
    ]
