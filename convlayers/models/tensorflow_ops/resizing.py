"""Images of other sizes where Keras has no such way: a matrix says what each row, and each column, is made of.

In TensorFlow 1, pixels had no extent, and the corners of an image could stay where they were. The matrices are those of
TensorFlow's kernels, whose weights for cubic curves come from a table.
"""

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_ints
from convlayers.models.tensorflow_ops.sizes import check_size

_TABLE_SIZE = 1024


def resize_by_matrices(images, size, weigh, align_corners=False, half_pixel_centers=False):
    """Returns images of another size.

    Args:
        images: array of shape (batch, height, width, channels).
        weigh: function of an old size, the places in it that the new pixels are at, and `half_pixel_centers`. It returns a
            matrix of weights, with a row for each new pixel.
    """
    matrices = []
    for given, wanted in zip(images.shape[1:3], as_ints(size), strict=True):
        check_size([given, wanted], most=1 << 24)
        step = (given - 1) / (wanted - 1) if align_corners and wanted > 1 else given / wanted
        places = (np.arange(wanted) + 0.5) * step - 0.5 if half_pixel_centers else np.arange(wanted) * step
        matrices.append(weigh(given, places.astype("float32"), half_pixel_centers).astype("float32"))
    return apply_to_rows_and_columns(images, *matrices)


def apply_to_rows_and_columns(images, rows, columns):
    """Multiplies images with a matrix for rows and one for columns, which may be others for each image."""
    height, width, channels = images.shape[1:]
    y = ops.matmul(rows, ops.reshape(ops.cast(images, "float32"), (-1, height, width * channels)))
    y = ops.reshape(y, (-1, rows.shape[-2], width, channels))
    return ops.matmul(columns if len(columns.shape) == 2 else ops.expand_dims(columns, 1), y)


def _matrix(given, neighbours, weights):
    """Returns a matrix of weights at the places of pixels; those of pixels outside go to the next inside."""
    matrix = np.zeros((len(neighbours), given))
    np.add.at(matrix, (np.arange(len(neighbours))[:, np.newaxis], np.clip(neighbours, 0, given - 1)), weights)
    return matrix


def bilinear(given, places, half_pixel_centers):
    before = np.floor(places).astype(int)
    part = (places - before)[:, np.newaxis]
    return _matrix(given, before[:, np.newaxis] + [0, 1], np.concatenate([1 - part, part], 1))


def nearest(given, places, half_pixel_centers):
    # A pixel is where its corner is, unless corners stay: `corners` rounds.
    places = places + 0.5 if half_pixel_centers else places
    return _matrix(given, np.floor(places).astype(int)[:, np.newaxis], 1.0)


def nearest_corners(given, places, half_pixel_centers):
    return _matrix(given, np.floor(places + 0.5).astype(int)[:, np.newaxis], 1.0)


def bicubic(given, places, half_pixel_centers):
    before = np.floor(places).astype(int)
    offset = np.rint((places - before) * _TABLE_SIZE)[:, np.newaxis] / _TABLE_SIZE
    neighbours = before[:, np.newaxis] + [-1, 0, 1, 2]
    weights = _cubic_curve(np.abs(offset - [-1, 0, 1, 2]), -0.5 if half_pixel_centers else -0.75)
    if half_pixel_centers:  # Pixels outside do not count.
        weights = np.where((neighbours >= 0) & (neighbours < given), weights, 0)
        weights /= weights.sum(1, keepdims=True)
    return _matrix(given, neighbours, weights)


def _cubic_curve(x, a):
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x <= 1, near, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a)


def area(given, places, half_pixel_centers):
    """The mean of what a new pixel covers, parts of pixels included."""
    step = places[1] - places[0] if len(places) > 1 else given
    pixels = np.arange(given)
    covered = np.minimum(places[:, np.newaxis] + step, pixels + 1) - np.maximum(places[:, np.newaxis], pixels)
    return np.maximum(covered, 0) / step


def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0):
    """Parts of images, each given by the corners of a box from 0 to 1, all of one size."""
    images = ops.take(image, box_indices if hasattr(box_indices, "shape") else np.array(box_indices, "int32"), 0)
    boxes = boxes if hasattr(boxes, "shape") else np.array(boxes, "float32")
    matrices, inside = [], []
    for axis, (given, wanted) in enumerate(zip(image.shape[1:3], as_ints(crop_size), strict=True)):
        check_size([given, wanted], most=1 << 24)
        first, last = (ops.get_item(boxes, (slice(None), slice(axis + side, axis + side + 1))) for side in (0, 2))
        first, last = (ops.multiply(end, float(given - 1)) for end in (first, last))
        parts = np.linspace(0, 1, wanted, dtype="float32") if wanted > 1 else np.array([0.5], "float32")
        places = ops.add(first, ops.multiply(ops.subtract(last, first), parts))
        inside.append(ops.logical_and(ops.greater_equal(places, 0.0), ops.less_equal(places, float(given - 1))))
        if method == "nearest":
            places = ops.floor(ops.add(places, 0.5))
        away = ops.abs(ops.subtract(ops.expand_dims(places, -1), np.arange(given, dtype="float32")))
        matrices.append(ops.maximum(ops.subtract(1.0, away), 0.0))
    crops = apply_to_rows_and_columns(images, *matrices)
    both = ops.logical_and(ops.expand_dims(inside[0], 2), ops.expand_dims(inside[1], 1))
    return ops.where(ops.expand_dims(both, -1), crops, np.float32(extrapolation_value))
