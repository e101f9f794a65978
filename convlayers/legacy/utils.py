"""What `keras.utils` and `keras.preprocessing` had otherwise in Keras 2."""

import functools

from convlayers.legacy.old_spelling import warn_of
from convlayers.utils import image_dataset_from_directory as image_dataset_today


@functools.wraps(image_dataset_today)
def image_dataset_from_directory(*args, **kwargs):
    if "smart_resize" in kwargs:
        warn_of("image_dataset_from_directory(smart_resize=...)", "`crop_to_aspect_ratio=...`")
        kwargs["crop_to_aspect_ratio"] = kwargs.pop("smart_resize")
    return image_dataset_today(*args, **kwargs)


# What old scripts find in `keras.utils` and `keras.preprocessing`.
ADDED = {"image_dataset_from_directory": image_dataset_from_directory}
