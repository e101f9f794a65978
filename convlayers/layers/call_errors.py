"""What exceptions say that are raised while a layer is called: Keras's words, which layer it was, and what it was called on."""

from convlayers import config, nested
from convlayers.autograd import value_of
from convlayers.layers.call_arguments import shape_of
from convlayers.layers.shrinking import sizes_on_the_way
from convlayers.validation import brief

_IN_CALL = "Exception encountered when calling "
_IN_LAYER = "Raised in layer"
_TOO_SMALL = "Computed output size would be zero or negative"


def name_call(error, layer, arguments):
    """Puts Keras's words around the message of an exception: of which `call` it is, and with which arguments.

    Of several layers, one in the other, the innermost is named.

    Args:
        error: what `call` raised.
        layer: the layer.
        arguments: the arguments of `call`, by name.
    """
    message = _message_of(error)
    if message is None or message.startswith(_IN_CALL) or not layer._names_its_call:
        return
    call = f"{type(layer).__name__}.call()"
    way = _way_here(message, layer, next(iter(arguments.values()), None))
    received = [f"  • {name}={brief(nested.map_structure(value_of, value))}" for name, value in arguments.items()]
    lines = "\n".join([f"Arguments received by {call} of '{layer.name}':", *received])
    error.args = (f"{_IN_CALL}{call}.\n\n{message}{way}\n\n{lines}",)


def name_layer(error, layer, first):
    """Adds to a message which layer it is about, where neither the message nor a layer inside says it.

    Args:
        error: what was raised between the call of the layer and its `call`: while inputs were checked, or weights were made.
        layer: the layer.
        first: what it was called on.
    """
    message = _message_of(error)
    known = message is None or message.startswith(_IN_CALL) or f"\n{_IN_LAYER}" in message or f"'{layer.name}'" in message
    # Classes of others may have messages of another kind.
    if not known and type(error) in (ValueError, TypeError):
        shapes = nested.map_structure(shape_of, first)
        line = f"{_IN_LAYER} '{layer.name}' ({type(layer).__name__}), called on an input of shape {shapes}."
        error.args = (f"{message}{_way_here(message, layer, first)}\n{line}",)


def _message_of(error):
    """Returns what an exception says, None for one that stays as it is: made of more than a text, or wanted so."""
    if not config.is_traceback_filtering_enabled():
        return None
    message = error.args[0] if error.args else ""
    return message if isinstance(message, str) and len(error.args) < 2 else None


def _way_here(message, layer, first):
    sizes = sizes_on_the_way(first, getattr(layer, "data_format", None)) if message.startswith(_TOO_SMALL) else None
    return f"\nThe way here: {sizes}." if sizes is not None else ""
