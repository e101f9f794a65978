"""THE table of layers. A row is a layer with its arguments, the shape of its inputs and the shape that comes out.

Every layer is in it, and every test in `test_every_layer.py` takes every row. A new layer is a class and a row, in the file
under `rows/` that has the name of the layer's folder.
"""

from tests.layers.rows import (
    activations,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    preprocessing,
    regularization,
    reshaping,
)

_FOLDERS = (
    activations,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    preprocessing,
    regularization,
    reshaping,
)
ROWS = [row for folder in _FOLDERS for row in folder.rows()]
