"""The peers that results are compared with. A test that asks for one is skipped where it is not installed."""

import os

import pytest

from convlayers.utils import set_random_seed


@pytest.fixture(autouse=True)
def _seed():
    """Every test begins with the same random numbers, alone and among others."""
    set_random_seed(0)


@pytest.fixture(scope="session")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")
