import os

import pytest

import convlayers
from tests.callbacks.either_package import Library


@pytest.fixture(scope="session")
def libraries(keras):
    """convlayers and Keras, in this order."""
    return Library(convlayers), Library(keras)


def in_both(libraries, tmp_path, monkeypatch, capsys, run):
    """Returns what `run(library)` returns and prints, in a new folder for each library, and the files it leaves there."""
    results = []
    for name, library in zip(("ours", "keras"), libraries, strict=True):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        result = run(library)
        files = sorted(os.path.join(folder, file) for folder, _, files in os.walk(".") for file in files)
        results.append((result, capsys.readouterr().out, files))
    return results


@pytest.fixture
def same(libraries, tmp_path, monkeypatch, capsys):
    """Runs a function of a library with both, and compares. Returns what it returned, what it printed, and the files."""

    def compare(run):
        ours, theirs = in_both(libraries, tmp_path, monkeypatch, capsys, run)
        assert ours == theirs
        return ours

    return compare
