"""Number types, which have names as those of TensorFlow."""

from tests.scripts.running import run_code

NUMBER_TYPES = """
import tensorflow as tf
from tensorflow import keras

x = keras.Input((4,), dtype="float16")
layer = keras.layers.Dense(2, dtype="mixed_float16")
y = layer(x)
assert x.dtype.name == y.dtype.name == "float16" and y.dtype == tf.float16 == "float16" and y.dtype.is_floating
assert layer.kernel.dtype.name == "float32" and tf.Variable([1, 2]).dtype.name == "int32"
assert keras.Variable([1.0], dtype="bfloat16").dtype.name == "bfloat16"
keras.models.model_from_json(keras.Model(x, y).to_json())
"""


def test_number_types_have_names(tmp_path):
    run_code(NUMBER_TYPES, tmp_path)
