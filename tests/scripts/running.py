"""Runs programs as `python -m convlayers` does."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def python(*arguments, cwd, data=False, **kwargs):
    """Runs Python, and returns what `subprocess.run` does.

    Args:
        arguments: what follows `python` on the command line.
        cwd: the folder that it runs in.
        data: whether data sets are there without a network, and installed peers are forbidden.
    """
    path = [*([str(HERE / "site")] if data else []), str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, **kwargs
    )


def run_code(code, cwd, **kwargs):
    """Writes code to a file, runs it, and returns what it printed. It must end well."""
    path = Path(cwd) / "script.py"
    path.write_text(code)
    result = python("-m", "convlayers", "script.py", cwd=cwd, data=True, **kwargs)
    assert result.returncode == 0, result.stdout + result.stderr
    return result
