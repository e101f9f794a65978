"""Layers that shift and scale."""
