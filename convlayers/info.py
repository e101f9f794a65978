"""What this installation of convlayers is, and what it makes of this machine."""

import platform

import numpy as np

import convlayers
from convlayers import _native


def info():
    """Versions, the instruction set in use, and threads.

    Returns:
        dict with the keys `"version"`, `"python"`, `"numpy"` (str), `"instruction_set"` (str: the one in use),
        `"instruction_sets"` (list of str: those that are compiled), `"cpu_features"` (list of str), `"openmp"` (bool:
        kernels are compiled with it), `"threads"` (int: how many a large call uses now).

    Example:

    >>> info()["instruction_set"]
    'x86_64_v3'
    """
    return {
        "version": convlayers.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "instruction_set": _native.isa,
        "instruction_sets": list(_native.built),
        "cpu_features": sorted(_native.cpu.features()),
        "openmp": _native.runtime.openmp,
        "threads": _native.runtime.threads(),
    }


def format_info():
    """`info()` as text, one fact on a line.

    Returns:
        str.
    """
    facts = info()
    lines = {
        "convlayers": facts["version"],
        "Python": facts["python"],
        "NumPy": facts["numpy"],
        "instruction set": f"{facts['instruction_set']} (compiled: {', '.join(facts['instruction_sets'])})",
        "threads": f"{facts['threads']} ({'with' if facts['openmp'] else 'without'} OpenMP)",
        "CPU": f"{platform.machine()} {' '.join(facts['cpu_features'])}".rstrip(),
    }
    return "\n".join(f"{name:16}{value}" for name, value in lines.items())


def add_arguments(parser):
    """Adds nothing: `python -m convlayers info` has no arguments."""


def main(options):
    """What `python -m convlayers info` does."""
    print(format_info())
    return 0
