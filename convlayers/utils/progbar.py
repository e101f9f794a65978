"""How far a loop is, for people who wait for it."""

import sys
import time

import numpy as np

from convlayers import config
from convlayers.utils.messages import print_message


class Progbar:
    """Shows how far a loop is: a bar that moves on a terminal or in a notebook, one line at the end elsewhere.

    Args:
        target: number of steps, None if it is not known.
        width: width of the bar in characters.
        verbose: 0 for silence, 1 for a bar, 2 for one line at the end.
        interval: the bar moves at most once in so many seconds.
        stateful_metrics: names of values that are shown as they are. Others are averaged over the steps.
        stateless_metrics: in place of `stateful_metrics`, the names of those that are averaged.
        unit_name: what a step is called.

    Raises:
        ValueError: if both lists of names are given.

    Example:

    >>> bar = Progbar(target=100, verbose=2)
    >>> for step in range(100):
    ...     bar.add(1, [("loss", 0.5)])
    100/100 - 0s - 2us/step - loss: 0.5000
    """

    def __init__(
        self,
        target,
        width=20,
        verbose=1,
        interval=0.05,
        stateful_metrics=None,
        stateless_metrics=None,
        unit_name="step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Only one of `stateful_metrics` or `stateless_metrics` can be provided. `stateful_metrics` is used to make "
                "metrics stateless by default (with an exclusion list), while `stateless_metrics` is used to make metrics "
                "stateful by default (with an exclusion list)."
            )
        self.target = target
        self.width = width
        # A bar that can't move would be a flood of lines in a file.
        self.verbose = 2 if verbose == 1 and not _can_overwrite() else verbose
        self.interval = interval
        self.unit_name = unit_name
        self._stateful, self._stateless = stateful_metrics, stateless_metrics
        self._step = 0
        self._sums = {}  # name: [sum, number of steps]
        self._start = self._last_step = time.perf_counter()
        self._first_step = None
        self._last_drawn = 0
        self._bar = None

    def update(self, current, values=None, finalize=None):
        """Shows that a step is done.

        Args:
            current: the number of steps that are done.
            values: list of pairs of a name and a number, as ("loss", 0.5).
            finalize: whether it was the last; by default, whether `current` has reached the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._add_values(values or (), max(current - self._step, 1), finalize)
        if current > self._step:
            self._last_step = time.perf_counter()
            self._first_step = self._first_step or self._last_step
        self._step = current
        if self.verbose == 1:
            self._draw(finalize)
        elif self.verbose == 2 and finalize:
            count = f"{current}/{self.target}" if self.target else f"{current}"
            print_message(f"{count} - {self._elapsed():.0f}s - {self._time_per_step()}{self._format_values()}")

    def add(self, n, values=None):
        """Shows that `n` more steps are done."""
        self.update(self._step + n, values)

    def _add_values(self, values, steps, finalize):
        for name, value in values:
            averaged = name not in self._stateful if self._stateful is not None else self._is_stateless(name)
            if averaged and not finalize and name in self._sums:
                self._sums[name][0] += value * steps
                self._sums[name][1] += steps
            else:
                count = steps if averaged and not finalize else 1
                self._sums[name] = [value * count, count]

    def _is_stateless(self, name):
        return self._stateless is None or name in self._stateless

    def _draw(self, finalize):
        now = time.perf_counter()
        if now - self._last_drawn < self.interval and not finalize:
            return
        self._last_drawn = now
        if self._bar is None:
            self._bar = _Bar(self.width)
        left = (self.target or 0) - self._step
        seconds = self._elapsed() if finalize or not self.target else left * self._seconds_per_step()
        info = f" {_format_duration(seconds)} {self._time_per_step()}{self._format_values()}"
        self._bar.draw(self._step, self.target, info, finalize)

    def _elapsed(self):
        return time.perf_counter() - self._start

    def _seconds_per_step(self):
        """Returns how long a step takes. The first does not count, once there are others: it makes things ready."""
        if self._step > 1 and self._first_step is not None and self._last_step > self._first_step:
            return (self._last_step - self._first_step) / (self._step - 1)
        return (self._last_step - self._start) / max(self._step, 1)

    def _time_per_step(self):
        seconds = self._seconds_per_step()
        if seconds >= 1:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _format_values(self):
        means = ((name, np.mean(total) / count) for name, (total, count) in self._sums.items())
        return "".join(f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {name}: {mean:.4e}" for name, mean in means)


class _Bar:
    """A line of a terminal that is written again and again."""

    def __init__(self, width):
        from rich.console import Console

        self._console = Console(highlight=False, force_terminal=True, force_jupyter=False)
        self._width = width
        self._character = "━" if self._console.encoding.startswith("utf") else "="

    def draw(self, step, target, info, last):
        from rich.text import Text

        line = Text()
        if target:
            done = min(self._width, self._width * step // target)
            line.append(f"{step:{len(str(target))}}/{target} ", "bold")
            line.append(self._character * done, "green")
            line.append(self._character * (self._width - done), "dim")
        else:
            line.append(f"{step}/Unknown", "bold")
        line.append(info)
        if last:
            self._console.print(line, end="\n", soft_wrap=True)
        else:
            line.truncate(self._console.width - 1, overflow="ellipsis", pad=True)
            self._console.print(line, end="\r", soft_wrap=True)


def _format_duration(seconds):
    seconds = int(seconds + 0.5)
    if seconds > 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    return f"{seconds // 60}:{seconds % 60:02}" if seconds > 60 else f"{seconds}s"


def _can_overwrite():
    if not config.is_interactive_logging_enabled():
        return False
    return getattr(sys.stdout, "isatty", lambda: False)() or "ipykernel" in sys.modules
