"""The outputs of a model, and which parts of other structures (labels, weights, losses, metrics) belong to each of them."""

from collections import OrderedDict

from convlayers import nested


def is_nested(structure):
    return isinstance(structure, (list, tuple, dict))


def follow(path, structure):
    """Returns what is in a structure at the end of a path, a tuple of keys and places."""
    for step in path:
        structure = structure[step]
    return structure


def leaf_paths(structure, path=()):
    """Yields the paths to all leaves of a structure."""
    if not is_nested(structure):
        yield path
        return
    for step in structure if isinstance(structure, dict) else range(len(structure)):
        yield from leaf_paths(structure[step], (*path, step))


class Outputs:
    """The outputs of a model.

    Args:
        y_pred: predictions: an array, or a structure of arrays.
        model_names: the names of the outputs, if the model knows them.

    Attributes:
        count: how many there are.
        names: a name or None for each output. Outputs in a dict are called by their keys.
        prefixes: what the names of their metrics begin with.
        structure: `y_pred` with "*" in place of the arrays.
    """

    def __init__(self, y_pred, model_names):
        self.structure = nested.map_structure(lambda _: "*", y_pred)
        self.count = len(nested.flatten(y_pred))
        # Not a structure of structures.
        self._is_flat = is_nested(y_pred) and len(y_pred) == self.count
        self.names = list(model_names or [])
        if len(self.names) != self.count:  # A `compute_loss` may make more of what the model returns.
            self.names = [None] * self.count
        if self._is_flat and isinstance(y_pred, dict) and set(self.names) != set(y_pred):
            self.names = list(y_pred) if isinstance(y_pred, OrderedDict) else sorted(y_pred)
        self.prefixes = [f"{name}_" if name and self.count > 1 else "" for name in self.names]

    def flatten(self, y):
        """Returns labels, predictions or weights as a list."""
        if not is_nested(y):
            return [y]
        if isinstance(y, dict) and set(y) <= set(self.names):
            return [y[name] for name in self.names if name in y]
        return nested.flatten(y)

    def has_unknown(self, structure):
        """Whether a dict has keys that are no names of outputs."""
        are_named = self._is_flat and None not in self.names
        return are_named and isinstance(structure, dict) and not set(structure) <= set(self.names)

    def pack(self, leaves):
        """Returns what there is for each output in the structure of the outputs."""
        if self.structure == "*":
            return leaves[0]
        if self._is_flat and isinstance(self.structure, dict):
            return dict(zip(self.names, leaves, strict=True))
        return nested.pack_like(self.structure, leaves)

    def match_labels(self, y_true, wanted):
        """Returns a label for each output, None for those of which none is wanted.

        Args:
            y_true: labels for all outputs, or for those that have a loss.
            wanted: for each output, whether it has a loss.

        Raises:
            ValueError: if there are more or fewer, or for other outputs.
        """
        flat = [] if self.has_unknown(y_true) else self.flatten(y_true)
        if len(flat) == self.count:
            return flat
        if len(flat) == sum(wanted):
            rest = iter(flat)
            return [next(rest) if has_loss else None for has_loss in wanted]
        raise ValueError(
            f"y_true and y_pred have different structures.\ny_true: {nested.map_structure(lambda _: '*', y_true)}\n"
            f"y_pred: {self.structure}\nPass labels as a list with an array for each output {self.names}, or as a dict with "
            "these names."
        )

    def spread_weights(self, sample_weight, wanted):
        """Returns the weights for each output: one array counts for all."""
        flat = self.flatten(sample_weight)
        return flat * self.count if len(flat) == 1 else self.match_labels(sample_weight, wanted)

    def spread_metrics(self, argument, name):
        """Returns the list of metrics that the argument `metrics` or `weighted_metrics` has for each output.

        Raises:
            ValueError: if it does not fit the outputs.
        """
        if not argument:
            return [[]] * self.count
        if self.count == 1:
            return [nested.flatten(argument)]
        if self._is_flat and isinstance(argument, dict) and set(argument) <= set(self.names):
            argument = [argument.get(output) for output in self.names]
        if self._is_flat and isinstance(argument, (list, tuple)) and len(argument) == self.count:
            return [_as_list(part) for part in argument]
        try:
            return list(_walk(argument, self.structure))
        except (KeyError, TypeError, ValueError):
            raise ValueError(
                f"Invalid `{name}`. `{name}` should contain metrics objects and either be a dict or a list matching the output "
                f"names of the functional model {self.names} or match the output structure of the model: {self.structure}.\n"
                f"Received: {name}={argument}"
            ) from None


def _as_list(part):
    return [] if part is None else nested.flatten(part)


def _walk(argument, structure):
    """Yields the list of metrics for each leaf of a structure of structures."""
    if not is_nested(structure):
        yield _as_list(argument)
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from _walk(argument[key], structure[key])
    else:
        for part, inside in zip(argument, structure, strict=True):
            yield from _walk(part, inside)
