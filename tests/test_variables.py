"""Variables, their names and paths."""

import numpy as np

from convlayers.naming import name_scope
from convlayers.variables import Variable


def test_paths_have_the_names_of_the_scope():
    with name_scope.inside("block"), name_scope.inside("conv"):
        assert Variable(np.ones(1), name="kernel").path == "block/conv/kernel"
    assert Variable(np.ones(1), name="kernel").path == "kernel"
