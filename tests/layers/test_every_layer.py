"""What holds for every layer: each test takes each row of the table."""

import inspect
import json
import re

import numpy as np
import pytest

from convlayers import layers, nested, serialization
from convlayers.autograd import value_of
from tests.layers.table import ROWS, built, calmly, draw

every_row = pytest.mark.parametrize("row", ROWS, ids=str)
row_like_pytorch = pytest.mark.parametrize("row", [row for row in ROWS if row.like_pytorch], ids=str)
row_trained_alike = pytest.mark.parametrize("row", [row for row in ROWS if row.like_pytorch and not row.random], ids=str)


def placeholders(row):
    """Returns symbolic inputs for a row."""
    return nested.map_structure(lambda x: layers.Input(x.shape[1:]), draw(row))


def batch_unknown(row):
    return nested.map_structure(lambda x: x.shape, placeholders(row))


def test_every_layer_is_in_the_table():
    parts = (getattr(layers, name) for name in dir(layers))
    exported = {part.__name__ for part in parts if isinstance(part, type) and issubclass(part, layers.Layer)}
    # Those without rows have tests of their own.
    others = {"Discretization", "InputLayer", "Lambda", "Layer", "Pipeline", "SpectralNormalization", "Wrapper"}
    assert exported - others == {row.name for row in ROWS}


# Shapes ---------------------------------------------------------------------------------------------------------------


@every_row
def test_output_shape_is_known_before_the_call(row):
    layer = row.make(layers)
    assert tuple(layer.compute_output_shape(row.input_shape)) == row.output_shape
    assert tuple(layer.compute_output_shape(batch_unknown(row))) == (None, *row.output_shape[1:])


@every_row
def test_unknown_sizes_give_the_shapes_of_keras(row, keras):
    for axis in range(max(map(len, row.input_shapes))):
        shapes = [tuple(None if index == axis else n for index, n in enumerate(shape)) for shape in row.input_shapes]
        shape = shapes if isinstance(row.input_shape, list) else shapes[0]
        try:
            expected = tuple(row.make(keras.layers).compute_output_shape(shape))
        except TypeError:  # it multiplies None by the depth multiplier
            expected = (*row.output_shape[:-1], None)
        except ValueError as error:  # the layer was told another size
            with pytest.raises(ValueError, match=re.escape(str(error))):
                row.make(layers).compute_output_shape(shape)
            continue
        assert tuple(row.make(layers).compute_output_shape(shape)) == expected


@every_row
def test_symbolic_call(row):
    layer = row.make(layers)
    output = layer(placeholders(row))
    assert output.shape == (None, *row.output_shape[1:])
    assert output.dtype == "float32"
    assert layer.built


@every_row
def test_call_on_arrays(row):
    layer = row.make(layers)
    output = layer(draw(row, "float32"))
    assert type(output) is np.ndarray
    assert output.shape == row.output_shape
    assert output.dtype == "float32"
    assert np.isfinite(output).all()


@every_row
def test_empty_batch(row):
    inputs = nested.map_structure(lambda x: x[:0], draw(row, "float32"))
    output = row.make(layers)(inputs)
    assert output.shape == (0, *row.output_shape[1:])


# Gradients ------------------------------------------------------------------------------------------------------------


@every_row
@pytest.mark.parametrize("training", [False, True])
def test_gradients(row, training):
    """The gradients for inputs and weights agree with differences of fourth order, in random directions."""
    inputs = draw(row)
    layer = built(row)
    weights = layer.get_weights()
    outputs, backward = layer.forward(inputs, training=training)
    generator = np.random.default_rng(2)
    d_outputs = generator.normal(size=outputs.shape)
    d_inputs = backward(d_outputs)
    d_weights = [np.zeros(v.shape) if v.grad is None else v.grad for v in layer.weights]
    assert all((v.grad is not None) == v.trainable for v in layer.weights)

    def loss(step, directions):
        moved = [x + step * direction for x, direction in zip([*nested.flatten(inputs), *weights], directions, strict=True)]
        # Made anew, so that it draws the same random numbers.
        other = built(row)
        other.set_weights(moved[len(row.input_shapes) :])
        y = other(nested.pack_like(inputs, moved[: len(row.input_shapes)]), training=training)
        return np.vdot(y, d_outputs)

    for _ in range(3):
        directions = [generator.normal(size=x.shape) * (x.dtype.kind == "f") for x in nested.flatten(inputs)]
        directions += [generator.normal(size=v.shape) * v.trainable for v in layer.weights]
        h = 1e-5
        difference = 8 * (loss(h, directions) - loss(-h, directions)) - (loss(2 * h, directions) - loss(-2 * h, directions))
        expected = difference / (12 * h)
        gradients = [*nested.flatten(d_inputs), *d_weights]
        received = sum(np.vdot(d, direction) for d, direction in zip(gradients, directions, strict=True) if d is not None)
        np.testing.assert_allclose(received, expected, rtol=1e-7, atol=1e-9)


@every_row
def test_gradients_have_the_shapes_and_dtypes_of_what_they_are_for(row):
    inputs = draw(row, "float32")
    layer = row.make(layers)
    outputs, backward = layer.forward(inputs)
    d_inputs = backward(np.ones_like(outputs))
    for x, d_x in zip(nested.flatten(inputs), nested.flatten(d_inputs), strict=True):
        if row.integers:
            assert d_x is None
        else:
            assert (d_x.shape, d_x.dtype) == (x.shape, x.dtype)
    for variable in layer.trainable_variables:
        assert (variable.grad.shape, variable.grad.dtype) == (variable.shape, variable.dtype)


@row_trained_alike
def test_gradients_of_keras(row, keras):
    """Forward and backward pass, training, against PyTorch's own automatic differentiation.

    Keras computes some things in float32 whatever the dtype, so this is no test of precision.
    """
    import torch

    inputs = draw(row)
    layer, peer = built(row), built(row, keras.layers)
    outputs, backward = layer.forward(inputs, training=True)
    d_outputs = np.random.default_rng(2).normal(size=outputs.shape)
    d_inputs = backward(d_outputs)
    leaves = [torch.tensor(x, requires_grad=not row.integers) for x in nested.flatten(inputs)]
    peer_outputs = peer(nested.pack_like(inputs, leaves), training=True)
    peer_outputs.backward(torch.tensor(d_outputs))
    np.testing.assert_allclose(outputs, peer_outputs.detach().numpy(), rtol=1e-5, atol=1e-5)
    for x, d_x in zip(leaves, nested.flatten(d_inputs), strict=True):
        if not row.integers:
            np.testing.assert_allclose(d_x, x.grad.numpy(), rtol=1e-5, atol=1e-5)
    for variable, peer_variable in zip(layer.trainable_weights, peer.trainable_weights, strict=True):
        np.testing.assert_allclose(variable.grad, peer_variable.value.grad.numpy(), rtol=1e-5, atol=1e-5)
    # What a training step changed besides, such as moving means.
    for value, peer_value in zip(layer.get_weights(), peer.get_weights(), strict=True):
        np.testing.assert_allclose(value, peer_value, rtol=1e-5, atol=1e-6)


# The same as in Keras -------------------------------------------------------------------------------------------------


@row_like_pytorch
def test_outputs_of_keras(row, keras):
    inputs = draw(row, "float32")
    output = calmly(row, built(row, dtype="float32"), inputs)
    expected = keras.ops.convert_to_numpy(calmly(row, built(row, keras.layers, dtype="float32"), inputs))
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5)


@every_row
def test_weights_of_keras(row, keras):
    layer, peer = built(row), built(row, keras.layers)
    found = [(v.name, v.path.split("/")[-1], v.shape, v.dtype, v.trainable) for v in layer.weights]
    assert found == [(v.name, v.path.split("/")[-1], v.shape, v.dtype, v.trainable) for v in peer.weights]


@every_row
def test_losses_of_keras(row, keras):
    inputs = draw(row, "float32")
    layer, peer = built(row, dtype="float32"), built(row, keras.layers, dtype="float32")
    layer(inputs), peer(inputs)
    losses = [float(value_of(loss)) for loss in layer.losses]
    expected = [float(keras.ops.convert_to_numpy(loss)) for loss in peer.losses]
    np.testing.assert_allclose(sorted(losses), sorted(expected), rtol=1e-5)


@every_row
def test_config_of_keras(row, keras):
    ours = serialization.serialize_keras_object(row.make(layers, name="layer"))
    theirs = keras.saving.serialize_keras_object(row.make(keras.layers, name="layer"))
    assert comparable(ours) == comparable(theirs)


def comparable(config):
    """Returns a config without what initializers write only if it is given, and with the digits of a float32."""
    if isinstance(config, dict):
        unwritten = {"input_axes", "output_axes"}
        return {key: comparable(value) for key, value in config.items() if value is not None or key not in unwritten}
    if isinstance(config, float):
        return np.float32(config)
    return config


def signature(target):
    """Returns the arguments of a function, or of the `__init__` of a class: early Pythons show a `__new__` in its place."""
    return inspect.signature(target.__init__ if isinstance(target, type) else target)


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS} | {"Input", "InputLayer"}))
def test_signature_of_keras(name, keras):
    ours, theirs = (signature(getattr(library, name)) for library in (layers, keras.layers))
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS}))
def test_signature_of_a_class_is_that_of_its_constructor(name):
    cls = getattr(layers, name)
    assert list(inspect.signature(cls).parameters) == list(inspect.signature(cls.__init__).parameters)[1:]


# Configurations and weights -------------------------------------------------------------------------------------------


@every_row
def test_config_round_trip(row):
    """Through JSON, as in files, which have no tuples."""
    inputs = draw(row)
    layer = built(row)
    config = json.loads(json.dumps(serialization.serialize_keras_object(layer)))
    copy = serialization.deserialize_keras_object(config)
    assert type(copy) is type(layer)
    assert json.dumps(copy.get_config()) == json.dumps(layer.get_config())
    assert copy.built or not layer.weights
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(inputs), layer(inputs))


@every_row
def test_own_variables_round_trip(row):
    layer, copy = built(row), row.make(layers, dtype="float64")
    copy.build(row.input_shape)
    for part, its_copy in zip(layer._flatten_layers(), copy._flatten_layers(), strict=True):
        store = {}
        part.save_own_variables(store)
        its_copy.load_own_variables(store)
    for value, loaded in zip(layer.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, value)


@every_row
def test_frozen_layers_have_no_trainable_weights(row):
    layer = built(row)
    layer.trainable = False
    weights = layer.get_weights()
    outputs, backward = layer.forward(draw(row), training=True)
    backward(np.ones_like(outputs))
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == len(layer.weights)
    assert all(variable.grad is None for variable in layer.weights)
    for before, after in zip(weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


@every_row
def test_part_of_a_model(row):
    from convlayers.models import Model

    layer = built(row, dtype="float32")
    inputs = placeholders(row)
    model = Model(inputs, layer(inputs))
    arrays = draw(row, "float32")
    np.testing.assert_array_equal(calmly(row, model, arrays), calmly(row, layer, arrays))


# Data formats and number types ----------------------------------------------------------------------------------------


def with_data_format():
    return [row for row in ROWS if "data_format" in inspect.signature(getattr(layers, row.name)).parameters]


@pytest.mark.parametrize("row", [row for row in with_data_format() if row.name != "Flatten"], ids=str)
def test_channels_first(row):
    """The same numbers in another order: forward, backward, and in the shapes."""
    x = draw(row)
    last, first = built(row), row.make(layers, data_format="channels_first", dtype="float64")
    x_first = np.moveaxis(x, -1, 1)
    first.build(x_first.shape)
    first.set_weights(last.get_weights())
    y, backward = last.forward(x)
    y_first, backward_first = first.forward(x_first)
    spatial = y.ndim > 2
    np.testing.assert_array_equal(np.moveaxis(y_first, 1, -1) if spatial else y_first, y)
    assert tuple(first.compute_output_shape(x_first.shape)) == y_first.shape
    d_x, d_x_first = backward(y), backward_first(y_first)
    np.testing.assert_array_equal(np.moveaxis(d_x_first, 1, -1), d_x)


@every_row
def test_float64(row):
    layer = row.make(layers, dtype="float64")
    output = layer(draw(row, "float32"))
    assert output.dtype == "float64"
    assert {variable.dtype for variable in layer.weights if "float" in variable.dtype} <= {"float64"}


def variants(x):
    """Ways to hand over the numbers of an array."""
    wide = np.empty((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    backwards = np.ascontiguousarray(x[::-1])[::-1]
    unaligned = np.frombuffer(b"-" + x.tobytes(), x.dtype, offset=1).reshape(x.shape)
    return {
        "big-endian": x.astype(">f4"),
        "float64": x.astype("float64"),
        "Fortran order": np.asfortranarray(x),
        "non-contiguous": wide[..., ::2],
        "negative strides": backwards,
        "read-only": read_only,
        "unaligned": unaligned,
        "subclass": x.view(np.matrix) if x.ndim == 2 else x.view(np.recarray),
        "list": x.tolist(),
    }


HOW = list(variants(np.zeros((1, 1), "float32")))


@pytest.mark.parametrize(
    ("row", "how"),
    # Of several inputs, lists of lists would be one.
    [(row, how) for row in ROWS for how in HOW if how != "list" or not isinstance(row.input_shape, list)],
    ids=str,
)
def test_any_kind_of_array(row, how):
    inputs = draw(row, "float32")
    layer = built(row, dtype="float32")
    expected, backward = layer.forward(inputs)
    # No constant gradient: what normalization makes of it is nothing but rounding.
    gradient = np.random.default_rng(1).normal(size=expected.shape).astype(expected.dtype)
    d_expected = nested.flatten(backward(gradient))
    before = [variable.grad for variable in layer.trainable_variables]
    layer = built(row, dtype="float32")
    given = nested.map_structure(lambda x: variants(x)[how], inputs)
    output, backward = layer.forward(given)
    # Sums over arrays that lie in memory in another order may be taken in that order.
    tolerance = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(output, expected, **tolerance)
    assert output.dtype == "float32"
    assert output.dtype.isnative
    for d_x, d_x_expected in zip(nested.flatten(backward(gradient)), d_expected, strict=True):
        if not row.integers:
            np.testing.assert_allclose(d_x, d_x_expected, **tolerance)
    for variable, gradient in zip(layer.trainable_variables, before, strict=True):
        np.testing.assert_allclose(variable.grad, gradient, **tolerance)


@pytest.mark.parametrize(
    ("row", "dtype"),
    # Sums of truth values are truth values, and differences of unsigned integers have no sign.
    [(row, dtype) for row in ROWS for dtype in ("int32", "int64") + ("uint8", "bool") * isinstance(row.input_shape, tuple)],
    ids=str,
)
def test_integers(row, dtype):
    """Integers count as the floats of the same value, in all layers that compute."""
    inputs = nested.map_structure(lambda x: (abs(x) * 2).astype(dtype), draw(row))
    layer = built(row, dtype="float32")
    expected = calmly(row, layer, nested.map_structure(lambda x: x.astype("float32"), inputs))
    tolerance = 1 if row.rounds_integers else 1e-6
    np.testing.assert_allclose(calmly(row, layer, inputs), expected, rtol=1e-6, atol=tolerance)
