"""What tests of layers have in common."""

import pytest

import convlayers


@pytest.fixture(params=["convlayers", "keras"])
def library(request):
    """Both: what a test finds here, it must find in Keras."""
    return convlayers if request.param == "convlayers" else request.getfixturevalue("keras")
