"""Functions of TensorFlow in graphs: what TensorFlow computed with them.

`functions.json.gz` has, for each line of Python that Keras 2.15 made a model of, the layers in its config, and of what the
model returned the shape, the first numbers, and the sum of all after they were multiplied by cos(0), cos(1), cos(2) ...
Where it says that a model is not written, files of Keras 3 can't have it. `raw_ops.json.gz` has the same of TensorFlow 2.3,
whose Keras wrote the nodes of TensorFlow's graphs.
"""

import gzip
import json
import pathlib

import numpy as np
import pytest

import convlayers as k

FUNCTIONS, RAW_OPS = (
    json.loads(gzip.decompress((pathlib.Path(__file__).parent / f"{name}.json.gz").read_bytes()))
    for name in ("functions", "raw_ops")
)
LINES = [*FUNCTIONS.values(), *RAW_OPS.values()]


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.RandomState(0)
    x, z = (rng.normal(size=(2, 4, 4, 3)).astype("float32") for _ in range(2))
    z[0] = x[0]
    # Of the input `u`, the height and the width are not known to the model.
    return {"x": x, "z": z, "u": rng.normal(size=(2, 5, 6, 3)).astype("float32")}


def make(line):
    inputs = [[entry["name"], 0, 0] for entry in line["layers"] if entry["class_name"] == "InputLayer"]
    config = {"name": "model", "layers": line["layers"], "input_layers": inputs, "output_layers": line["output_layers"]}
    return k.models.model_from_json(json.dumps({"class_name": "Functional", "config": config, "keras_version": "2.15.0"}))


def check(model, arrays, line):
    y = model({tensor.node.operation.name: arrays[tensor.node.operation.name] for tensor in model.inputs})
    y = np.asarray(y[0] if isinstance(y, (list, tuple)) else y).astype("float64")
    assert list(y.shape) == line["shape"]
    scale = max(1, np.abs(y).max())
    np.testing.assert_allclose(y.ravel()[: len(line["first"])], line["first"], atol=1e-5 * scale)
    np.testing.assert_allclose(y.ravel() @ np.cos(np.arange(y.size)), line["sum"], atol=1e-4 * scale)


@pytest.mark.parametrize("line", LINES, ids=[*FUNCTIONS, *(f"{text} as nodes" for text in RAW_OPS)])
def test_it_computes_what_tensorflow_did(arrays, line):
    model = make(line)
    check(model, arrays, line)
    # And as a model of Keras 3, unless it computes with sizes in a way for which that has no ops.
    if line.get("is_written", True):
        check(k.models.model_from_json(model.to_json()), arrays, line)
    else:
        with pytest.raises(ValueError, match="It depends on sizes that are known only when the model runs"):
            model.to_json()
