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
        return tuple({id(variable): variable for variable in _variables_in(vars(self))}.values())

    @property
    def trainable_variables(self):
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def submodules(self):
        """All modules, layers and models among the attributes, and inside of them, each once."""
        return tuple({id(module): module for module in _modules_in(vars(self))}.values())


def _modules_in(value):
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _modules_in(value[key])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _modules_in(part)
    elif isinstance(value, Module):
        yield value
        yield from _modules_in(vars(value))
    elif isinstance(value, Layer):
        yield from value._flatten_layers()


def _variables_in(value):
    if isinstance(value, Variable):
        yield value
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _variables_in(value[key])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _variables_in(part)
    elif hasattr(value, "trainable_variables"):
        yield from value.variables
