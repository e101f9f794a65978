"""Files: models and weights, and the names that they have for objects."""

from convlayers.late import late_names
from convlayers.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from convlayers.saving.model_files import load_model, save_model
from convlayers.saving.weight_files import load_weights, save_weights
from convlayers.serialization import deserialize_keras_object, serialize_keras_object

__getattr__, __dir__, _late = late_names(__name__, file_editor="KerasFileEditor")

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    *_late,
]
