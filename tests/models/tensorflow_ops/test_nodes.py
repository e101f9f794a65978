"""Nodes of TensorFlow's graphs in the place of layers, as Keras wrote them with TensorFlow 2.1 to 2.3."""

import base64
import json
import pickle

import numpy as np
import pytest

import convlayers as k

X = np.arange(24, dtype="float32").reshape(2, 3, 4)


def node(name, op, inputs, constants=None, **attributes):
    """Returns the layer of a node. Its `inputs` are `[layer, call, index]`."""
    node_def = {"name": name, "op": op, "input": [], "attr": attributes}
    config = {"name": name, "trainable": True, "dtype": "float32", "node_def": node_def, "constants": constants or {}}
    return {
        "class_name": "TensorFlowOpLayer",
        "config": config,
        "name": f"tf_op_layer_{name}",
        "inbound_nodes": [[[*tensor, {}] for tensor in inputs]],
    }


def make(shape, *nodes, outputs=None):
    placeholder = {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    layers = [{"class_name": "InputLayer", "name": "x", "config": placeholder, "inbound_nodes": []}, *nodes]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": outputs or [[layers[-1]["name"], 0, 0]]}
    encoding = {"class_name": "Functional", "config": {"name": "model", "layers": layers, **ends}}
    return k.models.model_from_json(json.dumps({**encoding, "keras_version": "2.4.0"}))


def compute(*nodes, **settings):
    return make([3, 4], *nodes, **settings).predict(X, verbose=0)


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def ints(*values):
    return {"list": {"i": [str(value) for value in values]} if values else {}}


INPUT = ["x", 0, 0]
FLOAT = {"type": "DT_FLOAT"}


def slices(begin, end, strides, **masks):
    kinds = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    attributes = {kind: {"i": str(masks.get(kind, 0))} for kind in kinds}
    return node("slices", "StridedSlice", [INPUT], {"1": begin, "2": end, "3": strides}, **attributes)


@pytest.mark.parametrize(
    "entry, expected",
    [
        (node("n", "AddV2", [INPUT], {"1": [1.0, 2.0, 3.0, 4.0]}, T=FLOAT), X + np.array([1, 2, 3, 4])),
        (node("n", "Sub", [INPUT], {"0": 1.0}), 1 - X),
        (node("n", "RealDiv", [INPUT, INPUT]), np.where(X == 0, np.nan, 1)),
        (node("n", "Neg", [INPUT]), -X),
        (node("n", "Mean", [INPUT], {"1": [1, 2]}, keep_dims={"b": True}), X.mean((1, 2), keepdims=True)),
        (node("n", "Sum", [INPUT], {"1": -1}, keep_dims={"b": False}), X.sum(-1)),
        (node("n", "Max", [INPUT], {"1": []}), X),
        (node("n", "ConcatV2", [INPUT, INPUT], {"2": -1}, N={"i": "2"}), np.concatenate([X, X], -1)),
        (node("n", "ConcatV2", [INPUT], {"1": [[[0.5] * 4]] * 2, "2": 1}), np.concatenate([X, np.full((2, 1, 4), 0.5)], 1)),
        (node("n", "Pack", [INPUT, INPUT], axis={"i": "-1"}), np.stack([X, X], -1)),
        (node("n", "Squeeze", [INPUT], squeeze_dims=ints()), X),
        (node("n", "Transpose", [INPUT], {"1": [0, 2, 1]}), X.swapaxes(1, 2)),
        (node("n", "Reshape", [INPUT], {"1": [-1, 12]}), X.reshape(2, 12)),
        (node("n", "ExpandDims", [INPUT], {"1": 1}), X[:, None]),
        (node("n", "Pad", [INPUT], {"1": [[0, 0], [1, 0], [0, 2]]}), np.pad(X, [(0, 0), (1, 0), (0, 2)])),
        (node("n", "MirrorPad", [INPUT], {"1": [[0, 0], [1, 1], [0, 0]]}, mode=text("REFLECT")), X[:, [1, 0, 1, 2, 1]]),
        (node("n", "Cast", [INPUT], DstT={"type": "DT_INT32"}, SrcT=FLOAT, Truncate={"b": False}), X.astype("int32")),
        (node("n", "LeakyRelu", [INPUT], alpha={"f": 0.5}), X),
        (node("n", "MatMul", [INPUT], {"1": np.eye(4)[:2].tolist()}, transpose_b={"b": True}), X[..., :2]),
        (node("n", "Einsum", [INPUT, INPUT], equation=text("bij,bik->bjk")), np.einsum("bij,bik->bjk", X, X)),
        (node("n", "SelectV2", [INPUT], {"0": [True, False, True, True], "2": 0.0}), X * [1, 0, 1, 1]),
        (node("n", "Select", [INPUT], {"0": [True, False], "2": np.zeros((2, 3, 4)).tolist()}), X * [[[1]], [[0]]]),
        (slices([0, 1], [0, 3], [1, 1], begin_mask=1, end_mask=1), X[:, 1:3]),
        (slices([0, 0, -1], [0, 0, 0], [1, 1, 1], ellipsis_mask=1, shrink_axis_mask=4, new_axis_mask=2), X[..., None, -1]),
        (slices([0, 0, 0], [0, 0, 0], [1, -1, 2], begin_mask=7, end_mask=7), X[:, ::-1, ::2]),
    ],
    ids=lambda value: value["config"]["node_def"]["op"] if isinstance(value, dict) else "",
)
def test_what_a_node_computes(entry, expected):
    with np.errstate(all="ignore"):
        y = compute(entry)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-6)


@pytest.mark.parametrize("op, inputs, constants", [("Split", [INPUT], {"0": -1}), ("SplitV", [INPUT], {"1": [2, 2], "2": -1})])
def test_several_outputs(op, inputs, constants):
    halves = node("halves", op, inputs, constants, num_split={"i": "2"})
    added = node("added", "Sub", [["tf_op_layer_halves", 0, 1], ["tf_op_layer_halves", 0, 0]])
    np.testing.assert_array_equal(compute(halves, added), X[..., 2:] - X[..., :2])


def test_several_tensors_are_as_they_were():
    both = node("both", "IdentityN", [INPUT, ["tf_op_layer_Neg", 0, 0]])
    y, x = compute(node("Neg", "Neg", [INPUT]), both, outputs=[["tf_op_layer_both", 0, 1], ["tf_op_layer_both", 0, 0]])
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, -X)


def test_a_node_that_is_called_twice():
    doubled = node("Mul", "Mul", [INPUT], {"1": 2.0})
    doubled["inbound_nodes"].append([["tf_op_layer_Mul", 0, 0, {}]])
    np.testing.assert_array_equal(compute(doubled, outputs=[["tf_op_layer_Mul", 1, 0]]), 4 * X)


def test_sizes_are_numbers():
    """`tf.reshape(x, [tf.shape(x)[0], -1])`. Names of nodes may have slashes in them."""
    shape = node("Shape", "Shape", [INPUT], out_type={"type": "DT_INT32"})
    size = node(
        "size", "StridedSlice", [["tf_op_layer_Shape", 0, 0]], {"1": [0], "2": [1], "3": [1]}, shrink_axis_mask={"i": "1"}
    )
    packed = node("Reshape/shape", "Pack", [["tf_op_layer_size", 0, 0]], {"1": -1}, axis={"i": "0"})
    reshaped = node("to/Reshape", "Reshape", [INPUT, ["tf_op_layer_Reshape/shape", 0, 0]])
    model = make([3, 4], shape, size, packed, reshaped)
    assert model.output_shape == (None, 12)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X.reshape(2, 12))
    assert [operation.name for operation in model.operations] == ["x", "tf_op_layer_to_Reshape"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X, verbose=0), X.reshape(2, 12))
    np.testing.assert_array_equal(k.models.model_from_json(model.to_json()).predict(X, verbose=0), X.reshape(2, 12))


def test_an_unknown_op_is_named_with_its_place():
    with pytest.raises(TypeError, match="Could not locate op 'Relu5'") as error:
        make([3], node("Abs", "Abs", [INPUT]), node("odd", "Relu5", [["tf_op_layer_Abs", 0, 0]]))
    assert "Did you mean 'Relu'?" in str(error.value)
    assert "This is layer 'odd' (layers[2])." in str(error.value)


@pytest.mark.parametrize("op", ["PyFunc", "ReadFile", "StatelessWhile", "math.multiply", "__class__", None, ["Mul"]])
def test_only_what_is_in_the_table_is_called(op):
    with pytest.raises(TypeError, match="Could not locate op"):
        make([3], node("bad", op, [INPUT]))


def test_an_attribute_without_a_translation_is_named():
    with pytest.raises(TypeError, match=r"There is no translation of `tf.raw_ops.Tanh` with {'odd': 2}"):
        make([3], node("n", "Tanh", [INPUT], odd={"i": "2"}))
    make([3], node("n", "Tanh", [INPUT], odd={"b": False}, T=FLOAT, _class=text("loc:@x")))


def test_arrays_are_not_made_from_nothing():
    tiled = node("tiled", "Tile", [], {"0": [1.0], "1": [1 << 40]})
    tiled["inbound_nodes"] = [[]]
    with pytest.raises(ValueError, match=r"Not allowed: a file makes an array of shape \(1, 1099511627776\)"):
        make([3], tiled, node("n", "AddV2", [INPUT, ["tf_op_layer_tiled", 0, 0]]))


@pytest.mark.parametrize(
    "damage",
    [
        {"node_def": "\n\x03Mul\x12\x03Mul"},
        {"node_def": {"op": "Mul", "attr": [1]}},
        {"node_def": {"op": "Mul", "attr": {"T": "DT_FLOAT"}}},
        {"node_def": {"op": "Mul", "attr": {"x": {"i": "1e9"}}}},
        {"node_def": {"op": "Mul", "attr": {"x": {"s": "no base64"}}}},
        {"node_def": {"op": "Mul", "attr": {"x": {"list": [1]}}}},
        {"node_def": {"op": "Split", "attr": {"num_split": {"i": "0"}}}, "constants": {"0": 1}},
        {"node_def": {"op": "DepthToSpace", "attr": {"block_size": {"i": "2"}, "data_format": {"list": {}}}}},
        {"node_def": {"op": "Pad"}, "constants": {"1": [[0, 0], [1]]}},
        {"constants": [2.0]},
        {"constants": {"first": 2.0}},
        {"constants": {}},
        {"constants": {"1": 2.0, "2": 3.0}},
    ],
)
def test_damaged_nodes_are_errors_with_a_place(damage):
    entry = node("n", "Mul", [INPUT], {"1": 2.0})
    entry["config"] |= damage
    with pytest.raises((TypeError, ValueError), match=r"This is layer 'n' \(layers\[1\]\)"):
        make([3], entry)


def test_gradients_pass():
    halved = node("half", "RealDiv", [INPUT], {"1": 2.0})
    model = make([3], halved, node("relu", "Relu", [["tf_op_layer_half", 0, 0]]))
    y, backward = model.forward(np.array([[1.0, -1.0, 2.0]], "float32"))
    np.testing.assert_array_equal(backward(np.ones_like(y)), [[0.5, 0, 0.5]])
