"""Lists, tuples and dicts of things, of any depth. Dicts are walked in the order of their sorted keys, as in Keras."""

_STRUCTURES = list, tuple, dict
# What is mostly in encodings, beside structures. To be none of several classes takes `isinstance` long to find out.
_TEXT_AND_NUMBERS = frozenset((str, int, float, bool, type(None)))


def flatten(structure):
    """Returns the leaves of a structure as a list."""
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    elif not isinstance(structure, (list, tuple)):
        return [structure]
    leaves = []
    for part in structure:
        # A call for each leaf would take several times as long.
        if isinstance(part, (list, tuple, dict)):
            leaves += flatten(part)
        else:
            leaves.append(part)
    return leaves


def dicts_in(structure):
    """Yields all dicts in a structure, in their own order, each before those in it."""
    waiting = [[structure]]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            part = part.values()
        for inner in reversed(part):
            if type(inner) not in _TEXT_AND_NUMBERS and isinstance(inner, _STRUCTURES):
                waiting.append(inner)


def map_structure(function, structure, *others):
    """Returns the structure with `function` applied to each leaf, or to the leaves at the same place in several."""
    if isinstance(structure, dict):
        return {key: map_structure(function, structure[key], *(other[key] for other in others)) for key in structure}
    if isinstance(structure, (list, tuple)):
        if others:
            parts = [map_structure(function, *group) for group in zip(structure, *others, strict=True)]
        else:  # As in `flatten`.
            kinds = list, tuple, dict
            parts = [map_structure(function, part) if isinstance(part, kinds) else function(part) for part in structure]
        if hasattr(structure, "_fields"):  # a named tuple
            return type(structure)(*parts)
        return type(structure)(parts)
    return function(structure, *others)


def map_shapes(function, structure):
    """Returns a structure of shapes with `function` applied to each. A shape is a list or tuple of ints and None."""
    if isinstance(structure, dict):
        return {key: map_shapes(function, part) for key, part in structure.items()}
    if any(isinstance(part, (list, tuple, dict)) for part in structure):
        return type(structure)(map_shapes(function, part) for part in structure)
    return function(tuple(structure))


def pack_like(structure, leaves):
    """Returns the structure with its leaves replaced, in order, by `leaves`."""
    iterator = iter(leaves)
    # Through `flatten`'s order, which for dicts is that of the sorted keys.
    return _pack(structure, iterator)


def _pack(structure, iterator):
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], iterator) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        parts = [_pack(part, iterator) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return next(iterator)
