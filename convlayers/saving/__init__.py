"""Files: models and weights, and the names that they have for objects."""

from convlayers.lazy_imports import lazy_names
from convlayers.registry import OF_SAVING_AND_UTILS

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    beside=OF_SAVING_AND_UTILS,
    file_editor="KerasFileEditor",
    model_files="load_model save_model",
    weight_files="load_weights save_weights",
)
