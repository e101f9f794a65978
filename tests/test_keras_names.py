"""Every public name of the installed Keras: it is here with Keras's signature, or left out with advice."""

import importlib
import inspect
import re
import types

import pytest

import convlayers
from convlayers.unsupported import advice_for

# Arguments that Keras has deprecated, or reads from `**kwargs`.
OTHER_SIGNATURES = {
    "KerasTensor",  # `**kwargs` of Keras are never read
    "ops.layer_normalization",
    "ops.multi_hot",
    "preprocessing.image.smart_resize",
    "Variable",  # `**kwargs` of Keras are those of its backends
    "saving.deserialize_keras_object",
    "saving.load_weights",
    "saving.save_weights",
    "utils.deserialize_keras_object",
}

# Public methods of classes that are not here, by the reason.
OTHER_METHODS = {
    "weights of 8 or 4 bits": """
        enable_lora get_quantization_layer_structure quantized_build quantized_call variable_serialization_spec
    """,
    "how Keras compiles programs": """
        convert_input jit_compile make_predict_function make_test_function make_train_function overwrite_with_gradient
        rematerialized_call run_eagerly stateless_compute_loss summary
    """,
    "set in objects only": "batch_shape default_policy input_spec kernel optimizers",
    "parts of how Keras computes": """
        convert_weight convolution_op finalize_state get_clipped_bbox get_elastic_transform_params get_shifted_bbox
        get_transformed_x_y interpolate_pr_auc ragged_rank row_splits_dtype
    """,
}
_METHODS_LEFT_OUT = {name for names in OTHER_METHODS.values() for name in names.split()}

# Methods whose arguments are others in one class of Keras than in those beside it.
INCONSISTENT = {
    "Adadelta.update_step",
    "Dense.call",  # `training` is for weights of few bits
    "Equalization.compute_output_spec",
    "RandomGrayscale.compute_output_spec",
    "RandomGrayscale.transform_bounding_boxes",
    "RandomGrayscale.transform_labels",
    "RandomGrayscale.transform_segmentation_masks",
}


@pytest.fixture(scope="module")
def names(keras):
    """Returns {path: (what Keras has there, what is here, None if nothing)} for all public names."""
    found = {}
    _collect(keras, convlayers, "", found)
    return found


def _collect(theirs, ours, path, found):
    for name in dir(theirs):
        part = getattr(theirs, name)
        if name.startswith("_") or name == "src":
            continue
        here = f"{path}{name}"
        own = getattr(ours, name, None)
        if not isinstance(part, types.ModuleType):
            found[here] = part, own
        elif part.__name__.startswith("keras"):
            if own is None:
                own = _module(f"{ours.__name__}.{name}")
            if own is None:
                found[here] = part, None
            else:
                _collect(part, own, f"{here}.", found)


def _module(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _first_path(path):
    """`ops.nn.relu` is `ops.relu`."""
    return re.sub(r"^ops\.(linalg|nn|numpy)\.", "ops.", path)


def signature(target):
    return inspect.signature(target.__init__ if isinstance(target, type) else target)


def parameters(target):
    return [(parameter.name, parameter.kind, parameter.default) for parameter in signature(target).parameters.values()]


def test_each_name_is_here_or_left_out_with_advice(names):
    missing = [path for path, (_, own) in names.items() if own is None and advice_for(_first_path(path)) is None]
    assert missing == []
    assert [path for path, (_, own) in names.items() if own is not None and advice_for(path)] == []
    assert len(names) > 1000


@pytest.mark.parametrize("module", ["callbacks", "layers", "losses", "metrics", "models", "optimizers", "saving", "utils"])
def test_import_star_brings_the_names_of_keras(keras, module):
    own, brought = getattr(convlayers, module), {}
    exec(f"from convlayers.{module} import *", brought)
    names = {name for name in dir(getattr(keras, module)) if not name.startswith("_") and hasattr(own, name)}
    assert names <= set(dir(own)) and names <= set(brought)


def test_signatures_and_defaults_are_those_of_keras(names):
    different = []
    for path, (theirs, own) in names.items():
        if own is None or not callable(theirs) or _first_path(path) in OTHER_SIGNATURES:
            continue
        expected, actual = parameters(theirs), parameters(own)
        # What ops have beyond Keras comes by name only.
        more = [parameter for parameter in actual[len(expected) :] if parameter[1] is not inspect.Parameter.KEYWORD_ONLY]
        if actual[: len(expected)] != expected or more:
            different.append((path, expected, actual))
    assert different == []


def test_methods_take_what_those_of_keras_take(names, keras):
    different = set()
    for theirs, own in {pair for pair in names.values() if isinstance(pair[0], type) and pair[1] is not None}:
        for name, method in _public(theirs):
            label = f"{theirs.__name__}.{name}"
            if not hasattr(own, name):
                if name not in _METHODS_LEFT_OUT:
                    different.add(label)
            elif callable(method) and label not in INCONSISTENT and not _takes(getattr(own, name), method):
                different.add(label)
    assert different == set()


def _public(cls):
    """Returns the methods that Keras itself gives a class: those of PyTorch's modules are none of its own."""
    for name in dir(cls):
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if (
            not name.startswith("_")
            and owner is not None
            and owner.__module__.startswith("keras.src")
            and owner.__name__ != "TorchLayer"
        ):
            yield name, getattr(cls, name)


def _takes(own, method):
    kinds = inspect.Parameter
    expected = [
        part for part in signature(method).parameters.values() if part.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    ]
    actual = list(signature(own).parameters.values())
    if any(part.kind is kinds.VAR_POSITIONAL for part in actual):
        return True
    for place, part in enumerate(expected[1:], 1):
        if place >= len(actual) or actual[place].name != part.name:
            return False
        if part.default is not kinds.empty and actual[place].default is kinds.empty:
            return False
    return (
        all(part.default is not kinds.empty or part.kind is kinds.VAR_KEYWORD for part in actual[len(expected) :])
        or len(expected) < 2
    )


def test_advice_is_part_of_the_error():
    with pytest.raises(
        AttributeError, match="module 'convlayers.layers' has no attribute 'LSTM'\nRecurrent layers are not part"
    ):
        _ = convlayers.layers.LSTM
    with pytest.raises(AttributeError, match="'convlayers' has no attribute 'quantizers'\nWeights of 8 or 4 bits"):
        _ = convlayers.quantizers
    with pytest.raises(AttributeError, match="'convlayers.layers' has no attribute 'Conv2d'$"):
        _ = convlayers.layers.Conv2d
