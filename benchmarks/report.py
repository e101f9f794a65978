"""Results on the screen: a line for every measurement as it comes, then the summary."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks.session import BROKEN, MEASURED
from benchmarks.summary import by_family, fraction_of_peak, judge, rate, ratios

NAME_WIDTH = 34
# A load above it disturbs measurements.
BUSY = 0.5
DIRECTIONS = {"forward": "forward", "both": "fwd+bwd"}


class Report:
    """Prints what is measured. Ratios say how many times as fast the subject is: above 1 it is ahead."""

    def __init__(self):
        # A file has no width of its own.
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
        self.peaks = {}
        self._peers = []
        self._family = None

    def machine(self, machine):
        self._line(f"[bold]{machine['processor']}[/], {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}")
        settings = " ".join(f"{name}={value}" for name, value in machine["settings"].items())
        self._line(f"Python {machine['python']}, NumPy {machine['numpy']} {settings}")
        if machine["load"] > BUSY:
            self._line(f"[yellow]Something else runs here, or has just run (load {machine['load']:.1f}).[/]")

    def run(self, header):
        """A process with another number of threads begins."""
        threads, operations, bandwidth = (header[name] for name in ("threads", "peak_operations", "peak_bandwidth"))
        self.peaks[threads] = operations, bandwidth
        self._peers = [name for name in header["versions"] if name != header["subject"]]
        self._family = None
        best = f"{operations / 1e9:.0f} GFLOP/s (matrix product), {bandwidth / 1e9:.1f} GB/s (copy)"
        self._line(f"\n[bold]{threads} thread{'s' if threads > 1 else ''}[/]: at best {best}")
        for name, version in header["versions"].items():
            role = ", which is compared with the others" if name == header["subject"] else ""
            self._line(f"  {name} {version}{role}")
        for name, reason in header["unavailable"].items():
            self._line(f"  [yellow]without {name}: {_plain(reason)}[/]")

    def row(self, row):
        if row["family"] != self._family:
            self._family = row["family"]
            self._heading(row)
        start = f"{row['case']:{NAME_WIDTH}} {DIRECTIONS[row['direction']]:8}"
        if row["status"] == MEASURED:
            self._line(start + self._figures(row))
        else:
            style = "bold red" if row["status"] in BROKEN else "yellow"
            self._line(f"{start} [{style}]{row['status'].upper()}: {_plain(row['reason'])}[/]")
        for name, reason in row["without"].items():
            self._line(f"{'':{NAME_WIDTH}} [yellow]without {name}: {_plain(reason)}[/]")

    def summary(self, rows):
        table = Table(title="Times as fast as the peer", title_justify="left")
        for title in ("threads", "family", "direction", "peer", "cases", "geometric mean", "worst", "worst case"):
            table.add_column(title, justify="right" if title in ("threads", "cases", "geometric mean", "worst") else "left")
        for (threads, family, direction, peer), group in by_family(rows).items():
            figures = (str(group.count), _colored(group.mean), _colored(group.worst), group.worst_case)
            table.add_row(str(threads), family, DIRECTIONS[direction], peer, *figures)
        if table.row_count:
            self.console.print(table)

    def targets(self, rows):
        table = Table(title="Targets", title_justify="left")
        for title in ("threads", "family", "direction", "cases", "mean", "target", "worst", "target", "verdict"):
            table.add_column(title, justify="left" if title in ("family", "direction", "verdict") else "right")
        for verdict in judge(rows):
            target, summary = verdict.target, verdict.summary
            wanted_worst = "" if target.worst is None else f"{target.worst:.2f}"
            group = (str(verdict.threads), target.family, DIRECTIONS[target.direction])
            if summary is None:
                table.add_row(*group, "0", "", f"{target.mean:.2f}", "", wanted_worst, "[yellow]not measured[/]")
                continue
            outcome = "[green]met[/]" if verdict.met else "[red]missed[/]"
            figures = (f"{summary.mean:.2f}", f"{target.mean:.2f}", f"{summary.worst:.2f}", wanted_worst)
            table.add_row(*group, str(summary.count), *figures, outcome)
        self.console.print(table)

    def failure(self, message):
        self._line(f"[bold red]{_plain(message)}[/]")

    def broken(self, rows):
        """Repeats what went wrong, where nobody can miss it."""
        for row in rows:
            if row["status"] in BROKEN:
                where = f"{row['case']}, {DIRECTIONS[row['direction']]}, threads={row['threads']}"
                self.failure(f"{row['status'].upper()} {where}: {row['reason']}")

    def _heading(self, row):
        peers = "".join(f"{name + ' ms':>18}{'ratio':>8}" for name in self._peers)
        columns = f"{row['subject'] + ' ms':>15}{'GFLOP/s':>9}{'of peak':>9}{peers}"
        self._line(f"\n[bold]{row['family']:{NAME_WIDTH}}[/] {'':8}{columns}")

    def _figures(self, row):
        subject, found = row["subject"], ratios(row)
        speed = rate(row, subject)
        speed = f"{speed / 1e9:9.1f}" if speed else f"{'':9}"
        fraction = fraction_of_peak(row, subject, self.peaks[row["threads"]])
        text = f"{1e3 * row['seconds'][subject]:15.3f}{speed}{fraction:9.2f}"
        for peer in self._peers:
            compared = peer in found
            text += f"{1e3 * row['seconds'][peer]:18.3f}{_colored(found[peer], 8)}" if compared else f"{'':26}"
        return text

    def _line(self, text):
        self.console.print(text, soft_wrap=True)


def _colored(ratio, width=0):
    return f"[{'green' if ratio >= 1 else 'red'}]{ratio:{width}.2f}[/]"


def _plain(text):
    return text.replace("[", r"\[")
