"""THE table of ops: each row is an op with arguments, to be checked for its gradients and against Keras."""

from tests.ops.rows import elementwise, nn, places, products, reductions, shapes

ROWS = [row for kind in (elementwise, nn, places, products, reductions, shapes) for row in kind.rows()]
