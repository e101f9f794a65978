"""JSON from files that may come from anywhere."""

import json

from convlayers.saving import limits


def parse_json(content, place):
    """Returns what JSON says.

    Args:
        content: str or bytes.
        place: where it was found, for messages: "'config.json' of model.keras".

    Raises:
        ValueError: if it is no JSON, if it is too large or too deep, or if a key is in an object twice: one program would see
            the first value, and another the second.
    """
    if len(content) > limits.LARGEST_JSON:
        raise ValueError(
            f"Not allowed: {place} has {len(content)} bytes of JSON or more. Expected: at most {limits.LARGEST_JSON}, far more "
            "than the config of any real model."
        )
    try:
        return json.loads(content, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError as error:
        raise ValueError(f"The file is damaged: the JSON in {place} is too deep.") from error
    except ValueError as error:
        raise ValueError(f"The file is damaged: there is no JSON in {place}, or no sound one: {error}") from error


def _object(pairs):
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in values if keys.count(key) > 1)
        raise ValueError(f"The key {twice[:100]!r} is in one object twice.")
    return values


def _integer(digits):
    if len(digits) > limits.MOST_DIGITS:
        raise ValueError(f"An integer has {len(digits)} digits. Expected: at most {limits.MOST_DIGITS}.")
    return int(digits)
