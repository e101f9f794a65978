"""Named values of a program, in one place."""

import copy
import json

from convlayers.validation import did_you_mean


class Config:
    """Named values, which are attributes and the entries of a dict alike, and can be frozen.

    Args:
        kwargs: the first of them.

    Example:

    >>> config = Config(learning_rate=0.1)
    >>> config.epochs = 3
    >>> config["epochs"]
    3
    >>> config.freeze()
    >>> config.epochs = 4
    ValueError: Cannot mutate attribute(s) because the config is frozen.
    """

    def __init__(self, **kwargs):
        vars(self).update(_config=kwargs, _frozen=False)

    @property
    def frozen(self):
        """Whether nothing may be changed."""
        return self._frozen

    def freeze(self):
        """Forbids changes."""
        vars(self)["_frozen"] = True

    def unfreeze(self):
        """Allows changes again."""
        vars(self)["_frozen"] = False

    def as_dict(self):
        """Returns all values in a new dict."""
        return copy.copy(self._config)

    def to_json(self):
        """Returns all values as text."""
        return json.dumps(self._config)

    def keys(self):
        return self._config.keys()

    def values(self):
        return self._config.values()

    def items(self):
        return self._config.items()

    def get(self, keyname, value=None):
        return self._config.get(keyname, value)

    def pop(self, *args):
        return self._changeable().pop(*args)

    def update(self, *args, **kwargs):
        return self._changeable().update(*args, **kwargs)

    def _changeable(self):
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen.")
        return self._config

    def __setattr__(self, name, value):
        if hasattr(type(self), name):
            super().__setattr__(name, value)
        else:
            self._changeable()[name] = value

    def __getattr__(self, name):
        values = vars(self).get("_config", {})  # there is none while a copy is made
        if name not in values:
            raise AttributeError(f"Unknown attribute: '{name}'." + did_you_mean(name, values))
        return values[name]

    def __setitem__(self, key, item):
        self._changeable()[key] = item

    def __getitem__(self, key):
        return self._config[key]

    def __delitem__(self, key):
        del self._changeable()[key]

    def __contains__(self, item):
        return item in self._config

    def __iter__(self):
        return iter(sorted(self._config))

    def __len__(self):
        return len(self._config)

    def __repr__(self):
        return f"<Config {self._config}>"
