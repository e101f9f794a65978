"""Layers that prepare inputs, images above all: sizes, value ranges, and random changes while a model is trained."""
