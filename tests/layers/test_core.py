"""What the layers in `core/` do beyond the table: vectors for integers, functions as layers, layers around layers."""

import json

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, ops, serialization
from convlayers.models import clone_model
from convlayers.saving import register_keras_serializable

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")


# Embedding ------------------------------------------------------------------------------------------------------------


def test_embedding_from_weights(keras):
    table = np.arange(6.0, dtype="float32").reshape(3, 2)
    for weights in (table, [table]):
        layer = layers.Embedding(3, 2, weights=weights)
        assert layer.built
        np.testing.assert_array_equal(layer.embeddings.value, table)
        np.testing.assert_array_equal(layer(np.array([[2, 0]])), table[[[2, 0]]])
    expected = keras.layers.Embedding(3, 2, weights=table)(np.array([[2, 0]]))
    np.testing.assert_array_equal(layer(np.array([[2.0, 0.9]], "float32")), expected.detach().numpy())


def test_sizes_of_an_embedding_may_come_from_numpy():
    layer = layers.Embedding(np.int64(3), np.prod((2, 2)))
    assert layer(np.array([[2, 0]])).shape == (1, 2, 4)
    assert [type(size) for size in (layer.input_dim, layer.output_dim)] == [int, int]


def test_rows_that_are_looked_up_twice_get_both_gradients():
    layer = layers.Embedding(4, 2)
    indices = np.array([[1, 1, 3], [1, 0, 3]])
    y, backward = layer.forward(indices)
    d_y = np.random.default_rng(0).normal(size=y.shape).astype("float32")
    assert backward(d_y) is None
    expected = np.zeros((4, 2), "float64")
    for index, d in zip(indices.ravel(), d_y.reshape(-1, 2), strict=True):
        expected[index] += d
    np.testing.assert_allclose(layer.embeddings.grad, expected, rtol=1e-6)


def test_an_integer_without_a_row():
    with pytest.raises(IndexError):
        layers.Embedding(3, 2)(np.array([[3]]))
    with pytest.raises(AttributeError, match="You must build the layer before accessing `embeddings`"):
        layers.Embedding(3, 2).embeddings  # noqa: B018


def test_the_length_of_sequences_is_not_needed():
    with pytest.warns(UserWarning, match="Argument `input_length` is deprecated"):
        layers.Embedding(3, 2, input_length=4)


# EinsumDense ----------------------------------------------------------------------------------------------------------

EQUATIONS = [
    ("ab,bc->ac", (2, 3), (4,), None),
    ("ab,bc->ac", (2, 3), (4,), "c"),
    ("abc,cd->abd", (2, 3, 4), (None, 5), "d"),
    ("abc,cde->abde", (2, 3, 4), (3, 5, 6), "de"),
    ("abc,cde->abde", (2, 3, 4), (3, 5, 6), "e"),
    ("abc,cde->abde", (2, 3, 4), (3, 5, 6), "be"),
    ("abc,ac->ab", (2, 3, 4), (3,), None),
    ("abcd,cdef->abef", (2, 3, 4, 5), (3, 6, 7), "ef"),
    ("...x,xy->...y", (2, 3), (4,), "y"),
    ("...x,xy->...y", (2, 3, 4), (5,), "y"),
    ("...xy,yz->...xz", (2, 3, 4), (3, 5), "xz"),
    ("ab...,bc->ac...", (2, 3), (4,), "c"),
    ("ab...,bc->ac...", (2, 3, 4, 5), (6,), "c"),
    ("abc...,bcd->ad...", (2, 3, 4, 5), (6,), "d"),
]


@pytest.mark.parametrize(("equation", "shape", "output_shape", "bias_axes"), EQUATIONS)
def test_equations_of_keras(equation, shape, output_shape, bias_axes, keras):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    ours, theirs = (
        library.layers.EinsumDense(equation, output_shape, bias_axes=bias_axes, bias_initializer="uniform")
        for library in (convlayers, keras)
    )
    expected = theirs(x)
    ours.build(shape)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(x), expected.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert ours.compute_output_shape((None, *shape[1:])) == theirs.compute_output_shape((None, *shape[1:]))


@pytest.mark.parametrize(
    ("equation", "shape", "output_shape", "bias_axes"),
    [
        ("a,b", (2, 3), (4,), None),
        ("ab,bc", (2, 3), (4,), None),
        ("ab...,bc->...ac", (2, 3), (4,), None),
        ("ab,bc->cd", (2, 3), (4,), None),
        ("ab,bcd->ac", (2, 3), (4,), None),
        ("abc,cd->abd", (2, 3, 4), (5, 6), None),
        ("ab,bc->ac", (2, 3), (4,), "z"),
    ],
)
def test_equations_that_do_not_fit(equation, shape, output_shape, bias_axes, keras):
    with pytest.raises(ValueError) as theirs:
        keras.layers.EinsumDense(equation, output_shape, bias_axes=bias_axes).build(shape)
    with pytest.raises(ValueError) as ours:
        layers.EinsumDense(equation, output_shape, bias_axes=bias_axes).build(shape)
    assert str(ours.value).split("\n")[0] == str(theirs.value)


def test_initial_values_of_many_axes_are_as_large_as_those_of_keras(keras):
    ours, theirs = (
        library.layers.EinsumDense("abc,cde->abde", (3, 50, 60), kernel_initializer="he_normal")
        for library in (convlayers, keras)
    )
    ours.build((2, 3, 40))
    theirs.build((2, 3, 40))
    np.testing.assert_allclose(ours.get_weights()[0].std(), theirs.get_weights()[0].std(), rtol=0.02)


# Lambda ---------------------------------------------------------------------------------------------------------------


def double(x):
    return x * 2


@register_keras_serializable("tests")
def scaled(x, factor=3.0, training=False):
    return x * factor * (2.0 if training else 1.0)


def same_shape(shape):
    return shape


def test_what_a_function_gets():
    seen = {}

    def function(x, factor, mask=None, training=None):
        seen.update(factor=factor, mask=mask, training=training)
        return x

    layers.Lambda(function, arguments={"factor": 3})(X, training=True)
    assert seen == {"factor": 3, "mask": None, "training": True}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"output_shape": (5,)}, {"output_shape": lambda shape: (shape[0], 7)}],
    ids=["found", "given", "function"],
)
def test_shapes_of_keras(arguments, keras):
    def function(x):
        return x[:, :1]

    for shape in ((None, 3), (4, 3)):
        expected = keras.layers.Lambda(function, **arguments).compute_output_shape(shape)
        assert layers.Lambda(function, **arguments).compute_output_shape(shape) == tuple(expected)
    assert layers.Lambda(function, **arguments)(Input((3,))).shape[0] is None


def test_a_shape_that_is_not_found():
    def function(x):
        raise RuntimeError("no")

    with pytest.raises(NotImplementedError, match=r"\n\nWe could not automatically infer the shape of the Lambda's output"):
        layers.Lambda(function)(Input((3,)))


def test_functions_train():
    layer = layers.Lambda(lambda x: ops.square(x))
    y, backward = layer.forward(X)
    np.testing.assert_allclose(backward(np.ones_like(y)), 2 * X, rtol=1e-6)


def test_masks_of_functions():
    mask = np.array([True, False])
    for given in (mask, lambda inputs, previous: mask):
        layer = layers.Lambda(double, mask=given)
        assert layer.supports_masking
        assert convlayers.masks.get_keras_mask(layer(X)) is mask
    assert not layers.Lambda(double).supports_masking


def test_config_of_keras(keras):
    arguments = {"output_shape": (3,), "arguments": {"factor": 2.0}, "name": "mine"}
    ours, theirs = (library.layers.Lambda(double, **arguments).get_config() for library in (convlayers, keras))
    assert ours == theirs


def test_named_functions_come_back():
    model = Sequential(
        [Input((3,)), layers.Lambda(scaled, arguments={"factor": 5.0}), layers.Lambda(double, output_shape=same_shape)]
    )
    encoding = json.loads(model.to_json())
    copy = serialization.deserialize_keras_object(encoding, custom_objects={"double": double, "same_shape": same_shape})
    np.testing.assert_array_equal(copy(X, training=True), model(X, training=True))
    with pytest.raises(TypeError, match="Could not locate function 'double'"):
        serialization.deserialize_keras_object(encoding)


def test_no_code_is_written():
    model = Sequential([Input((3,)), layers.Lambda(lambda x: x * 2)])
    with pytest.warns(UserWarning, match="includes a `lambda`. It has no name to write to a file, and code is never written"):
        encoding = json.loads(model.to_json())
    assert encoding["config"]["layers"][1]["config"]["function"] == {"class_name": "__lambda__", "config": {}}
    np.testing.assert_array_equal(clone_model(model)(X), X * 2)


@pytest.mark.parametrize("safe_mode", [True, False, None])
def test_no_code_is_read(safe_mode, keras):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2, name="mine")])
    encoding = json.loads(model.to_json())
    with pytest.raises(
        ValueError, match=r"^Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda"
    ):
        serialization.deserialize_keras_object(encoding, safe_mode=safe_mode)
    copy = serialization.deserialize_keras_object(encoding, custom_objects={"mine": lambda x: x * 4})
    np.testing.assert_array_equal(copy(X), X * 4)


# Layers around layers -------------------------------------------------------------------------------------------------


def test_wrapper():
    class Twice(layers.Wrapper):
        def call(self, inputs):
            return self.layer(inputs) * 2

    dense = layers.Dense(2)
    layer = Twice(dense)
    y = layer(X)
    assert dense.built
    np.testing.assert_array_equal(y, dense(X) * 2)
    copy = Twice.from_config(layer.get_config())
    assert copy.layer.get_config() == dense.get_config()
    with pytest.raises(ValueError, match="supplied to Wrapper isn't a supported layer type"):
        layers.Wrapper(3)


def test_time_distributed_trains_its_layer_for_each_step(keras):
    """Batch normalization sees one step after another."""
    x = np.random.default_rng(0).normal(size=(4, 3, 2)).astype("float32")
    ours, theirs = (
        library.layers.TimeDistributed(library.layers.BatchNormalization(momentum=0.5)) for library in (convlayers, keras)
    )
    for _ in range(2):
        np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True).detach().numpy(), rtol=1e-4, atol=1e-5)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_model_for_each_step():
    image = Input((6, 6, 1))
    inner = Model(image, layers.Flatten()(layers.Conv2D(2, 3)(image)))
    films = Input((5, 6, 6, 1))
    model = Model(films, layers.TimeDistributed(inner)(films))
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 6, 1)).astype("float32")
    expected = np.stack([inner(x[:, step]) for step in range(5)], axis=1)
    np.testing.assert_array_equal(model(x), expected)


@pytest.mark.parametrize(("layer", "line"), [(3, "Please initialize `TimeDistributed` layer"), ("dense", "Please initialize")])
def test_what_is_no_layer(layer, line):
    with pytest.raises(ValueError, match=f"^{line}"):
        layers.TimeDistributed(layer)


def test_too_few_axes(keras):
    for library in (convlayers, keras):
        with pytest.raises(ValueError, match="should be passed an `input_shape` with at least 3 dimensions"):
            library.layers.TimeDistributed(library.layers.Dense(2))(X)
