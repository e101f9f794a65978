"""What the arguments of the models do, and what is said about wrong ones: as in Keras."""

import importlib
import warnings

import numpy as np
import pytest

import convlayers
from convlayers import Input, applications, layers
from convlayers.applications import application
from tests.applications.structure import names

MODELS = names(applications)
MISTAKES = [
    {"weights": "no such file.h5"},
    {"classes": 10},
    {"weights": None, "input_shape": (8, 8, 3)},
    {"weights": None, "include_top": False, "input_shape": (64, 16, 3)},
    {"weights": None, "input_shape": (None, None, 3)},
    _RANK_4 := {"weights": None, "include_top": False, "input_shape": (None, 64, 64, 3)},
    {"input_shape": (96, 160, 3)},
    {"include_top": False, "input_shape": (224, 224, 1)},
]
# In MobileNetV3 the layers find it, which are stand-ins here.
CASES = [(name, case) for name in MODELS for case in MISTAKES if not (case is _RANK_4 and name.startswith("MobileNetV3"))]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_mistakes(keras, nothing_is_built, name, arguments):
    assert _outcome(applications, name, arguments) == _outcome(keras.applications, name, arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("MobileNet", {"depth_multiplier": 2}),
        ("MobileNet", {"alpha": 0.3}),
        ("MobileNetV2", {"alpha": 0.3}),
        ("MobileNetV3Small", {"alpha": 0.5}),
        ("MobileNetV3Large", {"alpha": 0.75, "minimalistic": True}),
        ("MobileNetV2", {"input_shape": (64, 64, 3), "input_tensor": np.ones((64, 64, 3))}),
        ("NASNetLarge", {"input_shape": (None, None, 3)}),
        ("ConvNeXtTiny", {"name": "mine"}),
    ],
    ids=str,
)
def test_more_mistakes(keras, nothing_is_built, name, arguments):
    ours, theirs = _outcome(applications, name, arguments), _outcome(keras.applications, name, arguments)
    assert ours is not None
    assert ours[0] == theirs[0]
    assert ours[1].split("\n")[0].split("=[[")[0] == theirs[1].split("\n")[0].split("=[[")[0]


@pytest.mark.parametrize("name", ["ConvNeXtTiny", "DenseNet121", "NASNetLarge"])
def test_channels_first_is_refused(keras, nothing_is_built, name):
    for library in (convlayers, keras):
        library.config.set_image_data_format("channels_first")
    try:
        outcome = _outcome(applications, name, {"weights": None})
        assert outcome == _outcome(keras.applications, name, {"weights": None})
        assert "does not support the `channels_first` image data format" in outcome[1]
    finally:
        for library in (convlayers, keras):
            library.config.set_image_data_format("channels_last")


def test_activations_of_trained_classifiers():
    message = "Only `None` and `softmax` activations are allowed for the `classifier_activation` argument when using pretrained"
    with pytest.raises(ValueError, match=message):
        applications.ResNet50(classifier_activation="relu")


@pytest.mark.parametrize("include_top", [True, False])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, {}) for name in MODELS),
        ("MobileNet", {"alpha": 0.5, "input_shape": (160, 160, 3)}),
        ("MobileNet", {"alpha": 0.25, "input_shape": (128, 128, 3)}),
        ("MobileNetV2", {"alpha": 1.4, "input_shape": (96, 96, 3)}),
        ("MobileNetV2", {"alpha": 0.35}),
        ("MobileNetV3Large", {"alpha": 0.75}),
        ("MobileNetV3Small", {"minimalistic": True}),
        ("EfficientNetB3", {"name": "mine"}),
    ],
    ids=str,
)
def test_files_of_weights(keras, nothing_is_built, name, arguments, include_top):
    """Names, addresses and hashes are Keras's."""
    arguments = {**arguments, "include_top": include_top}
    asked = nothing_is_built
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _outcome(applications, name, arguments)
        _outcome(keras.applications, name, arguments)
    assert len(asked) == 2
    assert asked[0] == asked[1]


def test_weights_from_a_file(tmp_path):
    arguments = {"alpha": 0.25, "input_shape": (32, 32, 3), "classes": 3}
    model = applications.MobileNet(weights=None, **arguments)
    path = tmp_path / "mobile.weights.h5"
    model.save_weights(path)
    loaded = applications.MobileNet(weights=str(path), **arguments)
    for expected, weight in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize("name", ["MobileNetV2", "MobileNetV3Small", "ConvNeXtTiny"])
def test_input_tensor(name):
    """A model may begin inside another one, and shares its input."""
    inputs = Input((70, 70, 3), name="images")
    x = layers.Conv2D(3, 2, strides=2, name="halve")(inputs)
    model = getattr(applications, name)(weights=None, include_top=False, input_tensor=x)
    assert [tensor.node.operation.name for tensor in model.inputs] == ["images"]
    assert model.layers[1].name == "halve"
    assert model.output_shape[:3] == (None, 2, 2) if name != "ConvNeXtTiny" else (None, 1, 1)


@pytest.mark.parametrize("input_shape", [(32, 32, 3), None])
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_names_tell_the_size(name, input_shape):
    model = getattr(applications, name)(weights=None, alpha=0.25, input_shape=input_shape, include_top=False)
    assert model.name == f"{name.lower()}_0.25_{input_shape and 32}"


def test_other_numbers_of_channels():
    with pytest.warns(UserWarning, match="This model usually expects 1 or 3 input channels. .* with 4 input channels"):
        model = applications.MobileNet(weights=None, alpha=0.25, include_top=False, input_shape=(None, None, 4))
    assert model.output_shape == (None, None, None, 256)


@pytest.fixture
def nothing_is_built(keras, monkeypatch):
    """Layers and models of Keras are stand-ins, and no file is read. Returns the list of those that were asked for."""
    asked = []

    def fetch(name, url, file_hash=None):
        asked.append((name, url, file_hash))
        raise _AskedError

    def get_file(name, url, cache_subdir=None, file_hash=None):
        fetch(name, url, file_hash)

    stand_in = _StandIn()
    monkeypatch.setattr(application, "fetch", fetch)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    monkeypatch.setattr("keras.src.backend.backend", lambda: "none")  # NASNetMobile is refused where PyTorch computes
    for name in MODELS:
        module = importlib.import_module(getattr(keras.applications, name).__module__)
        for part in ("layers", "Functional", "Sequential", "LayerScale", "CustomScaleLayer"):
            if hasattr(module, part):
                monkeypatch.setattr(module, part, stand_in)
    return asked


class _AskedError(Exception):
    """Ends the making of a model where its weights are asked for."""


class _StandIn:
    """Stands for any layer, model or tensor."""

    shape = (None, 64, 64, 64)

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        return self

    def __add__(self, other):
        return self

    __radd__ = __mul__ = __add__


def _outcome(library, name, arguments):
    """Returns the type of the error and the first line of its message, or None if there is none."""
    try:
        getattr(library, name)(**arguments)
    except _AskedError:
        return None
    except Exception as error:
        return type(error).__name__, str(error).splitlines()[0]
    return None
