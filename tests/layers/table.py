"""THE table of layers. A row is a layer with its arguments, the shape of its inputs and the shape that comes out.

Every layer is in it, and every test in `test_every_layer.py` takes every row. A new layer is a class and a row, in the file
under `rows/` that has the name of the layer's folder.
"""

import numpy as np

from convlayers import layers
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


def draw(row, dtype="float64", seed=0):
    """Returns the input of a row, or the list of its inputs: random numbers around 0, or integers."""
    generator = np.random.default_rng(seed)
    if row.integers:
        arrays = [generator.integers(row.integers, size=shape) for shape in row.input_shapes]
    else:
        arrays = [generator.normal(size=shape).astype(dtype) for shape in row.input_shapes]
    return arrays if isinstance(row.input_shape, list) else arrays[0]


def built(row, library=layers, dtype="float64", **arguments):
    """Returns the layer of a row with random weights, the same in each library."""
    layer = row.make(library, dtype=dtype, **arguments)
    layer.build(row.input_shape)
    generator = np.random.default_rng(1)
    # Positive, since a variance is among them.
    layer.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return layer


def calmly(row, layer, inputs):
    """Calls a layer, one that would draw random numbers such that it does not."""
    return layer(inputs, training=False) if row.random_calls else layer(inputs)
