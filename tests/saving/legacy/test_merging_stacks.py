"""Stacks of Keras 1 that begin with other models, alone or merged."""

import json

import h5py
import numpy as np
import pytest

import convlayers as k


def _dense(name, units, inputs=None):
    first = {} if inputs is None else {"batch_input_shape": [None, inputs], "input_dtype": "float32"}
    return {"class_name": "Dense", "config": {"name": name, "output_dim": units, "activation": "linear", **first}}


def _stack(*layers):
    return {"class_name": "Sequential", "config": list(layers)}


def _merge(name, mode, *models):
    config = {"name": name, "mode": mode, "mode_type": "raw", "concat_axis": 1, "dot_axes": -1, "layers": list(models)}
    return {"class_name": "Merge", "config": config}


@pytest.fixture
def load(tmp_path):
    def load(encoding, kernels):
        """Loads a file of Keras 1, with kernels by the names of layers, in the order of the file."""
        path = tmp_path / "model.h5"
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"] = b"1.2.2"
            file.attrs["model_config"] = json.dumps(encoding).encode()
            group = file.create_group("model_weights")
            group.attrs["layer_names"] = [name.encode() for name in kernels]
            for name, kernel in kernels.items():
                group.create_group(name).attrs["weight_names"] = [b"W", b"b"]
                group[name]["W"] = kernel
                group[name]["b"] = np.ones(kernel.shape[1], "float32")
        return k.models.load_model(path)

    return load


def _kernels(rng, **shapes):
    return {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_stack_that_begins_with_a_stack(load, rng):
    kernels = _kernels(rng, a=(4, 3), b=(3, 5), c=(5, 2))
    model = load(_stack(_stack(_dense("a", 3, 4), _dense("b", 5)), _dense("c", 2)), kernels)
    x = rng.normal(size=(2, 4)).astype("float32")
    expected = ((x @ kernels["a"] + 1) @ kernels["b"] + 1) @ kernels["c"] + 1
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode, length", [("concat", 6), ("sum", 3)])
def test_stacks_that_are_merged(load, rng, mode, length):
    kernels = _kernels(rng, a=(4, 3), b=(5, 6), c=(6, 3), d=(length, 2))
    merged = _merge("both", mode, _stack(_dense("a", 3, 4)), _stack(_dense("b", 6, 5), _dense("c", 3)))
    model = load(_stack(merged, _dense("d", 2)), kernels)
    x, y = (rng.normal(size=(2, size)).astype("float32") for size in (4, 5))
    left, right = x @ kernels["a"] + 1, (y @ kernels["b"] + 1) @ kernels["c"] + 1
    both = np.concatenate([left, right], 1) if mode == "concat" else left + right
    np.testing.assert_allclose(model.predict([x, y], verbose=0), both @ kernels["d"] + 1, rtol=1e-5, atol=1e-5)


def test_merged_stacks_that_merge(load, rng):
    kernels = _kernels(rng, a=(4, 3), b=(5, 3), c=(3, 2), d=(6, 2))
    inner = _stack(_merge("inner", "sum", _stack(_dense("a", 3, 4)), _stack(_dense("b", 3, 5))), _dense("c", 2))
    model = load(_stack(_merge("outer", "mul", inner, _stack(_dense("d", 2, 6)))), kernels)
    x, y, z = (rng.normal(size=(2, size)).astype("float32") for size in (4, 5, 6))
    expected = ((x @ kernels["a"] + y @ kernels["b"] + 2) @ kernels["c"] + 1) * (z @ kernels["d"] + 1)
    np.testing.assert_allclose(model.predict([x, y, z], verbose=0), expected, rtol=1e-5, atol=1e-5)


def test_models_with_several_inputs_are_merged():
    def entry(class_name, name, nodes, **config):
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 3], input_dtype="float32"),
        entry("InputLayer", "y", [], batch_input_shape=[None, 3], input_dtype="float32"),
        entry("Merge", "sum", [[["x", 0, 0], ["y", 0, 0]]], mode="sum"),
    ]
    graph = {"name": "graph", "layers": layers, "input_layers": [["x", 0, 0], ["y", 0, 0]], "output_layers": [["sum", 0, 0]]}
    merged = _merge("both", "concat", {"class_name": "Model", "config": graph}, _stack(_dense("a", 2, 4)))
    model = k.models.model_from_json(json.dumps(_stack(merged)))
    assert model.input_shape == [(None, 3), (None, 3), (None, 4)]
    assert model.output_shape == (None, 5)


@pytest.mark.parametrize("merged", [3, {"class_name": "Sequential"}, _stack(), _stack({}), _dense("a", 3)])
def test_nonsense_among_what_is_merged(merged):
    with pytest.raises(ValueError, match="something in it is no layer|disconnected nodes"):
        k.models.model_from_json(json.dumps(_stack(_merge("both", "sum", merged, merged))))


def test_dense_layers_over_time(load, rng):
    kernels = _kernels(rng, a=(4, 3))
    first = {"name": "a", "output_dim": 3, "activation": "linear", "batch_input_shape": [None, 7, 4], "input_length": 7}
    model = load(_stack({"class_name": "TimeDistributedDense", "config": first}), kernels)
    x = rng.normal(size=(2, 7, 4)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), x @ kernels["a"] + 1, rtol=1e-5, atol=1e-5)
