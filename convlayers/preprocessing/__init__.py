"""Older names of what `keras.utils` has for images and sequences."""

from convlayers.lazy_imports import lazy_names
from convlayers.preprocessing import image, sequence
from convlayers.utils import image_dataset_from_directory, timeseries_dataset_from_array

__getattr__, __dir__, _ = lazy_names(__name__)

__all__ = ["image", "image_dataset_from_directory", "sequence", "timeseries_dataset_from_array"]
