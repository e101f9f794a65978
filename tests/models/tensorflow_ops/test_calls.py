"""Calls of TensorFlow's functions: their names, their errors, and shapes that are numbers."""

import json
import pickle

import numpy as np
import pytest

import convlayers as k


def call(name, function, node, class_name="TFOpLambda"):
    config = {"name": name, "trainable": True, "dtype": "float32", "function": function}
    return {"class_name": class_name, "name": name, "config": config, "inbound_nodes": [node]}


def placeholder(shape):
    config = {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    return {"class_name": "InputLayer", "name": "x", "config": config, "inbound_nodes": []}


def make(shape, *calls):
    layers = [placeholder(shape), *calls]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
    encoding = {"class_name": "Functional", "config": {"name": "model", "layers": layers, **ends}}
    return k.models.model_from_json(json.dumps({**encoding, "keras_version": "2.15.0"}))


def slices(*parts):
    return [{"start": start, "stop": stop, "step": None} for start, stop in parts]


SHAPE = call("tf.compat.v1.shape", "compat.v1.shape", ["x", 0, 0, {"out_type": "int32"}])


def test_names_are_those_of_the_file():
    normalized = call("tf.math.l2_normalize", "math.l2_normalize", ["x", 0, 0, {"axis": -1}])
    scaled = call("tf.math.multiply", "math.multiply", ["tf.math.l2_normalize", 0, 0, {"y": 2.0, "name": None}])
    names = [operation.name for operation in make([4], normalized, scaled).operations]
    assert names[-1] == "tf.math.multiply"
    assert "tf.math.l2_normalize" in names and "tf.math.l2_normalize.1" in names
    assert len(set(names)) == len(names)


def test_a_function_that_is_called_twice():
    entry = call("tf.math.multiply", "math.multiply", ["x", 0, 0, {"y": 2.0}])
    entry["inbound_nodes"].append(["tf.math.multiply", 0, 0, {"y": 5.0}])
    added = call("tf.math.add", "math.add", ["tf.math.multiply", 0, 0, {"y": ["tf.math.multiply", 1, 0]}])
    np.testing.assert_array_equal(make([2], entry, added).predict(np.ones((1, 2)), verbose=0), np.full((1, 2), 12))


def test_a_constant_first():
    model = make([3], call("tf.math.subtract", "math.subtract", ["_CONSTANT_VALUE", -1, [1, 2, 3], {"y": ["x", 0, 0]}]))
    np.testing.assert_array_equal(model.predict(np.ones((1, 3)), verbose=0), [[0, 1, 2]])


def test_an_unknown_function_is_named_with_its_place():
    with pytest.raises(TypeError, match="Could not locate function 'tf.math.lgamma'") as error:
        make([3], call("tf.math.lgamma", "math.lgamma", ["x", 0, 0, {}]))
    assert "This is layer 'tf.math.lgamma' (layers[1])." in str(error.value)


def test_an_argument_without_a_translation_is_named():
    with pytest.raises(TypeError, match=r"There is no translation of `tf.linalg.diag` with {'k': 1}"):
        make([3], call("tf.linalg.diag", "linalg.diag", ["x", 0, 0, {"k": 1}]))


def test_only_what_is_in_the_table_is_called():
    for name in ("os.system", "numpy.fromfile", "ops.add", "__class__"):
        with pytest.raises(TypeError, match="Could not locate function"):
            make([3], call("tf.bad", name, ["x", 0, 0, {}]))


def test_arrays_are_not_made_from_nothing():
    tiled = call("tf.tile", "tile", ["_CONSTANT_VALUE", -1, [1.0], {"multiples": [1 << 40]}])
    with pytest.raises(ValueError, match=r"Not allowed: a file makes an array of shape \(1, 1099511627776\)"):
        make([3], tiled, call("tf.math.add", "math.add", ["x", 0, 0, {"y": ["tf.tile", 0, 0]}]))


def test_the_size_of_the_batch_finds_itself():
    size = call("tf.size", "__operators__.getitem", ["tf.compat.v1.shape", 0, 0, {"slice_spec": 0}], "SlicingOpLambda")
    reshaped = call("tf.reshape", "reshape", ["x", 0, 0, {"shape": [["tf.size", 0, 0], -1]}])
    model = make([2, 3], SHAPE, size, reshaped)
    assert model.output_shape == (None, 6)
    assert model.predict(np.zeros((5, 2, 3)), verbose=0).shape == (5, 6)
    assert [operation.name for operation in model.operations] == ["x", "tf.reshape"]


def test_sizes_that_are_known_when_the_model_runs():
    """Images of any size are made twice as large."""
    sizes = {"slice_spec": slices((1, 3))[0]}
    part = call("tf.sizes", "__operators__.getitem", ["tf.compat.v1.shape", 0, 0, sizes], "SlicingOpLambda")
    more = call("tf.math.add", "math.add", ["tf.sizes", 0, 0, {"y": 4, "name": None}])
    resized = call("tf.image.resize", "image.resize", ["x", 0, 0, {"size": ["tf.math.add", 0, 0], "method": "nearest"}])
    model = make([None, None, 1], SHAPE, part, more, resized)
    assert model.output_shape == (None, None, None, 1)
    x = np.arange(8, dtype="float32").reshape(1, 4, 2, 1)
    expected = x.repeat(2, 1).repeat(3, 2)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(x, verbose=0), expected)
    # In a model of another size it is the same.
    image = k.Input((4, None, 1))
    np.testing.assert_array_equal(k.Model(image, model(image)).predict(np.ones((1, 4, 2, 1)), verbose=0).shape, (1, 8, 6, 1))
    with pytest.raises(ValueError, match="It is 'tf.image.resize' in the model. It depends on sizes that are known only when"):
        model.to_json()


def check_saving(model, x, expected):
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(k.models.model_from_json(model.to_json()).predict(x, verbose=0), expected, rtol=1e-6)


def test_images_of_any_size_made_larger_by_a_factor_can_be_saved():
    part = call("tf.sizes", "__operators__.getitem", ["tf.compat.v1.shape", 0, 0, {"slice_spec": slices((1, 3))[0]}])
    double = call("tf.math.multiply", "math.multiply", ["tf.sizes", 0, 0, {"y": [2, 3], "name": None}])
    resized = call("tf.image.resize", "image.resize", ["x", 0, 0, {"size": ["tf.math.multiply", 0, 0], "method": "nearest"}])
    model = make([None, None, 1], SHAPE, part, double, resized)
    x = np.arange(12, dtype="float32").reshape(1, 3, 4, 1)
    check_saving(model, x, x.repeat(2, 1).repeat(3, 2))
    assert isinstance(model.layers[-1], k.layers.UpSampling2D)


def size_of_axis(axis):
    return call(f"size{axis}", "__operators__.getitem", ["tf.compat.v1.shape", 0, 0, {"slice_spec": axis}], "SlicingOpLambda")


def test_numbers_of_samples_and_pixels_can_be_saved():
    """A mean over the batch, and over images of any size."""
    count = call("count", "math.multiply", ["size0", 0, 0, {"y": ["size1", 0, 0]}])
    as_float = call("float", "cast", ["count", 0, 0, {"dtype": "float32"}])
    model = make(
        [None, 2],
        SHAPE,
        size_of_axis(0),
        size_of_axis(1),
        count,
        as_float,
        call("mean", "math.divide", ["x", 0, 0, {"y": ["float", 0, 0]}]),
    )
    x = np.arange(24, dtype="float32").reshape(3, 4, 2)
    check_saving(model, x, x / 12)
    size = call("size", "compat.v1.size", ["x", 0, 0, {"out_type": "int32"}])
    check_saving(make([None, 2], size), x, 24)


def test_sizes_that_are_rounded_or_have_a_limit_are_no_constants():
    half = call("half", "math.floordiv", ["size1", 0, 0, {"y": 64}])
    least = call("least", "math.minimum", ["size1", 0, 0, {"y": 4}])
    both = call("both", "stack", [["half", 0, 0, {}], ["least", 0, 0]])
    model = make([None, 2], SHAPE, size_of_axis(1), half, least, both)
    for size in (2, 70):
        check_saving(model, np.zeros((1, size, 2)), [size // 64, min(size, 4)])


def test_arrays_of_unknown_size_can_be_saved():
    """As anchors, or coordinates, for each image of a batch."""
    many = call("many", "tile", ["_CONSTANT_VALUE", -1, [[[1.0, 2.0]]], {"multiples": [["size0", 0, 0], 3, 1]}])
    places = call("places", "range", ["size1", 0, 0, {}])
    floats = call("floats", "cast", ["places", 0, 0, {"dtype": "float32"}])
    column = call("column", "expand_dims", ["floats", 0, 0, {"axis": -1}])
    flat = call("flat", "reshape", ["x", 0, 0, {"shape": [["size0", 0, 0], ["size1", 0, 0], 1, 2]}])
    model = make([None, 2], SHAPE, size_of_axis(0), many)
    check_saving(model, np.zeros((4, 3, 2)), np.tile([[[1.0, 2.0]]], (4, 3, 1)))
    model = make(
        [None, 2], SHAPE, size_of_axis(1), places, floats, column, call("sum", "math.add", ["column", 0, 0, {"y": ["x", 0, 0]}])
    )
    check_saving(model, np.zeros((1, 3, 2)), [[[0, 0], [1, 1], [2, 2]]])
    x = np.arange(12, dtype="float32").reshape(2, 3, 2)
    check_saving(make([None, 2], SHAPE, size_of_axis(0), size_of_axis(1), flat), x, x.reshape(2, 3, 1, 2))


def test_a_batch_that_was_reshaped_is_not_the_batch():
    """`tf.reshape(rows, [tf.shape(x)[0], -1, 2])` after `rows = tf.reshape(x, [-1, 2])`"""
    rows = call("rows", "reshape", ["x", 0, 0, {"shape": [-1, 2]}])
    again = call("again", "reshape", ["rows", 0, 0, {"shape": [["size0", 0, 0], -1, 2]}])
    model = make([3, 2], SHAPE, size_of_axis(0), rows, again)
    x = np.arange(24, dtype="float32").reshape(4, 3, 2)
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)


def test_bounds_that_are_tensors_can_be_saved():
    bound = call("bound", "math.abs", ["x", 0, 0, {}])
    clipped = call("clipped", "clip_by_value", ["x", 0, 0, {"clip_value_min": -1.0, "clip_value_max": ["bound", 0, 0]}])
    check_saving(make([3], bound, clipped), np.array([[-2.0, 0.5, 3.0]]), [[-1, 0.5, 3]])
    x, low = k.Input((3,)), k.Input((3,))
    with pytest.raises(ValueError, match="The argument `x_min` of the op 'clip', .* is a tensor. .* as `minimum`"):
        k.Model([x, low], k.ops.clip(x, low, 5)).to_json()


@pytest.mark.parametrize(
    "function, arguments, mean, deviation",
    [
        ("random.normal", {"mean": 1.0, "stddev": 2.0}, 1, 2),
        ("random.uniform", {"minval": -1, "maxval": 3}, 1, 4 / 12**0.5),
        ("random.uniform", {"maxval": 3, "dtype": "int32"}, 1, (2 / 3) ** 0.5),
        ("random.truncated_normal", {"stddev": 0.5}, 0, 0.43981),
    ],
)
def test_random_numbers_are_of_the_distribution(function, arguments, mean, deviation):
    drawn = call("drawn", function, ["tf.compat.v1.shape", 0, 0, arguments])
    model = make([200, 50], SHAPE, drawn)
    with pytest.raises(ValueError, match="It is 'drawn.*Files of Keras 3 have no random ops. Write a layer"):
        model.to_json()
    for one in (model, pickle.loads(pickle.dumps(model))):
        y, other = (one.predict(np.zeros((4, 200, 50)), verbose=0) for _ in range(2))
        assert y.shape == (4, 200, 50) and not np.array_equal(y, other)
        np.testing.assert_allclose((y.mean(), y.std()), (mean, deviation), atol=0.03)
        if function == "random.uniform":
            assert y.min() >= arguments.get("minval", 0) and y.max() <= arguments["maxval"]


def test_dropout_of_tensorflow_knows_no_training():
    model = make([1000], call("drop", "nn.dropout", ["x", 0, 0, {"rate": 0.25}]))
    y = model.predict(np.ones((1, 1000)), verbose=0)
    np.testing.assert_allclose(np.unique(y), [0, 4 / 3], rtol=1e-6)
    assert 0.2 < (y == 0).mean() < 0.3


def test_arguments_that_keras_did_not_write():
    with pytest.raises(TypeError, match="The file does not say all arguments of `tf.einsum`: Keras 2 wrote only the first"):
        make([3], call("tf.einsum", "einsum", ["_CONSTANT_VALUE", -1, "bi,bj->bij", {}]))


def test_gradients_pass():
    halved = call("tf.math.truediv", "math.truediv", ["x", 0, 0, {"y": 2.0}])
    model = make([3], halved, call("tf.nn.relu", "nn.relu", ["tf.math.truediv", 0, 0, {"name": None}]))
    y, backward = model.forward(np.array([[1.0, -1.0, 2.0]], "float32"))
    np.testing.assert_array_equal(backward(np.ones_like(y)), [[0.5, 0, 0.5]])
