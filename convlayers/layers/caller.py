"""What is between a call of a layer and its `call`: checks, building, masks, and the graph of a model."""

import threading
import warnings

import numpy as np

from convlayers import nested, ops
from convlayers._native import memory
from convlayers.autograd import Tape, Tensor, value_of
from convlayers.layers.call_arguments import lists_to_arrays
from convlayers.layers.call_errors import name_call, name_layer
from convlayers.layers.call_signature import shapes_for, signature_of
from convlayers.layers.input_conversion import ARRAYS, InputConverter
from convlayers.layers.input_spec import assert_input_compatibility
from convlayers.layers.mask_passing import copy_mask, find_mask_arguments, has_mask, masks_of, pass_masks_on
from convlayers.masks import remembered_masks
from convlayers.naming import name_scope
from convlayers.narrow_types import autocast_to, numpy_dtype
from convlayers.symbolic import KerasTensor, Node, infer_outputs
from convlayers.user_code import user_stacklevel


class _CallState:
    """What layers that call one another know in common: how deep they are, whether they train, and what else passes on."""

    __slots__ = ("context", "depth", "training")

    def __init__(self):
        self.depth = 0
        self.training = None
        self.context = {}


class _CallStates(threading.local):
    """One for each thread."""

    def __init__(self):
        self.mine = _CallState()


_call_states = _CallStates()


def is_training():
    """Whether the layer that is being called trains, which is what layers inside go by unless they are told."""
    return _call_states.mine.training


class Caller(InputConverter):
    """The part of `Layer` that is called."""

    # Whether masks go on behind the layer. Otherwise they end here, with a warning.
    supports_masking = False
    # Whether exceptions in `call` get Keras's words around them.
    _names_its_call = True
    # Arguments of a call that pass on to the layers inside, as `training` does.
    _context_names = ()
    # Whether a call takes more than to convert its inputs: because of such arguments, or of its number types.
    _has_context = False
    # Nothing is ready for a layer whose `__init__` has not run.
    _call_signature = _input_dtype = None

    def _initialize_calls(self):
        self._call_signature = signature_of(self.call)
        self._makes_masks = type(self).compute_mask is not Caller.compute_mask  # maybe where there was none
        if self._makes_masks:
            self.supports_masking = True
        self._known_input = None
        # Lists of their own: they hold nothing that belongs to the layer.
        vars(self).update(nodes=[], _losses=[])

    def _follow_policy(self):
        """Notes which number types calls and weights have, whenever the policy may be another."""
        dtype = self.compute_dtype
        self._input_dtype = numpy_dtype(dtype)  # The comparison with it in each call is by identity.
        self._has_context = bool(self._context_names) or dtype == "bfloat16" or dtype != self.variable_dtype
        for variable in self._own_variables:
            self._note_type_of(variable)

    def _set_path(self, path):
        """Sets the layer's place in a model, for which its policy may have a policy of its own."""
        self._path = path
        self._follow_policy()

    # Calling ----------------------------------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs):
        state = _call_states.mine
        if self._has_context:
            return self._call_in_context(state, args, kwargs)
        return self._call_inside(state, args, kwargs) if state.depth else self._call_outermost(state, args, kwargs)

    def _register_call_context_args(self, *names):
        """Lets arguments of a call pass on to the layers inside that register them, too, as `training` does by itself.

        Args:
            names: their names. The layer itself gets those that its `call` takes.
        """
        self._context_names = (*self._context_names, *names)
        self._has_context = True

    def _call_in_context(self, state, args, kwargs):
        self._check_initialized()
        outer = state.context
        state.context = {**outer, **{name: kwargs.pop(name) for name in self._context_names if name in kwargs}}
        known = {name: state.context.get(name) for name in self._context_names if name in self._call_signature.names}
        kwargs.update((name, value) for name, value in known.items() if value is not None)
        call = self._call_inside if state.depth else self._call_outermost
        try:
            with self._weights_in_own_type():
                outputs = call(state, args, kwargs)
        finally:
            state.context = outer
        # What layers inside have returned may be of another type: such a layer decides by its own policy.
        if self.compute_dtype == "bfloat16" and not self._layers:
            outputs = nested.map_structure(_rounded, outputs)
        return outputs

    def _weights_in_own_type(self):
        """Inside, weights are seen in the type that the layer computes in."""
        dtype = self.compute_dtype
        return autocast_to(dtype if self.autocast and "float" in dtype else None)

    def _call_inside(self, state, args, kwargs):
        signature = self._call_signature
        explicit_training = kwargs.pop("training", None)
        if len(args) == 1 and not kwargs and self._is_ready(args[0]) and signature.takes_one:
            first, symbolic = args[0], False
        else:
            self._check_initialized()
            args, kwargs = self._convert_arguments(args, kwargs)
            said = {"training": explicit_training} if explicit_training is not None and signature.takes_training else {}
            first = next(iter(signature.bind(args, {**kwargs, **said}).values()), None)
            symbolic = any(isinstance(leaf, KerasTensor) for leaf in nested.flatten((list(args), kwargs)))
        if self.input_spec is not None:
            self._check_input(first)
        outer = state.training
        # As the caller says, else as the layer around this one, else as `call` has it by default.
        training = outer if explicit_training is None else explicit_training
        if training is None:
            training = signature.training_default
        takes_training = training is not None and signature.takes_training
        call_kwargs = {**kwargs, "training": training} if takes_training else kwargs
        if symbolic and explicit_training is not None:
            kwargs = {**kwargs, "training": explicit_training}
        if state.depth == 0 and (self._losses or self._layers):
            self._clear_losses()
        state.depth += 1
        state.training = training
        try:
            if not self.built:
                return self._build_and_call(first, args, kwargs, call_kwargs, symbolic)
            return self._run(first, args, kwargs, call_kwargs, symbolic)
        except (ValueError, TypeError) as error:
            name_layer(error, self, first)
            raise
        finally:
            state.depth -= 1
            state.training = outer

    _call_outermost = memory.pooled(_call_inside)

    def _check_input(self, x):
        # To see that a check would find the same as the last one is quicker than the check.
        known = self.input_spec, getattr(x, "shape", None), getattr(x, "dtype", None)
        if known != self._known_input or known[1] is None:
            assert_input_compatibility(self.input_spec, x, self.name)
            vars(self)["_known_input"] = known  # which is no setting of the layer

    def _build_and_call(self, first, args, kwargs, call_kwargs, symbolic):
        arguments = self._call_signature.bind(args, call_kwargs)
        # Layers inside that are built while this one runs, are built under its name.
        with name_scope.inside(self.name):
            if self._has_build():
                self.build(**shapes_for(self.build, arguments, self))
                if self.input_spec is not None:
                    self._check_input(first)
                return self._run(first, args, kwargs, call_kwargs, symbolic)
            self._set_path(name_scope.path)
            if all(layer.built for layer in self._layers):
                self._lock_state()
            outputs = self._run(first, args, kwargs, call_kwargs, symbolic)
            # Shapes may have been found without `call`.
            if symbolic and any(not layer.built for layer in self._layers):
                self._build_layers_inside(args, call_kwargs)
        self._build_shapes = shapes_for(self.build, arguments, self)
        self.built = True
        self._lock_state()
        return outputs

    def _build_layers_inside(self, args, kwargs):
        """Runs `call` for the layers that it calls, which are built then."""
        try:
            args, kwargs = nested.map_structure(self._cast_placeholder, (args, kwargs))
            with self._weights_in_own_type():
                self._trace(*args, **kwargs)
        except Exception as error:
            warnings.warn(
                f"Layer '{self.name}' looks like it has unbuilt state, but Keras is not able to trace the layer `call()` in "
                "order to build it automatically.\nCall the layer on an array to see what is wrong with `call`, or write a "
                f"`build` that builds the layers inside. Exception encountered: {error}",
                stacklevel=user_stacklevel(),
            )

    def _has_build(self):
        """Whether the weights are made by a `build` of a subclass, and not by layers that `call` calls."""
        return type(self).build is not Caller.build

    def _run(self, first, args, kwargs, call_kwargs, symbolic):
        masked = symbolic or remembered_masks or self._makes_masks or "mask" in kwargs
        if not masked and self._call_signature.takes_mask and isinstance(first, (list, tuple, dict)):
            masked = True  # The mask of several arrays is a structure of None, as in Keras.
        if masked:
            arguments = self._call_signature.bind(args, call_kwargs)
            found = find_mask_arguments(self._call_signature, arguments)
            call_kwargs = {**call_kwargs, **found}
            masks = call_kwargs.get("mask")
            masks = masks_of(first) if masks is None else masks
        try:
            outputs = self.symbolic_call(*args, **call_kwargs) if symbolic else self.call(*args, **call_kwargs)
        except Exception as error:
            name_call(error, self, self._call_signature.bind(args, call_kwargs))
            raise
        if not symbolic:
            if self.activity_regularizer is not None:
                self._add_activity_loss(outputs)
            return pass_masks_on(self, first, outputs, masks) if masked else outputs
        outputs = pass_masks_on(self, first, outputs, masks)
        if self._writes_masks(args, kwargs):
            kwargs = {**kwargs, **{name: mask for name, mask in found.items() if has_mask(mask)}}
        return Node(self, args, kwargs, outputs).outputs

    def _writes_masks(self, args, kwargs):
        """Whether the masks that a call takes become a part of a model's graph, as they do in Keras, and in its files."""
        return len(args) == 1 and not kwargs and isinstance(args[0], KerasTensor) and args[0].dtype == self.input_dtype

    def _add_activity_loss(self, outputs):
        for output in nested.flatten(outputs):
            loss = self.activity_regularizer(output)
            # By sample, so that the strength does not depend on the batch size.
            self.add_loss(ops.divide(loss, max(1, output.shape[0])) if output.ndim else loss)

    # For subclasses -----------------------------------------------------------------------------------------------------

    def build(self, input_shape):
        """Makes the weights. `input_shape` has the batch first, as None; for several inputs it is a list of shapes."""
        if not self._has_build() and any(not layer.built for layer in self._layers):
            warnings.warn(
                f"`build()` was called on layer '{self.name}', however the layer does not have a `build()` method implemented "
                "and it looks like it has unbuilt state. This will cause the layer to be marked as built, despite not being "
                "actually built, which may cause failures down the line. Make sure to implement a proper `build()` method.",
                stacklevel=2,
            )
        self._build_shapes = {"input_shape": input_shape}
        self.built = True

    def call(self, *args, **kwargs):
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `call` method implemented.\nDefine the computation there."
        )

    def compute_output_shape(self, *args, **kwargs):
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `compute_output_shape` method implemented. Should implement `def "
            "compute_output_shape(self, input_shape)`."
        )

    def symbolic_call(self, *args, **kwargs):
        """Returns what a call on symbolic tensors would return. The graph stays as it is."""
        args, kwargs = nested.map_structure(self._cast_placeholder, (args, kwargs))
        with self._weights_in_own_type():
            return self.compute_output_spec(*args, **kwargs)

    def _cast_placeholder(self, x):
        """Returns a symbolic tensor of floats in the layer's type, and anything else as it is."""
        if not self.autocast or not isinstance(x, KerasTensor) or "float" not in x.dtype or x.dtype == self.compute_dtype:
            return x
        return KerasTensor(x.shape, self.compute_dtype, name=x.name)

    def compute_output_spec(self, *args, **kwargs):
        """Returns what `call` returns for symbolic inputs, without computing it."""
        if type(self).compute_output_shape is Caller.compute_output_shape:
            return self._trace(*args, **kwargs)
        arguments = self._call_signature.bind(args, kwargs)
        shapes = self.compute_output_shape(**shapes_for(self.compute_output_shape, arguments, self))
        if not isinstance(shapes, (list, tuple, dict)):
            raise ValueError(
                f"Method `compute_output_shape()` of layer {type(self).__name__} is returning a type that cannot be "
                f"interpreted as a shape. It should return a shape tuple. Received: {shapes}"
            )
        return nested.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), shapes)

    def _trace(self, *args, **kwargs):
        """Returns what `call` returns for symbolic inputs. Layers that it calls are built."""
        try:
            return infer_outputs(self.call, args, kwargs)
        finally:
            self._clear_losses()

    def compute_mask(self, inputs, previous_mask):
        """Returns the mask of what `call` returns: that of the inputs, unless a subclass knows better.

        Args:
            inputs: the first argument of `call`.
            previous_mask: its mask, in the same structure, None for what has none.
        """
        return previous_mask

    # With the way back --------------------------------------------------------------------------------------------------

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


def _rounded(output):
    """Returns an output in float32 as one of bfloat16, and any other as it is."""
    if not isinstance(output, ARRAYS) or output.dtype != "float32":
        return output
    rounded = ops.cast(output, "bfloat16")
    copy_mask(output, rounded)
    return rounded


def _check_gradients(targets, d_targets):
    if [target.shape for target in targets] != [d_target.shape for d_target in d_targets]:
        raise ValueError(
            "`backward` takes a gradient of the shape of each output. "
            f"Expected: {[target.shape for target in targets]}. Received: {[d_target.shape for d_target in d_targets]}."
        )
