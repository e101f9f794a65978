"""The one warning that a historical spelling gets."""

import warnings

from convlayers.user_code import user_stacklevel

_told = set()


class OldSpelling(FutureWarning):
    """A script uses a name that Keras has another name for today. It works."""


def warn_of(old, today):
    """Warns of a spelling, the first time that it is met, where the script has it.

    Args:
        old: how the script writes it.
        today: how it is written today: the end of a sentence.
    """
    warn_once(old, f"`{old}` is from older versions of Keras. Today, write {today}.")


def warn_once(key, message):
    """Warns, the first time for each key, where the script is."""
    if key not in _told:
        _told.add(key)
        warnings.warn(message, OldSpelling, user_stacklevel())
