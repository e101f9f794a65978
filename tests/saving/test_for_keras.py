"""What goes beyond Keras is written with the layers that Keras has, or refused: every entry of docs/beyond_keras.md."""

import inspect
import json
import zipfile

import numpy as np
import pytest

import convlayers as k
from convlayers import layers, nested, ops
from convlayers.mindspore import nn
from convlayers.models.op_config import location_in_keras
from convlayers.saving.for_keras import beyond_keras, for_keras
from tests.layers.table import ROWS

IMAGE, STEPS, VOLUME = (9, 8, 4), (9, 4), (5, 6, 4, 4)


def conv(*args, **kwargs):
    return lambda: [layers.Conv2D(4, *args, **kwargs)]


# Layers, the shape that they take, and what becomes of them in the file.
REWRITTEN = {
    "a number": (conv(3, padding=1), IMAGE, "ZeroPadding2D Conv2D"),
    "a number for each axis": (conv(3, padding=(1, 2), strides=2), IMAGE, "ZeroPadding2D Conv2D"),
    "pairs": (conv(3, padding=((0, 1), (2, 3)), dilation_rate=2, groups=2), IMAGE, "ZeroPadding2D Conv2D"),
    "no pixels": (conv(3, padding=0), IMAGE, "Conv2D"),
    "no pixels of a mode": (conv(3, padding=0, padding_mode="circular"), IMAGE, "Conv2D"),
    "valid of a mode": (conv(3, padding_mode="reflect"), IMAGE, "Conv2D"),
    "channels first": (conv(3, padding=((0, 1), (2, 0)), data_format="channels_first"), IMAGE, "ZeroPadding2D Conv2D"),
    "steps": (lambda: [layers.Conv1D(3, 3, padding=((2, 1),))], STEPS, "ZeroPadding1D Conv1D"),
    "volumes": (lambda: [layers.Conv3D(3, 3, padding=((1, 0), (0, 1), (2, 2)))], VOLUME, "ZeroPadding3D Conv3D"),
    "depthwise": (lambda: [layers.DepthwiseConv2D(3, padding=((1, 0), (1, 0)))], IMAGE, "ZeroPadding2D DepthwiseConv2D"),
    "depthwise steps": (lambda: [layers.DepthwiseConv1D(3, padding=2)], STEPS, "ZeroPadding1D DepthwiseConv1D"),
    "separable": (lambda: [layers.SeparableConv2D(3, 3, padding=(1, 0))], IMAGE, "ZeroPadding2D SeparableConv2D"),
    "separable steps": (lambda: [layers.SeparableConv1D(3, 3, padding=1)], STEPS, "ZeroPadding1D SeparableConv1D"),
    "transposed as same": (lambda: [layers.Conv2DTranspose(4, 4, strides=2, padding=1)], IMAGE, "Conv2DTranspose"),
    "transposed as valid": (lambda: [layers.Conv1DTranspose(4, 3, strides=2, padding=0)], STEPS, "Conv1DTranspose"),
    "transposed volumes": (lambda: [layers.Conv3DTranspose(2, 3, padding=1)], VOLUME, "Conv3DTranspose"),
    "maximum of a rectifier": (
        lambda: [layers.ReLU(6.0), layers.MaxPooling2D(3, strides=2, padding=1)],
        IMAGE,
        "ReLU ZeroPadding2D MaxPooling2D",
    ),
    "maximum of an activation": (
        lambda: [layers.Conv1D(4, 3, activation="relu"), layers.MaxPooling1D(2, padding=((1, 0),))],
        STEPS,
        "Conv1D ZeroPadding1D MaxPooling1D",
    ),
    "maximum without pixels": (lambda: [layers.MaxPooling3D(2, padding=0)], VOLUME, "MaxPooling3D"),
    "mean with the padding": (
        lambda: [layers.AveragePooling2D(3, strides=2, padding=((0, 1), (0, 1)), count_include_pad=True)],
        IMAGE,
        "ZeroPadding2D AveragePooling2D",
    ),
    "mean without padding": (lambda: [layers.AveragePooling1D(2, count_include_pad=True)], STEPS, "AveragePooling1D"),
}


def with_random_weights(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def stack_of(make, shape):
    return with_random_weights(k.Sequential([k.Input(shape), *make()]))


def graph_of(make, shape):
    x = y = k.Input(shape)
    for layer in make():
        y = layer(inputs=y) if isinstance(layer, layers.MaxPooling2D) else layer(y)
    return with_random_weights(k.Model(x, layers.Flatten()(y)))


def shared():
    """A layer that is called twice, on what it returned itself; names that are taken."""
    x = k.Input(IMAGE)
    layer = layers.Conv2D(4, 3, padding=1, name="shared")
    y = layers.Add(name="shared_padding")([layer(layer(x)), x])
    return with_random_weights(k.Model(x, layers.MaxPooling2D(3, 1, padding=1)(layers.Activation("relu")(y))))


def layers_in(path):
    with zipfile.ZipFile(path) as archive:
        encoding = json.loads(archive.read("config.json"))
    assert not [reason for part in encoding["config"]["layers"] for reason in beyond_keras(part)]
    return [
        entry["class_name"] for entry in encoding["config"]["layers"] if entry["class_name"] not in ("InputLayer", "Flatten")
    ]


def inputs_of(model):
    return np.random.default_rng(1).normal(size=(2, *model.inputs[0].shape[1:])).astype("float32")


@pytest.mark.parametrize("name", REWRITTEN)
@pytest.mark.parametrize("model_of", [stack_of, graph_of])
def test_exactly_the_same_is_written(tmp_path, name, model_of):
    make, shape, classes = REWRITTEN[name]
    model = model_of(make, shape)
    expected = model.predict(inputs_of(model), verbose=0)
    for format in ("keras3", "keras3.11", "convlayers"):
        model.save(tmp_path / "model.keras", format=format)
        assert format == "convlayers" or layers_in(tmp_path / "model.keras") == classes.split()
        again = k.models.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(again.predict(inputs_of(model), verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("model_of", [stack_of, graph_of])
def test_keras_computes_the_same(keras, tmp_path, model_of):
    for make, shape, _ in REWRITTEN.values():
        model = model_of(make, shape)
        expected = model.predict(inputs_of(model), verbose=0)
        for path in (tmp_path / "model.keras", tmp_path / "model.h5"):
            model.save(path)
            again = keras.models.load_model(path)
            np.testing.assert_allclose(again.predict(inputs_of(model), verbose=0), expected, atol=1e-4)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_layer_that_is_called_several_times(keras, tmp_path, ending):
    model, path = shared(), tmp_path / f"model.{ending}"
    expected = model.predict(inputs_of(model), verbose=0)
    for format in ("keras3", "keras2"):
        model.save(path, format=format)
        for library in (k, keras) if format == "keras3" else (k,):
            again = library.models.load_model(path)
            assert [type(layer).__name__ for layer in again.layers].count("ZeroPadding2D") == 2
            np.testing.assert_allclose(again.predict(inputs_of(model), verbose=0), expected, atol=1e-4)


def test_training_goes_on(tmp_path):
    model = graph_of(*REWRITTEN["maximum of an activation"][:2])
    model.compile(k.optimizers.Adam(0.01), "mse")
    x = inputs_of(model)
    y = np.zeros_like(model.predict(x, verbose=0))
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    for _ in range(3):
        np.testing.assert_allclose(again.train_on_batch(x, y), model.train_on_batch(x, y), rtol=1e-5)


# Refused ----------------------------------------------------------------------------------------------------------------


def in_a_stack(*parts, shape=IMAGE):
    return k.Sequential([k.Input(shape), *parts])


def by_ops(compute):
    x = k.Input(IMAGE)
    return k.Model(x, compute(x))


def pair():
    x = k.Input(IMAGE)
    return k.Model(x, layers.MaxPooling2D(2, return_indices=True, name="pool")(x))


REFUSED = {
    "does what 'c' does, a Conv2D: padding_mode=reflect, but its convolutions pad with zeros": lambda: in_a_stack(
        layers.Conv2D(2, 3, padding=1, padding_mode="reflect", name="c")
    ),
    "padding_mode=circular": lambda: in_a_stack(layers.DepthwiseConv2D(3, padding="same", padding_mode="circular")),
    "padding_mode=replicate": lambda: in_a_stack(layers.Conv1D(2, 3, padding="causal", padding_mode="replicate"), shape=STEPS),
    "no strides together with dilation": lambda: in_a_stack(layers.Conv2D(2, 3, padding=1, strides=2, dilation_rate=2)),
    "a Conv1D: padding=.*pads by 'valid' and 'same'": lambda: in_a_stack(
        layers.TimeDistributed(layers.Conv1D(2, 3, padding=1))
    ),
    "groups=2, but its transposed convolutions have no groups": lambda: in_a_stack(layers.Conv2DTranspose(2, 3, groups=2)),
    r"a Conv2DTranspose: padding=\[\[1, 1\], \[1, 1\]\], but it pads by 'valid' and 'same'": lambda: in_a_stack(
        layers.Conv2DTranspose(2, 3, strides=2, padding=1, output_padding=1)
    ),
    "a Conv1DTranspose: it has no strides together with dilation": lambda: in_a_stack(
        layers.Conv1DTranspose(2, 3, strides=2, dilation_rate=2, padding=0), shape=STEPS
    ),
    "a MaxPooling2D: padding=.*zeros around the input would count": lambda: in_a_stack(layers.MaxPooling2D(2, padding=1)),
    "a AveragePooling2D: padding=.*zeros around the input would count": lambda: in_a_stack(
        layers.ReLU(), layers.AveragePooling2D(2, padding=1)
    ),
    "count_include_pad=True, but its means leave out the padding": lambda: in_a_stack(
        layers.AveragePooling2D(3, padding="same", count_include_pad=True)
    ),
    "ceil_mode=True": lambda: in_a_stack(layers.AveragePooling2D(2, ceil_mode=True)),
    r"dilation_rate=\[2, 2\], but its pooling takes pixels side by side": lambda: in_a_stack(
        layers.MaxPooling2D(2, dilation_rate=2)
    ),
    "'pool' does, a MaxPooling2D: return_indices=True, but its pooling does not tell where": pair,
    "a Conv: padding=1": lambda: by_ops(lambda x: ops.conv(x, np.ones((3, 3, 4, 2), "float32"), padding=1)),
    "a MaxPool: ceil_mode=True": lambda: by_ops(lambda x: ops.max_pool(x, 2, ceil_mode=True)),
    "a AveragePool: count_include_pad=True": lambda: by_ops(
        lambda x: ops.average_pool(x, 2, padding="same", count_include_pad=True)
    ),
    "a GlobalMaxPool: there is no such op in Keras": lambda: by_ops(ops.global_max_pool),
    "a Conv2d: its class is one of convlayers alone": lambda: in_a_stack(nn.Conv2d(9, 4, 3)),
    "a MaxPool2d: its class is one of convlayers alone": lambda: in_a_stack(nn.MaxPool2d(2)),
}


@pytest.mark.parametrize("message", REFUSED)
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_what_keras_has_nothing_for(tmp_path, message, ending):
    model, path = REFUSED[message](), tmp_path / f"model.{ending}"
    for format in (None, "keras3.11", "keras2"):
        with pytest.raises(ValueError, match=message) as raised:
            model.save(path, format=format)
        assert str(raised.value).startswith("Keras has nothing that does what '")
        assert ('Pass `format="convlayers"` to `save`' in str(raised.value)) != ("of convlayers alone." in str(raised.value))
        assert str(raised.value).endswith("Its weights alone can be saved with `save_weights`.")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("message", [message for message in REFUSED if "of convlayers alone" not in message])
def test_it_is_written_for_convlayers_alone(tmp_path, message):
    model = REFUSED[message]()
    model.save(tmp_path / "model.keras", format="convlayers")
    again = k.models.load_model(tmp_path / "model.keras")
    assert str(again.output_shape) == str(model.output_shape)
    outputs = (nested.flatten(each.predict(inputs_of(model), verbose=0)) for each in (again, model))
    for one, other in zip(*outputs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_alone_are_not_refused(tmp_path):
    model = REFUSED["no strides together with dilation"]()
    weights = model.get_weights()
    model.save_weights(tmp_path / "model.weights.h5")
    model.set_weights([weight + 1 for weight in weights])
    model.load_weights(tmp_path / "model.weights.h5")
    assert weights and all(map(np.array_equal, model.get_weights(), weights))


# What Keras has stays as it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_no_layer_of_keras_is_refused(row):
    encoding = k.saving.serialize_keras_object(row.make(layers))
    assert for_keras(encoding) == json.loads(json.dumps(encoding))


def test_configs_of_other_classes_are_left_alone():
    for config in ({"layers": [3, 4]}, {"padding": [[1, 1]], "layers": None}, "relu", {"layers": 3, "output_layers": 4}):
        encoding = {"module": "mine", "class_name": "Mine", "config": config, "registered_name": "mine>Mine"}
        assert for_keras(encoding) == encoding


def test_activations_of_ones_own_go_into_files(tmp_path):
    def bent(x):
        return ops.maximum(0.1 * x, x)

    model = k.Sequential([k.Input(IMAGE), layers.Conv2D(2, 3, activation=bent), layers.MaxPooling2D()])
    model.save(tmp_path / "model.keras")
    again = k.saving.load_model(tmp_path / "model.keras", custom_objects={"bent": bent})
    x = np.ones((1, *IMAGE), "float32")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_ops_that_keras_does_not_have_are_refused(keras):
    for ours, theirs in ((ops, keras.ops), (ops.image, keras.ops.image)):
        names = [name for name, _ in inspect.getmembers(ours, inspect.isfunction) if not name.startswith("_")]
        for name in names:
            class_name, module = location_in_keras(name)
            reasons = list(beyond_keras({"module": module, "class_name": class_name, "config": {}}))
            assert bool(reasons) != hasattr(theirs, name), name


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_lambda_is_passed_again_to_keras_too(tmp_path, keras, ending):
    model = k.Sequential([k.Input((3,)), layers.Lambda(lambda x: x * 2, output_shape=(3,), name="twice")])
    model.save(tmp_path / f"model.{ending}")
    x = np.ones((2, 3), "float32")
    for library in (k, keras):
        loaded = library.models.load_model(tmp_path / f"model.{ending}", custom_objects={"twice": lambda x: x * 2})
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), x * 2)
        with pytest.raises((TypeError, ValueError), match="twice"):
            library.models.load_model(tmp_path / f"model.{ending}")


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_a_lambda_never_becomes_what_keras_knows_under_its_name(tmp_path):
    k.Sequential([k.Input((3,)), layers.Lambda(lambda x: x * 2, name="relu")]).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="whose `function` is a Python lambda"):
        k.models.load_model(tmp_path / "model.keras")
