"""Several optimizers as one: some variables are trained by one, some by another."""

import re
from collections.abc import MutableMapping

from convlayers.optimizers.loss_scale_optimizer import LossScaleOptimizer
from convlayers.optimizers.optimizer import Optimizer
from convlayers.serialization import deserialize_keras_object, serialize_keras_object


class OptimizerMap(MutableMapping):
    """A dict of paths of variables and their optimizers. Called with a variable, it returns its optimizer.

    Args:
        default_optimizer: the optimizer for all other variables.
        optimizer_map: dict of paths, or regular expressions that match whole paths, and optimizers.

    Raises:
        TypeError: if `default_optimizer` is no optimizer or `optimizer_map` no dict.

    Example:

    optimizers = OptimizerMap(SGD(0.1), {"encoder/.*": Adam()})
    """

    def __init__(self, default_optimizer, optimizer_map=None):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"default_optimizer must be a Keras Optimizer instance. Received: {default_optimizer}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"optimizer_map must be a dictionary. Received: {optimizer_map}")
        self._default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def default_optimizer(self):
        return self._default_optimizer

    def __getitem__(self, key):
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        matching = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Multiple optimizers assigned to variable {key}.\nEach path may match one pattern. It matches {matching}."
            )
        return self._optimizer_map[matching[0]] if matching else self._default_optimizer

    def __setitem__(self, key, optimizer):
        if key in self._optimizer_map:
            raise ValueError(
                f"'{key}' already exists in the OptimizerMap with value {self._optimizer_map[key]}. Please make sure to "
                "not use duplicated keys."
            )
        if not isinstance(key, str):
            raise ValueError(f"key must be a string. Received: {key}")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"optimizer must be a Keras Optimizer instance. Received: {optimizer}")
        for kind in (LossScaleOptimizer, MultiOptimizer):
            if isinstance(optimizer, kind):
                raise ValueError(f"optimizer cannot be {kind.__name__}.")
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key):
        del self._optimizer_map[key]

    def __len__(self):
        return len(self._optimizer_map)

    def __iter__(self):
        return iter(self._optimizer_map)

    def __call__(self, variable):
        return self[variable.path]

    def get_config(self):
        return {
            "default_optimizer": serialize_keras_object(self._default_optimizer),
            "optimizer_map": serialize_keras_object(self._optimizer_map),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(*(deserialize_keras_object(config[part], custom_objects) for part in ("default_optimizer", "optimizer_map")))


class MultiOptimizer(Optimizer):
    """Gives each variable to the optimizer that a map or a function names for it.

    Args:
        optimizer_map: an `OptimizerMap`, or a function that takes a variable and returns its optimizer.
        loss_scale_factor: float or None, in the place of that of the inner optimizers.
        name: string, by default the class's name.

    Attributes:
        optimizers: list of the inner optimizers. They have the learning rates: this one has none.

    Example:

    model.compile(optimizer=MultiOptimizer(OptimizerMap(SGD(0.1), {"encoder/.*": Adam()})), loss="mse")
    """

    def __init__(self, optimizer_map, loss_scale_factor=None, name=None):
        self.optimizers = []
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._place_of(optimizer)

    def _place_of(self, optimizer):
        """Returns the place of an optimizer in the list, to which it is added if it is new."""
        if optimizer not in self.optimizers:
            optimizer.loss_scale_factor = self.loss_scale_factor
            self.optimizers.append(optimizer)
        return self.optimizers.index(optimizer)

    def build(self, var_list):
        if self.built:
            return
        chosen = [self._optimizer_map(variable) for variable in var_list]
        for optimizer, variable in zip(chosen, var_list, strict=True):
            if not isinstance(optimizer, Optimizer):
                raise ValueError(
                    f"Optimizer for variable {variable.path} is not an Optimizer instance. Received: {optimizer!r}"
                )
            for kind in (LossScaleOptimizer, MultiOptimizer):
                if isinstance(optimizer, kind):
                    raise ValueError(f"{kind.__name__} cannot be used inside an MultiOptimizer.")
        self._var_to_optimizer_idx = {
            variable: self._place_of(optimizer) for optimizer, variable in zip(chosen, var_list, strict=True)
        }
        for optimizer, variables in self._shares(var_list, var_list):
            optimizer.build(list(variables))
        super().build(var_list)

    def _shares(self, items, variables):
        """Yields each optimizer that has a part in `variables`, and those of `items` that belong to it."""
        places = [self._var_to_optimizer_idx[variable] for variable in variables]
        for number, optimizer in enumerate(self.optimizers):
            share = [item for item, place in zip(items, places, strict=True) if place == number]
            if share:
                yield optimizer, share

    @property
    def variables(self):
        return super().variables + [variable for optimizer in self.optimizers for variable in optimizer.variables]

    @property
    def learning_rate(self):
        raise AttributeError(
            "Learning rate cannot be accessed on a MultiOptimizer. Access the learning rate on the individual sub-optimizers "
            "instead."
        )

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(
            "Learning rate cannot be set on a MultiOptimizer. Set the learning rate on the individual sub-optimizers instead."
        )

    @property
    def loss_scale_factor(self):
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value):
        self._loss_scale_factor = value
        for optimizer in self.optimizers:
            optimizer.loss_scale_factor = value

    def apply(self, grads, trainable_variables=None):
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None and not self.built:
            raise ValueError(
                "When passing `grads` without `variables`, the optimizer must already be built on a list of variables. Call "
                "`optimizer.build(trainable_variables)` first."
            )
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(variables)
        if len(grads) != len(self._trainable_variables):
            raise ValueError(
                "Gradients must match trainable variables one-to-one. "
                f"Received {len(grads)} gradients and {len(self._trainable_variables)} variables."
            )
        for optimizer, pairs in self._shares(list(zip(grads, variables, strict=True)), variables):
            optimizer.apply(*zip(*pairs, strict=True))
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list):
        for optimizer, variables in self._shares(var_list, var_list):
            optimizer.finalize_variable_values(variables)

    def get_config(self):
        return {
            "optimizer_map": serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**{**config, "optimizer_map": deserialize_keras_object(config["optimizer_map"], custom_objects)})
