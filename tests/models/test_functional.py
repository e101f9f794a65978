"""Functional models: what they take, what they return, and how they behave inside other models."""

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, layers, ops
from convlayers.symbolic import KerasTensor


def two_inputs(structure=list):
    a, b = Input((3,), name="a"), Input((2,), name="b")
    outputs = layers.Concatenate(name="both")([layers.Dense(4, name="dense")(a), b])
    return Model({"a": a, "b": b} if structure is dict else structure([a, b]), outputs)


A = np.arange(6, dtype="float32").reshape(2, 3)
B = np.ones((2, 2), "float32")


def test_model_of_inputs_and_outputs_is_functional():
    model = two_inputs()
    assert isinstance(model, convlayers.models.Functional)
    assert Model(inputs=model.inputs, outputs=model.outputs).layers == model.layers
    assert Model(model.inputs, outputs=model.outputs, name="mine").name == "mine"


def test_shapes_names_and_tensors():
    model = two_inputs()
    assert model.input_shape == [(None, 3), (None, 2)]
    assert model.output_shape == (None, 6)
    assert model.output_names == ["both"]
    assert [tensor.name for tensor in model.inputs] == ["a", "b"]
    assert model.output is model.outputs[0]
    assert [layer.name for layer in model.layers] == ["a", "dense", "b", "both"]
    assert model.compute_output_shape([(7, 3), (7, 2)]) == (7, 6)
    assert model.built


@pytest.mark.parametrize("structure", [list, tuple, dict])
@pytest.mark.parametrize("given", [[A, B], (A, B), {"a": A, "b": B}, {"b": B, "a": A, "more": None}])
def test_inputs_in_any_structure(structure, given):
    model = two_inputs(structure)
    expected = np.concatenate([model.layers[1](A), B], axis=1)
    np.testing.assert_array_equal(model(given), expected)
    np.testing.assert_array_equal(model.predict(given, verbose=0), expected)


def test_outputs_keep_their_structure():
    x = Input((3,))
    one, other = layers.ReLU()(x), layers.Dense(2)(x)
    outputs = Model(x, {"one": one, "rest": [other, x]})(A)
    assert outputs["one"].shape == (2, 3)
    assert [part.shape for part in outputs["rest"]] == [(2, 2), (2, 3)]
    assert Model([x], [one])([A]).shape == (2, 3)
    assert Model(x, [one])(A).shape == (2, 3)
    assert [part.shape for part in Model(x, (one, other))(A)] == [(2, 3), (2, 2)]


@pytest.mark.parametrize(
    "x",
    [
        A.astype("int64"),
        A.astype("uint8"),
        A.astype(">f4"),
        A.astype("float64"),
        A.astype("float16"),
        A > 2,
        np.asfortranarray(A),
        np.repeat(A, 2, axis=1)[:, ::2],
    ],
    ids=["int64", "uint8", "big-endian", "float64", "float16", "bool", "fortran", "strided"],
)
def test_inputs_of_other_types_are_converted(x):
    inputs = Input((3,))
    model = Model(inputs, layers.Dense(2)(inputs))
    expected = model(np.ascontiguousarray(x, dtype="float32"))
    result = model(x)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)


def test_lists_of_numbers_are_inputs():
    inputs = Input((3,))
    model = Model(inputs, layers.Dense(2)(inputs))
    np.testing.assert_array_equal(model(A.tolist()), model(A))
    np.testing.assert_array_equal(model.predict(A.tolist(), verbose=0), model(A))
    assert two_inputs()([A.tolist(), B]).shape == (2, 6)


def test_read_only_inputs_and_empty_batches():
    model = two_inputs()
    a = A.copy()
    a.flags.writeable = False
    assert model([a, B]).shape == (2, 6)
    assert model([A[:0], B[:0]]).shape == (0, 6)
    assert model.predict([A[:0], B[:0]], verbose=0).shape == (0, 6)


def test_an_integer_input_stays_integer():
    inputs = Input((3,), dtype="int32")
    model = Model(inputs, ops.equal(inputs, 2))
    np.testing.assert_array_equal(model(A), A == 2)


def test_a_last_axis_of_one_may_be_missing_or_too_many():
    image, vector = Input((4, 4, 1)), Input((3,))
    assert Model(image, layers.Flatten()(image))(np.ones((2, 4, 4))).shape == (2, 16)
    assert Model(vector, layers.Dense(2)(vector))(np.ones((2, 3, 1))).shape == (2, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([A, A], r"^Input 1 with name 'b' of layer '.*' is incompatible with the layer: expected shape=\(None, 2\), found"),
        ({"a": A}, r'^Missing data for input "b". You passed a data dictionary with keys \[\'a\'\]'),
        (A, r'^Layer ".*" expects 2 named input\(s\) with keys \[\'a\', \'b\'\], but it received 1 input tensors'),
        ([A, B, B], "but it received 3 input tensors"),
        ([A, np.array(["x", "y"])], "^Invalid dtype: <U1"),
        ([A, None], "^The input 'b' is not optional, but None was passed"),
    ],
)
def test_other_inputs_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        two_inputs()(given)


def test_optional_inputs_may_be_none():
    x, extra = Input((3,)), Input((3,), optional=True, name="extra")

    class AddIfAny(layers.Layer):
        def call(self, x, extra):
            return x if extra is None else x + extra

    model = Model([x, extra], AddIfAny()(x, extra))
    np.testing.assert_array_equal(model([A, A]), 2 * A)
    np.testing.assert_array_equal(model([A, None]), A)


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
def test_dicts_in_dicts_in_any_order():
    first, second, third = (Input((3,)) for _ in range(3))
    structure = {"second": first, "first": {"z": second, "y": third}}
    model = Model(structure, {"sum": layers.Add()([first, second]), "third": third})
    data = {"first": {"y": np.full((2, 3), 5.0), "z": np.ones((2, 3))}, "second": np.full((2, 3), 2.0)}
    for outputs in (model(data), model.predict(data, verbose=0)):
        np.testing.assert_array_equal(outputs["sum"], np.full((2, 3), 3.0))
        np.testing.assert_array_equal(outputs["third"], np.full((2, 3), 5.0))


def test_a_dict_of_inputs_should_have_their_names():
    x = Input((3,), name="x")
    with pytest.warns(UserWarning, match="all keys in the dict must match the names of the corresponding tensors"):
        model = Model({"other": x}, layers.ReLU()(x))
    np.testing.assert_array_equal(model({"other": A}), A)


# Models in models -----------------------------------------------------------------------------------------------------


def test_a_model_is_a_layer():
    inner = two_inputs()
    a, b = Input((3,)), Input((2,))
    outer = Model([a, b], layers.ReLU()(inner([a, b])))
    np.testing.assert_array_equal(outer([A, B]), np.maximum(inner([A, B]), 0))
    assert [weight.path for weight in outer.weights] == [weight.path for weight in inner.weights]
    assert outer.layers[2] is inner


def test_a_model_may_be_called_on_new_symbolic_tensors():
    inputs = Input((None, None, 1))
    model = Model(inputs, layers.Conv2D(2, 3)(inputs))
    assert model.output_shape == (None, None, None, 2)
    assert model(Input((8, 6, 1))).shape == (None, 6, 4, 2)
    assert model.compute_output_shape((5, 8, 6, 1)) == (5, 6, 4, 2)
    assert len(model.layers[1].nodes) == 1


def test_a_shared_layer_has_one_set_of_weights():
    x = Input((3,))
    dense = layers.Dense(3)
    model = Model(x, dense(dense(x)))
    assert len(model.weights) == 2
    assert len(model.layers) == 2
    np.testing.assert_array_equal(model(A), dense(dense(A)))


def test_operators_and_slices_become_part_of_the_graph():
    x = Input((3,))
    y = (2 * x + 1)[:, 1:] / ops.sum(x, axis=1, keepdims=True)
    np.testing.assert_allclose(Model(x, y)(A), (2 * A + 1)[:, 1:] / A.sum(axis=1, keepdims=True), rtol=1e-6)


def test_training_reaches_the_layers():
    x = Input((1000,))
    model = Model(x, layers.Dropout(0.5)(x))
    ones = np.ones((1, 1000), "float32")
    np.testing.assert_array_equal(model(ones), ones)
    np.testing.assert_array_equal(model(ones, training=False), ones)
    assert 0.3 < (model(ones, training=True) == 0).mean() < 0.7
    np.testing.assert_array_equal(model.predict(ones, verbose=0), ones)


def test_a_layer_that_is_called_with_training_keeps_it_unless_the_model_is_told_otherwise():
    x = Input((1000,))
    model = Model(x, layers.Dropout(0.5)(x, training=True))
    ones = np.ones((1, 1000), "float32")
    assert (model(ones) == 0).any()
    np.testing.assert_array_equal(model(ones, training=False), ones)


def test_memory_of_intermediate_results_is_given_back():
    import tracemalloc

    x = inputs = Input((100_000,))
    for _ in range(20):
        x = x + 1.0
    model = Model(inputs, x)
    array = np.zeros((1, 100_000), "float32")
    tracemalloc.start()
    model(array)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * array.nbytes


# Gradients ------------------------------------------------------------------------------------------------------------


def test_forward_and_backward_of_a_model():
    a, b = Input((3,), dtype="float64"), Input((3,), dtype="float64")
    dense = layers.Dense(3, activation="tanh", dtype="float64")
    model = Model([a, b], [dense(a) * b, dense(b)], dtype="float64")
    rng = np.random.default_rng(0)
    values, d_outputs = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3))
    _, backward = model.forward(list(values))
    d_inputs = backward(list(d_outputs))

    def objective():
        return sum((output * d).sum() for output, d in zip(model(list(values)), d_outputs, strict=True))

    for array, gradient in ((values, np.array(d_inputs)), (dense.kernel.overwrite(), dense.kernel.grad)):
        for index in np.ndindex(array.shape):
            start, results = array[index], []
            for step in (-1e-5, 1e-5):
                array[index] = start + step
                results.append(objective())
            array[index] = start
            np.testing.assert_allclose((results[1] - results[0]) / 2e-5, gradient[index], atol=1e-6)


# Subclasses -----------------------------------------------------------------------------------------------------------


def test_a_subclass_without_call_may_be_made_of_tensors():
    class Mine(Model):
        def double(self):
            return 2

    class Other(Model):
        def __init__(self, units):
            inputs = Input((3,))
            super().__init__(inputs=inputs, outputs=layers.Dense(units)(inputs), name="other")

    x = Input((3,))
    model = Mine(x, layers.Dense(2)(x))
    assert isinstance(model, convlayers.models.Functional)
    assert model.double() == 2
    assert model(A).shape == (2, 2)
    assert Other(5)(A).shape == (2, 5)
    # Models made before and after are of their own kinds.
    assert type(Model(x, layers.ReLU()(x))) is convlayers.models.Functional


def test_symbolic_results_are_symbolic():
    model = two_inputs()
    result = model({"a": Input((3,)), "b": Input((2,))})
    assert isinstance(result, KerasTensor)
    assert result.shape == (None, 6)


def test_added_losses_are_refused():
    model = two_inputs()
    with pytest.raises(NotImplementedError, match="`call` of a layer"):
        model.add_loss(1.0)
