"""The base of all initializers."""


class Initializer:
    """Base class: a subclass defines `__call__(shape, dtype=None)`, and `get_config()` if it has arguments."""

    def __call__(self, shape, dtype=None):
        """Returns an array of the shape and dtype; the dtype is `floatx()` by default."""
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def clone(self):
        """Returns a new initializer with the same arguments."""
        return type(self).from_config(self.get_config())
