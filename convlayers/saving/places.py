"""Which objects of a model are found where in a file of weights.

Keras names the place of an object after the attribute that holds it. In lists it is named after the class: the second Conv2D
of a model is at `layers/conv2d_1`, whatever it is called. Each list counts on its own. What is found twice is stored at its
first place.
"""

import functools

from convlayers.layers.layer import Layer
from convlayers.layers.weight_owner import WeightOwner
from convlayers.models.functional import Functional
from convlayers.models.sequential import Sequential
from convlayers.naming import to_snake_case
from convlayers.optimizers.optimizer import Optimizer
from convlayers.saving.stacks import is_stack_of_graphs

# What Keras 2.12 and 2.13 called the list of layers. They had each layer that has weights in it twice.
LAYERS_OF_2_12 = "_layer_checkpoint_dependencies"


def places(model, objects_to_skip=(), is_there=None, counts_twice=False, backwards=False, stacks_as_graphs=False):
    """Returns the objects of a model that have variables, or may have, with their paths.

    Args:
        model: the model.
        objects_to_skip: objects that are left out, with all that is found only in them.
        is_there: function that says whether a file has a path. Versions of Keras before 3.15 did not look into lists in lists;
            such lists are left out where the file does not have them.
        counts_twice: whether layers that have weights count twice where those of a class are numbered.
        backwards: whether attributes are gone through from the last name to the first, as in Keras 2.14 and 2.15. In a subclass
            of `Model`, layers in lists are then found in `layers`, and others under their own names.
        stacks_as_graphs: whether a `Sequential` of functional models has its place as a functional model.

    Returns:
        A list of pairs `(path, object)`, the model itself first, at "".
    """
    walk = _Walk(objects_to_skip, is_there, counts_twice, backwards, stacks_as_graphs)
    walk.visit(model, "")
    return walk.found


class _Walk:
    def __init__(self, objects_to_skip, is_there, counts_twice, backwards, stacks_as_graphs):
        self.found = []
        # By identity, and kept: were one of them freed, the next one could get its id.
        self._seen = {id(skipped): skipped for skipped in objects_to_skip or ()}
        self._is_there = is_there or (lambda path: True)
        self._counts_twice = counts_twice
        self._backwards = backwards
        self._stacks_as_graphs = stacks_as_graphs

    def visit(self, value, path):
        if id(value) in self._seen:
            return
        if _has_variables(value):
            self._seen[id(value)] = value
            self.found.append((path, value))
            for name, attribute in _attributes(value, self._backwards):
                self.visit(attribute, f"{path}/{name}" if path else name)
        else:
            self._seen[id(value)] = value
            self._visit_container(value, path)

    def _visit_container(self, container, path):
        uses = {}
        for value in container.values() if isinstance(container, dict) else container:
            if _has_variables(value):
                is_graph = self._stacks_as_graphs and is_stack_of_graphs(value)
                name = to_snake_case("Functional" if is_graph else type(value).__name__)
            elif isinstance(value, (list, tuple, dict)):
                name = "container"
            else:
                continue
            number = uses.get(name, 0)
            uses[name] = number + (2 if self._counts_twice and getattr(value, "weights", None) else 1)
            place = f"{path}/{name}_{number}" if number else f"{path}/{name}"
            if name != "container" or self._is_there(place):
                self.visit(value, place)


_OWNERS = WeightOwner, Optimizer


def _has_variables(value):
    return isinstance(value, _OWNERS)


def _attributes(owner, backwards):
    """Returns the names and values of the attributes of an object that may have variables in them.

    Those that all of its kind have are left out. The order is Keras's: `layers` of a stack or graph first, private names last.
    """
    kind = Optimizer if isinstance(owner, Optimizer) else Layer
    found = {}
    for name in _attributes_of_class(type(owner), kind) | (owner.__dict__.keys() - _common_attributes(kind)):
        try:
            value = getattr(owner, name)
        except Exception:
            continue  # a property that has nothing to give yet
        if _may_have_variables_in(type(value)):
            found[name] = value
    if backwards:
        found.pop("operations", None)  # which Keras 2 does not have
        return sorted(found.items(), reverse=True)
    first = [("layers", owner.layers)] if isinstance(owner, (Functional, Sequential)) else []
    return first + sorted(found.items(), key=lambda item: (item[0].startswith("_"), item[0]))


@functools.lru_cache(1024)
def _may_have_variables_in(cls):
    """Whether an attribute of a class may lead to variables. Most are of the same few classes, which do not."""
    return issubclass(cls, (*_OWNERS, list, tuple, dict))


@functools.cache
def _attributes_of_class(cls, kind):
    return frozenset(name for name in dir(cls) if not name.startswith("__")) - _common_attributes(kind)


@functools.cache
def _common_attributes(kind):
    return frozenset(dir(Layer(name="any") if kind is Layer else Optimizer(1.0, name="any")))
