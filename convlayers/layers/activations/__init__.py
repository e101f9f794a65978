"""Layers that apply a function to each number."""
