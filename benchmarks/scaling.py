"""A layer of 3x3 and one of 1x1, made smaller and larger along one axis at a time: what speed depends on. Data only.

The axis `threads` has no cases of its own: there the layer in the middle, `BASE`, runs on several numbers of threads.
"""

import os

from benchmarks.layer_case import conv, family

KERNELS = (3, 1)
BASE = {"batch": 4, "size": 28, "channels": 128}
AXES = {
    "batch": (1, 2, 4, 8, 16, 32),
    "size": (7, 14, 28, 56, 112),
    "channels": (16, 32, 64, 128, 256, 512),
    "threads": (),
}


def case_at(kernel, **changes):
    """Returns the case that differs from `BASE` in `changes`. It has as many filters as channels."""
    batch, size, channels = (BASE | changes).values()
    name = f"scaling/{kernel}x{kernel}/{batch}x{size}x{size}x{channels}"
    (case,) = family(f"scaling {kernel}x{kernel}", conv(name, batch, size, channels, channels, kernel))
    return case


def select(axes):
    """Returns the cases of these axes, each once, and the one in which they meet."""
    changes = [{}, *({axis: value} for axis in axes for value in AXES[axis])]
    return list(dict.fromkeys(case_at(kernel, **change) for kernel in KERNELS for change in changes))


SCALING_CASES = select(AXES)
FAMILIES = list(dict.fromkeys(case.family for case in SCALING_CASES))


def thread_counts():
    """Returns 1, 2, 4 ..., up to the number of cores."""
    return [1 << power for power in range(os.cpu_count().bit_length())]
