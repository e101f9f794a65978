"""Lists, tuples and dicts of things, of any depth. Dicts are walked in the order of their sorted keys, as in Keras."""


def flatten(structure):
    """Returns the leaves of a structure as a list."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(function, structure, *others):
    """Returns the structure with `function` applied to each leaf, or to the leaves at the same place in several."""
    if isinstance(structure, dict):
        return {key: map_structure(function, structure[key], *(other[key] for other in others)) for key in structure}
    if isinstance(structure, (list, tuple)):
        parts = [map_structure(function, *group) for group in zip(structure, *others, strict=True)]
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
