"""Scripts that import Keras or TensorFlow, run with convlayers in their place."""

from convlayers.scripts.finder import install_as_keras
