"""Files: models and weights, and the names that they have for objects."""

from convlayers.late import late_names
from convlayers.registry import (
    CustomObjectScope as CustomObjectScope,
)
from convlayers.registry import (
    custom_object_scope as custom_object_scope,
)
from convlayers.registry import (
    get_custom_objects as get_custom_objects,
)
from convlayers.registry import (
    get_registered_name as get_registered_name,
)
from convlayers.registry import (
    get_registered_object as get_registered_object,
)
from convlayers.registry import (
    register_keras_serializable as register_keras_serializable,
)
from convlayers.saving.model_files import load_model as load_model
from convlayers.saving.model_files import save_model as save_model
from convlayers.saving.weight_files import load_weights as load_weights
from convlayers.saving.weight_files import save_weights as save_weights
from convlayers.serialization import deserialize_keras_object as deserialize_keras_object
from convlayers.serialization import serialize_keras_object as serialize_keras_object

__getattr__, __dir__, _ = late_names(__name__, file_editor="KerasFileEditor")
