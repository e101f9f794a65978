"""`python -m benchmarks`, with small stand-ins for libraries, and once as it is."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import libraries, worker
from benchmarks.adapters.work import Work

CASE = "lenet/conv2"


class Right:
    """A library that is always right, and says 1."""

    name = "right"
    version = "1.0"
    answer = 1.0
    lacking = None

    def __init__(self, threads):
        pass

    def lacks(self, case):
        return self.lacking

    def prepare(self, case, dtype, direction):
        return Work(lambda: None, lambda: {"output": np.full(3, self.answer)})


class Wrong(Right):
    name = "wrong"
    answer = 1.1


class Poor(Right):
    name = "poor"
    lacking = "poor has no Conv2D"


class Broken(Right):
    name = "broken"

    def prepare(self, case, dtype, direction):
        raise RuntimeError("out of order [1]\nand more")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the command in this process with the stand-ins; returns its exit status and what `--json` kept."""
    stand_ins = SimpleNamespace(Right=Right, Wrong=Wrong, Poor=Poor, Broken=Broken)
    monkeypatch.setitem(sys.modules, "stand_ins", stand_ins)
    for name in ("Right", "Wrong", "Poor", "Broken"):
        monkeypatch.setitem(libraries.ADAPTERS, name.lower(), ("stand_ins", name, "numpy"))
    monkeypatch.setitem(libraries.ADAPTERS, "absent", ("absent", "Absent", "absent"))
    monkeypatch.setattr(worker, "multiply_add_peak", lambda dtype: 1e9)
    monkeypatch.setattr(worker, "copy_bandwidth", lambda threads: 1e9)

    def in_process(plan):
        for record in worker.work(plan):
            # Through JSON, as between processes.
            yield json.loads(json.dumps(record | {"threads": plan.threads}))

    monkeypatch.setattr(worker, "run", in_process)

    def run(*arguments):
        path = tmp_path / "results.json"
        status = command.main(["--case", CASE, "--repeat", "1", "--seconds", "0", "--json", str(path), *arguments])
        return status, json.loads(path.read_text())

    return run


def test_agreement_is_timed(run, capsys):
    status, results = run("--subject", "right", "--peers", "poor", "--direction", "forward")
    (row,) = results["rows"]
    assert status == 0
    assert (row["case"], row["status"], row["without"]) == (CASE, "measured", {"poor": "poor has no Conv2D"})
    assert row["seconds"].keys() == {"right"}
    assert "without poor: poor has no Conv2D" in capsys.readouterr().out


def test_disagreement_ends_with_status_1(run, capsys):
    status, results = run("--subject", "right", "--peers", "wrong")
    assert status == 1
    assert [row["status"] for row in results["rows"]] == ["disagrees", "disagrees"]
    assert results["rows"][0]["seconds"] == {}
    assert "right differs in output by 9.1e-02 from wrong" in capsys.readouterr().out


def test_failing_subject_ends_with_status_1(run, capsys):
    status, results = run("--subject", "broken", "--peers", "right")
    assert status == 1
    assert results["rows"][0]["reason"] == "RuntimeError: out of order [1]"
    assert "FAILED lenet/conv2" in capsys.readouterr().out


def test_failing_peer_is_left_out(run):
    status, results = run("--subject", "right", "--peers", "broken")
    assert status == 0
    assert results["rows"][0]["without"] == {"broken": "RuntimeError: out of order [1]"}


def test_what_the_subject_lacks_is_skipped_with_its_reason(run, capsys):
    status, results = run("--subject", "poor", "--peers", "right")
    assert status == 0
    assert {row["status"] for row in results["rows"]} == {"skipped"}
    assert "SKIPPED: poor has no Conv2D" in capsys.readouterr().out


def test_absent_peer_is_named(run, capsys):
    status, results = run("--subject", "right", "--peers", "absent")
    assert status == 0
    assert results["runs"][0]["unavailable"] == {"absent": "absent is not installed"}
    assert "without absent: absent is not installed" in capsys.readouterr().out


def test_absent_subject_ends_with_status_1(run, capsys):
    status, results = run("--subject", "absent", "--peers", "right")
    assert status == 1 and results["rows"] == []
    assert "Nothing was measured: absent is not installed." in capsys.readouterr().out


def test_threads_are_runs_of_their_own(run):
    _, results = run("--subject", "right", "--peers", "poor", "--threads", "1,2", "--direction", "both")
    assert [run["threads"] for run in results["runs"]] == [1, 2]
    assert [row["threads"] for row in results["rows"]] == [1, 2]


def test_load_shows_earlier_results(run, capsys, tmp_path):
    run("--subject", "right", "--peers", "wrong")
    assert command.main(["--load", str(tmp_path / "results.json"), "--targets"]) == 1
    assert "DISAGREES lenet/conv2" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--case", "nothing"], ["--family", "nothing"], ["--threads", "0"], ["--peers", "x"]])
def test_wrong_arguments_end_with_status_2(arguments):
    with pytest.raises(SystemExit) as error:
        command.main(arguments)
    assert error.value.code == 2


def test_worker_that_crashes_is_reported(monkeypatch, capsys):
    def crash(plan):
        raise worker.WorkerFailed("the worker with 1 threads ended with status -11")
        yield

    monkeypatch.setattr(worker, "run", crash)
    assert command.main(["--case", CASE]) == 1
    assert "ended with status -11" in capsys.readouterr().out


def test_worker_failure_is_noticed(monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")
    plan = worker.Plan([], [], "convlayers", [], "float32", 1, 1, 0.0)
    with pytest.raises(worker.WorkerFailed):
        list(worker.run(plan))


def test_end_to_end(tmp_path):
    """One case, in its own process, with the peers that are installed."""
    path = tmp_path / "results.json"
    limits = ["--repeat", "1", "--seconds", "0", "--threads", "2"]
    command = [sys.executable, "-m", "benchmarks", "--case", CASE, *limits, "--json", path]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(path.read_text())
    run = results["runs"][0]
    assert run["versions"].keys() == {"convlayers", *filter(find_spec, ("torch", "keras"))}
    assert run["threads"] == 2 and run["peak_operations"] > 1e9 and run["peak_bandwidth"] > 1e8
    assert [row["direction"] for row in results["rows"]] == ["forward", "both"]
    for row in results["rows"]:
        assert row["status"] == "measured"
        assert row["seconds"].keys() == run["versions"].keys()
        assert all(0 < seconds < 10 for seconds in row["seconds"].values())
        assert all(max(found.values()) < 1e-4 for found in row["differences"].values())
    assert {"processor", "cores", "python", "numpy"} <= results["machine"].keys()
