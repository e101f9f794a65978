"""The libraries that are compared: one adapter for each, which is imported when it is asked for, with its library.

An adapter has `name`, `version` and

    lacks(case)                      None, or the reason why this library cannot run the case
    prepare(case, dtype, direction)  a `Work`: what to time, and its answers

The folder `adapters` has no `__init__.py`: so asv, which imports all modules that it finds in a package, finds none
there, and needs no peer.
"""

import importlib
import os
from importlib.util import find_spec

# name on the command line: (module, class, library to be installed)
ADAPTERS = {
    "convlayers": ("benchmarks.adapters.ours", "ConvlayersAdapter", "convlayers"),
    "channels_first": ("benchmarks.adapters.ours", "ChannelsFirstAdapter", "convlayers"),
    "torch": ("benchmarks.adapters.on_torch", "TorchAdapter", "torch"),
    "keras": ("benchmarks.adapters.on_keras", "KerasAdapter", "keras"),
}
KERAS_BACKENDS = ("tensorflow", "torch", "jax")


class Unavailable(Exception):
    """A library is not installed, or does not start."""


def open_adapter(name, threads):
    """Returns the adapter of this name, with its library set to this number of threads.

    Raises:
        Unavailable: if the library cannot be imported; the message says why.
    """
    module, adapter, library = ADAPTERS[name]
    if find_spec(library) is None:
        raise Unavailable(f"{library} is not installed")
    try:
        return getattr(importlib.import_module(module), adapter)(threads)
    except ImportError as error:
        raise Unavailable(f"{library} cannot be imported: {error}") from error


def default_keras_backend():
    """Returns the backend for Keras: `$KERAS_BACKEND`, else the first of `KERAS_BACKENDS` that is installed."""
    chosen = os.environ.get("KERAS_BACKEND")
    return chosen or next((backend for backend in KERAS_BACKENDS if find_spec(backend)), "tensorflow")
