"""From what users train on to batches of arrays."""
