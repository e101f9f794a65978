"""Helpers for scripts, under the names of `keras.utils`."""

from convlayers.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from convlayers.data.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from convlayers.data.py_dataset import PyDataset
from convlayers.late import late_names
from convlayers.random import set_random_seed
from convlayers.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import standardize_dtype

# The name that it had in Keras 2.
Sequence = PyDataset

__getattr__, __dir__, _late = late_names(
    __name__,
    ["bounding_boxes"],
    arrays="normalize to_categorical",
    files="get_file",
    image_dataset="image_dataset_from_directory",
    images="array_to_img img_to_array load_img save_img",
    model_diagram="model_to_dot plot_model",
    progbar="Progbar",
    sequences="pad_sequences timeseries_dataset_from_array",
    session="clear_session",
    settings="Config",
    splitting="split_dataset",
    symbolic_tensors="get_source_inputs is_keras_tensor",
)

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "is_interactive_logging_enabled",
    "pack_x_y_sample_weight",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "standardize_dtype",
    "unpack_x_y_sample_weight",
    *_late,
]
