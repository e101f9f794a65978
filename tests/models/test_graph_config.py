"""Models as data: the format is Keras's, and each library reads what the other wrote."""

import json

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, ops
from convlayers.models import Functional, model_from_json

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# Written by recent versions of Keras only; the others could not read files that have it.
NEW_KEYS = {"input_axes", "optional", "output_axes", "quantization_config", "renorm", "renorm_clipping", "renorm_momentum"}


def every_kind_of_node(library):
    """Returns a model with nested and shared layers, ops, `training` arguments, several inputs and outputs."""
    layers = library.layers
    block = library.Sequential(
        [library.Input((8, 8, 3), name="pixels"), layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="norm")],
        name="block",
    )
    vector = library.Input((4,), name="vector")
    head = library.Model(vector, layers.Dense(2, name="dense")(vector), name="head")

    image, offset = library.Input((8, 8, 3), name="image"), library.Input((1,), name="offset")
    x = layers.Dropout(0.2, name="dropout")(block(image))
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    x = library.ops.relu(layers.Add(name="plus")([x, shared(shared(x))])) * 2.0
    x = library.ops.mean(x[:, 1:], axis=[1, 2]) - offset
    x = layers.Dropout(0.5, name="always")(x, training=True)
    x = layers.BatchNormalization(name="fixed")(x, training=False)
    other = library.Input((4,), name="other")
    pair = library.Model([vector, other], layers.Add(name="in_pair")([vector, other]), name="pair")
    outputs = {"first": head(x), "second": [head(library.ops.tanh(x)), pair([x, x])]}
    return library.Model([image, offset], outputs, name="whole")


def plain(model):
    """Returns what `to_json` writes, without what differs from one version of Keras to the next."""

    def clean(value):
        if isinstance(value, dict):
            return {key: clean(part) for key, part in value.items() if key not in NEW_KEYS | {"shared_object_id"}}
        return [clean(part) for part in value] if isinstance(value, list) else value

    config = json.loads(model.to_json())
    # Keras has optimizers of its own for PyTorch, of which it writes the module.
    for key in ("module", "registered_name"):
        config["compile_config"].get("optimizer", {}).pop(key, None)
    return clean(config)


def pair(keras, make):
    for library in (convlayers, keras):
        library.utils.clear_session()
    return make(convlayers), make(keras)


def stack(library):
    layers = library.layers
    image = library.Input((6, 6, 1), batch_size=3, name="in")
    first = [layers.Conv2D(2, 3, name="conv"), layers.GlobalAveragePooling2D(name="pool")]
    return library.Sequential([image, *first, layers.Dense(2, name="dense")], name="stack")


def built_late(library):
    model = library.Sequential([library.layers.Dense(2, name="dense")], name="late")
    model.build((None, 3))
    return model


def compiled(library):
    model = stack(library)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


MODELS = [every_kind_of_node, stack, built_late, compiled]


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_configs_are_those_of_keras(keras, make):
    ours, theirs = pair(keras, make)
    assert plain(ours) == plain(theirs)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_each_library_reads_what_the_other_wrote(keras, make):
    ours, theirs = pair(keras, make)
    from_ours = keras.models.model_from_json(ours.to_json())
    from_theirs = model_from_json(theirs.to_json())
    again = model_from_json(ours.to_json())
    assert plain(from_theirs) == plain(again) == plain(ours)
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.5, 1, weight.shape) for weight in ours.weights]
    inputs = [rng.normal(size=(3, *tensor.shape[1:])).astype("float32") for tensor in ours.inputs]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    results = []
    for model in (ours, theirs, from_ours, from_theirs, again):
        model.set_weights(weights)
        results.append(convlayers.nested.flatten(model.predict(inputs, verbose=0)))
    for result in results[1:]:
        for one, other in zip(result, results[0], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_a_copy_made_from_its_config_is_new():
    model = every_kind_of_node(convlayers)
    copy = Model.from_config(model.get_config())
    assert isinstance(copy, Functional)
    assert not {id(layer) for layer in copy.layers} & {id(layer) for layer in model.layers}
    assert copy.get_config() == model.get_config()
    assert Functional.from_config(model.get_config()).name == "whole"
    assert Sequential.from_config(stack(convlayers).get_config()).output_shape == (3, 2)


def test_a_layer_used_in_another_model_too_is_written_once_for_each():
    x = Input((3,), name="x")
    dense = layers.Dense(3, name="dense")
    Model(x, dense(dense(x)))
    model = Model(x, dense(dense(x)))
    entry = model.get_config()["layers"][1]
    histories = [node["args"][0]["config"]["keras_history"] for node in entry["inbound_nodes"]]
    assert histories == [["x", 0, 0], ["dense", 0, 0]]
    assert model.get_config()["output_layers"] == ["dense", 1, 0]


def test_custom_layers_and_subclasses():
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    class Mine(Model):
        pass

    x = Input((3,))
    model = Mine(x, Twice()(x))
    with pytest.raises(TypeError, match="Could not locate class 'Mine'"):
        model_from_json(model.to_json())
    copy = model_from_json(model.to_json(), custom_objects={"Twice": Twice, "Mine": Mine})
    assert type(copy) is Mine
    np.testing.assert_array_equal(copy(np.ones((1, 3))), [[2, 2, 2]])


def test_subclasses_with_arguments_of_their_own():
    class Sized(Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.dense = layers.Dense(units)

        def call(self, inputs):
            return self.dense(inputs)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    copy = model_from_json(Sized(5).to_json(), custom_objects={"Sized": Sized})
    assert copy(np.ones((1, 3))).shape == (1, 5)
    with pytest.raises(TypeError, match="Unable to revive model from config"):
        Sized.from_config({"unit": 3})


def test_layers_may_be_in_any_order():
    x = Input((3,))
    config = Model(x, layers.Dense(2)(layers.Dense(3)(x))).get_config()
    config["layers"].reverse()
    assert Model.from_config(config)(np.ones((1, 3))).shape == (1, 2)


@pytest.mark.parametrize("order", [1, -1])
def test_deep_networks_whatever_the_order(order):
    config = Model(x := Input((3,), name="x"), layers.ReLU(name="relu")(x)).get_config()
    first, entry = (json.dumps(part) for part in config["layers"])
    chain = [entry.replace('"relu"', f'"relu{n}"').replace('"x"', f'"relu{n - 1}"' if n else '"x"') for n in range(2000)]
    config["layers"] = [json.loads(part) for part in [first, *chain][::order]]
    config["output_layers"] = ["relu1999", 0, 0]
    model = Model.from_config(config)
    assert len(model.layers) == 2001
    np.testing.assert_array_equal(model(np.array([[1.0, -1, 2]])), [[1, 0, 2]])


# Keras 2 --------------------------------------------------------------------------------------------------------------


def keras2_entry(name, class_name, config, *nodes):
    return {"name": name, "class_name": class_name, "config": {"name": name, **config}, "inbound_nodes": list(nodes)}


def test_functional_configs_of_keras_2():
    block = {"layers": [{"class_name": "Dense", "config": {"name": "inner", "units": 3}}]}
    config = {
        "name": "old",
        "layers": [
            keras2_entry("img", "InputLayer", {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False}),
            # Its first call has number 1: number 0 was its own making.
            keras2_entry("block", "Sequential", block, [["img", 0, 0, {}]]),
            keras2_entry("shared", "Dense", {"units": 3}, [["block", 1, 0, {}]], [["shared", 0, 0, {}]]),
            keras2_entry("add", "Add", {}, [["block", 1, 0, {}], ["shared", 1, 0, {}]]),
            keras2_entry("dropout", "Dropout", {"rate": 0.5}, [["add", 0, 0, {"training": True}]]),
            keras2_entry("end", "Sequential", block, [["dropout", 0, 0, {}]]),
        ],
        "input_layers": [["img", 0, 0]],
        "output_layers": [["end", 1, 0]],
    }
    model = Model.from_config(config)
    assert [layer.name for layer in model.layers] == ["img", "block", "shared", "add", "dropout", "end"]
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    block, shared, end = (model.get_layer(name) for name in ("block", "shared", "end"))
    expected = end(block(x) + shared(shared(block(x))))
    np.testing.assert_allclose(model(x, training=False), expected, rtol=1e-5)
    assert not np.allclose(model(x), expected)
    assert Model.from_config(model.get_config()).get_config() == model.get_config()


def test_sequential_configs_before_keras_2_3():
    config = [{"class_name": "Dense", "config": {"name": "a", "units": 3}}, {"class_name": "ReLU", "config": {"name": "b"}}]
    model = Sequential.from_config(config)
    assert [layer.name for layer in model.layers] == ["a", "b"]


def test_ops_are_written_under_the_names_of_keras(keras):
    import importlib

    from convlayers import ops
    from convlayers.models.op_config import call_op, location_in_keras

    missing, checked = [], 0
    for module in (ops, ops.image):
        for name, function in vars(module).items():
            place = getattr(keras.ops, name, None) or getattr(keras.ops.image, name, None)
            if name.startswith("_") or not callable(function) or place is None:
                continue
            class_name, path = location_in_keras(function.__name__)
            checked += 1
            if not hasattr(importlib.import_module(path), class_name):
                missing.append(name)
    # What makes new arrays, or is a property of one, is no node of a graph. In Keras 3D patches are not, either.
    creation = {"bartlett", "blackman", "empty", "eye", "hamming", "hanning", "identity", "kaiser", "ones", "tri", "zeros"}
    others = {"convert_to_numpy", "custom_gradient", "dtype", "extract_patches_3d", "is_tensor", "shape", "vectorize"}
    assert checked > 200 and set(missing) == creation | others
    x = Input((8, 8, 3))
    for encoding in (
        {"class_name": "LayerNorm", "name": "n", "config": {"epsilon": 1e-3}},
        {"class_name": "RGBToGrayscale", "name": "g", "config": {}},
    ):
        assert call_op(encoding, (x,), {}).shape[:3] == (None, 8, 8)


def keras_graph(x, *entries, ends):
    """The config of a graph, as Keras writes it, of ops that are not one op here."""
    shape = {"batch_shape": [None, *x.shape[1:]], "dtype": "float32", "name": "x"}
    placeholder = {"module": "keras.layers", "class_name": "InputLayer", "config": shape, "name": "x", "inbound_nodes": []}
    layers = [placeholder, *(keras_op(*entry) for entry in entries)]
    return {"name": "ops", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": ends}


def keras_op(module, class_name, name, config, *histories):
    arguments = [{"class_name": "__keras_tensor__", "config": {"keras_history": history}} for history in histories]
    node = {"args": arguments, "kwargs": {}}
    module = f"keras.src.ops.{module}"
    return {"module": module, "class_name": class_name, "config": config, "name": name, "inbound_nodes": [node]}


def test_an_op_with_two_outputs_that_is_two_ops_here():
    array = np.random.default_rng(0).normal(size=(2, 4, 3))
    config = keras_graph(
        array,
        ("nn", "Moments", "moments", {"name": "moments", "axes": [1]}, ["x", 0, 0]),
        ("numpy", "Var", "var", {"name": "var", "axis": [1], "keepdims": False}, ["x", 0, 0]),
        ends=[["moments", 0, 0], ["moments", 0, 1], ["var", 0, 0]],
    )
    model = Model.from_config(config)
    for restored in (model, Model.from_config(model.get_config())):
        for result, expected in zip(restored(array), (array.mean(1), array.var(1), array.var(1)), strict=True):
            np.testing.assert_allclose(result, expected, atol=1e-6)
    assert [operation.name for operation in model.operations] == ["x", "moments", "moments.1", "var"]


def test_names_that_a_file_has_are_not_given_to_parts_of_ops():
    config = keras_graph(
        np.ones((2, 4, 3)),
        ("nn", "Moments", "moments", {"name": "moments", "axes": [1]}, ["x", 0, 0]),
        ("numpy", "Negative", "moments.1", {"name": "moments.1"}, ["moments", 0, 1]),
        ends=[["moments.1", 0, 0]],
    )
    names = [operation.name for operation in Model.from_config(config).operations]
    assert sorted(names) == ["moments.1", "moments.2", "x"]


def test_an_op_that_is_one_of_two_outputs_here():
    array = np.random.default_rng(0).normal(size=(2, 3, 3))
    config = keras_graph(array, ("math", "Logdet", "logdet", {"name": "logdet"}, ["x", 0, 0]), ends=[["logdet", 0, 0]])
    np.testing.assert_allclose(Model.from_config(config)(array), np.linalg.slogdet(array).logabsdet, rtol=1e-5)


def test_an_op_of_any_number_of_arrays():
    x = Input((4, 5))
    model = Model(x, ops.einsum("bij,bik->bjk", x, layers.Dense(6)(x)))
    twin = Model.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    array = np.random.default_rng(0).normal(size=(2, 4, 5))
    np.testing.assert_array_equal(twin(array), model(array))
