"""`keras.wrappers` of Keras 1 and 2."""

from convlayers.legacy.wrappers import scikit_learn
from convlayers.unsupported import missing


def __getattr__(name):
    raise missing("keras.wrappers", name)
