"""Copies of layers and models: `copy.deepcopy`, `pickle` and `clone_model`."""

import copy
import pickle

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, ops
from convlayers.models import clone_model

X = np.random.default_rng(0).normal(size=(4, 6, 6, 2)).astype("float32")
Y = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")


def stack():
    return Sequential(
        [Input((6, 6, 2)), layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3, name="last")]
    )


def graph():
    x = Input((6, 6, 2), name="image")
    shared = layers.Conv2D(2, 3, padding="same")
    y = layers.Add()([shared(x), ops.relu(shared(shared(x)) * 2.0)])
    inner = Sequential([Input((6, 6, 2)), layers.Flatten(), layers.Dense(3)], name="inner")
    return Model({"image": x}, {"one": inner(y), "other": inner(x)})


class Mine(Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Conv2D(2, 3)]
        self.blocks.append(layers.Flatten())
        self.table = {"last": layers.Dense(units)}

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs)
        return self.table["last"](inputs)


def mine():
    model = Mine()
    model(X)
    return model


def deep():
    x = y = Input((6, 6, 2))
    for index in range(300):
        y = layers.ReLU(name=f"r{index}")(y)
    return Model(x, layers.Dense(3)(layers.Flatten()(y)))


def through_pickle(thing):
    return pickle.loads(pickle.dumps(thing))


both_ways = pytest.mark.parametrize("copied", [copy.deepcopy, through_pickle], ids=["deepcopy", "pickle"])


@both_ways
@pytest.mark.parametrize("make", [stack, graph, mine])
def test_a_copy_is_the_same_and_apart(make, copied):
    model = make()
    inputs = {"image": X} if make is graph else X
    labels = {"one": Y, "other": Y} if make is graph else Y
    model.compile("adam", "mse")
    model.fit(inputs, labels, shuffle=False, verbose=0)
    twin = copied(model)
    assert type(twin) is type(model)
    for one, other in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    before = model.get_weights()
    # The state of the optimizer is there, too: both go on alike.
    twin.fit(inputs, labels, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    model.fit(inputs, labels, shuffle=False, verbose=0)
    for one, other in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]


@both_ways
@pytest.mark.parametrize("make", [stack, graph])
def test_the_graph_of_a_copy(make, copied):
    model = make()
    twin = copied(model)
    assert twin.get_config() == model.get_config()
    assert all(x is y.output for x, y in zip(twin.inputs, [x.node.operation for x in twin.inputs], strict=True))
    assert not {id(x) for x in model.inputs + model.outputs} & {id(x) for x in twin.inputs + twin.outputs}
    assert [len(layer.nodes) for layer in model.layers] == [
        len(copied(model).get_layer(layer.name).nodes) for layer in model.layers
    ]


@both_ways
def test_deep_networks(copied):
    model = deep()
    np.testing.assert_array_equal(copied(model)(X), model(X))


@both_ways
def test_a_stack_that_is_not_built(copied):
    for model in (Sequential([layers.Flatten(), layers.Dense(3)]), Sequential([Input((6, 6, 2))])):
        twin = copied(model)
        twin.add(layers.Flatten())
        assert twin(X).shape[0] == 4


@both_ways
def test_a_layer_of_a_model_is_copied_alone(copied):
    model = stack()
    layer = model.layers[0]
    twin = copied(layer)
    assert twin.nodes == []
    assert twin.name == layer.name
    np.testing.assert_array_equal(twin(X), layer(X))
    layer.kernel.assign(layer.kernel * 0)
    assert np.any(twin.kernel.value)


# Clones ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [stack, graph, mine])
def test_clones_are_those_of_keras(make):
    model = make()
    clone = clone_model(model)
    assert type(clone) is type(model)
    assert not {id(layer) for layer in model.layers} & {id(layer) for layer in clone.layers}
    assert [(w.shape, w.name) for w in clone.weights] == [(w.shape, w.name) for w in model.weights]
    clone.set_weights(model.get_weights())
    inputs = {"image": X} if make is graph else X
    for one, other in zip(_flat(clone(inputs)), _flat(model(inputs)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_ops_of_a_clone_keep_their_names_where_names_begin_anew():
    x = Input((3,))
    model = Model(x, layers.Multiply()([x * 2.0, layers.Dense(3)(x)]))
    convlayers.utils.clear_session()
    names = [layer.name for layer in model.layers]
    assert [layer.name for layer in clone_model(model).layers[1:]] == names[1:]


def _flat(outputs):
    return list(outputs.values()) if isinstance(outputs, dict) else [outputs]


def test_a_clone_is_compiled_alike():
    model = stack()
    model.compile("adam", "mse", metrics=["mae"])
    clone = clone_model(model)
    assert clone.get_compile_config() == model.get_compile_config()
    assert clone.optimizer is not model.optimizer
    assert not clone_model(stack()).compiled


@pytest.mark.parametrize("recursive", [False, True])
def test_clone_function(recursive):
    seen = []

    def clone(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    model = graph()
    clone_model(model, clone_function=clone, recursive=recursive)
    conv, add = model.layers[1].name, next(layer.name for layer in model.layers if isinstance(layer, layers.Add))
    inner = [layer.name for layer in model.get_layer("inner").layers]
    assert sorted(seen) == sorted([conv, add, *(inner if recursive else ["inner"])])


def test_call_function():
    def call(layer, *args, **kwargs):
        y = layer(*args, **kwargs)
        return layers.Dropout(0.5)(y) if isinstance(layer, layers.Conv2D) else y

    model = graph()
    clone = clone_model(model, clone_function=lambda layer: layer, call_function=call)
    assert sum(isinstance(layer, layers.Dropout) for layer in clone.layers) == 3
    assert clone.weights[0] is model.weights[0]


@pytest.mark.parametrize("make", [stack, deep])
def test_input_tensors(make):
    x = Input((6, 6, 2), name="mine")
    clone = clone_model(make(), input_tensors=x if make is deep else [x])
    assert clone.inputs[0] is x
    assert clone(X).shape == (4, 3)


@pytest.mark.parametrize(
    ("make", "arguments", "line"),
    [
        (stack, {"call_function": print}, "`call_function` argument is not supported with Sequential models. "),
        (stack, {"input_tensors": [1, 2]}, "Argument `input_tensors` must contain a single tensor."),
        (
            stack,
            {"input_tensors": 3},
            "Argument `input_tensors` must be a KerasTensor. Received invalid value: input_tensors=3",
        ),
        (deep, {"input_tensors": 3}, "All entries in `input_tensors` must be KerasTensors. Received invalid values: "),
        (mine, {"clone_function": print}, "Arguments `clone_function` and `input_tensors` are only supported for Sequential "),
        (mine, {"call_function": print}, "Argument `call_function` is only supported for Functional models. "),
        (stack, {"foo": 3}, "Unexpected keyword argument(s): ('foo',)"),
    ],
)
def test_what_does_not_fit(make, arguments, line):
    with pytest.raises(ValueError) as caught:
        clone_model(make(), **arguments)
    assert str(caught.value).startswith(line)


# State ----------------------------------------------------------------------------------------------------------------


def test_state_trees_are_those_of_keras(keras):
    trees = []
    for library in (keras, convlayers):
        model = library.Sequential(
            [
                library.Input((3,), name="x"),
                library.layers.Dense(2, name="dense"),
                library.layers.BatchNormalization(name="bn"),
            ],
            name="model",
        )
        model.compile(library.optimizers.SGD(momentum=0.5, name="sgd"), "mse", metrics=["mae"])
        model.fit(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"), verbose=0)
        trees.append(model.get_state_tree("numpy_array"))
    assert _shapes(trees[1]) == _shapes(trees[0])


def _shapes(tree):
    return {key: _shapes(value) for key, value in tree.items()} if isinstance(tree, dict) else np.shape(tree)


def test_state_trees_come_back():
    model = stack()
    model.compile("adam", "mse")
    tree = model.get_state_tree("numpy_array")
    model.fit(X, Y, verbose=0)
    trained = model.get_state_tree("numpy_array")
    model.set_state_tree(tree)
    model.set_state_tree({"trainable_variables": trained["trainable_variables"]})
    for variable in model.trainable_variables:
        value = trained["trainable_variables"]
        for part in variable.path.split("/"):
            value = value[part]
        np.testing.assert_array_equal(variable.value, value)
    with pytest.raises(ValueError, match=r"^Unknown variable name: foo"):
        model.set_state_tree({"foo": {}})
    with pytest.raises(ValueError, match=r"^Invalid `value_format` argument"):
        model.get_state_tree("list")


def _doubled(x):
    return x * 2


def test_a_clone_has_the_function_of_a_lambda_layer():
    x = Input((3,))
    model = Model(x, layers.Lambda(_doubled)(x))
    assert clone_model(model).layers[1].function is _doubled
    assert (clone_model(model)(np.ones((2, 3), "float32")) == 2).all()
