"""How many threads are worth having."""

import os

# Quota and period of the control group of this container, in version 2 and in version 1 of Linux's control groups.
_QUOTAS = (("/sys/fs/cgroup/cpu.max",), ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"))


def _read(path):
    with open(path) as file:
        return file.read().split()


def cpus_of_quota(files):
    """How many CPUs the quota in `files` is worth, `None` without a quota."""
    try:
        quota, period = [int(number) for path in files for number in _read(path)]
    except (OSError, ValueError):  # no such file; the quota is "max"
        return None
    return max(1, round(quota / period)) if quota > 0 else None


def available_cpus():
    """The CPUs that this process may use: those it is bound to, within the quota of its container."""
    try:
        bound = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        bound = os.cpu_count() or 1
    return min([bound, *filter(None, map(cpus_of_quota, _QUOTAS))])
