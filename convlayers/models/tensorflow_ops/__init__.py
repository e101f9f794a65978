"""What files of Keras 2 have as layers of the classes `TFOpLambda` and `SlicingOpLambda`: functions of TensorFlow in a graph.

`table.py` says which function of ours each becomes. Loaded only for such a file.
"""

from convlayers.models.tensorflow_ops.calls import call_function as call_function
