"""No matrix of all windows is ever made: a layer needs at most 8 MB for each thread beside its arrays."""

import subprocess
import sys

import pytest

from convlayers._native import runtime

PROGRAM = """
import sys
import numpy as np
from convlayers.ops.conv_kernels import choose
from convlayers.ops.conv_problem import ConvProblem

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024

n, size, c, k, taps, stride, pad = map(int, sys.argv[1:8])
out = (size + 2 * pad - taps) // stride + 1
problem = ConvProblem((n, 1, size, size, c), (1, taps, taps, c, k), (n, 1, out, out, k), (1, stride, stride), (1, 1, 1),
                      (0, pad, pad), 1, "float32")
x, kernel, y = (np.ones(shape, "float32") for shape in problem[:3])
description = (problem.strides, problem.dilations, problem.pads, problem.groups)
functions = {direction: choose(problem, direction) for direction in ("forward", "backward_input", "backward_kernel")}
before = peak()
functions["forward"](x, kernel, None, y, *description, 0)
functions["backward_input"](y, kernel, x, *description)
functions["backward_kernel"](x, y, kernel, *description)
print(peak() - before)
"""

LAYERS = {
    "the first of a large image": (1, 512, 3, 64, 7, 2, 3),
    "large weights": (4, 14, 1024, 512, 3, 1, 1),
    "large weights, few pixels": (1, 7, 2048, 1024, 3, 1, 1),
    "a large image": (1, 256, 64, 64, 3, 1, 1),
    "large windows": (2, 64, 48, 48, 11, 1, 5),
    "large windows, stride": (2, 64, 64, 64, 5, 2, 2),
    "a dense layer": (64, 1, 25088, 512, 1, 1, 0),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.skipif(runtime.sanitized, reason="AddressSanitizer needs memory of its own")
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("threads", [1, 2])
def test_scratch_memory_is_small(layer, threads):
    environment = {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", PROGRAM, *map(str, layer)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) < threads * 8e6 + 1e6  # and what the program itself needs for its first calls
