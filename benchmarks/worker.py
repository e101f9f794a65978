"""One process with one number of threads, since OpenMP and BLAS read it when they start.

The parent starts it with `run`, which yields what the worker writes, one JSON object a line: first the libraries and
the machine's peak, then a row for every case and direction.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.cases import named
from benchmarks.libraries import Unavailable, default_keras_backend, open_adapter
from benchmarks.peak import copy_bandwidth, multiply_add_peak
from benchmarks.session import measure

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass
class Plan:
    """What a worker does. `cases` are names; `subject` and `peers` are those of `libraries.ADAPTERS`."""

    cases: list
    directions: list
    subject: str
    peers: list
    dtype: str
    threads: int
    rounds: int
    seconds: float


class WorkerFailed(Exception):
    """The worker ended before its work was done."""


def run(plan):
    """Yields the records of a worker process as they come.

    Raises:
        WorkerFailed: if it ends with another exit status than 0, as after a crash in native code.
    """
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(plan.threads))
    environment["KERAS_BACKEND"] = default_keras_backend()
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    command = [sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(plan))]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as process:
        try:
            yield from map(json.loads, process.stdout)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise WorkerFailed(f"the worker with {plan.threads} threads ended with status {process.returncode}")


def main(arguments):
    plan = Plan(**json.loads(arguments[0]))
    # Whatever a library prints must not get among the records.
    records, sys.stdout = sys.stdout, sys.stderr
    for record in work(plan):
        print(json.dumps(record | {"threads": plan.threads}), file=records, flush=True)


def work(plan):
    """Yields the records in this process."""
    adapters, unavailable = {}, {}
    for name in (plan.subject, *plan.peers):
        try:
            adapters[name] = open_adapter(name, plan.threads)
        except Unavailable as error:
            unavailable[name] = str(error)
    yield {
        "subject": plan.subject,
        "versions": {name: adapter.version for name, adapter in adapters.items()},
        "unavailable": unavailable,
        "peak_operations": multiply_add_peak(plan.dtype),
        "peak_bandwidth": copy_bandwidth(plan.threads),
    }
    if plan.subject in unavailable:
        return
    subject = adapters.pop(plan.subject)
    for case in map(named, plan.cases):
        for direction in case.directions:
            if direction in plan.directions:
                limits = {"dtype": plan.dtype, "rounds": plan.rounds, "seconds": plan.seconds}
                yield measure(case, direction, subject, adapters.values(), **limits)


if __name__ == "__main__":
    main(sys.argv[1:])
