"""Which variables of a model are found where in a file of weights.

Keras names the place of an object after its class, not after itself: the second Conv2D of a model is at `layers/conv2d_1`,
whatever it is called. Containers count each class on its own. A layer that is used twice is stored at its first place.
"""

import warnings

from convlayers.layers.weight_owner import WeightOwner
from convlayers.models.functional import Functional
from convlayers.models.sequential import Sequential
from convlayers.naming import to_snake_case


def places(model):
    """Returns the objects of a model that have variables, or may have, with their paths: a list of (path, object)."""
    found = []
    _visit(model, "", found, set())
    return found


def _visit(owner, path, found, seen):
    if id(owner) in seen:
        return
    seen.add(id(owner))
    found.append((path, owner))
    for name, value in _children(owner):
        child_path = f"{path}/{name}" if path else name
        if isinstance(value, WeightOwner):
            _visit(value, child_path, found, seen)
        else:
            _visit_container(value, child_path, found, seen)


def _visit_container(container, path, found, seen):
    uses = {}
    for value in container.values() if isinstance(container, dict) else container:
        if not isinstance(value, WeightOwner):
            continue
        name = to_snake_case(type(value).__name__)
        number = uses[name] = uses.get(name, -1) + 1
        _visit(value, f"{path}/{name}_{number}" if number else f"{path}/{name}", found, seen)


def _children(owner):
    """The attributes of a layer that hold layers, in the order of Keras: `layers` of a graph first, private names last."""
    if isinstance(owner, (Functional, Sequential)):
        return [("layers", owner.layers)]
    attributes = sorted(vars(owner), key=lambda name: (name.startswith("_"), name))
    return [(name, vars(owner)[name]) for name in attributes if name != "_layers" and _holds_layers(vars(owner)[name])]


def _holds_layers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return any(isinstance(part, WeightOwner) for part in value)
    return isinstance(value, WeightOwner)


def write_weights(model, writer):
    """Writes all variables of a model, and of its optimizer if it has been compiled."""
    for path, owner in places(model):
        owner.save_own_variables(writer.group(path, owner.name))
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        optimizer.save_own_variables(writer.group("optimizer", optimizer.name))


def read_weights(model, reader, skip_mismatch=False):
    """Sets all variables of a model. Nothing is set if anything does not fit.

    Args:
        model: a model whose layers are built.
        reader: an `ArrayReader`.
        skip_mismatch: whether to leave out, with a warning, what does not fit.

    Raises:
        ValueError: if the file lacks something, or has it in another shape.
    """
    fitting, failures = [], []
    for path, owner in places(model):
        arrays = reader.group(path)
        mismatch = _mismatch(owner, path, arrays)
        if mismatch is None:
            fitting.append((owner, arrays))
        else:
            failures.append(mismatch)
    if failures and not skip_mismatch:
        raise ValueError(
            f"A total of {len(failures)} objects could not be loaded. Example error message for object: {failures[0]}"
        )
    for message in failures:
        warnings.warn(f"Could not load weights: {message}", stacklevel=3)
    for owner, arrays in fitting:
        owner.load_own_variables(arrays)


def read_optimizer(model, reader):
    """Sets the variables of a compiled model's optimizer, so that training goes on where it stopped."""
    arrays = reader.group("optimizer")
    if arrays:
        model.optimizer.load_own_variables(arrays)


def _mismatch(owner, path, arrays):
    if type(owner).load_own_variables is not WeightOwner.load_own_variables:
        return None  # it has rules of its own
    variables = owner._own_variables
    if len(arrays) != len(variables):
        return (
            f"Layer '{owner.name}' expected {len(variables)} variables, but received {len(arrays)} variables during loading. "
            f"Expected: {[variable.name for variable in variables]}\nThe file has them at '{path or '/'}'."
        )
    for index, variable in enumerate(variables):
        found = arrays.get(str(index))
        if found is None or found.shape != variable.shape:
            return (
                f"Layer '{owner.name}' expected its variable '{variable.name}' to have shape {variable.shape}. "
                f"Received: {getattr(found, 'shape', None)}, at '{path}/vars/{index}' of the file."
            )
    return None
