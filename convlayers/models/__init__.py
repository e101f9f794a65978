"""Models: layers as one, to be trained, evaluated, saved and summarized."""

from convlayers import left_out
from convlayers.models.cloning import clone_model as clone_model
from convlayers.models.functional import Functional as Functional
from convlayers.models.model import Model as Model
from convlayers.models.model import model_from_json as model_from_json
from convlayers.models.sequential import Sequential as Sequential
from convlayers.registry import register_family, register_late_families

register_family("keras", {"Sequential": Sequential, "Model": Model})
# Keras has no public name for it.
register_family("keras.src.models.functional", {"Functional": Functional})
# Layers of known networks.
register_late_families("applications", "convlayers.applications")


def __getattr__(name):
    # Keras has these here too; files are the next room.
    if name in ("load_model", "save_model"):
        from convlayers import saving

        return getattr(saving, name)
    raise left_out.missing(__name__, name)
