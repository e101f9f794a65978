import os
import subprocess
import sys
from pathlib import Path

import pytest

import convlayers


@pytest.fixture
def python(tmp_path):
    """Runs code in a fresh Python with the given environment variables; variables that are None are removed."""

    def run(code, **variables):
        environment = {**os.environ, "PYTHONPATH": str(Path(convlayers.__file__).parents[1]), **variables}
        environment = {name: value for name, value in environment.items() if value is not None}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)

    return run
