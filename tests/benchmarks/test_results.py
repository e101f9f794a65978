"""Arithmetic on times and answers."""

import numpy as np
import pytest

from benchmarks.agreement import differences, disagreements
from benchmarks.plot import draw
from benchmarks.summary import by_family, fraction_of_peak, judge, rate, ratios, summarize
from benchmarks.timing import lower_quartile, take_in_turn


def row(case, seconds, family="3x3", direction="forward", threads=1, **others):
    return {
        "case": case,
        "family": family,
        "direction": direction,
        "threads": threads,
        "subject": "convlayers",
        "status": "measured",
        "seconds": seconds,
        "operations": 1000,
        "traffic": 100,
        **others,
    }


ROWS = [
    row("vgg16/conv1_2", {"convlayers": 1.0, "torch": 2.0, "keras": 4.0}),
    row("vgg16/conv2_1", {"convlayers": 1.0, "torch": 8.0, "keras": 1.0}),
    row("vgg16/conv2_2", {}, status="disagrees"),
    row("training/mnist_convnet", {"convlayers": 2.0, "torch": 6.0, "keras": 5.0}, family="training", direction="both"),
]


def test_ratio_above_one_means_the_subject_is_faster():
    assert ratios(ROWS[0]) == {"torch": 2.0, "keras": 4.0}


def test_summarize():
    summary = summarize([("a", 2.0), ("b", 8.0), ("c", 0.5)])
    assert summary.mean == pytest.approx(2.0)
    assert (summary.count, summary.worst, summary.worst_case) == (3, 0.5, "c")
    assert summarize([]) is None


def test_by_family_leaves_out_what_was_not_measured():
    groups = by_family(ROWS)
    assert groups[1, "3x3", "forward", "torch"].count == 2
    assert groups[1, "3x3", "forward", "torch"].mean == pytest.approx(4.0)
    assert groups[1, "3x3", "forward", "keras"].mean == pytest.approx(2.0)
    assert list(groups)[-1] == (1, "training", "both", "keras")


def test_judge():
    verdicts = {
        (verdict.target.family, verdict.target.direction): verdict for verdict in judge(ROWS) if "torch" in verdict.target.peers
    }
    assert verdicts["3x3", "forward"].met
    assert verdicts["3x3", "forward"].summary.worst == 2.0
    # Training is compared with the fastest of two peers.
    assert verdicts["training", "both"].summary.mean == pytest.approx(2.5)
    assert verdicts["pooling", "both"].summary is None and not verdicts["pooling", "both"].met


def test_a_target_is_missed_by_its_worst_case():
    rows = [ROWS[1], row("vgg16/conv1_2", {"convlayers": 1.0, "torch": 1.2})]
    verdict = next(
        verdict for verdict in judge(rows) if (verdict.target.family, verdict.target.direction) == ("3x3", "forward")
    )
    assert verdict.summary.mean > verdict.target.mean
    assert not verdict.met


def test_fraction_of_peak_is_of_what_bounds_the_case():
    one_second = row("a", {"convlayers": 1.0})
    assert fraction_of_peak(one_second, "convlayers", (2000, 1000)) == 0.5
    assert fraction_of_peak(one_second, "convlayers", (10000, 125)) == 0.8
    assert fraction_of_peak(one_second | {"operations": None}, "convlayers", (2000, 1000)) == 0.1
    assert fraction_of_peak(one_second | {"traffic": None}, "convlayers", (2000, 50)) == 0.5


def test_rate():
    assert rate(row("a", {"convlayers": 0.5}), "convlayers") == 2000
    assert rate(row("a", {"convlayers": 0.5}, operations=None), "convlayers") is None


def test_lower_quartile():
    assert lower_quartile([5.0, 1.0, 2.0, 3.0, 4.0]) == 2.0
    assert lower_quartile([7.0]) == 7.0


def test_functions_are_called_in_turn():
    calls = []
    samples = take_in_turn({name: lambda name=name: calls.append(name) for name in "ab"}, rounds=3, seconds=0.01)
    assert samples.keys() == {"a", "b"} and all(len(times) >= 3 for times in samples.values())
    # Both are tried once to see how long they take; then turns alternate.
    turns = [name for name, before in zip(calls, [None, *calls], strict=False) if name != before]
    assert "".join(turns).startswith("abababab")
    assert len(turns) % 2 == 0


def test_differences_are_relative_to_the_scale():
    reference = {"output": np.array([10.0, -40.0])}
    found = differences({"output": np.array([10.0, -40.002])}, reference)
    assert found["output"] == pytest.approx(5e-5)
    assert disagreements(found, "float32") == {}
    assert disagreements(found, "float64") == found


@pytest.mark.parametrize(
    "answers",
    [{}, {"output": np.zeros(3)}, {"output": np.array([1.0, np.nan])}, {"output": np.array([1.0, np.inf])}],
    ids=["missing", "shape", "nan", "infinity"],
)
def test_what_cannot_be_compared_disagrees(answers):
    found = differences(answers, {"output": np.array([1.0, 2.0])})
    assert found == {"output": float("inf")}
    assert disagreements(found, "float32") == found


def test_zeros_agree_with_zeros():
    assert differences({"output": np.zeros(2)}, {"output": np.zeros(2)}) == {"output": 0.0}


def test_draw(tmp_path):
    pytest.importorskip("matplotlib")
    draw({"rows": ROWS}, tmp_path / "ratios.svg")
    text = (tmp_path / "ratios.svg").read_text()
    assert "training" in text and "4.00" in text
