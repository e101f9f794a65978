"""Packages whose parts are imported when they are asked for."""

import subprocess
import sys

import pytest

from convlayers import callbacks


def test_parts_are_there_and_listed():
    assert callbacks.EarlyStopping.__name__ == "EarlyStopping"
    assert "ModelCheckpoint" in dir(callbacks)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = callbacks.Nothing


def test_parts_that_nobody_asked_for_are_not_imported():
    program = (
        "import sys; from convlayers import models, callbacks; callbacks.CSVLogger; "
        "names = [n for n in sys.modules if n.startswith('convlayers.callbacks.')]; "
        "assert 'convlayers.callbacks.csv_logger' in names; "
        "assert 'convlayers.callbacks.model_checkpoint' not in names, names"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
