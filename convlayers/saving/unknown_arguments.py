"""Arguments that a class does not know, in files of older and newer versions of Keras."""

import functools
import inspect
import warnings

from convlayers.layers.layer import Layer
from convlayers.registry import find
from convlayers.saving.encodings import map_dicts

# What versions of Keras 3 before 3.8 wrote of these classes, and nothing depends on.
_WITHOUT_EFFECT = {"RandomRotation": ("value_range",)}

# Of layers that were trained by LoRA. In the file, what that has added is in the kernel.
_OF_LORA = ("lora_rank", "lora_alpha")


def without_any_empty_ones(encoding):
    """Returns an encoding without arguments that say nothing and that the classes do not know, however deep in it."""
    return map_dicts(_without_empty_ones_if_object, encoding)


def _without_empty_ones_if_object(part):
    if not isinstance(part.get("class_name"), str):
        return part
    return without_empty_ones(part, find(part["class_name"], part.get("module") or "", part.get("registered_name")))


def without_empty_ones(encoding, cls):
    """Returns the encoding of an object without arguments that its class does not know, where they say nothing.

    Versions of Keras differ in arguments that most files have as None or False. What says something stays: the class refuses it
    by its name.

    Args:
        encoding: of one object.
        cls: its class, or None if that is not known.
    """
    config = encoding.get("config")
    known = known_arguments(cls) if isinstance(cls, type) and isinstance(config, dict) else None
    if known is None:
        return encoding
    without_effect = _WITHOUT_EFFECT.get(cls.__name__, ())
    if config.get("lora_rank") and issubclass(cls, Layer) and cls.__module__.startswith("convlayers."):
        config = {key: value for key, value in config.items() if key not in _OF_LORA}
        warnings.warn(
            f"Layer '{config.get('name')}' has been trained by LoRA, which is not part of convlayers. Its kernel is read with "
            "all that has been added to it, and will be trained as a whole.",
            stacklevel=2,
        )
    kept = {
        key: value
        for key, value in config.items()
        if key in known or (value is not None and value is not False and key not in without_effect)
    }
    return {**encoding, "config": kept}


def unknown_arguments(encoding):
    """Returns the arguments in the encoding of an object that its class does not know; none if the class is unknown."""
    config = encoding.get("config")
    cls = find(encoding["class_name"], encoding.get("module") or "", encoding.get("registered_name"))
    known = known_arguments(cls) if isinstance(cls, type) and isinstance(config, dict) else None
    return [] if known is None else [key for key in config if key not in known]


@functools.cache
def known_arguments(cls):
    """Returns the names of the arguments of a class and its bases; None if it reads its config in a way of its own."""
    from convlayers.models.model import Model

    if issubclass(cls, Model):
        return None
    names = set()
    for base in cls.__mro__:
        if "__init__" in base.__dict__:
            parameters = inspect.signature(base.__init__).parameters.values()
            names.update(parameter.name for parameter in parameters)
            if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
                break
    return names
