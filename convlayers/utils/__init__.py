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
from convlayers.utils.arrays import normalize, to_categorical
from convlayers.utils.files import get_file
from convlayers.utils.image_dataset import image_dataset_from_directory
from convlayers.utils.images import array_to_img, img_to_array, load_img, save_img
from convlayers.utils.model_diagram import model_to_dot, plot_model
from convlayers.utils.progbar import Progbar
from convlayers.utils.sequences import pad_sequences, timeseries_dataset_from_array
from convlayers.utils.session import clear_session
from convlayers.utils.settings import Config
from convlayers.utils.splitting import split_dataset
from convlayers.utils.symbolic_tensors import get_source_inputs, is_keras_tensor
from convlayers.validation import standardize_dtype

# The name that it had in Keras 2.
Sequence = PyDataset

# Boxes are in layers, which most scripts do not get from here.
__getattr__, __dir__, _ = late_names(__name__, ["bounding_boxes"])

__all__ = [
    "Config",
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "bounding_boxes",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
