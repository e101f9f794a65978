"""Helpers for scripts, under the names of `keras.utils`."""

from convlayers import registry
from convlayers.lazy_imports import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    ["bounding_boxes"],
    beside={
        **registry.OF_SAVING_AND_UTILS,
        "config": "disable_interactive_logging enable_interactive_logging is_interactive_logging_enabled",
        "data.packing": "pack_x_y_sample_weight unpack_x_y_sample_weight",
        "data.py_dataset": "PyDataset Sequence",
        "random": "set_random_seed",
        "validation": "standardize_dtype",
    },
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
