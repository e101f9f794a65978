"""Times of several functions that do the same, taken in turn: what slows the machine for a while slows them all.

A turn is a short pause, calls that are not timed, then a block of calls that are. OpenMP's threads spin for a few
milliseconds after a parallel loop, in wait of the next; with two OpenMP libraries in one process, those of one would
take cores from the other. In the pause they fall asleep, and the untimed calls wake the threads and refill the caches
of the library whose turn it is. So both run as they do alone, with the waiting policy that their users have
(GOMP_SPINCOUNT and OMP_WAIT_POLICY are left as they are).
"""

import time
from statistics import quantiles

PAUSE = 0.008
WARM_UP = 0.004
BLOCK = 0.02
# A sample is the mean of as many calls as take this long.
SAMPLE = 0.001
# Turns end after this long, however few they were: some library has no kernel worth the name for this case.
PATIENCE = 20.0


def take_in_turn(functions, rounds, seconds):
    """Returns {name: list of seconds per call} for {name: function of no arguments}.

    Args:
        rounds: how many turns each gets at least, within `PATIENCE`.
        seconds: how long all together go on at least.
    """
    calls_per_sample = {name: _calls_per_sample(function) for name, function in functions.items()}
    samples = {name: [] for name in functions}
    start = time.perf_counter()
    done, elapsed = 0, 0.0
    while not done or elapsed < seconds or (done < rounds and elapsed < PATIENCE):
        for name, function in functions.items():
            time.sleep(PAUSE)
            _run_for(WARM_UP, function, 1)
            samples[name] += _run_for(BLOCK, function, calls_per_sample[name])
        done += 1
        elapsed = time.perf_counter() - start
    return samples


def lower_quartile(samples):
    """Returns the time that a quarter of the samples stay under: robust against whatever interrupts, without luck."""
    return quantiles(samples, n=4, method="inclusive")[0] if len(samples) > 1 else samples[0]


def _run_for(seconds, function, calls):
    samples = []
    end = time.perf_counter() + seconds
    while not samples or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            function()
        samples.append((time.perf_counter() - start) / calls)
    return samples


def _calls_per_sample(function):
    _run_for(WARM_UP, function, 1)
    return max(1, round(SAMPLE / min(_run_for(WARM_UP, function, 1))))
