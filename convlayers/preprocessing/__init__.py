"""Older names of what `keras.utils` has for images and sequences."""

from convlayers.late import late_names
from convlayers.preprocessing import image, sequence
from convlayers.utils import image_dataset_from_directory, timeseries_dataset_from_array

__getattr__, __dir__, _ = late_names(__name__)

__all__ = ["image", "image_dataset_from_directory", "sequence", "timeseries_dataset_from_array"]
