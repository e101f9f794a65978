"""Progress: a line at the end, or a bar that is written again and again."""

import io
import re
import sys

import pytest

from convlayers import config
from convlayers.utils import Progbar, progbar


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a tenth of a second whenever it is looked at."""
    now = [0.0]

    def look():
        now[0] += 0.1
        return now[0]

    monkeypatch.setattr(progbar.time, "perf_counter", look)
    return now


def run(steps=10, **arguments):
    bar = Progbar(steps, **arguments)
    for step in range(steps):
        bar.add(1, [("loss", 1 / (step + 1)), ("tiny", 1e-5)])
    return bar


def test_one_line_where_the_output_is_no_terminal(capsys, clock):
    run()
    assert capsys.readouterr().out == "10/10 - 1s - 100ms/step - loss: 0.1000 - tiny: 1.0000e-05\n"


def test_averages_are_those_of_keras(keras, capsys):
    for kind in ({}, {"stateful_metrics": ["b"]}):
        lines = []
        for cls in (Progbar, keras.utils.Progbar):
            bar = cls(20, verbose=2, **kind)
            for step, value in ((3, 0.5), (10, 2.0), (19, 7.0)):
                bar.update(step, [("a", value), ("b", value)])
            # The last update has no values of its own, so that the averages are shown.
            bar.update(20)
            lines.append(re.sub(r" - \d+s - .*?step", "", capsys.readouterr().out))
        assert lines[0] == lines[1]


def test_silence(capsys):
    run(verbose=0)
    assert capsys.readouterr().out == ""


def test_without_a_target_it_ends_when_it_is_told(capsys, clock):
    bar = Progbar(None)
    bar.update(1, [("loss", 0.5)])
    assert capsys.readouterr().out == ""
    bar.update(2, [("loss", 0.25)], finalize=True)
    assert capsys.readouterr().out == "2 - 0s - 100ms/step - loss: 0.2500\n"


def test_a_bar_on_a_terminal(monkeypatch, clock):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    run(4, stateless_metrics=())
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).split("\r")
    assert drawn[0].startswith("1/4 ━━━━━━━━━━━━━━━━━━━━ 0s 100ms/step - loss: 1.0000")
    assert drawn[1].rstrip().endswith("loss: 0.5000 - tiny: 1.0000e-05")
    # Each covers what the last one has left on the line, and none is wider than it.
    assert {len(line) for line in drawn[:-1]} == {79}
    assert re.fullmatch(r"4/4 ━{20} \ds \d+ms/step - loss: 0.2500 - tiny: 1.0000e-05\n", drawn[-1])


def test_a_narrow_terminal_cuts_the_line_but_the_last(monkeypatch, clock):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    run(2)
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).split("\r")
    assert len(drawn[0]) == 39
    assert "…" in drawn[0]
    assert drawn[-1].endswith("tiny: 1.0000e-05\n")


def test_a_bar_moves_no_more_often_than_its_interval(monkeypatch, clock):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    run(100, interval=1000)
    assert terminal.getvalue().count("\r") <= 1


def test_a_bar_without_unicode(monkeypatch, clock):
    terminal = Terminal()
    terminal.encoding = "ascii"
    monkeypatch.setattr(sys, "stdout", terminal)
    run(2)
    terminal.getvalue().encode("ascii")
    assert "=" in terminal.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0s"), (59, "59s"), (61, "1:01"), (3599, "59:59"), (3661, "1:01:01")])
def test_durations(seconds, text):
    assert progbar._format_duration(seconds) == text


def test_the_first_step_does_not_count_for_the_time_per_step(capsys, monkeypatch):
    times = iter([0.0, 5.0, 5.2, 5.4, 5.4])
    monkeypatch.setattr(progbar.time, "perf_counter", lambda: next(times))
    bar = Progbar(3, verbose=2)
    for step in (1, 2, 3):
        bar.update(step)
    assert capsys.readouterr().out == "3/3 - 5s - 200ms/step\n"


def test_kinds_of_values_are_told_in_one_way():
    with pytest.raises(ValueError, match="^Only one of `stateful_metrics` or `stateless_metrics` can be provided"):
        Progbar(1, stateful_metrics=[], stateless_metrics=[])


def test_without_interactive_logging_a_logger_hears_of_it(monkeypatch, caplog, capsys):
    monkeypatch.setattr(config, "_settings", {**config._settings, "interactive_logging": False})
    with caplog.at_level("INFO", logger="convlayers"):
        bar = Progbar(target=2, verbose=1)
        bar.add(1, [("loss", 1.0)])
        bar.add(1, [("loss", 3.0)])
    assert capsys.readouterr().out == ""
    (message,) = caplog.messages
    assert message.startswith("2/2 - 0s - ")
    assert message.endswith(" - loss: 3.0000")
