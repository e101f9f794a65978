"""THE table of ops: each row is an op with arguments, to be checked for its gradients and against Keras."""

from tests.ops.rows import (
    convolutions,
    decompositions,
    elementwise,
    matrices,
    nn,
    places,
    products,
    reductions,
    shapes,
    statistics,
)

_KINDS = (convolutions, decompositions, elementwise, matrices, nn, places, products, reductions, shapes, statistics)
ROWS = [row for kind in _KINDS for row in kind.rows()]
