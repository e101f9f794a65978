"""The peers that results are compared with. A test that asks for one is skipped where it is not installed."""

import os

import pytest


@pytest.fixture(scope="session")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")
