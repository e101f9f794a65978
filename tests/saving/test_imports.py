"""What takes long to import is imported when a file is touched."""

import subprocess
import sys

import pytest

SLOW = ("h5py", "zipfile", "convlayers.saving.hdf5", "convlayers.saving.archive")


def imported(code):
    """Returns which of the slow modules a program imports."""
    check = f"import sys; print([name for name in {SLOW} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", f"{code}\n{check}"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import convlayers.saving, convlayers.models",
        "from convlayers.saving import load_model, save_model, load_weights, save_weights, register_keras_serializable",
        "import convlayers as k\nmodel = k.Sequential([k.Input((4,)), k.layers.Dense(2)])\nmodel.to_json()",
    ],
)
def test_nothing_slow_is_imported_before_a_file_is_touched(code):
    assert imported(code) == "[]"


def test_saving_imports_it(tmp_path):
    path = str(tmp_path / "model.keras")
    code = f"import convlayers as k\nk.Sequential([k.Input((4,)), k.layers.Dense(2)]).save({path!r})"
    assert imported(code) == str(list(SLOW))


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5"])
def test_files_of_keras_are_read_without_the_hdf5_library(tmp_path, name):
    path = str(tmp_path / name)
    make = "import convlayers as k\nmodel = k.Sequential([k.Input((4,)), k.layers.Dense(2)])"
    whole = not name.endswith(".weights.h5")
    subprocess.run([sys.executable, "-c", f"{make}\nmodel.{'save' if whole else 'save_weights'}({path!r})"], check=True)
    read = f"k.models.load_model({path!r})" if whole else f"model.load_weights({path!r})"
    assert "h5py" not in imported(f"{make}\n{read}")
