import copy

import numpy as np

from convlayers import config, dtype_policies, initializers, nested
from convlayers.autograd import value_of
from convlayers.naming import auto_name
from convlayers.narrow_types import array_dtype
from convlayers.rollback import other_values
from convlayers.variables import Variable


class Metric:
    """Base class of metrics: a subclass defines `update_state` and `result`, and makes its variables in `__init__`.

    Args:
        dtype: name or policy of the number type to compute in, by default `floatx()`.
        name: string.

    Attributes:
        variables: list of its variables, and of those of the metrics that it has as attributes.

    A metric may say with an attribute `_direction` whether it gets better "up" or "down": callbacks that watch it ask.

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
        self._dtype_policy = dtype_policies.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype
        self._array_dtype = array_dtype(self._dtype)  # that of the arrays that hold such numbers
        self._variables = []

    @property
    def dtype(self):
        return self._dtype

    # Variables --------------------------------------------------------------------------------------------------------

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
        attributes = [value for value in vars(self).values() if isinstance(value, (Variable, Metric, list, tuple, dict))]
        found = {id(variable): variable for variable in self._variables}
        for leaf in nested.flatten(attributes):
            inside = leaf.variables if isinstance(leaf, Metric) else [leaf] if isinstance(leaf, Variable) else []
            found.update((id(variable), variable) for variable in inside)
        return list(found.values())

    def reset_state(self):
        """Starts anew, as at the start of each epoch."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    # Batches ----------------------------------------------------------------------------------------------------------

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

    # Without state ----------------------------------------------------------------------------------------------------

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """Returns what the variables would be after `update_state(*args, **kwargs)`. They stay as they are.

        Args:
            metric_variables: list of arrays, what the variables are taken to be before.
        """
        return self._run_with(metric_variables, lambda: self.update_state(*args, **kwargs))[1]

    def stateless_result(self, metric_variables):
        """Returns what `result` would be for other variables.

        Args:
            metric_variables: list of arrays, what the variables are taken to be.
        """
        return self._run_with(metric_variables, self.result)[0]

    def stateless_reset_state(self):
        """Returns what the variables would be after `reset_state`. They stay as they are."""
        return self._run_with([variable.value for variable in self.variables], self.reset_state)[1]

    def _run_with(self, values, function):
        """Calls a function while the variables have other values; returns its result, and their values after it."""
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                "Argument `metric_variables` must be a list of tensors corresponding 1:1 to "
                f"{type(self).__name__}().variables. Received list with length {len(values)}, but expected {len(variables)} "
                "variables."
            )
        with other_values(variables, values):
            # A copy, since it may be the value of a variable itself.
            result = nested.map_structure(lambda leaf: copy.copy(value_of(leaf)), function())
            return result, [variable.numpy() for variable in variables]

    # Configuration ----------------------------------------------------------------------------------------------------

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"
