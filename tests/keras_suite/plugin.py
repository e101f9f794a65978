"""The plugin of pytest that runs Keras's tests against convlayers."""

import importlib
import os
import re
from pathlib import Path

import pytest

from tests.keras_suite import finder, stand_ins, trainer_stand_ins

KERAS = finder.install()
_KNOWN_FAILURES = Path(__file__).with_name("known_failures.txt")


def _seed_generators(layer):
    """Keras's tests count them by a private attribute."""
    return [variable for variable in layer.variables if "seed_generator" in variable.path]


def _without_bfloat16():
    """NumPy has no arrays of bfloat16: tests that go through all number types go through the others."""
    dtypes = importlib.import_module("keras.src.backend.common.dtypes")
    for name in ("ALLOWED_DTYPES", "FLOAT_TYPES"):
        kept = [dtype for dtype in getattr(dtypes, name) if "bfloat16" not in dtype and "float8" not in dtype]
        setattr(dtypes, name, type(getattr(dtypes, name))(kept))


_without_bfloat16()
importlib.import_module("keras.src.testing.test_case").get_seed_generators = _seed_generators
trainer_stand_ins.add_private_names()


def read_known_failures():
    """Returns {test: reason}. A test is the path below keras/src with the names behind it; a reason stands above its tests."""
    failures, reason = {}, ""
    for line in _KNOWN_FAILURES.read_text().splitlines():
        if line.startswith("#"):
            reason = line.lstrip("# ")
        elif line.strip():
            failures[line.strip()] = reason
    return failures


# What convlayers leaves to others, by words in the names of tests.
_NOT_A_PART = {
    # For ops and random numbers, integers of 8 bits are number types as others.
    "quantiz|gptq|awq|^(?!ops/|random/).*(?<!u)int[48]|float8": "weights of 8 or 4 bits are not a part",
    "losses_test.*dtype_arg": "losses compute in float32 where Keras computes in 16 bits",
    "lora": "low-rank adaptation is not a part",
    "scipy_sparse|raggeds": "arrays are dense",
    "remat": "memory is not exchanged for time",
    "orbax|tf_dataset": "it is about other software",
}


def reason_not_a_part(name):
    """Returns why a test is about something that convlayers is not, None if it is not so."""
    words = name.lower()
    return next((reason for pattern, reason in _NOT_A_PART.items() if re.search(pattern, words)), None)


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run the known failures too")


def pytest_configure(config):
    for mark in ("requires_trainable_backend", "skip_if_backend", "keras_mark"):
        config.addinivalue_line("markers", mark)


def pytest_collectstart(collector):
    if isinstance(collector, pytest.Module):
        stand_ins.name_backend_for(collector.path)


def pytest_runtest_setup(item):
    stand_ins.name_backend_for(item.path)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--all"):
        return
    failures = read_known_failures()
    for item in items:
        name = test_name(item)
        # A whole file or class may be named.
        parts = name.split("::")
        for length in range(1, len(parts) + 1):
            reason = failures.get("::".join(parts[:length]))
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
        reason = reason_not_a_part(name)
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


def test_name(item):
    """Returns `layers/core/dense_test.py::DenseTest::test_dense_basics`."""
    _, _, names = item.nodeid.partition("::")
    return f"{os.path.relpath(item.path, KERAS / 'src')}::{names}"


test_name.__test__ = False
