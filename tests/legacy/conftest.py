import pytest

from convlayers.legacy import old_spelling


@pytest.fixture(autouse=True)
def nothing_was_told(monkeypatch):
    """Every test hears all warnings."""
    monkeypatch.setattr(old_spelling, "_told", set())
