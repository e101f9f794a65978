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
    with pytest.raises(TypeError, match=r"There is no translation of `tf.nn.dropout` with {'rate': 0.5}"):
        make([3], call("tf.nn.dropout", "nn.dropout", ["x", 0, 0, {"rate": 0.5}]))


def test_only_what_is_in_the_table_is_called():
    for name in ("os.system", "numpy.fromfile", "ops.add", "__class__"):
        with pytest.raises(TypeError, match="Could not locate function"):
            make([3], call("tf.bad", name, ["x", 0, 0, {}]))


def test_arrays_are_not_made_from_nothing():
    tiled = call("tf.tile", "tile", ["_CONSTANT_VALUE", -1, [1.0], {"multiples": [1 << 40]}])
    with pytest.raises(TypeError, match="Not allowed: a file calls `tf.tile` without a tensor of its graph"):
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
    double = call("tf.math.multiply", "math.multiply", ["tf.sizes", 0, 0, {"y": 2, "name": None}])
    resized = call("tf.image.resize", "image.resize", ["x", 0, 0, {"size": ["tf.math.multiply", 0, 0], "method": "nearest"}])
    model = make([None, None, 1], SHAPE, part, double, resized)
    assert model.output_shape == (None, None, None, 1)
    x = np.arange(12, dtype="float32").reshape(1, 3, 4, 1)
    expected = x.repeat(2, 1).repeat(2, 2)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(x, verbose=0), expected)
    # In a model of another size it is the same.
    image = k.Input((5, None, 1))
    np.testing.assert_array_equal(k.Model(image, model(image)).predict(np.ones((1, 5, 2, 1)), verbose=0).shape, (1, 10, 4, 1))
    with pytest.raises(ValueError, match="There is no op 'shape_of' in files of Keras"):
        model.to_json()


def test_gradients_pass():
    halved = call("tf.math.truediv", "math.truediv", ["x", 0, 0, {"y": 2.0}])
    model = make([3], halved, call("tf.nn.relu", "nn.relu", ["tf.math.truediv", 0, 0, {"name": None}]))
    y, backward = model.forward(np.array([[1.0, -1.0, 2.0]], "float32"))
    np.testing.assert_array_equal(backward(np.ones_like(y)), [[0.5, 0, 0.5]])
