"""Every compiled variant of a kernel that this machine can run."""

import importlib

import numpy as np
import pytest

from convlayers import _native
from convlayers._native.isa import INSTRUCTION_SETS, choose

ISAS = {isa.name: isa for isa in INSTRUCTION_SETS}
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


def pytest_collection_modifyitems(config, items):
    """Leaves out the pairs of a variant and a kernel, the argument `kernel` of a test, that are never compiled."""
    left_out = {item for item in items if "native" in item.fixturenames and not _is_compiled(**item.callspec.params)}
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_compiled(native, kernel=None, **others):
    isa, dtype = native
    return ISAS[isa].compiles(getattr(kernel, "module", kernel), dtype)
