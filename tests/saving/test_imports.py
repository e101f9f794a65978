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
