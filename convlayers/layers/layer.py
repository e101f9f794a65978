"""The base of all layers: weights, building, calling, configuration."""

import functools
import inspect
import threading
import warnings

import numpy as np

from convlayers import dtype_policies, nested, ops, regularizers, validation
from convlayers._native import memory
from convlayers.autograd import Operand, Tape, Tensor, value_of
from convlayers.layers.arguments import has_shape, lists_to_arrays, shape_of
from convlayers.layers.input_spec import assert_input_compatibility
from convlayers.layers.weight_owner import WeightOwner, name_scope
from convlayers.naming import auto_name
from convlayers.symbolic import KerasTensor, Node, infer_outputs


class _CallState:
    """What layers that call one another know in common: how deep they are, and whether they train."""

    __slots__ = ("depth", "training")

    def __init__(self):
        self.depth = 0
        self.training = None


class _CallStates(threading.local):
    """One for each thread."""

    def __init__(self):
        self.mine = _CallState()


_call_states = _CallStates()

_ARRAYS = np.ndarray, Tensor
_RAISED_IN = "Raised in layer"


class Layer(WeightOwner):
    """A function with weights: the base class of all layers.

    A subclass defines `__init__` (its arguments), `build(input_shape)` (its weights, with `add_weight`), `call(inputs)` (the
    computation, with `convlayers.ops`, which makes it differentiable) and `get_config()` (the arguments again).

    Args:
        activity_regularizer: regularizer of the layer's output, added to the losses.
        trainable: whether the weights are trained.
        dtype: the number type, a name or a `DTypePolicy`; by default `keras.config.floatx()`.
        autocast: whether floating-point inputs are converted to that type.
        name: the layer's name; made from the name of its class by default.

    Example:

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    """

    # Nothing is ready for a layer whose `__init__` has not run.
    _input_dtype = None

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
        self._initialize_tracking(trainable)
        self._dtype_policy = dtype_policies.get(dtype)
        # NumPy's own object of the dtype: the comparison with it in each call is by identity.
        self._input_dtype = np.dtype(self.compute_dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._input_shape_argument = self._take_input_shape(kwargs)
        if kwargs:
            known = [*inspect.signature(type(self)).parameters, "name", "dtype", "trainable", "activity_regularizer"]
            raise validation.unrecognized_arguments(type(self).__name__, kwargs, known)
        self.input_spec = None
        self._known_input = None
        self.built = False
        self.nodes = []
        self._build_shapes = None
        self._losses = []
        parameters = inspect.signature(self.call).parameters
        self._call_takes_training = "training" in parameters
        self._training_default = parameters["training"].default if self._call_takes_training else None

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
            stacklevel=4,
        )
        return (shape,) if isinstance(shape, int) else tuple(shape)

    def __init_subclass__(cls, **kwargs):
        # A user's `build` need not set `built`, nor know about the names of its weights.
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _recording_build(cls.__dict__["build"])

    # Losses ---------------------------------------------------------------------------------------------------------

    def add_loss(self, loss):
        """Adds a scalar to the losses of the call that is under way."""
        self._losses.extend(loss if isinstance(loss, (list, tuple)) else [loss])

    @property
    def losses(self):
        """What is added to the loss: of the last call, and for the weights that have a regularizer."""
        losses = [loss for layer in self._structure.layers for loss in layer._losses]
        return losses + [variable.regularizer(variable) for variable in self.trainable_weights if variable.regularizer]

    def _clear_losses(self):
        for layer in self._structure.layers:
            layer._losses.clear()

    # Number types ---------------------------------------------------------------------------------------------------

    @property
    def dtype_policy(self):
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        self._dtype_policy = dtype_policies.get(value)
        self._input_dtype = np.dtype(self.compute_dtype)

    @property
    def compute_dtype(self):
        return self._dtype_policy.compute_dtype

    @property
    def variable_dtype(self):
        return self._dtype_policy.variable_dtype

    dtype = variable_dtype

    def _is_ready(self, x):
        """Whether an input needs no conversion: an array or tensor of the layer's type, or a list of such."""
        if type(x) is list:
            return bool(x) and all(map(self._is_ready, x))
        return type(x) in _ARRAYS and x.dtype is self._input_dtype

    def _convert_input(self, x):
        """Returns what a user gave as an array that kernels read: of the layer's type, in the machine's byte order."""
        if isinstance(x, Operand):
            if x.symbolic or not self.autocast or x.dtype == self._input_dtype or np.dtype(x.dtype).kind != "f":
                return x
            return ops.cast(x, self.compute_dtype)
        if not isinstance(x, (np.ndarray, np.generic)):
            if not hasattr(x, "__array__"):
                return x
            x = np.asarray(x)
        if x.dtype is self._input_dtype:
            return x
        if x.dtype.kind not in "fiub":
            raise ValueError(
                f"Invalid dtype: {x.dtype}\nLayer '{self.name}' takes arrays of numbers. Ragged lists, strings and objects "
                "become arrays of numbers with `np.array(x, dtype='float32')` once all parts have the same shape."
            )
        if x.dtype.kind == "f" and self.autocast:
            return x.astype(self._input_dtype)
        return x.astype(x.dtype.newbyteorder("="), copy=False)

    # Calling --------------------------------------------------------------------------------------------------------

    def build(self, input_shape):
        """Makes the weights. `input_shape` has the batch first, as None; for several inputs it is a list of shapes."""
        self.built = True

    def call(self, *args, **kwargs):
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `call()` method implemented. Define the computation there."
        )

    def __call__(self, *args, **kwargs):
        state = _call_states.mine
        return self._call_inside(state, args, kwargs) if state.depth else self._call_outermost(state, args, kwargs)

    @memory.pooled
    def _call_outermost(self, state, args, kwargs):
        return self._call_inside(state, args, kwargs)

    def _call_inside(self, state, args, kwargs):
        explicit_training = kwargs.pop("training", None)
        if len(args) == 1 and not kwargs and self._is_ready(args[0]):
            first, symbolic = args[0], False
        else:
            self._check_initialized()
            if not args and not kwargs:
                inspect.signature(self.call).bind()  # Says which argument is missing.
            args, kwargs = self._convert_arguments(args, kwargs)
            leaves = nested.flatten((list(args), kwargs))
            first = args[0] if args else next(iter(kwargs.values()), None)
            symbolic = any(isinstance(leaf, KerasTensor) for leaf in leaves)
        if self.input_spec is not None:
            self._check_input(first)
        outer = state.training
        # As the caller says, else as the layer around this one, else as `call` has it by default.
        training = outer if explicit_training is None else explicit_training
        if training is None:
            training = self._training_default
        call_kwargs = {**kwargs, "training": training} if self._call_takes_training and training is not None else kwargs
        if symbolic and explicit_training is not None:
            kwargs = {**kwargs, "training": explicit_training}
        if state.depth == 0:
            self._clear_losses()
        state.depth += 1
        state.training = training
        try:
            if not self.built:
                return self._build_and_call(args, kwargs, call_kwargs, symbolic)
            return self._run(args, kwargs, call_kwargs, symbolic)
        except (ValueError, TypeError) as error:
            self._explain(error, first)
            raise
        finally:
            state.depth -= 1
            state.training = outer

    def _check_input(self, x):
        # To see that a check would find the same as the last one is quicker than the check.
        known = self.input_spec, getattr(x, "shape", None), getattr(x, "dtype", None)
        if known != self._known_input or known[1] is None:
            assert_input_compatibility(self.input_spec, x, self.name)
            self._known_input = known

    def _build_and_call(self, args, kwargs, call_kwargs, symbolic):
        shapes = [nested.map_structure(shape_of, x) for x in (*args, *kwargs.values()) if has_shape(x)]
        if self._has_build():
            several = len(inspect.signature(self.build).parameters) > 1
            self.build(*(shapes if several else shapes[:1]))
            return self._run(args, kwargs, call_kwargs, symbolic)
        # A layer without `build` may hold others that are built while it runs: under its name.
        with name_scope.inside(self.name):
            outputs = self._run(args, kwargs, call_kwargs, symbolic)
        if self._layers and shapes:
            self._build_shapes = {"input_shape": shapes[0]}
        self.built = True
        return outputs

    def _has_build(self):
        """Whether the weights are made by a `build` of a subclass, and not by layers that `call` calls."""
        return type(self).build is not Layer.build

    def _run(self, args, kwargs, call_kwargs, symbolic):
        if symbolic:
            outputs = self.compute_output_spec(*args, **call_kwargs)
            return Node(self, args, kwargs, outputs).outputs
        outputs = self.call(*args, **call_kwargs)
        if self.activity_regularizer is not None:
            self._add_activity_loss(outputs)
        return outputs

    def _explain(self, error, first):
        """Adds a line to a message: the name of the layer, of the innermost one if there are several."""
        message = str(error)
        # Classes of others may have messages of another kind.
        if type(error) in (ValueError, TypeError) and f"\n{_RAISED_IN}" not in message and f"'{self.name}'" not in message:
            shapes = nested.map_structure(shape_of, first)
            line = f"{_RAISED_IN} '{self.name}' ({type(self).__name__}), called on an input of shape {shapes}."
            error.args = (f"{message}\n{line}",)

    def _convert_arguments(self, args, kwargs):
        args = tuple(nested.map_structure(self._convert_input, lists_to_arrays(argument)) for argument in args)
        kwargs = {key: nested.map_structure(self._convert_input, value) for key, value in kwargs.items()}
        self._check_positional(args)
        return args, kwargs

    def _check_positional(self, args):
        for leaf in nested.flatten(list(args)):
            if leaf is not None and not hasattr(leaf, "shape"):
                raise ValueError(
                    "Only input tensors may be passed as positional arguments. The following argument value should be passed "
                    f"as a keyword argument: {leaf} (of type {type(leaf)})"
                )

    def _add_activity_loss(self, outputs):
        for output in nested.flatten(outputs):
            loss = self.activity_regularizer(output)
            # By sample, so that the strength does not depend on the batch size.
            self.add_loss(ops.divide(loss, max(1, output.shape[0])) if output.ndim else loss)

    def compute_output_shape(self, *args, **kwargs):
        raise NotImplementedError(
            f"Layer {type(self).__name__} should implement `def compute_output_shape(self, input_shape)`."
        )

    def compute_output_spec(self, *args, **kwargs):
        """Returns what `call` returns for symbolic inputs, without computing it."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return infer_outputs(self.call, args, kwargs)
        shapes = self.compute_output_shape(nested.map_structure(shape_of, args[0]))
        return nested.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), shapes)

    def forward(self, inputs, training=True):
        """Calls the layer on arrays and returns, with its outputs, the way back.

        Args:
            inputs: an array, or a list of arrays.
            training: whether layers that differ between training and inference (Dropout, BatchNormalization) train.

        Returns:
            outputs: an array, or a list of arrays.
            backward: a function. `backward(d_outputs)`, called with the gradient of something for the outputs, returns its
                gradient for the inputs (a list for several), and adds to `variable.grad` of each trainable variable.
        """
        inputs = nested.map_structure(self._convert_input, lists_to_arrays(inputs))
        with Tape() as tape:
            watched = nested.map_structure(lambda x: tape.watch(x) if x.dtype.kind == "f" else x, inputs)
            outputs = self(watched, training=training)

        def backward(d_outputs):
            targets = nested.flatten(outputs)
            d_targets = [np.asarray(d_target) for d_target in nested.flatten(d_outputs)]
            _check_gradients(targets, d_targets)
            d_targets = [d.astype(target.dtype, copy=False) for d, target in zip(d_targets, targets, strict=True)]
            sources = [leaf for leaf in nested.flatten(watched) if isinstance(leaf, Tensor)]
            gradients = iter(tape.backward(targets, d_targets, sources, retain=True))
            return nested.map_structure(lambda x: next(gradients) if isinstance(x, Tensor) else None, watched)

        return nested.map_structure(value_of, outputs), backward

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
        """Returns the arguments that make such a layer, as a dict that can become JSON."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config):
        """Returns a layer made from a config of `get_config`."""
        return cls(**config)

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

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _recording_build(build):
    """Wraps `build`: notes the shapes for saving, gives weights the layer's name as a prefix, sets `built`."""
    signature = inspect.signature(build)

    @functools.wraps(build)
    def wrapper(self, *args, **kwargs):
        with name_scope.inside(self.name), self._forgetting_weights_of_failures():
            build(self, *args, **kwargs)
        arguments = signature.bind(self, *args, **kwargs).arguments
        self._build_shapes = dict(list(arguments.items())[1:])
        self.built = True

    return wrapper


def _check_gradients(targets, d_targets):
    if [target.shape for target in targets] != [d_target.shape for d_target in d_targets]:
        raise ValueError(
            "`backward` takes a gradient of the shape of each output. "
            f"Expected: {[target.shape for target in targets]}. Received: {[d_target.shape for d_target in d_targets]}."
        )
