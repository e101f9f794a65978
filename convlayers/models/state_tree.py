"""All that changes when a model is trained, as dicts of arrays by path."""

_KINDS = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")
_FORMATS = {"backend_tensor": lambda variable: variable.value, "numpy_array": lambda variable: variable.numpy()}


def get_state_tree(model, value_format):
    """Returns the values of the variables of a model: for each kind, a dict of dicts by the parts of their paths.

    Args:
        model: the model.
        value_format: "backend_tensor" for the arrays themselves, "numpy_array" for copies.

    Raises:
        ValueError: for another format, or if two variables have the same path.
    """
    if value_format not in _FORMATS:
        raise ValueError(
            "Invalid `value_format` argument. Expected one of {'numpy_array', 'backend_tensor'}. Received: "
            f"value_format={value_format}"
        )
    return {kind: _nest(_variables(model, kind), _FORMATS[value_format]) for kind in _KINDS}


def set_state_tree(model, state_tree):
    """Gives variables of a model the values in what `get_state_tree` returned.

    Raises:
        ValueError: if there is a kind of variables that models do not have.
    """
    for kind in state_tree:
        if kind not in _KINDS:
            raise ValueError(f"Unknown variable name: {kind}\nA state tree has the keys {_KINDS}.")
    for kind, tree in state_tree.items():
        values = _flatten(tree)
        for variable in _variables(model, kind):
            if variable.path in values:
                variable.assign(values[variable.path])


def _variables(model, kind):
    if kind == "optimizer_variables":
        return [] if model.optimizer is None else model.optimizer.variables
    return getattr(model, kind)


def _nest(variables, value_of):
    tree, paths = {}, set()
    for variable in variables:
        if variable.path in paths:
            raise ValueError(
                f"The following variable path is found twice in the model: '{variable.path}'. `get_state_tree()` can only be "
                "called when all variable paths are unique. Make sure to give unique names to your layers (and other objects)."
            )
        paths.add(variable.path)
        *parts, last = variable.path.split("/")
        place = tree
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value_of(variable)
    return tree


def _flatten(tree, prefix=""):
    values = {}
    for key, value in tree.items():
        values.update(_flatten(value, f"{prefix}{key}/") if isinstance(value, dict) else {f"{prefix}{key}": value})
    return values
