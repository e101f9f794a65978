"""What `inspect`, `summary`, `convert` and `predict` have in common: how they are called, and files that are none."""

import os
import subprocess
import sys
import zipfile

import pytest

import convlayers as k
from convlayers.__main__ import main
from convlayers.commands.errors import BAD_FILE, WRONG_USAGE

COMMANDS = ("inspect", "summary", "convert", "predict")


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


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_who_has_seen_enough_gets_no_error(filepath):
    end, beginning = os.pipe()
    os.close(end)
    command = [sys.executable, "-m", "convlayers", "inspect", filepath]
    result = subprocess.run(command, stdout=beginning, stderr=subprocess.PIPE, text=True)
    os.close(beginning)
    assert (result.returncode, result.stderr) == (0, "")


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


@pytest.mark.parametrize("command", ["summary", "convert", "predict"])
def test_weights_alone(command, run, tmp_path, filepath):
    k.models.load_model(filepath).save_weights(tmp_path / "found.weights.h5")
    more = {"convert": [tmp_path / "out.keras"], "predict": [tmp_path / "x.npy"]}.get(command, [])
    code, out, err = run(command, tmp_path / "found.weights.h5", *more)
    assert (code, out) == (BAD_FILE, "")
    assert "There are weights in" in err and "`model.load_weights('found.weights.h5')`" in err


def test_tables_on_a_terminal(run, filepath, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, out, _ = run("inspect", filepath)
    assert code == 0
    assert "┃" in out
