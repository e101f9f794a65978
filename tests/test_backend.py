"""Older names: `keras.backend` and `keras.preprocessing`."""

import pytest

import convlayers


@pytest.mark.parametrize(
    "place", ["backend", "preprocessing", "preprocessing.image", "preprocessing.sequence", "mixed_precision"]
)
def test_names_are_those_of_keras(keras, place):
    ours, theirs = convlayers, keras
    for part in place.split("."):
        ours, theirs = getattr(ours, part), getattr(theirs, part)
    # Texts are no arrays.
    left_out = {"text_dataset_from_directory"}
    assert {name for name in vars(theirs) if name[0] != "_"} - left_out <= set(ours.__all__)
    assert all(hasattr(ours, name) for name in ours.__all__)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8", "uint16", "bool"])
def test_kinds_of_dtypes(keras, dtype):
    for name in ("is_float_dtype", "is_int_dtype"):
        assert getattr(convlayers.backend, name)(dtype) == getattr(keras.backend, name)(dtype)


def test_utils_has_what_scripts_use(keras):
    left_out = {
        "FeatureSpace",
        "Config",
        "audio_dataset_from_directory",
        "text_dataset_from_directory",
        "bounding_boxes",
        "legacy",
    }
    assert {name for name in vars(keras.utils) if name[0] != "_"} - left_out <= set(convlayers.utils.__all__)


def test_config_has_what_scripts_use(keras):
    left_out = {"enable_flash_attention", "disable_flash_attention", "is_flash_attention_enabled"}
    for name in {name for name in vars(keras.config) if name[0] != "_"} - left_out:
        assert hasattr(convlayers.config, name), name
