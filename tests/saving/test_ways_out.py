"""Files that lead to other files. None of these may be read or written."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers.saving import hdf5
from tests.saving.attack_files import (
    config_of_model,
    keras_file,
    model,
    refused,
    sequential,
    weights,
)

pytestmark = pytest.mark.usefixtures("everything_imported")


@pytest.mark.parametrize("kind", ["soft", "external"])
def test_links_in_hdf5(tmp_path, kind):
    with h5py.File(tmp_path / "secret.h5", "w") as raw:
        raw["secret"] = np.ones((4, 3), "float32")
    link = h5py.SoftLink("/secret") if kind == "soft" else h5py.ExternalLink(str(tmp_path / "secret.h5"), "/secret")

    content = weights(lambda group: group.__setitem__("0", link))
    refused(keras_file(tmp_path / "model.keras", config_of_model(), content), "Not allowed: H5 file with .*Link")


def test_a_group_that_lies_in_itself(tmp_path):
    file = io.BytesIO(weights(lambda group: group.__setitem__("loop", group)))
    with hdf5.open_file(file, "loop.h5") as reader:
        assert [path for path, *_ in reader.walk()] == ["/layers/dense/vars/1"]


def test_two_members_of_one_name(tmp_path):
    path = keras_file(tmp_path / "model.keras", config_of_model())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", json.dumps(sequential()))
    refused(path, "has 'config.json' 2 times")


def test_paths_out_of_the_archive_lead_nowhere(tmp_path):
    outside = tmp_path / "outside.txt"
    path = keras_file(tmp_path / "model.keras", config_of_model())
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../outside.txt", str(outside), "..\\outside.txt", "assets/../../outside.txt"):
            archive.writestr(name, "out")
    k.models.load_model(path)
    assert not outside.exists()
    assert not (tmp_path.parent / "outside.txt").exists()


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_links_in_a_folder(tmp_path, member):
    folder = tmp_path / "model"
    model().save(folder, zipped=False)
    (folder / member).rename(tmp_path / member)
    (folder / member).symlink_to(tmp_path / member)
    refused(folder, f"Not allowed: '{member}' of .* is a link")


def test_shards_outside_of_the_folder(tmp_path):
    model().save_weights(tmp_path / "secret.weights.h5")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("../secret.weights.h5", str(tmp_path / "secret.weights.h5")):
        (folder / "model.weights.json").write_text(json.dumps({"weight_map": {"/layers/dense/vars": name}}))
        with pytest.raises(ValueError, match="it has no '.*secret.weights.h5'"):
            model().load_weights(folder / "model.weights.json")
