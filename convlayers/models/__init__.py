"""Models: layers as one, to be trained, evaluated, saved and summarized."""

from convlayers import registry
from convlayers.lazy_imports import lazy_names
from convlayers.models.cloning import clone_model
from convlayers.models.functional import Functional
from convlayers.models.model import Model, model_from_json
from convlayers.models.sequential import Sequential

registry.register_family("keras", {"Sequential": Sequential, "Model": Model})
# Keras has no public name for it.
registry.register_family("keras.src.models.functional", {"Functional": Functional})
# Layers of known networks.
registry.register_lazy_families("applications", "convlayers.applications")

# Keras has these here too.
__getattr__, __dir__, _lazy = lazy_names(__name__, beside={"saving": "load_model save_model"})

__all__ = ["Functional", "Model", "Sequential", "clone_model", "model_from_json", *_lazy]
