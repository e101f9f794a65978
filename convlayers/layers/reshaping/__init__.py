"""Layers that move, repeat or surround values without changing them."""
