"""`python -m convlayers convert`."""

from pathlib import Path

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers.commands.errors import WRONG_USAGE

FILES = Path(__file__).parents[1] / "saving" / "files"


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
