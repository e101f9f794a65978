"""What a layer owns: variables, and layers inside it that own theirs."""

import contextlib
import threading

import numpy as np

from convlayers import initializers, nested, regularizers, validation
from convlayers.autograd import value_of
from convlayers.metrics.metric import Metric
from convlayers.variables import Variable


class _NameScope(threading.local):
    """The names of the layers that are being built around this point, outermost first."""

    def __init__(self):
        self.parts = ()

    @contextlib.contextmanager
    def inside(self, name):
        """Adds a name while a layer is built. `build` that calls the `build` of its base class adds it once."""
        outer = self.parts
        self.parts = outer if outer[-1:] == (name,) else (*outer, name)
        try:
            yield
        finally:
            self.parts = outer


name_scope = _NameScope()


class WeightOwner:
    """The part of `Layer` that keeps track of weights."""

    def _initialize_tracking(self, trainable):
        # Keras's order of weights: what was made to be trained, then the rest, whatever `trainable` says later.
        self._trainable_variables = _Tracked()
        self._non_trainable_variables = _Tracked()
        self._layers = _Tracked()
        self._metrics = _Tracked()
        self._trainable = trainable

    def __setattr__(self, name, value):
        """Tracks the layers, metrics and variables that a layer is given as attributes, also in lists and dicts."""
        if isinstance(value, (WeightOwner, Metric, Variable, list, tuple, dict)) and not isinstance(value, _Tracked):
            self._check_initialized()
            for leaf in nested.flatten(value):
                if isinstance(leaf, WeightOwner):
                    self._layers.add(leaf)
                elif isinstance(leaf, Metric):
                    self._metrics.add(leaf)
                elif isinstance(leaf, Variable) and all(leaf is not variable for variable in self._own_variables):
                    self._track_variable(leaf, leaf.trainable)
        super().__setattr__(name, value)

    def _track_variable(self, variable, trainable):
        (self._trainable_variables if trainable else self._non_trainable_variables).add(variable)
        variable.trainable = trainable and self.trainable

    def _check_initialized(self):
        if "_layers" not in self.__dict__:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` as the first statement in the "
                "`__init__()` method. Go add it!"
            )

    @property
    def _own_variables(self):
        return self._trainable_variables + self._non_trainable_variables

    def add_weight(
        self,
        shape=None,
        initializer=None,
        dtype=None,
        trainable=True,
        autocast=True,
        regularizer=None,
        constraint=None,
        aggregation="none",
        overwrite_with_gradient=False,
        name=None,
    ):
        """Makes a variable of this layer.

        Args:
            shape: tuple of ints; a scalar by default.
            initializer: name or object; by default "glorot_uniform" for floating-point numbers, else "zeros".
            dtype: the layer's by default.
            trainable: whether gradients are computed for it.
            regularizer, constraint: names or objects.
            name: "kernel", for instance.
            autocast, aggregation, overwrite_with_gradient: taken for compatibility, without effect.

        Returns:
            A `Variable`.
        """
        shape = validation.standardize_shape(() if shape is None else shape, f"{self.name}/{name}")
        dtype = dtype or self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if "float" in np.dtype(dtype).name else "zeros"
        variable = Variable(
            initializers.get(initializer),
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            name=name,
            regularizer=regularizers.get(regularizer),
            constraint=constraint,
        )
        variable.path = "/".join((*name_scope.parts, variable.name))
        self._track_variable(variable, trainable)
        return variable

    @contextlib.contextmanager
    def _forgetting_weights_of_failures(self):
        """Inside, an exception leaves the layer with the variables and layers that it had before."""
        owned = self._trainable_variables, self._non_trainable_variables, self._layers
        counts = [len(known) for known in owned]
        try:
            yield
        except Exception:
            for known, count in zip(owned, counts, strict=True):
                del known[count:]
            raise

    @property
    def trainable(self):
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        value = bool(value)
        self._trainable = value
        for variable in self._trainable_variables:
            variable.trainable = value
        for layer in self._layers:
            layer.trainable = value

    @property
    def _structure(self):
        """All layers and variables inside this layer. They are collected anew only after something has changed."""
        known = self.__dict__.get("_known_structure")
        if known is None or known.changes != _Tracked.changes:
            known = self._known_structure = _Structure(self)
        return known

    def _flatten_layers(self, include_self=True, recursive=True):
        """Returns the layers inside this one, and inside those, each once."""
        if not recursive:
            return [self, *self._layers] if include_self else list(self._layers)
        return list(self._structure.layers if include_self else self._structure.layers[1:])

    @property
    def weights(self):
        """All variables of this layer and of those inside it, in Keras's order, each once."""
        return list(self._structure.weights)

    variables = weights

    @property
    def trainable_weights(self):
        return [variable for variable in self.weights if variable.trainable] if self.trainable else []

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        return [variable for variable in self.weights if not (variable.trainable and self.trainable)]

    non_trainable_variables = non_trainable_weights

    def get_weights(self):
        """Returns copies of the values of all weights, as a list of arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights):
        """Sets all weights from a list of arrays, of the shapes and in the order of `get_weights`."""
        variables = self.weights
        if len(variables) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length {len(weights)}, "
                f"but the layer was expecting {len(variables)} weights."
            )
        arrays = [np.asarray(value_of(weight)) for weight in weights]
        for variable, array in zip(variables, arrays, strict=True):
            if variable.shape != array.shape:
                raise ValueError(
                    f"Layer {self.name} weight shape {variable.shape} is not compatible with provided weight shape "
                    f"{array.shape}."
                )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def count_params(self):
        """Returns the number of numbers in all weights."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. You can build it "
                f"manually via: `layer.build(input_shape)`."
            )
        return sum(variable.value.size for variable in self.weights)

    def save_own_variables(self, store):
        """Writes the layer's own variables, not those of layers inside it, into a dict of arrays."""
        for index, variable in enumerate(self._own_variables):
            store[str(index)] = variable.value

    def load_own_variables(self, store):
        """Reads what `save_own_variables` wrote."""
        variables = self._own_variables
        if len(store.keys()) != len(variables):
            raise ValueError(
                f"Layer '{self.name}' expected {len(variables)} variables, but received {len(store.keys())} variables during "
                f"loading. Expected: {[variable.name for variable in variables]}"
            )
        for index, variable in enumerate(variables):
            variable.assign(store[str(index)])


def _noted(method):
    def change(self, *arguments):
        _Tracked.changes += 1
        return method(self, *arguments)

    return change


class _Tracked(list):
    """A list that takes each object once. (Operators of a variable are elementwise, so `in` would not do.)

    Attributes:
        changes: how often any such list was changed, so that what is collected from them can be kept until then.
    """

    changes = 0
    append, insert, pop, __delitem__ = (_noted(m) for m in (list.append, list.insert, list.pop, list.__delitem__))

    def add(self, item):
        if all(item is not known for known in self):
            self.append(item)


class _Structure:
    """The layers and variables in a layer, itself first, each once."""

    def __init__(self, layer):
        self.changes = _Tracked.changes
        self.layers = list(_layers_in(layer, {}).values())
        variables = [variable for layer in self.layers for variable in layer._own_variables]
        self.weights = list({id(variable): variable for variable in variables}.values())


def _layers_in(layer, found):
    if id(layer) not in found:
        found[id(layer)] = layer
        for inner in layer._layers:
            _layers_in(inner, found)
    return found
