"""The command line of the benchmarks."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks import scaling, worker
from benchmarks.cases import FAMILIES, select
from benchmarks.libraries import ADAPTERS
from benchmarks.machine import describe_machine
from benchmarks.report import Report
from benchmarks.session import BROKEN

DIRECTIONS = ("forward", "both")
FULL = {"rounds": 5, "seconds": 1.0}
QUICK = {"rounds": 3, "seconds": 0.25}


def parse(arguments):
    """Returns the options. Lists are separated by commas."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures convlayers and its peers in turn in one process, after comparing their answers.",
        epilog="Exit status: 0 if all went well, 1 if answers disagree or something failed, 2 for wrong arguments.",
    )
    parser.add_argument("--quick", action="store_true", help="a small selection of cases, and less time for each")
    parser.add_argument("--family", type=_one_or_more(FAMILIES), default=[], help=f"of {', '.join(FAMILIES)}")
    parser.add_argument("--case", type=_words, default=[], help="parts of the names of cases, such as vgg16/")
    parser.add_argument("--direction", type=_one_or_more(DIRECTIONS), default=list(DIRECTIONS), help="forward, both")
    parser.add_argument(
        "--scaling",
        type=_one_or_more(scaling.AXES),
        default=[],
        metavar="AXES",
        help=f"in place of the cases, two layers that change along {', '.join(scaling.AXES)}",
    )
    parser.add_argument("--threads", type=_numbers, help="numbers of threads, one process for each (default: 1)")
    parser.add_argument(
        "--peers",
        type=_one_or_more(ADAPTERS),
        default=["torch", "keras"],
        help=f"of {', '.join(ADAPTERS)} (default: torch,keras)",
    )
    parser.add_argument("--subject", choices=ADAPTERS, default="convlayers", help="what is compared with the peers")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--repeat", type=int, metavar="N", help="turns for each library at least (default: 5, quick: 3)")
    parser.add_argument("--seconds", type=float, help="time for each case and direction at least (default: 1, quick: 0.25)")
    parser.add_argument("--targets", action="store_true", help="compare with the project's targets")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all results")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios (needs matplotlib)")
    parser.add_argument("--load", type=Path, metavar="FILE", help="take the results of an earlier --json; measure nothing")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and do nothing else")
    options = parser.parse_args(arguments)
    options.peers = [peer for peer in options.peers if peer != options.subject]
    options.cases = scaling.select(options.scaling) if options.scaling else select(options.family, options.case, options.quick)
    options.threads = options.threads or (scaling.thread_counts() if "threads" in options.scaling else [1])
    if not options.cases:
        parser.error("no case has this name and family; --list prints all")
    return options


def main(arguments=None):
    options = parse(arguments)
    if options.list:
        print("\n".join(f"{case.family:12} {case.name}" for case in options.cases))
        return 0
    report = Report()
    results = json.loads(options.load.read_text()) if options.load else {"machine": describe_machine(), "runs": [], "rows": []}
    report.machine(results["machine"])
    complete = _show(results, report) if options.load else _measure(options, results, report)
    rows = results["rows"]
    report.summary(rows)
    if options.targets:
        report.targets(rows)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.plot and rows:
        _draw(results, options.plot)
    report.broken(rows)
    return 0 if complete and not any(row["status"] in BROKEN for row in rows) else 1


def _measure(options, results, report):
    """Adds what the workers measure to `results`. Returns whether all of them came to their end."""
    limits = QUICK if options.quick else FULL
    for threads in options.threads:
        plan = worker.Plan(
            cases=[case.name for case in _cases(options, threads)],
            directions=options.direction,
            subject=options.subject,
            peers=options.peers,
            dtype=options.dtype,
            threads=threads,
            rounds=options.repeat or limits["rounds"],
            seconds=limits["seconds"] if options.seconds is None else options.seconds,
        )
        try:
            for record in worker.run(plan):
                _keep(record, results, report)
        except worker.WorkerFailed as error:
            report.failure(f"{error}, after {len(results['rows'])} measurements.")
            return False
        if options.subject in results["runs"][-1]["unavailable"]:
            report.failure(f"Nothing was measured: {results['runs'][-1]['unavailable'][options.subject]}.")
            return False
    return True


def _cases(options, threads):
    """Returns the cases to measure with this number of threads: of `--scaling`, all with the first number only."""
    return scaling.select(["threads"]) if options.scaling and threads != options.threads[0] else options.cases


def _draw(results, path):
    if results["rows"][0]["family"] in scaling.FAMILIES:
        from benchmarks.plot_scaling import draw
    else:
        from benchmarks.plot import draw
    draw(results, path)


def _show(results, report):
    for run in results["runs"]:
        report.run(run)
        for row in results["rows"]:
            if row["threads"] == run["threads"]:
                report.row(row)
    return True


def _keep(record, results, report):
    if "case" in record:
        results["rows"].append(record)
        report.row(record)
    else:
        results["runs"].append(record)
        report.run(record)


def _words(text):
    return [word for word in text.split(",") if word]


def _numbers(text):
    numbers = [int(word) for word in _words(text)]
    if not numbers or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"positive numbers expected, got {text!r}")
    return numbers


def _one_or_more(allowed):
    def words(text):
        unknown = [word for word in _words(text) if word not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(allowed)}")
        return _words(text)

    return words


if __name__ == "__main__":
    sys.exit(main())
