"""`python -m convlayers inspect`."""

import gzip
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.commands.errors import BAD_FILE

FILES = Path(__file__).parents[1] / "saving" / "files"


def test_inspect_a_file_of_keras_3(run):
    code, out, err = run("inspect", FILES / "keras3_seq.keras")
    assert (code, err) == (0, "")
    lines = {line.split(":")[0]: line.split(":", 1)[1].strip() for line in out.splitlines() if ":" in line}
    assert lines["kind"] == "model, .keras archive"
    assert lines["written by"] == "Keras 3.15.1"
    assert lines["model"] == "Sequential, 'sequential'"
    assert lines["optimizer"] == "Adam"
    assert lines["arrays"] == "28, with 327 numbers in layers"
    assert lines["unknown classes and functions"] == "none"
    assert lines["Keras 3.15 can read it"] == "yes"
    assert lines["Keras 3.0 can read it"].startswith("no: InputLayer has `optional`, which came later")
    assert lines["Keras 2.15 can read it"].startswith("no: ")
    rows = [line.split() for line in out.splitlines()]
    assert ["mine", "Conv2D", "(None,", "2,", "2,", "4)", "148"] in rows
    assert ["dense", "Dense", "(None,", "3)", "51"] in rows


def test_inspect_weights(run):
    code, out, _ = run("inspect", FILES / "keras3_seq.weights.h5")
    assert code == 0
    assert "weights, .weights.h5 of Keras 3" in out
    assert ["/layers/conv2d/vars/0", "(3,", "3,", "3,", "4)", "float32"] in [line.split() for line in out.splitlines()]
    assert out.index("/optimizer/vars/9") < out.index("/optimizer/vars/10")


def edit(filepath, change):
    """Changes the config in an archive."""
    with zipfile.ZipFile(filepath) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    with zipfile.ZipFile(filepath, "w") as archive:
        for name, content in {**members, "config.json": json.dumps(config)}.items():
            archive.writestr(name, content)


def test_inspect_names_what_is_unknown(run, filepath):
    def use_magic(config):
        config["config"]["layers"][1].update(class_name="Magic\033[31m", module="magic", registered_name="Magic>Magic")

    def add_a_key(config):
        config["config"]["layers"][0]["config"]["secret"] = 3

    edit(filepath, use_magic)
    assert "Keras 3.15 can read it: yes, given Magic?[31m as `custom_objects`" in run("inspect", filepath)[1]
    edit(filepath, add_a_key)
    code, out, _ = run("inspect", filepath)
    assert code == 0
    assert "unknown classes and functions: Magic?[31m" in out
    assert "unknown keys: InputLayer.secret" in out
    assert "Magic?[31m (unknown)" in out
    assert "cannot be loaded here: " in out
    assert "Keras 3.15 can read it: no: InputLayer: secret=3, but it has no such argument" in out


def functional():
    x = k.Input((4, 4, 2))
    return k.Model(x, layers.MaxPooling2D(2, ceil_mode=True)(x))


def with_newer_things():
    x = k.Input((4, 4, 2))
    return k.Model(x, layers.RMSNormalization()(layers.Activation("celu")(x)))


def with_an_op():
    x = k.Input((4, 4, 2))
    return k.Model([x], [k.ops.max(x, axis=1), x])


def with_a_slice():
    x = k.Input((4, 4, 2))
    return k.Model(x, layers.ReLU()(x)[:, 1:])


def in_turns():
    x, first, second = k.Input((4,)), layers.Dense(4), layers.Dense(4)
    return k.Model(x, second(first(second(first(x)))))


def in_a_stack():
    x = k.Input((4,))
    return k.Sequential([k.Input((4,)), k.Model(x, layers.Dense(4)(x))])


def trained(optimizer):
    def make():
        model = k.Sequential([k.Input((3,)), layers.Dense(2)])
        model.compile(optimizer, "mse")
        model.train_on_batch(np.ones((1, 3)), np.ones((1, 2)))
        return model

    return make


def at_the_end():
    x, z = k.Input((4,)), k.Input((4,))
    return k.Model(x, k.Model(z, layers.Dense(4)(z))(x))


def twice_at_the_end():
    x, z = k.Input((4,)), k.Input((4,))
    inner = k.Model(z, layers.Dense(4)(z))
    return k.Model(x, [inner(x), inner(layers.ReLU()(x))])


@pytest.mark.parametrize(
    "make, file_format, reader, verdict",
    [
        (functional, "convlayers", "3.15", "no: MaxPooling2D: ceil_mode=True, but its pooling takes no windows"),
        (functional, "convlayers", "2.15", "no: MaxPooling2D: ceil_mode=True, but its pooling takes no windows"),
        (with_newer_things, "keras3", "3.0", "no: the activation 'celu' came later; the class RMSNormalization came later"),
        (with_an_op, "keras3", "3.0", "yes"),
        (with_an_op, "keras3.11", "3.0", "no: Max has `name`, which came later"),
        (with_newer_things, "keras3", "3.15", "yes"),
        (with_a_slice, "keras3", "3.0", "no: tensors are sliced between layers, which later versions read"),
        (with_a_slice, "keras3", "3.15", "yes"),
        (in_turns, "keras3", "3.0", "no: layers are called in turns, several times each"),
        (in_a_stack, "keras3", "3.0", "yes"),
        (in_a_stack, "keras3.11", "3.0", "no: a functional model has a single input or output in the form of Keras 3.11"),
        (in_a_stack, "keras3", "3.15", "yes"),
        (trained("nadam"), "keras3", "3.0", "no: what the optimizer remembers is in another order since Keras 3.10"),
        (trained("adam"), "keras3", "3.0", "yes"),
        (
            trained(k.optimizers.SGD(use_ema=True, gradient_accumulation_steps=2)),
            "keras3",
            "3.0",
            "no: what the optimizer remembers is in another order since Keras 3.10",
        ),
        (at_the_end, "keras3", "3.0", "yes"),
        (
            at_the_end,
            "keras3.11",
            "3.0",
            "no: a functional model has a single input or output in the form of Keras 3.11",
        ),
        (twice_at_the_end, "keras3", "3.0", "no: an output of a functional model is that of a functional model in it"),
    ],
)
def test_inspect_says_who_can_read_a_file(run, tmp_path, make, file_format, reader, verdict):
    make().save(tmp_path / "model.keras", format=file_format)
    lines = run("inspect", tmp_path / "model.keras")[1].splitlines()
    (line,) = (line for line in lines if line.startswith(f"Keras {reader} can read it"))
    assert verdict in line


def test_inspect_a_class_that_keras_has_itself(run, filepath):
    def use_a_cell(config):
        config["config"]["layers"][1].update(class_name="LSTM", module="keras.layers", config={"units": 2})

    edit(filepath, use_a_cell)
    out = run("inspect", filepath)[1]
    assert "unknown classes and functions: LSTM\n" in out
    assert "Keras 3.15 can read it: yes\n" in out + "\n"


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_inspect_models_with_lambdas(run, keras, tmp_path):
    """Those written here have names in the place of code."""
    path = tmp_path / "model.keras"
    k.Sequential([k.Input((3,)), layers.Lambda(lambda x: x * 2, name="twice")]).save(path)
    out = run("inspect", path)[1]
    assert "unknown classes and functions: twice\n" in out
    assert "cannot be loaded here: Requested the deserialization of a `Lambda` layer" in out
    assert "Keras 3.0 can read it: yes, given twice as `custom_objects`" in out
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2, name="twice")]).save(path)
    assert "Keras 3.15 can read it: no: it has a Python lambda (`load_model(path, safe_mode=False)`" in run("inspect", path)[1]


def test_inspect_a_model_of_its_own_class_in_hdf5(run, tmp_path):
    class Own(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    model, x = Own(name="mine"), np.ones((1, 3), "float32")
    y = model(x)
    model.save(tmp_path / "model.h5")
    assert (
        "Keras 3.15 can read it: no: layers of Own have no weights before it is called"
        in run("inspect", tmp_path / "model.h5")[1]
    )
    with pytest.raises(ValueError, match="Layers of 'mine', of class Own, have no weights before it is called"):
        k.models.load_model(tmp_path / "model.h5", custom_objects={"Own": Own})
    again = Own()
    again(x)
    again.load_weights(tmp_path / "model.h5")
    np.testing.assert_array_equal(again(x), y)


def test_inspect_an_argument_that_went(run, tmp_path):
    path = tmp_path / "model.keras"
    k.Sequential([k.Input((4, 4, 3)), layers.RandomRotation(0.1)]).save(path)
    edit(path, lambda config: config["config"]["layers"][1]["config"].update(value_range=[0, 255]))
    lines = run("inspect", path)[1].splitlines()
    assert "Keras 3.0 can read it: yes" in lines
    assert "Keras 3.15 can read it: no: RandomRotation: value_range=[0, 255], but it has no such argument" in lines


@pytest.mark.parametrize(
    "name, reason",
    [
        ("keras1.2.2_stack_th", "arguments have the names of Keras 1, as `nb_filter`, which later versions do not know"),
        ("keras2.2.4_stack_th", "Conv2D has `batch_input_shape`, and no InputLayer before it"),
    ],
)
def test_inspect_files_that_are_too_old_for_keras_3(run, keras, tmp_path, name, reason):
    path = tmp_path / "old.h5"
    path.write_bytes(gzip.decompress((FILES / "older" / f"{name}.h5.gz").read_bytes()))
    (line,) = (line for line in run("inspect", path)[1].splitlines() if line.startswith("Keras 3.15 can read it: no: "))
    assert reason in line
    with pytest.raises((TypeError, ValueError)):
        keras.models.load_model(path, compile=False)


def test_inspect_a_function_that_changed(run, tmp_path):
    model = k.Sequential([k.Input((3,)), layers.Dense(2, activation="hard_sigmoid_of_keras2")])
    for file_format, verdict in (("keras2", "no: the activation 'hard_sigmoid' is another function there"), ("keras3", "yes")):
        model.save(tmp_path / "model.h5", format=file_format)
        lines = run("inspect", tmp_path / "model.h5")[1].splitlines()
        assert any(line.startswith(f"Keras 3.15 can read it: {verdict}") for line in lines)
    model.save(tmp_path / "model.h5", format="convlayers")
    assert "no: Dense: its activation is the `hard_sigmoid` of Keras 1 and 2" in run("inspect", tmp_path / "model.h5")[1]


@pytest.mark.parametrize(
    "encoding, error",
    [
        (
            {"class_name": "Sequential", "config": {"layers": {"class_name": "Dense"}}},
            "The model could not be made: its config is damaged, or a class in it reads it in a wrong way. KeyError: 0",
        ),
        (
            {"class_name": "__tensor__", "config": {"value": 0.0}},
            "There is no model in the file, but an object of <class 'float'>.",
        ),
    ],
)
def test_inspect_a_damaged_file_of_keras_2(run, tmp_path, encoding, error):
    with h5py.File(tmp_path / "model.h5", "w") as raw:
        raw.attrs["keras_version"] = "2.15.0"
        raw.attrs["model_config"] = json.dumps(encoding)
    code, _, err = run("inspect", tmp_path / "model.h5")
    assert code == BAD_FILE
    assert err == f"error: {error}\n"


def test_inspect_a_loss_that_keras_does_not_find_in_hdf5_files(run, keras, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(loss="mse")
    model.save(tmp_path / "model.h5")
    assert (
        "Keras 3.15 can read it: no: the loss 'mse' has another name in .h5 files" in run("inspect", tmp_path / "model.h5")[1]
    )
    with pytest.raises(ValueError, match="mse"):
        keras.models.load_model(tmp_path / "model.h5")
    keras.models.load_model(tmp_path / "model.h5", compile=False).save(tmp_path / "model.h5")
    assert "Keras 3.15 can read it: yes" in run("inspect", tmp_path / "model.h5")[1]


def test_inspect_old_hdf5_files(run, tmp_path):
    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 2, "batch_input_shape": [None, 3]}}
    config = {"class_name": "Sequential", "config": {"name": "old", "layers": [layer]}}
    with h5py.File(tmp_path / "old.h5", "w") as raw:
        raw.attrs["keras_version"] = b"2.3.1"
        raw.attrs["backend"] = b"tensorflow"
        raw.attrs["model_config"] = json.dumps(config).encode()
        raw.attrs["training_config"] = json.dumps({"optimizer_config": {"class_name": "Adam", "config": {}}})
        raw["model_weights/dense/dense/kernel:0"] = np.ones((3, 2), "float32")
    code, out, _ = run("inspect", tmp_path / "old.h5")
    assert code == 0
    for line in (
        "written by: Keras 2.3.1",
        "backend:    tensorflow",
        "optimizer:  Adam",
        "arrays:     1, with 6 numbers in layers",
    ):
        assert line in out
    assert "Keras 2.15 can read it: yes" in out
    with h5py.File(tmp_path / "weights.h5", "w") as raw:
        raw.attrs["layer_names"] = [b"dense"]
    assert "weights, HDF5 of Keras 1 and 2" in run("inspect", tmp_path / "weights.h5")[1]


def test_a_layer_in_several_models(run, keras, tmp_path):
    """Keras does not read such files of its own, but those that are written here."""
    for library in (k, keras):
        shared, x = library.layers.Dense(3, name="shared"), library.Input((3,))
        models = []
        for name in ("one", "other"):
            y = library.Input((3,))
            models.append(library.Model(y, shared(library.layers.Dense(3)(y)), name=name))
        library.Model(x, library.layers.Add()([model(x) for model in models])).save(tmp_path / "model.keras")
        _, out, _ = run("inspect", tmp_path / "model.keras")
        answers = {reader: f"Keras {reader} can read it: yes" in out for reader in ("3.0", "3.15")}
        assert answers == ({"3.0": True, "3.15": True} if library is k else {"3.0": False, "3.15": False})
        assert ("layers that are in several models have their weights there once" in out) == (library is keras)
        if library is k:
            assert len(keras.models.load_model(tmp_path / "model.keras").weights) == 6
        else:
            with pytest.raises(ValueError, match="could not be loaded"):
                keras.models.load_model(tmp_path / "model.keras")
