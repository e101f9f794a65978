"""What an optimizer owns: its variables, in Keras's order."""

import warnings

import numpy as np

from convlayers import initializers
from convlayers.autograd import value_of
from convlayers.variables import Variable


class VariableOwner:
    """The part of `Optimizer` that keeps its variables. Its `__init__` sets `name`, `built` and `_variables`."""

    def _track(self, variable):
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    @property
    def variables(self):
        return list(self._variables)

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation="none", layout=None, name=None):
        """Makes a variable of the optimizer.

        Args:
            shape: tuple of ints.
            initializer: name or object.
            dtype: by default `floatx()`.
            name: string.
            aggregation, layout: taken for compatibility, without effect.

        Returns:
            A `Variable` that is not trained.
        """
        return self._track(Variable(initializers.get(initializer), shape=shape, dtype=dtype, trainable=False, name=name))

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """Makes a variable of the optimizer with the shape and dtype of one of the model, named after it."""
        name = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name=name)

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """Makes a variable of the optimizer for each of the model's.

        Args:
            trainable_variables: list of variables of the model.
            name: what they hold, as "momentum"; or a list of such names, for as many variables for each.
            initializer: name or object, or a list of such, one for each name.

        Returns:
            A list of variables; for a list of names, a tuple of lists.

        Raises:
            ValueError: if there are not as many names as initializers.
        """
        names = [name] if isinstance(name, str) else list(name)
        starts = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(names) != len(starts):
            raise ValueError(
                "The number of provided names must match the number of provided initializers.  "
                f"Received name='{name}', initializer='{initializer}'"
            )
        # Keras's order: all variables for the first of the model's, then for the second ...
        rows = [
            [self.add_variable_from_reference(variable, *pair) for pair in zip(names, starts, strict=True)]
            for variable in trainable_variables
        ]
        columns = tuple([row[index] for row in rows] for index in range(len(names)))
        return columns[0] if isinstance(name, str) else columns

    def assign(self, variable, value):
        """Writes a value into a variable of the model or the optimizer."""
        variable.assign(value)

    def assign_add(self, variable, value):
        """Adds a value to a variable of the model or the optimizer."""
        variable.assign_add(value)

    def assign_sub(self, variable, value):
        """Subtracts a value from a variable of the model or the optimizer."""
        variable.assign_sub(value)

    def set_weights(self, weights):
        """Sets all variables of the optimizer from a list of arrays."""
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling `set_weights()`."
            )
        self._assign_all(weights)

    def save_own_variables(self, store):
        """Writes all variables into a dict."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable

    def load_own_variables(self, store):
        """Reads what `save_own_variables` wrote. With a warning, nothing is read where the number does not fit."""
        if len(store.keys()) != len(self.variables):
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(self.variables)} "
                f"variables whereas the saved optimizer has {len(store.keys())} variables. ",
                stacklevel=2,
            )
            return
        self._assign_all([store[str(index)] for index in range(len(self.variables))])

    def _assign_all(self, weights):
        weights = [np.asarray(value_of(weight)) for weight in weights]
        if len(weights) != len(self.variables):
            raise ValueError(
                f"Optimizer '{self.name}' has {len(self.variables)} variables. Received: a list of {len(weights)} weights."
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            if variable.shape != weight.shape:
                raise ValueError(
                    f"Optimizer variable {variable.path} has shape {variable.shape} not compatible with provided "
                    f"weight shape {weight.shape}."
                )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)
