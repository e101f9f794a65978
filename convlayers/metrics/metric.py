import numpy as np

from convlayers import config, dtype_policies, initializers, nested
from convlayers.naming import auto_name
from convlayers.variables import Variable


class Metric:
    """Base class of metrics: a subclass defines `update_state` and `result`, and makes its variables in `__init__`.

    Args:
        dtype: name or policy of the number type to compute in, by default `floatx()`.
        name: string.

    Attributes:
        variables: list of its variables, and of those of the metrics that it has as attributes.

    Example:

    class TruePositives(Metric):
        def __init__(self, name="true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.count = self.add_variable(shape=(), initializer="zeros", name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.count.assign_add(np.sum((y_true == 1) & (y_pred > 0.5)))

        def result(self):
            return self.count
    """

    def __init__(self, dtype=None, name=None):
        self.name = name or auto_name(type(self).__name__)
        self._dtype = dtype_policies.get(dtype or config.floatx()).compute_dtype
        self._variables = []

    @property
    def dtype(self):
        return self._dtype

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None):
        """Makes a variable of the metric.

        Args:
            shape: tuple of ints.
            initializer: name or object.
            dtype: by default `floatx()`.
            aggregation: taken for compatibility, without effect.
            name: string.

        Returns:
            A `Variable` that is not trained.
        """
        self._check_initialized()
        variable = Variable(initializers.get(initializer), shape=shape, dtype=dtype, trainable=False, name=name)
        variable.path = f"{self.name.replace('/', '>')}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """The old name of `add_variable`. Variables start at 0 by default."""
        return self.add_variable(shape, initializer or "zeros", dtype, name=name)

    @property
    def variables(self):
        attributes = [value for value in vars(self).values() if isinstance(value, (Metric, list, tuple, dict))]
        inside = [metric for metric in nested.flatten(attributes) if isinstance(metric, Metric)]
        return self._variables + [variable for metric in inside for variable in metric.variables]

    def reset_state(self):
        """Starts anew, as at the start of each epoch."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    def update_state(self, *args, **kwargs):
        """Takes a batch into account."""
        raise NotImplementedError

    def result(self):
        """Returns the metric of all batches since the last reset: a scalar, or a dict of scalars."""
        raise NotImplementedError

    def __call__(self, *args, **kwargs):
        """Takes a batch into account and returns the result so far."""
        self._check_initialized()
        self.update_state(*args, **kwargs)
        return self.result()

    def _check_initialized(self):
        if "_variables" not in vars(self):
            raise RuntimeError("You forgot to call `super().__init__()` in the `__init__()` method. Go add it!")

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"
