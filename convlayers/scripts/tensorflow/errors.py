"""`tf.errors`: what is raised here where TensorFlow raises its own."""

InvalidArgumentError, NotFoundError, ResourceExhaustedError = ValueError, FileNotFoundError, MemoryError
