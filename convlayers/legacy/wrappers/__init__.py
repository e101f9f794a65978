"""`keras.wrappers` of Keras 1 and 2."""

from convlayers.legacy.wrappers import scikit_learn

ADDED = {"scikit_learn": scikit_learn}
