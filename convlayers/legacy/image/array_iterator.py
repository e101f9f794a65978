"""Batches of images that are in arrays."""

import warnings

import numpy as np

from convlayers import config
from convlayers.legacy.image.image_iterator import ImageIterator


class NumpyArrayIterator(ImageIterator):
    """Batches of images that are in an array, changed at random. `ImageDataGenerator.flow` makes it, and has its arguments."""

    _most_names = 1e4

    def __init__(
        self,
        x,
        y,
        image_data_generator,
        batch_size=32,
        shuffle=False,
        sample_weight=None,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        ignore_class_split=False,
        dtype=None,
    ):
        self.dtype = dtype or config.floatx()
        x, others = _split_others(x)
        _check_lengths(x, y, sample_weight)
        if subset is not None:
            part = _part(len(x), y, image_data_generator._validation_split, subset, ignore_class_split)
            x, y, others = x[part], None if y is None else y[part], [other[part] for other in others]
        self.x = np.asarray(x, dtype=self.dtype)
        self.x_misc = others
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        self.image_data_generator = image_data_generator
        self.data_format = data_format or config.image_data_format()
        self._check_images()
        self._set_saving(save_to_dir, save_prefix, save_format)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _check_images(self):
        if self.x.ndim != 4:
            raise ValueError(
                f"Input data in `NumpyArrayIterator` should have rank 4. You passed an array with shape {self.x.shape}"
            )
        axis = 3 if self.data_format == "channels_last" else 1
        if self.x.shape[axis] not in (1, 3, 4):
            warnings.warn(
                f'NumpyArrayIterator is set to use the data format convention "{self.data_format}" (channels on axis {axis}), '
                f"i.e. expected either 1, 3, or 4 channels on axis {axis}. However, it was passed an array with shape "
                f"{self.x.shape} ({self.x.shape[axis]} channels).",
                stacklevel=4,
            )

    @property
    def image_shape(self):
        return self.x.shape[1:]

    def _image(self, number):
        return self.image_data_generator._change(self.x[number].copy())

    def _inputs(self, batch, index_array):
        return [batch, *(other[index_array] for other in self.x_misc)] if self.x_misc else batch

    def _labels(self, batch, index_array):
        return None if self.y is None else self.y[index_array]


def _split_others(x):
    """Returns the images, and a list of what else goes into the model, for `(x, other)` or `(x, [other, ...])`."""
    if not isinstance(x, (tuple, list)):
        return x, []
    others = [np.asarray(other) for other in (x[1] if isinstance(x[1], list) else [x[1]])]
    for other in others:
        if len(x[0]) != len(other):
            raise ValueError(
                "All of the arrays in `x` should have the same length. Found a pair with: "
                f"len(x[0]) = {len(x[0])}, len(x[?]) = {len(other)}"
            )
    return x[0], others


def _check_lengths(x, y, sample_weight):
    for name, written, other in (("y", "`y` (labels)", y), ("sample_weight", "`sample_weight`", sample_weight)):
        if other is not None and len(x) != len(other):
            raise ValueError(
                f"`x` (images tensor) and {written} should have the same length. Found: x.shape = {np.shape(x)}, "
                f"{name}.shape = {np.shape(other)}"
            )


def _part(count, y, validation_split, subset, ignore_class_split):
    """Returns the slice of a subset: validation first, then training."""
    if subset not in ("training", "validation"):
        raise ValueError(f'Invalid subset name: {subset}; expected "training" or "validation".')
    at = int(count * validation_split)
    if y is not None and not ignore_class_split and not np.array_equal(np.unique(y[:at]), np.unique(y[at:])):
        raise ValueError(
            "Training and validation subsets have different number of classes after the split. If your numpy arrays are sorted "
            "by the label, you might want to shuffle them."
        )
    return slice(None, at) if subset == "validation" else slice(at, None)
