"""Fixtures of the tests of commands."""

import pytest

import convlayers as k
from convlayers import layers
from convlayers.__main__ import main


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
