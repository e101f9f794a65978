"""Older names of what `keras.utils` has for sequences."""

from convlayers.utils.sequences import pad_sequences

__all__ = ["pad_sequences"]
