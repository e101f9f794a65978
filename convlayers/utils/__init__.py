"""Helpers for scripts, under the names of `keras.utils`."""

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
from convlayers.utils.progbar import Progbar
from convlayers.utils.session import clear_session

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
]
