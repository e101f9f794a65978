"""Changes to JSON that leave it JSON: bytes changed at random are hardly ever."""

import copy
import json
import random

VALUES = (
    None, True, False, 0, 1, -1, 2, 3, 255, 2**31, 2**63, 10**30, -(2**63), 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "relu", "Dense", "Conv2D", "keras.layers", "float16", "same", "channels_first", "\0", "../x", "é" * 10, [], {}, [[]],
    [None], [1, 2], [-1], {"class_name": "Dense", "config": {}},
    {"class_name": "function", "config": "os.system", "module": "os"},
    {"class_name": "__lambda__", "config": {"value": ["4wAAAAAAAAAA", None, None]}},
    {"class_name": "__tensor__", "config": {"value": [[1], [2, 3]], "dtype": "float32"}},
    {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32", "keras_history": ["x", 0, 0]}},
)  # fmt: skip


def mutate_json(content, seed):
    """Returns JSON with one to four places in it changed; None if there is no JSON to change."""
    chance = random.Random(seed)
    try:
        root = [json.loads(content)]
        for _ in range(chance.randint(1, 4)):
            _change(root, chance)
        return json.dumps(root[0]).encode()
    except (ValueError, RecursionError):
        return None


def _change(root, chance):
    places = list(_places(root))
    parent, key = chance.choice(places)
    what = chance.randrange(6)
    if what == 0 and parent is not root:
        del parent[key]
    elif what == 1:
        other, other_key = chance.choice(places)
        parent[key] = copy.deepcopy(other[other_key])
    elif what == 2:
        parent[key] = [parent[key]]
    elif what == 3 and isinstance(parent[key], (int, float)):
        parent[key] = parent[key] * chance.choice((-1, 2, 1000, 10**9, 0.5))
    elif what == 4 and isinstance(parent, dict):
        parent[chance.choice(places)[1] if chance.random() < 0.5 else "unknown"] = parent[key]
    else:
        parent[key] = copy.deepcopy(chance.choice(VALUES))


def _places(value):
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from _places(value[key])
