"""Configs of Keras 1 and 2 become those of Keras 3."""

import json

import numpy as np
import pytest

import convlayers as k
from convlayers.saving.legacy.configs import modern_encoding

KERAS1_LAYERS = [
    {
        "class_name": "Convolution2D",
        "config": {
            "name": "conv",
            "trainable": True,
            "batch_input_shape": [None, 8, 9, 2],
            "input_dtype": "float32",
            "nb_filter": 4,
            "nb_row": 3,
            "nb_col": 2,
            "init": "glorot_uniform",
            "activation": "relu",
            "border_mode": "same",
            "subsample": [2, 1],
            "dim_ordering": "tf",
            "W_regularizer": {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5},
            "b_regularizer": None,
            "activity_regularizer": None,
            "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0},
            "b_constraint": None,
            "bias": True,
        },
    },
    {
        "class_name": "BatchNormalization",
        "config": {"name": "bn", "trainable": True, "epsilon": 1e-3, "mode": 0, "axis": -1, "momentum": 0.9},
    },
    {
        "class_name": "MaxPooling2D",
        "config": {
            "name": "pool",
            "pool_size": [2, 2],
            "strides": [2, 2],
            "border_mode": "valid",
            "dim_ordering": "tf",
        },
    },
    {"class_name": "Dropout", "config": {"name": "drop", "p": 0.25}},
    {"class_name": "Flatten", "config": {"name": "flat"}},
    {"class_name": "Dense", "config": {"name": "dense", "output_dim": 3, "init": "uniform", "bias": False, "input_dim": None}},
]


def test_a_stack_of_keras_1():
    model = k.models.model_from_json(
        json.dumps({"class_name": "Sequential", "config": KERAS1_LAYERS, "keras_version": "1.2.2"})
    )
    conv, bn, pool, drop, _, dense = model.layers
    assert (conv.filters, conv.kernel_size, conv.strides, conv.padding) == (4, (3, 2), (2, 1), "same")
    assert conv.kernel_regularizer.l2 == 0.5
    assert (conv.kernel_constraint.max_value, conv.kernel_constraint.axis) == (2, 0)
    assert (bn.momentum, bn.epsilon) == (0.9, 1e-3)
    assert (pool.pool_size, pool.padding, drop.rate) == ((2, 2), "valid", 0.25)
    assert (dense.units, dense.use_bias, type(dense.kernel_initializer).__name__) == (3, False, "RandomUniform")
    assert model.input_shape == (None, 8, 9, 2)


def test_a_graph_of_keras_1_with_a_layer_that_merges():
    def entry(class_name, name, nodes, **config):
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 4], input_dtype="float32", sparse=False),
        entry("Dense", "left", [[["x", 0, 0]]], output_dim=2),
        entry("Dense", "right", [[["x", 0, 0]]], output_dim=2),
        entry("Merge", "sum", [[["left", 0, 0], ["right", 0, 0]]], mode="sum", mode_type="raw", concat_axis=-1, dot_axes=-1),
        entry("Merge", "both", [[["sum", 0, 0], ["right", 0, 0]]], mode="concat", mode_type="raw", concat_axis=1, dot_axes=-1),
    ]
    config = {"name": "graph", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["both", 0, 0]]}
    model = k.models.model_from_json(json.dumps({"class_name": "Model", "config": config}))
    x = np.ones((1, 4), "float32")
    left, right = (x @ model.get_layer(name).kernel.numpy() for name in ("left", "right"))
    np.testing.assert_allclose(model.predict(x, verbose=0), np.concatenate([left + right, right], 1), rtol=1e-6)


@pytest.mark.parametrize(
    "class_name, config, expected",
    [
        ("LeakyReLU", {"alpha": 0.2}, {"negative_slope": 0.2}),
        ("BatchNormalization", {"axis": [3], "renorm": False, "virtual_batch_size": None}, {"axis": 3}),
        ("DepthwiseConv2D", {"kernel_size": 3, "groups": 1}, {"kernel_size": 3}),
        ("SGD", {"lr": 0.1, "momentum": 0}, {"learning_rate": 0.1, "momentum": 0.0}),
        ("Adam", {"learning_rate": 0.1, "decay": 0.0, "epsilon": None}, {"learning_rate": 0.1}),
        ("ZeroPadding2D", {"padding": {"top_pad": 1, "right_pad": 2}}, {"padding": [[1, 0], [0, 2]]}),
        ("MeanSquaredError", {"reduction": "auto", "fn": "mean_squared_error"}, {"reduction": "sum_over_batch_size"}),
        ("GlorotUniform", {"seed": 1, "dtype": "float32"}, {"seed": 1}),
        ("SpatialDropout2D", {"rate": 0.5, "noise_shape": None, "trainable": True, "seed": 1}, {"rate": 0.5, "seed": 1}),
        ("Embedding", {"input_dim": 9, "output_dim": 2, "input_length": 5}, {"input_dim": 9, "output_dim": 2}),
        ("Discretization", {"bin_boundaries": [0.0], "trainable": True}, {"bin_boundaries": [0.0]}),
    ],
)
def test_arguments(class_name, config, expected):
    assert modern_encoding({"class_name": class_name, "config": config})["config"] == expected


def test_decay_becomes_a_schedule():
    config = modern_encoding({"class_name": "Custom>Adam", "config": {"learning_rate": 0.5, "decay": 0.25}})
    optimizer = k.optimizers.deserialize({**config, "module": "keras.optimizers"})
    optimizer.iterations.assign(6)
    assert optimizer.learning_rate == pytest.approx(0.5 / (1 + 0.25 * 6))


def test_an_argument_that_says_something_stays_and_is_refused():
    with pytest.raises(TypeError, match="Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 2}"):
        layer = {"class_name": "DepthwiseConv2D", "config": {"name": "dw", "kernel_size": 3, "groups": 2}}
        k.models.model_from_json(json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}))


@pytest.mark.parametrize(
    "layer, message",
    [
        ({"class_name": "BatchNormalization", "config": {"name": "bn", "mode": 1}}, "Layer 'bn' normalizes in a way"),
        ({"class_name": "Merge", "config": {"name": "m", "mode": "lambda"}}, "Layer 'm' merges by a function"),
    ],
)
def test_what_has_no_equivalent(layer, message):
    with pytest.raises(ValueError, match=message):
        modern_encoding(layer)


def test_a_class_of_the_user_keeps_its_arguments():
    class LeakyReLU(k.layers.Layer):
        def __init__(self, alpha, **kwargs):
            super().__init__(**kwargs)

    with k.saving.CustomObjectScope({"LeakyReLU": LeakyReLU}):
        assert modern_encoding({"class_name": "LeakyReLU", "config": {"alpha": 1}})["config"] == {"alpha": 1}


def test_losses_and_metrics_of_the_user():
    class Mine(k.losses.Loss):
        def call(self, y_true, y_pred):
            return y_pred - y_true

    def dice(y_true, y_pred):
        return y_pred - y_true

    with k.saving.CustomObjectScope({"Mine": Mine, "dice": dice}):
        loss = modern_encoding({"class_name": "Mine", "config": {"name": "mine", "reduction": "auto"}})
        assert loss["config"] == {"name": "mine", "reduction": "sum_over_batch_size"}
        metric = {"class_name": "MeanMetricWrapper", "config": {"name": "dice", "dtype": "float32", "fn": "dice"}}
        assert k.saving.deserialize_keras_object(modern_encoding(metric)) is dice
        metric["config"]["name"] = "out_dice"
        assert k.saving.deserialize_keras_object(modern_encoding(metric)).name == "out_dice"


def test_an_optimizer_that_scales_the_loss():
    inner = {"class_name": "SGD", "config": {"learning_rate": 0.1, "is_legacy_optimizer": False}, "module": "keras.optimizers"}
    config = {"inner_optimizer": inner, "dynamic": True, "initial_scale": 8.0, "dynamic_growth_steps": 2}
    encoding = {
        "class_name": "LossScaleOptimizerV3",
        "config": config,
        "module": "keras.src.mixed_precision",
        "registered_name": "x",
    }
    optimizer = k.saving.deserialize_keras_object(modern_encoding(encoding))
    assert (optimizer.initial_scale, type(optimizer.inner_optimizer)) == (8.0, k.optimizers.SGD)


def test_names_with_slashes():
    def entry(class_name, name, nodes, **config):
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    layers = [
        entry("InputLayer", "in/x", [], batch_input_shape=[None, 4], dtype="float32", sparse=False),
        entry("Dense", "block/dense", [[["in/x", 0, 0, {}]]], units=2),
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["in/x", 0, 0]], "output_layers": [["block/dense", 0, 0]]}
    model = k.models.model_from_json(json.dumps({"class_name": "Functional", "config": config, "keras_version": "2.9.0"}))
    assert [layer.name for layer in model.layers] == ["in_x", "block_dense"]


def test_where_in_the_model_an_error_is():
    encoder = k.Sequential([k.Input((8,)), k.layers.Dense(2, name="first"), k.layers.Dense(2, name="second")], name="encoder")
    x = k.Input((8,))
    encoding = json.loads(k.Model(x, encoder(x)).to_json())
    entry = encoding["config"]["layers"][1]["config"]["layers"][2]
    entry["config"]["depth"] = 3
    place = r"This is layer 'second' \(layers\[2\]\) of nested model 'encoder' \(layers\[1\]\)\.$"
    with pytest.raises(TypeError, match=r"(?s)Unrecognized keyword arguments passed to Dense: {'depth': 3}.*" + place):
        k.models.model_from_json(json.dumps(encoding))
    entry["class_name"] = "Dens"
    with pytest.raises(TypeError, match="(?s)Could not locate class 'Dens'.*" + place):
        k.models.model_from_json(json.dumps(encoding))


def test_arguments_of_newer_versions_that_say_nothing():
    encoding = json.loads(k.Sequential([k.Input((8,)), k.layers.Dense(2)]).to_json())
    encoding["config"]["layers"][1]["config"].update(turbo=None, sparse_kernel=False)
    assert k.models.model_from_json(json.dumps(encoding)).layers[0].units == 2


def lambda_layer(**config):
    kept = {"module": "keras.any", "output_shape": [7], "output_shape_type": "lambda", "output_shape_module": None}
    return {"class_name": "Lambda", "config": {"name": "mine", "dtype": "float32", **kept, **config}}


def test_a_function_with_a_name():
    encoding = lambda_layer(function="double", function_type="function", arguments={})
    with k.saving.custom_object_scope({"double": lambda x: x * 2}):
        layer = k.layers.deserialize(modern_encoding(encoding))
    np.testing.assert_array_equal(layer(np.ones(2)), [2, 2])


def test_code_is_refused_by_the_name_of_its_layer():
    stack = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 2]}}]
    stack.append(lambda_layer(function=["4wEAAA==", None, None], function_type="lambda", arguments={}))
    model = {"class_name": "Sequential", "config": {"name": "s", "layers": stack}}
    with pytest.raises(ValueError, match="`function` is a Python lambda") as error:
        k.models.model_from_json(json.dumps(model))
    assert "This is layer 'mine' (layers[1])." in str(error.value)


def test_the_lambdas_of_inception_resnet_are_known_by_their_names():
    config = {"function": ["4wEAAA==", None, None], "function_type": "lambda", "arguments": {"scale": 0.5}}
    layer = k.layers.deserialize(modern_encoding(lambda_layer(**{**config, "name": "block17_3"})))
    assert (layer.name, layer.dtype) == ("block17_3", "float32")
    np.testing.assert_array_equal(layer([np.ones(2), np.full(2, 4)]), [3, 3])


def test_hard_sigmoid_was_another_function():
    dense = {"name": "d", "units": 2, "activation": "hard_sigmoid", "batch_input_shape": [None, 3]}
    stack = {"name": "s", "layers": [{"class_name": "Dense", "config": dense}]}
    encoding = {"class_name": "Sequential", "config": stack, "keras_version": "2.4.0", "backend": "tensorflow"}
    model = k.models.model_from_json(json.dumps(encoding))
    layer = model.layers[-1]
    x = np.random.default_rng(0).normal(0, 2, (20, 3)).astype("float32")
    expected = np.clip(0.2 * (x @ layer.kernel.numpy() + layer.bias.numpy()) + 0.5, 0, 1)
    for one in (model, k.models.model_from_json(model.to_json())):
        one.set_weights(model.get_weights())
        np.testing.assert_allclose(one.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    today = k.models.model_from_json(k.Sequential([k.Input((3,)), k.layers.Dense(2, activation="hard_sigmoid")]).to_json())
    assert today.layers[-1].activation is k.activations.hard_sigmoid


def test_a_function_of_the_name_hard_sigmoid_is_that_of_the_user():
    class Gate(k.layers.Activation):
        pass

    def half(x):
        return x / 2

    gate = {"class_name": "Gate", "config": {"activation": "hard_sigmoid"}}
    with k.saving.custom_object_scope({"Gate": Gate}):
        layer = k.layers.deserialize(modern_encoding(gate))
        assert layer.activation is k.activations.hard_sigmoid_of_keras2
    with k.saving.custom_object_scope({"Gate": Gate, "hard_sigmoid": half}):
        assert k.layers.deserialize(modern_encoding(gate)).activation is half


@pytest.mark.parametrize(
    "identity",
    ["identity", {"module": "builtins", "class_name": "function", "config": "identity", "registered_name": "function"}],
)
def test_the_identity_of_tensorflow_is_no_initializer(identity):
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": identity}}
    assert k.layers.deserialize(modern_encoding(dense)).activation is k.activations.linear


def test_a_function_is_no_class_of_the_same_name():
    function = {"module": "builtins", "class_name": "function", "config": "identity", "registered_name": "function"}
    with pytest.raises(TypeError, match="Could not locate function 'identity'"):
        k.saving.deserialize_keras_object(function)


@pytest.mark.parametrize("class_name", ["glorot_uniform", "GlorotUniform", "he_normal"])
def test_initializers_of_tensorflow_1_had_number_types(class_name):
    encoding = {"class_name": class_name, "config": {"seed": 3, "dtype": "float32"}, "module": "keras.initializers"}
    initializer = k.initializers.deserialize(modern_encoding(encoding))
    assert isinstance(initializer, getattr(k.initializers, class_name)) and initializer.seed == 3


@pytest.mark.parametrize("class_name", ["RandomHeight", "RandomWidth"])
def test_layers_that_changed_sizes_in_training_are_left_out_with_a_warning(class_name):
    config = {"name": "r", "trainable": True, "dtype": "float32", "factor": 0.2, "interpolation": "bilinear", "seed": None}
    stack = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4, 4, 1]}}]
    stack.append({"class_name": class_name, "config": config})
    with pytest.warns(UserWarning, match=f"Layer 'r' is a {class_name}, which Keras 3 does not have") as warned:
        model = k.models.model_from_json(json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": stack}}))
    assert len(warned) == 1 and warned[0].filename == __file__
    x = np.arange(16.0, dtype="float32").reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(model(x, training=True), x)
    assert model.layers[0].name == "r"


def test_random_crop_took_the_middle_in_predictions(tmp_path, keras):
    config = {"name": "crop", "trainable": True, "dtype": "float32", "height": 2, "width": 4, "seed": 1}
    stack = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4, 10, 1]}}]
    stack.append({"class_name": "RandomCrop", "config": config})
    model = k.models.model_from_json(json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": stack}}))
    x = np.arange(40.0, dtype="float32").reshape(1, 4, 10, 1)
    resized = x[:, :, 1:9].reshape(1, 2, 2, 4, 2, 1).mean((2, 4))
    np.testing.assert_allclose(model.predict(x, verbose=0), resized, atol=1e-5)
    firsts = {int(np.asarray(model(x, training=True))[0, 0, 0, 0]) for _ in range(200)}
    assert firsts == {10 * row + column for row in range(3) for column in range(7)}
    model.save(tmp_path / "model.keras")
    for library in (k, keras):
        again = library.models.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(again.predict(x, verbose=0), resized, atol=1e-5)


def test_losses_that_were_added_to_a_model_are_left_out_with_a_warning():
    def entry(class_name, name, nodes, **config):
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 3]),
        entry("Dense", "mean", [[["x", 0, 0, {}]]], units=2),
        entry("TFOpLambda", "tf.strange", [["mean", 0, 0, {}]], function="strange.function"),
        entry("TFOpLambda", "tf.sum", [["tf.strange", 0, 0, {"axis": -1}]], function="math.reduce_sum"),
        entry("AddLoss", "add_loss", [[["tf.sum", 0, 0, {}]]], unconditional=False),
        entry("AddMetric", "add_metric", [[["tf.sum", 0, 0, {}]]], aggregation="mean", metric_name="kl"),
        entry("Dense", "aside", [[["mean", 0, 0, {}]]], units=1),
        entry("TFOpLambda", "tf.exp", [["mean", 0, 0, {}]], function="math.exp"),
    ]
    config = {"name": "vae", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["tf.exp", 0, 0]]}
    with pytest.warns(UserWarning, match=r"are left out: \['add_loss', 'add_metric'\]") as warned:
        model = k.models.model_from_json(json.dumps({"class_name": "Functional", "config": config}))
    assert len(warned) == 1 and warned[0].filename == __file__
    x = np.ones((2, 3), "float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), np.exp(x @ model.get_layer("mean").kernel.numpy()), rtol=1e-5)


@pytest.mark.parametrize(
    "text, message",
    [
        ("model.json", r"There is no JSON in the `json_string` argument: .* `model_from_json\(open\(path\).read\(\)\)`"),
        ("", "There is no JSON"),
        ('{"loss": [1.0]}', r"There is no model in the JSON. .* Received: an object of \['loss'\]"),
        ('{"format": "layers-model", "modelTopology": {}}', r"an object of \['format', 'modelTopology'\]"),
        ("[1]", "Received: <class 'list'>"),
        (json.dumps('{"class_name": "Sequential"}'), "Received: <class 'str'>"),
    ],
)
def test_json_of_something_else(text, message):
    with pytest.raises(ValueError, match=message):
        k.models.model_from_json(text)


def test_names_that_are_none_are_left_to_the_class():
    """Keras 3 does not take them for schedules."""
    rate = {"initial_learning_rate": 0.01, "decay_steps": 2, "decay_rate": 0.5, "staircase": False, "name": None}
    schedule = {
        "module": "keras.optimizers.schedules",
        "class_name": "ExponentialDecay",
        "config": rate,
        "registered_name": None,
    }
    adam = {"module": "keras.optimizers", "class_name": "Adam", "config": {"learning_rate": schedule}, "registered_name": None}
    optimizer = k.optimizers.deserialize(modern_encoding(adam))
    assert optimizer.get_config()["learning_rate"]["config"]["name"] == "ExponentialDecay"


@pytest.mark.parametrize("kind", ["__tuple__", "TensorShape"])
def test_tuples_and_shapes(kind):
    pool = {"class_name": "MaxPooling2D", "config": {"name": "p", "pool_size": {"class_name": kind, "items": [2, 3]}}}
    assert k.layers.deserialize(modern_encoding(pool)).pool_size == (2, 3)


@pytest.mark.parametrize("kind", ["__numpy__", "__tensor__"])
def test_numbers_that_were_arrays(kind):
    """As Keras 2.12 wrote them in `.keras` files."""
    numbers = {"max_value": 2.0, "negative_slope": 0.25, "threshold": 0}
    encoded = {key: {"class_name": kind, "config": {"value": value, "dtype": "float32"}} for key, value in numbers.items()}
    relu = {"module": "keras.layers", "class_name": "ReLU", "config": {"name": "r", **encoded}, "registered_name": None}
    layer = k.layers.deserialize(modern_encoding(relu))
    assert {key: getattr(layer, key) for key in numbers} == numbers
    mean = {"class_name": kind, "config": {"value": [1.0, 2.0], "dtype": "float32"}}
    assert modern_encoding({"mean": mean}) == {"mean": mean}
