"""From times to ratios, their means and the targets."""

from math import exp, log
from typing import NamedTuple

from benchmarks.session import MEASURED
from benchmarks.targets import TARGETS


class Summary(NamedTuple):
    """The ratios of a group of cases: how many, their geometric mean, and the lowest with its case."""

    count: int
    mean: float
    worst: float
    worst_case: str


class Verdict(NamedTuple):
    """A target and what was measured; `summary` is None where no row belongs to it."""

    target: object
    threads: int
    summary: Summary | None

    @property
    def met(self):
        enough = self.target.worst is None or (self.summary and self.summary.worst >= self.target.worst)
        return self.summary is not None and self.summary.mean >= self.target.mean and enough


def ratios(row):
    """Returns {peer: how many times as fast the subject is}."""
    subject = row["subject"]
    return {name: time / row["seconds"][subject] for name, time in row["seconds"].items() if name != subject}


def rate(row, library):
    """Returns operations per second, or None for work that has none to speak of."""
    return row["operations"] / row["seconds"][library] if row["operations"] else None


def fraction_of_peak(row, library, machine_peaks):
    """Returns which part of the machine's peak is reached: of arithmetic or of memory, whichever bounds the case.

    It passes 1 where an algorithm saves multiplications (Winograd), and where data stay in caches.
    """
    operations, traffic = machine_peaks
    least = max((row["operations"] or 0) / operations, (row["traffic"] or 0) / traffic)
    return least / row["seconds"][library]


def summarize(named_ratios):
    """Returns the `Summary` of a list of (case, ratio), or None if it is empty."""
    if not named_ratios:
        return None
    worst_case, worst = min(named_ratios, key=lambda item: item[1])
    mean = exp(sum(log(ratio) for _, ratio in named_ratios) / len(named_ratios))
    return Summary(len(named_ratios), mean, worst, worst_case)


def by_family(rows):
    """Returns {(threads, family, direction, peer): Summary} in the order of the rows."""
    groups = {}
    for row in measured(rows):
        for peer, ratio in ratios(row).items():
            key = (row["threads"], row["family"], row["direction"], peer)
            groups.setdefault(key, []).append((row["case"], ratio))
    return {key: summarize(group) for key, group in groups.items()}


def judge(rows):
    """Returns a `Verdict` for every target and number of threads."""
    return [
        Verdict(target, threads, summarize(_ratios_for(target, rows, threads)))
        for threads in sorted({row["threads"] for row in rows})
        for target in TARGETS
        if target.threads in (None, threads)
    ]


def measured(rows):
    """Returns the rows that have times."""
    return [row for row in rows if row["status"] == MEASURED]


def _ratios_for(target, rows, threads):
    found = []
    for row in measured(rows):
        if row["threads"] == threads and target.covers(row):
            rivals = [ratio for peer, ratio in ratios(row).items() if peer in target.peers]
            if rivals:
                # Against the fastest of them.
                found.append((row["case"], min(rivals)))
    return found
