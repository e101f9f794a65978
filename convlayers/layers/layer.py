"""The base of all layers: weights, building, calling, configuration."""

import functools
import inspect
import warnings

import numpy as np

from convlayers import dtype_policies, nested, regularizers, validation
from convlayers.autograd import Operand
from convlayers.layers import auto_config
from convlayers.layers.call_signature import signature_of
from convlayers.layers.caller import Caller
from convlayers.layers.signatures import ConstructorSignature
from convlayers.layers.stateless import call_stateless
from convlayers.layers.weight_owner import WeightOwner
from convlayers.naming import auto_name, name_scope
from convlayers.narrow_types import array_dtype, autocast_to
from convlayers.rollback import with_effect
from convlayers.user_code import user_stacklevel


class Layer(Caller, WeightOwner):
    """A function with weights: the base class of all layers.

    A subclass defines `__init__` (its arguments), `build(input_shape)` (its weights, with `add_weight`), `call(inputs)` (the
    computation, with `convlayers.ops`, which makes it differentiable) and `get_config()` (the arguments again).

    Args:
        activity_regularizer: regularizer of the layer's output, added to the losses.
        trainable: whether the weights are trained.
        dtype: the number type, a name or a `DTypePolicy`; by default `keras.config.floatx()`.
        autocast: whether floating-point inputs are converted to that type, and weights are, where they are kept in another.
        name: the layer's name; made from the name of its class by default.

    Example:

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    """

    __signature__ = ConstructorSignature()

    def __new__(cls, *args, **kwargs):
        layer = super().__new__(cls)
        if cls.get_config is Layer.get_config:
            object.__setattr__(layer, "_arguments", auto_config.Arguments(cls, args, kwargs))
        return layer

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
        if not isinstance(trainable, bool):
            raise ValueError(
                f"Expected `trainable` to be a boolean. Received: trainable={trainable} (of type {type(trainable)})"
            )
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name} (of type {type(name)})"
            )
        self.name = name or auto_name(type(self).__name__)
        if "_layers" not in self.__dict__:  # It may have got attributes before.
            self._initialize_tracking()
        self._trainable = trainable
        self._path = None
        self.autocast = autocast
        self._dtype_policy = dtype_policies.get(dtype)
        self._follow_policy()
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._input_shape_argument = self._take_input_shape(kwargs)
        if kwargs:
            known = [*inspect.signature(type(self)).parameters, "name", "dtype", "trainable", "activity_regularizer"]
            raise validation.unrecognized_arguments(type(self).__name__, kwargs, known)
        self.input_spec = None
        self.built = False
        self._build_shapes = None
        self._initialize_calls()

    @staticmethod
    def _take_input_shape(kwargs):
        shape = kwargs.pop("input_shape", None)
        dim = kwargs.pop("input_dim", None)
        if dim is not None:
            shape = (dim,)
        if shape is None:
            return None
        warnings.warn(
            "Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential models, "
            "prefer using an `Input(shape)` object as the first layer in the model instead.",
            stacklevel=user_stacklevel(),
        )
        return (shape,) if isinstance(shape, int) else tuple(shape)

    def __init_subclass__(cls, **kwargs):
        # A user's `build` need not set `built`, nor know about the names of its weights.
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _recording_build(cls.__dict__["build"])

    def _build_at_init(self):
        """Marks a layer that has nothing to build as built."""
        self.built = self.built or not self._has_build()

    # Losses ---------------------------------------------------------------------------------------------------------

    def add_loss(self, loss):
        """Adds a scalar to the losses of the call that is under way.

        Args:
            loss: an array or tensor without axes, or a list of such.

        Raises:
            ValueError: if it is none.
        """
        losses = nested.flatten(loss)
        for scalar in losses:
            if not isinstance(scalar, (np.ndarray, np.generic, Operand)):
                raise ValueError(
                    "`add_loss()` can only be called from inside `build()` or `call()`, on a tensor input. Received invalid "
                    f"value: {scalar}"
                )
        self._losses.extend(losses)

    def add_metric(self, *args, **kwargs):
        """Not there any more: a metric is an attribute of the layer, and updated in `call`."""
        raise NotImplementedError(
            "Layer `add_metric()` method is deprecated. Add your metric in `Model.compile(metrics=[...])`, or create metric "
            "trackers in init() or build() when subclassing the layer or model, then call `metric.update_state()` whenever "
            "necessary."
        )

    @property
    def losses(self):
        """What is added to the loss: of the last call, and for the weights that have a regularizer."""
        losses = [loss for layer in self._structure.layers for loss in layer._losses]
        return losses + [variable.regularizer(variable) for variable in self.trainable_weights if variable.regularizer]

    def _clear_losses(self):
        for layer in self._structure.layers if self._layers else (self,):
            layer._losses.clear()

    # Number types ---------------------------------------------------------------------------------------------------

    @property
    def dtype_policy(self):
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        policy = dtype_policies.get(value)
        if isinstance(self._dtype_policy, dtype_policies.DTypePolicyMap) and self.path:
            if self.path in self._dtype_policy:
                del self._dtype_policy[self.path]
            self._dtype_policy[self.path] = policy
        else:
            self._dtype_policy = policy
        self._follow_policy()

    @property
    def _own_policy(self):
        """The policy for the layer's place in the model, once that is known."""
        return self._dtype_policy._at(self._path)

    @property
    def compute_dtype(self):
        return self._own_policy.compute_dtype

    @property
    def variable_dtype(self):
        return self._own_policy.variable_dtype

    dtype = variable_dtype

    @property
    def _array_dtype(self):
        """The dtype of the arrays that hold numbers of `compute_dtype`."""
        return array_dtype(self.compute_dtype)

    @property
    def input_dtype(self):
        """The number type that floating-point inputs are converted to."""
        return self.compute_dtype

    @property
    def quantization_mode(self):
        """None: weights are not quantized here."""
        return None

    def quantize(self, mode=None, type_check=True, config=None):
        """Not supported.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `quantize` method implemented.\nWeights of 8 or 4 bits are not part "
            "of convlayers: layers compute in float32 or float64."
        )

    # Calling --------------------------------------------------------------------------------------------------------

    def stateless_call(self, trainable_variables, non_trainable_variables, *args, return_losses=False, **kwargs):
        """Calls the layer as if its variables had other values, and leaves them as they are.

        Args:
            trainable_variables, non_trainable_variables: lists of arrays, a value for each of the layer's variables.
            args, kwargs: the arguments of the call.
            return_losses: whether to return the losses, too.

        Returns:
            The outputs, and the list of the values that the non-trainable variables have after the call; with
            `return_losses`, and the list of the losses.

        Raises:
            ValueError: if the layer is not built, or there are more or fewer values than variables.
        """
        state = trainable_variables, non_trainable_variables
        outputs, non_trainable_variables, losses = call_stateless(self, *state, args, kwargs)
        return (outputs, non_trainable_variables, losses) if return_losses else (outputs, non_trainable_variables)

    # Graph ----------------------------------------------------------------------------------------------------------

    @property
    def input(self):
        """The symbolic input of the layer's first call in a model, or a list of them."""
        inputs = self._first_node("input").inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self):
        """The symbolic output of the layer's first call in a model. `layer.nodes[i].outputs` are those of the others."""
        return self._first_node("output").outputs

    def _first_node(self, what):
        if not self.nodes:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        return self.nodes[0]

    # Configuration --------------------------------------------------------------------------------------------------

    def get_config(self):
        """Returns the arguments that make such a layer, as a dict that can become JSON.

        A class need not have this method if all arguments of its `__init__` are numbers, strings, truth values, None, or lists,
        tuples and dicts of these.

        Raises:
            NotImplementedError: if it needs one, and has none.
        """
        self._check_initialized()
        config = {"name": self.name} if type(self).get_config is not Layer.get_config else auto_config.config_of(self)
        config = {**config, "trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config):
        """Returns a layer made from a config of `get_config`.

        Raises:
            TypeError: if the class does not take what is in it.
        """
        if isinstance(config.get("dtype"), dict):
            config = {**config, "dtype": _dtype_argument(config["dtype"])}
        try:
            return cls._make(config)
        except Exception as error:
            raise TypeError(
                f"Error when deserializing class '{cls.__name__}' using config={validation.brief(config)}.\n\n"
                f"Exception encountered: {error}"
            ) from error

    @classmethod
    def _make(cls, config):
        return auto_config.make(cls, config) if cls.get_config is Layer.get_config else cls(**config)

    def get_build_config(self):
        """Returns what `build_from_config` needs to make the weights, None before they are made."""
        if self._build_shapes is None:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": self._build_shapes}

    def build_from_config(self, config):
        if config and "input_shape" in config:
            self.build(config["input_shape"])
        elif config and "shapes_dict" in config:
            self.build(**config["shapes_dict"])

    @property
    def path(self):
        """The names of the layer and of those around it, as "block/conv2d"; None before it is built."""
        return self._path

    def __getstate__(self):
        # The graphs that a layer is in belong to their models.
        return {**self.__dict__, "nodes": [], "_known_structure": None}

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _dtype_argument(encoding):
    """Returns what a class gets as its `dtype`, for the encoding in a config: the name of the policy, if that says it all."""
    config = encoding.get("config")
    if encoding.get("class_name") == "DTypePolicy" and isinstance(config, dict) and config.keys() == {"name"}:
        return config["name"]  # as nearly all layers of a file have it
    policy = dtype_policies.deserialize(encoding)
    return policy.name if type(policy) is dtype_policies.DTypePolicy else policy


def _recording_build(build):
    """Wraps `build`: notes the shapes for saving, gives weights the layer's name as a prefix, sets `built`."""
    signature = signature_of(build)

    @functools.wraps(build)
    def wrapper(self, *args, **kwargs):
        with name_scope.inside(self.name), self._forgetting_weights_of_failures(), with_effect(), autocast_to(None):
            self._set_path(name_scope.path)
            build(self, *args, **kwargs)
        arguments = signature.bind((self, *args), kwargs)
        self._build_shapes = dict(list(arguments.items())[1:])
        self.built = True
        # Not when the `build` of a subclass called this one: it may have more to make.
        if type(self).build is wrapper:
            self._lock_state()

    return wrapper
