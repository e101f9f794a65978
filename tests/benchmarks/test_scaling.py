"""`--scaling`: the layers of each axis, what is measured with which number of threads, and the picture."""

import pytest

from benchmarks import __main__ as command
from benchmarks.cases import CASES, named
from benchmarks.scaling import AXES, BASE, KERNELS, SCALING_CASES, case_at, select, thread_counts

pytestmark = pytest.mark.filterwarnings("error")


def result(case, direction, threads=1):
    """A row in which convlayers reaches 100 GFLOP/s on each thread, and PyTorch half of that."""
    seconds = case.operations(direction) / (100e9 * threads)
    return {
        "case": case.name,
        "family": case.family,
        "direction": direction,
        "threads": threads,
        "subject": "convlayers",
        "status": "measured",
        "seconds": {"convlayers": seconds, "torch": 2 * seconds},
        "operations": case.operations(direction),
    }


def results(*axes):
    rows = [result(case, direction) for case in select(axes) for direction in case.directions]
    if "threads" in axes:
        rows += [result(case_at(kernel), direction, 2) for kernel in KERNELS for direction in ("forward", "both")]
    runs = [{"threads": threads, "peak_operations": 120e9 * threads} for threads in (1, 2)]
    return {"rows": rows, "runs": runs}


@pytest.mark.parametrize("axis", BASE)
def test_an_axis_changes_one_number_and_passes_through_the_base(axis):
    assert BASE[axis] in AXES[axis]
    for kernel in KERNELS:
        for value in AXES[axis]:
            case = case_at(kernel, **{axis: value})
            assert case.window == (kernel, kernel)
            found = {"batch": {case.batch}, "size": set(case.size), "channels": {case.channels, case.filters}}
            assert found == {name: {number} for name, number in (BASE | {axis: value}).items()}


def test_names_find_their_cases():
    names = [case.name for case in [*CASES, *SCALING_CASES]]
    assert len(set(names)) == len(names)
    assert all(named(case.name) == case for case in SCALING_CASES)


def test_thread_counts_end_with_the_machine(monkeypatch):
    for cores, counts in [(1, [1]), (2, [1, 2]), (6, [1, 2, 4]), (8, [1, 2, 4, 8])]:
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert thread_counts() == counts


def test_more_threads_are_measured_where_the_axes_meet(monkeypatch):
    plans = []

    def keep(plan):
        plans.append(plan)
        yield {"threads": plan.threads, "subject": "convlayers", "versions": {}, "unavailable": {}} | {
            "peak_operations": 1e9,
            "peak_bandwidth": 1e9,
        }

    monkeypatch.setattr(command.worker, "run", keep)
    assert command.main(["--scaling", "batch,threads", "--threads", "1,4"]) == 0
    everything, base = ([case.name for case in select(axes)] for axes in (["batch"], []))
    assert [(plan.threads, plan.cases) for plan in plans] == [(1, everything), (4, base)]


def test_draw(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.plot_scaling import draw

    draw(results(*AXES), tmp_path / "all.svg")
    draw(results("size"), tmp_path / "size.svg")
    everything, size = ((tmp_path / name).read_text() for name in ("all.svg", "size.svg"))
    for text in ("images at a time", "channels = filters", "of the peak of 2 threads", "4 images, 28 x 28, 128 channels"):
        assert f"<!-- {text} -->" in everything and f"<!-- {text} -->" not in size
    for text in ("height and width", "convlayers", "torch", "the machine's peak (matrix product)"):
        assert f"<!-- {text} -->" in everything and f"<!-- {text} -->" in size


def test_load_draws_what_was_measured(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    drawn = []
    monkeypatch.setattr("benchmarks.plot_scaling.draw", lambda results, path: drawn.append(path))
    monkeypatch.setattr("benchmarks.plot.draw", lambda results, path: pytest.fail("drew ratios"))
    command._draw(results("batch"), tmp_path / "curves.svg")
    assert drawn == [tmp_path / "curves.svg"]
