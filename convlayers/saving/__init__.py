"""Files: models and weights, and the names that they have for objects."""

from convlayers import registry
from convlayers.lazy_imports import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    beside=registry.OF_SAVING_AND_UTILS,
    file_editor="KerasFileEditor",
    model_files="load_model save_model",
    weight_files="load_weights save_weights",
)
