"""Stacks of layers: building them, changing them, and what they refuse."""

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def stack(*more, **arguments):
    return Sequential([Input((4,)), layers.Dense(3, name="one"), layers.Dense(2, name="two"), *more], **arguments)


def test_a_stack_with_an_input_is_built_at_once():
    model = stack(name="mine")
    assert model.built
    assert model.name == "mine"
    assert [layer.name for layer in model.layers] == ["one", "two"]
    paths = ["mine/one/kernel", "mine/one/bias", "mine/two/kernel", "mine/two/bias"]
    assert [weight.path for weight in model.weights] == paths
    assert model.input_shape == (None, 4)
    assert model.output_shape == (None, 2)
    assert model.inputs[0].shape == (None, 4)
    assert model.output.shape == (None, 2)
    np.testing.assert_array_equal(model(X), model.layers[1](model.layers[0](X)))


@pytest.mark.parametrize("first", [Input((4,)), layers.InputLayer((4,))], ids=["tensor", "layer"])
def test_adding_one_by_one_gives_the_same(first):
    model = Sequential(name="mine")
    model.add(first)
    assert not model.built
    model.add(layers.Dense(3, name="one"))
    assert model.built
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(2, name="two"))
    assert model.output_shape == (None, 2)
    assert [weight.path for weight in model.weights] == [weight.path for weight in stack(name="mine").weights]
    assert [len(layer.nodes) for layer in model.layers] == [1, 1]


def test_input_shape_of_the_first_layer_counts_as_an_input():
    with pytest.warns(UserWarning, match="Do not pass an `input_shape`/`input_dim` argument to a layer"):
        model = Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2)])
    assert model.input_shape == (None, 4)
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]
    with pytest.warns(UserWarning, match="Do not pass"):
        assert Sequential([layers.Dense(3, input_dim=4), layers.Dense(2)]).input_shape == (None, 4)


def test_without_an_input_it_is_built_when_called(keras):
    def make(library):
        model = library.Sequential([library.layers.Dense(3), library.layers.Dense(2)], name="late")
        assert model.weights == []
        assert not model.built
        model(X)
        return model

    ours, theirs = make(convlayers), make(keras)
    assert ours.input_shape == theirs.input_shape
    assert ours.get_build_config() == theirs.get_build_config()
    assert [weight.path.split("/")[0] for weight in ours.weights] == ["late"] * 4
    assert ours(X[:2]).shape == (2, 2)


def test_without_an_input_it_can_be_built():
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    model.build((None, 4))
    assert model.output_shape == (None, 2)
    assert model.count_params() == 23
    assert model.predict(X, verbose=0).shape == (5, 2)


def test_without_an_input_it_is_built_by_fit():
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    assert len(model.weights) == 4


def test_pop_takes_the_top_layer_off():
    model = stack(layers.ReLU(name="three"))
    assert model.pop().name == "three"
    assert model.output_shape == (None, 2)
    assert model.pop().name == "two"
    assert [layer.name for layer in model.layers] == ["one"]
    assert len(model.weights) == 2
    assert model(X).shape == (5, 3)
    model.add(layers.Dense(7))
    assert model(X).shape == (5, 7)
    with pytest.raises(IndexError):
        Sequential().pop()


def test_rebuild_false_waits():
    model = stack()
    model.add(layers.Dense(7), rebuild=False)
    assert not model.built
    assert model(X).shape == (5, 7)
    model.pop(rebuild=False)
    assert not model.built


def test_a_model_may_be_the_first_layer():
    inner = stack()
    model = Sequential([inner, layers.Dense(7)])
    assert model.input_shape == (None, 4)
    assert model.layers[0] is inner
    assert model(X).shape == (5, 7)


def test_a_stack_is_a_layer():
    inner = stack(name="inner")
    x = Input((4,))
    outer = Model(x, layers.ReLU()(inner(x)))
    np.testing.assert_array_equal(outer(X), np.maximum(inner(X), 0))
    late = Sequential([layers.Dense(3), layers.Dense(2)])
    assert Model(x, late(x))(X).shape == (5, 2)


def test_several_inputs_go_through_layer_by_layer():
    model = Sequential([layers.Add(), layers.Dense(2)])
    assert model([X, X]).shape == (5, 2)
    np.testing.assert_allclose(model([X, X]), model.layers[1](2 * X), rtol=1e-6)
    with pytest.raises(AttributeError, match="has no defined input shape yet"):
        _ = model.input_shape


def test_inputs_are_converted_as_in_functional_models():
    model = Sequential([Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    bytes_of_images = np.arange(32, dtype="uint8").reshape(2, 4, 4)
    np.testing.assert_array_equal(model(bytes_of_images), model(bytes_of_images[..., None].astype("float32")))
    assert model(np.zeros((0, 4, 4, 1))).shape == (0, 2)


def test_layers_and_indices():
    model = stack()
    assert model.get_layer("two") is model.layers[1]
    assert model.get_layer(index=0) is model.layers[0]
    for arguments, message in (
        ({"name": "tow"}, r"^No such layer: tow. Existing layers are: \['one', 'two'\]\.\nDid you mean 'two'\?"),
        ({"index": 7}, "^Was asked to retrieve layer at index 7 but model only has 2 layers"),
        ({}, "^Provide either a layer name or layer index at `get_layer`"),
        ({"name": "two", "index": 1}, "^Provide only a layer name or a layer index. Received: index=1, name=two"),
    ):
        with pytest.raises(ValueError, match=message):
            model.get_layer(**arguments)


def test_trainable_holds_for_all_layers():
    model = stack()
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 4
    model.layers[1].trainable = True
    model.trainable = True
    model.layers[0].trainable = False
    assert [weight.path.split("/")[-2] for weight in model.trainable_weights] == ["two", "two"]


class TwoArguments(layers.Layer):
    def call(self, one, other):
        return one + other


class NoArguments(layers.Layer):
    def call(self):
        return 1


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        (3, r"^Only instances of `keras.Layer` can be added to a Sequential model. Received: 3 \(of type <class 'int'>\)"),
        (layers.ReLU(name="one"), "should have unique names. Name 'one' is already the name of a layer in this model"),
        (Input((4,)), r"has already been configured to use input shape \(None, 4\). You cannot add a different Input layer"),
        (layers.Conv2D(2, 3), r"expected min_ndim=4, found ndim=2. Full shape received: \(None, 2\)"),
        (TwoArguments(), "can only have a single required positional argument, the input tensor. Layer TwoArguments has"),
        (NoArguments(), "should have a single positional argument, the input tensor. Layer NoArguments has no"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_the_model_as_it_was(addition, message):
    model = stack()
    before = model(X)
    with pytest.raises(ValueError, match=message):
        model.add(addition)
    assert [layer.name for layer in model.layers] == ["one", "two"]
    np.testing.assert_array_equal(model(X), before)


def test_what_cannot_be_built():
    with pytest.raises(ValueError, match=r"cannot be built because it has no layers. Call `model.add\(layer\)`"):
        Sequential().build((None, 3))
    message = r"has already been configured to use input shape \(None, 4\). You cannot build it with input_shape \(None, 5\)"
    with pytest.raises(ValueError, match=message):
        stack().build((None, 5))


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 4, but received input with shape"):
        stack()(np.ones((2, 5)))
    with pytest.raises(ValueError, match="Expected shape"):
        stack()(np.ones((2, 5, 5)))


def test_a_layer_that_does_not_know_its_shape():
    class Unknown(layers.Layer):
        def call(self, inputs):
            return inputs + 1

        def compute_output_spec(self, *args, **kwargs):
            raise NotImplementedError

    model = Sequential([Input((3,)), Unknown(), layers.Dense(2)])
    assert model(np.ones((4, 3), "float32")).shape == (4, 2)
    assert len(model.weights) == 2


def test_the_output_of_a_stack_in_a_model_is_what_the_model_goes_on_with(keras):
    """So that a part of the model can be made of it."""
    predictions = []
    for library in (convlayers, keras):
        inner = library.Sequential([library.Input((4,)), library.layers.Dense(3, kernel_initializer="ones")])
        model = library.Sequential([library.Input((4,)), library.layers.Rescaling(2.0), inner, library.layers.Dense(2)])
        part = library.Model(model.inputs, model.layers[1].output)
        assert part.layers[-1] is inner
        predictions.append(part.predict(X, verbose=0))
    np.testing.assert_allclose(*predictions, rtol=1e-5)


def test_names_of_models_to_come_are_those_of_keras(keras):
    """Each time that a stack is connected, Keras makes a functional model of it."""
    names = []
    for library in (convlayers, keras):
        library.utils.clear_session()
        inputs = library.Input((4,))
        model = library.Sequential([library.Input((4,)), library.layers.Dense(2)])
        names.append([library.Model(inputs, inputs).name])
        for layer in (library.layers.Dense(3), library.Sequential([library.layers.Dense(2)])):
            model.add(layer)
            names[-1].append(library.Model(inputs, inputs).name)
        model.pop()
        names[-1].append(library.Model(inputs, inputs).name)
        library.Sequential.from_config(model.get_config())
        names[-1].append(library.Model(inputs, inputs).name)
    assert names[0] == names[1]
