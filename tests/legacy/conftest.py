import pytest

from convlayers.legacy import spelling


@pytest.fixture(autouse=True)
def nothing_was_told(monkeypatch):
    """Every test hears all warnings."""
    monkeypatch.setattr(spelling, "_told", set())
