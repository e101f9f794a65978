"""What a script finds under the names of Keras and TensorFlow."""

import subprocess
import sys

import pytest

from tests.scripts.running import ROOT, run_code

SAME = """
import convlayers
import keras, tf_keras
import tensorflow as tf
from tensorflow import keras as second
from tensorflow.python import keras as third
from keras import layers
from keras.layers import Conv2D
import keras.layers as again
import tensorflow.keras.backend as K
from tensorflow.keras.datasets import mnist
from tensorflow.python.keras.layers import Dense
from keras._tf_keras.keras.models import Sequential
from keras.api._v2.keras.optimizers import Adam
from keras.preprocessing import image
from keras import Model, Input, ops, config
import keras.utils.np_utils, keras.layers.convolutional
from importlib.util import find_spec
from tensorflow.python.ops import ctc_ops  # as `keras_contrib` does

assert keras is tf_keras is second is third is tf.keras
assert layers is again is tf.keras.layers is convlayers.layers
assert Conv2D is convlayers.layers.Conv2D and Dense is convlayers.layers.Dense
assert Adam is convlayers.optimizers.Adam and Sequential is convlayers.Sequential is keras.models.Sequential
assert mnist is convlayers.datasets.mnist and K.floatx() == convlayers.backend.floatx()
assert layers.__spec__.name == layers.__name__ == "convlayers.layers"
# What packages ask for that work with whatever is installed, as PyTorch does.
for name in "keras", "tensorflow", "tensorflow.data", "keras.layers.convolutional":
    assert find_spec(name).name == name
assert keras.__version__.startswith("3.") and tf.__version__.startswith("2.")
assert keras.layers.convolutional.Conv2D is Conv2D
import convlayers.layers.convolutional.conv
assert convlayers.layers.convolutional.conv.Conv2D is Conv2D
assert "Conv2D" in dir(keras.layers) and "Sequential" in dir(keras) and "reduce_mean" in dir(tf)
exec("from keras.layers.pooling import *")
assert MaxPooling2D is layers.MaxPooling2D
"""


def test_modules_are_those_of_this_package(tmp_path):
    run_code(SAME, tmp_path)


def test_import_star(tmp_path):
    modules = "backend", "layers", "models", "optimizers", "utils"
    code = "".join(f"from keras.{module} import *\n" for module in modules)
    run_code(f"{code}placeholder, Deconvolution2D, Conv2D, load_model, adam, Adam, normalize", tmp_path)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("from keras.preprocessing.text import Tokenizer", "No module named 'keras.preprocessing.text'. Text and tables are"),
        ("import keras.nothing", "No module named 'keras.nothing'. The script runs with convlayers"),
        ("import keras.autograd", "No module named 'keras.autograd'"),
        ("from keras.layers import LSTM", "Recurrent layers are not part of convlayers"),
        ("from keras.layers import Merge", "`keras.Model([left.input, right.input], x)`."),
        ("from keras.layers import LocallyConnected2D", "Layers without shared weights are not part of convlayers."),
        ("from keras.utils import multi_gpu_model", "There is one machine, all of whose cores compute."),
        ("from keras.layers import Nothing", "cannot import name 'Nothing' from 'convlayers.layers'"),
        ("from keras.layers.core import Nothing", "cannot import name 'Nothing' from 'keras.layers.core'"),
        ("from tensorflow.compat.v1 import placeholder", "use those of TensorFlow 2"),
        ("from tensorflow import placeholder", "Use `keras.Input(shape)`."),
        ("import tensorflow_probability as tfp", "'tensorflow_probability' needs TensorFlow itself.\n`keras.random` has"),
        ("from tensorflow_addons.layers import InstanceNormalization", "`GroupNormalization` (with `groups=-1`"),
        ("from object_detection.utils import label_map_util", "Detecting objects"),
        ("import keras_hub.models", "`keras.applications`"),
    ],
)
def test_missing_imports_say_what_to_do(code, message, tmp_path):
    run_code(
        f"try:\n    {code}\n"
        f"except (AttributeError, ImportError) as error:\n    assert {message!r} in str(error), error\nelse:\n    1 / 0",
        tmp_path,
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("tf.SparseTensor", "Arrays have all their numbers"),
        ("tf.strings.to_number", "Strings are those of Python"),
        ("tf.Graph()", "module 'tensorflow' has no attribute 'Graph'.\n"),
        ("tf.placeholder()", "Use `keras.Input(shape)`."),
        ("tf.nn.ctc_loss", "module 'tensorflow.nn' has no attribute 'ctc_loss'.\n"),
        ("tf.compat.v1.placeholder()", "use those of TensorFlow 2"),
        ("tf.train.load_checkpoint('x')", "model.save_weights('name.weights.h5')"),
        ("tf.keras.nothing", "module 'keras' has no attribute 'nothing'"),
        ("tf.keras.layers.core.Nothing", "where there is no 'Nothing'"),
        ("tf.keras.regularizers.nothing", "module 'keras.regularizers' has no attribute 'nothing'"),
    ],
)
def test_missing_attributes_say_what_to_do(code, message, tmp_path):
    check = f"assert {message!r} in str(error), error"
    run_code(
        f"import tensorflow as tf\ntry:\n    {code}\nexcept AttributeError as error:\n    {check}\nelse:\n    1 / 0", tmp_path
    )


def test_names_that_are_advised_for_packages_around_tensorflow():
    import re

    from convlayers import layers, metrics, optimizers
    from convlayers.scripts import unsupported_packages

    names = re.findall(r"`([A-Z]\w+)`", " ".join(unsupported_packages._ADVICE))
    assert names and all(any(hasattr(place, name) for place in (layers, metrics, optimizers)) for name in names)


def test_each_old_module_is_found(tmp_path):
    run_code(
        "import importlib\n"
        "from convlayers.legacy.old_names import OLD_MODULES, RENAMED, ADDITIONS\n"
        "for path in OLD_MODULES:\n"
        "    assert importlib.import_module(f'keras.{path}').__all__, path\n"
        "for path, names in RENAMED.items():\n"
        "    module = importlib.import_module(f'keras.{path}')\n"
        "    for old, today in names.items():\n"
        "        place, _, name = today.rpartition('.')\n"
        "        home = importlib.import_module(f'keras.{place or path}')\n"
        "        assert getattr(module, old) is getattr(home, name), (path, old)\n",
        tmp_path,
    )


def test_in_a_running_interpreter(tmp_path):
    code = (
        "import convlayers\nconvlayers.install_as_keras()\nconvlayers.install_as_keras()\n"
        "import keras, sys\nassert keras.layers is convlayers.layers\n"
        "assert sum(type(finder).__name__ == '_Finder' for finder in sys.meta_path) == 1"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_too_late(tmp_path):
    (tmp_path / "keras.py").write_text("")
    code = (
        "import sys\nsys.path.append('.')\nimport keras, convlayers\ntry:\n    convlayers.install_as_keras()\n"
        "except RuntimeError as error:\n    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("`install_as_keras()` comes too late: keras is imported already.")


def test_the_package_itself_stays_strict():
    code = (
        "import sys, convlayers\nfrom convlayers import layers\n"
        "try:\n    layers.Conv2D(4, 3, border_mode='same')\nexcept ValueError as error:\n    print(error)\n"
        "assert layers.Convolution2D is layers.Conv2D and not hasattr(convlayers.Model, 'fit_generator')\n"
        "assert not any('legacy' in name and 'convlayers.legacy' in name for name in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Unrecognized keyword arguments passed to Conv2D: {'border_mode': 'same'}" in result.stdout
