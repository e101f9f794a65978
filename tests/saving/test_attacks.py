"""Files that try to run code, in the shape of the attacks that worked on Keras. None may do anything but be refused."""

import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

import convlayers as k
from tests.saving.attack_files import (
    Watch,
    config_of_model,
    function,
    functional,
    h5_file,
    keras_file,
    marshalled,
    named_lambda,
    refused,
    sequential,
)

pytestmark = pytest.mark.usefixtures("everything_imported")


@pytest.mark.parametrize("safe_mode", [True, False, None])
def test_cve_2024_3660_code_in_a_lambda_layer(tmp_path, safe_mode):
    target = tmp_path / "made"
    path = keras_file(tmp_path / "model.keras", sequential(named_lambda(marshalled(target))))
    refused(path, "Requested the deserialization of a `Lambda` layer", safe_mode=safe_mode)
    assert not target.exists()


@pytest.mark.parametrize("safe_mode", [True, False])
def test_cve_2025_9905_code_in_a_lambda_layer_of_an_h5_file(tmp_path, safe_mode):
    target = tmp_path / "made"
    path = h5_file(tmp_path / "model.h5", sequential(named_lambda(marshalled(target), keras_2=True)))
    refused(path, "[Ll]ambda", safe_mode=safe_mode)
    assert not target.exists()


def test_cve_2025_9906_a_file_that_allows_itself_to_run_code(tmp_path):
    target = tmp_path / "made"
    allow = {
        **function("keras.config", "enable_unsafe_deserialization"),
        "name": "allow",
        "inbound_nodes": [{"args": [], "kwargs": {}}],
    }
    attack = {**named_lambda(marshalled(target)), "name": "lambda", "inbound_nodes": []}
    refused(keras_file(tmp_path / "model.keras", functional(allow, attack)), "enable_unsafe_deserialization")
    k.config.enable_unsafe_deserialization()
    refused(keras_file(tmp_path / "model.keras", sequential(named_lambda(marshalled(target)))), "Lambda", safe_mode=False)
    assert not target.exists()


@pytest.mark.parametrize("safe_mode", [True, False])
@pytest.mark.parametrize(
    ("module", "name", "args"),
    [
        ("subprocess", "Popen", [["touch", "TARGET"]]),
        ("os", "system", ["touch TARGET"]),
        ("builtins", "exec", ["open('TARGET', 'w')"]),
        ("builtins", "eval", ["open('TARGET', 'w')"]),
        ("shutil", "copyfile", ["/etc/hostname", "TARGET"]),
        ("keras.src.utils.python_utils", "func_load", ["4wAAAA=="]),
        ("convlayers.saving.files", "replacing", ["TARGET"]),
    ],
)
def test_cve_2025_1550_a_module_of_the_attackers_choice(tmp_path, module, name, args, safe_mode):
    target = tmp_path / "made"
    args = json.loads(json.dumps(args).replace("TARGET", str(target)))
    for class_name in ("function", name):
        entry = {"module": module, "class_name": class_name, "config": name, "registered_name": name, "name": "attack"}
        entry["inbound_nodes"] = [{"args": args, "kwargs": {"bufsize": -1}}]
        refused(keras_file(tmp_path / "model.keras", functional(entry)), safe_mode=safe_mode)
    assert not target.exists()


def test_cve_2025_8747_functions_of_keras_itself(tmp_path):
    target = tmp_path / "made"
    source = tmp_path / "source"
    source.write_text("from elsewhere")
    for name in ("get_file", "load_model", "save_img", "audio_dataset_from_directory"):
        arguments = {"fname": "made", "origin": source.as_uri(), "cache_dir": str(tmp_path), "cache_subdir": ""}
        config = {"name": "lambda", "function": function("keras.utils", name), "arguments": arguments}
        refused(
            keras_file(
                tmp_path / "model.keras", sequential({"module": "keras.layers", "class_name": "Lambda", "config": config})
            )
        )
        entry = {**function("keras.utils", name), "name": "attack", "inbound_nodes": [{"args": [], "kwargs": arguments}]}
        refused(keras_file(tmp_path / "model.keras", functional(entry)))
    assert not target.exists()


@pytest.mark.parametrize("place", ["activation", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "dtype"])
@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "builtins.exec", "pickle.loads", "numpy.load", "convlayers.saving.load_model"]
)
def test_functions_in_place_of_arguments(tmp_path, place, name):
    module, _, attribute = name.rpartition(".")
    config = config_of_model()
    config["config"]["layers"][1]["config"][place] = function(module, attribute)
    refused(keras_file(tmp_path / "model.keras", config))


def op(class_name, args, **config):
    node = {"args": args, "kwargs": {}}
    return {
        "module": "keras.src.ops.numpy",
        "class_name": class_name,
        "config": {"name": "op", **config},
        "name": "op",
        "inbound_nodes": [node],
    }


def test_a_loop_without_end_in_a_graph(tmp_path):
    tensor = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": ["input", 0, 0]},
    }
    exponential = function("keras.activations", "exponential")
    entry = op("WhileLoop", [exponential, exponential, [tensor]])
    refused(keras_file(tmp_path / "model.keras", functional(entry)), "a file calls `convlayers.ops.while_loop` with a function")


def test_an_array_of_any_size_in_a_graph(tmp_path):
    for entry in (op("Full", [[10**6, 10**6], 1.0]), op("Arange", [], start=0, stop=10**13), op("Eye", [10**6])):
        refused(keras_file(tmp_path / "model.keras", functional(entry)), "without a tensor of its graph")


def test_a_loss_or_metric_of_the_attackers_choice_is_left_out(tmp_path):
    config = {**config_of_model(), "compile_config": {"optimizer": "sgd", "loss": function("os", "system"), "metrics": None}}
    with Watch() as watch, pytest.warns(UserWarning, match="could not be compiled"):
        k.models.load_model(keras_file(tmp_path / "model.keras", config))
    assert watch.seen == []


def test_get_file_and_unmarshalling_are_not_among_the_names_of_files():
    for name in ("get_file", "func_load", "load_model", "enable_unsafe_deserialization", "eval", "exec", "system"):
        for module in ("keras.utils", "keras.config", "keras", "builtins", ""):
            with pytest.raises((TypeError, ValueError)):
                k.saving.deserialize_keras_object(function(module, name), safe_mode=False)


class Attack:
    def __reduce__(self):
        return os.system, ("touch made",)


def test_a_pickle_in_npz_weights(tmp_path):
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "|O", "fortran_order": False, "shape": ()})
    array.write(pickle.dumps(Attack()))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("layers/dense/vars.npy", array.getvalue())
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", json.dumps(config_of_model()))
        archive.writestr("model.weights.npz", inner.getvalue())
    with pytest.raises(ValueError, match="Refusing to deserialize `posix.system`"):
        k.models.load_model(path)
    assert not os.path.exists("made")


def test_a_lambda_that_is_written_again(tmp_path):
    path = keras_file(tmp_path / "model.keras", sequential(named_lambda("nothing that is code")))
    loaded = k.models.load_model(path, custom_objects={"lambda": lambda x: x + 1})
    assert loaded.predict(np.zeros((1, 4)), verbose=0).tolist() == [[1, 1, 1, 1]]


def test_code_is_not_written_either(tmp_path):
    """A script that saves a model with a lambda goes on; who loads it passes the function again."""
    model = k.Sequential([k.Input((4,)), k.layers.Lambda(lambda x: x * 2, name="twice"), k.layers.Dense(1)])
    model.compile("sgd", lambda y_true, y_pred: k.ops.mean(y_true - y_pred))
    for path in (tmp_path / "model.keras", tmp_path / "model.h5"):
        with pytest.warns(UserWarning, match="includes a `lambda`"):
            model.save(path)
        refused(path, "Requested the deserialization of a `Lambda` layer", safe_mode=False)
        with pytest.warns(UserWarning, match="could not be compiled as it was saved"):
            loaded = k.models.load_model(path, custom_objects={"twice": lambda x: x * 2})
        x = np.ones((1, 4), "float32")
        np.testing.assert_array_equal(loaded(x), model(x))
