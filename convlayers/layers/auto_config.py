"""The config of a layer whose class has no `get_config`: the arguments that it was made with. And layers made from such."""

import functools
import inspect

from convlayers import nested

# What is certain to become JSON, and to come back as it was.
_PLAIN_TYPES = (str, int, float, bool, type(None))


class Arguments:
    """The arguments of the `__init__` of a layer, as far as a config can have them.

    Attributes:
        config: dict of them by name, without `name`; None if a config can't have them.
        reason: why it can't, in words.
    """

    def __init__(self, cls, args, kwargs):
        self.config, self.reason = None, "non-serializable argument values in `__init__()`, and therefore"
        signature = _signature_of(cls)
        try:
            bound = signature.bind(None, *args, **kwargs)
        except TypeError:
            return
        bound.apply_defaults()
        config = dict(list(bound.arguments.items())[1:])
        kinds = {parameter.kind: name for name, parameter in list(signature.parameters.items())[1:]}
        varargs = config.pop(kinds.get(inspect.Parameter.VAR_POSITIONAL), ())
        config.update(config.pop(kinds.get(inspect.Parameter.VAR_KEYWORD), {}))
        config.pop("name", None)
        if varargs or inspect.Parameter.POSITIONAL_ONLY in kinds:
            self.reason = (
                "positional only or variadic positional arguments (e.g., `*args`) to `__init__()`, which is not supported by "
                "the automatic config generation. Give them names, or else"
            )
        elif all(isinstance(leaf, _PLAIN_TYPES) for leaf in nested.flatten(config)):
            self.config = config


def config_of(layer):
    """Returns the config of a layer whose class has no `get_config`, without what all layers have in theirs.

    Raises:
        NotImplementedError: if it was made with arguments that a config can't have.
    """
    arguments = layer._arguments
    class_name = type(layer).__name__
    if arguments.config is None:
        raise NotImplementedError(
            f"Object {class_name} was created by passing {arguments.reason} the object must override `get_config()` in order "
            f"to be serializable. Please implement `get_config()`.\n{_EXAMPLE}"
        )
    return {**({"name": layer.name} if _takes(type(layer), "name") else {}), **arguments.config}


def make(cls, config):
    """Returns a layer made from a config that nobody wrote a method for.

    What all configs have is set afterwards, where `__init__` does not take it. Keras makes no layer then.
    """
    later = {name: config[name] for name in ("dtype", "trainable") if name in config and not _takes(cls, name)}
    layer = cls(**{name: value for name, value in config.items() if name not in later})
    if "dtype" in later:
        layer.dtype_policy = later["dtype"]
    # Of what is frozen inside, nothing would be left.
    if later.get("trainable", layer.trainable) != layer.trainable:
        layer.trainable = later["trainable"]
    return layer


@functools.lru_cache(1024)
def _signature_of(cls):
    return inspect.signature(cls.__init__)


def _takes(cls, name):
    parameters = _signature_of(cls).parameters
    return name in parameters or any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


_EXAMPLE = """
    class CustomLayer(keras.layers.Layer):
        def __init__(self, arg1, arg2, **kwargs):
            super().__init__(**kwargs)
            self.arg1 = arg1
            self.arg2 = arg2

        def get_config(self):
            return {**super().get_config(), "arg1": self.arg1, "arg2": self.arg2}"""
