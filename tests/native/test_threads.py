"""How many threads kernels use, and that a forked child can use kernels."""

import os

import pytest

from convlayers import _native
from convlayers._native.threads import available_cpus, cpus_of_quota

SHOW = "from convlayers import _native; print(_native.runtime.threads())"
needs_openmp = pytest.mark.skipif(not _native.runtime.openmp, reason="compiled without OpenMP")


@needs_openmp
@pytest.mark.parametrize("threads", [1, 3, 2 * (os.cpu_count() or 1)])
def test_omp_num_threads_decides(python, threads):
    assert python(SHOW, OMP_NUM_THREADS=str(threads)).stdout.strip() == str(threads)


@needs_openmp
def test_available_cpus_decide_otherwise(python):
    assert python(SHOW, OMP_NUM_THREADS=None).stdout.strip() == str(available_cpus())


@needs_openmp
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process can not be bound to a CPU here")
def test_a_process_bound_to_one_cpu_uses_one_thread(python):
    code = "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])\n" + SHOW
    assert python(code, OMP_NUM_THREADS=None).stdout.strip() == "1"


@pytest.mark.parametrize(
    ("contents", "cpus"),
    [
        (["max 100000\n"], None),
        (["200000 100000\n"], 2),
        (["50000 100000\n"], 1),
        (["350000\n", "100000\n"], 4),
        (["-1\n", "100000\n"], None),
    ],
)
def test_quota_of_a_container(tmp_path, contents, cpus):
    files = []
    for number, content in enumerate(contents):
        files.append(tmp_path / str(number))
        files[-1].write_text(content)
    assert cpus_of_quota(files) == cpus


def test_no_quota_file_is_no_quota(tmp_path):
    assert cpus_of_quota([tmp_path / "missing"]) is None


FORK = """
import os, signal
import numpy as np
from convlayers import _native

w, g = np.ones(1 << 20, "float32"), np.ones(1 << 20, "float32")
step = lambda: _native.kernels(w.dtype).optimizer.sgd_update([w], [g], None, 0.25, 0.0, False)
step()
child = os.fork()
if child == 0:
    signal.alarm(20)
    step()
    os._exit(0 if _native.runtime.threads() == 1 and (w == 0.5).all() else 1)
print(os.waitpid(child, 0)[1], _native.runtime.threads(), w[0])
"""


@needs_openmp
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_forked_after_a_parallel_kernel_works(python):
    assert python(FORK, OMP_NUM_THREADS="2").stdout.split() == ["0", "2", "0.75"]
