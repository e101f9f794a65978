"""Data sets, under the names of `keras.datasets`."""

from convlayers.datasets import mnist

__all__ = ["mnist"]
