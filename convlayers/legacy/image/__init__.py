"""`keras.preprocessing.image` as scripts of Keras 1 and 2 use it."""

from convlayers.legacy.image.affine import apply_affine_transform
from convlayers.legacy.image.array_iterator import NumpyArrayIterator
from convlayers.legacy.image.directory_iterator import DirectoryIterator
from convlayers.legacy.image.frame_iterator import DataFrameIterator
from convlayers.legacy.image.generator import ImageDataGenerator
from convlayers.legacy.image.iterator import Iterator
from convlayers.legacy.image.random_changes import (
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)
from convlayers.legacy.image.tone import apply_brightness_shift, apply_channel_shift

_FUNCTIONS = (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)
_CLASSES = (DataFrameIterator, DirectoryIterator, ImageDataGenerator, Iterator, NumpyArrayIterator)

# What old scripts find in `keras.preprocessing.image`.
ADDED = {part.__name__: part for part in (*_CLASSES, *_FUNCTIONS)}
