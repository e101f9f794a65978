"""`python -m convlayers inspect`, `summary`, `convert` and `predict`."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.__main__ import main
from convlayers.commands.errors import BAD_FILE, WRONG_USAGE
from convlayers.commands.predict import describe

FILES = Path(__file__).parents[1] / "saving" / "files"
COMMANDS = ("inspect", "summary", "convert", "predict")


@pytest.fixture
def filepath(tmp_path):
    """The file of a model that tells the mean of each channel."""
    model = k.Sequential([k.Input((4, 6, 3)), layers.GlobalAveragePooling2D(name="mean")], name="means")
    model.compile("sgd", "mse")
    model.save(tmp_path / "means.keras")
    return str(tmp_path / "means.keras")


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def image(path, color, size=(12, 8), mode="RGB"):
    Image = pytest.importorskip("PIL.Image")
    Image.new(mode, size, color).save(path)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_wrong_usage(command, capsys):
    for arguments, code in (
        ([command, "--help"], 0),
        ([command], WRONG_USAGE),
        ([command, "a", "b", "--no-such"], WRONG_USAGE),
    ):
        with pytest.raises(SystemExit) as exit:
            main(arguments)
        assert exit.value.code == code
    assert f"python -m convlayers {command}" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_bad_files_are_named_in_one_line(command, run, tmp_path, filepath):
    (tmp_path / "bad.keras").write_bytes(b"nonsense")
    more = {"convert": [tmp_path / "out.keras"], "predict": [tmp_path / "x.npy"]}.get(command, [])
    for name in ("bad.keras", "missing.keras"):
        code, out, err = run(command, tmp_path / name, *more)
        assert (code, out) == (BAD_FILE, "")
        assert err.startswith("error: ") and name in err and err.count("\n") == 1
    assert not (tmp_path / "out.keras").exists()


COMMANDS_ON_ONE_FILE = ("inspect", "summary")


@pytest.mark.parametrize("command", COMMANDS_ON_ONE_FILE)
@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b"", "an empty file. Copy or download it again"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"\x80\x04\x95", "a pickle. Pickles can run any code, and are not read"),
        (b"PK\x03\x04", "a zip archive, or the beginning of one. If it should be a model, it was cut off"),
        (b'{"class_name": 1}', "JSON, maybe an architecture alone. In a script, `models.model_from_json`"),
        (b"nonsense", "a file that begins with b'nonsense'"),
    ],
)
def test_files_of_other_kinds(command, run, tmp_path, content, received):
    (tmp_path / "model.keras").write_bytes(content)
    code, out, err = run(command, tmp_path / "model.keras")
    assert (code, out) == (BAD_FILE, "")
    assert "Expected: a .keras or .h5 file of a model. Received: " + received in err


@pytest.mark.parametrize("command", COMMANDS_ON_ONE_FILE)
def test_folders_pipes_and_files_that_may_not_be_read(command, run, tmp_path, filepath, monkeypatch):
    (tmp_path / "folder").mkdir()
    assert "a folder without the config.json" in run(command, tmp_path / "folder")[2]
    (tmp_path / "folder" / "saved_model.pb").touch()
    assert "a SavedModel folder of TensorFlow" in run(command, tmp_path / "folder")[2]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "is a device or a pipe" in run(command, tmp_path / "pipe")[2]
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, out, err = run(command, filepath)
    assert (code, out, err) == (
        BAD_FILE,
        "",
        f"error: There is no permission to read {filepath}. Its owner can give it: chmod +r {filepath}\n",
    )


@pytest.mark.parametrize("command", ["summary", "convert"])
def test_what_is_unknown_is_named_with_its_place(command, run, tmp_path, filepath):
    path = tmp_path / "other.keras"
    with zipfile.ZipFile(filepath) as archive, zipfile.ZipFile(path, "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(name, content.replace(b"GlobalAveragePooling2D", b"MyPooling") if name == "config.json" else content)
    code, out, err = run(command, path, *([tmp_path / "out.keras"] if command == "convert" else []))
    assert (code, out, err.count("\n")) == (BAD_FILE, "", 1)
    assert err.startswith("error: Could not locate class 'MyPooling'.")
    assert "`custom_objects={'MyPooling': MyPooling}`" in err and "This is layer 'mean' (layers[1])." in err


def test_the_version(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out == f"convlayers {k.__version__}\n"


def test_as_a_process(filepath):
    done = subprocess.run([sys.executable, "-m", "convlayers", "summary", filepath], capture_output=True, text=True)
    assert done.returncode == 0
    assert "means" in done.stdout and "GlobalAveragePooling2D" in done.stdout
    done = subprocess.run([sys.executable, "-m", "convlayers", "inspect", "missing"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (BAD_FILE, "")
    assert done.stderr == "error: There is no file missing.\n"


# inspect -----------------------------------------------------------------------------------------------------------------


def test_inspect_a_file_of_keras_3(run):
    code, out, err = run("inspect", FILES / "keras3_seq.keras")
    assert (code, err) == (0, "")
    lines = {line.split(":")[0]: line.split(":", 1)[1].strip() for line in out.splitlines() if ":" in line}
    assert lines["kind"] == "model, .keras archive"
    assert lines["written by"] == "Keras 3.15.1"
    assert lines["model"] == "Sequential, 'sequential'"
    assert lines["optimizer"] == "Adam"
    assert lines["arrays"] == "28, with 327 numbers in layers"
    assert lines["unknown classes"] == "none"
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
    assert "unknown classes: Magic?[31m" in out
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


@pytest.mark.parametrize(
    "make, file_format, reader, verdict",
    [
        (functional, "convlayers", "3.15", "no: MaxPooling2D: ceil_mode=True, but its pooling takes no windows"),
        (functional, "convlayers", "2.15", "no: MaxPooling2D: ceil_mode=True, but its pooling takes no windows"),
        (with_newer_things, "keras3", "3.0", "no: the activation 'celu' came later; the class RMSNormalization came later"),
        (with_an_op, "keras3", "3.0", "yes"),
        (with_an_op, "keras3.11", "3.0", "no: Max has `name`, which came later"),
        (with_newer_things, "keras3", "3.15", "yes"),
        (in_turns, "keras3", "3.0", "no: layers are called in turns, several times each"),
        (in_a_stack, "keras3", "3.0", "no: a functional model has a single input or output in the form of Keras 3.11"),
        (in_a_stack, "keras3", "3.15", "yes"),
        (trained("nadam"), "keras3", "3.0", "no: what the optimizer remembers is in another order since Keras 3.10"),
        (trained("adam"), "keras3", "3.0", "yes"),
        (
            trained(k.optimizers.SGD(use_ema=True, gradient_accumulation_steps=2)),
            "keras3",
            "3.0",
            "no: what the optimizer remembers is in another order since Keras 3.10",
        ),
        (at_the_end, "keras3", "3.0", "no: an output of a functional model is that of a functional model in it"),
    ],
)
def test_inspect_says_who_can_read_a_file(run, tmp_path, make, file_format, reader, verdict):
    make().save(tmp_path / "model.keras", format=file_format)
    lines = run("inspect", tmp_path / "model.keras")[1].splitlines()
    (line,) = (line for line in lines if line.startswith(f"Keras {reader} can read it"))
    assert verdict in line


def test_inspect_an_argument_that_went(run, tmp_path):
    path = tmp_path / "model.keras"
    k.Sequential([k.Input((4, 4, 3)), layers.RandomRotation(0.1)]).save(path)
    edit(path, lambda config: config["config"]["layers"][1]["config"].update(value_range=[0, 255]))
    lines = run("inspect", path)[1].splitlines()
    assert "Keras 3.0 can read it: yes" in lines
    assert "Keras 3.15 can read it: no: RandomRotation: value_range=[0, 255], but it has no such argument" in lines


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


# convert -----------------------------------------------------------------------------------------------------------------


def test_convert_to_an_archive_and_to_weights(run, tmp_path):
    expected = np.load(FILES / "keras3_seq.npz")
    code, out, err = run("convert", FILES / "keras3_seq.keras", tmp_path / "new.keras")
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path / 'new.keras'}: ") and out.endswith("bytes, keras3\n")
    predicted = k.models.load_model(tmp_path / "new.keras").predict(expected["x"], verbose=0)
    np.testing.assert_allclose(predicted, expected["y"], atol=1e-6)
    assert run("convert", tmp_path / "new.keras", tmp_path / "new.weights.h5")[0] == 0
    with h5py.File(tmp_path / "new.weights.h5") as raw:
        assert raw["layers/dense/vars/0"].shape == (16, 3)


@pytest.mark.parametrize(
    "name, file_format",
    [("m.h5", "keras3"), ("m.keras", "keras3"), ("m.keras", "keras3.11"), ("m.h5", "keras2"), ("m.keras", "keras2")],
)
def test_convert_for_other_versions(run, tmp_path, name, file_format):
    expected = np.load(FILES / "keras3_seq.npz")
    code, _, err = run("convert", FILES / "keras3_seq.keras", tmp_path / name, "--format", file_format)
    assert (code, err) == (0, "")
    predicted = k.models.load_model(tmp_path / name).predict(expected["x"], verbose=0)
    np.testing.assert_allclose(predicted, expected["y"], atol=1e-6)
    verdicts = [line for line in run("inspect", tmp_path / name)[1].splitlines() if "can read it" in line]
    reader = {"keras3": "3.0", "keras3.11": "3.15", "keras2": "2.15"}[file_format]
    assert f"Keras {reader} can read it: yes" in verdicts


def test_convert_to_a_folder(run, tmp_path, filepath):
    (tmp_path / "folder.keras").mkdir()
    for more in ((), ("--force",)):
        code, out, err = run("convert", filepath, tmp_path / "folder.keras", *more)
        assert (code, out) == (WRONG_USAGE, "")
        assert "Expected: OUT to be the name of a file." in err


def test_convert_checks_what_it_is_told(run, tmp_path, filepath):
    for arguments, message in (
        (["out.txt"], "error: Expected OUT to end in .keras or .h5 or .hdf5 for keras3. Received: out.txt"),
        (["out.h5", "--format", "weights"], "error: Expected OUT to end in .weights.h5 for weights. Received: out.h5"),
        ([filepath], "already. Pass --force to replace it."),
    ):
        code, _, err = run("convert", filepath, *arguments)
        assert code == WRONG_USAGE
        assert message in err
    assert run("convert", filepath, filepath, "--force")[0] == 0


# predict -----------------------------------------------------------------------------------------------------------------


def test_predict_resizes_images(run, tmp_path, filepath):
    paths = [image(tmp_path / "red.png", (255, 0, 0)), image(tmp_path / "gray.bmp", 100, mode="L")]
    code, out, err = run("predict", filepath, *paths, "--scale", "0.5", "--top", "2")
    assert (code, err) == (0, "")
    rows = [line.split(maxsplit=1) for line in out.splitlines()]
    assert rows == [
        ["image", "prediction"],
        ["red.png", "class 0: 127.5, class 1: 0"],
        ["gray.bmp", "class 0: 50, class 1: 50"],
    ]


def test_predict_for_several_outputs(run, tmp_path):
    x = k.Input((4, 6, 3))
    k.Model(x, [layers.Flatten()(x), layers.GlobalMaxPooling2D()(x)]).save(tmp_path / "two.keras")
    np.save(tmp_path / "x.npy", np.zeros((4, 6, 3), "float32"))
    code, out, err = run("predict", tmp_path / "two.keras", tmp_path / "x.npy", "--top", "1")
    assert (code, err) == (0, "")
    assert [line.split(maxsplit=2) for line in out.splitlines()] == [
        ["image", "output", "prediction"],
        ["x.npy", "0", "class 0: 0"],
        ["x.npy", "1", "class 0: 0"],
    ]


def test_predict_tells_what_pixels_are(run, tmp_path, filepath):
    white = image(tmp_path / "white.png", (255, 255, 255))
    _, out, err = run("predict", filepath, white)
    assert "class 0: 255" in out and err.startswith("note: pixels go in as 0 to 255.")
    _, out, err = run("predict", filepath, white, "--scale", "1/255")
    assert "class 0: 1" in out and err == ""
    k.Sequential([k.Input((4, 6, 3)), layers.Rescaling(1 / 255), layers.GlobalMaxPooling2D()]).save(tmp_path / "own.keras")
    _, out, err = run("predict", tmp_path / "own.keras", white)
    assert "class 0: 1" in out and err == ""


@pytest.mark.parametrize("command", ["summary", "convert", "predict"])
def test_weights_alone(command, run, tmp_path, filepath):
    k.models.load_model(filepath).save_weights(tmp_path / "found.weights.h5")
    more = {"convert": [tmp_path / "out.keras"], "predict": [tmp_path / "x.npy"]}.get(command, [])
    code, out, err = run(command, tmp_path / "found.weights.h5", *more)
    assert (code, out) == (BAD_FILE, "")
    assert "There are weights in" in err and "`model.load_weights('found.weights.h5')`" in err


def test_predict_arrays(run, tmp_path, filepath):
    batch = np.zeros((2, 4, 6, 3), "float32")
    batch[1, ..., 2] = 7
    np.save(tmp_path / "batch.npy", batch)
    np.save(tmp_path / "one.npy", batch[1])
    code, out, _ = run("predict", filepath, tmp_path / "batch.npy", tmp_path / "one.npy")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["image", "batch.npy[0]", "batch.npy[1]", "one.npy"]
    assert out.count("class 2: 7, class 0: 0, class 1: 0") == 2


def test_predict_with_files_that_do_not_fit(run, tmp_path, filepath):
    np.save(tmp_path / "wrong.npy", np.zeros((4, 5, 3)))
    np.save(tmp_path / "pickled.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY nonsense")
    for name, message in (
        ("wrong.npy", "Expected an array of shape (4, 6, 3), or a batch of such"),
        ("pickled.npy", "Object arrays cannot be loaded when allow_pickle=False"),
        ("bad.npy", "error: "),
    ):
        code, out, err = run("predict", filepath, tmp_path / name)
        assert (code, out) == (BAD_FILE, "")
        assert message in err


def test_predict_with_images_that_cannot_be_read(run, tmp_path, filepath):
    pytest.importorskip("PIL")
    (tmp_path / "bad.png").write_bytes(b"nonsense")
    for name, message in (("bad.png", "cannot identify image file"), ("missing.png", "There is no file"), (".", "is a folder")):
        code, out, err = run("predict", filepath, tmp_path / name)
        assert (code, out) == (BAD_FILE, "")
        assert message in err


def test_predict_for_channels_first(run, tmp_path):
    model = k.Sequential([k.Input((3, 4, 6)), layers.GlobalAveragePooling2D(data_format="channels_first")])
    model.save(tmp_path / "first.keras")
    code, out, _ = run("predict", tmp_path / "first.keras", image(tmp_path / "green.png", (0, 255, 0)))
    assert code == 0
    assert "class 1: 255, class 0: 0, class 2: 0" in out


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ([0.1, 0.7, 0.2], "class 1: 0.7, class 2: 0.2"),
        ([0.25], "0.25"),
        (np.arange(6.0).reshape(2, 3), "shape (2, 3), 0 to 5, mean 2.5"),
    ],
)
def test_what_is_shown_of_an_output(output, text):
    assert describe(np.array(output), 2) == text


def test_tables_on_a_terminal(run, filepath, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, out, _ = run("inspect", filepath)
    assert code == 0
    assert "┃" in out
