"""Weights in several HDF5 files, and in `.npz` files."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

import convlayers as k
from convlayers.saving import weight_stores


def small(library=k, value=0.0):
    model = library.Sequential([library.Input((4,)), library.layers.Dense(3), library.layers.Dense(2)], name="small")
    model.set_weights([np.full(weight.shape, value, "float32") for weight in model.get_weights()])
    return model


@pytest.fixture
def shards(keras, tmp_path):
    """Shards that Keras wrote, small enough that there is more than one."""
    rng = np.random.default_rng(0)
    model = small(keras)
    model.set_weights([rng.normal(size=weight.shape).astype("float32") for weight in model.get_weights()])
    model.save_weights(tmp_path / "some.weights.json", max_shard_size=80 / 2**30)
    assert len(list(tmp_path.glob("*.weights.h5"))) > 1
    return tmp_path / "some.weights.json", model.get_weights()


def test_shards(shards):
    path, weights = shards
    model = small()
    model.load_weights(path)
    for weight, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_shards_in_a_folder(shards, tmp_path):
    path, weights = shards
    folder = tmp_path / "model"
    small().save(folder, zipped=False)
    (folder / "model.weights.h5").unlink()
    for shard in tmp_path.glob("*.weights.h5"):
        shard.rename(folder / shard.name)
    path.rename(folder / weight_stores.SHARDED_WEIGHTS)
    for weight, expected in zip(k.models.load_model(folder).get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize("shard", ["../outside.weights.h5", "missing.weights.h5"])
def test_shards_elsewhere_are_not_opened(shards, shard):
    path, _ = shards
    config = json.loads(path.read_text())
    config["weight_map"] = dict.fromkeys(config["weight_map"], shard)
    path.write_text(json.dumps(config))
    (path.parent.parent / "outside.weights.h5").write_bytes(next(path.parent.glob("*.h5")).read_bytes())
    with pytest.raises(ValueError, match="it has no"):
        small().load_weights(path)


def with_npz(path, groups):
    small().save(path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    content = io.BytesIO()
    np.savez(content, **{key: np.array(group, dtype=object) for key, group in groups.items()})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", '{"keras_version": "3.0.0"}')
        archive.writestr("model.weights.npz", content.getvalue())


def test_npz(tmp_path):
    arrays = {"layers/dense": (4, 3), "layers/dense_1": (3, 2)}
    groups = {path: {"0": np.full(shape, 2.0, "f4"), "1": np.ones(shape[1], "f4")} for path, shape in arrays.items()}
    with_npz(tmp_path / "model.keras", groups)
    kernel, bias, *_ = k.models.load_model(tmp_path / "model.keras").get_weights()
    assert (kernel == 2).all() and (bias == 1).all()


class Harm:
    def __reduce__(self):
        return print, ("harm",)


def test_npz_with_a_program_in_it(tmp_path, capsys):
    with_npz(tmp_path / "model.keras", {"layers/dense": {"0": Harm()}})
    with pytest.raises((ValueError, pickle.UnpicklingError)):
        k.models.load_model(tmp_path / "model.keras")
    assert not capsys.readouterr().out
