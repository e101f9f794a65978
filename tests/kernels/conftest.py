"""Every compiled variant of a kernel that this machine can run, and a way to choose the number of threads."""

import ctypes
import importlib
from contextlib import contextmanager

import numpy as np
import pytest

from convlayers import _native
from convlayers._native.isa import choose

LOADABLE = [isa for isa in _native.built if choose([isa], _native.cpu.features())]


class Variant:
    """The kernel modules for one instruction set and number type, as attributes.

    Attributes:
        dtype: the number type.
        epsilon: the distance of 1 from the next number.
    """

    def __init__(self, isa, dtype):
        self.isa, self.dtype = isa, np.dtype(dtype)
        self.epsilon = np.finfo(dtype).eps

    def __getattr__(self, kernel):
        try:
            return importlib.import_module(f"convlayers._native.{self.isa}.{kernel}_{self.dtype}")
        except ModuleNotFoundError:
            return pytest.skip(f"{kernel} is not compiled for {self.isa} and {self.dtype}")

    def array(self, values):
        """Returns the numbers in this type, contiguous and read-only: a kernel must not ask for more of its inputs."""
        values = np.array(values, self.dtype, order="C")
        values.flags.writeable = False
        return values

    def empty(self, shape):
        """Returns memory for results. It holds NaN: a kernel must not rely on what is there, nor leave it."""
        return np.full(shape, np.nan, self.dtype)


@pytest.fixture(params=[(isa, dtype) for isa in LOADABLE for dtype in ("float32", "float64")], ids="-".join)
def native(request):
    return Variant(*request.param)


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
