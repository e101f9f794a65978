"""The compiled kernels, for the best instruction set that this CPU can run.

    from convlayers import _native
    _native.kernels(x.dtype).pool.max_pool_forward(x, y, ...)

The choice is made once, at import. `CONVLAYERS_MAX_ISA` (for instance `x86_64_v3`) in the environment may lower it.
"""

import functools
import os
import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES

import numpy as np

from convlayers._native.isa import INSTRUCTION_SETS, choose
from convlayers._native.threads import available_cpus

_HERE = os.path.dirname(__file__)


@functools.cache
def _modules_in(folder):
    """The names of the compiled modules in `folder` that this Python can import."""
    files = os.listdir(folder) if os.path.isdir(folder) else []
    parts = [file.partition(".") for file in files]
    return {name for name, dot, suffix in parts if dot + suffix in EXTENSION_SUFFIXES}


if "cpu" not in _modules_in(_HERE):
    raise ImportError(
        f"convlayers is not compiled for Python {sys.version_info.major}.{sys.version_info.minor}. "
        f"Expected compiled modules in {_HERE}. Received: none. "
        "Install it with `pip install convlayers`, or from its source tree, with a C compiler, with `pip install -e .`"
    )

# After a parallel loop, threads of GNU OpenMP spin while they wait for the next one: for some 15 milliseconds, unless told
# otherwise when it is loaded. That is best on an idle machine. Where other programs want the CPU, a loop would take as long as
# the system's time slices; with half a millisecond, a training step on a busy machine was measured to be 8 times as fast.
_spinning = {} if {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys() else {"GOMP_SPINCOUNT": "10000"}
os.environ.update(_spinning)
try:
    from convlayers._native import cpu, runtime
finally:
    for _name in _spinning:
        del os.environ[_name]

_BASES = {row.name: row.base for row in INSTRUCTION_SETS}
built = [row.name for row in INSTRUCTION_SETS if _modules_in(os.path.join(_HERE, row.name))]
isa = choose(built, cpu.features(), os.environ.get("CONVLAYERS_MAX_ISA"))
if isa is None:
    raise ImportError(
        "No compiled kernels of convlayers fit this CPU. "
        f"Expected an instruction set of this CPU, up to CONVLAYERS_MAX_ISA={os.environ.get('CONVLAYERS_MAX_ISA')}. "
        f"Received: {', '.join(built) or 'none'}. Compile on this machine, in the source tree, with `pip install -e .`"
    )

# With OMP_NUM_THREADS set, what OpenMP makes of it counts.
runtime.set_thread_cap(runtime.unlimited if "OMP_NUM_THREADS" in os.environ else available_cpus())
runtime.set_cache(cpu.last_level_cache())
runtime.set_prefetchers_follow_rows("amx-tile" in cpu.features())  # as measured: no CPU tells


class _Kernels:
    """The kernel modules for one number type. Each is imported when it is first asked for."""

    def __init__(self, dtype):
        self._dtype = dtype

    def __getattr__(self, kernel):
        name = f"{kernel}_{self._dtype}"
        folders = [folder for folder in (isa, _BASES[isa]) if folder]
        for folder in folders:
            if name in _modules_in(os.path.join(_HERE, folder)):
                module = import_module(f"{__name__}.{folder}.{name}")
                setattr(self, kernel, module)  # from now on an ordinary attribute
                return module
        raise AttributeError(f"No kernel {name!r} is compiled for {' or '.join(folders)}.")


_KERNELS = {name: _Kernels(name) for name in ("float32", "float64")}
_KERNELS |= {np.dtype(name): kernels_of_name for name, kernels_of_name in _KERNELS.items()}


def kernels(dtype):
    """The kernel modules for `dtype`, as attributes: `kernels("float32").pool`.

    Args:
        dtype: float32 or float64, as a NumPy dtype or by name.

    Raises:
        TypeError: any other dtype.
    """
    try:
        return _KERNELS[dtype]
    except (KeyError, TypeError):  # TypeError: not hashable
        raise TypeError(
            f"Kernels compute in float32 or float64. Expected one of these dtypes. Received: dtype={dtype!r}. "
            "Convert the array with `astype`."
        ) from None
