"""Layers that keep a model from learning its training data by heart."""
