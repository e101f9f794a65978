"""`tf.Variable`, and what variables have in scripts: what is asserted is what TensorFlow 2.15 does."""

from tests.scripts.running import run_code

MADE = """
import numpy as np
import tensorflow as tf

v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="scale")
assert v.name == "scale" and tf.Variable(1.0, name="a/b").name == "a_b"
assert isinstance(v, tf.Variable) and not isinstance(v, tf.Tensor) and not isinstance(tf.constant(1.0), tf.Variable)
layer = tf.keras.layers.Dense(1)
layer.build((None, 2))
assert isinstance(layer.kernel, tf.Variable) and not isinstance(layer, tf.Variable)
assert v.trainable and not tf.Variable(2.0, False).trainable
assert tf.Variable(np.ones(2)).dtype == "float64" and tf.Variable(2, dtype=tf.float32).dtype == "float32"
assert tf.Variable(lambda: tf.ones(3)).shape == (3,)
"""

COMPUTED = """
import numpy as np
import tensorflow as tf

v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
for made in (v * 2, 2 * v, tf.ones(3) * v + v, np.ones(3) * v + v, -v - v * -3):
    assert made.numpy().tolist() == [[2, 4, 6], [8, 10, 12]]
assert (v == 1).numpy().sum() == 1 and (v @ tf.ones((3, 1))).numpy().tolist() == [[6], [15]]
assert [row.numpy().sum() for row in v] == [6, 15] and v[1, 2].numpy() == 6
with tf.GradientTape() as tape:
    y = tf.reduce_sum(v[0] * v[0])
assert tape.gradient(y, v).numpy().tolist() == [[2, 4, 6], [0, 0, 0]]
"""

PARTS = """
import tensorflow as tf

v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
assert v[0, 1].assign(42.0) is v and v.numpy().tolist() == [[1, 42, 3], [4, 5, 6]]
v[:, 2].assign([0.0, 1.0])
assert v.numpy().tolist() == [[1, 42, 0], [4, 5, 1]]
v.scatter_nd_update(indices=[[0, 0], [1, 2]], updates=[100.0, 200.0])
assert v.numpy().tolist() == [[100, 42, 0], [4, 5, 200]]
for wrong in (lambda: v[0].assign([1.0, 1.0]), lambda: tf.constant([1.0])[0].assign(1.0), lambda: (v[0] + 1).assign([1.0] * 3)):
    try:
        wrong()
    except (AttributeError, ValueError):
        continue
    raise AssertionError(v)
try:
    v[1] = [7.0, 8.0, 9.0]
except TypeError as error:
    assert "does not support item assignment" in str(error)
"""

SLICES = """
import tensorflow as tf

v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
slices = tf.IndexedSlices(tf.constant([[10.0, 20.0], [1.0, 1.0]]), tf.constant([2, 0]))
assert v.scatter_add(slices) is v and v.numpy().tolist() == [[2, 3], [3, 4], [15, 26]]
assert v.scatter_sub(slices).numpy().tolist() == [[1, 2], [3, 4], [5, 6]]
assert v.scatter_max(slices).numpy().tolist() == [[1, 2], [3, 4], [10, 20]]
assert v.scatter_min(slices).numpy().tolist() == [[1, 1], [3, 4], [10, 20]]
assert v.scatter_mul(slices).numpy().tolist() == [[1, 1], [3, 4], [100, 400]]
assert v.scatter_update(slices).numpy().tolist() == [[1, 1], [3, 4], [10, 20]]
assert v.read_value().numpy().tolist() == v.numpy().tolist() and not isinstance(v, tf.IndexedSlices)
assert tf.TensorShape([None, 2, 3])[1:].as_list() == [2, 3] and tf.zeros((4, 5, 6)).shape[:-1].as_list() == [4, 5]
image = tf.zeros((4, 5, 3))
image.set_shape([None, None, 3])
for wrong in ([None, None, 1], [4, 5]):
    try:
        image.set_shape(wrong)
    except ValueError as error:
        assert "(4, 5, 3) is not compatible" in str(error)
    else:
        raise AssertionError(wrong)
"""


def test_variables_are_made_and_known_by_their_kind(tmp_path):
    run_code(MADE, tmp_path)


def test_what_operators_make_of_variables_can_be_asked_for_an_array(tmp_path):
    run_code(COMPUTED, tmp_path)


def test_parts_of_variables_are_assigned_to(tmp_path):
    run_code(PARTS, tmp_path)


def test_slices_are_brought_to_their_places(tmp_path):
    run_code(SLICES, tmp_path)
