"""Fixtures of the tests of files."""

import importlib

import pytest

import convlayers as k
from tests.saving.attack_files import h5_file, keras_file, model


@pytest.fixture(scope="session")
def everything_imported(tmp_path_factory):
    """What loading imports is there before anything is watched."""
    importlib.import_module("convlayers.saving.hdf5_library")  # for files that are not plain
    importlib.import_module("convlayers.models.tensorflow_ops.table")  # for those of Keras 2 with functions of TensorFlow
    folder = tmp_path_factory.mktemp("clean")
    model().save(folder / "clean.keras")
    k.models.load_model(folder / "clean.keras")
    broken = {"class_name": "Nothing", "config": {}}
    for make, name in ((keras_file, "broken.keras"), (h5_file, "broken.h5")):
        with pytest.raises((ValueError, TypeError)):
            k.models.load_model(make(folder / name, broken))
