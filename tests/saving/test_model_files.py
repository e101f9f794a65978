"""The `.keras` file: its members, how it takes its place, and what is said about those that are no models."""

import builtins
import io
import json
import os
import threading
import warnings
import zipfile

import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving import limits


def small(value=7.0):
    model = k.Sequential([k.Input((4,)), layers.Dense(3, name="first"), layers.BatchNormalization()], name="small")
    model.set_weights([np.full(weight.shape, value, weight.dtype) for weight in model.weights])
    return model


@pytest.fixture
def filepath(tmp_path):
    """The file of a model, all of whose weights are 7."""
    path = tmp_path / "model.keras"
    small().save(path)
    return path


def rewrite(filepath, compression=zipfile.ZIP_STORED, **changes):
    """Changes members of an archive by functions of their content; None leaves one out."""
    with zipfile.ZipFile(filepath) as old:
        members = {name: old.read(name) for name in old.namelist()}
    for name, change in changes.items():
        members[name] = change(members.get(name, b"")) if change else None
    with zipfile.ZipFile(filepath, "w", compression) as new:
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content)


def changed_config(filepath, change):
    def edit(content):
        config = json.loads(content)
        change(config)
        return json.dumps(config).encode()

    rewrite(filepath, **{"config.json": edit})


# Writing ----------------------------------------------------------------------------------------------------------------


def test_the_file_is_a_zip_archive_that_is_not_compressed(filepath):
    with zipfile.ZipFile(filepath) as members:
        assert members.testzip() is None
        assert members.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert {info.compress_type for info in members.infolist()} == {zipfile.ZIP_STORED}
        assert json.loads(members.read("metadata.json"))["keras_version"] == "3.10.0"


def test_only_the_endings_that_are_known(tmp_path):
    model = small()
    for name in ("model.h6", "model", "model.keras.zip"):
        with pytest.raises(ValueError, match="Invalid filepath extension for saving. Please add either a `.keras` extension"):
            model.save(tmp_path / name)
    with pytest.raises(ValueError, match="When using `zipped=False`, the `filepath` argument should not end in `.keras`"):
        model.save(tmp_path / "model.keras", zipped=False)
    with pytest.raises(ValueError, match=r"The following argument\(s\) are not supported: \['save_fromat'\]"):
        model.save(tmp_path / "model.keras", save_fromat="keras")
    assert not list(tmp_path.iterdir())


def test_arguments_of_keras_2(tmp_path):
    with pytest.raises(ValueError, match="The `save_format` argument is deprecated in Keras 3. Please remove this argument"):
        small().save(tmp_path / "model", save_format="tf")
    with pytest.warns(UserWarning, match="The `save_format` argument is deprecated in Keras 3") as warned:
        small().save(tmp_path / "model.keras", save_format="keras", include_optimizer=False)
    assert warned[0].filename == __file__
    assert k.models.load_model(tmp_path / "model.keras").name == "small"


def test_files_that_are_open(tmp_path):
    model = small()
    model.save(tmp_path / "model.h5")
    in_memory = io.BytesIO()
    model.save(in_memory)
    in_memory.seek(0)
    with open(tmp_path / "model.h5", "rb") as opened:
        for file in (in_memory, opened):
            for one, other in zip(k.models.load_model(file).get_weights(), model.get_weights(), strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_file_that_is_open_at_its_end():
    in_memory = io.BytesIO()
    small().save(in_memory)
    with pytest.raises(ValueError, match=r"nothing left to read. `file.seek\(0\)`"):
        k.models.load_model(in_memory)


def test_a_failure_leaves_the_old_file_and_no_other(filepath, monkeypatch):
    before = filepath.read_bytes()
    real_open = builtins.open

    class FullDisk:
        def __init__(self, file):
            self._file, self._left = file, 1000

        def __getattr__(self, name):
            return getattr(self._file, name)

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            self._file.close()

        def write(self, content):
            self._left -= len(content)
            if self._left < 0:
                raise OSError(28, "No space left on device")
            return self._file.write(content)

    def open_on_full_disk(path, mode="r", *args, **kwargs):
        file = real_open(path, mode, *args, **kwargs)
        return FullDisk(file) if "w" in mode else file

    weights = filepath.parent / "model.weights.h5"
    small().save_weights(weights)
    weights_before = weights.read_bytes()
    monkeypatch.setattr(builtins, "open", open_on_full_disk)
    with pytest.raises(OSError, match="No space left on device"):
        small(value=8).save(filepath)
    with pytest.raises(OSError, match="No space left on device"):
        small(value=8).save(filepath.parent / "folder", zipped=False)
    with pytest.raises(OSError, match="No space left on device"):
        small(value=8).save_weights(weights)
    monkeypatch.undo()
    assert filepath.read_bytes() == before
    assert weights.read_bytes() == weights_before
    assert {path.name for path in filepath.parent.iterdir()} == {"model.keras", "model.weights.h5", "folder"}
    assert not list((filepath.parent / "folder").iterdir())


def test_what_cannot_be_written_leaves_the_old_file(filepath):
    before = filepath.read_bytes()

    class Odd(layers.ReLU):
        def get_config(self):
            return {**super().get_config(), "odd": object()}

    model = k.Sequential([k.Input((4,)), Odd()])
    with pytest.raises(TypeError, match="Cannot serialize object"):
        model.save(filepath)
    assert filepath.read_bytes() == before
    assert list(filepath.parent.iterdir()) == [filepath]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder '.*missing' to write model.keras to"):
        small().save(tmp_path / "missing" / "model.keras")
    small().save(tmp_path / "new" / "folders" / "model.h5")
    assert (tmp_path / "new" / "folders" / "model.h5").exists()


def test_the_user_is_asked_before_a_file_is_replaced(filepath, monkeypatch, capsys):
    answers = iter(["n", "what?", "y"])
    questions = []

    def answer(question):
        questions.append(question)
        return next(answers)

    monkeypatch.setattr(builtins, "input", answer)
    before = filepath.read_bytes()
    small(value=8).save(filepath, overwrite=False)
    assert filepath.read_bytes() == before
    small(value=8).save(filepath, overwrite=False)
    assert filepath.read_bytes() != before
    assert questions[0] == f"[WARNING] {filepath} already exists - overwrite? [y/n]"
    assert questions[2] == 'Enter "y" (overwrite) or "n" (cancel).'
    assert "[TIP] Next time specify overwrite=True!" in capsys.readouterr().out


def test_rights_and_links_stay(filepath, tmp_path):
    filepath.chmod(0o640)
    link = tmp_path / "link.keras"
    link.symlink_to(filepath)
    before = filepath.read_bytes()
    small(value=8).save(link)
    assert link.is_symlink()
    assert filepath.read_bytes() != before
    assert filepath.stat().st_mode & 0o777 == 0o640


def test_several_threads_may_save_to_one_file(filepath):
    threads = [threading.Thread(target=small(value=value).save, args=(filepath,)) for value in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(filepath.parent.iterdir()) == [filepath]
    kernel = k.models.load_model(filepath).layers[0].kernel.numpy()
    assert kernel.min() == kernel.max()


def test_the_working_folder_and_paths_of_all_kinds(filepath, monkeypatch):
    monkeypatch.chdir(filepath.parent)
    small().save("here.keras")
    for path in ("here.keras", filepath, str(filepath), os.path.relpath(filepath)):
        assert k.models.load_model(path).name == "small"


# Reading ----------------------------------------------------------------------------------------------------------------


def test_an_archive_that_somebody_compressed(filepath):
    rewrite(filepath, zipfile.ZIP_DEFLATED)
    assert (k.models.load_model(filepath).layers[0].kernel.numpy() == 7).all()
    model = small(value=1)
    model.load_weights(filepath)
    assert (model.layers[0].kernel.numpy() == 7).all()


def test_an_archive_with_more_members(filepath):
    rewrite(filepath, **{"assets/words.txt": lambda content: b"a b c"})
    assert k.models.load_model(filepath).name == "small"


def test_no_such_file(tmp_path):
    for name in ("missing.keras", "empty.keras", "text.keras"):
        path = tmp_path / name
        if name != "missing.keras":
            path.write_text("" if name == "empty.keras" else "no archive at all")
        with pytest.raises(ValueError, match="File not found: filepath=.* Please ensure the file is an accessible") as error:
            k.models.load_model(path)
        assert ("it is no zip archive" in str(error.value)) == path.exists()


@pytest.mark.parametrize("name", ["missing.h5", "missing.hdf5"])
def test_no_such_hdf5_file(keras, name):
    for library in (k, keras):
        with pytest.raises(FileNotFoundError, match="No such file or directory"):
            library.models.load_model(name)


@pytest.mark.parametrize("name", ["saved_model", "model.json"])
def test_other_formats(name):
    with pytest.raises(ValueError, match=f"File format not supported: filepath={name}. Keras 3 only supports V3 `.keras`"):
        k.models.load_model(name)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_a_member_is_missing(filepath, member):
    rewrite(filepath, **{member: None})
    with pytest.raises(ValueError, match=f"There is no model in .* it has no '{member}'. It has: "):
        k.models.load_model(filepath)


@pytest.mark.parametrize("folder", [True, False], ids=["folder", "file"])
@pytest.mark.parametrize("member, content", [("config.json", b"{"), ("model.weights.h5", b"nonsense" * 100)])
def test_members_that_are_nonsense(tmp_path, folder, member, content):
    path = tmp_path / ("model" if folder else "model.keras")
    small().save(path, zipped=not folder)
    if folder:
        (path / member).write_bytes(content)
    else:
        rewrite(path, **{member: lambda _: content})
    with pytest.raises(ValueError, match="damaged"):
        k.models.load_model(path)


def test_a_file_that_is_cut(filepath):
    content = filepath.read_bytes()
    for size in [*range(0, len(content), 211), len(content) - 1]:
        filepath.write_bytes(content[:size])
        with pytest.raises(ValueError, match="it is no zip archive, or not all of one"):
            k.models.load_model(filepath)


def test_files_with_random_damage_end_in_a_value_error_or_in_the_model(filepath):
    rng = np.random.default_rng(0)
    content = np.frombuffer(filepath.read_bytes(), "uint8")
    failures = 0
    for _ in range(300):
        damaged = content.copy()
        where = rng.integers(len(content), size=rng.integers(1, 20))
        damaged[where] ^= rng.integers(1, 256, size=len(where)).astype("uint8")
        filepath.write_bytes(damaged.tobytes())
        try:
            model = k.models.load_model(filepath)
        except ValueError:
            failures += 1
        else:  # in a date, for instance
            assert all((weight.numpy() == 7).all() for weight in model.weights)
    assert failures > 250


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(config=None),
        lambda config: config.pop("config"),
        lambda config: config.update(class_name=3),
        lambda config: config["config"].update(layers=[[]]),
        lambda config: config["config"].update(layers={}),
        lambda config: config["config"]["layers"][0].pop("class_name"),
        lambda config: config["config"]["layers"][1]["config"].update(units=10**14),
        lambda config: config["config"]["layers"][1]["config"].update(units=None),
        lambda config: config.update(class_name="Dense", module="keras.layers", config={"units": 2}),
    ],
)
def test_configs_that_describe_no_model(filepath, change):
    changed_config(filepath, change)
    with pytest.raises((ValueError, TypeError)):
        k.models.load_model(filepath)


def test_an_unknown_class_is_named_with_what_to_do(filepath):
    changed_config(filepath, lambda config: config["config"]["layers"][1].update(class_name="Densee"))
    with pytest.raises(TypeError, match="Could not locate class 'Densee'") as error:
        k.models.load_model(filepath)
    assert "Did you mean" in str(error.value)
    assert "custom_objects={'Densee': Densee}" in str(error.value)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"class_name": "MultiHeadAttention"}, "Attention is not part of convlayers, .*Or pass it when loading"),
        (
            {"config": {"units": 2, "dtype": {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {}}}},
            "Weights of 8 or 4 bits are not part of convlayers. .* saved before it was quantized is read.",
        ),
    ],
)
def test_what_is_left_out_is_named_with_its_place_and_a_way_out(filepath, change, message):
    changed_config(filepath, lambda config: config["config"]["layers"][1].update(change))
    with pytest.raises(TypeError, match=rf"(?s)Could not locate class .*{message}.*This is layer '\w+' \(layers\[1\]\)"):
        k.models.load_model(filepath)


def test_a_file_of_keras_2(filepath):
    rewrite(filepath, **{"metadata.json": lambda _: b'{"keras_version": "2.15.0"}'})
    changed_config(filepath, lambda config: config["config"]["layers"][1]["config"].update(batch_input_shape=[None, 4]))
    assert k.models.load_model(filepath).input_shape == (None, 4)


# Files that may harm -----------------------------------------------------------------------------------------------------


def test_a_member_that_unpacks_to_much_more_than_it_takes_up(filepath, monkeypatch):
    monkeypatch.setattr(limits, "LARGE", 1 << 20)
    for member in ("config.json", "model.weights.h5"):
        small().save(filepath)
        rewrite(filepath, zipfile.ZIP_DEFLATED, **{member: lambda content: content + bytes(2 << 20)})
        with pytest.raises(ValueError, match=f"Not allowed: '{member}' of .* declares"):
            k.models.load_model(filepath)


def test_members_that_lead_out_of_the_archive_are_not_unpacked(filepath):
    rewrite(filepath, **{"../../outside.txt": lambda content: b"harm", "/tmp/convlayers/outside.txt": lambda content: b"harm"})
    k.models.load_model(filepath)
    assert not list(filepath.parent.parent.rglob("outside.txt"))


@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_in_a_file_is_not_run(filepath, safe_mode):
    code = {"class_name": "__lambda__", "config": {"value": ["4wAAAAAAAAAA", None, None]}}
    changed_config(filepath, lambda config: config["config"]["layers"][1]["config"].update(activation=code))
    with pytest.raises(TypeError, match="Requested the deserialization of a Python lambda"):
        k.models.load_model(filepath, safe_mode=safe_mode)


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "convlayers.saving.files.replacing", "shutil.rmtree"])
def test_no_module_is_imported_because_a_file_names_it(filepath, name):
    module, _, function = name.rpartition(".")
    named = {"module": module, "class_name": "function", "config": function, "registered_name": function}
    changed_config(filepath, lambda config: config["config"]["layers"][1]["config"].update(activation=named))
    with pytest.raises((TypeError, ValueError), match=f"{function}"):
        k.models.load_model(filepath)


def test_nothing_is_said_when_all_goes_well(filepath):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        k.models.load_model(filepath).save(filepath)
