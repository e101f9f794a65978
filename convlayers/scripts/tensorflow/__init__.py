"""`import tensorflow as tf` in a script: the names of it that Keras scripts use, on arrays."""
