"""What files of Keras 2 have as layers of the classes `TFOpLambda`, `SlicingOpLambda` and `TensorFlowOpLayer`: functions of
TensorFlow in a graph.

`table.py` says which function of ours each becomes, and `raw_ops.py` which of them the nodes of TensorFlow's own graphs are.
`sizes.py` has the shapes that are numbers between them.
Loaded only for such a file.
"""

from convlayers.models.tensorflow_ops.calls import call_function
