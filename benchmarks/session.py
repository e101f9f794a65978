"""One case in one direction: prepare it for every library, compare their answers, then time them in turn."""

import traceback

from benchmarks.agreement import differences, disagreements
from benchmarks.timing import lower_quartile, take_in_turn

MEASURED, SKIPPED, DISAGREES, FAILED = "measured", "skipped", "disagrees", "failed"
# What makes a run end with exit status 1.
BROKEN = (DISAGREES, FAILED)


def measure(case, direction, subject, peers, *, dtype, rounds, seconds):
    """Measures `subject` beside `peers` (adapters). Returns a row: a dict that JSON can hold.

    status: "measured"; "skipped", where the subject lacks the case; "disagrees", where its answers differ from a peer's
        (then no time is taken); "failed", where it raised an exception. `reason` says more.
    seconds: {library: lower quartile of the time of a call}; `samples` has all times.
    differences: {peer: {what: largest difference to the subject's answer, relative to the answer's scale}}.
    without: {peer: why it is not in the comparison}.
    """
    row = {
        "case": case.name,
        "family": case.family,
        "direction": direction,
        "dtype": dtype,
        "subject": subject.name,
        "operations": case.operations(direction),
        "traffic": case.traffic(direction, 8 if dtype == "float64" else 4),
        "status": MEASURED,
        "reason": None,
        "seconds": {},
        "samples": {},
        "differences": {},
        "without": {},
    }
    lacking = subject.lacks(case)
    if lacking:
        return row | {"status": SKIPPED, "reason": lacking}
    try:
        work = {subject.name: subject.prepare(case, dtype, direction)}
        answers = work[subject.name].answers()
        work[subject.name].run()
    except Exception as error:
        traceback.print_exc()
        return row | {"status": FAILED, "reason": _in_one_line(error)}
    for peer in peers:
        reason = peer.lacks(case) or _compare(peer, case, direction, dtype, answers, work, row)
        if reason:
            row["without"][peer.name] = reason
    unequal = {name: disagreements(found, dtype) for name, found in row["differences"].items()}
    if any(unequal.values()):
        return row | {"status": DISAGREES, "reason": _describe(subject.name, unequal)}
    row["samples"] = take_in_turn({name: each.run for name, each in work.items()}, rounds, seconds)
    row["seconds"] = {name: lower_quartile(samples) for name, samples in row["samples"].items()}
    return row


def _compare(peer, case, direction, dtype, answers, work, row):
    """Adds the peer's work and its differences; returns the reason if the peer fails at this case."""
    try:
        prepared = peer.prepare(case, dtype, direction)
        prepared.run()
        row["differences"][peer.name] = differences(answers, prepared.answers())
    except Exception as error:
        traceback.print_exc()
        return _in_one_line(error)
    work[peer.name] = prepared
    return None


def _describe(subject, unequal):
    parts = (f"{what} by {size:.1e} from {peer}" for peer, found in unequal.items() for what, size in found.items())
    return f"{subject} differs in {', '.join(parts)} (relative to the answer's scale)"


def _in_one_line(error):
    message = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {message}"
