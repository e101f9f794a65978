"""`tf.Module`."""

from convlayers.layers import Layer
from convlayers.naming import to_snake_case
from convlayers.scripts.tensorflow.graphs import name_scope
from convlayers.variables import Variable


class Module:
    """Finds the variables in its attributes: variables, layers, models, other modules, and lists and dicts of them.

    Args:
        name: string, the name of the class by default.
    """

    def __init__(self, name=None):
        self._name = name or to_snake_case(type(self).__name__)

    @property
    def name(self):
        return self._name

    @property
    def name_scope(self):
        return name_scope(self._name)

    @property
    def variables(self):
        """All variables, each once, in the order of the names of the attributes."""
        found = []
        for part in _parts_of(vars(self)):
            if isinstance(part, Variable):
                found.append(part)
            elif hasattr(part, "trainable_variables") and not isinstance(part, Module):
                found += part.variables
        return _each_once(found)

    @property
    def trainable_variables(self):
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def submodules(self):
        """All modules, layers and models among the attributes, and inside of them, each once."""
        found = []
        for part in _parts_of(vars(self)):
            if isinstance(part, Layer):
                found += part._flatten_layers()
            elif isinstance(part, Module):
                found.append(part)
        return _each_once(found)


def _each_once(things):
    return tuple({id(thing): thing for thing in things}.values())


def _parts_of(value):
    """Yields what is in a structure of attributes, in the order of their names; modules before their parts."""
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _parts_of(value[key])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _parts_of(part)
    else:
        yield value
        if isinstance(value, Module):
            yield from _parts_of(vars(value))
