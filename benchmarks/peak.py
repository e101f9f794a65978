"""What the machine can do at best: measured, since neither the clock nor the memory of a shared machine is known."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

TRIALS = 40
COPIED = 16 << 20  # bytes on each thread


def multiply_add_peak(dtype="float32"):
    """Returns the operations per second of a large matrix product, on the threads that NumPy's BLAS has."""
    size = 1024
    a = np.ones((size, size), dtype)
    b = np.ones((size, size), dtype)
    out = np.empty_like(a)
    return 2 * size**3 / _best(lambda: np.matmul(a, b, out=out))


def copy_bandwidth(threads):
    """Returns bytes per second, read and written ones together, of copying arrays as large as those of the cases."""
    sources = [np.ones(COPIED, "uint8") for _ in range(threads)]
    targets = [np.ones_like(source) for source in sources]
    with ThreadPoolExecutor(threads) as pool:
        seconds = _best(lambda: list(pool.map(np.copyto, targets, sources)))
    return 2 * threads * COPIED / seconds


def _best(function):
    times = []
    for _ in range(TRIALS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)
