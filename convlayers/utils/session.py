"""State of the whole program."""

import gc

from convlayers import dtype_policies, naming, random
from convlayers._native import memory


def clear_session(free_memory=True):
    """Forgets what layers made so far have left behind: names that were given out, the dtype policy, the random seeds.

    Args:
        free_memory: whether to run Python's garbage collector, which gives back the memory of models no longer in use, and to
            give the system what is kept for the next step of training.

    Example:

    >>> keras.layers.Dense(10).name
    'dense'
    >>> keras.layers.Dense(10).name
    'dense_1'
    >>> keras.utils.clear_session()
    >>> keras.layers.Dense(10).name
    'dense'
    """
    naming.reset_uids()
    dtype_policies.reset_dtype_policy()
    random.reset_unseeded()
    if free_memory:
        gc.collect()
        memory.give_back()
