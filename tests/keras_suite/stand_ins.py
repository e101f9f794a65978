"""Modules of Keras's inside that its tests use, and that have no counterpart of the same shape in convlayers."""

import importlib.util
import inspect
import logging
import types
from importlib.machinery import PathFinder
from pathlib import Path

from tests.keras_suite import trainer_stand_ins


def _backend():
    from convlayers import config, masks, naming, narrow_types, ops, scopes, symbolic, validation, variables
    from convlayers.ops import dtypes

    module = types.ModuleType("keras.src.backend")
    module.__path__ = []
    for part in (config, masks, ops, validation):
        names = (name for name in vars(part) if not name.startswith("_") and not inspect.ismodule(getattr(part, name)))
        vars(module).update({name: getattr(part, name) for name in names})
    module.backend = backend
    module.device = scopes.device
    module.KerasTensor = symbolic.KerasTensor
    module.Variable = variables.Variable
    module.AutocastScope = narrow_types.autocast_to
    module.compute_output_spec = lambda function, *args, **kwargs: symbolic.infer_outputs(function, args, kwargs)
    module.is_float_dtype = lambda dtype: "float" in str(dtype)
    module.is_int_dtype = lambda dtype: "int" in str(dtype)
    module.result_type = dtypes.result_type
    module.SUPPORTS_SPARSE_TENSORS = module.SUPPORTS_RAGGED_TENSORS = False
    module.SUPPORTS_COMPLEX_DTYPES = False
    module.IS_THREAD_SAFE = True
    module.random_seed_dtype = lambda: "uint32"
    module.name_scope = naming.name_scope.inside
    module.random = _backend_random()
    # Keras's backends sort ops by files.
    module.image = ops.image
    module.core = module.linalg = module.math = module.nn = module.numpy = ops
    return module


_NO_BACKEND_OF_KERAS = "convlayers"
_backend_name = _NO_BACKEND_OF_KERAS


def backend():
    """Returns the name that tests ask for to know what a backend can do: none of those that they know limits of."""
    return _backend_name


def name_backend_for(path):
    """Chooses the name for the tests of a file."""
    global _backend_name
    _backend_name = trainer_stand_ins.BACKEND if path.name == "trainer_test.py" else _NO_BACKEND_OF_KERAS


def _config():
    from convlayers import config

    module = types.ModuleType("keras.src.backend.config")
    vars(module).update(vars(config))
    module.backend = backend
    return module


def _common():
    module = _backend()
    module.__name__ = "keras.src.backend.common"
    return module


def _global_state():
    from convlayers.utils import clear_session

    module = types.ModuleType("keras.src.backend.common.global_state")
    module.clear_session = clear_session
    module.get_global_attribute = lambda name, default=None, set_to_default=False: default
    module.set_global_attribute = lambda name, value: None
    return module


def _io_utils():
    from convlayers import config
    from convlayers.saving import files
    from convlayers.utils import messages

    module = types.ModuleType("keras.src.utils.io_utils")
    names = ("enable_interactive_logging", "disable_interactive_logging", "is_interactive_logging_enabled")
    vars(module).update({name: getattr(config, name) for name in names})
    # Messages go to the logger of Python by the name of the package, and not to that of absl.
    module.set_logging_verbosity = logging.getLogger("convlayers").setLevel
    module.ask_to_proceed_with_overwrite = files.ask_to_overwrite
    module.print_msg = lambda message, line_break=True: messages.print_message(message, "\n" if line_break else "")
    return module


def _file_utils():
    """Keras's own, for what tests do with files; but what is public there is that of convlayers."""
    from convlayers import utils

    source = Path(PathFinder.find_spec("keras").origin).parent / "src" / "utils" / "file_utils.py"
    spec = importlib.util.spec_from_file_location("keras.src.utils.file_utils", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.get_file = utils.get_file
    return module


def _summary_utils():
    from convlayers.models import summary

    module = types.ModuleType("keras.src.utils.summary_utils")
    vars(module).update(vars(summary))
    return module


def _metrics_utils():
    from convlayers.metrics import auc

    module = types.ModuleType("keras.src.metrics.metrics_utils")
    vars(module).update(vars(auc))
    return module


def _backend_utils():
    from tests.keras_suite.finder import Missing

    module = types.ModuleType("keras.src.utils.backend_utils")
    module.convert_tf_tensor = lambda tensor: tensor
    module.DynamicBackend = Missing("keras.src.utils.backend_utils.DynamicBackend")
    return module


def _traceback_utils():
    module = types.ModuleType("keras.src.utils.traceback_utils")
    module.is_traceback_filtering_enabled = lambda: False
    module.disable_traceback_filtering = module.enable_traceback_filtering = lambda: None
    return module


def _keras_src():
    """Of `keras.src` itself, the classes; its modules are imported."""
    import convlayers

    module = types.ModuleType("keras.src")
    module.__path__ = []
    module.__getattr__ = _part_of_keras_src
    for name in convlayers.__all__:
        if name[0].isupper():
            setattr(module, name, getattr(convlayers, name))
    return module


def _part_of_keras_src(name):
    try:
        return importlib.import_module(f"keras.src.{name}")
    except ModuleNotFoundError as error:
        raise AttributeError(name) from error


def _conftest():
    """What the tests import from the root of Keras's repository."""
    module = types.ModuleType("conftest")
    module.skip_if_backend = lambda name, reason: lambda test: test
    return module


def _backend_random():
    from convlayers import random

    module = types.ModuleType("keras.src.backend.random")
    vars(module).update(vars(random))
    return module


def _saving_lib():
    from convlayers import saving
    from convlayers.saving import archive
    from tests.keras_suite.finder import Missing

    def missing(name):
        if name.startswith("__"):  # Python asks any module for these
            raise AttributeError(name)
        return Missing(f"keras.src.saving.saving_lib.{name}")

    module = types.ModuleType("keras.src.saving.saving_lib")
    module.__getattr__ = missing
    module.save_model, module.load_model = saving.save_model, saving.load_model
    module.load_weights_only = saving.load_weights
    module.save_weights_only = lambda model, filepath, *args, **kwargs: saving.save_weights(
        model, filepath, True, *args, **kwargs
    )
    module._METADATA_FILENAME, module._CONFIG_FILENAME = archive.METADATA, archive.CONFIG
    return module


def _legacy_h5_format():
    from convlayers import saving

    module = types.ModuleType("keras.src.legacy.saving.legacy_h5_format")
    module.save_model_to_hdf5 = saving.save_model
    module.load_model_from_hdf5 = saving.load_model
    return module


def _object_registration():
    from convlayers import registry

    module = types.ModuleType("keras.src.saving.object_registration")
    vars(module).update(vars(registry))
    module.GLOBAL_CUSTOM_NAMES, module.GLOBAL_CUSTOM_OBJECTS = registry._custom_names, registry._custom_objects
    return module


STAND_INS = trainer_stand_ins.STAND_INS | {
    "conftest": _conftest,
    "keras.src": _keras_src,
    "keras.src.backend": _backend,
    "keras.src.backend.common": _common,
    "keras.src.backend.common.global_state": _global_state,
    "keras.src.backend.config": _config,
    "keras.src.backend.random": _backend_random,
    "keras.src.legacy.saving.legacy_h5_format": _legacy_h5_format,
    "keras.src.metrics.metrics_utils": _metrics_utils,
    "keras.src.saving.object_registration": _object_registration,
    "keras.src.saving.saving_lib": _saving_lib,
    "keras.src.utils.backend_utils": _backend_utils,
    "keras.src.utils.file_utils": _file_utils,
    "keras.src.utils.io_utils": _io_utils,
    "keras.src.utils.summary_utils": _summary_utils,
    "keras.src.utils.traceback_utils": _traceback_utils,
    "keras.backend": _backend,
}
