"""Settings, and where they start from."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from convlayers import config

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    monkeypatch.setattr(config, "_settings", dict(config._settings))


def read_in_new_process(home, expression):
    """Returns what an expression of `config` prints, or the last line of the error, with settings from a folder."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from convlayers import config; print({expression})"
    environment = {"KERAS_HOME": str(home), "PATH": ""}
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else result.stderr


def test_defaults_are_those_of_keras(tmp_path):
    found = read_in_new_process(tmp_path, "config.floatx(), config.epsilon(), config.image_data_format()")
    assert found == "float32 1e-07 channels_last"


def test_settings_are_read_from_the_file_of_keras(tmp_path):
    settings = {"floatx": "float64", "epsilon": 1e-5, "image_data_format": "channels_first", "backend": "tensorflow"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    found = read_in_new_process(tmp_path, "config.floatx(), config.epsilon(), config.image_data_format()")
    assert found == "float64 1e-05 channels_first"


def test_nothing_is_written(tmp_path):
    home = tmp_path / "keras"
    assert read_in_new_process(home, "config.floatx()") == "float32"
    assert not home.exists()


@pytest.mark.parametrize("text", ["", "{", "not json", "[]", "3"])
def test_a_file_that_is_not_json_is_ignored(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    assert read_in_new_process(tmp_path, "config.floatx()") == "float32"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"floatx": "float8"}, "Invalid `floatx` configuration."),
        ({"epsilon": "small"}, "Invalid `epsilon` configuration. Expected a float. Received: epsilon=small"),
        ({"image_data_format": "NHWC"}, "Invalid `image_data_format` configuration."),
    ],
)
def test_a_wrong_setting_in_the_file_is_an_error_that_names_the_file(tmp_path, setting, message):
    path = tmp_path / "keras.json"
    path.write_text(json.dumps(setting))
    error = read_in_new_process(tmp_path, "config.floatx()")
    assert f"ValueError: {message}" in error
    assert str(path) in error


def test_floatx():
    config.set_floatx("float64")
    assert config.floatx() == "float64"
    with pytest.raises(ValueError, match="Unknown `floatx` value: float8"):
        config.set_floatx("float8")
    assert config.floatx() == "float64"


def test_epsilon():
    config.set_epsilon(1e-3)
    assert config.epsilon() == 1e-3


def test_image_data_format():
    config.set_image_data_format("Channels_First")
    assert config.image_data_format() == "channels_first"
    assert config.standardize_data_format(None) == "channels_first"
    assert config.standardize_data_format("channels_LAST") == "channels_last"


def test_data_format_error_is_that_of_keras(keras):
    with pytest.raises(ValueError) as theirs:
        keras.config.set_image_data_format("NCHW")
    for function in (config.set_image_data_format, config.standardize_data_format):
        with pytest.raises(ValueError) as ours:
            function("NCHW")
        assert str(ours.value).splitlines()[0] == str(theirs.value)


def test_winograd():
    config.set_winograd(0)
    assert config.winograd() is False
    config.set_winograd(True)
    assert config.winograd() is True


def test_keras_home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert config.keras_home() == str(tmp_path)
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.keras_home() == str(tmp_path / ".keras")
    monkeypatch.setenv("HOME", "/nowhere")
    assert config.keras_home() == "/tmp/.keras"


def test_limits_of_quick_trials():
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (None, None)
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (2, 3)
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(0)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (None, None)


def test_limits_come_from_the_environment():
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from convlayers import config; "
    program += "print(config.max_epochs(), config.max_steps_per_epoch())"
    environment = {"KERAS_MAX_EPOCHS": "4", "KERAS_MAX_STEPS_PER_EPOCH": "5", "PATH": ""}
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert result.stdout == "4 5\n"


def test_switches():
    for name in ("interactive_logging", "traceback_filtering"):
        assert getattr(config, f"is_{name}_enabled")()
        getattr(config, f"disable_{name}")()
        assert not getattr(config, f"is_{name}_enabled")()
        getattr(config, f"enable_{name}")()
        assert getattr(config, f"is_{name}_enabled")()


def test_there_is_one_backend():
    config.set_backend("numpy")
    with pytest.raises(ValueError, match=r"^Available backends are \('numpy',\). Received: backend=jax"):
        config.set_backend("jax")
    assert config.backend() == "numpy"
    assert not config.is_nnx_enabled()
