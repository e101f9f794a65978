"""Lists, dicts and sets that are attributes of a layer: what is put into them later belongs to the layer, too."""

from convlayers import nested


class _Tracked:
    """What lists, dicts and sets have in common that tell a layer what they get and lose.

    Args:
        values: what is in it.
        owner: the layer, None for none.
    """

    def __init__(self, values=(), owner=None):
        super().__init__(values)
        self._owner = owner

    def __reduce__(self):
        # The owner comes last, when what is inside is there: its copy has tracked that already.
        return type(self), (self.copy(),), {"_owner": self._owner}

    def pop(self, *args):
        value = super().pop(*args)
        _untrack(self._owner, value)
        return value

    def clear(self):
        _untrack(self._owner, self.copy())
        super().clear()


class TrackedList(_Tracked, list):
    """A list that tells a layer what it gets and loses."""

    def append(self, value):
        super().append(_tracked(self._owner, value))

    def insert(self, index, value):
        super().insert(index, _tracked(self._owner, value))

    def extend(self, values):
        super().extend([_tracked(self._owner, value) for value in values])

    def __iadd__(self, values):
        self.extend(values)
        return self

    def __setitem__(self, index, value):
        _untrack(self._owner, self[index])
        value = [_tracked(self._owner, part) for part in value] if isinstance(index, slice) else _tracked(self._owner, value)
        super().__setitem__(index, value)

    def __delitem__(self, index):
        _untrack(self._owner, self[index])
        super().__delitem__(index)

    def remove(self, value):
        super().remove(value)
        _untrack(self._owner, value)


class TrackedDict(_Tracked, dict):
    """A dict that tells a layer what it gets and loses."""

    def __setitem__(self, key, value):
        _untrack(self._owner, self.get(key))
        super().__setitem__(key, _tracked(self._owner, value))

    def update(self, *others, **more):
        for key, value in dict(*others, **more).items():
            self[key] = value

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def __delitem__(self, key):
        _untrack(self._owner, self[key])
        super().__delitem__(key)

    def popitem(self):
        key, value = super().popitem()
        _untrack(self._owner, value)
        return key, value


class TrackedSet(_Tracked, set):
    """A set that tells a layer what it gets and loses."""

    def add(self, value):
        super().add(_tracked(self._owner, value))

    def update(self, *others):
        for value in set().union(*others):
            self.add(value)

    def __ior__(self, others):
        self.update(others)
        return self

    def discard(self, value):
        super().discard(value)
        _untrack(self._owner, value)

    def remove(self, value):
        super().remove(value)
        _untrack(self._owner, value)


def tracked(value, owner):
    """Returns a list, dict or set, and those in it, as such that belong to a layer; anything else as it is."""
    if type(value) is list or isinstance(value, TrackedList):
        return TrackedList([tracked(part, owner) for part in value], owner)
    if type(value) is dict or isinstance(value, TrackedDict):
        return TrackedDict({key: tracked(part, owner) for key, part in value.items()}, owner)
    if type(value) is set or isinstance(value, TrackedSet):
        return TrackedSet(value, owner)
    if type(value) is tuple:
        return tuple([tracked(part, owner) for part in value])
    return value


def leaves_in(value):
    """Returns what is in a structure, and in the sets in it."""
    return [leaf for part in nested.flatten(value) for leaf in (part if isinstance(part, set) else (part,))]


def _tracked(owner, value):
    if owner is None:
        return value
    value = tracked(value, owner)
    owner._track(value)
    return value


def _untrack(owner, value):
    if owner is not None:
        for leaf in leaves_in(value):
            owner._untrack(leaf)
