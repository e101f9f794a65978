"""A function as a layer."""

import inspect

from convlayers import nested
from convlayers.layers.layer import Layer
from convlayers.registry import find, get_registered_object
from convlayers.serialization import LAMBDA, deserialize_keras_object, encode_name_of_function, serialize_keras_object
from convlayers.symbolic import KerasTensor, infer_outputs


class Lambda(Layer):
    """Calls a function of your own, made of `convlayers.ops`.

    A file has the name of the function, never its code. So a function that has a name, and is registered with
    `@keras.saving.register_keras_serializable()` or passed as one of the `custom_objects` when the file is read, can be saved
    and loaded. A file that a model with a `lambda` was saved to, here or in Keras, can be read if the function is given again
    under the name of its layer: `custom_objects={"my_layer": lambda x: x**2}`.

    Args:
        function: function of the inputs. If it has arguments called `mask` or `training`, it gets these too.
        output_shape: shape of the outputs, without the batch, or a function of the input shape, with the batch. By default
            it is found by calling the function.
        mask: the mask of the outputs: a function `mask(inputs, previous_mask)`, or an array. None for none.
        arguments: dict of further arguments of the function.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of what the function returns.

    Raises:
        NotImplementedError: if the output shape is not given and can't be found.

    Example:

    >>> Lambda(lambda x: x**2)(np.array([1.0, 2.0, 3.0]))
    [1.0, 4.0, 9.0]
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        self.arguments = arguments or {}
        self.function = function
        self.mask = mask
        self.supports_masking = self._makes_masks = mask is not None
        self._output_shape = output_shape
        names = inspect.getfullargspec(function).args
        self._passed_on = [name for name in ("mask", "training") if name in names]

    def call(self, inputs, mask=None, training=None):
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._passed_on})

    def compute_output_shape(self, input_shape):
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        if self._output_shape is not None:
            batch = nested.flatten(input_shape)[0]
            return nested.map_shapes(lambda shape: (batch, *shape), self._output_shape)
        inputs = nested.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape)
        try:
            return nested.map_structure(lambda x: x.shape, infer_outputs(self.call, (inputs,), {}))
        except Exception as error:
            raise NotImplementedError(
                "We could not automatically infer the shape of the Lambda's output. Please specify the `output_shape` argument "
                f"for this Lambda layer.\nThe function was called on zeros, and raised: {error}"
            ) from error

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        config = {**super().get_config(), "function": _encode(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = _encode(self._output_shape)
        if self.mask is not None:
            config["mask"] = _encode(self.mask)
        return {**config, "arguments": serialize_keras_object(self.arguments)}

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """Returns a layer made from a config of `get_config`.

        Args:
            config: the config.
            custom_objects: dict of names and functions that it may name.
            safe_mode: accepted as in Keras. Code in a config is never run, whatever it says.

        Raises:
            ValueError: if it holds code, and there is no function of the layer's name.
            TypeError: if it names something unknown.
        """
        config = dict(config)
        for key in ("function", "output_shape", "mask"):
            if key in config:
                config[key] = _decode(config[key], config.get("name"), custom_objects)
        if isinstance(config.get("output_shape"), list) and all(
            n is None or isinstance(n, int) for n in config["output_shape"]
        ):
            config["output_shape"] = tuple(config["output_shape"])
        if "arguments" in config:
            config["arguments"] = deserialize_keras_object(config["arguments"], custom_objects)
        return cls(**config)


def _encode(value):
    """Returns the encoding of a function or shape. A lambda stays as it is: it goes into no file."""
    return value if getattr(value, "__name__", None) == "<lambda>" else serialize_keras_object(value)


def _decode(encoding, layer_name, custom_objects):
    if callable(encoding):
        return encoding
    if not _is_lambda(encoding, layer_name):
        return deserialize_keras_object(encoding, custom_objects)
    function = get_registered_object(layer_name, custom_objects)
    if function is None:
        raise ValueError(
            "Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda. This carries a potential "
            "risk of arbitrary code execution and thus it is disallowed by default.\nCode in files is never run here, with any "
            "`safe_mode`. Write the function again, and pass it under the name of the layer: "
            f"`custom_objects={{{layer_name!r}: function}}`."
        )
    return function


def _is_lambda(encoding, layer_name):
    """Whether it stands for a lambda: as Keras writes it, or as files from here have it, by the name of the layer alone."""
    is_named_as_layer = encoding == encode_name_of_function(layer_name) and find(layer_name, "builtins") is None
    return is_named_as_layer or (isinstance(encoding, dict) and encoding.get("class_name") == LAMBDA)
