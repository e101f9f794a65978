"""Files that attack who loads them, and a watch on what happens meanwhile."""

import base64
import io
import json
import marshal
import sys
import zipfile

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers

_watched = []


def _listen(event, arguments):
    if _watched and event.split(".")[0] in _watched[-1][0]:
        _watched[-1][1].append((event, str(arguments)[:200]))


sys.addaudithook(_listen)


class Watch:
    """Notes what Python reports while inside: code that is made, run or unmarshalled, modules, processes, and connections."""

    EVENTS = (
        "exec",
        "compile",
        "import",
        "marshal",
        "os",
        "subprocess",
        "socket",
        "ctypes",
        "shutil",
        "urllib",
        "pickle",
        "code",
    )

    def __enter__(self):
        self.seen = []
        _watched.append((self.EVENTS, self.seen))
        return self

    def __exit__(self, *exception):
        _watched.pop()
        # A folder is looked at, and `inspect` parses the signatures of built-in functions, which it does not compile.
        harmless = [event for event in self.seen if event[0] in ("os.listdir", "os.scandir") or "<unknown>" in event[1]]
        self.seen = [event for event in self.seen if event not in harmless]


def refused(path, match=None, **arguments):
    """Checks that a file is refused before anything in it runs."""
    with Watch() as watch, pytest.raises((ValueError, TypeError), match=match):
        k.models.load_model(path, **arguments)
    assert watch.seen == []


def model():
    return k.Sequential([k.Input((4,)), layers.Dense(3, name="dense")], name="small")


def weights(make=None):
    """An HDF5 file of the weights of `model`. A function of the group may put another kernel into it."""
    file = io.BytesIO()
    with h5py.File(file, "w") as raw:
        group = raw.create_group("layers/dense/vars")
        if make:
            make(group)
        else:
            group["0"] = np.ones((4, 3), "float32")
        group["1"] = np.ones(3, "float32")
    return file.getvalue()


def keras_file(path, config, content=None, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        archive.writestr("model.weights.h5", weights() if content is None else content)
    return path


def h5_file(path, config):
    with h5py.File(path, "w") as raw:
        raw.attrs["keras_version"] = "2.15.0"
        raw.attrs["backend"] = "tensorflow"
        raw.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        raw.create_group("model_weights").attrs["layer_names"] = np.array([b"lambda"])
    return path


def config_of_model():
    return json.loads(json.dumps(k.saving.serialize_keras_object(model())))


def sequential(*entries):
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "input"}}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": [first, *entries]},
        "registered_name": None,
    }


def functional(*entries):
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "functional",
            "layers": [
                {
                    "module": "keras.layers",
                    "class_name": "InputLayer",
                    "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "input"},
                    "name": "input",
                    "inbound_nodes": [],
                },
                *entries,
            ],
            "input_layers": [["input", 0, 0]],
            "output_layers": [["input", 0, 0]],
        },
        "registered_name": "Functional",
    }


def marshalled(target):
    """The code of a lambda that makes a file, as Keras writes lambdas."""
    namespace = {}
    exec(f"attack = lambda x: open({str(target)!r}, 'w') and x", namespace)
    return base64.b64encode(marshal.dumps(namespace["attack"].__code__)).decode()


def named_lambda(code, keras_2=False):
    encoding = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    config = {"name": "lambda", "function": [code, None, None] if keras_2 else encoding}
    if keras_2:
        config.update(function_type="lambda", module="__main__", output_shape=None, arguments={})
    return {"module": "keras.layers", "class_name": "Lambda", "config": config, "registered_name": None}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}
