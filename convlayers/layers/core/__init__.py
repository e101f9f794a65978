"""Where a model begins, and layers that mix all inputs of a sample."""
