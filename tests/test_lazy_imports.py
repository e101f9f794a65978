"""Packages whose parts are imported when they are asked for."""

import subprocess
import sys

import pytest

from convlayers import callbacks


def test_parts_are_there_and_listed():
    assert callbacks.EarlyStopping.__name__ == "EarlyStopping"
    assert "ModelCheckpoint" in dir(callbacks)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = callbacks.Nothing


def test_parts_that_nobody_asked_for_are_not_imported():
    program = (
        "import sys; from convlayers import models, callbacks; callbacks.CSVLogger; "
        "names = [n for n in sys.modules if n.startswith('convlayers.callbacks.')]; "
        "assert 'convlayers.callbacks.csv_logger' in names; "
        "assert 'convlayers.callbacks.model_checkpoint' not in names, names"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_layers_that_prepare_images_are_imported_when_a_script_or_a_file_names_one():
    program = """
import sys
from convlayers import layers

def are_there():
    return "convlayers.layers.preprocessing" in sys.modules

flatten = layers.deserialize(layers.serialize(layers.Flatten()))
assert not are_there() and "RandomFlip" in dir(layers) and not are_there()
config = {"module": "keras.layers", "class_name": "RandomFlip", "config": {"seed": 1}, "registered_name": None}
flip = layers.deserialize(config)
assert are_there() and type(flip) is layers.RandomFlip
assert layers.serialize(flip)["module"] == "keras.layers"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_modules_that_are_no_names_of_a_package_are_not_listed():
    assert callbacks.Callback and callbacks.callback
    assert "callback" not in dir(callbacks)


def test_all_names_are_there_without_keras():
    program = "import sys; sys.modules['keras'] = None; from convlayers import *; Sequential, layers"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_all_names_of_a_package_with_late_ones():
    program = "from convlayers.layers import *; RandomFlip, Conv2D, add"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_program_that_has_imported_little_finds_all_classes_by_their_names():
    program = """
import sys
from convlayers import utils
assert "convlayers.layers" not in sys.modules
for module, name in (("layers", "Conv2D"), ("optimizers", "Adam"), ("losses", "Huber"), ("initializers", "Zeros")):
    config = {"filters": 2, "kernel_size": 3} if name == "Conv2D" else {}
    encoding = {"module": f"keras.{module}", "class_name": name, "config": config, "registered_name": None}
    assert type(utils.deserialize_keras_object(encoding)).__name__ == name
"""
    subprocess.run([sys.executable, "-c", program], check=True)
