"""The layers of `image_case.py` in PyTorch's words: functions of images, channels last in memory."""

import random

import torch
import torch.nn.functional as F


def image_functions(case):
    """Returns for each kind the function, and the shapes of its weights: there are none."""
    options = case.options
    functions = {
        "UpSampling2D": lambda x: _interpolate(x, case, options["interpolation"]),
        "Resizing": lambda x: _interpolate(x, case, options["interpolation"], options.get("antialias", False)),
        "ZeroPadding2D": lambda x: F.pad(x, (0, 0, *(2 * [options["padding"]]), *(2 * [options["padding"]]))),
        "GlobalAveragePooling2D": lambda x: x.mean(dim=(1, 2)),
        "GlobalMaxPooling2D": lambda x: x.amax(dim=(1, 2)),
        "Rescaling": lambda x: x * options["scale"] + options["offset"],
        "RandomFlip": _flip,
        "RandomRotation": lambda x: _rotate(x, options["factor"]),
        "RandomTranslation": lambda x: _translate(x, options["height_factor"], options["width_factor"]),
        "RandomCrop": lambda x: _crop(x, options["height"], options["width"]),
        "RandomBrightness": lambda x: _brighten(x, options["factor"], *options["value_range"]),
        "RandomContrast": lambda x: _change_contrast(x, options["factor"], *options["value_range"]),
    }
    return {kind: (function, []) for kind, function in functions.items()}


def _interpolate(x, case, interpolation, antialias=False):
    size = case.output_shape[1:3]
    if interpolation == "nearest":
        y = F.interpolate(x.movedim(-1, 1), size=size, mode="nearest-exact")
    else:
        y = F.interpolate(x.movedim(-1, 1), size=size, mode=interpolation, align_corners=False, antialias=antialias)
    return y.movedim(1, -1)


def _flip(x):
    return torch.where(torch.rand(len(x), 1, 1, 1) <= 0.5, x.flip(2), x)


def _rotate(x, factor):
    angles = (2 * torch.rand(len(x)) - 1) * factor * 2 * torch.pi
    cos, sin, zeros = angles.cos(), angles.sin(), torch.zeros(len(x))
    return _read_at(x, cos, -sin, zeros, sin, cos, zeros)


def _translate(x, height_factor, width_factor):
    down, right = [2 * (2 * torch.rand(len(x)) - 1) * factor for factor in (height_factor, width_factor)]
    ones, zeros = torch.ones(len(x)), torch.zeros(len(x))
    return _read_at(x, ones, zeros, -right, zeros, ones, -down)


def _read_at(x, *numbers):
    # Places are measured from the center: -1 and 1 are the borders of a square image.
    matrices = torch.stack(numbers, dim=1).reshape(-1, 2, 3)
    images = x.movedim(-1, 1)
    grid = F.affine_grid(matrices, images.shape, align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False).movedim(1, -1)


def _crop(x, height, width):
    row, column = [random.randint(0, size - length) for size, length in zip(x.shape[1:3], (height, width), strict=True)]
    return x[:, row : row + height, column : column + width]


def _brighten(x, factor, low, high):
    return (x + (2 * torch.rand(len(x), 1, 1, 1) - 1) * factor * (high - low)).clamp(low, high)


def _change_contrast(x, factor, low, high):
    mean = x.mean(dim=(1, 2), keepdim=True)
    return ((x - mean) * (1 + (2 * torch.rand(len(x), 1, 1, 1) - 1) * factor) + mean).clamp(low, high)
