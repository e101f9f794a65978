"""What tests of all folders have in common.

A test that asks for a peer that results are compared with is skipped where it is not installed.
"""

import ctypes
import gc
import importlib
import os
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from convlayers import _native, registry
from convlayers.utils import set_random_seed

_shared_generators = []  # those that tests of a module share, each with its state before the first of them


def pytest_collection_finish():
    # Tens of thousands of tests stay until the end. Who collects garbage, as `clear_session` does, need not look at them.
    gc.freeze()
    modules = [module for name, module in sys.modules.items() if name.startswith("tests.")]
    values = {id(value): value for module in modules for value in vars(module).values()}.values()
    generators = [value for value in values if isinstance(value, np.random.Generator)]
    _shared_generators[:] = [(generator, generator.bit_generator.state) for generator in generators]


@pytest.fixture(autouse=True)
def _seed():
    """Every test begins with the same random numbers, alone and among others."""
    set_random_seed(0)
    for generator, state in _shared_generators:
        generator.bit_generator.state = state


@pytest.fixture(scope="session")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    library = pytest.importorskip("keras")
    gc.freeze()
    return library


def _loaded_openmp():
    """The OpenMP libraries of this process: the kernels' own, that of a wheel or the system's, and perhaps that of a peer."""
    try:
        with open("/proc/self/maps") as file:
            paths = {line.split()[-1] for line in file if "libgomp" in line}
    except OSError:
        return []
    return [ctypes.CDLL(path) for path in sorted(paths)]


@pytest.fixture
def threads():
    """A context in which kernels use a given number of threads: `with threads(3): ...`."""
    if not _native.runtime.openmp:
        pytest.skip("compiled without OpenMP")
    libraries = _loaded_openmp()
    if not libraries:
        pytest.skip("no GNU OpenMP library was found in this process")

    @contextmanager
    def use(count):
        before = [library.omp_get_max_threads() for library in libraries], _native.runtime.threads()
        try:
            for library in libraries:
                library.omp_set_num_threads(count)
            _native.runtime.set_thread_cap(count)
            assert _native.runtime.threads() == count
            yield
        finally:
            for library, threads in zip(libraries, before[0], strict=True):
                library.omp_set_num_threads(threads)
            _native.runtime.set_thread_cap(before[1])

    return use


@pytest.fixture
def registry_restored(monkeypatch):
    """The names that a test registers are forgotten after it."""
    # What is imported when it is named would be taken out of the tables with the rest.
    importlib.import_module("convlayers.layers.preprocessing")
    importlib.import_module("convlayers.applications")
    for table in ("_custom_objects", "_custom_names", "_families", "_public_names"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
