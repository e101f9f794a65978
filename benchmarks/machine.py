"""What the machine is, and how it is set: kept with every result."""

import os
import platform
import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

SETTINGS = (
    "CONVLAYERS_MAX_ISA",
    "ONEDNN_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "OPENBLAS_CORETYPE",
    "KERAS_BACKEND",
    "OMP_WAIT_POLICY",
    "GOMP_SPINCOUNT",
    "GOMP_CPU_AFFINITY",
    "OMP_PROC_BIND",
)


def describe_machine():
    """Returns a dict of processor, cores, memory, system, Python, load and settings."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "load": os.getloadavg()[0],
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _processor():
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in information.read_text().splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in fields.items()}.get("model name", platform.machine())
