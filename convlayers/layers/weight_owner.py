"""What a layer owns: variables, and layers inside it that own theirs."""

import contextlib
import functools
import itertools
import operator

import numpy as np

from convlayers import initializers, regularizers, validation
from convlayers.autograd import value_of
from convlayers.layers.tracked import leaves_in, tracked
from convlayers.metrics.metric import Metric
from convlayers.naming import name_scope
from convlayers.random import SeedGenerator
from convlayers.variables import Variable, cast_in_calls


class WeightOwner:
    """The part of `Layer` that keeps track of weights."""

    _trainable = True
    _locked = False
    # How often an attribute was set, so that what follows from them can be kept until then.
    _attributes_set = 0

    def _initialize_tracking(self):
        # Keras's order of weights: what was made to be trained, then the rest, whatever `trainable` says later.
        self._trainable_variables = _Tracked()
        self._non_trainable_variables = _Tracked()
        self._layers = _Tracked()
        self._metrics = _Tracked()
        self._seed_generators = _Tracked()

    def __setattr__(self, name, value):
        """Tracks what has state and becomes an attribute of the layer, also in lists, tuples, dicts and sets."""
        if _may_have_state(type(value)):
            if "_layers" not in self.__dict__:
                self._initialize_tracking()
            value = tracked(value, self)
            self._track(value)
        super().__setattr__(name, value)
        self.__dict__["_attributes_set"] = self._attributes_set + 1

    def __delattr__(self, name):
        self._untrack(getattr(self, name))
        super().__delattr__(name)

    def _track(self, value):
        for leaf in leaves_in(value):
            if isinstance(leaf, Variable):
                if all(leaf is not variable for variable in self._own_variables):
                    self._track_variable(leaf, leaf.trainable)
            elif isinstance(leaf, _HAVE_STATE):
                self._add_state(self._list_of(leaf), leaf)

    def _track_variable(self, variable, trainable):
        self._add_state(self._trainable_variables if trainable else self._non_trainable_variables, variable)
        variable.trainable = trainable and self.trainable
        self._note_type_of(variable)

    def _note_type_of(self, variable):
        """Lets calls see a variable in the type that the layer computes in, if that is not the type that weights have."""
        if variable.autocast and self._has_context and self.autocast and self.compute_dtype != self.variable_dtype:
            cast_in_calls(variable)

    def _list_of(self, thing):
        if isinstance(thing, WeightOwner):
            return self._layers
        return self._metrics if isinstance(thing, Metric) else self._seed_generators

    def _add_state(self, known, thing):
        if self._locked and all(thing is not other for other in known):
            raise ValueError(
                "You cannot add new elements of state (variables or sub-layers) to a layer that is already built. All state "
                "must be created in the `__init__()` method or in the `build()` method."
            )
        known.add(thing)

    def _untrack(self, thing):
        variables = self._trainable_variables, self._non_trainable_variables
        for known in (*variables, self._layers, self._metrics, self._seed_generators):
            known.discard(thing)

    def _lock_state(self):
        """From now on, the layer gets no more variables and layers. Called when it is built."""
        self._locked = True

    def _check_initialized(self):
        if "built" not in self.__dict__:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` as the first statement in the "
                "`__init__()` method. Go add it!"
            )

    @property
    def _own_variables(self):
        return self._trainable_variables + self._non_trainable_variables

    @property
    def _own_state(self):
        return self._own_variables + [generator.state for generator in self._seed_generators]

    def add_weight(
        self,
        *args,
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
            args: shape, initializer and dtype may be given without their names.
            shape: tuple of ints; a scalar by default.
            initializer: name or object; by default "glorot_uniform" for floating-point numbers, else "zeros".
            dtype: the layer's by default.
            trainable: whether gradients are computed for it.
            regularizer, constraint: names or objects.
            name: "kernel", for instance.
            autocast: whether calls see it in the type that the layer computes in, if that is another.
            aggregation, overwrite_with_gradient: taken for compatibility, without effect.

        Returns:
            A `Variable`.
        """
        self._check_initialized()
        shape, initializer, dtype = _without_names(args, shape, initializer, dtype)
        dtype = self.variable_dtype if dtype is None else validation.standardize_dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if "float" in dtype else "zeros"
        with name_scope.inside(self.name):
            variable = Variable(
                initializers.get(initializer),
                shape=validation.standardize_shape(() if shape is None else shape, name_scope.path_to(name or "variable")),
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                name=name,
                regularizer=regularizers.get(regularizer),
                constraint=constraint,
            )
        self._track_variable(variable, trainable)
        return variable

    def add_variable(
        self,
        shape,
        initializer,
        dtype=None,
        trainable=True,
        autocast=True,
        regularizer=None,
        constraint=None,
        name=None,
    ):
        """Makes a variable of this layer: `add_weight` by its other name."""
        settings = {"autocast": autocast, "regularizer": regularizer, "constraint": constraint, "name": name}
        return self.add_weight(shape, initializer, dtype, trainable=trainable, **settings)

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
            known = vars(self)["_known_structure"] = _Structure(self)
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

    @property
    def variables(self):
        """The weights, and the states of random generators."""
        return list(self._structure.variables)

    @property
    def trainable_weights(self):
        return [variable for variable in self._structure.weights if variable.trainable] if self.trainable else []

    @property
    def trainable_variables(self):
        return self.trainable_weights

    @property
    def non_trainable_weights(self):
        return [variable for variable in self.weights if not (variable.trainable and self.trainable)]

    @property
    def non_trainable_variables(self):
        return [variable for variable in self.variables if not (variable.trainable and self.trainable)]

    @property
    def metrics(self):
        """The metrics of this layer and of those inside it."""
        return [metric for layer in self._structure.measured for metric in layer._metrics]

    @property
    def metrics_variables(self):
        return [variable for metric in self.metrics for variable in metric.variables]

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
        """Writes the layer's own variables, not those of layers inside it, into a dict, as variables."""
        for index, variable in enumerate(self._own_variables):
            store[str(index)] = variable

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


_HAVE_STATE = WeightOwner, Metric, Variable, SeedGenerator


@functools.lru_cache(1024)
def _may_have_state(cls):
    """Whether what is of a class is tracked when it becomes an attribute. Most are of the same few classes, without state."""
    return issubclass(cls, (*_HAVE_STATE, list, tuple, dict, set)) and not issubclass(cls, _Tracked)


def _without_names(args, shape, initializer, dtype):
    """Returns the first arguments of `add_weight`, whether they were given with their names or without."""
    named = {"shape": shape, "initializer": initializer, "dtype": dtype}
    if len(args) > len(named):
        raise TypeError(f"add_weight() takes at most 3 positional arguments but {len(args)} were given.")
    if args and isinstance(args[0], str):
        raise ValueError(
            f"`name` must be passed as a keyword argument. Received: add_weight('{args[0]}', ...). "
            f"Use: add_weight(shape=..., name='{args[0]}')."
        )
    for name, value in zip(named, args, strict=False):
        if named[name] is not None:
            raise ValueError(f"`{name}` was passed both positionally and as a keyword argument.")
        named[name] = value
    return named.values()


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
        if not any(map(operator.is_, self, itertools.repeat(item))):
            self.append(item)

    def discard(self, item):
        for index, known in enumerate(self):
            if known is item:
                del self[index]
                return


class _Structure:
    """The layers and variables in a layer, itself first, each once; and the layers that have metrics."""

    def __init__(self, layer):
        self.changes = _Tracked.changes
        self.layers = list(_layers_in(layer, {}).values())
        self.measured = [layer for layer in self.layers if layer._metrics]
        self.weights = _once(variable for layer in self.layers for variable in layer._own_variables)
        self.variables = _once(variable for layer in self.layers for variable in layer._own_state)


def _once(things):
    return list({id(thing): thing for thing in things}.values())


def _layers_in(layer, found):
    if id(layer) not in found:
        found[id(layer)] = layer
        for inner in layer._layers:
            _layers_in(inner, found)
    return found
